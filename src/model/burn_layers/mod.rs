//! What every kind of layer computes, one file a family.
//!
//! [`apply`] is the only entry: shapes were checked by [`crate::model::shape`], so the functions
//! here may take them for granted and stay as plain as the formulas.

mod activation;
pub(super) mod attention;
pub(super) mod convolution;
pub(super) mod linear;
pub(super) mod normalization;
pub(super) mod pooling;

use crate::model::forward::Statistics;
use crate::model::graph::Layer;
use crate::model::layers::{
    AdaptiveAveragePool, Attention, AveragePool, BatchNorm, Concatenate, Conv, Embedding, Gelu,
    GroupNorm, LayerNorm, LeakyRelu, Linear, MaxPool, Pad, Prepend, Scale, Shift, Slice, Softmax,
    Transpose,
};
use crate::model::value::{BinaryOperation, Product, Sum, Value, map};
use crate::model::weights::Weights;
use burn::tensor::{Tensor, activation as act};

/// One layer's output. `shape` is its inferred shape without the batch axis.
///
/// # Panics
/// Where inputs or tensors don't have the checked shapes.
pub fn apply(
    layer: &Layer,
    inputs: Vec<Value>,
    shape: &[usize],
    weights: &Weights,
    statistics: &mut Statistics<'_>,
) -> Value {
    let batch = inputs.first().map_or(0, |v| v.dims()[0]);
    let full = || [&[batch], shape].concat();
    let mut inputs = inputs.into_iter();
    let mut x = || inputs.next().expect("the number of inputs was checked");
    match layer {
        Layer::Linear(Linear {
            weight,
            bias,
            output_axis,
        }) => linear::linear(x(), weights, weight, bias.as_deref(), *output_axis),
        Layer::Conv(Conv {
            weight,
            bias,
            stride,
            padding,
            dilation,
            groups,
        }) => convolution::conv(
            x(),
            weights,
            weight,
            bias.as_deref(),
            stride,
            padding,
            dilation,
            *groups,
        ),
        Layer::BatchNorm(BatchNorm {
            weight,
            bias,
            running_mean,
            running_var,
            epsilon,
        }) => {
            let names = normalization::BatchNorm {
                weight: weight.as_deref(),
                bias: bias.as_deref(),
                running_mean,
                running_var,
            };
            normalization::batch_norm(x(), weights, &names, *epsilon, statistics)
        }
        Layer::LayerNorm(LayerNorm {
            weight,
            bias,
            epsilon,
            ..
        }) => normalization::layer_norm(
            x(),
            weights,
            weight.as_deref().unwrap_or_default(),
            bias.as_deref(),
            *epsilon,
        ),
        Layer::GroupNorm(GroupNorm {
            groups,
            weight,
            bias,
            epsilon,
        }) => normalization::group_norm(
            x(),
            weights,
            *groups,
            weight.as_deref().unwrap_or_default(),
            bias.as_deref(),
            *epsilon,
        ),
        Layer::Relu(_) => map!(x(), t => act::relu(t)),
        Layer::LeakyRelu(LeakyRelu { slope }) => map!(x(), t => act::leaky_relu(t, *slope)),
        Layer::Gelu(Gelu { tanh: false }) => map!(x(), t => activation::gelu(t)),
        Layer::Gelu(Gelu { tanh: true }) => map!(x(), t => activation::gelu_tanh(t)),
        Layer::Silu(_) => map!(x(), t => activation::silu(t)),
        Layer::Tanh(_) => map!(x(), t => t.tanh()),
        Layer::Sigmoid(_) => map!(x(), t => activation::sigmoid(t)),
        Layer::Softmax(Softmax { axis }) => map!(x(), t => act::softmax(t, *axis)),
        Layer::MaxPool(MaxPool {
            size,
            stride,
            padding,
            dilation,
            ceil,
        }) => pooling::max_pool(x(), size, stride, padding, dilation, *ceil),
        Layer::AveragePool(AveragePool {
            size,
            stride,
            padding,
            count_padding,
            ceil,
        }) => pooling::average_pool(x(), size, stride, padding, *count_padding, *ceil),
        Layer::AdaptiveAveragePool(AdaptiveAveragePool { size }) => {
            pooling::adaptive_average_pool(x(), size)
        }
        Layer::GlobalAveragePool(_) => pooling::global_average_pool(x()),
        Layer::Add(_) => fold(inputs, Sum),
        Layer::Multiply(_) => fold(inputs, Product),
        Layer::Concatenate(Concatenate { axis }) => Value::concatenate(inputs.collect(), *axis),
        Layer::Slice(Slice {
            axis,
            start,
            end,
            step,
        }) => {
            let value = x();
            let end = end.unwrap_or(value.dims()[*axis]);
            value.slice(*axis, *start, end, *step)
        }
        Layer::Pad(Pad {
            axis,
            before,
            after,
        }) => pad(x(), *axis, *before, *after),
        Layer::Flatten(_) | Layer::Reshape(_) => x().reshape(&full()),
        Layer::Transpose(Transpose { axes }) => x().permute(axes),
        Layer::Matmul(_) => linear::matmul(x(), x()),
        Layer::Scale(Scale { weight, factor }) => {
            let scaled = map!(x(), t => t.mul_scalar(*factor));
            match weight {
                Some(name) => with_tensor(scaled, weights, name, Product),
                None => scaled,
            }
        }
        Layer::Shift(Shift { weight }) => with_tensor(x(), weights, weight, Sum),
        Layer::Prepend(Prepend { weight }) => {
            let value = x();
            let width = weights.shape(weight).iter().product();
            let token = weights
                .flat(weight)
                .reshape([1, 1, width])
                .repeat_dim(0, batch);
            Value::concatenate(vec![Value::Rank3(token), value], 1)
        }
        Layer::Embedding(Embedding { weight }) => linear::embedding(x(), weights, weight),
        Layer::Dropout(_) | Layer::Identity(_) => x(),
        Layer::Attention(Attention {
            in_weight,
            in_bias,
            out_weight,
            out_bias,
            heads,
            causal,
        }) => {
            let names = attention::Names {
                in_weight,
                in_bias: in_bias.as_deref(),
                out_weight,
                out_bias: out_bias.as_deref(),
            };
            attention::attention(x(), weights, &names, *heads, *causal)
        }
        other => unreachable!("{other:?} has no way through burn"),
    }
}

