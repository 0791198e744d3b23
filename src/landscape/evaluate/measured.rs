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

/// How far measured statistics lie from kept ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apart {
    /// Root mean square over channels of the difference of means, in kept standard deviations.
    pub means: f64,
    /// Geometric mean over channels of measured over kept variance.
    pub variances: f64,
    /// Root mean square over channels of the logarithm of measured over kept deviation.
    pub spreads: f64,
}

impl Statistics {
    /// How far they lie apart. A variance counts from a thousandth of its layer's mean, for of channels that do
    /// nothing there is nothing to be learnt.
    pub fn apart(&self) -> Apart {
        let [means, variances] = &self.kept;
        let [own_means, own_variances] = &self.measured;
        let count = variances.len().max(1) as f64;
        let least = 1e-3 * variances.iter().sum::<f64>() / count + f64::MIN_POSITIVE;
        let (mut shifts, mut logarithms, mut squares) = (0.0, 0.0, 0.0);
        let kept = means.iter().zip(variances);
        for ((mean, variance), (own_mean, own_variance)) in
            kept.zip(own_means.iter().zip(own_variances))
        {
            let (kept, own) = (variance.max(0.0) + least, own_variance.max(0.0) + least);
            let logarithm = (own / kept).ln();
            shifts += (own_mean - mean).powi(2) / kept;
            logarithms += logarithm;
            squares += (0.5 * logarithm).powi(2);
        }
        Apart {
            means: (shifts / count).sqrt(),
            variances: (logarithms / count).exp(),
            spreads: (squares / count).sqrt(),
        }
    }
}

/// How far the statistics of all `layers` lie apart, as one number: the root mean square over layers of
/// [`Apart::means`] and [`Apart::spreads`] together. 0: the same; 0.1: about a tenth of a deviation; infinite where
/// some aren't finite.
pub fn distance(layers: &[Statistics]) -> f64 {
    let each = layers.iter().map(Statistics::apart);
    let squares = each.map(|apart| apart.means.powi(2) + apart.spreads.powi(2));
    let found = (squares.sum::<f64>() / layers.len().max(1) as f64).sqrt();
    if found.is_finite() {
        found
    } else {
        f64::INFINITY
    }
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
