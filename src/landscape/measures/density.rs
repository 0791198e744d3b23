//! The density of all eigenvalues of the Hessian: a curve, no number.

use super::entry::{Entry, Group, Need};
use super::found::Found;
use super::measuring::Measuring;
use crate::landscape::curvature::density::{DensityOptions, Quadrature};
use crate::landscape::definitions::{Definition, source};

/// The density of all eigenvalues.
pub const DENSITY: Definition = Definition {
    name: "Density of eigenvalues",
    formula: "Σ wᵢ δ(λ − λᵢ), each δ drawn as a Gaussian",
    unit: "share of all eigenvalues per unit of λ",
    meaning: "Stochastic Lanczos quadrature: for a random vector, λᵢ are the eigenvalues of the Lanczos matrix and wᵢ the squared first entries of its eigenvectors; the mean over several vectors",
    sources: &[
        source("Ubaru, Chen and Saad 2017", "", ""),
        source("Ghorbani et al. 2019", "", "1901.10159"),
    ],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "density",
    name: "Spectral density",
    group: Group::Curvature,
    definitions: &[&DENSITY],
    made: "",
    needs: &[Need::Vectors],
    usual: true,
    whole: "",
    rows: &[],
    begin: |spot, settings| {
        let usual = DensityOptions::default();
        let options = DensityOptions {
            seed: settings.seed,
            steps: usual.steps.min(settings.most_vectors),
            ..usual
        };
        Ok(measuring(spot.theta.flatten(), options))
    },
    read: |_| Vec::new(),
};

/// The density at a point.
pub fn measuring(point: Vec<f64>, options: DensityOptions) -> Measuring {
    let total = options.probes * options.steps.min(point.len());
    let mut work = Quadrature::new(point, options);
    Measuring::told("density", total, move |objective| {
        Ok(work.step(objective)?.map(Found::Density))
    })
}
