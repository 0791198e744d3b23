//! The largest eigenvalues of the Hessian and the smallest.

use super::entry::{Entry, Group, Need, Row};
use super::found::{Found, Value};
use super::measuring::Measuring;
use super::spot::Settings;
use crate::landscape::curvature::lanczos::{Eigenvalue, Lanczos, LanczosOptions};
use crate::landscape::definitions::{Definition, PER_SQUARED_WEIGHT, source};

/// The largest eigenvalues.
pub const LARGEST: Definition = Definition {
    name: "Largest eigenvalues",
    formula: "H v = λ v,  H = ∇²f(θ)",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The curvature along the directions in which the loss bends most. By Lanczos with full reorthogonalisation and exact Hessian-vector products, until the residual ‖Hv − λv‖ is within the tolerance, a share of λ itself; an eigenvalue lies within the residual of each λ",
    sources: &[source("Golub and Van Loan 2013", "section 10.1", "")],
};

/// The smallest eigenvalue.
pub const SMALLEST: Definition = Definition {
    name: "Smallest eigenvalue",
    formula: "the least λ of H v = λ v",
    unit: PER_SQUARED_WEIGHT,
    meaning: "Below zero where the loss bends downwards along some direction. From the same Lanczos run as the largest, within the same share of its own size; where it is too small for the rounding of the products, it isn't called converged",
    sources: &[source("Golub and Van Loan 2013", "section 10.1", "")],
};

/// How far from convex.
pub const RATIO: Definition = Definition {
    name: "Convexity",
    formula: "|λ_min/λ_max|",
    unit: "none",
    meaning: "How far from convex the loss is: 0 where it bends upwards in every direction. Over a plane λ_min is found within the tolerance of itself or of λ_max/10, whichever is more",
    sources: &[source(
        "Li et al. 2018",
        "section 6 and figure 7",
        "1712.09913",
    )],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "eigenvalues",
    name: "Eigenvalues",
    group: Group::Curvature,
    definitions: &[&LARGEST, &SMALLEST, &RATIO],
    made: "Here over the training samples in eval mode, to 0.1 %; ± is the residual.",
    needs: &[Need::Vectors],
    usual: true,
    whole: "",
    rows: &[
        Row::new("lambda_1", "λ₁, largest", &LARGEST),
        Row::new("lambda_2", "λ₂", &LARGEST),
        Row::new("lambda_3", "λ₃", &LARGEST),
        Row::new("lambda_4", "λ₄", &LARGEST),
        Row::new("lambda_5", "λ₅", &LARGEST),
        Row::new("lambda_min", "λ, smallest", &SMALLEST),
        Row::new("ratio", "|λ smallest / λ largest|", &RATIO),
    ],
    begin: |spot, settings| Ok(measuring(spot.theta.flatten(), settings.lanczos())),
    read: |found| {
        let Found::Eigenvalues(found) = found else {
            return Vec::new();
        };
        let value = |pair: &Eigenvalue| Value {
            number: pair.value,
            error: pair.residual,
            settled: pair.converged,
        };
        let mut values: Vec<_> = (0..5).map(|i| found.top.get(i).map(value)).collect();
        values.push(Some(value(&found.smallest)));
        values.push(found.top.first().map(|largest| {
            let ratio = (found.smallest.value / largest.value).abs();
            Value::so_far(ratio, found.smallest.residual / largest.value.abs())
        }));
        values
    },
};

impl Settings {
    /// How eigenvalues are looked for.
    pub fn lanczos(&self) -> LanczosOptions {
        LanczosOptions {
            top: self.top,
            tolerance: self.tolerance,
            most_products: self.most_products,
            most_vectors: self.most_vectors,
            seed: self.seed,
            rounding: self.rounding,
            ..LanczosOptions::default()
        }
    }
}

/// The largest eigenvalues and the smallest at a point.
pub fn measuring(point: Vec<f64>, options: LanczosOptions) -> Measuring {
    let total = options.most_products.min(point.len());
    let mut work = Lanczos::new(point, options);
    Measuring::told("eigenvalues", total, move |objective| {
        Ok(work.step(objective)?.map(Found::Eigenvalues))
    })
}
