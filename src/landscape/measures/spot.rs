//! Where a measure is taken, and with what settings: each stands here once, with the value it has
//! where nobody names another.

use super::part::Part;
use crate::landscape::curvature::lanczos::MOST_PRODUCTS;
use crate::model::Network;
use crate::model::params::Params;
use std::sync::Arc;

/// A point, and what is around it.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The point; of a part of the network its own tensors alone.
    pub theta: Params,
    /// Samples that the loss is a mean over.
    pub samples: usize,
    /// The other point of a pair, with the same tensors.
    pub other: Option<Params>,
    /// The network, for measures that follow its layers.
    pub network: Arc<Network>,
}

impl Spot {
    /// The same spot seen from a part of the network alone.
    pub fn of(&self, part: &Part) -> Self {
        Self {
            theta: part.of(&self.theta),
            other: self.other.as_ref().map(|other| part.of(other)),
            ..self.clone()
        }
    }
}

/// How far a measure looks and how exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// ε, the size of Keskar et al.'s box.
    pub epsilon: f64,
    /// ρ of the other sharpnesses.
    pub rho: f64,
    /// Draws of an average.
    pub draws: usize,
    /// Steps of an ascent.
    pub iterations: usize,
    /// Random corners that an ascent also starts from.
    pub restarts: usize,
    /// Largest eigenvalues.
    pub top: usize,
    /// Relative residual at which an eigenvalue counts as found.
    pub tolerance: f64,
    /// Products after which the best so far is the answer.
    pub most_products: usize,
    /// Vectors as long as the network that may be held.
    pub most_vectors: usize,
    /// Relative rounding of a product.
    pub rounding: f64,
    /// Random vectors of a trace.
    pub probes: usize,
    /// Random vectors of the noise scale with curvature.
    pub curvature_probes: usize,
    /// Batches of each size whose alignment is averaged.
    pub aligned_batches: usize,
    /// η
    pub learning_rate: Option<f64>,
    /// γ, how strongly the chain of the local learning coefficient is held at its point.
    pub localisation: f64,
    /// Steps of that chain.
    pub chain: usize,
    /// Points of a line between two checkpoints.
    pub points: usize,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            epsilon: 1e-3,
            rho: 0.05,
            draws: 20,
            iterations: 10,
            restarts: 8,
            top: 5,
            tolerance: 1e-3,
            most_products: MOST_PRODUCTS,
            most_vectors: usize::MAX,
            rounding: 1e-15,
            probes: 100,
            curvature_probes: 20,
            aligned_batches: 20,
            learning_rate: None,
            localisation: 100.0,
            chain: 1000,
            points: 25,
            seed: 0,
        }
    }
}
