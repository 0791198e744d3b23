//! Exact gradients: the mean loss over one split as a function of the trained tensors.
//!
//! A gradient is one program for the loss and all its slopes, a Hessian-vector product another; what doesn't
//! depend on the vector is kept from one product to the next at the same point.

use super::point::Here;
use super::prepared::Programs;
use super::programs::What;
use super::statistics::STATISTICS_BATCH;
use super::{Evaluator, Split};
use crate::dataset::Samples;
use crate::error::Result;
use crate::landscape::objective::Objective;
use crate::model::lower::Statistics;
use crate::model::params::{Layout, Params, TensorSpec};
use crate::model::run::Trouble;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where normalisation layers take their statistics from while the weights move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum StatisticsMode {
    /// The checkpoint's running statistics (eval mode).
    #[default]
    #[value(name = "eval")]
    #[serde(rename = "eval")]
    Running,
    /// Each batch of 128 samples its own (train mode), as in Keskar et al. 2017.
    #[value(name = "train")]
    #[serde(rename = "train")]
    Batch,
}

impl StatisticsMode {
    /// What a reader is told where they aren't the usual ones.
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::Running => None,
            Self::Batch => Some(
                "train mode: normalisation layers take the statistics of each batch of 128 samples",
            ),
        }
    }
}

/// The mean loss over one split as a function of the trained tensors in the order of
/// [`Params::flatten`].
///
/// In single precision a loss carries about seven digits and so do gradients; sums over batches of the loss
/// are taken in double precision.
pub struct NetworkObjective {
    pub(super) programs: Arc<Programs>,
    pub(super) samples: Arc<Samples>,
    /// What sums over the samples are divided by.
    pub(super) weight: f64,
    pub(super) layout: Layout,
    /// The owner of the buffers.
    point: Params,
    /// Samples that share statistics, in train mode.
    together: Option<usize>,
    gradients: usize,
    values: usize,
    trouble: Trouble,
}

impl NetworkObjective {
    /// `point` gives the tensors' order and the buffers; nothing else of it is used.
    pub fn new(
        evaluator: &Evaluator,
        point: &Params,
        split: &Split,
        statistics: StatisticsMode,
    ) -> Self {
        let train_mode = statistics == StatisticsMode::Batch && evaluator.network.has_statistics();
        let together = || without_a_lone_sample(split.len(), STATISTICS_BATCH);
        Self {
            programs: Arc::clone(&evaluator.programs),
            samples: Arc::clone(&split.samples),
            weight: split.totals.weight,
            layout: Arc::clone(point.layout()),
            point: point.clone(),
            together: train_mode.then(together),
            gradients: 0,
            values: 0,
            trouble: evaluator.trouble.clone(),
        }
    }

    /// Gradients computed so far.
    pub fn gradients(&self) -> usize {
        self.gradients
    }

    /// Losses without a gradient computed so far.
    pub fn values(&self) -> usize {
        self.values
    }

    /// f at a point with its own buffers.
    pub(super) fn value_of(&mut self, point: &Params) -> Result<f64> {
        self.values += 1;
        let trained = point.flatten();
        let here = Here {
            trained: &trained,
            buffers: point,
            together: self.together,
        };
        let sums = self.programs.values(here, &[&trained], &self.samples)?;
        Ok(sums[0] * self.share())
    }

    /// Products with the Hessian, or with the Gauss–Newton matrix.
    pub(super) fn products(
        &self,
        of: fn(Statistics) -> What,
        x: &[f64],
        directions: &[&[f64]],
    ) -> Result<Vec<Vec<f64>>> {
        let here = self.here(x);
        let sums = self
            .programs
            .products(of, here, directions, &self.samples)?;
        Ok(sums.into_iter().map(|sums| self.meaned(sums)).collect())
    }

    /// Why the device isn't used any more, once it has failed: the processor has gone on since.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.why()
    }

    /// A point for programs.
    pub(super) fn here<'a>(&'a self, x: &'a [f64]) -> Here<'a> {
        Here {
            trained: x,
            buffers: &self.point,
            together: self.together,
        }
    }

    /// Sums over the split as means.
    fn meaned(&self, mut sums: Vec<f64>) -> Vec<f64> {
        let share = self.share();
        for sum in &mut sums {
            *sum *= share;
        }
        sums
    }

    /// What a unit of weight counts in a mean.
    fn share(&self) -> f64 {
        1.0 / self.weight
    }
}

/// The largest batch up to `batch` that leaves no last batch of one sample, which has no variance.
fn without_a_lone_sample(samples: usize, batch: usize) -> usize {
    (2..=batch)
        .rev()
        .find(|batch| samples % batch != 1)
        .unwrap_or(batch)
}

impl Objective for NetworkObjective {
    fn dimension(&self) -> usize {
        self.layout
            .iter()
            .filter(|spec| spec.is_trainable())
            .map(TensorSpec::len)
            .sum()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.values_at(&[x])?.swap_remove(0))
    }

    fn values_at(&mut self, points: &[&[f64]]) -> Result<Vec<f64>> {
        self.values += points.len();
        let Some(first) = points.first() else {
            return Ok(Vec::new());
        };
        let here = self.here(first);
        let sums = self.programs.values(here, points, &self.samples)?;
        Ok(sums.into_iter().map(|sum| sum / self.weight).collect())
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        Ok(self.gradients_at(&[x])?.swap_remove(0))
    }

    fn gradients_at(&mut self, points: &[&[f64]]) -> Result<Vec<(f64, Vec<f64>)>> {
        self.gradients += points.len();
        let Some(first) = points.first() else {
            return Ok(Vec::new());
        };
        let here = self.here(first);
        let sums = self.programs.gradients(here, points, &self.samples, None)?;
        let mean = |(loss, slopes)| (loss * self.share(), self.meaned(slopes));
        Ok(sums.into_iter().map(mean).collect())
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        Ok(self.hessian_vectors(x, &[v])?.swap_remove(0))
    }

    fn hessian_vectors(&mut self, x: &[f64], directions: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        self.products(What::Product, x, directions)
    }
}
