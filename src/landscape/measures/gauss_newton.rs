//! The largest eigenvalues of the Gauss–Newton matrix, which is the Fisher matrix of a cross-entropy.

use super::entry::{Entry, Group, Need, Row};
use super::found::{Found, Value, rows};
use super::measurable::Measurable;
use super::measuring::Measuring;
use crate::error::Result;
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::definitions::{Definition, PER_SQUARED_WEIGHT, source};
use crate::landscape::objective::Objective;

/// The largest eigenvalues.
pub const GAUSS_NEWTON: Definition = Definition {
    name: "Gauss–Newton eigenvalues",
    formula: "G v = λ v,  G = mean of JₙᵀBₙJₙ,  Jₙ = ∂zₙ/∂θ,  Bₙ = ∂²ℓₙ/∂zₙ²",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The curvature of the loss without the bends of the network itself: G is never negative, and near a fit its large eigenvalues are those of H. For cross-entropy G is the Fisher information of the network's own predictions. By Lanczos with exact products, as the Hessian's",
    sources: &[
        source("Schraudolph 2002", "", ""),
        source("Martens 2020", "section 8", "1412.1193"),
    ],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "gauss-newton",
    name: GAUSS_NEWTON.name,
    group: Group::Flatness,
    definitions: &[&GAUSS_NEWTON],
    made: "Here over the training samples in eval mode, to 0.1 %; ± is the residual.",
    needs: &[Need::Vectors],
    usual: false,
    whole: "",
    rows: &[
        Row::new("gauss_newton_1", "Gauss–Newton λ₁", &GAUSS_NEWTON),
        Row::new("gauss_newton_2", "Gauss–Newton λ₂", &GAUSS_NEWTON),
        Row::new("gauss_newton_3", "Gauss–Newton λ₃", &GAUSS_NEWTON),
    ],
    begin: |spot, settings| {
        let options = LanczosOptions {
            top: settings.top.min(3),
            smallest: false,
            ..settings.lanczos()
        };
        let point = spot.theta.flatten();
        let total = options.most_products.min(point.len());
        let mut work = Lanczos::new(point, options);
        Ok(Measuring::told(
            GAUSS_NEWTON.name,
            total,
            move |objective| {
                let found = work.step(&mut GaussNewton(objective))?;
                Ok(found.map(|found| {
                    let value = |pair: &crate::landscape::curvature::lanczos::Eigenvalue| Value {
                        number: pair.value,
                        error: pair.residual,
                        settled: pair.converged,
                    };
                    Found::Rows((0..3).map(|i| found.top.get(i).map(value)).collect())
                }))
            },
        ))
    },
    read: rows,
};

/// The function whose "Hessian" is the Gauss–Newton matrix of another.
pub struct GaussNewton<'a>(pub &'a mut dyn Measurable);

impl Objective for GaussNewton<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        self.0.value(x)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        self.0.gradient(x)
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        Ok(self.0.gauss_newton_vectors(x, &[v])?.swap_remove(0))
    }

    fn hessian_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        self.0.gauss_newton_vectors(x, directions)
    }
}
