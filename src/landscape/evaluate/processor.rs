//! Everything that is asked of a network, as programs for the processor.
//!
//! A program is made when it is first asked for and kept. Points of a slice go to the executor as
//! coordinates, many at a time.

use super::programs::{Forms, Made, What};
use super::source::{Along, Measured, Point, offsets};
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::{Buffers, Slice};
use crate::model::Network;
use crate::model::lower::{self, Lowered, Statistics};
use crate::model::params::Params;
use crate::model::run::lanes::{Batch, Kept, LANES, Plan, Real, Rooms, Share, Source};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

/// Most points that pass through together.
const MOST_POINTS: usize = 64;
/// Runs of samples that have sums of their own, at most: enough for sixteen cores to be busy to the end.
const MOST_RUNS: usize = 32;

/// The samples that running statistics are measured on.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    pub samples: &'a Samples,
    /// Samples a batch.
    pub batch: usize,
    /// A batch counts as many as it has samples, not the same as every other.
    pub by_samples: bool,
}

/// A point of parameter space.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The trained values, in the order of [`Params::flatten`].
    pub trained: &'a [f64],
    /// The buffers' owner.
    pub buffers: &'a Params,
    /// Samples that share statistics; `None`: running statistics.
    pub together: Option<usize>,
}

/// What can be asked of a network on the processor, in either precision. Sums are over samples, in nats;
/// vectors are in the order of [`Params::flatten`].
pub trait Processor: Debug + Send + Sync {
    /// Sum of the loss and number of right answers, of every split at every coordinate.
    fn losses(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        splits: &[&Samples],
        training: Option<Training<'_>>,
    ) -> Result<Vec<[f64; 2]>>;
    /// Outputs, sample after sample.
    fn logits(
        &self,
        slice: &Slice,
        coordinate: &Coordinate,
        samples: &Samples,
        training: Option<Training<'_>>,
    ) -> Result<Vec<f64>>;
    /// Sum of the loss.
    fn value(&self, here: Here<'_>, samples: &Samples) -> Result<f64>;
    /// Sum of the loss and its gradient; each sample's times its weight, if there are some.
    fn gradient(
        &self,
        here: Here<'_>,
        samples: &Samples,
        weights: Option<&[f64]>,
    ) -> Result<(f64, Vec<f64>)>;
    /// ∇²f·v, f the sum of the loss. What doesn't depend on v is kept for the next product at the same
    /// point over the same samples.
    fn product(&self, here: Here<'_>, v: &[f64], samples: &Arc<Samples>) -> Result<Vec<f64>>;
    /// ‖∂fₙ/∂w‖² of every sample n and trained tensor w, sample after sample.
    fn squared_norms(&self, here: Here<'_>, samples: &Samples) -> Result<Vec<Vec<f64>>>;
}

/// The processor's programs for `network`, if it can be lowered and a block of samples fits.
pub fn processor(
    network: &Arc<Network>,
    double: bool,
    memory: usize,
) -> Option<Arc<dyn Processor>> {
    let lowered = lower::lower(network, Statistics::Running).ok()?;
    if double {
        Engine::<f64>::new(network, lowered, memory).map(|e| Arc::new(e) as Arc<dyn Processor>)
    } else {
        Engine::<f32>::new(network, lowered, memory).map(|e| Arc::new(e) as Arc<dyn Processor>)
    }
}

#[derive(Debug)]
struct Engine<T: Real> {
    network: Arc<Network>,
    lowered: Forms,
    offsets: Vec<usize>,
    count: usize,
    memory: usize,
    threads: usize,
    made: Mutex<HashMap<What, Arc<Made>>>,
    rooms: Rooms<T>,
    kept: Mutex<Option<KeptAt<T>>>,
}

/// What products share.
#[derive(Debug)]
struct KeptAt<T: Real> {
    x: Vec<f64>,
    buffers: Params,
    samples: Arc<Samples>,
    together: Option<usize>,
    rows: Kept<T>,
}

fn batch<'a>(samples: &'a Samples, weights: Option<&'a [f64]>) -> Batch<'a> {
    Batch {
        inputs: &samples.inputs,
        targets: samples.targets.as_slice(),
        count: samples.len(),
        weights,
    }
}

impl<T: Real> Engine<T> {
    fn new(network: &Arc<Network>, lowered: Lowered, memory: usize) -> Option<Self> {
        let batch = network
            .has_statistics()
            .then(|| lower::lower(network, Statistics::Batch).ok())
            .flatten();
        let layout = network.layout();
        let trained = layout.iter().filter(|spec| spec.is_trainable());
        let engine = Self {
            network: Arc::clone(network),
            lowered: Forms::new(lowered, batch),
            offsets: offsets(layout),
            count: trained.map(crate::model::params::TensorSpec::len).sum(),
            memory,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            made: Mutex::default(),
            rooms: Rooms::default(),
            kept: Mutex::default(),
        };
        let gradient = engine.made(What::Gradient(Statistics::Running)).ok()?;
        engine.share(&gradient.plan, LANES).ok()?;
        Some(engine)
    }

    fn made(&self, what: What) -> Result<Arc<Made>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = made.get(&what) {
            return Ok(Arc::clone(found));
        }
        let new = Arc::new(self.lowered.make(what)?);
        made.insert(what, Arc::clone(&new));
        Ok(new)
    }

    /// How a plan is shared out within the memory budget.
    fn share(&self, plan: &Plan, together: usize) -> Result<Share> {
        let room = plan.room::<T>(together).max(1);
        let threads = self.threads.min(self.memory / 2 / room);
        if threads == 0 {
            return Err(Error::Usage(format!(
                "{together} samples take about {} MB on their way through the model {:?}, but --memory allows {} MB; raise --memory",
                room >> 20,
                self.network.graph().name,
                self.memory >> 20
            )));
        }
        let sums = plan.sum_bytes::<T>().max(1);
        Ok(Share {
            threads,
            runs: (self.memory / 8 / sums).clamp(1, MOST_RUNS),
            together,
        })
    }

    fn run(
        &self,
        plan: &Plan,
        source: &dyn Source<T>,
        batch: Batch<'_>,
        points: usize,
        together: usize,
    ) -> Result<Vec<Vec<Vec<f64>>>> {
        let share = self.share(plan, together)?;
        Ok(plan.run(&self.rooms, source, batch, points, share, None))
    }

    fn here<'a>(&'a self, here: Here<'a>, tangent: &'a [f64]) -> Point<'a> {
        Point {
            layout: self.network.layout(),
            offsets: &self.offsets,
            trained: here.trained,
            tangent,
            buffers: here.buffers,
        }
    }

