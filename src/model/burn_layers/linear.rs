//! Matrix products: linear layers, products of two values, table look-ups.

use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::{Tensor, module};

/// y = x Wᵀ + b over the last axis.
pub fn linear(
    x: Value,
    weights: &Weights,
    weight: &str,
    bias: Option<&str>,
    output_axis: usize,
) -> Value {
    let w: Tensor<2> = weights.get(weight);
    let w = if output_axis == 0 { w.transpose() } else { w };
    let [inner, out] = w.dims();
    let mut dims = x.dims();
    let rows = dims.iter().product::<usize>() / inner;
    let Value::Rank2(matrix) = x.reshape(&[rows, inner]) else {
        unreachable!("reshaped to two axes")
    };
    let mut y = matrix.matmul(w);
    if let Some(bias) = bias {
        y = y + weights.flat(bias).reshape([1, out]);
    }
    if let Some(last) = dims.last_mut() {
        *last = out;
    }
    Value::Rank2(y).reshape(&dims)
}

/// Matrix product over the last two axes.
pub fn matmul(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Rank3(a), Value::Rank3(b)) => Value::Rank3(a.matmul(b)),
        (Value::Rank4(a), Value::Rank4(b)) => Value::Rank4(a.matmul(b)),
        (Value::Rank5(a), Value::Rank5(b)) => Value::Rank5(a.matmul(b)),
        (a, b) => panic!("can't multiply {:?} by {:?}", a.dims(), b.dims()),
    }
}

/// Rows of a table, `[n, tokens]` of whole numbers → `[n, tokens, width]`.
pub fn embedding(x: Value, weights: &Weights, weight: &str) -> Value {
    Value::Rank3(module::embedding(weights.get(weight), x.matrix().int()))
}
