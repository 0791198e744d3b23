//! One point of a slice on a device: its weights, and its running statistics.

use super::{Evaluator, LoadedSlice, Split};
use crate::error::{Error, Result};
use crate::landscape::slice::Buffers;
use crate::model::forward::{self, Statistics};
use crate::model::weights::Weights;

impl Evaluator {
    /// The network's tensors at one point.
    pub(super) fn weights_at(&self, loaded: &LoadedSlice, coordinate: &[f64]) -> Result<Weights> {
        let mut flat = loaded.origin.clone();
        for (direction, &c) in loaded.directions.iter().zip(coordinate) {
            if let Some(direction) = direction {
                flat = flat + direction.clone().mul_scalar(c);
            }
        }
        let mut weights = loaded.buffers.clone();
        let mut offset = 0;
        let layout = loaded.slice.origin.layout();
        for spec in layout.iter().filter(|s| s.is_trainable()) {
            weights.insert(
                &spec.name,
                flat.clone().narrow(0, offset, spec.len()),
                &spec.shape,
            );
            offset += spec.len();
        }
        if loaded.slice.buffers == Buffers::Interpolate && self.network.has_statistics() {
            let (point, _) = loaded.slice.at(coordinate);
            for (spec, values) in point.tensors().filter(|(spec, _)| !spec.is_trainable()) {
                weights.insert(
                    &spec.name,
                    self.tensor(values.iter().copied(), values.len()),
                    &spec.shape,
                );
            }
        }
        if let Some(split) = &loaded.statistics {
            self.measure_statistics(&mut weights, split)?;
        }
        Ok(weights)
    }

    /// Replaces running statistics by what train-mode passes over `split` measure: the mean over
    /// batches of each batch's mean and unbiased variance.
    fn measure_statistics(&self, weights: &mut Weights, split: &Split) -> Result<()> {
        let mut totals: Vec<forward::BatchStatistics> = Vec::new();
        // A last batch of one sample has no variance; PyTorch refuses it, the others outweigh it.
        let lone = split.len() % split.batch == 1 && split.batches() > 1;
        let batches = split.batches() - usize::from(lone);
        for index in 0..batches {
            let (input, _) = split.get(self, index);
            let mut measured = Vec::new();
            let _ = forward::run(
                &self.network,
                weights,
                input,
                Statistics::Batch(&mut measured),
            );
            if totals.is_empty() {
                totals = measured;
            } else {
                for (total, new) in totals.iter_mut().zip(measured) {
                    total.mean = total.mean.clone() + new.mean;
                    total.variance = total.variance.clone() + new.variance;
                }
            }
            if split.resident.is_none() {
                self.device.sync().map_err(|e| {
                    Error::Device(format!("the device failed while computing: {e:?}"))
                })?;
            }
        }
        let share = 1.0 / batches as f64;
        for total in totals {
            let channels = total.mean.dims();
            weights.insert(&total.running_mean, total.mean.mul_scalar(share), &channels);
            weights.insert(
                &total.running_var,
                total.variance.mul_scalar(share),
                &channels,
            );
        }
        Ok(())
    }
}
