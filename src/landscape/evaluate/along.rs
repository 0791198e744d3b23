//! Losses, outputs and running statistics at the points of a slice.
//!
//! Points go to the executor as coordinates, many at a time.

use super::LoadedSlice;
use super::prepared::{Programs, Ready, batch, whole};
use super::programs::What;
use super::source::{Along, Measured};
use super::statistics::Training;
use super::still::Stills;
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::{Buffers, Slice};
use crate::model::lower::Statistics;
use crate::model::role::Role;
use crate::model::run::{Outputs, Prepared};
use std::sync::Arc;

/// Some points of a slice on their way.
struct Chunk<'a> {
    ready: &'a Arc<Ready>,
    prepared: &'a dyn Prepared,
    along: Along<'a>,
    stills: &'a Stills,
    /// What may be kept of each split.
    bytes: usize,
}

impl Chunk<'_> {
    fn points(&self) -> usize {
        self.along.coordinates.len()
    }

    /// The outputs at every point.
    fn over(&self, samples: &Arc<Samples>) -> Result<Vec<Outputs>> {
        let kept = self
            .stills
            .of(self.ready, self.prepared, samples, self.bytes);
        let batch = whole(samples);
        self.prepared
            .run(&self.along, batch, self.points(), 1, kept.as_deref())
    }
}

impl Programs {
    /// Sum of the loss and number of right answers, of every split at every coordinate.
    pub fn losses(
        &self,
        slice: &LoadedSlice,
        coordinates: &[Coordinate],
        splits: &[&Arc<Samples>],
    ) -> Result<Vec<[f64; 2]>> {
        let mut all = Vec::with_capacity(coordinates.len() * splits.len());
        self.in_chunks(slice, coordinates, false, |run| {
            let by_split: Vec<Vec<Outputs>> = splits
                .iter()
                .map(|split| run.over(split))
                .collect::<Result<_>>()?;
            for point in 0..run.points() {
                for found in &by_split {
                    let outputs = &found[point];
                    all.push([outputs[0][0], outputs[1][0]]);
                }
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Outputs, sample after sample.
    pub fn logits(
        &self,
        slice: &LoadedSlice,
        coordinate: &Coordinate,
        samples: &Arc<Samples>,
    ) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        let one = std::slice::from_ref(coordinate);
        self.in_chunks(slice, one, true, |run| {
            for mut outputs in run.over(samples)? {
                all.append(&mut outputs[0]);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Refuses batches of statistics that are larger than the usual ones and don't fit.
    ///
    /// # Errors
    /// Says what to change.
    pub fn check_statistics(&self, directions: usize, batch: usize) -> Result<()> {
        let ready = self.ready(self.statistics(directions))?;
        match self.fitting(&ready, batch) {
            Err(Error::Usage(_)) => {}
            found => return found.map(drop),
        }
        let (least, memory) = (ready.least(batch), self.memory());
        Err(Error::Usage(format!(
            "measuring running statistics in batches of {batch} samples takes about {} MB, but --memory allows {} MB; take a smaller --statistics-batch, or raise --memory",
            least >> 20,
            memory >> 20
        )))
    }

    /// Whether any buffer isn't a running statistic: the vectors of a spectral norm.
    fn has_own_buffers(&self) -> bool {
        let mut layout = self.network.layout().iter();
        layout.any(|spec| spec.role == Role::Fixed)
    }

    fn statistics(&self, directions: usize) -> What {
        What::Statistics {
            directions,
            own: self.has_own_buffers(),
        }
    }

    /// Coordinates in chunks that fit, with their running statistics.
    fn in_chunks(
        &self,
        loaded: &LoadedSlice,
        coordinates: &[Coordinate],
        logits: bool,
        mut each: impl FnMut(&Chunk<'_>) -> Result<()>,
    ) -> Result<()> {
        let slice = &loaded.slice;
        let ready = self.ready(What::Along {
            directions: slice.directions.len(),
            buffers: if self.network.has_statistics() || self.has_own_buffers() {
                slice.buffers
            } else {
                Buffers::Frozen
            },
            logits,
            own: self.has_own_buffers(),
        })?;
        let prepared = self.fitting(&ready, 1)?;
        for few in coordinates.chunks(prepared.points()) {
            let measured = match &loaded.training {
                Some(training) => Some(self.measure(slice, few, training)?),
                None => None,
            };
            let along = Along {
                slice,
                coordinates: few,
                measured: measured.as_deref(),
            };
            each(&Chunk {
                ready: &ready,
                prepared,
                along,
                stills: &loaded.stills,
                bytes: self.memory() / 32,
            })?;
        }
        Ok(())
    }

    /// Where the running mean and variance of each layer that keeps them stand in the layout.
    pub(super) fn layers_measured(&self) -> Result<Vec<[usize; 2]>> {
        let lowered = self.forms.get(Statistics::Batch)?;
        let layers = lowered.measured.iter();
        Ok(layers.map(|m| [m.running_mean, m.running_var]).collect())
    }

    /// Running statistics of every point: means over batches.
    pub(super) fn measure(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        training: &Training,
    ) -> Result<Vec<Measured>> {
        let ready = self.ready(self.statistics(slice.directions.len()))?;
        let whole = training.batch.max(1);
        let used = training.used();
        let (even, rest) = (used / whole * whole, used % whole);
        let prepared = self.fitting(&ready, whole)?;
        let total = (even / whole) as f64 * training.weigh(whole)
            + if rest > 0 { training.weigh(rest) } else { 0.0 };
        let mut all = Vec::with_capacity(coordinates.len());
        for few in coordinates.chunks(prepared.points()) {
            let source = Along {
                slice,
                coordinates: few,
                measured: None,
            };
            let mut sums: Vec<Vec<Vec<f64>>> = Vec::new();
            // Whole batches weigh the same, the last one what it has.
            for (range, own) in [(0..even, whole), (even..used, rest)] {
                if range.is_empty() {
                    continue;
                }
                let share = training.weigh(own) / total;
                let part = batch(&training.samples, range, None);
                let mut found = prepared.run(&source, part, few.len(), whole, None)?;
                let numbers = found.iter_mut().flatten().flatten();
                numbers.for_each(|x| *x *= share);
                if sums.is_empty() {
                    sums = found;
                    continue;
                }
                let sums = sums.iter_mut().flatten().flatten();
                for (sum, x) in sums.zip(found.iter().flatten().flatten()) {
                    *sum += x;
                }
            }
            all.append(&mut sums);
        }
        let lowered = self.forms.get(Statistics::Batch)?;
        let named = |outputs: Vec<Vec<f64>>| {
            let measured = lowered.measured.iter();
            let places = measured.flat_map(|m| [m.running_mean, m.running_var]);
            places.zip(outputs).collect()
        };
        Ok(all.into_iter().map(named).collect())
    }
}
