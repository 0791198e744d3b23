//! Slope and curvature along a line: f, dᵀ∇f and dᵀ∇²f d at x + t d.
//!
//! These are the exact first and second derivatives of the curve a line plot shows, in its own
//! coordinate t; divided by ‖d‖ and ‖d‖² they are per unit of length.

use super::vector::{dot, moved};
use crate::error::Result;
use crate::landscape::objective::Objective;
use serde::{Deserialize, Serialize};

/// One point of a line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinePoint {
    /// Coordinate along the line.
    pub t: f64,
    /// f(x + t d)
    pub value: f64,
    /// dᵀ∇f, the first derivative in t.
    pub slope: f64,
    /// dᵀ∇²f d, the second derivative in t.
    pub curvature: f64,
    /// ‖∇f‖₂
    pub gradient_norm: f64,
}

/// Derivatives along a line, advanced by [`LineCurvature::step`].
#[derive(Debug, Clone)]
pub struct LineCurvature {
    origin: Vec<f64>,
    direction: Vec<f64>,
    coordinates: Vec<f64>,
    next: usize,
}

impl LineCurvature {
    /// The line `origin` + t `direction` at every t of `coordinates`, in their order.
    pub fn new(origin: Vec<f64>, direction: Vec<f64>, coordinates: Vec<f64>) -> Self {
        Self {
            origin,
            direction,
            coordinates,
            next: 0,
        }
    }

    /// One point more (one gradient and one product); `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<LinePoint>> {
        let Some(&t) = self.coordinates.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let x = moved(&self.origin, t, &self.direction);
        // In this order, because a product may leave the gradient behind.
        let product = objective.hessian_vector(&x, &self.direction)?;
        let (value, gradient) = objective.gradient(&x)?;
        Ok(Some(LinePoint {
            t,
            value,
            slope: dot(&self.direction, &gradient),
            curvature: dot(&self.direction, &product),
            gradient_norm: dot(&gradient, &gradient).sqrt(),
        }))
    }
}
