//! Points and directions of parameter space.
//!
//! [`Params`] is one vector of all tensors of a network, kept tensor by tensor in the network's
//! order: what it trains, then its buffers. Values are f64 whatever the checkpoint's type, so that
//! directions, norms and distances are exact; the evaluator rounds once when it uploads. Norms,
//! products and distances count the trained tensors only, as the literature does.

use crate::model::role::Role;
use serde::Serialize;
use std::sync::Arc;

/// What a network knows of one of its tensors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorSpec {
    /// Name in the checkpoint.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// What it is to its layer.
    pub role: Role,
}

impl TensorSpec {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True where some axis has extent 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Name of the module it belongs to: `layer1.0.conv1` of `layer1.0.conv1.weight`.
    pub fn module(&self) -> &str {
        let parts = self.name.rsplit_once('.');
        parts.map_or(self.name.as_str(), |(module, _)| module)
    }

    /// Whether a network trains it (as opposed to a buffer).
    pub fn is_trainable(&self) -> bool {
        self.role.is_trainable()
    }
}

/// The tensors of a network in the network's order.
pub type Layout = Arc<[TensorSpec]>;

/// One value for every entry of every tensor of a network: a point, or a direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    layout: Layout,
    values: Vec<Vec<f64>>,
}

impl Params {
    /// `None` where the values don't have the layout's lengths.
    pub fn new(layout: Layout, values: Vec<Vec<f64>>) -> Option<Self> {
        let fits = layout.len() == values.len()
            && layout.iter().zip(&values).all(|(s, v)| s.len() == v.len());
        fits.then_some(Self { layout, values })
    }

    /// All zero.
    pub fn zeros(layout: &Layout) -> Self {
        Self {
            layout: Arc::clone(layout),
            values: layout.iter().map(|s| vec![0.0; s.len()]).collect(),
        }
    }

    /// The tensors this has values for.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Specification and values of every tensor, buffers included.
    pub fn tensors(&self) -> impl Iterator<Item = (&TensorSpec, &[f64])> {
        self.layout
            .iter()
            .zip(self.values.iter().map(Vec::as_slice))
    }

    /// Specification and values of every tensor a network trains.
    pub fn trainable(&self) -> impl Iterator<Item = (&TensorSpec, &[f64])> {
        self.tensors().filter(|(spec, _)| spec.is_trainable())
    }

    /// The values of the tensor at a place of the layout.
    pub fn at(&self, index: usize) -> &[f64] {
        &self.values[index]
    }

    /// Puts other values into the tensor at a place of the layout.
    ///
    /// # Panics
    /// Unless there are as many.
    pub fn replace(&mut self, index: usize, values: Vec<f64>) {
        assert_eq!(values.len(), self.values[index].len(), "one value an entry");
        self.values[index] = values;
    }

    /// Whether, as a direction, it moves any tensor that no network trains.
    pub fn moves_buffers(&self) -> bool {
        self.tensors()
            .any(|(spec, values)| !spec.is_trainable() && values.iter().any(|v| *v != 0.0))
    }

    /// The values of the tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.tensors()
            .find(|(spec, _)| spec.name == name)
            .map(|(_, values)| values)
    }

    /// A vector made tensor by tensor; `f` gets each specification and this vector's values and
    /// must return as many values.
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(&TensorSpec, &[f64]) -> Vec<f64>) -> Self {
        let values: Vec<_> = self
            .tensors()
            .map(|(spec, values)| f(spec, values))
            .collect();
        debug_assert!(
            values
                .iter()
                .zip(&self.values)
                .all(|(a, b)| a.len() == b.len())
        );
        Self {
            layout: Arc::clone(&self.layout),
            values,
        }
    }

    /// Some of its tensors alone, with a layout of their own; `kept` says which of the layout.
    #[must_use]
    pub fn only(&self, kept: &[bool]) -> Self {
        let own = || kept.iter().copied();
        let layout = self.layout.iter().zip(own()).filter(|(_, kept)| *kept);
        let values = self.values.iter().zip(own()).filter(|(_, kept)| *kept);
        Self {
            layout: layout.map(|(spec, _)| spec.clone()).collect(),
            values: values.map(|(values, _)| values.clone()).collect(),
        }
    }

    /// `self + scale · other`, buffers included.
    #[must_use]
    pub fn plus(&self, scale: f64, other: &Self) -> Self {
        let mut result = self.clone();
        for (a, b) in result.values.iter_mut().zip(&other.values) {
            for (a, b) in a.iter_mut().zip(b) {
                *a += scale * b;
            }
        }
        result
    }

    /// `self − other`, buffers included.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(-1.0, other)
    }

    /// `scale · self`, buffers included.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Self {
        self.map(|_, values| values.iter().map(|v| scale * v).collect())
    }

    /// Inner product over the trained tensors.
    pub fn dot(&self, other: &Self) -> f64 {
        let mut sum = 0.0;
        for ((spec, a), b) in self.tensors().zip(&other.values) {
            if spec.is_trainable() {
                sum += a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        sum
    }

    /// L2 norm over the trained tensors.
    pub fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    /// Cosine of the angle to `other` over the trained tensors; 0 where either is zero.
    pub fn cosine(&self, other: &Self) -> f64 {
        let norms = self.norm() * other.norm();
        if norms == 0.0 {
            0.0
        } else {
            self.dot(other) / norms
        }
    }

    /// Number of trained values.
    pub fn count(&self) -> usize {
        self.trainable().map(|(_, v)| v.len()).sum()
    }

    /// The trained values one after the other, tensor by tensor: a point of ℝⁿ.
    pub fn flatten(&self) -> Vec<f64> {
        self.trainable()
            .flat_map(|(_, v)| v.iter().copied())
            .collect()
    }

    /// The same buffers under other trained values, in the order of [`Params::flatten`].
    ///
    /// # Panics
    /// Unless there are [`Params::count`] values.
    #[must_use]
    pub fn with_trainable(&self, values: &[f64]) -> Self {
        assert_eq!(values.len(), self.count(), "one value a trained parameter");
        let mut rest = values;
        self.map(|spec, old| {
            if !spec.is_trainable() {
                return old.to_vec();
            }
            let (own, after) = rest.split_at(old.len());
            rest = after;
            own.to_vec()
        })
    }

    /// `θ₀ + Σ cₖ dₖ` of the tensor at `index`, formed from the origin.
    pub fn combine(&self, index: usize, directions: &[Self], coordinate: &[f64]) -> Vec<f64> {
        let mut values = self.values[index].clone();
        for (direction, &c) in directions.iter().zip(coordinate) {
            for (v, d) in values.iter_mut().zip(&direction.values[index]) {
                *v += c * d;
            }
        }
        values
    }
}
