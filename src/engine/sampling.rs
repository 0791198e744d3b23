//! The points of a slice on their way: metrics of a few of them a step.

use crate::engine::device::also;
use crate::engine::header::Header;
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::engine::work::{Progress, Step, Work};
use crate::error::Result;
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Split};
use crate::landscape::grid::Coordinate;
use crate::landscape::sample::{Cell, sample};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a step of work that nobody watches closely takes: short enough to stop soon, long enough not to
/// matter.
pub const LONG_STEP: Duration = Duration::from_millis(200);
/// More points than this a step bring nothing.
const MOST_POINTS: usize = 256;

/// How many points a step takes, adapted to how long they take.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    /// How long a step should take.
    target: Duration,
    /// Points of the next step, at least 1.
    pub points: usize,
}

impl Chunk {
    /// Steps of about this length.
    pub fn of(target: Duration) -> Self {
        Self { target, points: 4 }
    }

    /// Notes how long `points` took.
    fn took(&mut self, time: Duration, points: usize) {
        let each = time.as_secs_f64() / points.max(1) as f64;
        let fitting = (self.target.as_secs_f64() / each.max(1e-9)) as usize;
        // One slow step on a busy machine is no reason to crawl, one fast no reason to leap.
        self.points = fitting
            .clamp(self.points / 4, self.points * 2)
            .clamp(1, MOST_POINTS);
    }
}

/// Metrics over a slice, computed in some order.
pub struct Sampling {
    evaluator: Evaluator,
    slice: Arc<LoadedSlice>,
    splits: Vec<Split>,
    coordinates: Arc<[Coordinate]>,
    order: Vec<usize>,
    next: usize,
    chunk: Chunk,
    /// Every device that has computed points of it, this one included.
    devices: String,
    outcome: Outcome,
}

impl Sampling {
    /// The points that `prepared` lacks, over `splits`, in steps of about `target`; `device`: the name of
    /// what computes them.
    pub fn new(
        prepared: Prepared,
        evaluator: &Evaluator,
        splits: &[Split],
        device: &str,
        target: Duration,
    ) -> Self {
        Self {
            evaluator: evaluator.clone(),
            slice: Arc::new(prepared.loaded),
            splits: splits.to_vec(),
            coordinates: prepared.coordinates.into(),
            order: prepared.outcome.order(),
            next: 0,
            chunk: Chunk::of(target),
            devices: also(&prepared.outcome.header.device, device),
            outcome: prepared.outcome,
        }
    }

    /// The same slice over other samples, whose results are `outcome`'s; nothing of it is computed before
    /// [`Sampling::begin`].
    #[must_use]
    pub fn over(&self, splits: &[Split], outcome: Outcome) -> Self {
        Self {
            evaluator: self.evaluator.clone(),
            slice: Arc::clone(&self.slice),
            splits: splits.to_vec(),
            coordinates: Arc::clone(&self.coordinates),
            order: Vec::new(),
            next: 0,
            chunk: Chunk::of(self.chunk.target),
            devices: self.devices.clone(),
            outcome,
        }
    }

    /// Computes these points from now on.
    pub fn begin(&mut self, order: Vec<usize>) {
        (self.order, self.next) = (order, 0);
    }

    /// The slice.
    pub fn slice(&self) -> &Arc<LoadedSlice> {
        &self.slice
    }

    /// The result, to note what isn't computed.
    pub fn outcome_mut(&mut self) -> &mut Outcome {
        &mut self.outcome
    }

    /// Points done and in all of those begun.
    pub fn begun(&self) -> (usize, usize) {
        (self.next, self.order.len())
    }

    /// Points of the next step.
    pub fn points_a_step(&self) -> usize {
        self.chunk.points
    }

    /// Notes new points, and the device that computed them.
    fn store(&mut self, cells: Vec<Cell>) {
        if cells.is_empty() {
            return;
        }
        let header = &mut self.outcome.header;
        let table = match &mut self.outcome.numbers {
            Numbers::Surface(surface) => &mut surface.table,
            Numbers::Line(line) => &mut line.table,
            Numbers::Trajectory => return,
        };
        for cell in cells {
            let lost = cell.metrics.iter().any(|m| !m.loss.is_finite());
            header.non_finite += usize::from(lost);
            table.set(cell.index, &cell.metrics);
        }
        header.device.clone_from(&self.devices);
    }
}

impl Work for Sampling {
    type Found = Outcome;

    fn step(&mut self) -> Result<Step> {
        let end = (self.next + self.chunk.points.max(1)).min(self.order.len());
        let indices = self.order[self.next..end].to_vec();
        let (points, started) = (indices.len(), Instant::now());
        let splits = self.splits.iter().collect();
        let mut sampler = sample(
            &self.evaluator,
            &self.slice,
            splits,
            &self.coordinates,
            indices,
        );
        sampler.chunk = points.max(1);
        let cells = sampler.next().transpose()?.unwrap_or_default();
        self.chunk.took(started.elapsed(), points);
        self.store(cells);
        self.next = end;
        if self.next < self.order.len() {
            return Ok(Step::More);
        }
        self.outcome.note_barriers();
        Ok(Step::Done)
    }

    fn progress(&self) -> Progress {
        let total = self.outcome.points();
        Progress {
            what: "".into(),
            unit: "point",
            done: total - self.outcome.missing(),
            total,
        }
    }

    fn found(&self) -> &Outcome {
        &self.outcome
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.outcome.header)
    }

    fn finish(mut self) -> Outcome {
        self.outcome.note_barriers();
        self.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_settles_at_the_target() {
        let mut chunk = Chunk::of(Duration::from_millis(18));
        for _ in 0..20 {
            let points = chunk.points;
            chunk.took(Duration::from_millis(2) * points as u32, points);
        }
        assert_eq!(chunk.points, 9);
        chunk.took(Duration::from_secs(1), 1);
        chunk.took(Duration::from_secs(1), 1);
        assert_eq!(chunk.points, 1);
    }
}
