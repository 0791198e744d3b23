//! The statistics that data give to every normalisation layer, beside those that a checkpoint keeps.
//!
//! Under the network that a checkpoint was trained as, both are nearly the same; under another they
//! aren't. What follows from that is for others to say.

use super::{Evaluator, LoadedSlice};
use crate::error::{Error, Result};
use crate::landscape::slice::Slice;

/// Mean and variance of every channel before one normalisation layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Name of the layer's running mean.
    pub name: String,
    /// Kept in the checkpoint: means, variances.
    pub kept: [Vec<f64>; 2],
    /// Measured on the data in train mode, as `torch.optim.swa_utils.update_bn` does.
    pub measured: [Vec<f64>; 2],
}

impl Evaluator {
    /// The statistics at the origin of a slice that was loaded with [`crate::landscape::slice::Buffers::Recompute`];
    /// empty where the network keeps none.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn statistics(&self, loaded: &LoadedSlice) -> Result<Vec<Statistics>> {
        let Some(training) = &loaded.training else {
            return Ok(Vec::new());
        };
        let slice: &Slice = &loaded.slice;
        let origin = vec![0.0; slice.directions.len()];
        let measured = self.programs.measure(slice, &[origin], training)?;
        let missing = || Error::Model("no statistics were measured".into());
        let found = measured.first().ok_or_else(missing)?;
        let layers = self.programs.layers_measured()?;
        let layers = layers.into_iter().map(|places| {
            let own = |place: usize| found.get(&place).cloned().ok_or_else(missing);
            Ok(Statistics {
                name: self.network.layout()[places[0]].name.clone(),
                kept: places.map(|place| slice.origin.at(place).to_vec()),
                measured: [own(places[0])?, own(places[1])?],
            })
        });
        layers.collect()
    }
}
