//! Distances between points of parameter space, in total and layer by layer.

use crate::model::params::Params;
use serde::{Deserialize, Serialize};

/// How far `a` is from `b`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// ‖θ_a − θ_b‖₂ over the trained tensors.
    pub total: f64,
    /// `total` / ‖θ_b‖₂; infinite where θ_b is zero and θ_a isn't.
    pub relative: f64,
    /// Cosine of the angle between θ_a and θ_b.
    pub cosine: f64,
    /// ‖θ_a‖₂
    pub norm_a: f64,
    /// ‖θ_b‖₂
    pub norm_b: f64,
    /// The same by module, in the network's order.
    pub layers: Vec<LayerDistance>,
}

/// The distance within one module: a weight and its bias together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerDistance {
    /// Name of the module: `layer1.0.conv1`.
    pub name: String,
    /// Number of trained values.
    pub parameters: usize,
    /// L2 distance.
    pub total: f64,
    /// `total` / ‖θ_b‖₂ of this module.
    pub relative: f64,
}

fn relative(total: f64, norm: f64) -> f64 {
    if total == 0.0 { 0.0 } else { total / norm }
}

/// Distances between `a` and `b`, relative to `b`.
pub fn between(a: &Params, b: &Params) -> Distance {
    let mut layers: Vec<(LayerDistance, f64)> = Vec::new();
    for ((spec, a), (_, b)) in a.trainable().zip(b.trainable()) {
        let module = spec.module();
        let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
        let norm: f64 = b.iter().map(|b| b * b).sum();
        match layers.iter_mut().find(|(layer, _)| layer.name == module) {
            Some((layer, norms)) => {
                layer.parameters += a.len();
                layer.total += square;
                *norms += norm;
            }
            None => layers.push((
                LayerDistance {
                    name: module.to_owned(),
                    parameters: a.len(),
                    total: square,
                    relative: 0.0,
                },
                norm,
            )),
        }
    }
    let layers = layers
        .into_iter()
        .map(|(layer, norm)| {
            let total = layer.total.sqrt();
            LayerDistance {
                total,
                relative: relative(total, norm.sqrt()),
                ..layer
            }
        })
        .collect();
    let total = a.minus(b).norm();
    let (norm_a, norm_b) = (a.norm(), b.norm());
    Distance {
        total,
        relative: relative(total, norm_b),
        cosine: a.cosine(b),
        norm_a,
        norm_b,
        layers,
    }
}

/// How far a run gets from its start, checkpoint by checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistanceCurve {
    /// ‖θ_t − θ_start‖₂
    pub from_start: Vec<f64>,
    /// The same over ‖θ_start‖₂.
    pub relative: Vec<f64>,
    /// ‖θ_t − θ_{t−1}‖₂, the distance between neighbouring checkpoints (of an epoch, where there is
    /// one an epoch); the first is measured from the start.
    pub step: Vec<f64>,
    /// Sum of the steps until each checkpoint: the length of the way.
    pub path: Vec<f64>,
}

/// The curve of a series of checkpoints from `start`, which may be the first of them.
pub fn curve(series: &[Params], start: &Params) -> DistanceCurve {
    let norm = start.norm();
    let from_start: Vec<f64> = series.iter().map(|p| p.minus(start).norm()).collect();
    let before = std::iter::once(start).chain(series);
    let step: Vec<f64> = before.zip(series).map(|(a, b)| b.minus(a).norm()).collect();
    let mut length = 0.0;
    let path = step.iter().map(|s| {
        length += s;
        length
    });
    DistanceCurve {
        relative: from_start.iter().map(|&d| relative(d, norm)).collect(),
        path: path.collect(),
        from_start,
        step,
    }
}

/// Entry by entry a/b of two curves, as long as both go on; NaN where both are zero.
pub fn ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a / b).collect()
}
