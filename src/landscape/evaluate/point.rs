//! One point of a slice on a device: its weights, and its running statistics.

use super::{Evaluator, LoadedSlice};
use crate::error::{Error, Result};
use crate::landscape::slice::Buffers;
use crate::model::weights::Weights;

impl Evaluator {
    /// The network's tensors at one point.
    pub(super) fn weights_at(&self, loaded: &LoadedSlice, coordinate: &[f64]) -> Result<Weights> {
        let Some(uploaded) = &loaded.uploaded else {
            return Err(Error::Device(
                "the slice was loaded for another device".into(),
            ));
        };
        let mut flat = uploaded.origin.clone();
        for (direction, &c) in uploaded.directions.iter().zip(coordinate) {
            if let Some(direction) = direction {
                flat = flat + direction.clone().mul_scalar(c);
            }
        }
        let mut weights = uploaded.buffers.clone();
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
        if let Some(over) = &loaded.statistics {
            self.measure_statistics(&mut weights, over)?;
        }
        Ok(weights)
    }
}
