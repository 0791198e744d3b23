//! A program at many points: work shared out to threads, and put together in an order of its own.

use super::plan::Plan;
use super::rooms::{Blocks, Rooms};
use super::shared::Seen;
use super::simd::{LANES, Real};
use super::work::{Part, Work};
use crate::model::program::Id;
use crate::model::run::backend::{Batch, Outputs, Source};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

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

impl Plan {
    /// The program's outputs at every one of `points` points.
    pub fn run<T: Real>(
        &self,
        rooms: &Rooms<T>,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        share: Share,
        kept: Option<&Blocks<T>>,
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
    pub fn numbers_of<T: Real>(
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

thread_local! {
    /// Whether work that begins on this thread stays on it.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does some work on this thread alone: for whoever has as many things to do as there are cores. Numbers
/// don't depend on it.
pub fn alone<R>(work: impl FnOnce() -> R) -> R {
    let before = ALONE.replace(true);
    let result = work();
    ALONE.set(before);
    result
}

/// Does jobs `0..count`, each alone on a thread, as many at once as there are cores; results in the order of
/// the jobs. On a thread that works alone they are done one after the other, to the same results.
pub fn each_alone<R: Send>(count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    in_order(count, cores, |job| alone(|| work(job)))
}

/// Does jobs `0..count` on threads; results in the order of the jobs.
fn in_order<R: Send>(count: usize, threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if count <= 1 || threads <= 1 || ALONE.get() {
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
