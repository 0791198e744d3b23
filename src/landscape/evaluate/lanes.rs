//! Samples shared out among the processor's cores, for networks that [`crate::model::lanes`] knows.
//!
//! Each core takes a few samples at a time through all layers. Where sums are cut is a matter of the
//! samples and of the memory budget, and they are added up in the order of the samples, never in that
//! of who was done first: the same input gives the same numbers, to the last digit, on any number of
//! cores.

use super::{Evaluator, Split};
use crate::error::{Error, Result};
use crate::model::Network;
use crate::model::lanes::{Batch, Plan, Point, Purpose, Real, Scratch, Sums, Tape};
use crate::model::weights::Weights;
use burn::tensor::DType;
use std::collections::HashMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs of batches that sums are cut into, at most: enough for sixteen cores to be busy to the end.
const MOST_RUNS: usize = 64;

/// Gradients by tensor name.
pub type Named = HashMap<String, Vec<f64>>;

/// What can be asked of a network on the processor, in either precision.
pub trait Passes: Debug + Send + Sync {
    /// Sum of the loss and number of right answers, of every split at every point.
    fn losses(&self, points: &[Weights], splits: &[&Split]) -> Result<Vec<[f64; 2]>>;
    /// The sum of the loss and its gradient.
    fn gradient(&self, point: &Weights, split: &Split) -> Result<(f64, Named)>;
    /// As [`Passes::gradient`], ready for products at the same point.
    fn keep(self: Arc<Self>, point: &Weights, split: &Split) -> Result<Box<dyn Products>>;
}

/// Products at one point.
pub trait Products: Send {
    /// The sum of the loss and its gradient.
    fn gradient(&self) -> (f64, Named);
    /// ∇²f·v, f the sum of the loss.
    fn product(&self, direction: &Weights, split: &Split) -> Result<Named>;
}

/// The passes of `network`, if it has a plan.
pub fn passes(network: &Network, dtype: DType, memory: usize) -> Option<Arc<dyn Passes>> {
    let plan = Plan::of(network)?;
    // Rates, values and both kinds of adjoints of one batch for every core.
    let each = 2 * plan.kept_per_sample() * plan.batch() * dtype.size();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = cores.min(memory / 2 / each.max(1));
    (cores > 0).then_some(())?;
    Some(match dtype {
        DType::F64 => Arc::new(Engine::<f64>::new(plan, cores, memory)),
        _ => Arc::new(Engine::<f32>::new(plan, cores, memory)),
    })
}

/// A plan, the cores, and what they work in.
#[derive(Debug)]
struct Engine<T> {
    plan: Plan,
    cores: usize,
    memory: usize,
    /// Used again, because the system takes its time to hand out memory.
    spare: Mutex<Vec<Room<T>>>,
}

/// What one core works in.
#[derive(Debug, Default)]
struct Room<T> {
    tape: Tape<T>,
    scratch: [Scratch<T>; 2],
}

/// What products at one point share.
struct Kept<T> {
    engine: Arc<Engine<T>>,
    point: Point<T>,
    loss: f64,
    gradient: Sums<T>,
    /// One a batch; empty where they would take too much memory.
    tapes: Vec<Tape<T>>,
}

impl<T: Real> Engine<T> {
    fn new(plan: Plan, cores: usize, memory: usize) -> Self {
        Self {
            plan,
            cores,
            memory,
            spare: Mutex::default(),
        }
    }

    fn point(&self, weights: &Weights, purpose: Purpose) -> Result<Point<T>> {
        Point::new(&self.plan, weights, purpose)
            .map_err(|e| Error::Device(format!("the device failed while computing: {e:?}")))
    }

