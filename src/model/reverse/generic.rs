//! Layers without a rule of their own, differentiated by burn one at a time.
//!
//! The adjoints of inputs and tensors are the gradient of Σ y·ȳ, which is what a reverse pass
//! through the one layer computes.

use super::Pulled;
use super::rules::{Site, Through};
use crate::model::graph::Role;
use crate::model::tangent::{self, Dual, DualWeights};
use crate::model::value::{Product, Value, map};
use crate::model::weights::Weights;
use burn::tensor::{Gradients, Tensor};

/// A layer's inputs and tensors as the leaves of a graph to differentiate.
struct Leaves {
    inputs: Vec<Value>,
    weights: Weights,
    tensors: Vec<(String, Tensor<1>)>,
}

fn leaves(site: &Site<'_>, inputs: Vec<Value>, weights: &Weights, wanted: &[bool]) -> Leaves {
    let leaf = |(value, wanted): (Value, &bool)| {
        if *wanted {
            map!(value, t => t.autodiff().require_grad())
        } else {
            value
        }
    };
    let inputs = inputs.into_iter().zip(wanted).map(leaf).collect();
    let mut own = Weights::default();
    let mut tensors = Vec::new();
    for (name, role) in site.layer.kind().tensors() {
        let mut flat = weights.flat(name);
        if matches!(role, Role::Trainable { .. }) {
            flat = flat.autodiff().require_grad();
            tensors.push((name.to_owned(), flat.clone()));
        }
        own.insert(name, flat, weights.shape(name));
    }
    Leaves {
        inputs,
        weights: own,
        tensors,
    }
}

impl Leaves {
    fn pulled(self, objective: Option<Tensor<1>>) -> Pulled {
        let objective = objective.filter(Tensor::is_tracked);
        let Some(mut gradients) = objective.map(|o| o.backward()) else {
            return Pulled {
                inputs: vec![None; self.inputs.len()],
                tensors: Vec::new(),
            };
        };
        let tensors = self.tensors.into_iter();
        Pulled {
            tensors: tensors
                .filter_map(|(name, leaf)| Some((name, leaf.grad_remove(&mut gradients)?)))
                .collect(),
            inputs: self
                .inputs
                .into_iter()
                .map(|value| gradient(value, &mut gradients))
                .collect(),
        }
    }
}

fn gradient(value: Value, gradients: &mut Gradients) -> Option<Value> {
    Some(match value {
        Value::Rank2(t) => Value::Rank2(t.grad_remove(gradients)?),
        Value::Rank3(t) => Value::Rank3(t.grad_remove(gradients)?),
        Value::Rank4(t) => Value::Rank4(t.grad_remove(gradients)?),
        Value::Rank5(t) => Value::Rank5(t.grad_remove(gradients)?),
    })
}

/// Σ a·b, `[1]`
fn inner(a: Value, b: Value) -> Tensor<1> {
    a.zip(b, Product).matrix().sum()
}

/// Adjoints of the wanted inputs and gradients of the tensors.
pub fn pull(
    site: &Site<'_>,
    inputs: Vec<Value>,
    adjoint: Value,
    weights: &Weights,
    wanted: &[bool],
) -> Pulled {
    let leaves = leaves(site, inputs, weights, wanted);
    let value = site.value(leaves.inputs.clone(), &leaves.weights);
    let objective = inner(value, adjoint);
    leaves.pulled(Some(objective))
}

/// The gradient of Σ y·μ + ẏ·λ, with ẋ and v held fixed.
pub fn pull_second(
    site: &Site<'_>,
    through: Through<'_>,
    weights: DualWeights<'_>,
    wanted: &[bool],
) -> Pulled {
    let leaves = leaves(site, through.inputs, weights.value, wanted);
    let duals = leaves
        .inputs
        .clone()
        .into_iter()
        .zip(through.rates)
        .map(|(value, tangent)| Dual { value, tangent })
        .collect();
    let dual = DualWeights {
        value: &leaves.weights,
        tangent: weights.tangent,
    };
    let output = tangent::apply(site.layer, duals, site.shape, dual, site.mode);
    let first = through.second.map(|second| inner(output.value, second));
    let second = output.tangent.map(|rate| inner(rate, through.adjoint));
    let objective = match (first, second) {
        (Some(first), Some(second)) => Some(first + second),
        (first, second) => first.or(second),
    };
    leaves.pulled(objective)
}