    /// Numbers by tensor as one vector; 0 for tensors that the loss doesn't depend on.
    fn flat(&self, parameters: &[usize], parts: &[Vec<f64>]) -> Vec<f64> {
        let mut flat = vec![0.0; self.count];
        for (index, part) in parameters.iter().zip(parts) {
            let from = self.offsets[*index];
            flat[from..from + part.len()].copy_from_slice(part);
        }
        flat
    }

    /// Coordinates in chunks that fit, with their running statistics.
    fn in_chunks(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        training: Option<Training<'_>>,
        logits: bool,
        mut each: impl FnMut(&Plan, &Along<'_>, usize) -> Result<()>,
    ) -> Result<()> {
        let made = self.made(What::Along {
            directions: slice.directions.len(),
            buffers: if self.network.has_statistics() {
                slice.buffers
            } else {
                Buffers::Frozen
            },
            logits,
        })?;
        let most = self.memory / 8 / made.plan.point::<T>().max(1);
        for few in coordinates.chunks(most.clamp(1, MOST_POINTS)) {
            let measured = match training {
                Some(training) => Some(self.measure(slice, few, training)?),
                None => None,
            };
            let along = Along {
                slice,
                coordinates: few,
                measured: measured.as_deref(),
            };
            each(&made.plan, &along, few.len())?;
        }
        Ok(())
    }

    /// Running statistics of every point: means over batches.
    fn measure(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        training: Training<'_>,
    ) -> Result<Vec<Measured>> {
        let made = self.made(What::Statistics {
            directions: slice.directions.len(),
        })?;
        let count = training.samples.len();
        let whole = training.batch.max(1);
        // A last batch of one sample has no variance.
        let used = if count > whole && count % whole == 1 {
            count - 1
        } else {
            count
        };
        let width: usize = training.samples.shape.iter().product();
        let (even, rest) = (used / whole * whole, used % whole);
        let source = Along {
            slice,
            coordinates,
            measured: None,
        };
        let part = |range: std::ops::Range<usize>| Batch {
            inputs: &training.samples.inputs[range.start * width..range.end * width],
            targets: training.samples.targets_of(range.clone()),
            count: range.len(),
            weights: None,
        };
        let weigh = |samples: usize| {
            if training.by_samples {
                samples as f64
            } else {
                1.0
            }
        };
        let total = (even / whole) as f64 * weigh(whole) + if rest > 0 { weigh(rest) } else { 0.0 };
        let mut sums: Vec<Vec<Vec<f64>>> = Vec::new();
        // Whole batches weigh the same, the last one what it has.
        for (range, weight) in [(0..even, weigh(whole)), (even..used, weigh(rest))] {
            if range.is_empty() {
                continue;
            }
            let found = self.run(&made.plan, &source, part(range), coordinates.len(), whole)?;
            let share = weight / total;
            if sums.is_empty() {
                sums = found;
                sums.iter_mut()
                    .flatten()
                    .flatten()
                    .for_each(|x| *x *= share);
            } else {
                for (sum, x) in sums
                    .iter_mut()
                    .flatten()
                    .flatten()
                    .zip(found.iter().flatten().flatten())
                {
                    *sum += x * share;
                }
            }
        }
        let lowered = self.lowered.get(Statistics::Batch)?;
        let named = |outputs: Vec<Vec<f64>>| {
            let places = lowered
                .measured
                .iter()
                .flat_map(|m| [m.running_mean, m.running_var]);
            places.zip(outputs).collect()
        };
        Ok(sums.into_iter().map(named).collect())
    }
}

impl<T: Real> Processor for Engine<T> {
    fn losses(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        splits: &[&Samples],
        training: Option<Training<'_>>,
    ) -> Result<Vec<[f64; 2]>> {
        let mut all = Vec::with_capacity(coordinates.len() * splits.len());
        self.in_chunks(
            slice,
            coordinates,
            training,
            false,
            |plan, along, points| {
                let by_split: Vec<Vec<Vec<Vec<f64>>>> = splits
                    .iter()
                    .map(|split| self.run(plan, along, batch(split, None), points, LANES))
                    .collect::<Result<_>>()?;
                for point in 0..points {
                    for found in &by_split {
                        let outputs = &found[point];
                        all.push([outputs[0][0], outputs[1][0]]);
                    }
                }
                Ok(())
            },
        )?;
        Ok(all)
    }

