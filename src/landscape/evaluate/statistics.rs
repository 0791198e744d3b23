//! Running statistics measured anew at a point: train-mode passes over the training split.
//!
//! By default as `torch.optim.swa_utils.update_bn` does it: the mean over batches of each batch's mean
//! and unbiased variance, every batch counting the same. Weighted by samples it is what the code of
//! Garipov et al. 2018 (`dnn-mode-connectivity`) does. The choice moves numbers, so it is said with them.

use super::{Evaluator, Split};
use crate::error::{Error, Result};
use crate::model::forward::{self, Statistics};
use crate::model::weights::Weights;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Samples a batch has where running statistics are measured, unless told otherwise.
pub const STATISTICS_BATCH: usize = 128;

/// How running statistics are measured (`--buffers recompute`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub struct Remeasure {
    /// With --buffers recompute: samples a batch of the training split has when running means and variances are measured, a number from 2 up, or all
    #[arg(long, default_value_t, value_name = "N")]
    #[serde(default)]
    pub statistics_batch: BatchSize,
    /// With --buffers recompute: what a batch counts when the means and unbiased variances of all batches are averaged
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    #[serde(default)]
    pub statistics_weights: BatchWeights,
}

/// How many samples a batch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum BatchSize {
    /// So many, the last batch fewer.
    Of(usize),
    /// One batch of everything.
    All,
}

/// What a batch counts in a mean over batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BatchWeights {
    /// Each the same, as PyTorch's swa_utils.update_bn
    #[default]
    Batch,
    /// As many as it has samples, as Garipov et al.'s dnn-mode-connectivity
    Sample,
}

impl Default for BatchSize {
    fn default() -> Self {
        Self::Of(STATISTICS_BATCH)
    }
}

impl FromStr for BatchSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            // The variance of one sample is none.
            (_, Ok(samples @ 2..)) => Ok(Self::Of(samples)),
            _ => Err(Error::Usage(format!(
                "{text:?} is no batch size: write a number of samples from 2 up, or all"
            ))),
        }
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(samples) => samples.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

impl From<BatchSize> for String {
    fn from(size: BatchSize) -> Self {
        size.to_string()
    }
}

impl TryFrom<String> for BatchSize {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl Remeasure {
    /// Samples a batch of `samples` has.
    pub(super) fn batch(self, samples: usize) -> usize {
        match self.statistics_batch {
            BatchSize::Of(batch) => batch.min(samples),
            BatchSize::All => samples,
        }
    }

    /// The rule in words.
    pub fn rule(self) -> String {
        let BatchSize::Of(batch) = self.statistics_batch else {
            return "one batch".into();
        };
        let weights = match self.statistics_weights {
            BatchWeights::Batch => "each of equal weight",
            BatchWeights::Sample => "weighted by their samples",
        };
        format!("batches of {batch}, {weights}")
    }

    /// What was done with a training split of so many samples, for figures and files.
    pub fn describe(self, samples: usize) -> String {
        let batch = self.batch(samples);
        let rule = if batch >= samples {
            "one batch".into()
        } else {
            self.rule()
        };
        let left_out = if is_alone(samples, batch) {
            "; the last sample, alone in its batch, left out"
        } else {
            ""
        };
        format!(
            "recomputed on the training split ({samples} samples in {rule}, unbiased variances{left_out})"
        )
    }
}

/// Whether the last batch is a single sample: it has no variance; PyTorch refuses it, the others
/// outweigh it.
fn is_alone(samples: usize, batch: usize) -> bool {
    samples > batch && samples % batch == 1
}

/// The training split as statistics are measured over it.
#[derive(Debug, Clone)]
pub(super) struct TrainingPasses {
    pub(super) split: Split,
    pub(super) weights: BatchWeights,
}

impl Evaluator {
    /// Replaces running statistics by what train-mode passes over the training split measure.
    pub(super) fn measure_statistics(
        &self,
        weights: &mut Weights,
        over: &TrainingPasses,
    ) -> Result<()> {
        let split = &over.split;
        let (mut totals, mut weight): (Vec<forward::BatchStatistics>, f64) = (Vec::new(), 0.0);
        let alone = is_alone(split.len(), split.batch);
        for index in 0..split.batches() - usize::from(alone) {
            let (input, _) = split.get(self, index);
            let own = match over.weights {
                BatchWeights::Batch => 1.0,
                BatchWeights::Sample => split.batch.min(split.len() - index * split.batch) as f64,
            };
            weight += own;
            let mut measured = Vec::new();
            let _ = forward::run(
                &self.network,
                weights,
                input,
                Statistics::Batch(&mut measured),
            );
            for (at, new) in measured.into_iter().enumerate() {
                let weighted = |values: Tensor<1>| match over.weights {
                    BatchWeights::Batch => values,
                    BatchWeights::Sample => values.mul_scalar(own),
                };
                let (mean, variance) = (weighted(new.mean), weighted(new.variance));
                match totals.get_mut(at) {
                    Some(total) => {
                        total.mean = total.mean.clone() + mean;
                        total.variance = total.variance.clone() + variance;
                    }
                    None => totals.push(forward::BatchStatistics {
                        mean,
                        variance,
                        ..new
                    }),
                }
            }
            if split.resident.is_none() {
                self.wait()?;
            }
        }
        let share = 1.0 / weight;
        for total in totals {
            let channels = total.mean.dims();
            weights.insert(&total.running_mean, total.mean.mul_scalar(share), &channels);
            weights.insert(
                &total.running_var,
                total.variance.mul_scalar(share),
                &channels,
            );
        }
        Ok(())
    }
}
