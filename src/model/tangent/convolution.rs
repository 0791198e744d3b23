//! Tangents of convolutions.

use super::{Dual, DualWeights};
use crate::model::burn_layers::convolution as plain;
use crate::model::value::{Sum, Value};
use crate::model::weights::Weights;

/// Everything of a convolution but its tensors.
pub struct Shape<'a> {
    pub stride: &'a [usize],
    pub padding: &'a [usize],
    pub dilation: &'a [usize],
    pub groups: usize,
}

/// (W ∗ x + b)˙ = W ∗ ẋ + Ẇ ∗ x + ḃ
pub fn conv(
    x: Dual,
    weights: DualWeights<'_>,
    weight: &str,
    bias: Option<&str>,
    shape: &Shape<'_>,
) -> Dual {
    let of = |x: Value, weights: &Weights, bias: Option<&str>| {
        plain::conv(
            x,
            weights,
            weight,
            bias,
            shape.stride,
            shape.padding,
            shape.dilation,
            shape.groups,
        )
    };
    let theirs = of(x.value.clone(), weights.tangent, bias);
    let tangent = match x.tangent {
        Some(t) => of(t, weights.value, None).zip(theirs, Sum),
        None => theirs,
    };
    Dual {
        value: of(x.value, weights.value, bias),
        tangent: Some(tangent),
    }
}
