//! Losses, outputs and running statistics at the points of a slice.
//!
//! Points go to the executor as coordinates, many at a time.

use super::prepared::{Programs, batch, whole};
use super::programs::What;
use super::source::{Along, Measured};
use super::statistics::Training;
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::{Buffers, Slice};
use crate::model::lower::Statistics;
use crate::model::run::Prepared;

/// Most points that pass through together.
const MOST_POINTS: usize = 64;

impl Programs {
    /// Sum of the loss and number of right answers, of every split at every coordinate.
    pub fn losses(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        splits: &[&Samples],
        training: Option<&Training>,
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
                    .map(|split| plan.run(along, whole(split), points, 1, None))
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

    /// Outputs, sample after sample.
    pub fn logits(
        &self,
        slice: &Slice,
        coordinate: &Coordinate,
        samples: &Samples,
        training: Option<&Training>,
    ) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        let one = std::slice::from_ref(coordinate);
        self.in_chunks(slice, one, training, true, |plan, along, points| {
            for mut outputs in plan.run(along, whole(samples), points, 1, None)? {
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
        let ready = self.ready(What::Statistics { directions })?;
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

    /// Coordinates in chunks that fit, with their running statistics.
    fn in_chunks(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        training: Option<&Training>,
        logits: bool,
        mut each: impl FnMut(&dyn Prepared, &Along<'_>, usize) -> Result<()>,
    ) -> Result<()> {
        let ready = self.ready(What::Along {
            directions: slice.directions.len(),
            buffers: if self.network.has_statistics() {
                slice.buffers
            } else {
                Buffers::Frozen
            },
            logits,
        })?;
        let prepared = self.fitting(&ready, 1)?;
        for few in coordinates.chunks(prepared.points().min(MOST_POINTS)) {
            let measured = match training {
                Some(training) => Some(self.measure(slice, few, training)?),
                None => None,
            };
            let along = Along {
                slice,
                coordinates: few,
                measured: measured.as_deref(),
            };
            each(prepared, &along, few.len())?;
        }
        Ok(())
    }

    /// Running statistics of every point: means over batches.
    fn measure(
        &self,
        slice: &Slice,
        coordinates: &[Coordinate],
        training: &Training,
    ) -> Result<Vec<Measured>> {
        let ready = self.ready(What::Statistics {
            directions: slice.directions.len(),
        })?;
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
