//! Reverse derivatives layer by layer: gradients, and second derivatives in a direction.
//!
//! burn can differentiate a whole pass once. Going through the layers one at a time gives more: the
//! values and adjoints of a pass at θ are kept in a [`Tape`], so that every further product ∇²f·v at
//! the same θ costs one forward pass of rates and one reverse pass (Pearlmutter 1994, sections 3 and
//! 4), and each kind of layer can use the fastest products there are for it. Kinds without a rule of
//! their own here are differentiated by burn, one layer at a time, from the same formulas as
//! everywhere else.
//!
//! Symbols: y a layer's output, ẏ its rate of change along v, λ = ∂f/∂y its adjoint, and
//! μ = ∂⟨∇f, v⟩/∂y. Because ⟨∇f, v⟩ = Σ λ·ẏ over the outputs, λ is also the adjoint of ẏ: it doesn't
//! depend on v.

mod convolution;
mod generic;
mod linear;
mod normalization;
mod rules;
pub mod samples;

use crate::model::Network;
use crate::model::loss::Targets;
use crate::model::tangent::{DualWeights, Mode};
use crate::model::value::{Sum, Value};
use crate::model::weights::Weights;
use burn::tensor::{Tensor, activation};
use rules::Site;
use std::collections::HashMap;

/// Flat gradients by tensor name; tensors that nothing depends on are absent.
pub type Gradients = HashMap<String, Tensor<1>>;

/// One batch at one point: what gradients and products need of it.
#[derive(Debug, Clone)]
pub struct Tape {
    input: Value,
    /// y of every layer.
    values: Vec<Value>,
    /// λ of every layer that depends on the parameters.
    adjoints: Vec<Option<Value>>,
    /// ∂f/∂θ, f summed over the batch.
    pub gradients: Gradients,
    /// f of every sample, `[n]`, nats.
    pub losses: Tensor<1>,
}

/// What comes out of a layer in reverse: adjoints of its inputs and gradients of its tensors.
#[derive(Debug, Default)]
struct Pulled {
    inputs: Vec<Option<Value>>,
    tensors: Vec<(String, Tensor<1>)>,
}

impl Network {
    /// Whether each layer depends on the parameters.
    fn moving(&self) -> Vec<bool> {
        let mut moving = Vec::with_capacity(self.graph.layers.len());
        for (index, node) in self.graph.layers.iter().enumerate() {
            let own = node
                .layer
                .kind()
                .tensors()
                .iter()
                .any(|(_, role)| matches!(role, crate::model::graph::Role::Trainable { .. }));
            let inherited = self.sources[index].iter().flatten().any(|&s| moving[s]);
            moving.push(own || inherited);
        }
        moving
    }

    fn inputs_of<V: Clone>(&self, index: usize, input: &V, values: &[V]) -> Vec<V> {
        let one = |source: &Option<usize>| source.map_or(input, |s| &values[s]).clone();
        self.sources[index].iter().map(one).collect()
    }
}

/// A pass forward and back: values, adjoints, gradients.
///
/// With `scale` (`[n, 1]`) f is the sum over samples each times its factor.
///
/// # Panics
/// As [`crate::model::forward::run`].
pub fn record(
    network: &Network,
    weights: &Weights,
    input: Value,
    targets: &Targets,
    mode: Mode,
    scale: Option<Tensor<2>>,
) -> Tape {
    let mut values: Vec<Value> = Vec::with_capacity(network.graph.layers.len());
    for index in 0..network.graph.layers.len() {
        let inputs = network.inputs_of(index, &input, &values);
        values.push(site(network, index, mode).value(inputs, weights));
    }
    let moving = network.moving();
    let last = values.len() - 1;
    let shape = values[last].dims();
    let logits = values[last].clone().matrix();
    let (losses, mut adjoint) = loss(logits, targets);
    if let Some(scale) = scale {
        adjoint = adjoint * scale;
    }
    let mut adjoints: Vec<Option<Value>> = vec![None; values.len()];
    adjoints[last] = Some(Value::Rank2(adjoint).reshape(&shape));
    let mut gradients = Gradients::new();
    for index in (0..values.len()).rev() {
        let Some(adjoint) = adjoints[index].clone().filter(|_| moving[index]) else {
            adjoints[index] = None;
            continue;
        };
        let inputs = network.inputs_of(index, &input, &values);
        let wanted = wanted(network, index, &moving);
        let pulled =
            site(network, index, mode).pull(inputs, &values[index], adjoint, weights, &wanted);
        hand_over(network, index, pulled, &mut adjoints, &mut gradients);
    }
    Tape {
        input,
        values,
        adjoints,
        gradients,
        losses,
    }
}

