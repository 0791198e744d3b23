//! The tangent of multi-head self-attention, step by step: projections, scores, softmax, means.

use super::activation::softmax;
use super::linear::{linear, matmul};
use super::{Dual, DualWeights};
use crate::model::value::{Value, map};
use burn::tensor::{Bool, Tensor};

pub use crate::model::burn_layers::attention::Names;

/// softmax(Q Kᵀ/√d) V a head, the heads joined and projected, and its rate of change;
/// `[n, tokens, width]` in and out.
pub fn attention(
    x: Dual,
    weights: DualWeights<'_>,
    names: &Names<'_>,
    heads: usize,
    causal: bool,
) -> Dual {
    let dims = x.value.dims();
    let (batch, tokens, width) = (dims[0], dims[1], dims[2]);
    let each = width / heads;
    let all = linear(x, weights, names.in_weight, names.in_bias, 0);
    // [n, tokens, 3·width] → one [n, heads, tokens, width/heads] for each of query, key and value
    let part = |i: usize| {
        all.clone().map(|v| {
            v.slice(2, i * width, (i + 1) * width, 1)
                .reshape(&[batch, tokens, heads, each])
                .permute(&[0, 2, 1, 3])
        })
    };
    let keys = part(1).map(|v| v.permute(&[0, 1, 3, 2]));
    let scale = 1.0 / (each as f64).sqrt();
    let mut scores = matmul(part(0), keys).map(|v| map!(v, t => t.mul_scalar(scale)));
    if causal {
        scores.value = hide_later(scores.value, tokens, f64::NEG_INFINITY);
        // A hidden score doesn't change.
        scores.tangent = scores.tangent.map(|t| hide_later(t, tokens, 0.0));
    }
    let seen = matmul(softmax(scores, 3), part(2));
    let joined = seen.map(|v| v.permute(&[0, 2, 1, 3]).reshape(&[batch, tokens, width]));
    linear(joined, weights, names.out_weight, names.out_bias, 0)
}

/// `with` wherever a token would look at a later one.
fn hide_later(scores: Value, tokens: usize, with: f64) -> Value {
    let scores = scores.rank4();
    let mask = Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, &scores.device());
    let mask = mask.reshape([1, 1, tokens, tokens]).expand(scores.dims());
    Value::Rank4(scores.mask_fill(mask, with))
}
