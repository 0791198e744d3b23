//! The evaluator: a slice and many coordinates in, metrics out.
//!
//! [`Evaluator::evaluate`] takes many points at once by design; how it gets there is its own
//! business. In place of burn's `flex` device the network's programs run on the processor itself
//! (`processor`); every other device forms one point after another as two or three fused vector
//! operations over all weights and runs the batches through burn's layers. Memory is bounded: batches
//! are sized from the budget, and a data set larger than a quarter of it stays on the host and passes
//! through in pieces.

pub mod gradient;
mod hessian;
mod point;
mod processor;
mod programs;
mod samples;
mod source;
pub mod statistics;
mod upload;

use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::Slice;
use crate::model::Network;
use crate::model::forward::{self, Statistics};
use crate::model::loss::{Targets, loss_and_correct};
use crate::model::losses::Totals;
use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::{DType, Device, Tensor};
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
    device: Device,
    dtype: DType,
    memory: usize,
    /// The network's programs on the processor, where the device is burn's `flex`.
    processor: Option<Arc<dyn processor::Processor>>,
}

/// One split, checked against a network and uploaded, or ready to pass through in pieces.
#[derive(Debug, Clone)]
pub struct Split {
    samples: Arc<Samples>,
    /// What sums over them are held against.
    totals: Totals,
    batch: usize,
    resident: Option<Vec<(Value, Targets)>>,
}

/// A slice on a device.
#[derive(Debug)]
pub struct LoadedSlice {
    slice: Slice,
    /// Its tensors on the device, where points are formed there.
    uploaded: Option<Uploaded>,
    /// The training split in batches, where statistics are recomputed.
    statistics: Option<statistics::TrainingPasses>,
}

/// A slice's tensors on a device.
#[derive(Debug)]
struct Uploaded {
    origin: Tensor<1>,
    directions: Vec<Option<Tensor<1>>>,
    /// The origin's buffers.
    buffers: Weights,
}

/// Losses and counts on their way from the device.
struct Pending {
    /// Sum of the loss and number of right answers, one a point and split.
    sums: Vec<[f64; 2]>,
    /// Batches not yet read, with the index of their sum.
    tensors: Vec<(usize, Tensor<1>)>,
}

impl Pending {
    /// `count` sums, all zero.
    fn new(count: usize) -> Self {
        Self {
            sums: vec![[0.0; 2]; count],
            tensors: Vec::new(),
        }
    }
}

impl Evaluator {
    /// `memory` bounds what batches may take on the device, in bytes.
    pub fn new(
        network: Arc<Network>,
        device: Device,
        precision: Precision,
        memory: usize,
    ) -> Result<Self> {
        let dtype = match precision {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        };
        if !device.supports_dtype(dtype) {
            return Err(Error::Device(format!(
                "{device:?} can't compute in double precision; use --precision f32, or --device flex for f64"
            )));
        }
        let on_flex = format!("{device:?}").to_lowercase().contains("flex");
        let double = precision == Precision::F64;
        let processor = on_flex.then(|| processor::processor(&network, double, memory));
        Ok(Self {
            network,
            device,
            dtype,
            memory,
            processor: processor.flatten(),
        })
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
        let sums = match &self.processor {
            Some(processor) => {
                let samples: Vec<&Samples> = splits.iter().map(|s| s.samples.as_ref()).collect();
                processor.losses(&slice.slice, coordinates, &samples, slice.training())?
            }
            None => self.sums(slice, coordinates, splits)?,
        };
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

    /// Sum of the loss and number of right answers, one a coordinate and split.
    fn sums(
        &self,
        slice: &LoadedSlice,
        coordinates: &[Coordinate],
        splits: &[&Split],
    ) -> Result<Vec<[f64; 2]>> {
        let mut pending = Pending::new(coordinates.len() * splits.len());
        for (row, coordinate) in coordinates.iter().enumerate() {
            let weights = self.weights_at(slice, coordinate)?;
            for (column, split) in splits.iter().enumerate() {
                for index in 0..split.batches() {
                    let (input, targets) = split.get(self, index);
                    let logits = forward::run(&self.network, &weights, input, Statistics::Running);
                    pending.tensors.push((
                        row * splits.len() + column,
                        loss_and_correct(logits, &targets),
                    ));
                    if split.resident.is_none() {
                        // A device that queues its work would keep every uploaded batch alive.
                        settle(&mut pending)?;
                    }
                }
            }
        }
        settle(&mut pending)?;
        Ok(pending.sums)
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
        if let Some(processor) = &self.processor {
            let coordinate = coordinate.to_vec();
            let training = slice.training();
            return processor.logits(&slice.slice, &coordinate, &split.samples, training);
        }
        let weights = self.weights_at(slice, coordinate)?;
        let mut all = Vec::with_capacity(split.samples.len() * self.network.outputs());
        for index in 0..split.batches() {
            let (input, _) = split.get(self, index);
            let logits = forward::run(&self.network, &weights, input, Statistics::Running);
            let count: usize = logits.dims().iter().product();
            all.extend(read_all(vec![logits.reshape([count])])?);
        }
        Ok(all)
    }
}

impl Evaluator {
    /// Returns when the device has done what it was given.
    fn wait(&self) -> Result<()> {
        self.device
            .sync()
            .map_err(|e| Error::Device(format!("the device failed while computing: {e:?}")))
    }
}

/// Many small tensors in one transfer.
fn read_all(tensors: Vec<Tensor<1>>) -> Result<Vec<f64>> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let data = Tensor::cat(tensors, 0)
        .try_into_data()
        .map_err(|e| Error::Device(format!("the device failed while computing: {e:?}")))?;
    Ok(data.convert::<f64>().iter::<f64>().collect())
}

/// Reads what is pending in one transfer and adds it to the sums, in f64.
fn settle(pending: &mut Pending) -> Result<()> {
    let (slots, tensors): (Vec<usize>, Vec<Tensor<1>>) =
        std::mem::take(&mut pending.tensors).into_iter().unzip();
    let values = read_all(tensors)?;
    for (slot, pair) in slots.into_iter().zip(values.chunks_exact(2)) {
        pending.sums[slot][0] += pair[0];
        pending.sums[slot][1] += pair[1];
    }
    Ok(())
}

impl LoadedSlice {
    /// The slice as it was given.
    pub fn slice(&self) -> &Slice {
        &self.slice
    }

    /// What running statistics are measured on, where they are.
    fn training(&self) -> Option<processor::Training<'_>> {
        let over = self.statistics.as_ref()?;
        Some(processor::Training {
            samples: &over.split.samples,
            batch: over.split.batch,
            by_samples: over.weights == statistics::BatchWeights::Sample,
        })
    }
}
