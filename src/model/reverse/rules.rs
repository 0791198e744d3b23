//! Which rule a layer follows, in each of the four passes.

use super::{Pulled, convolution, generic, linear, normalization};
use crate::model::burn_layers as layers;
use crate::model::forward::Statistics;
use crate::model::graph::Layer;
use crate::model::tangent::{self, Dual, DualWeights, Mode};
use crate::model::value::{Sum, Value, map};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// A layer at its place in the network.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// What it computes.
    pub layer: &'a Layer,
    /// Its output's shape without the batch axis.
    pub shape: &'a [usize],
    /// Where statistics come from.
    pub mode: Mode,
}

/// Everything a second reverse step starts from.
pub struct Through<'a> {
    /// x
    pub inputs: Vec<Value>,
    /// y
    pub value: &'a Value,
    /// ẋ
    pub rates: Vec<Option<Value>>,
    /// μ of y; `None`: zero.
    pub second: Option<Value>,
    /// λ of y.
    pub adjoint: Value,
}

impl Site<'_> {
    /// y
    pub fn value(&self, inputs: Vec<Value>, weights: &Weights) -> Value {
        let mut measured = Vec::new();
        let mut statistics = match self.mode {
            Mode::Running => Statistics::Running,
            Mode::Batch => Statistics::Batch(&mut measured),
        };
        layers::apply(self.layer, inputs, self.shape, weights, &mut statistics)
    }

    /// ẏ, given y and ẋ; `None`: nothing moves.
    pub fn rate(
        &self,
        mut inputs: Vec<Value>,
        value: &Value,
        mut rates: Vec<Option<Value>>,
        weights: DualWeights<'_>,
    ) -> Option<Value> {
        let has_tensors = !self.layer.kind().tensors().is_empty();
        if !has_tensors && rates.iter().all(Option::is_none) {
            return None;
        }
        if self.layer.kind().is_linear_map() {
            return rates
                .remove(0)
                .map(|rate| self.value(vec![rate], weights.value));
        }
        match self.layer {
            Layer::Linear(_) => {
                linear::rate(self.layer, inputs.remove(0), rates.remove(0), weights)
            }
            Layer::Conv(_) if convolution::is_fast(self.layer) => {
                convolution::rate(self.layer, inputs.remove(0), rates.remove(0), weights)
            }
            Layer::BatchNorm(_) if self.mode == Mode::Running => {
                normalization::rate(self.layer, inputs.remove(0), rates.remove(0), weights)
            }
            Layer::Relu(_) => rates.remove(0).map(|rate| where_positive(value, rate)),
            _ => {
                let duals = inputs
                    .into_iter()
                    .zip(rates)
                    .map(|(value, tangent)| Dual { value, tangent })
                    .collect();
                tangent::apply(self.layer, duals, self.shape, weights, self.mode).tangent
            }
        }
    }

    /// Adjoints of the wanted inputs and gradients of the tensors, given λ.
    pub fn pull(
        &self,
        mut inputs: Vec<Value>,
        value: &Value,
        adjoint: Value,
        weights: &Weights,
        wanted: &[bool],
    ) -> Pulled {
        match self.layer {
            Layer::Linear(_) => {
                let pairs = vec![(inputs.remove(0), adjoint.clone())];
                let back = wanted[0].then(|| vec![(adjoint, weights)]);
                linear::pull(self.layer, pairs, back, 1)
            }
            Layer::Conv(_) if convolution::is_fast(self.layer) => {
                let x = inputs.remove(0);
                let extent = x.dims();
                let back = wanted[0].then(|| vec![(adjoint.clone(), weights)]);
                convolution::pull(self.layer, &extent, weights, vec![(x, adjoint)], back, 1)
            }
            Layer::BatchNorm(_) if self.mode == Mode::Running => {
                normalization::pull(self.layer, inputs.remove(0), adjoint, weights)
            }
            Layer::Relu(_) => Pulled::of(where_positive(value, adjoint)),
            Layer::Add(_) if same_shapes(&inputs) => Pulled {
                inputs: vec![Some(adjoint); inputs.len()],
                tensors: Vec::new(),
            },
            Layer::Flatten(_) | Layer::Reshape(_) => Pulled::of(adjoint.reshape(&inputs[0].dims())),
            Layer::Dropout(_) | Layer::Identity(_) => Pulled::of(adjoint),
            _ => generic::pull(self, inputs, adjoint, weights, wanted),
        }
    }

    /// As [`Site::pull`] for ⟨∇f, v⟩.
    pub fn pull_second(
        &self,
        mut through: Through<'_>,
        weights: DualWeights<'_>,
        wanted: &[bool],
    ) -> Pulled {
        match self.layer {
            Layer::Linear(_) => {
                let (x, rate) = (through.inputs.remove(0), through.rates.remove(0));
                let count = usize::from(through.second.is_some());
                let (pairs, back) = second_terms(x, rate, through, weights);
                linear::pull(self.layer, pairs, wanted[0].then_some(back), count)
            }
            Layer::Conv(_) if convolution::is_fast(self.layer) => {
                let (x, rate) = (through.inputs.remove(0), through.rates.remove(0));
                let extent = x.dims();
                let count = usize::from(through.second.is_some());
                let (pairs, back) = second_terms(x, rate, through, weights);
                let back = wanted[0].then_some(back);
                convolution::pull(self.layer, &extent, weights.value, pairs, back, count)
            }
            Layer::BatchNorm(_) if self.mode == Mode::Running => {
                normalization::pull_second(self.layer, through, weights)
            }
            // Piecewise linear and without tensors: ẏ doesn't depend on where x is.
            Layer::Relu(_) | Layer::LeakyRelu(_) | Layer::MaxPool(_) | Layer::Add(_) => {
                self.pull_linear(through, weights.value, wanted)
            }
            _ if self.layer.kind().is_linear_map() => {
                self.pull_linear(through, weights.value, wanted)
            }
            _ => generic::pull_second(self, through, weights, wanted),
        }
    }

    fn pull_linear(&self, through: Through<'_>, weights: &Weights, wanted: &[bool]) -> Pulled {
        match through.second {
            Some(second) => self.pull(through.inputs, through.value, second, weights, wanted),
            None => Pulled {
                inputs: vec![None; wanted.len()],
                tensors: Vec::new(),
            },
        }
    }
}

