//! Distances between points of parameter space, in total and layer by layer.

use crate::model::params::{Params, TensorSpec};
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

/// Sums over one tensor at two points, which pieces of it are added to one after the other: neither
/// point need be in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    count: usize,
    square: f64,
    a: f64,
    b: f64,
    product: f64,
}

impl Sums {
    /// Adds the next values of both points.
    pub fn add(&mut self, a: &[f64], b: &[f64]) {
        for (a, b) in a.iter().zip(b) {
            self.square += (a - b).powi(2);
            self.a += a * a;
            self.b += b * b;
            self.product += a * b;
        }
        self.count += a.len().min(b.len());
    }

    /// Σ (a − b)²
    pub fn square(&self) -> f64 {
        self.square
    }

    /// Σ b²
    pub fn norm_square(&self) -> f64 {
        self.b
    }
}

/// Distances between `a` and `b`, relative to `b`.
pub fn between(a: &Params, b: &Params) -> Distance {
    let tensors = a.trainable().zip(b.trainable());
    from_sums(tensors.map(|((spec, a), (_, b))| {
        let mut sums = Sums::default();
        sums.add(a, b);
        (spec, sums)
    }))
}

/// Distances from the sums over every trained tensor, in the network's order.
pub fn from_sums<'s>(tensors: impl Iterator<Item = (&'s TensorSpec, Sums)>) -> Distance {
    let mut layers: Vec<(LayerDistance, f64)> = Vec::new();
    let mut all = Sums::default();
    for (spec, sums) in tensors {
        all.square += sums.square;
        all.a += sums.a;
        all.b += sums.b;
        all.product += sums.product;
        let module = spec.module();
        match layers.iter_mut().find(|(layer, _)| layer.name == module) {
            Some((layer, norms)) => {
                layer.parameters += sums.count;
                layer.total += sums.square;
                *norms += sums.b;
            }
            None => layers.push((
                LayerDistance {
                    name: module.to_owned(),
                    parameters: sums.count,
                    total: sums.square,
                    relative: 0.0,
                },
                sums.b,
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
    let (total, norm_a, norm_b) = (all.square.sqrt(), all.a.sqrt(), all.b.sqrt());
    let norms = norm_a * norm_b;
    Distance {
        total,
        relative: relative(total, norm_b),
        // As of `Params`: 0 where either point is zero.
        cosine: if norms == 0.0 {
            0.0
        } else {
            all.product / norms
        },
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

impl DistanceCurve {
    /// The curve with these distances from the start, whose norm is `norm`, and between neighbours.
    pub fn new(from_start: Vec<f64>, step: Vec<f64>, norm: f64) -> Self {
        let mut length = 0.0;
        let path = step.iter().map(|s| {
            length += s;
            length
        });
        Self {
            relative: from_start.iter().map(|&d| relative(d, norm)).collect(),
            path: path.collect(),
            from_start,
            step,
        }
    }
}

/// The curve of a series of points from `start`, which may be the first of them.
pub fn curve(series: &[Params], start: &Params) -> DistanceCurve {
    let from_start = series.iter().map(|p| p.minus(start).norm()).collect();
    let before = std::iter::once(start).chain(series);
    let step = before.zip(series).map(|(a, b)| b.minus(a).norm()).collect();
    DistanceCurve::new(from_start, step, start.norm())
}

/// Entry by entry a/b of two curves, as long as both go on; NaN where both are zero.
pub fn ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a / b).collect()
}
