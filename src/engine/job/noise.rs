//! The noise job: what `losscope noise` may ask for.

use super::bounds;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use crate::error::{Error, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::str::FromStr;

/// How much the gradients of single samples differ at a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct NoiseJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// The checkpoint [default: the built-in small-batch minimizer]
    #[arg(value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub file: Option<PathBuf>,
    /// Batch sizes for costs, SGD's noise and alignment
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,4,16,64,256,1024",
        value_parser = bounds::BATCHES,
        value_name = "N,…"
    )]
    pub batches: Vec<usize>,
    /// Learning rate of the SGD whose noise is told
    #[arg(long, default_value_t = 0.1, value_parser = bounds::LEARNING_RATE, value_name = "RATE")]
    pub learning_rate: f64,
    /// Runs that reached the same loss, for the critical batch size: BATCH:STEPS,…
    #[arg(long, value_delimiter = ',', value_name = "BATCH:STEPS")]
    #[serde(default)]
    pub reached: Vec<Reached>,
    /// Estimate from two batch sizes beside the exact value
    #[arg(long)]
    #[serde(default)]
    pub estimate: bool,
    /// The smaller batch of the estimate
    #[arg(long, default_value_t = 32, value_parser = bounds::SMALL_BATCH, value_name = "N")]
    pub small_batch: usize,
    /// Smaller batches in a larger one
    #[arg(long, default_value_t = 8, value_parser = bounds::PARTS, value_name = "N")]
    pub parts: usize,
    /// Larger batches drawn
    #[arg(long, default_value_t = 40, value_parser = bounds::REPEATS, value_name = "N")]
    pub repeats: usize,
    /// The scale with curvature too, tr(HΣ)/(GᵀHG), from this many random vectors; 0: none
    #[arg(long, default_value_t = 20, value_parser = bounds::CURVATURE_PROBES, value_name = "N")]
    pub curvature_probes: usize,
    /// Batches averaged for the alignment at each size; 0: none
    #[arg(long, default_value_t = 20, value_parser = bounds::ALIGNMENT_REPEATS, value_name = "N")]
    pub alignment_repeats: usize,
}

/// A run that reached some loss, written `BATCH:STEPS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Its batch size.
    pub batch: usize,
    /// The optimisation steps it took.
    pub steps: usize,
}

impl FromStr for Reached {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once(':');
        let number = |part: &str| bounds::REACHED.parse(part).ok();
        parts
            .and_then(|(batch, steps)| {
                Some(Self {
                    batch: number(batch)?,
                    steps: number(steps)?,
                })
            })
            .ok_or_else(|| {
                Error::Usage(format!(
                    "{text:?} is no run: write BATCH:STEPS, such as 64:1200"
                ))
            })
    }
}

impl Default for NoiseJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for NoiseJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.file.iter().cloned().collect()
    }

    fn caution(&self) -> &'static str {
        crate::landscape::noise::CAUTION
    }

    fn check(&self) -> Result<()> {
        let mut sizes = self.batches.iter();
        sizes.try_for_each(|size| bounds::BATCHES.check(*size))?;
        bounds::LEARNING_RATE.check(self.learning_rate)?;
        bounds::SMALL_BATCH.check(self.small_batch)?;
        bounds::PARTS.check(self.parts)?;
        bounds::LARGE_BATCH.check(self.small_batch.saturating_mul(self.parts))?;
        bounds::REPEATS.check(self.repeats)?;
        bounds::CURVATURE_PROBES.check(self.curvature_probes)?;
        bounds::ALIGNMENT_REPEATS.check(self.alignment_repeats)
    }
}
