//! The evaluator: a slice and many coordinates in, metrics out.
//!
//! [`Evaluator::evaluate`] takes many points at once by design. Everything that is asked of a network is a
//! program, composed of what its layers and its loss are lowered to, derivatives and simplifications
//! (`programs`), and run by a backend (`prepared`), whichever device that is on. Memory is bounded:
//! samples pass through in batches that fit the budget.

mod along;
pub mod gradient;
pub mod measured;
mod point;
mod prepared;
mod programs;
mod samples;
mod source;
pub mod statistics;
mod still;
pub mod training;
mod upload;

use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::Slice;
use crate::model::Network;
use crate::model::losses::Totals;
use crate::model::run::{Device, Trouble, lanes};
use prepared::Programs;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The number type of a computation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision, on every device.
    #[default]
    F32,
    /// Double precision, on CPU devices.
    F64,
}

/// Mean loss and score over one split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean loss in the loss's unit; infinite or NaN where the network's outputs overflow.
    pub loss: f64,
    /// The loss's [`crate::model::losses::Score`]: the fraction of right answers, or R².
    #[serde(alias = "accuracy")]
    pub score: f64,
}

/// A network on a device, ready to take slices and samples.
#[derive(Debug, Clone)]
pub struct Evaluator {
    network: Arc<Network>,
    programs: Arc<Programs>,
    precision: Precision,
    /// Whether the processor computes.
    processor: bool,
    trouble: Trouble,
}

/// One split, checked against a network.
#[derive(Debug, Clone)]
pub struct Split {
    samples: Arc<Samples>,
    /// What sums over them are held against.
    totals: Totals,
}

/// A slice that a network can be evaluated along.
#[derive(Debug)]
pub struct LoadedSlice {
    slice: Arc<Slice>,
    /// The training split, where statistics are recomputed.
    training: Option<statistics::Training>,
    /// What its points share.
    stills: still::Stills,
}

impl Evaluator {
    /// `memory` bounds what data and values may take on the device, in bytes. Where a GPU fails later, the
    /// processor goes on ([`Evaluator::trouble`]).
    ///
    /// # Errors
    /// Where the device has no such numbers, or a layer has too many positions.
    pub fn new(
        network: Arc<Network>,
        device: Device,
        precision: Precision,
        memory: usize,
    ) -> Result<Self> {
        let trouble = Trouble::default();
        let reserve = Some(&trouble);
        let programs = programs(&network, &device, precision, memory, reserve)?;
        Ok(Self {
            network,
            programs: Arc::new(programs),
            precision,
            processor: matches!(device, Device::Lanes),
            trouble,
        })
    }

    /// The same network on another device, for points that both share. Where that device fails, its error is
    /// the caller's: who shares has others to turn to.
    ///
    /// # Errors
    /// As [`Evaluator::new`].
    pub fn on(&self, device: &Device) -> Result<Self> {
        let memory = self.programs.memory();
        let programs = programs(&self.network, device, self.precision, memory, None)?;
        Ok(Self {
            programs: Arc::new(programs),
            processor: matches!(device, Device::Lanes),
            trouble: Trouble::default(),
            ..self.clone()
        })
    }

    /// Why the device isn't used any more, once it has failed: the processor has gone on since.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.why()
    }

    /// Does jobs `0..count` that each ask this evaluator, side by side where the processor computes: each alone
    /// on a thread. A device of another kind takes one after the other. Results are in the order of the jobs,
    /// and the same in either case.
    pub fn each<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
        if self.processor {
            lanes::each_alone(count, work)
        } else {
            (0..count).map(work).collect()
        }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Metrics of every coordinate over every split: one row a coordinate, one entry a split.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn evaluate(
        &self,
        slice: &LoadedSlice,
        coordinates: &[Coordinate],
        splits: &[&Split],
    ) -> Result<Vec<Vec<Metrics>>> {
        let samples: Vec<&Arc<Samples>> = splits.iter().map(|s| &s.samples).collect();
        let sums = self.programs.losses(slice, coordinates, &samples)?;
        let mut sums = sums.into_iter();
        let row = |_| {
            let entry = |split: &&Split| {
                let sums = sums.next().unwrap_or([f64::NAN; 2]);
                let [loss, score] = split.totals.metrics(sums);
                Metrics { loss, score }
            };
            splits.iter().map(entry).collect()
        };
        Ok(coordinates.iter().map(row).collect())
    }

    /// Outputs (logits) of every sample at one coordinate, row by row: `[n × outputs]`.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn logits(
        &self,
        slice: &LoadedSlice,
        coordinate: &[f64],
        split: &Split,
    ) -> Result<Vec<f64>> {
        let coordinate = coordinate.to_vec();
        self.programs.logits(slice, &coordinate, &split.samples)
    }
}

/// A network's programs on a device.
fn programs(
    network: &Arc<Network>,
    device: &Device,
    precision: Precision,
    memory: usize,
    reserve: Option<&Trouble>,
) -> Result<Programs> {
    let double = precision == Precision::F64;
    if double && !device.is_double() {
        return Err(Error::Device(
            "this device can't compute in double precision; use --precision f32, or --device flex for f64".into(),
        ));
    }
    Programs::new(network, device, double, memory, reserve)
}

impl LoadedSlice {
    /// The slice as it was given.
    pub fn slice(&self) -> &Slice {
        &self.slice
    }

    /// The same for whoever keeps it: nothing is copied.
    pub fn shared(&self) -> Arc<Slice> {
        Arc::clone(&self.slice)
    }

    /// The same slice for another device, which keeps values of its own.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            slice: Arc::clone(&self.slice),
            training: self.training.clone(),
            stills: still::Stills::default(),
        }
    }
}
