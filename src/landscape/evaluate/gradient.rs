//! Exact gradients: the mean loss over one split as a function of the trained tensors.
//!
//! In place of burn's `flex` device by the network's programs on the processor; elsewhere by
//! backpropagation through burn's autodiff, batch by batch. The batches' sums are added up on the
//! device and read once, so that a gradient is one transfer however many tensors there are.

use super::processor::{Here, Processor};
use super::statistics::STATISTICS_BATCH;
use super::{Evaluator, Pending, Split, hessian, read_all, settle};
use crate::error::Result;
use crate::landscape::objective::Objective;
use crate::model::forward::{self, Statistics};
use crate::model::loss::{loss_and_correct, slope};
use crate::model::params::{Layout, Params};
use crate::model::weights::Weights;
use burn::tensor::Tensor;
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
/// In single precision a loss carries about seven digits and so do gradients; the sums over batches
/// are taken in double precision for the loss, and in the device's type for the gradient.
pub struct NetworkObjective {
    pub(super) evaluator: Evaluator,
    pub(super) split: Split,
    pub(super) layout: Layout,
    pub(super) buffers: Weights,
    /// The owner of the buffers.
    point: Params,
    pub(super) statistics: StatisticsMode,
    /// What Hessian-vector products at one point share.
    pub(super) kept: Option<hessian::Kept>,
    pub(super) processor: Option<Arc<dyn Processor>>,
    /// Samples that share statistics, in train mode.
    together: Option<usize>,
    gradients: usize,
    values: usize,
}

impl NetworkObjective {
    /// `point` gives the tensors' order and the buffers; nothing else of it is used.
    pub fn new(
        evaluator: &Evaluator,
        point: &Params,
        split: &Split,
        statistics: StatisticsMode,
    ) -> Self {
        let mut buffers = Weights::default();
        for (spec, values) in point.tensors().filter(|(spec, _)| !spec.is_trainable()) {
            let flat = evaluator.tensor(values.iter().copied(), values.len());
            buffers.insert(&spec.name, flat, &spec.shape);
        }
        let train_mode = statistics == StatisticsMode::Batch && evaluator.network.has_statistics();
        let batch = if train_mode {
            without_a_lone_sample(split.len(), STATISTICS_BATCH)
        } else {
            evaluator.gradient_batch()
        };
        Self {
            evaluator: evaluator.clone(),
            split: evaluator.prepare(&split.samples, batch),
            layout: Arc::clone(point.layout()),
            buffers,
            point: point.clone(),
            statistics,
            kept: None,
            processor: evaluator.processor.clone(),
            together: train_mode.then_some(batch),
            gradients: 0,
            values: 0,
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

    /// The trained tensors at `x` on the device, flat, one a tensor.
    pub(super) fn tensors_at(&self, x: &[f64]) -> Vec<Tensor<1>> {
        let flat = self.evaluator.tensor(x.iter().copied(), x.len());
        let mut offset = 0;
        self.layout
            .iter()
            .filter(|spec| spec.is_trainable())
            .map(|spec| {
                let part = flat.clone().narrow(0, offset, spec.len());
                offset += spec.len();
                part
            })
            .collect()
    }

    /// A point for the processor.
    pub(super) fn here<'a>(&'a self, x: &'a [f64]) -> Here<'a> {
        Here {
            trained: x,
            buffers: &self.point,
            together: self.together,
        }
    }

    /// Sums over the split as means.
    pub(super) fn meaned(&self, (loss, mut sums): (f64, Vec<f64>)) -> (f64, Vec<f64>) {
        let share = 1.0 / self.split.totals.weight;
        for sum in &mut sums {
            *sum *= share;
        }
        (loss * share, sums)
    }

    pub(super) fn weights(&self, tensors: &[Tensor<1>]) -> Weights {
        let mut weights = self.buffers.clone();
        let trained = self.layout.iter().filter(|spec| spec.is_trainable());
        for (spec, tensor) in trained.zip(tensors) {
            weights.insert(&spec.name, tensor.clone(), &spec.shape);
        }
        weights
    }

    /// Outputs for one batch.
    fn logits(&self, weights: &Weights, input: crate::model::value::Value) -> Tensor<2> {
        let network = &self.evaluator.network;
        let mut measured = Vec::new();
        let statistics = match self.statistics {
            StatisticsMode::Running => Statistics::Running,
            StatisticsMode::Batch => Statistics::Batch(&mut measured),
        };
        forward::run(network, weights, input, statistics)
    }

    fn mean(&self, pending: &Pending) -> f64 {
        pending.sums.first().map_or(f64::NAN, |sums| sums[0]) / self.split.totals.weight
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
            .map(crate::model::params::TensorSpec::len)
            .sum()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        self.values += 1;
        if let Some(processor) = &self.processor {
            let sum = processor.value(self.here(x), &self.split.samples)?;
            return Ok(sum / self.split.totals.weight);
        }
        let weights = self.weights(&self.tensors_at(x));
        let mut pending = Pending::new(1);
        for index in 0..self.split.batches() {
            let (input, targets) = self.split.get(&self.evaluator, index);
            let logits = self.logits(&weights, input);
            pending
                .tensors
                .push((0, loss_and_correct(logits, &targets)));
            if self.split.resident.is_none() {
                settle(&mut pending)?;
            }
        }
        settle(&mut pending)?;
        Ok(self.mean(&pending))
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        self.gradients += 1;
        if let Some(processor) = &self.processor {
            let sums = processor.gradient(self.here(x), &self.split.samples, None)?;
            return Ok(self.meaned(sums));
        }
        if let Some(found) = hessian::kept_gradient(self, x) {
            return found;
        }
        // A leaf a tensor: the derivative of cutting one vector into tensors would fill the whole
        // vector with zeros for each of them.
        let leaves: Vec<Tensor<1>> = self
            .tensors_at(x)
            .into_iter()
            .map(|tensor| tensor.autodiff().require_grad())
            .collect();
        let weights = self.weights(&leaves);
        let mut totals: Vec<Option<Tensor<1>>> = vec![None; leaves.len()];
        let mut pending = Pending::new(1);
        for index in 0..self.split.batches() {
            let (input, targets) = self.split.get(&self.evaluator, index);
            let logits = self.logits(&weights, input);
            let outputs = logits.clone().inner();
            pending
                .tensors
                .push((0, loss_and_correct(outputs.clone(), &targets)));
            let mut gradients = (logits * slope(outputs, &targets)).sum().backward();
            for (leaf, total) in leaves.iter().zip(&mut totals) {
                if let Some(gradient) = leaf.grad_remove(&mut gradients) {
                    *total = Some(match total.take() {
                        Some(total) => total + gradient,
                        None => gradient,
                    });
                }
            }
            if self.split.resident.is_none() {
                settle(&mut pending)?;
            }
        }
        settle(&mut pending)?;
        // A tensor that no output depends on has no gradient.
        let totals = leaves
            .iter()
            .zip(totals)
            .map(|(leaf, total)| total.unwrap_or_else(|| leaf.clone().inner().zeros_like()));
        let scale = 1.0 / self.split.totals.weight;
        let gradient = read_all(totals.collect())?
            .into_iter()
            .map(|g| g * scale)
            .collect();
        Ok((self.mean(&pending), gradient))
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        hessian::product(self, x, v)
    }
}
