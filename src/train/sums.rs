//! The gradient of one batch: its samples side by side, augmented, in the pieces that the recipe says.
//!
//! Pieces are added up in their order, whether one thread takes them one after the other or workers share them:
//! the sums don't depend on how many threads there are.

use super::batch::Growth;
use super::trainer::Trainer;
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{generator, norm};
use crate::landscape::evaluate::training::{BatchSums, train_mode};
use rand_distr::{Distribution as _, StandardNormal};

/// Share of a running statistic that a batch replaces: PyTorch's momentum of normalisation layers.
const MOMENTUM: f64 = 0.1;
/// The stream of noise on gradients, above those of augmentation.
const NOISE: u64 = 1 << 48;

/// What the pieces of a batch come to, so far.
#[derive(Default)]
struct Total {
    sums: Option<BatchSums>,
    pieces: usize,
    /// Of the norms of the pieces' mean gradients.
    squares: f64,
}

impl Trainer {
    /// Sums of loss and gradient over chosen samples, piece by piece; running statistics follow.
    pub(super) fn sums(&mut self, chosen: &[usize]) -> Result<BatchSums> {
        let batches = self.recipe.how.batches;
        let piece = batches.piece(chosen.len(), self.statistics);
        // The last batch may be so small that its pieces would be single samples, which have no statistics.
        let piece = if self.statistics { piece.max(2) } else { piece };
        let pieces: Vec<&[usize]> = pieces_of(chosen, piece, self.statistics).collect();
        let mut total = Total::default();
        if batches.workers > 0 {
            let work = |number: usize| {
                let mut room = self.train.samples().select(&[]);
                self.piece_sums(pieces[number], number, &mut room)
            };
            for found in self.evaluator.each(pieces.len(), work) {
                self.take_in(found?, &mut total);
            }
        } else {
            let mut room = self.train.samples().select(&[]);
            for (number, few) in pieces.into_iter().enumerate() {
                let found = self.piece_sums(few, number, &mut room)?;
                self.take_in(found, &mut total);
            }
        }
        let none = || Error::Usage("a batch without samples".into());
        let all = total.sums.ok_or_else(none)?;
        if batches.batch_schedule == Growth::NoiseScale {
            let whole = (norm(&all.gradient) / all.weight).powi(2);
            let mean = total.squares / total.pieces.max(1) as f64;
            self.noise.add(total.pieces, chosen.len(), mean, whole);
        }
        Ok(all)
    }

    /// Sums over the samples of a piece, which are gathered in `room`.
    fn piece_sums(&self, few: &[usize], number: usize, room: &mut Samples) -> Result<BatchSums> {
        self.gather(few, room);
        let weights = self.weights(few.len(), number);
        let mode = train_mode(self.statistics);
        let weights = weights.as_deref();
        self.evaluator
            .batch_sums(&self.point, &self.buffers, room, weights, mode)
    }

    /// Adds a piece, and lets running statistics follow it.
    fn take_in(&mut self, found: BatchSums, total: &mut Total) {
        for (place, measured) in &found.measured {
            let old = self.buffers.at(*place).iter().zip(measured);
            let new = old.map(|(old, new)| (1.0 - MOMENTUM) * old + MOMENTUM * new);
            let new = new.collect();
            self.buffers.replace(*place, new);
        }
        total.pieces += 1;
        if self.recipe.how.batches.batch_schedule == Growth::NoiseScale {
            total.squares += (norm(&found.gradient) / found.weight).powi(2);
        }
        match &mut total.sums {
            Some(sums) => sums.add(&found),
            none => *none = Some(found),
        }
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
    fn gather(&self, chosen: &[usize], room: &mut Samples) {
        let all = self.train.samples();
        room.inputs.clear();
        for &index in chosen {
            room.inputs.extend_from_slice(all.row(index).unwrap_or(&[]));
        }
        room.targets = all.targets.select(all.targets_each(), chosen);
        let augment = self.recipe.how.augment;
        if augment.is_on() {
            let (seed, epoch) = (self.recipe.augment_seed(), self.at.epoch);
            let rows = room.inputs.chunks_exact_mut(all.width().max(1));
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
