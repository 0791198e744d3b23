//! How much the gradients within a batch point the same way: ‖Σ gₙ‖/Σ ‖gₙ‖, from 1 (all parallel)
//! down to about 1/√B (none related), against the batch size B.

use super::Sampled;
use crate::error::Result;
use crate::landscape::curvature::trace::Estimate;
use crate::landscape::curvature::vector::{Running, generator, norm};
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Alignment at one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Aligned {
    /// B
    pub batch: usize,
    /// ‖Σ gₙ‖/Σ ‖gₙ‖, mean over batches; NaN where every gradient drawn is zero.
    pub alignment: Estimate,
    /// Batches averaged: those with a gradient that isn't zero.
    pub batches: usize,
}

/// Alignment over several batch sizes, advanced by [`Alignment::step`], one batch at a time.
#[derive(Debug, Clone)]
pub struct Alignment {
    point: Vec<f64>,
    /// ‖gₙ‖ of every sample.
    norms: Vec<f64>,
    sizes: Vec<usize>,
    repeats: usize,
    rng: ChaCha8Rng,
    current: usize,
    /// Batches of the current size drawn so far.
    drawn: usize,
    values: Running,
}

const STREAM: u64 = 12;

impl Alignment {
    /// At `point`, where the samples' gradients have `norms`; batches of each of `sizes` are drawn
    /// without replacement, `repeats` of them (one where a batch is everything).
    pub fn new(
        point: Vec<f64>,
        norms: Vec<f64>,
        sizes: Vec<usize>,
        repeats: usize,
        seed: u64,
    ) -> Self {
        Self {
            point,
            norms,
            sizes,
            repeats,
            rng: generator(seed, STREAM),
            current: 0,
            drawn: 0,
            values: Running::default(),
        }
    }

    /// One batch more, with the batch size it belongs to as far as it is known; `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Sampled) -> Result<Option<Aligned>> {
        let Some(&size) = self.sizes.get(self.current) else {
            return Ok(None);
        };
        let n = self.norms.len();
        let batch = size.clamp(1, n.max(1));
        let samples: Vec<usize> = index::sample(&mut self.rng, n, batch).into_iter().collect();
        let sum = objective.weighted_gradient(&self.point, &samples, &vec![1.0; batch])?;
        let together = norm(&sum);
        let lengths = match samples.as_slice() {
            // One vector is parallel to itself, to the last digit.
            [_] => together,
            _ => samples.iter().map(|&s| self.norms[s]).sum(),
        };
        self.drawn += 1;
        // Vectors that are all zero point nowhere.
        if lengths > 0.0 {
            self.values.add(together / lengths);
        }
        let found = Aligned {
            batch,
            alignment: Estimate {
                mean: self.values.mean(),
                standard_error: self.values.standard_error(),
            },
            batches: self.values.count(),
        };
        if self.drawn >= self.repeats || batch == n {
            self.current += 1;
            self.drawn = 0;
            self.values = Running::default();
        }
        Ok(Some(found))
    }
}
