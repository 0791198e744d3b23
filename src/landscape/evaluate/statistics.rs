//! Running statistics measured anew at a point: train-mode passes over the training split.
//!
//! By default as `torch.optim.swa_utils.update_bn` does it: the mean over batches of each batch's mean
//! and unbiased variance, every batch counting the same. Weighted by samples it is what the code of
//! Garipov et al. 2018 (`dnn-mode-connectivity`) does. The choice moves numbers, so it is said with them.

use crate::dataset::Samples;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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
pub struct Training {
    /// All of it.
    pub(super) samples: Arc<Samples>,
    /// Samples a batch.
    pub(super) batch: usize,
    /// What a batch counts.
    pub(super) weights: BatchWeights,
}

impl Training {
    /// Samples that are measured.
    pub(super) fn used(&self) -> usize {
        let count = self.samples.len();
        count - usize::from(is_alone(count, self.batch))
    }

    /// What a batch of so many samples counts.
    pub(super) fn weigh(&self, samples: usize) -> f64 {
        match self.weights {
            BatchWeights::Batch => 1.0,
            BatchWeights::Sample => samples as f64,
        }
    }
}
