//! The end of a forward derivative: how fast the loss changes.

use crate::model::loss::Targets;
use burn::tensor::{Tensor, activation};

/// Rate of change of the loss summed over a batch, `[1]`: Σ (∂loss/∂z) · ż, in nats.
///
/// * `logits`, `tangents`: z and ż, `[n, outputs]`.
///
/// For softmax cross-entropy ∂loss/∂z = softmax(z) − e_label, for binary cross-entropy σ(z) − t.
pub fn directional_derivative(
    logits: Tensor<2>,
    tangents: Tensor<2>,
    targets: &Targets,
) -> Tensor<1> {
    match targets {
        Targets::Classes(classes) => {
            let expected = (activation::softmax(logits, 1) * tangents.clone()).sum_dim(1);
            (expected - tangents.gather(1, classes.clone())).sum()
        }
        Targets::Binary(target) => {
            // Not burn's sigmoid: some devices compute it in single precision.
            let sigmoid = logits.neg().exp().add_scalar(1.0).recip();
            ((sigmoid - target.clone()) * tangents).sum()
        }
    }
}
