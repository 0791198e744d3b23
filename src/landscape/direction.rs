//! Directions: random ones, their normalisations, planes through checkpoints.
//!
//! Filter normalisation after Li et al. 2018 (arXiv 1712.09913, section 4) and their published code:
//! a random direction is scaled filter by filter to the norm of the weights it perturbs, so that a
//! unit step means the same for networks whose weights differ in scale.

use crate::error::{Error, Result};
use crate::model::params::{Layout, Params, TensorSpec};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

/// How a direction is scaled to the weights it perturbs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    /// Each filter (one output unit): d ← d · ‖w‖ / (‖d‖ + 1e-10).
    #[default]
    Filter,
    /// Each tensor as a whole: d ← d · ‖w‖ / ‖d‖.
    Layer,
    /// Each element: d ← d · w.
    Weight,
    /// The whole direction to length 1: coordinates are absolute L2 distances.
    Unit,
    /// Unchanged.
    None,
}

/// What happens to tensors with one axis: biases, γ and β.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OneDim {
    /// They don't move.
    #[default]
    Zero,
    /// Each is normalised as a whole by the same rule.
    Keep,
    /// The tensor itself is its direction.
    Copy,
}

/// A direction in which only the tensors of some layers or modules move, by their names; all of it where
/// there are no names.
///
/// # Errors
/// Where a name is no layer's and no module's: lists the layers.
pub fn only(direction: &Params, names: &[String]) -> Result<Params> {
    if names.is_empty() {
        return Ok(direction.clone());
    }
    let within = |spec: &TensorSpec, name: &str| {
        let rest = spec.module().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let layout = direction.layout();
    let found = |name: &&String| layout.iter().any(|spec| within(spec, name));
    if let Some(unknown) = names.iter().find(|name| !found(name)) {
        let mut layers: Vec<&str> = layout.iter().map(TensorSpec::module).collect();
        layers.dedup();
        return Err(Error::Usage(format!(
            "--only {unknown}: the network has no such layer; it has {}",
            layers.join(", ")
        )));
    }
    Ok(direction.map(|spec, values| {
        if names.iter().any(|name| within(spec, name)) {
            values.to_vec()
        } else {
            vec![0.0; values.len()]
        }
    }))
}

/// A direction of independent N(0, 1) draws over every trained tensor, zero over the buffers.
///
/// `stream` numbers the directions of one seed: 0 for x, 1 for y. The draws go through the tensors
/// in the network's order, so the same seed gives the same direction on every device.
pub fn random(layout: &Layout, seed: u64, stream: u64) -> Params {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    Params::zeros(layout).map(|spec, values| {
        if spec.is_trainable() {
            values
                .iter()
                .map(|_| StandardNormal.sample(&mut rng))
                .collect()
        } else {
            values.to_vec()
        }
    })
}

/// What is done to a direction before it is used, and only that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Treatment {
    /// How tensors with two or more axes are scaled; `None`: as they are.
    pub normalize: Option<Normalization>,
    /// What tensors with one axis do; `None`: as they are.
    pub one_dim: Option<OneDim>,
}

/// Scales `direction` to the weights at `theta` by the given rule; buffers become zero.
#[must_use]
pub fn normalise(
    direction: &Params,
    theta: &Params,
    rule: Normalization,
    one_dim: OneDim,
) -> Params {
    let still = direction.map(|spec, d| {
        if spec.is_trainable() {
            d.to_vec()
        } else {
            vec![0.0; d.len()]
        }
    });
    let treatment = Treatment {
        normalize: Some(rule),
        one_dim: Some(one_dim),
    };
    treatment.apply(&still, theta)
}

impl Treatment {
    /// What a random direction gets: where nothing is chosen, filter normalisation without biases.
    #[must_use]
    pub fn of_random(normalize: Option<Normalization>, one_dim: Option<OneDim>) -> Self {
        Self {
            normalize: Some(normalize.unwrap_or_default()),
            one_dim: Some(one_dim.unwrap_or_default()),
        }
    }

    /// The direction with this done to it. Buffers go with it as they are, but where tensors with one
    /// axis are to stay, they do too.
    #[must_use]
    pub fn apply(self, direction: &Params, theta: &Params) -> Params {
        let rule = self.normalize.unwrap_or(Normalization::None);
        let mut weights = theta.tensors().map(|(_, w)| w);
        let scaled = direction.map(|spec, d| {
            let w = weights.next().unwrap_or_default();
            match (spec.is_trainable(), spec.shape.len() > 1, self.one_dim) {
                (true, true, _) => scale_tensor(spec, d, w, rule),
                (_, _, Some(OneDim::Zero)) => vec![0.0; d.len()],
                (true, false, Some(OneDim::Copy)) => w.to_vec(),
                (true, false, Some(OneDim::Keep)) => scale_whole(d, w, rule),
                (true, false, None) | (false, ..) => d.to_vec(),
            }
        });
        match (rule, scaled.norm()) {
            (Normalization::Unit, norm) if norm > 0.0 => scaled.scaled(1.0 / norm),
            _ => scaled,
        }
    }

