//! Norms of the gradients of single samples, from one pass over all of them.
//!
//! The gradient of one sample by a weight is the product of its own input and adjoint (Goodfellow
//! 2015, arXiv 1510.01799): for a linear layer ‖ȳₙ xₙᵀ‖² = ‖ȳₙ‖² ‖xₙ‖², for a convolution the product
//! of its unfolded input and its adjoint. So no gradient of a sample is ever stored longer than its
//! norm takes.

use super::{Tape, convolution};
use crate::model::Network;
use crate::model::graph::{Layer, Role};
use crate::model::layers::{BatchNorm, Conv, Linear};
use crate::model::value::{Product, Value};
use crate::model::weights::Weights;
use burn::tensor::{Slice, Tensor};
use std::collections::HashSet;

/// Whether every trained tensor belongs to one layer of a kind that has a rule here.
pub fn has_rules(network: &Network) -> bool {
    let mut seen = HashSet::new();
    network.graph.layers.iter().all(|node| {
        let trained: Vec<&str> = node
            .layer
            .kind()
            .tensors()
            .into_iter()
            .filter(|(_, role)| matches!(role, Role::Trainable { .. }))
            .map(|(name, _)| name)
            .collect();
        let known = matches!(node.layer, Layer::Linear(_) | Layer::BatchNorm(_))
            || convolution::is_fast(&node.layer);
        trained.iter().all(|name| seen.insert((*name).to_owned())) && (known || trained.is_empty())
    })
}

/// ‖∂fₙ/∂w‖² of every trained tensor w for every sample n of the tape's batch: `[n]` each.
///
/// # Panics
/// Unless [`has_rules`].
pub fn squared_norms(
    network: &Network,
    tape: &Tape,
    weights: &Weights,
) -> Vec<(String, Tensor<1>)> {
    let mut all = Vec::new();
    for (index, node) in network.graph.layers.iter().enumerate() {
        let Some(adjoint) = &tape.adjoints[index] else {
            continue;
        };
        if node.layer.kind().tensors().is_empty() {
            continue;
        }
        let x = network
            .inputs_of(index, &tape.input, &tape.values)
            .remove(0);
        let adjoint = adjoint.clone();
        match &node.layer {
            Layer::Linear(Linear { weight, bias, .. }) => {
                let (x, adjoint) = (tokens(x), tokens(adjoint));
                all.push((weight.clone(), product_norms(x, adjoint.clone())));
                if let Some(bias) = bias {
                    all.push((bias.clone(), squares(Value::Rank3(adjoint.sum_dim(1)))));
                }
            }
            Layer::Conv(Conv { weight, bias, .. }) => {
                let kernel = weights.get::<4>(weight).dims();
                let taps = unfolded(&node.layer, x.rank4(), kernel, &adjoint.dims());
                let flat = spread(adjoint).swap_dims(1, 2);
                all.push((weight.clone(), product_norms(taps, flat.clone())));
                if let Some(bias) = bias {
                    all.push((bias.clone(), squares(Value::Rank3(flat.sum_dim(1)))));
                }
            }
            Layer::BatchNorm(BatchNorm {
                weight,
                bias,
                running_mean,
                running_var,
                epsilon,
            }) => {
                let channels = adjoint.dims()[1];
                let inverse = weights
                    .flat(running_var)
                    .add_scalar(*epsilon)
                    .sqrt()
                    .recip();
                let alone = spread(adjoint.clone()).sum_dim(2);
                if let Some(weight) = weight {
                    let with_x = spread(x.zip(adjoint, Product)).sum_dim(2);
                    let mean = weights.flat(running_mean).reshape([1, channels, 1]);
                    let gradient =
                        (with_x - alone.clone() * mean) * inverse.reshape([1, channels, 1]);
                    all.push((weight.clone(), squares(Value::Rank3(gradient))));
                }
                if let Some(bias) = bias {
                    all.push((bias.clone(), squares(Value::Rank3(alone))));
                }
            }
            other => unreachable!("no rule for {other:?}"),
        }
    }
    all
}

/// Sum of squares of every sample, `[n]`.
fn squares(x: Value) -> Tensor<1> {
    let x = x.matrix();
    let n = x.dims()[0];
    (x.clone() * x).sum_dim(1).reshape([n])
}

/// ‖Σ_t xₜ ȳₜᵀ‖² of every sample for x `[n, t, in]` and ȳ `[n, t, out]`.
fn product_norms(x: Tensor<3>, adjoint: Tensor<3>) -> Tensor<1> {
    let [_, tokens, width] = x.dims();
    let [_, _, outputs] = adjoint.dims();
    if tokens == 1 {
        return squares(Value::Rank3(x)) * squares(Value::Rank3(adjoint));
    }
    // The smaller of the gradient itself and the two Gram matrices whose entries' products add up to
    // the same norm: Σ_{t,s} (xₜ·xₛ)(ȳₜ·ȳₛ).
    if tokens * tokens < width * outputs {
        let gram = |v: Tensor<3>| v.clone().matmul(v.swap_dims(1, 2));
        let product = gram(x) * gram(adjoint);
        let n = product.dims()[0];
        return Value::Rank3(product).matrix().sum_dim(1).reshape([n]);
    }
    squares(Value::Rank3(adjoint.swap_dims(1, 2).matmul(x)))
}

/// As `[n, everything between, last axis]`.
fn tokens(x: Value) -> Tensor<3> {
    let dims = x.dims();
    let width = dims.last().copied().unwrap_or(1);
    let between = dims.iter().product::<usize>() / width.max(1) / dims[0].max(1);
    match x.reshape(&[dims[0], between, width]) {
        Value::Rank3(t) => t,
        _ => unreachable!("reshaped to three axes"),
    }
}

/// As `[n, channels, everything else]`.
fn spread(x: Value) -> Tensor<3> {
    let dims = x.dims();
    let rest = dims.iter().skip(2).product();
    match x.reshape(&[dims[0], dims[1], rest]) {
        Value::Rank3(t) => t,
        _ => unreachable!("reshaped to three axes"),
    }
}

/// What every output place of a convolution sees, `[n, places, taps]`.
fn unfolded(layer: &Layer, x: Tensor<4>, kernel: [usize; 4], out: &[usize]) -> Tensor<3> {
    let Layer::Conv(Conv {
        stride,
        padding,
        dilation,
        ..
    }) = layer
    else {
        unreachable!("a convolution")
    };
    let [n, channels, _, _] = x.dims();
    let places = out[2] * out[3];
    let padded = x.pad((padding[1], padding[1], padding[0], padding[0]), 0.0);
    let mut taps = Vec::with_capacity(kernel[2] * kernel[3]);
    for row in 0..kernel[2] {
        for column in 0..kernel[3] {
            let range = |start: usize, stride: usize, count: usize| {
                let end = start + (count - 1) * stride + 1;
                Slice::new(start as isize, Some(end as isize), stride as isize)
            };
            let seen = padded
                .clone()
                .slice_dim(2, range(row * dilation[0], stride[0], out[2]))
                .slice_dim(3, range(column * dilation[1], stride[1], out[3]));
            taps.push(seen.reshape([n, channels, places]));
        }
    }
    Tensor::cat(taps, 1).swap_dims(1, 2)
}
