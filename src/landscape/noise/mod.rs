//! Gradient noise: how much the gradients of single samples differ, and what that says of batch sizes
//! (McCandlish et al. 2018, arXiv 1812.06162; Smith and Le 2017, arXiv 1710.06451).
//!
//! Symbols: fₙ the loss of sample n, gₙ = ∇fₙ, G their mean (the gradient of f), Σ their population
//! covariance, H the Hessian of f, B a batch size, N the number of samples, η a learning rate.

pub mod alignment;
pub mod bend;
pub mod exact;
pub mod layers;
pub mod scale;
pub mod two_batches;

use crate::error::Result;
use crate::landscape::objective::Objective;
use std::ops::Range;

/// What must be said beside every noise scale.
pub const CAUTION: &str = "a noise scale predicts the batch size up to which more samples save steps, roughly and at this point of training alone; it grows as the loss falls (McCandlish et al. 2018)";

/// A function that is a mean over samples.
///
/// # Errors
/// Where the device fails.
pub trait Sampled: Objective {
    /// N
    fn samples(&self) -> usize;

    /// Name and number of values of every tensor, in the order of the variables.
    fn tensors(&self) -> Vec<(String, usize)>;

    /// Σ wᵢ ∇f_{sᵢ}(x) over samples sᵢ (which may repeat) with weights wᵢ, as many.
    fn weighted_gradient(
        &mut self,
        x: &[f64],
        samples: &[usize],
        weights: &[f64],
    ) -> Result<Vec<f64>>;

    /// ‖∂fₙ/∂w‖² of every sample of a range for every tensor w: `[samples][tensors]`.
    fn squared_norms(&mut self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>>;
}