/// All inputs combined pairwise from the left.
fn fold(mut inputs: impl Iterator<Item = Value>, operation: impl BinaryOperation + Copy) -> Value {
    let first = inputs.next().expect("the number of inputs was checked");
    inputs.fold(first, |a, b| a.zip(b, operation))
}

/// `x` combined with a trained tensor that has one entry for the whole batch: it may have a batch
/// axis of extent 1 of its own, as positional embeddings do.
pub(super) fn with_tensor(
    x: Value,
    weights: &Weights,
    name: &str,
    operation: impl BinaryOperation,
) -> Value {
    let shape = weights.shape(name);
    let count = shape.iter().product::<usize>();
    let mut dims = shape.to_vec();
    if dims.len() < x.dims().len() {
        dims.insert(0, 1);
    }
    let tensor = Value::Rank2(weights.flat(name).reshape([1, count])).reshape(&dims);
    x.zip(tensor, operation)
}

/// Zeros before and after along one axis.
fn pad(value: Value, axis: usize, before: usize, after: usize) -> Value {
    fn zeros<const D: usize>(like: &Tensor<D>, axis: usize, extent: usize) -> Tensor<D> {
        let mut dims = like.dims();
        dims[axis] = extent;
        Tensor::zeros(dims, (&like.device(), like.dtype()))
    }
    map!(value, t => {
        let mut parts = Vec::with_capacity(3);
        if before > 0 {
            parts.push(zeros(&t, axis, before));
        }
        let tail = (after > 0).then(|| zeros(&t, axis, after));
        parts.push(t);
        parts.extend(tail);
        Tensor::cat(parts, axis)
    })
}
