//! Batches: how large they are from epoch to epoch, how the learning rate follows, and in which pieces the
//! gradient of one is taken.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// How the batch size changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// Not at all.
    #[default]
    Constant,
    /// By a factor every so many epochs (Smith et al. 2018, arXiv 1711.00489).
    Steps,
    /// To the gradient noise scale, measured on the way (McCandlish et al. 2018, arXiv 1812.06162).
    NoiseScale,
}

/// How the learning rate follows the batch size B the run starts with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Not at all.
    #[default]
    None,
    /// η B/B₀ (Goyal et al. 2017, arXiv 1706.02677).
    Linear,
    /// η √(B/B₀) (Krizhevsky 2014, Hoffer et al. 2017).
    Sqrt,
}

/// Batches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Batches")]
#[serde(default)]
pub struct Batches {
    /// How the batch size changes from epoch to epoch
    #[arg(long, value_enum, default_value_t = Growth::Constant)]
    pub batch_schedule: Growth,
    /// Epochs from one size to the next
    #[arg(long, default_value_t = 10, value_name = "EPOCHS")]
    pub batch_every: usize,
    /// What the size is multiplied by
    #[arg(long, default_value_t = 2.0)]
    pub batch_factor: f64,
    /// Largest batch; 0: all samples
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub batch_most: usize,
    /// How the learning rate follows the batch size
    #[arg(long, value_enum, default_value_t = Scaling::None)]
    pub scaling: Scaling,
    /// The batch size that the learning rate is meant for
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub base_batch: usize,
    /// Pieces in which the gradient of a batch is added up; each has statistics of its own, as in PyTorch
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub accumulate: usize,
    /// Samples that share batch statistics (ghost batch normalisation, Hoffer et al. 2017); 0: the whole batch
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub ghost_batch: usize,
    /// Workers that each take the gradient of their share of a batch on a thread of their own; the sums are added in the order of the shares (data-parallel training); each share has statistics of its own, as in PyTorch; 0: the device shares the samples out itself
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub workers: usize,
    /// Standard deviation of a factor around 1 on each sample's gradient (Hoffer et al. 2017, section 4); 0: none
    #[arg(long, default_value_t = 0.0, value_name = "SIGMA")]
    pub gradient_noise: f64,
    /// Leave out the last batch of an epoch where it is smaller
    #[arg(long)]
    pub drop_last: bool,
    /// Take the samples in the order of the data instead of a new one each epoch
    #[arg(long)]
    pub in_order: bool,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            batch_schedule: Growth::Constant,
            batch_every: 10,
            batch_factor: 2.0,
            batch_most: 0,
            scaling: Scaling::None,
            base_batch: 32,
            accumulate: 1,
            ghost_batch: 0,
            workers: 0,
            gradient_noise: 0.0,
            drop_last: false,
            in_order: false,
        }
    }
}

/// Running means behind a noise scale: numerator and denominator apart, since their ratio is biased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct NoiseMeans {
    /// tr Σ
    pub covariance_trace: f64,
    /// ‖G‖²
    pub gradient_squared: f64,
    /// Pairs of batches behind both.
    pub pairs: u64,
}

/// Share of the running means that a new pair takes, once there are many.
const NEWEST: f64 = 0.02;

impl NoiseMeans {
    /// Takes in the squared norms of gradients of a batch and, on average, of its pieces: appendix A.1.
    pub fn add(&mut self, pieces: usize, batch: usize, mean_square: f64, square: f64) {
        let (small, big) = (batch as f64 / pieces as f64, batch as f64);
        if pieces < 2 || small < 1.0 {
            return;
        }
        let gradient = (big * square - small * mean_square) / (big - small);
        let trace = (mean_square - square) / (1.0 / small - 1.0 / big);
        self.pairs += 1;
        let share = NEWEST.max(1.0 / self.pairs as f64);
        self.covariance_trace += share * (trace - self.covariance_trace);
        self.gradient_squared += share * (gradient - self.gradient_squared);
    }

    /// B_simple; `None` before there is one.
    pub fn scale(&self) -> Option<f64> {
        let scale = self.covariance_trace / self.gradient_squared;
        (self.pairs > 0 && scale > 0.0 && scale.is_finite()).then_some(scale)
    }
}

impl Batches {
    /// The batch size in an epoch counted from 0, of a run that starts with `first` on so many samples.
    pub fn size(&self, first: usize, epoch: usize, samples: usize, noise: &NoiseMeans) -> usize {
        let most = match self.batch_most {
            0 => samples,
            most => most.min(samples),
        };
        let first = first.min(samples);
        let wanted = match self.batch_schedule {
            Growth::Constant => return first,
            Growth::Steps => {
                let times = epoch / self.batch_every.max(1);
                first as f64 * self.batch_factor.powf(times as f64)
            }
            // Every sample of a batch once in two pieces.
            Growth::NoiseScale => noise.scale().unwrap_or(first as f64).max(2.0),
        };
        (wanted.round() as usize).clamp(1, most.max(first))
    }

    /// What the learning rate is multiplied by.
    pub fn rate_factor(&self, first: usize) -> f64 {
        let ratio = first as f64 / self.base_batch.max(1) as f64;
        match self.scaling {
            Scaling::None => 1.0,
            Scaling::Linear => ratio,
            Scaling::Sqrt => ratio.sqrt(),
        }
    }

    /// Samples in each piece of a batch whose gradient is taken apart from the others'. `statistics`: whether
    /// the network has layers whose values depend on who shares a piece.
    pub fn piece(&self, batch: usize, statistics: bool) -> usize {
        let piece = match (self.ghost_batch, self.workers) {
            (0, 0) => batch.div_ceil(self.accumulate.max(1)),
            (0, workers) => batch.div_ceil(workers),
            (ghost, _) => ghost.min(batch),
        };
        let halves = self.batch_schedule == Growth::NoiseScale && batch > 1;
        let piece = if halves {
            piece.min(batch.div_ceil(2))
        } else if statistics || self.workers > 0 {
            piece
        } else {
            batch
        };
        piece.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_by_steps_and_never_beyond_the_samples() {
        let how = Batches {
            batch_schedule: Growth::Steps,
            batch_every: 2,
            batch_factor: 4.0,
            ..Batches::default()
        };
        let none = NoiseMeans::default();
        let of = |epoch| how.size(16, epoch, 300, &none);
        assert_eq!([of(0), of(1), of(2), of(4), of(6)], [16, 16, 64, 256, 300]);
    }

    #[test]
    fn workers_share_a_batch_and_no_more_than_it_has() {
        let of = |workers, batch| {
            let how = Batches {
                workers,
                ..Batches::default()
            };
            how.piece(batch, false)
        };
        assert_eq!(
            [of(0, 10), of(1, 10), of(4, 10), of(16, 10)],
            [10, 10, 3, 1]
        );
    }

    #[test]
    fn a_noise_scale_comes_from_halves_and_wholes() {
        let mut means = NoiseMeans::default();
        // ‖G‖² = 1 and tr Σ = 20: a batch of 10 has 1 + 2, its halves 1 + 4 each.
        means.add(2, 10, 5.0, 3.0);
        assert!((means.scale().unwrap() - 20.0).abs() < 1e-9);
        means.add(1, 10, 5.0, 3.0);
        assert_eq!(means.pairs, 1, "one piece tells nothing");
    }
}
