//! Parts of a network measured alone: the loss as a function of some tensors while all others stay.
//!
//! A measure of a part is the same measure of another function. Its Hessian is the diagonal block of
//! the whole one, its gradients are pieces of the whole gradients; nothing in a measure knows of it.

use super::measurable::Measurable;
use crate::error::Result;
use crate::landscape::noise::Sampled;
use crate::landscape::objective::Objective;
use crate::model::params::{Layout, Params};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Into what a network is divided.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Nothing: all of it together.
    #[default]
    Network,
    /// Modules that have weights of their own, with their biases: layer1.0.conv1.
    Layer,
    /// Groups of these, by the name before the last dot: layer1.0.
    Module,
}

/// Some trained tensors of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the layer or the module; empty for the whole network.
    pub name: String,
    /// Places among the trained tensors, ascending.
    tensors: Vec<usize>,
    /// Where their values lie among all trained ones.
    ranges: Vec<Range<usize>>,
}

impl By {
    /// What one part is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Layer => "layer",
            Self::Module => "module",
        }
    }

    /// The parts, in the network's order.
    pub fn parts(self, layout: &Layout) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut offset = 0;
        let trained = layout.iter().filter(|spec| spec.is_trainable());
        for (index, spec) in trained.enumerate() {
            let layer = spec.module();
            let name = match self {
                Self::Network => "",
                Self::Layer => layer,
                Self::Module => layer.rsplit_once('.').map_or(layer, |(module, _)| module),
            };
            let range = offset..offset + spec.len();
            offset = range.end;
            match parts.iter_mut().find(|part| part.name == name) {
                Some(part) => {
                    part.tensors.push(index);
                    part.ranges.push(range);
                }
                None => parts.push(Part {
                    name: name.to_owned(),
                    tensors: vec![index],
                    ranges: vec![range],
                }),
            }
        }
        parts
    }
}

impl Part {
    /// Number of its trained values.
    pub fn parameters(&self) -> usize {
        self.ranges.iter().map(ExactSizeIterator::len).sum()
    }

    /// Its tensors of a point, and nothing else.
    pub fn of(&self, theta: &Params) -> Params {
        let mut trained = 0;
        let kept: Vec<bool> = (theta.layout().iter())
            .map(|spec| {
                let own = spec.is_trainable() && self.tensors.binary_search(&trained).is_ok();
                trained += usize::from(spec.is_trainable());
                own
            })
            .collect();
        theta.only(&kept)
    }

    /// The loss as a function of the part, around `point`: all trained values of the network.
    pub fn within<'a>(&'a self, whole: &'a mut dyn Measurable, point: &'a [f64]) -> Within<'a> {
        Within {
            part: self,
            whole,
            point,
        }
    }

    /// Its pieces of a vector of all trained values.
    fn pieces(&self, whole: &[f64]) -> Vec<f64> {
        let pieces = self.ranges.iter().map(|range| &whole[range.clone()]);
        pieces.flatten().copied().collect()
    }

    /// `whole` with `own` in its pieces' places.
    fn put(&self, own: &[f64], mut whole: Vec<f64>) -> Vec<f64> {
        let mut rest = own;
        for range in &self.ranges {
            let (piece, after) = rest.split_at(range.len());
            whole[range.clone()].copy_from_slice(piece);
            rest = after;
        }
        whole
    }
}

/// A network's loss as a function of a part of it.
pub struct Within<'a> {
    part: &'a Part,
    whole: &'a mut dyn Measurable,
    point: &'a [f64],
}

impl Within<'_> {
    fn filled(&self, x: &[f64]) -> Vec<f64> {
        self.part.put(x, self.point.to_vec())
    }

    /// Directions that move the part alone.
    fn padded(&self, directions: &[&[f64]]) -> Vec<Vec<f64>> {
        let zeros = || vec![0.0; self.point.len()];
        directions
            .iter()
            .map(|v| self.part.put(v, zeros()))
            .collect()
    }

    fn products(
        &mut self,
        x: &[f64],
        directions: &[&[f64]],
        of: impl Fn(&mut dyn Measurable, &[f64], &[&[f64]]) -> Result<Vec<Vec<f64>>>,
    ) -> Result<Vec<Vec<f64>>> {
        let (at, padded) = (self.filled(x), self.padded(directions));
        let padded: Vec<&[f64]> = padded.iter().map(Vec::as_slice).collect();
        let found = of(self.whole, &at, &padded)?;
        Ok(found.iter().map(|v| self.part.pieces(v)).collect())
    }
}

impl Objective for Within<'_> {
    fn dimension(&self) -> usize {
        self.part.parameters()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        let at = self.filled(x);
        self.whole.value(&at)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        let at = self.filled(x);
        let (value, gradient) = self.whole.gradient(&at)?;
        Ok((value, self.part.pieces(&gradient)))
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        Ok(self.hessian_vectors(x, &[v])?.swap_remove(0))
    }

    fn hessian_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        self.products(x, directions, |whole, x, v| whole.hessian_vectors(x, v))
    }
}

impl Sampled for Within<'_> {
    fn samples(&self) -> usize {
        self.whole.samples()
    }

    fn tensors(&self) -> Vec<(String, usize)> {
        let all = self.whole.tensors();
        let own = self.part.tensors.iter();
        own.filter_map(|index| all.get(*index).cloned()).collect()
    }

    fn weighted_gradient(
        &mut self,
        x: &[f64],
        samples: &[usize],
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let at = self.filled(x);
        let gradient = self.whole.weighted_gradient(&at, samples, weights)?;
        Ok(self.part.pieces(&gradient))
    }

    fn squared_norms(&mut self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let at = self.filled(x);
        let all = self.whole.squared_norms(&at, samples)?;
        let own = |row: &Vec<f64>| self.part.tensors.iter().map(|index| row[*index]).collect();
        Ok(all.iter().map(own).collect())
    }
}

impl Measurable for Within<'_> {
    fn gauss_newton_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        self.products(x, directions, |whole, x, v| {
            whole.gauss_newton_vectors(x, v)
        })
    }
}
