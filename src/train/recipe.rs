//! A recipe: how one network is trained, every number with a default.
//!
//! It is flat: a field is a line of `recipe.toml`, a flag and an entry of a form at once. What differs
//! between the runs of a sweep stands beside the rest ([`How`]), which they share.

use super::augment::Augmentation;
use super::batch::{Batches, Growth};
use super::initial::Initial;
use super::optimizer::Optimizer;
use super::rate::{Schedule, When};
use super::stop::Stop;
use crate::error::{Error, Result};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Noise on gradients has a stream of its own for so many pieces of a batch.
const MOST_WORKERS: usize = 1024;

/// How one network is trained.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recipe {
    /// η
    pub learning_rate: f64,
    /// B, at most the number of samples.
    pub batch_size: usize,
    /// What draws take that have no seed of their own.
    pub seed: u64,
    /// All else.
    pub how: How,
}

/// What the training loss of a record is a mean over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TrainMetrics {
    /// The batches of the epoch, each at the weights it was trained at.
    #[default]
    Batches,
    /// The whole training split at the end of the epoch, eval mode.
    Whole,
}

/// Everything but what a sweep changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct How {
    /// The optimiser.
    #[command(flatten)]
    #[serde(flatten)]
    pub optimizer: Optimizer,
    /// The learning rate on the way.
    #[command(flatten)]
    #[serde(flatten)]
    pub rate: Schedule,
    /// Batches.
    #[command(flatten)]
    #[serde(flatten)]
    pub batches: Batches,
    /// What is done to inputs.
    #[command(flatten)]
    #[serde(flatten)]
    pub augment: Augmentation,
    /// When it ends.
    #[command(flatten)]
    #[serde(flatten)]
    pub stop: Stop,
    /// Initial weights.
    #[command(flatten)]
    #[serde(flatten)]
    pub initial: Initial,
    /// Seeds and metrics.
    #[command(flatten)]
    #[serde(flatten)]
    pub draws: Draws,
}

/// Seeds apart, and what is noted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Seeds and records")]
#[serde(default)]
pub struct Draws {
    /// Seed of the order of samples [default: that of the run]
    #[arg(long, value_name = "SEED")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_seed: Option<u64>,
    /// Seed of augmentation and of noise on gradients [default: that of the run]
    #[arg(long, value_name = "SEED")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augment_seed: Option<u64>,
    /// What the training loss of a record is a mean over
    #[arg(long, value_enum, default_value_t)]
    pub train_metrics: TrainMetrics,
    /// Steps from one record to the next within an epoch; 0: one record an epoch
    #[arg(long, default_value_t = 0, value_name = "STEPS")]
    pub log_every: u64,
}

impl Recipe {
    /// The seed of the order of samples.
    pub fn order_seed(&self) -> u64 {
        self.how.draws.order_seed.unwrap_or(self.seed)
    }

    /// The seed of augmentation and noise.
    pub fn augment_seed(&self) -> u64 {
        self.how.draws.augment_seed.unwrap_or(self.seed)
    }

    /// η of a step.
    pub fn rate(&self, when: When) -> f64 {
        let scaled = self.how.batches.rate_factor(self.batch_size);
        self.learning_rate * scaled * self.how.rate.factor(when)
    }

    /// Refuses numbers that make no sense, each by its name in a recipe.
    ///
    /// # Errors
    /// Names the field, its value and what it takes.
    pub fn check(&self) -> Result<()> {
        let (o, r, b) = (&self.how.optimizer, &self.how.rate, &self.how.batches);
        let (a, s) = (&self.how.augment, &self.how.stop);
        let share = 0.0..1.0;
        let between = |name: &str, value: f64, fits: bool, takes: &str| {
            if fits && value.is_finite() {
                return Ok(());
            }
            Err(Error::Usage(format!(
                "{name} = {value} in the recipe: expected {takes}"
            )))
        };
        let positive = |name: &str, v: f64| between(name, v, v > 0.0, "a number above 0");
        let not_negative = |name: &str, v: f64| between(name, v, v >= 0.0, "0 or more");
        let count = |name: &str, v: usize| between(name, v as f64, v >= 1, "1 or more");
        positive("learning_rate", self.learning_rate)?;
        count("batch_size", self.batch_size)?;
        for (name, value) in [
            ("momentum", o.momentum),
            ("beta1", o.beta1),
            ("beta2", o.beta2),
        ] {
            between(
                name,
                value,
                share.contains(&value),
                "0 or more and less than 1",
            )?;
        }
        positive("epsilon", o.epsilon())?;
        not_negative("weight_decay", o.decay())?;
        positive("trust", o.trust)?;
        not_negative("clip_norm", o.clip_norm)?;
        not_negative("warmup", r.warmup)?;
        positive("decay_every", r.decay_every)?;
        r.decay_at
            .iter()
            .try_for_each(|at| not_negative("decay_at", *at))?;
        positive("decay_factor", r.decay_factor)?;
        between("floor", r.floor, (0.0..=1.0).contains(&r.floor), "0 to 1")?;
        count("batch_every", b.batch_every)?;
        between(
            "batch_factor",
            b.batch_factor,
            b.batch_factor >= 1.0,
            "1 or more",
        )?;
        count("base_batch", b.base_batch)?;
        count("accumulate", b.accumulate)?;
        not_negative("gradient_noise", b.gradient_noise)?;
        let pieces = [
            ("accumulate", b.accumulate > 1),
            ("ghost_batch", b.ghost_batch > 0),
            ("workers", b.workers > 0),
        ];
        let said: Vec<&str> = pieces.iter().filter(|p| p.1).map(|p| p.0).collect();
        if let [first, second, ..] = said.as_slice() {
            return Err(Error::Usage(format!(
                "{first} and {second} both say in which pieces a batch is taken: expected one of them"
            )));
        }
        between(
            "workers",
            b.workers as f64,
            b.workers <= MOST_WORKERS,
            "at most 1024",
        )?;
        if b.batch_schedule == Growth::NoiseScale && b.gradient_noise > 0.0 {
            return Err(Error::Usage(
                "gradient_noise would be measured as noise of the gradient by batch_schedule = \"noise-scale\": expected one of them".into(),
            ));
        }
        not_negative("input_noise", a.input_noise)?;
        count("epochs", s.epochs)?;
        if let Some(steps) = s.steps {
            between("steps", steps as f64, steps >= 1, "1 or more")?;
        }
        if let Some(patience) = s.patience {
            count("patience", patience)?;
        }
        if let Some(loss) = s.until_loss {
            between("until_loss", loss, true, "a finite number")?;
        }
        if let Some(accuracy) = s.until_accuracy {
            between("until_accuracy", accuracy, accuracy <= 1.0, "at most 1")?;
        }
        Ok(())
    }
}
