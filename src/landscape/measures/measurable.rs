//! All that measures know of a network: a mean over samples with its derivatives, and what only
//! networks have.

use crate::error::{Error, Result};
use crate::landscape::noise::Sampled;
use crate::model::params::Params;

/// What a measure is taken of.
///
/// # Errors
/// Where the device fails.
pub trait Measurable: Sampled {
    /// The Gauss–Newton product Jᵀ(∂²ℓ/∂z²)J·v for each v, z the outputs and J their derivative by the
    /// variables (Schraudolph 2002; Martens 2020, arXiv 1412.1193, section 8).
    fn gauss_newton_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        let _ = (x, directions);
        Err(Error::Slice(
            "a Gauss–Newton product needs outputs, which this function hasn't".into(),
        ))
    }

    /// f at another point of the same layout, with that point's own buffers.
    fn value_at(&mut self, point: &Params) -> Result<f64> {
        self.value(&point.flatten())
    }
}
