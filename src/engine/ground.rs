//! A plane of parameter space that points are put on: where others lie seen from it, and its own points as
//! weights.
//!
//! It is handed from the thread that computes the plane to those that train, past the window, which holds it
//! without looking into it.

use crate::checkpoint::{Array, DATA_TEXT, MODEL_TEXT, Values};
use crate::engine::inputs::open_checkpoint;
use crate::error::Result;
use crate::landscape::slice::Slice;
use crate::model::params::Params;
use crate::model::{Network, file};
use crate::store::safetensors;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A plane and the network it belongs to.
pub struct Ground {
    slice: Arc<Slice>,
    network: Arc<Network>,
    assumed: Vec<String>,
    data: String,
}

/// A point seen from a plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Coordinates of the nearest point of the plane.
    pub at: [f64; 2],
    /// L2 distance from the plane, over trained tensors.
    pub away: f64,
}

impl Ground {
    /// A plane of `network`; `assumed`: what its file says was assumed; `data`: what its losses are taken over, in words.
    pub fn new(
        slice: Arc<Slice>,
        network: Arc<Network>,
        assumed: Vec<String>,
        data: String,
    ) -> Self {
        Self {
            slice,
            network,
            assumed,
            data,
        }
    }

    /// Where a point lies; `None` where it belongs to another network.
    pub fn see(&self, point: &Params) -> Option<Seen> {
        if point.layout() != self.slice.origin.layout() {
            return None;
        }
        let seen = self.slice.project(point);
        let at = |index: usize| seen.coordinate.get(index).copied().unwrap_or(0.0);
        Some(Seen {
            at: [at(0), at(1)],
            away: seen.distance,
        })
    }

    /// The point in a checkpoint.
    ///
    /// # Errors
    /// Where it can't be read, or belongs to another network.
    pub fn read(&self, path: &Path) -> Result<Params> {
        let state = open_checkpoint(path, None)?;
        self.network.params(&state).map(|(point, _)| point)
    }

    /// Writes the point at coordinates of the plane as a checkpoint that carries its network.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn write(&self, at: [f64; 2], path: &Path) -> Result<()> {
        let (point, _) = self.slice.at(&at);
        let tensors = point.tensors().filter_map(|(spec, values)| {
            let array = Array::new(spec.shape.clone(), Values::F64(values.to_vec()))?;
            Some((spec.name.clone(), array))
        });
        let tensors: Vec<(String, Array)> = tensors.collect();
        let model = file::write(self.network.graph(), &self.assumed);
        safetensors::write_with(
            path,
            &tensors,
            &[(MODEL_TEXT, &model), (DATA_TEXT, &self.data)],
        )
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}
