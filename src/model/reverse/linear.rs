//! Reverse rules of y = x Wᵀ + b.

use super::Pulled;
use super::rules::plus;
use crate::model::burn_layers::linear as plain;
use crate::model::graph::Layer;
use crate::model::layers::Linear;
use crate::model::tangent::DualWeights;
use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// ẏ = ẋ Wᵀ + x Ẇᵀ + ḃ
pub fn rate(
    layer: &Layer,
    x: Value,
    rate: Option<Value>,
    weights: DualWeights<'_>,
) -> Option<Value> {
    let Layer::Linear(Linear {
        weight,
        bias,
        output_axis,
    }) = layer
    else {
        return None;
    };
    let theirs = plain::linear(x, weights.tangent, weight, bias.as_deref(), *output_axis);
    let own = rate.map(|rate| plain::linear(rate, weights.value, weight, None, *output_axis));
    Some(plus(own, theirs))
}

/// Gradients from pairs of inputs and adjoints, Σ ȳᵀ x (of the bias from the first `biased` pairs),
/// and the adjoint of the input from pairs of adjoints and weights, Σ ȳ W.
pub fn pull(
    layer: &Layer,
    pairs: Vec<(Value, Value)>,
    back: Option<Vec<(Value, &Weights)>>,
    biased: usize,
) -> Pulled {
    let Layer::Linear(Linear {
        weight,
        bias,
        output_axis,
    }) = layer
    else {
        return Pulled::default();
    };
    let mut tensors = Vec::with_capacity(2);
    let mut input = None;
    for (adjoint, weights) in back.into_iter().flatten() {
        let w: Tensor<2> = weights.get(weight);
        let w = if *output_axis == 0 { w } else { w.transpose() };
        let [_, inner] = w.dims();
        let mut dims = adjoint.dims();
        let product = Value::Rank2(rows(adjoint).matmul(w));
        if let Some(last) = dims.last_mut() {
            *last = inner;
        }
        input = Some(plus(input, product.reshape(&dims)));
    }
    let mut sum: Option<Tensor<2>> = None;
    let mut shift: Option<Tensor<1>> = None;
    for (index, (x, adjoint)) in pairs.into_iter().enumerate() {
        let (x, adjoint) = (rows(x), rows(adjoint));
        if index < biased && bias.is_some() {
            let outputs = adjoint.dims()[1];
            shift = Some(adjoint.clone().sum_dim(0).reshape([outputs]));
        }
        let product = if *output_axis == 0 {
            adjoint.transpose().matmul(x)
        } else {
            x.transpose().matmul(adjoint)
        };
        sum = Some(match sum {
            Some(sum) => sum + product,
            None => product,
        });
    }
    if let Some(sum) = sum {
        let count = sum.dims().iter().product::<usize>();
        tensors.push((weight.clone(), sum.reshape([count])));
    }
    if let (Some(name), Some(shift)) = (bias, shift) {
        tensors.push((name.clone(), shift));
    }
    Pulled {
        inputs: vec![input],
        tensors,
    }
}

/// As `[everything else, last axis]`.
fn rows(x: Value) -> Tensor<2> {
    let dims = x.dims();
    let width = dims.last().copied().unwrap_or(1);
    let count = dims.iter().product::<usize>() / width.max(1);
    match x.reshape(&[count, width]) {
        Value::Rank2(t) => t,
        _ => unreachable!("reshaped to two axes"),
    }
}