/// Products of two values, and of a value with the weights at a point or their rates.
type Terms<'a> = (Vec<(Value, Value)>, Vec<(Value, &'a Weights)>);

/// The terms of a layer y = W x + b: (x, μ) and (ẋ, λ) for the weight, (μ, W) and (λ, Ẇ) for the input.
fn second_terms<'a>(
    x: Value,
    rate: Option<Value>,
    through: Through<'_>,
    weights: DualWeights<'a>,
) -> Terms<'a> {
    let mut pairs = Vec::with_capacity(2);
    let mut back = Vec::with_capacity(2);
    if let Some(second) = through.second {
        pairs.push((x, second.clone()));
        back.push((second, weights.value));
    }
    if let Some(rate) = rate {
        pairs.push((rate, through.adjoint.clone()));
    }
    back.push((through.adjoint, weights.tangent));
    (pairs, back)
}

fn same_shapes(values: &[Value]) -> bool {
    values
        .windows(2)
        .all(|pair| pair[0].dims() == pair[1].dims())
}

/// `x` where `like` is positive, 0 elsewhere.
fn where_positive(like: &Value, x: Value) -> Value {
    fn keep<const D: usize>(like: &Tensor<D>, x: Tensor<D>) -> Tensor<D> {
        x.mask_fill(like.clone().lower_equal_scalar(0.0), 0.0)
    }
    match (like, x) {
        (Value::Rank2(l), Value::Rank2(x)) => Value::Rank2(keep(l, x)),
        (Value::Rank3(l), Value::Rank3(x)) => Value::Rank3(keep(l, x)),
        (Value::Rank4(l), Value::Rank4(x)) => Value::Rank4(keep(l, x)),
        (Value::Rank5(l), Value::Rank5(x)) => Value::Rank5(keep(l, x)),
        _ => unreachable!("both have the same rank"),
    }
}

impl Pulled {
    /// Of a layer with one input and no tensors.
    fn of(adjoint: Value) -> Self {
        Self {
            inputs: vec![Some(adjoint)],
            tensors: Vec::new(),
        }
    }
}

/// a + b where either may be absent.
pub fn plus(a: Option<Value>, b: Value) -> Value {
    match a {
        Some(a) => a.zip(b, Sum),
        None => b,
    }
}

/// The sum over all but the channels (axis 1), `[channels]`.
pub fn sum_to_channels(x: Value) -> Tensor<1> {
    let dims = x.dims();
    let (n, channels, rest) = (dims[0], dims[1], dims.iter().skip(2).product());
    let Value::Rank3(x) = x.reshape(&[n, channels, rest]) else {
        unreachable!("reshaped to three axes")
    };
    x.sum_dim(2).sum_dim(0).reshape([channels])
}

/// x · scale, one a channel (axis 1).
pub fn times_channels(x: Value, scale: Tensor<1>) -> Value {
    let channels = scale.dims()[0];
    map!(x, t => {
        let mut dims = [1; _];
        dims[1] = channels;
        t * scale.reshape(dims)
    })
}
