//! Forward derivatives: every layer's output together with its rate of change along a direction of
//! parameter space.
//!
//! For a direction v the pair (y, ẏ = dy(θ + ε v)/dε) passes through the layers in one pass (Pearlmutter
//! 1994, "Fast exact multiplication by the Hessian"; the R-operator). At the end stands ⟨∇f, v⟩, made
//! of ordinary tensor operations, so that burn's reverse pass over it gives ∇⟨∇f, v⟩ = ∇²f·v exactly,
//! though burn itself differentiates only once.
//!
//! One rule a kind of layer, one file a family, as in [`crate::model::layers`]. What doesn't depend
//! on the parameters has no tangent (`None`), which saves the work: the inputs never do.

mod activation;
mod attention;
mod convolution;
mod linear;
mod loss;
mod normalization;
mod pooling;

pub use loss::directional_derivative;

use crate::model::Network;
use crate::model::burn_layers::{self as layers, with_tensor};
use crate::model::forward::{self, Statistics};
use crate::model::graph::Layer;
use crate::model::layers::{
    Attention, BatchNorm, Concatenate, Conv, Embedding, Gelu, GroupNorm, LayerNorm, LeakyRelu,
    Linear, MaxPool, Prepend, Scale, Shift, Softmax,
};
use crate::model::value::{Product, Sum, Value, map};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// A value and its rate of change along the direction; `None`: it doesn't change.
#[derive(Debug, Clone)]
pub struct Dual {
    /// y
    pub value: Value,
    /// ẏ, of the same shape.
    pub tangent: Option<Value>,
}

/// A point of parameter space and a direction, on a device.
#[derive(Debug, Clone, Copy)]
pub struct DualWeights<'a> {
    /// θ and the buffers.
    pub value: &'a Weights,
    /// v over the trained tensors.
    pub tangent: &'a Weights,
}

/// Where normalisation layers take their mean and variance from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The running statistics, which are constants.
    #[default]
    Running,
    /// The batch itself (train mode): mean and variance move with the weights.
    Batch,
}

/// Outputs (logits) and their rates of change, both `[n, outputs]`.
///
/// # Panics
/// As [`forward::run`].
pub fn run(
    network: &Network,
    weights: DualWeights<'_>,
    input: Value,
    mode: Mode,
) -> (Tensor<2>, Tensor<2>) {
    let input = Dual {
        value: input,
        tangent: None,
    };
    let output = forward::walk(network, &input, |index, inputs| {
        let (node, shape) = (&network.graph.layers[index], &network.shapes[index]);
        apply(&node.layer, inputs, shape, weights, mode)
    });
    let value = output.value.matrix();
    let tangent = output
        .tangent
        .map_or_else(|| value.zeros_like(), Value::matrix);
    (value, tangent)
}

