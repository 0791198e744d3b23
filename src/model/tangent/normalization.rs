//! Tangents of normalisation layers.

use super::{Dual, DualWeights, Mode, zeros};
use crate::model::value::{Product, Sum, Value, map};
use burn::tensor::Tensor;

pub use crate::model::burn_layers::normalization::BatchNorm;
use crate::model::burn_layers::normalization::{affine, channel_statistics};

/// (x − μ)/√(σ² + ε) · γ + β, as one scale and one shift a channel, and its rate of change.
///
/// With running statistics only γ, β and x move; in train mode μ and σ² move with x.
pub fn batch_norm(
    x: Dual,
    weights: DualWeights<'_>,
    names: &BatchNorm<'_>,
    epsilon: f64,
    mode: Mode,
) -> Dual {
    let (mean, variance, moving) = match mode {
        Mode::Running => (
            weights.value.flat(names.running_mean),
            weights.value.flat(names.running_var),
            None,
        ),
        Mode::Batch => {
            let (mean, variance, _) = channel_statistics(x.value.clone());
            let moving = x
                .tangent
                .clone()
                .map(|t| statistics_tangent(&x.value, t, mean.clone()));
            (mean, variance, moving)
        }
    };
    let inverse = variance.add_scalar(epsilon).sqrt().recip();
    let gamma = names.weight.map(|name| weights.value.flat(name));
    let scale = match &gamma {
        Some(gamma) => inverse.clone() * gamma.clone(),
        None => inverse.clone(),
    };
    let mut shift = (mean.clone() * scale.clone()).neg();
    if let Some(bias) = names.bias {
        shift = shift + weights.value.flat(bias);
    }
    // ẏ = ẋ · scale + x · scale˙ + shift˙
    let mut scale_rate: Option<Tensor<1>> = names
        .weight
        .map(|name| weights.tangent.flat(name) * inverse.clone());
    if let Some((_, variance_rate)) = &moving {
        // (1/√(σ² + ε))˙ = −½ (σ² + ε)^−3/2 (σ²)˙
        let rate =
            (scale.clone() * inverse.clone() * inverse * variance_rate.clone()).mul_scalar(-0.5);
        scale_rate = Some(match scale_rate {
            Some(other) => other + rate,
            None => rate,
        });
    }
    let mut shift_rate = scale_rate.clone().map(|rate| (mean * rate).neg());
    if let Some((mean_rate, _)) = moving {
        let rate = (mean_rate * scale.clone()).neg();
        shift_rate = Some(match shift_rate {
            Some(other) => other + rate,
            None => rate,
        });
    }
    if let Some(bias) = names.bias {
        let rate = weights.tangent.flat(bias);
        shift_rate = Some(match shift_rate {
            Some(other) => other + rate,
            None => rate,
        });
    }
    let theirs = match (scale_rate, shift_rate) {
        (Some(scale), Some(shift)) => Some(affine(x.value.clone(), scale, shift)),
        (None, Some(shift)) => Some(affine(zeros(&x.value), shift.ones_like(), shift)),
        _ => None,
    };
    let own = x.tangent.map(|t| scaled(t, scale.clone()));
    let tangent = match (own, theirs) {
        (Some(own), Some(theirs)) => Some(own.zip(theirs, Sum)),
        (own, theirs) => own.or(theirs),
    };
    Dual {
        value: affine(x.value, scale, shift),
        tangent,
    }
}

/// x · scale, one a channel (axis 1).
fn scaled(x: Value, scale: Tensor<1>) -> Value {
    let channels = scale.dims()[0];
    map!(x, t => {
        let mut dims = [1; _];
        dims[1] = channels;
        t * scale.reshape(dims)
    })
}

/// Rates of change of every channel's mean and biased variance: mean(ẋ) and 2 mean((x − μ) ẋ).
fn statistics_tangent(x: &Value, tangent: Value, mean: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
    let channels = mean.dims()[0];
    let centred = affine(x.clone(), mean.ones_like(), mean.neg());
    let product = centred.zip(tangent.clone(), Product);
    let mean_of = |v: Value| {
        let dims = v.dims();
        let rest: usize = dims.iter().skip(2).product();
        let Value::Rank3(v) = v.reshape(&[dims[0], channels, rest]) else {
            unreachable!("reshaped to three axes")
        };
        v.mean_dim(2).mean_dim(0).reshape([channels])
    };
    (mean_of(tangent), mean_of(product).mul_scalar(2.0))
}

/// Layer normalisation over the last axes, as many as the weight has.
pub fn layer_norm(
    x: Dual,
    weights: DualWeights<'_>,
    weight: &str,
    bias: Option<&str>,
    epsilon: f64,
) -> Dual {
    let dims = x.value.dims();
    let width: usize = weights.value.shape(weight).iter().product();
    let rows = dims.iter().product::<usize>() / width;
    let (y, tangent) = standardised(x, rows, width, epsilon);
    let gamma = weights.value.flat(weight).reshape([1, width]);
    let mut rate = y.clone() * weights.tangent.flat(weight).reshape([1, width]);
    if let Some(t) = tangent {
        rate = rate + t * gamma.clone();
    }
    let mut value = y * gamma;
    if let Some(bias) = bias {
        value = value + weights.value.flat(bias).reshape([1, width]);
        rate = rate + weights.tangent.flat(bias).reshape([1, width]);
    }
    Dual {
        value: Value::Rank2(value).reshape(&dims),
        tangent: Some(Value::Rank2(rate).reshape(&dims)),
    }
}

/// Group normalisation over axis 1.
pub fn group_norm(
    x: Dual,
    weights: DualWeights<'_>,
    groups: usize,
    weight: &str,
    bias: Option<&str>,
    epsilon: f64,
) -> Dual {
    let dims = x.value.dims();
    let each = dims.iter().skip(1).product::<usize>() / groups;
    let (y, tangent) = standardised(x, dims[0] * groups, each, epsilon);
    let y = Value::Rank2(y).reshape(&dims);
    let gamma = weights.value.flat(weight);
    let shift = |of: &crate::model::weights::Weights| {
        bias.map_or_else(|| gamma.zeros_like(), |name| of.flat(name))
    };
    let mut rate = affine(
        y.clone(),
        weights.tangent.flat(weight),
        shift(weights.tangent),
    );
    if let Some(t) = tangent {
        let own = scaled(Value::Rank2(t).reshape(&dims), gamma.clone());
        rate = rate.zip(own, Sum);
    }
    Dual {
        value: affine(y, gamma.clone(), shift(weights.value)),
        tangent: Some(rate),
    }
}

/// Each of `rows` rows minus its mean over the root of its biased variance plus ε, and the rate of
/// change: with s = 1/√(σ² + ε) and y = (x − μ) s, ẏ = s (ẋ − mean ẋ − y mean(y ẋ)).
fn standardised(
    x: Dual,
    rows: usize,
    width: usize,
    epsilon: f64,
) -> (Tensor<2>, Option<Tensor<2>>) {
    let matrix = |v: Value| match v.reshape(&[rows, width]) {
        Value::Rank2(t) => t,
        _ => unreachable!("reshaped to two axes"),
    };
    let value = matrix(x.value);
    let centred = value.clone() - value.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    let inverse = variance.add_scalar(epsilon).sqrt().recip();
    let y = centred * inverse.clone();
    let tangent = x.tangent.map(|t| {
        let t = matrix(t);
        let along = (y.clone() * t.clone()).mean_dim(1);
        (t.clone() - t.mean_dim(1) - y.clone() * along) * inverse
    });
    (y, tangent)
}
