//! A differentiable function of many numbers: all that sharpness and curvature know of a network.
//!
//! Measures are written against [`Objective`], so that they are tested on functions whose answers
//! are known (quadratics with a given spectrum) and run unchanged on networks. Points are host
//! vectors in f64, in the order of [`crate::model::params::Params::trainable`]; how they reach a
//! device, and in which number type, is the implementation's business.

use crate::error::Result;

/// A function f: ℝⁿ → ℝ with exact first and, through products, second derivatives.
///
/// Every method takes `&mut self`: an implementation may keep buffers and count its work.
///
/// # Errors
/// Where the device fails. A value or a derivative that isn't finite is no error: it is returned.
pub trait Objective {
    /// Number of variables, n.
    fn dimension(&self) -> usize;

    /// f(x); `x` has n entries.
    fn value(&mut self, x: &[f64]) -> Result<f64>;

    /// f(x) and ∇f(x), n entries.
    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)>;

    /// f at each of some points. Together they may take less time than one after the other.
    fn values_at(&mut self, points: &[&[f64]]) -> Result<Vec<f64>> {
        points.iter().map(|x| self.value(x)).collect()
    }

    /// f and ∇f at each of some points. Together they may take less time than one after the other.
    fn gradients_at(&mut self, points: &[&[f64]]) -> Result<Vec<(f64, Vec<f64>)>> {
        points.iter().map(|x| self.gradient(x)).collect()
    }

    /// ∇²f(x)·v, n entries.
    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>>;

    /// ∇²f(x)·v for each v. Together they may take less time than one after the other.
    fn hessian_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        let each = directions.iter().map(|v| self.hessian_vector(x, v));
        each.collect()
    }
}