/// One layer's output and its rate of change. `shape` is its inferred shape without the batch axis.
pub(super) fn apply(
    layer: &Layer,
    inputs: Vec<Dual>,
    shape: &[usize],
    weights: DualWeights<'_>,
    mode: Mode,
) -> Dual {
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
        }) => {
            let shape = convolution::Shape {
                stride,
                padding,
                dilation,
                groups: *groups,
            };
            convolution::conv(x(), weights, weight, bias.as_deref(), &shape)
        }
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
            normalization::batch_norm(x(), weights, &names, *epsilon, mode)
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
        Layer::Relu(_) => activation::leaky_relu(x(), 0.0),
        Layer::LeakyRelu(LeakyRelu { slope }) => activation::leaky_relu(x(), *slope),
        Layer::Gelu(Gelu { tanh: false }) => activation::through(x(), activation::Gelu),
        Layer::Gelu(Gelu { tanh: true }) => activation::through(x(), activation::GeluTanh),
        Layer::Silu(_) => activation::through(x(), activation::Silu),
        Layer::Tanh(_) => activation::through(x(), activation::Tanh),
        Layer::Sigmoid(_) => activation::through(x(), activation::Sigmoid),
        Layer::Softmax(Softmax { axis }) => activation::softmax(x(), *axis),
        Layer::MaxPool(MaxPool {
            size,
            stride,
            padding,
            dilation,
            ceil,
        }) => pooling::max_pool(x(), size, stride, padding, dilation, *ceil),
        Layer::Add(_) => inputs
            .reduce(add)
            .expect("the number of inputs was checked"),
        Layer::Multiply(_) => inputs
            .reduce(multiply)
            .expect("the number of inputs was checked"),
        Layer::Concatenate(Concatenate { axis }) => concatenate(inputs.collect(), *axis),
        Layer::Matmul(_) => linear::matmul(x(), x()),
        Layer::Scale(Scale { weight, factor }) => {
            let scaled = x().map(|v| map!(v, t => t.mul_scalar(*factor)));
            match weight {
                Some(name) => scale_by(scaled, weights, name),
                None => scaled,
            }
        }
        Layer::Shift(Shift { weight }) => {
            let x = x();
            let value = with_tensor(x.value.clone(), weights.value, weight, Sum);
            let still = x.tangent.unwrap_or_else(|| zeros(&value));
            let tangent = with_tensor(still, weights.tangent, weight, Sum);
            Dual {
                value,
                tangent: Some(tangent),
            }
        }
        Layer::Prepend(Prepend { weight }) => {
            let x = x();
            let batch = x.value.dims()[0];
            let token = |weights: &Weights| {
                let width = weights.shape(weight).iter().product();
                Value::Rank3(
                    weights
                        .flat(weight)
                        .reshape([1, 1, width])
                        .repeat_dim(0, batch),
                )
            };
            let token = Dual {
                value: token(weights.value),
                tangent: Some(token(weights.tangent)),
            };
            concatenate(vec![token, x], 1)
        }
        Layer::Embedding(Embedding { weight }) => linear::embedding(x(), weights, weight),
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
        // Linear in their one input and without parameters: the tangent passes through the layer itself.
        Layer::AveragePool(_)
        | Layer::AdaptiveAveragePool(_)
        | Layer::GlobalAveragePool(_)
        | Layer::Slice(_)
        | Layer::Pad(_)
        | Layer::Flatten(_)
        | Layer::Reshape(_)
        | Layer::Transpose(_)
        | Layer::Dropout(_)
        | Layer::Identity(_) => x().map(|v| {
            layers::apply(
                layer,
                vec![v],
                shape,
                weights.value,
                &mut Statistics::Running,
            )
        }),
        other => unreachable!("{other:?} has no way through burn"),
    }
}

impl Dual {
    /// A linear function of the value and of the tangent.
    fn map(self, f: impl Fn(Value) -> Value) -> Self {
        Self {
            value: f(self.value),
            tangent: self.tangent.map(f),
        }
    }
}

/// A value's zero of the same shape.
fn zeros(like: &Value) -> Value {
    map!(like.clone(), t => t.zeros_like())
}

/// The sum of the tangents there are; a smaller one is broadcast to `value`.
fn sum_of(a: Option<Value>, b: Option<Value>, value: &Value) -> Option<Value> {
    let sum = match (a, b) {
        (Some(a), Some(b)) => a.zip(b, Sum),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return None,
    };
    Some(if sum.dims() == value.dims() {
        sum
    } else {
        sum.zip(zeros(value), Sum)
    })
}

/// (a + b)˙ = ȧ + ḃ
fn add(a: Dual, b: Dual) -> Dual {
    let value = a.value.zip(b.value, Sum);
    let tangent = sum_of(a.tangent, b.tangent, &value);
    Dual { value, tangent }
}

/// (a b)˙ = ȧ b + a ḃ
fn multiply(a: Dual, b: Dual) -> Dual {
    let value = a.value.clone().zip(b.value.clone(), Product);
    let left = a.tangent.map(|t| t.zip(b.value, Product));
    let right = b.tangent.map(|t| a.value.zip(t, Product));
    let tangent = sum_of(left, right, &value);
    Dual { value, tangent }
}

/// (x w)˙ = ẋ w + x ẇ
fn scale_by(x: Dual, weights: DualWeights<'_>, name: &str) -> Dual {
    let value = with_tensor(x.value.clone(), weights.value, name, Product);
    let own = x
        .tangent
        .map(|t| with_tensor(t, weights.value, name, Product));
    let theirs = with_tensor(x.value, weights.tangent, name, Product);
    let tangent = sum_of(own, Some(theirs), &value);
    Dual { value, tangent }
}

fn concatenate(parts: Vec<Dual>, axis: usize) -> Dual {
    let moves = parts.iter().any(|part| part.tangent.is_some());
    let tangent = moves.then(|| {
        let tangents = parts
            .iter()
            .map(|part| part.tangent.clone().unwrap_or_else(|| zeros(&part.value)));
        Value::concatenate(tangents.collect(), axis)
    });
    let values = parts.into_iter().map(|part| part.value).collect();
    Dual {
        value: Value::concatenate(values, axis),
        tangent,
    }
}
