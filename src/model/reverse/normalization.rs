//! Reverse rules of batch normalisation with running statistics: y = γ x̂ + β, x̂ = (x − m)/√(σ² + ε).

use super::Pulled;
use super::rules::{Through, plus, sum_to_channels, times_channels};
use crate::model::burn_layers::normalization::affine;
use crate::model::graph::Layer;
use crate::model::layers::BatchNorm;
use crate::model::tangent::DualWeights;
use crate::model::value::{Product, Value};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// The tensors of one layer on a device.
struct Norm<'a> {
    weight: Option<&'a str>,
    bias: Option<&'a str>,
    mean: Tensor<1>,
    /// 1/√(σ² + ε)
    inverse: Tensor<1>,
}

fn norm<'a>(layer: &'a Layer, weights: &Weights) -> Option<Norm<'a>> {
    let Layer::BatchNorm(BatchNorm {
        weight,
        bias,
        running_mean,
        running_var,
        epsilon,
    }) = layer
    else {
        return None;
    };
    let variance = weights.flat(running_var);
    Some(Norm {
        weight: weight.as_deref(),
        bias: bias.as_deref(),
        mean: weights.flat(running_mean),
        inverse: variance.add_scalar(*epsilon).sqrt().recip(),
    })
}

impl Norm<'_> {
    /// γ/√(σ² + ε)
    fn scale(&self, weights: &Weights) -> Tensor<1> {
        match self.weight {
            Some(name) => self.inverse.clone() * weights.flat(name),
            None => self.inverse.clone(),
        }
    }

    /// γ̄ from Σ ȳ x and Σ ȳ: Σ ȳ x̂ = (Σ ȳ x − m Σ ȳ)/√(σ² + ε).
    fn weight_gradient(&self, with_x: Tensor<1>, alone: Tensor<1>) -> Tensor<1> {
        (with_x - self.mean.clone() * alone) * self.inverse.clone()
    }
}

/// ẏ = γ ẋ/√(σ² + ε) + γ̇ x̂ + β̇
pub fn rate(
    layer: &Layer,
    x: Value,
    rate: Option<Value>,
    weights: DualWeights<'_>,
) -> Option<Value> {
    let norm = norm(layer, weights.value)?;
    let own = rate.map(|rate| times_channels(rate, norm.scale(weights.value)));
    let shift = norm.bias.map(|name| weights.tangent.flat(name));
    let theirs = match (norm.weight, shift) {
        (None, None) => return own,
        (None, Some(shift)) => affine(x, shift.zeros_like(), shift),
        (Some(_), shift) => {
            let scale = norm.scale(weights.tangent);
            let mut offset = (norm.mean * scale.clone()).neg();
            if let Some(shift) = shift {
                offset = offset + shift;
            }
            affine(x, scale, offset)
        }
    };
    Some(plus(own, theirs))
}

/// x̄ = γ ȳ/√(σ² + ε), γ̄ = Σ ȳ x̂, β̄ = Σ ȳ
pub fn pull(layer: &Layer, x: Value, adjoint: Value, weights: &Weights) -> Pulled {
    let Some(norm) = norm(layer, weights) else {
        return Pulled::default();
    };
    let mut tensors = Vec::with_capacity(2);
    if norm.weight.is_some() || norm.bias.is_some() {
        let alone = sum_to_channels(adjoint.clone());
        if let Some(name) = norm.weight {
            let with_x = sum_to_channels(x.zip(adjoint.clone(), Product));
            tensors.push((name.to_owned(), norm.weight_gradient(with_x, alone.clone())));
        }
        if let Some(name) = norm.bias {
            tensors.push((name.to_owned(), alone));
        }
    }
    Pulled {
        inputs: vec![Some(times_channels(adjoint, norm.scale(weights)))],
        tensors,
    }
}

/// μ of x: (γ μ + γ̇ λ)/√(σ² + ε); of γ: Σ μ x̂ + λ ẋ/√(σ² + ε); of β: Σ μ.
pub fn pull_second(layer: &Layer, mut through: Through<'_>, weights: DualWeights<'_>) -> Pulled {
    let Some(norm) = norm(layer, weights.value) else {
        return Pulled::default();
    };
    let mut pulled = match through.second {
        Some(second) => pull(layer, through.inputs.remove(0), second, weights.value),
        None => Pulled {
            inputs: vec![None],
            tensors: Vec::new(),
        },
    };
    let Some(name) = norm.weight else {
        return pulled;
    };
    let turned = times_channels(through.adjoint.clone(), norm.scale(weights.tangent));
    pulled.inputs = vec![Some(plus(pulled.inputs.pop().flatten(), turned))];
    if let Some(rate) = through.rates.remove(0) {
        let sum = sum_to_channels(rate.zip(through.adjoint, Product)) * norm.inverse.clone();
        match pulled.tensors.iter_mut().find(|(n, _)| n == name) {
            Some((_, gradient)) => *gradient = gradient.clone() + sum,
            None => pulled.tensors.push((name.to_owned(), sum)),
        }
    }
    pulled
}
