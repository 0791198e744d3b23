//! The executor on the processor: many points, samples side by side.
//!
//! A row holds one number of [`LANES`] samples, so that every primitive is a loop over rows, whatever its
//! windows, and nothing is ever unfolded, transposed or copied for a product. Samples pass in blocks of
//! [`LANES`]: a block goes through all steps while it is in the caches, and for every point of a chunk
//! before the next block comes. Cores share the blocks; sums over samples are made in a few runs of
//! blocks, whose number depends on nothing but the samples and the memory allowed, and added up in their
//! order, so the same input gives the same numbers on any number of cores.

#![expect(
    clippy::inline_always,
    reason = "what the kernels call must be compiled for the instructions they are compiled for"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops of a fixed length over registers are unrolled in this form"
)]

mod block;
mod kernel;
mod map;
mod plan;
mod ready;
mod rows;
mod shared;
mod simd;
mod work;

pub use plan::{Plan, Varying};
pub use shared::Source;
pub use simd::{LANES, Real};

use crate::dataset::TargetSlice;
use crate::model::program::Id;
use block::{Room, Rows};
use shared::Seen;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use work::Work;

/// Some samples.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Inputs, sample after sample.
    pub inputs: &'a [f32],
    /// Targets, sample after sample, as many each.
    pub targets: TargetSlice<'a>,
    /// Samples.
    pub count: usize,
    /// One weight a sample in sums; absent: 1.
    pub weights: Option<&'a [f64]>,
}

/// How work is shared out.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Threads.
    pub threads: usize,
    /// Most runs of samples that have sums of their own.
    pub runs: usize,
    /// Samples that share statistics, where a program measures some.
    pub together: usize,
}

/// What threads work in, used again from call to call.
#[derive(Debug, Default)]
pub struct Rooms<T: Real>(Mutex<Vec<Room<T>>>);

/// Values that all points share, block by block, from one call to the next.
#[derive(Debug)]
pub struct Kept<T: Real>(Vec<Mutex<Option<Rows<T>>>>);

impl<T: Real> Kept<T> {
    /// For so many samples; nothing is kept yet.
    pub fn new(samples: usize) -> Self {
        let blocks = samples.div_ceil(LANES);
        Self((0..blocks).map(|_| Mutex::new(None)).collect())
    }
}

/// The outputs of a program at one point: numbers of a shared output; of an output of samples, sample
/// after sample.
pub type Outputs = Vec<Vec<f64>>;

/// What a run of samples came to at one point.
struct Part<T> {
    /// Sums, before what comes after them.
    sums: Vec<Vec<T>>,
    /// Shared outputs, added up over groups that each had their own.
    totals: Vec<Vec<f64>>,
    /// Outputs of samples.
    samples: Vec<Vec<f64>>,
}

impl Plan {
    /// Bytes of one thread's rows for so many samples together.
    pub fn room<T: Real>(&self, together: usize) -> usize {
        let blocks = if self.levels > 0 {
            together.div_ceil(LANES)
        } else {
            1
        };
        let rows: usize = self.rows[1].iter().sum();
        let still: usize = self.rows[0].iter().sum();
        (rows * blocks + still) * size_of::<T::Row>()
    }

    /// Bytes of what a [`Kept`] keeps of so many samples.
    pub fn kept<T: Real>(&self, samples: usize) -> usize {
        let still: usize = self.rows[0].iter().sum();
        still * samples.div_ceil(LANES) * size_of::<T::Row>()
    }

    /// Bytes of the shared numbers of one point.
    pub fn point<T: Real>(&self) -> usize {
        let numbers: usize = self.numbers[1].iter().sum();
        numbers * size_of::<T>()
    }

    /// Bytes of the sums of one point and run.
    pub fn sum_bytes<T: Real>(&self) -> usize {
        self.sums.iter().sum::<usize>() * size_of::<T>()
    }

