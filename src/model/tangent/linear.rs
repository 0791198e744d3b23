//! Tangents of matrix products and table look-ups.

use super::{Dual, DualWeights, sum_of};
use crate::model::burn_layers::linear as plain;
use crate::model::value::{Sum, Value};

/// (x Wᵀ + b)˙ = ẋ Wᵀ + x Ẇᵀ + ḃ
pub fn linear(
    x: Dual,
    weights: DualWeights<'_>,
    weight: &str,
    bias: Option<&str>,
    output_axis: usize,
) -> Dual {
    let theirs = plain::linear(x.value.clone(), weights.tangent, weight, bias, output_axis);
    let tangent = match x.tangent {
        Some(t) => plain::linear(t, weights.value, weight, None, output_axis).zip(theirs, Sum),
        None => theirs,
    };
    Dual {
        value: plain::linear(x.value, weights.value, weight, bias, output_axis),
        tangent: Some(tangent),
    }
}

/// (A B)˙ = Ȧ B + A Ḃ
pub fn matmul(a: Dual, b: Dual) -> Dual {
    let value = plain::matmul(a.value.clone(), b.value.clone());
    let left = a.tangent.map(|t| plain::matmul(t, b.value));
    let right = b.tangent.map(|t| plain::matmul(a.value, t));
    let tangent = sum_of(left, right, &value);
    Dual { value, tangent }
}

/// Rows of a table, and the same rows of its rate of change; the indices can't change.
pub fn embedding(x: Dual, weights: DualWeights<'_>, weight: &str) -> Dual {
    let look_up = |weights| -> Value { plain::embedding(x.value.clone(), weights, weight) };
    Dual {
        value: look_up(weights.value),
        tangent: Some(look_up(weights.tangent)),
    }
}