    /// In words, for figures and files.
    pub fn describe(self) -> String {
        match (self.normalize, self.one_dim) {
            (None, None) => "as stored".into(),
            (Some(rule), Some(one_dim)) => {
                format!("{}, {}", rule.describe(), one_dim.describe())
            }
            (Some(rule), None) => {
                format!("{}, biases and norms as stored", rule.describe())
            }
            (None, Some(one_dim)) => format!("as stored, {}", one_dim.describe()),
        }
    }
}

/// Added to a filter's norm, as in Li et al.'s code.
const FILTER_EPSILON: f64 = 1e-10;

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

fn scale_whole(d: &[f64], w: &[f64], rule: Normalization) -> Vec<f64> {
    let scale = match rule {
        Normalization::Weight => return d.iter().zip(w).map(|(d, w)| d * w).collect(),
        Normalization::Unit | Normalization::None => 1.0,
        Normalization::Filter => {
            norm(w.iter().copied()) / (norm(d.iter().copied()) + FILTER_EPSILON)
        }
        Normalization::Layer => match norm(d.iter().copied()) {
            0.0 => 0.0,
            length => norm(w.iter().copied()) / length,
        },
    };
    d.iter().map(|d| d * scale).collect()
}

fn scale_tensor(spec: &TensorSpec, d: &[f64], w: &[f64], rule: Normalization) -> Vec<f64> {
    if rule != Normalization::Filter {
        return scale_whole(d, w, rule);
    }
    // The filters lie along the output axis, which the network's description names, in each group of the first axis.
    let (axis, groups) = spec.role.filters().unwrap_or((0, 1));
    let filters = spec.shape.get(axis).copied().unwrap_or(1);
    let inner: usize = spec.shape.iter().skip(axis + 1).product();
    let outer: usize = spec.shape.iter().take(axis).product();
    // What isn't a whole number of groups has one.
    let groups = if outer.is_multiple_of(groups) {
        groups
    } else {
        1
    };
    let outer = outer / groups;
    let mut scaled = d.to_vec();
    for filter in 0..groups * filters {
        let (group, filter) = (filter / filters, filter % filters);
        let indices = || {
            let rows = group * outer..(group + 1) * outer;
            rows.flat_map(move |o| (0..inner).map(move |i| (o * filters + filter) * inner + i))
        };
        let scale =
            norm(indices().map(|i| w[i])) / (norm(indices().map(|i| d[i])) + FILTER_EPSILON);
        for i in indices() {
            scaled[i] *= scale;
        }
    }
    scaled
}

/// `y` made orthogonal to `x` (one Gram–Schmidt step), its length kept.
///
/// # Errors
/// Where nothing of `y` is left.
pub fn orthogonal_to(y: &Params, x: &Params) -> Result<Params> {
    let square = x.dot(x);
    let rest = if square > 0.0 {
        y.plus(-y.dot(x) / square, x)
    } else {
        y.clone()
    };
    let (before, after) = (y.norm(), rest.norm());
    if after <= before * 1e-12 {
        return Err(Error::Slice(
            "the y direction is a multiple of the x direction: nothing is left of it".into(),
        ));
    }
    Ok(rest.scaled(before / after))
}

/// The plane through three checkpoints: `origin`, `a` at (1, 0) and `b` at (0, 1).
///
/// With `isometric`, a Gram–Schmidt frame instead: unit directions, coordinates in L2 distances,
/// `a` on the positive x axis and `b` in the upper half.
///
/// # Errors
/// Where the three lie on a line.
pub fn through(origin: &Params, a: &Params, b: &Params, isometric: bool) -> Result<Vec<Params>> {
    let (x, y) = (a.minus(origin), b.minus(origin));
    let on_a_line =
        || Error::Slice("the three checkpoints lie on a line: they span no plane".into());
    if x.norm() == 0.0 || y.norm() == 0.0 {
        return Err(on_a_line());
    }
    let across = orthogonal_to(&y, &x).map_err(|_| on_a_line())?;
    if !isometric {
        return Ok(vec![x, y]);
    }
    Ok(vec![
        x.scaled(1.0 / x.norm()),
        across.scaled(1.0 / across.norm()),
    ])
}

impl Normalization {
    /// The rule in words, for figures.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Filter => "filter-normalised",
            Self::Layer => "layer-normalised",
            Self::Weight => "scaled by each weight",
            Self::Unit => "scaled to unit length",
            Self::None => "as given",
        }
    }
}

impl OneDim {
    /// The rule in words, for figures.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Zero => "biases and norms fixed",
            Self::Keep => "biases and norms normalised",
            Self::Copy => "biases and norms along themselves",
        }
    }
}