    /// The program's outputs at every one of `points` points.
    pub fn run<T: Real>(
        &self,
        rooms: &Rooms<T>,
        source: &dyn Source<T>,
        batch: Batch<'_>,
        points: usize,
        share: Share,
        kept: Option<&Kept<T>>,
    ) -> Vec<Outputs> {
        let mut once = Vec::new();
        let mut temporaries = Vec::new();
        self.early(source, None, &[], &mut once, &mut temporaries);
        let mine = in_order(points, share.threads, |point| {
            let (mut buffers, mut temporaries) = (Vec::new(), Vec::new());
            self.early(source, Some(point), &once, &mut buffers, &mut temporaries);
            buffers
        });
        let count = batch.count;
        let together = if self.levels > 0 {
            share.together.max(1)
        } else {
            LANES
        };
        let groups = count.div_ceil(together);
        let runs = groups.min(share.runs.max(1)).max(1);
        // Points are shared out too where there are more threads than runs; sums don't depend on that.
        let slices = share.threads.div_ceil(runs).clamp(1, points.max(1));
        let jobs = runs * slices;
        let parts = in_order(jobs, share.threads, |job| {
            let (run, slice) = (job / slices, job % slices);
            let few = slice * points / slices..(slice + 1) * points / slices;
            let own = run * groups / runs..(run + 1) * groups / runs;
            let mut room = rooms.largest();
            let work = Work {
                plan: self,
                once: &once,
                mine: &mine[few],
                batch,
                together,
                kept,
            };
            let parts = work.groups(own, &mut room);
            rooms.lock().push(room);
            parts
        });
        let mut found = Vec::with_capacity(points);
        for point in 0..points {
            let slice = (0..slices)
                .find(|s| point < (s + 1) * points / slices)
                .unwrap_or(0);
            let at = point - slice * points / slices;
            let parts: Vec<&Part<T>> = (0..runs)
                .map(|run| &parts[run * slices + slice][at])
                .collect();
            found.push(self.merged(&parts, &once, &mine[point], &mut temporaries));
        }
        found
    }

    /// The outputs from those of all runs.
    fn merged<T: Real>(
        &self,
        parts: &[&Part<T>],
        once: &[Vec<T>],
        point: &[Vec<T>],
        temporaries: &mut Vec<Vec<T>>,
    ) -> Outputs {
        let samples = |output: usize| parts.iter().flat_map(move |p| p.samples[output].iter());
        let outputs = self.program.outputs.iter().enumerate();
        if self.levels > 0 {
            return outputs
                .map(|(output, id)| {
                    if self.program.ty(*id).sample {
                        return samples(output).copied().collect();
                    }
                    let mut sum = vec![0.0; self.program.ty(*id).size()];
                    for part in parts {
                        for (sum, x) in sum.iter_mut().zip(&part.totals[output]) {
                            *sum += x;
                        }
                    }
                    sum
                })
                .collect();
        }
        let mut sums: Vec<Vec<T>> = (0..self.sums.len())
            .map(|at| {
                if let [only] = parts {
                    return only.sums[at].clone();
                }
                let mut total = vec![0.0; self.sums[at]];
                for part in parts {
                    for (total, x) in total.iter_mut().zip(&part.sums[at]) {
                        *total += x.wide();
                    }
                }
                total.into_iter().map(T::of).collect()
            })
            .collect();
        self.late(None, once, point, &mut sums, temporaries);
        outputs
            .map(|(output, id)| {
                if self.program.ty(*id).sample {
                    samples(output).copied().collect()
                } else {
                    self.numbers_of(*id, once, point, &sums)
                }
            })
            .collect()
    }

    /// A shared value in double precision.
    fn numbers_of<T: Real>(
        &self,
        id: Id,
        once: &[Vec<T>],
        point: &[Vec<T>],
        sums: &[Vec<T>],
    ) -> Vec<f64> {
        let seen = Seen {
            plan: self,
            once,
            point,
            sums,
        };
        let size = self.program.ty(id).size();
        seen.get(id)[..size].iter().map(|x| x.wide()).collect()
    }
}

/// Does jobs `0..count` on threads; results in the order of the jobs.
fn in_order<R: Send>(count: usize, threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if count <= 1 || threads <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= count {
                return done;
            }
            done.push((job, work(job)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others = 1..threads.min(count);
        let others: Vec<_> = others.map(|_| scope.spawn(run)).collect();
        let mut all = run();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(job, _)| *job);
    all.into_iter().map(|(_, result)| result).collect()
}

impl<T: Real> Rooms<T> {
    /// The largest, so that plans for few threads don't make all of them large one after the other.
    fn largest(&self) -> Room<T> {
        let mut rooms = self.lock();
        let largest = (0..rooms.len()).max_by_key(|i| rooms[*i].rows_held());
        largest.map_or_else(Room::default, |i| rooms.swap_remove(i))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Room<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
