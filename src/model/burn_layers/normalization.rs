//! Normalisation layers: batch (Ioffe and Szegedy 2015), layer (Ba et al. 2016), group (Wu and He 2018).

use crate::model::forward::{BatchStatistics, Statistics};
use crate::model::value::{Value, map};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// The tensors of one batch-normalisation layer.
pub struct BatchNorm<'a> {
    pub weight: Option<&'a str>,
    pub bias: Option<&'a str>,
    pub running_mean: &'a str,
    pub running_var: &'a str,
}

/// (x − μ)/√(σ² + ε) · γ + β over axis 1, as one scale and one shift a channel.
pub fn batch_norm(
    x: Value,
    weights: &Weights,
    names: &BatchNorm<'_>,
    epsilon: f64,
    statistics: &mut Statistics<'_>,
) -> Value {
    let (mean, variance) = match statistics {
        Statistics::Running => (
            weights.flat(names.running_mean),
            weights.flat(names.running_var),
        ),
        Statistics::Batch(measured) => {
            let (mean, variance, count) = channel_statistics(x.clone());
            // PyTorch normalises with the biased variance and keeps the unbiased one.
            let unbiased = variance
                .clone()
                .mul_scalar(count as f64 / count.saturating_sub(1).max(1) as f64);
            measured.push(BatchStatistics {
                running_mean: names.running_mean.to_owned(),
                running_var: names.running_var.to_owned(),
                mean: mean.clone(),
                variance: unbiased,
            });
            (mean, variance)
        }
    };
    let mut scale = variance.add_scalar(epsilon).sqrt().recip();
    if let Some(weight) = names.weight {
        scale = scale * weights.flat(weight);
    }
    let mut shift = (mean * scale.clone()).neg();
    if let Some(bias) = names.bias {
        shift = shift + weights.flat(bias);
    }
    affine(x, scale, shift)
}

/// Layer normalisation over the last axes, as many as the weight has.
pub fn layer_norm(
    x: Value,
    weights: &Weights,
    weight: &str,
    bias: Option<&str>,
    epsilon: f64,
) -> Value {
    let dims = x.dims();
    let width: usize = weights.shape(weight).iter().product();
    let rows = dims.iter().product::<usize>() / width;
    let Value::Rank2(x) = x.reshape(&[rows, width]) else {
        unreachable!("reshaped to two axes")
    };
    let y = standardised(x, epsilon) * weights.flat(weight).reshape([1, width]);
    let y = match bias {
        Some(bias) => y + weights.flat(bias).reshape([1, width]),
        None => y,
    };
    Value::Rank2(y).reshape(&dims)
}

/// Group normalisation over axis 1.
pub fn group_norm(
    x: Value,
    weights: &Weights,
    groups: usize,
    weight: &str,
    bias: Option<&str>,
    epsilon: f64,
) -> Value {
    let dims = x.dims();
    let each = dims.iter().skip(1).product::<usize>() / groups;
    let Value::Rank2(x) = x.reshape(&[dims[0] * groups, each]) else {
        unreachable!("reshaped to two axes")
    };
    let y = Value::Rank2(standardised(x, epsilon)).reshape(&dims);
    let scale = weights.flat(weight);
    let shift = bias.map_or_else(|| scale.zeros_like(), |name| weights.flat(name));
    affine(y, scale, shift)
}

/// Each row minus its mean, over the root of its biased variance plus ε.
fn standardised(x: Tensor<2>, epsilon: f64) -> Tensor<2> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    centred / variance.add_scalar(epsilon).sqrt()
}

/// x · scale + shift, one of each a channel (axis 1).
pub fn affine(x: Value, scale: Tensor<1>, shift: Tensor<1>) -> Value {
    let channels = scale.dims()[0];
    map!(x, t => {
        let mut dims = [1; _];
        dims[1] = channels;
        t * scale.reshape(dims) + shift.reshape(dims)
    })
}

/// Mean and biased variance of every channel, and how many values each was taken over.
pub fn channel_statistics(x: Value) -> (Tensor<1>, Tensor<1>, usize) {
    let dims = x.dims();
    let (batch, channels) = (dims[0], dims[1]);
    let rest: usize = dims.iter().skip(2).product();
    let Value::Rank3(x) = x.reshape(&[batch, channels, rest]) else {
        unreachable!("reshaped to three axes")
    };
    let mean = x.clone().mean_dim(2).mean_dim(0);
    let centred = x - mean.clone();
    let variance = (centred.clone() * centred).mean_dim(2).mean_dim(0);
    (
        mean.reshape([channels]),
        variance.reshape([channels]),
        batch * rest,
    )
}
