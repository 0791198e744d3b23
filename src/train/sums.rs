//! The gradient of one batch: its samples side by side, augmented, in the pieces that the recipe says.

use super::batch::Growth;
use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{generator, norm};
use crate::landscape::evaluate::training::{BatchSums, train_mode};
use rand_distr::{Distribution as _, StandardNormal};

/// Share of a running statistic that a batch replaces: PyTorch's momentum of normalisation layers.
const MOMENTUM: f64 = 0.1;
/// The stream of noise on gradients, above those of augmentation.
const NOISE: u64 = 1 << 48;

impl Trainer {
    /// Sums of loss and gradient over chosen samples, piece by piece; running statistics follow.
    pub(super) fn sums(&mut self, chosen: &[usize]) -> Result<BatchSums> {
        let batches = self.recipe.how.batches;
        let piece = batches.piece(chosen.len(), self.statistics);
        // The last batch may be so small that its pieces would be single samples, which have no statistics.
        let piece = if self.statistics { piece.max(2) } else { piece };
        let mode = train_mode(self.statistics);
        let follows = batches.batch_schedule == Growth::NoiseScale;
        let mut all: Option<BatchSums> = None;
        let (mut pieces, mut squares) = (0_usize, 0.0);
        for (number, few) in pieces_of(chosen, piece, self.statistics).enumerate() {
            self.gather(few);
            let weights = self.weights(few.len(), number);
            let found = self.evaluator.batch_sums(
                &self.point,
                &self.buffers,
                &self.gathered,
                weights.as_deref(),
                mode,
            )?;
            for (place, measured) in &found.measured {
                let old = self.buffers.at(*place).iter().zip(measured);
                let new = old.map(|(old, new)| (1.0 - MOMENTUM) * old + MOMENTUM * new);
                let new = new.collect();
                self.buffers.replace(*place, new);
            }
            pieces += 1;
            if follows {
                squares += (norm(&found.gradient) / found.weight).powi(2);
            }
            all = Some(match all {
                None => found,
                Some(mut sums) => {
                    sums.add(&found);
                    sums
                }
            });
        }
        let all = all.ok_or_else(|| Error::Usage("a batch without samples".into()))?;
        if follows {
            let whole = (norm(&all.gradient) / all.weight).powi(2);
            self.noise
                .add(pieces, chosen.len(), squares / pieces.max(1) as f64, whole);
        }
        Ok(all)
    }

    /// Factors on the gradients of a piece's samples.
    fn weights(&self, count: usize, piece: usize) -> Option<Vec<f64>> {
        let sigma = self.recipe.how.batches.gradient_noise;
        if sigma == 0.0 {
            return None;
        }
        let stream = NOISE + self.at.step * 1024 + piece as u64;
        let mut rng = generator(self.recipe.augment_seed(), stream);
        let mut draw = || {
            let z: f64 = StandardNormal.sample(&mut rng);
            1.0 + sigma * z
        };
        Some((0..count).map(|_| draw()).collect())
    }

    /// Copies chosen samples, augmented, side by side.
    fn gather(&mut self, chosen: &[usize]) {
        let all = self.train.samples();
        self.gathered.inputs.clear();
        for &index in chosen {
            self.gathered
                .inputs
                .extend_from_slice(all.row(index).unwrap_or(&[]));
        }
        self.gathered.targets = all.targets.select(all.targets_each(), chosen);
        let augment = self.recipe.how.augment;
        if augment.is_on() {
            let (seed, epoch) = (self.recipe.augment_seed(), self.at.epoch);
            let rows = self.gathered.inputs.chunks_exact_mut(all.width().max(1));
            for (row, &index) in rows.zip(chosen) {
                augment.apply(seed, epoch, index, &all.shape, row);
            }
        }
    }
}

/// Samples in pieces. Where a piece has statistics, one sample left over goes with the piece before.
fn pieces_of(chosen: &[usize], piece: usize, statistics: bool) -> impl Iterator<Item = &[usize]> {
    let alone = statistics && piece > 1 && chosen.len() > piece && chosen.len() % piece == 1;
    let count = chosen.len().div_ceil(piece) - usize::from(alone);
    (0..count).map(move |number| {
        let end = if number + 1 == count {
            chosen.len()
        } else {
            (number + 1) * piece
        };
        &chosen[number * piece..end]
    })
}