    /// Does all jobs on all cores; results in the order of the jobs.
    fn share<R: Send>(
        &self,
        jobs: usize,
        work: impl Fn(&mut Room<T>, usize) -> R + Sync,
    ) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let mut room = spare().pop().unwrap_or_default();
            let mut done = Vec::new();
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    break;
                }
                done.push((job, work(&mut room, job)));
            }
            spare().push(room);
            done
        };
        let mut all = std::thread::scope(|scope| {
            let others = 1..self.cores.min(jobs);
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

    fn batches(&self, split: &Split) -> usize {
        split.len().div_ceil(self.plan.batch())
    }

    fn batch<'a>(&self, split: &'a Split, index: usize) -> Batch<'a> {
        let samples = &split.samples;
        let width: usize = samples.shape.iter().product();
        let start = index * self.plan.batch();
        let end = (start + self.plan.batch()).min(samples.len());
        Batch {
            inputs: &samples.inputs[start * width..end * width],
            labels: &samples.labels[start..end],
        }
    }

    /// Batches in a few runs, each of which adds up a gradient of its own.
    ///
    /// How many must not depend on the cores: each cut is a sum rounded on its own.
    fn runs(&self, split: &Split) -> Vec<Range<usize>> {
        let tensors = self.plan.tensors().iter();
        let bytes = T::dtype().size() * tensors.map(|(_, length)| length).sum::<usize>();
        let most = (self.memory / 8 / bytes.max(1)).clamp(1, MOST_RUNS);
        let (batches, runs) = (self.batches(split), most.min(self.batches(split)));
        (0..runs)
            .map(|i| i * batches / runs..(i + 1) * batches / runs)
            .collect()
    }

    fn total(&self, parts: impl Iterator<Item = Sums<T>>) -> Sums<T> {
        let mut total = self.plan.zeros();
        for part in parts {
            for (total, part) in total.iter_mut().zip(part) {
                for (total, part) in total.iter_mut().zip(part) {
                    *total += part;
                }
            }
        }
        total
    }

    fn named(&self, sums: &Sums<T>) -> Named {
        let tensors = self.plan.tensors().iter().zip(sums);
        tensors
            .map(|((name, _), sum)| (name.clone(), sum.iter().map(|v| v.wide()).collect()))
            .collect()
    }

    /// Loss and gradient at a point, and the tapes where they are to be kept.
    fn record(&self, point: &Point<T>, split: &Split, keep: bool) -> (f64, Sums<T>, Vec<Tape<T>>) {
        let runs = self.runs(split);
        let parts = self.share(runs.len(), |room, run| {
            let (mut sums, mut loss, mut tapes) = (self.plan.zeros(), 0.0, Vec::new());
            for index in runs[run].clone() {
                let mut own = Tape::default();
                let tape = if keep { &mut own } else { &mut room.tape };
                let batch = self.batch(split, index);
                loss += self.plan.record(point, batch, tape, &mut sums)[0];
                if keep {
                    tapes.push(own);
                }
            }
            (loss, sums, tapes)
        });
        let (mut loss, mut sums, mut tapes) = (0.0, Vec::new(), Vec::new());
        for (part, own, kept) in parts {
            loss += part;
            sums.push(own);
            tapes.extend(kept);
        }
        (loss, self.total(sums.into_iter()), tapes)
    }
}

impl<T: Real> Passes for Engine<T> {
    fn losses(&self, points: &[Weights], splits: &[&Split]) -> Result<Vec<[f64; 2]>> {
        let points = points.iter().map(|p| self.point(p, Purpose::Forward));
        let points: Vec<Point<T>> = points.collect::<Result<_>>()?;
        let mut jobs = Vec::new();
        for point in 0..points.len() {
            for (split, samples) in splits.iter().enumerate() {
                jobs.extend((0..self.batches(samples)).map(|batch| (point, split, batch)));
            }
        }
        let found = self.share(jobs.len(), |room, job| {
            let (point, split, index) = jobs[job];
            let batch = self.batch(splits[split], index);
            self.plan
                .losses(&points[point], batch, &mut room.scratch[0])
        });
        let mut sums = vec![[0.0; 2]; points.len() * splits.len()];
        for ((point, split, _), found) in jobs.into_iter().zip(found) {
            let sum = &mut sums[point * splits.len() + split];
            *sum = [sum[0] + found[0], sum[1] + found[1]];
        }
        Ok(sums)
    }

    fn gradient(&self, point: &Weights, split: &Split) -> Result<(f64, Named)> {
        let point = self.point(point, Purpose::Back)?;
        let (loss, sums, _) = self.record(&point, split, false);
        Ok((loss, self.named(&sums)))
    }

    fn keep(self: Arc<Self>, point: &Weights, split: &Split) -> Result<Box<dyn Products>> {
        let point = self.point(point, Purpose::Back)?;
        let bytes = self.plan.kept_per_sample() * split.len() * T::dtype().size();
        let fits = bytes <= self.memory / 2;
        let (loss, gradient, tapes) = self.record(&point, split, fits);
        Ok(Box::new(Kept {
            engine: self,
            point,
            loss,
            gradient,
            tapes,
        }))
    }
}

impl<T: Real> Products for Kept<T> {
    fn gradient(&self) -> (f64, Named) {
        (self.loss, self.engine.named(&self.gradient))
    }

    fn product(&self, direction: &Weights, split: &Split) -> Result<Named> {
        let engine = &self.engine;
        let direction = engine.point(direction, Purpose::Direction)?;
        let points = [&self.point, &direction];
        let runs = engine.runs(split);
        let parts = engine.share(runs.len(), |room, run| {
            let mut sums = engine.plan.zeros();
            for index in runs[run].clone() {
                let batch = engine.batch(split, index);
                let tape = match self.tapes.get(index) {
                    Some(tape) => tape,
                    None => {
                        let mut unused = engine.plan.zeros();
                        let _ = engine
                            .plan
                            .record(&self.point, batch, &mut room.tape, &mut unused);
                        &room.tape
                    }
                };
                let count = batch.labels.len();
                engine
                    .plan
                    .product(tape, points, count, &mut room.scratch, &mut sums);
            }
            sums
        });
        Ok(engine.named(&engine.total(parts.into_iter())))
    }
}

impl Evaluator {
    /// Points at a time in [`Passes::losses`].
    pub(super) const POINTS: usize = 8;
}
