//! The executor as a backend: how many threads and runs fit into the memory.

use super::plan::Plan;
use super::rooms::{Blocks, Rooms};
use super::share::Share;
use super::simd::Real;
use crate::error::Result;
use crate::model::program::Program;
use crate::model::run::backend::{Backend, Batch, Kept, Outputs, Prepared, Source};
use crate::model::run::stages::Varying;
use std::sync::Arc;

/// Runs of samples that have sums of their own, at most: enough for sixteen cores to be busy to the end.
const MOST_RUNS: usize = 32;

/// More points a call bring nothing: samples lie side by side, not points.
const MOST_POINTS: usize = 64;

/// Multiplications and additions from which on more threads than one are worth being started.
const WORTH_A_THREAD: usize = 4 << 20;

/// The processor, in one number type.
#[derive(Debug)]
struct Lanes<T: Real> {
    memory: usize,
    threads: usize,
    rooms: Arc<Rooms<T>>,
}

/// A program ready for it.
#[derive(Debug)]
struct Ready<T: Real> {
    plan: Plan,
    memory: usize,
    threads: usize,
    rooms: Arc<Rooms<T>>,
}

/// The processor in double or single precision, within `memory` bytes.
pub fn backend(double: bool, memory: usize) -> Arc<dyn Backend> {
    fn of<T: Real>(memory: usize) -> Arc<dyn Backend> {
        Arc::new(Lanes::<T> {
            memory,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            rooms: Arc::default(),
        })
    }
    if double {
        of::<f64>(memory)
    } else {
        of::<f32>(memory)
    }
}

impl<T: Real> Backend for Lanes<T> {
    fn prepare(&self, program: &Program, varying: Varying) -> Box<dyn Prepared> {
        Box::new(Ready {
            plan: Plan::new(program, varying),
            memory: self.memory,
            threads: self.threads,
            rooms: Arc::clone(&self.rooms),
        })
    }
}

impl<T: Real> Ready<T> {
    /// Threads that fit.
    fn threads(&self, together: usize) -> usize {
        // A network's own tensors must be there: they leave fewer threads, but never none.
        let left = (self.memory / 2).saturating_sub(self.plan.once::<T>());
        let room = self.plan.room::<T>(together).max(1);
        let alone = usize::from(room <= self.memory / 2);
        self.threads.min((left / room).max(alone))
    }
}

impl<T: Real> Prepared for Ready<T> {
    fn room(&self, together: usize) -> usize {
        self.plan.room::<T>(together)
    }

    fn fits(&self, together: usize) -> bool {
        self.threads(together) > 0
    }

    fn points(&self) -> usize {
        (self.memory / 8 / self.plan.point::<T>().max(1)).clamp(1, MOST_POINTS)
    }

    fn keeper(&self, samples: usize, bytes: usize) -> Option<Kept> {
        let fits = self.plan.kept::<T>(samples) <= bytes;
        (fits && self.plan.levels == 0).then(|| Kept::new(Blocks::<T>::new(samples)))
    }

    fn run(
        &self,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        together: usize,
        kept: Option<&Kept>,
    ) -> Result<Vec<Outputs>> {
        let sums = self.plan.sum_bytes::<T>().max(1);
        // Less work than this is done before another thread has begun.
        let effort = self.plan.effort.saturating_mul(batch.count);
        let little = effort.saturating_mul(points) < WORTH_A_THREAD;
        let share = Share {
            threads: if little {
                1
            } else {
                self.threads(together).max(1)
            },
            runs: (self.memory / 8 / sums).clamp(1, MOST_RUNS),
            together,
        };
        let blocks = kept.and_then(Kept::get);
        Ok(self
            .plan
            .run(&self.rooms, source, batch, points, share, blocks))
    }
}