    fn logits(
        &self,
        slice: &Slice,
        coordinate: &Coordinate,
        samples: &Samples,
        training: Option<Training<'_>>,
    ) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        let one = std::slice::from_ref(coordinate);
        self.in_chunks(slice, one, training, true, |plan, along, points| {
            for mut outputs in self.run(plan, along, batch(samples, None), points, LANES)? {
                all.append(&mut outputs[0]);
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn value(&self, here: Here<'_>, samples: &Samples) -> Result<f64> {
        let made = self.made(What::Value(here.statistics()))?;
        let source = self.here(here, &[]);
        let found = self.run(&made.plan, &source, batch(samples, None), 1, here.blocks())?;
        Ok(found[0][0][0])
    }

    fn gradient(
        &self,
        here: Here<'_>,
        samples: &Samples,
        weights: Option<&[f64]>,
    ) -> Result<(f64, Vec<f64>)> {
        let made = self.made(What::Gradient(here.statistics()))?;
        let source = self.here(here, &[]);
        let batch = batch(samples, weights);
        let found = self.run(&made.plan, &source, batch, 1, here.blocks())?;
        let (loss, slopes) = (found[0][0][0], &found[0][1..]);
        Ok((loss, self.flat(&made.parameters, slopes)))
    }

    fn product(&self, here: Here<'_>, v: &[f64], samples: &Arc<Samples>) -> Result<Vec<f64>> {
        let made = self.made(What::Product(here.statistics()))?;
        let source = self.here(here, v);
        let share = self.share(&made.plan, here.blocks())?;
        let fits = made.plan.kept::<T>(samples.len()) <= self.memory / 2;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.as_ref().is_some_and(|kept| {
            kept.x == here.trained
                && Arc::ptr_eq(&kept.samples, samples)
                && kept.together == here.together
                && kept.buffers == *here.buffers
        });
        if !same {
            // Before new rows are made, so that there are never two sets.
            *kept = None;
            if fits && here.together.is_none() {
                *kept = Some(KeptAt {
                    x: here.trained.to_vec(),
                    buffers: here.buffers.clone(),
                    samples: Arc::clone(samples),
                    together: here.together,
                    rows: Kept::new(samples.len()),
                });
            }
        }
        let rows = kept.as_ref().map(|kept| &kept.rows);
        let batch = batch(samples, None);
        let found = made.plan.run(&self.rooms, &source, batch, 1, share, rows);
        Ok(self.flat(&made.parameters, &found[0]))
    }

    fn squared_norms(&self, here: Here<'_>, samples: &Samples) -> Result<Vec<Vec<f64>>> {
        let made = self.made(What::Norms)?;
        let source = self.here(here, &[]);
        let found = self.run(&made.plan, &source, batch(samples, None), 1, LANES)?;
        let layout = self.network.layout();
        let places: Vec<Option<usize>> = (0..layout.len())
            .filter(|i| layout[*i].is_trainable())
            .map(|i| made.parameters.iter().position(|p| *p == i))
            .collect();
        let row = |sample: usize| {
            let of = |place: &Option<usize>| place.map_or(0.0, |p| found[0][p][sample]);
            places.iter().map(of).collect()
        };
        Ok((0..samples.len()).map(row).collect())
    }
}

impl Here<'_> {
    /// The same point with its running statistics.
    pub fn in_eval_mode(self) -> Self {
        Self {
            together: None,
            ..self
        }
    }

    fn statistics(&self) -> Statistics {
        match self.together {
            Some(_) => Statistics::Batch,
            None => Statistics::Running,
        }
    }

    fn blocks(&self) -> usize {
        self.together.unwrap_or(LANES)
    }
}
