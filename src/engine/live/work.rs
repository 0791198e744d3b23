//! The line on its way, and how much of anything to do before looking up again.

use super::open::Workbench;
use crate::engine::job::LineJob;
use crate::engine::line::{note_barriers, prepare};
use crate::engine::plane;
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::error::Result;
use crate::landscape::evaluate::Split;
use crate::landscape::sample::sample;
use crate::landscape::slice::Slice;
use std::time::{Duration, Instant};

/// A chunk should take about this long: a newer wish waits for the current one.
const TARGET: Duration = Duration::from_millis(18);
/// More points than this a chunk bring nothing.
const MOST_POINTS: usize = 256;

/// The number of points a chunk takes, adapted to how long they take.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    /// Points of the next chunk, at least 1.
    pub points: usize,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { points: 4 }
    }
}

impl Chunk {
    /// Where the next chunk of a list ends.
    pub fn end(self, next: usize, len: usize) -> usize {
        (next + self.points.max(1)).min(len)
    }

    /// Notes how long `points` took.
    pub fn took(&mut self, time: Duration, points: usize) {
        let each = time.as_secs_f64() / points.max(1) as f64;
        let fitting = (TARGET.as_secs_f64() / each.max(1e-9)) as usize;
        // One slow chunk on a busy machine is no reason to crawl, one fast no reason to leap.
        self.points = fitting
            .clamp(self.points / 4, self.points * 2)
            .clamp(1, MOST_POINTS);
    }
}

/// Metrics along the line, on their way.
pub struct LineWork {
    prepared: Prepared,
    order: Vec<usize>,
    next: usize,
    chunk: Chunk,
}

impl LineWork {
    /// The line between the minimizers of `bench`.
    pub fn new(job: &LineJob, bench: &mut Workbench) -> Result<Self> {
        bench.inputs.begin_slice();
        let small = bench.inputs.point(&job.small, "small batch")?;
        let large = bench.inputs.point(&job.large, "large batch")?;
        let slice = Slice::line(small, &large, job.buffers)?;
        let mut prepared = prepare(job, slice, &bench.inputs, &bench.evaluator)?;
        prepared.outcome.header.device.clone_from(&bench.device);
        let order = prepared.outcome.order();
        Ok(Self {
            prepared,
            order,
            next: 0,
            chunk: Chunk::default(),
        })
    }

    /// Points done and in all.
    pub fn points(&self) -> (usize, usize) {
        (self.next, self.order.len())
    }

    /// The numbers so far.
    pub fn outcome(&self) -> &Outcome {
        &self.prepared.outcome
    }

    /// Computes the next few points.
    pub fn step(&mut self, bench: &Workbench) -> Result<()> {
        let end = self.chunk.end(self.next, self.order.len());
        let indices = self.order[self.next..end].to_vec();
        let points = indices.len();
        let started = Instant::now();
        let splits: Vec<&Split> = bench.splits.iter().collect();
        let mut sampler = sample(
            &bench.evaluator,
            &self.prepared.loaded,
            splits,
            &self.prepared.coordinates,
            indices,
        );
        sampler.chunk = points.max(1);
        let cells = sampler.next().transpose()?.unwrap_or_default();
        let took = started.elapsed();
        self.chunk.took(took, points);
        let outcome = &mut self.prepared.outcome;
        outcome.header.elapsed_seconds += took.as_secs_f64();
        if let Numbers::Line(line) = &mut outcome.numbers {
            plane::store(&mut line.table, &mut outcome.header.non_finite, cells);
        }
        self.next = end;
        if self.next == self.order.len() {
            note_barriers(outcome);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_settles_at_the_target() {
        let mut chunk = Chunk::default();
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