/// ∇²f·v of the loss summed over the tape's batch; `weights.value` must be those it was recorded with.
pub fn product(
    network: &Network,
    tape: &Tape,
    weights: DualWeights<'_>,
    targets: &Targets,
    mode: Mode,
) -> Gradients {
    let count = tape.values.len();
    let mut rates: Vec<Option<Value>> = Vec::with_capacity(count);
    for index in 0..count {
        let inputs = network.inputs_of(index, &tape.input, &tape.values);
        let moves = network.inputs_of(index, &None, &rates);
        rates.push(site(network, index, mode).rate(inputs, &tape.values[index], moves, weights));
    }
    let moving = network.moving();
    let mut seconds: Vec<Option<Value>> = vec![None; count];
    let mut gradients = Gradients::new();
    if let Some(rate) = &rates[count - 1] {
        let second = loss_second(
            tape.values[count - 1].clone().matrix(),
            rate.clone().matrix(),
            targets,
        );
        seconds[count - 1] = Some(Value::Rank2(second).reshape(&rate.dims()));
    }
    for index in (0..count).rev() {
        if !moving[index] {
            continue;
        }
        let (second, Some(adjoint)) = (seconds[index].take(), &tape.adjoints[index]) else {
            continue;
        };
        let inputs = network.inputs_of(index, &tape.input, &tape.values);
        let moves = network.inputs_of(index, &None, &rates);
        let wanted = wanted(network, index, &moving);
        let pulled = site(network, index, mode).pull_second(
            rules::Through {
                inputs,
                value: &tape.values[index],
                rates: moves,
                second,
                adjoint: adjoint.clone(),
            },
            weights,
            &wanted,
        );
        rates[index] = None;
        hand_over(network, index, pulled, &mut seconds, &mut gradients);
    }
    gradients
}

fn site(network: &Network, index: usize, mode: Mode) -> Site<'_> {
    Site {
        layer: &network.graph.layers[index].layer,
        shape: &network.shapes[index],
        mode,
    }
}

/// Which inputs of a layer depend on the parameters, so that adjoints are wanted of them.
fn wanted(network: &Network, index: usize, moving: &[bool]) -> Vec<bool> {
    let sources = network.sources[index].iter();
    sources.map(|s| s.is_some_and(|s| moving[s])).collect()
}

fn hand_over(
    network: &Network,
    index: usize,
    pulled: Pulled,
    adjoints: &mut [Option<Value>],
    gradients: &mut Gradients,
) {
    for (source, adjoint) in network.sources[index].iter().zip(pulled.inputs) {
        if let (Some(source), Some(adjoint)) = (source, adjoint) {
            adjoints[*source] = Some(match adjoints[*source].take() {
                Some(sum) => sum.zip(adjoint, Sum),
                None => adjoint,
            });
        }
    }
    for (name, gradient) in pulled.tensors {
        let sum = match gradients.remove(&name) {
            Some(sum) => sum + gradient,
            None => gradient,
        };
        gradients.insert(name, sum);
    }
}

/// The loss of every sample, and its derivative by the logits.
fn loss(logits: Tensor<2>, targets: &Targets) -> (Tensor<1>, Tensor<2>) {
    let [n, outputs] = logits.dims();
    match targets {
        Targets::Classes(classes) => {
            let log = activation::log_softmax(logits, 1);
            let losses = log.clone().gather(1, classes.clone()).neg().reshape([n]);
            let one_hot = one_hot(classes, &log, outputs);
            (losses, log.exp() - one_hot)
        }
        Targets::Binary(target) => {
            let log_term = logits.clone().abs().neg().exp().log1p();
            let losses =
                activation::relu(logits.clone()) - logits.clone() * target.clone() + log_term;
            (losses.reshape([n]), sigmoid(logits) - target.clone())
        }
    }
}

/// 1 at each sample's class, in the type of `like`.
fn one_hot(classes: &Tensor<2, burn::tensor::Int>, like: &Tensor<2>, outputs: usize) -> Tensor<2> {
    let n = classes.dims()[0];
    let count = Tensor::<1, burn::tensor::Int>::arange(0..outputs as i64, &like.device())
        .cast(classes.dtype());
    let hit = classes
        .clone()
        .expand([n, outputs])
        .equal(count.reshape([1, outputs]).expand([n, outputs]));
    like.zeros_like().mask_fill(hit, 1.0)
}

/// Not burn's: some devices compute it in single precision.
fn sigmoid(x: Tensor<2>) -> Tensor<2> {
    x.neg().exp().add_scalar(1.0).recip()
}

/// (∂²loss/∂z²) ż: p (ż − Σ p ż) for softmax cross-entropy, σ(1 − σ) ż for the binary one.
fn loss_second(logits: Tensor<2>, rates: Tensor<2>, targets: &Targets) -> Tensor<2> {
    match targets {
        Targets::Classes(_) => {
            let p = activation::softmax(logits, 1);
            let mean = (p.clone() * rates.clone()).sum_dim(1);
            p * (rates - mean)
        }
        Targets::Binary(_) => {
            let s = sigmoid(logits);
            s.clone() * s.neg().add_scalar(1.0) * rates
        }
    }
}
