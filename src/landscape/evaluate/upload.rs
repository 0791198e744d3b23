//! Getting samples and slices onto a device: checks, batch sizes, number types.

use super::statistics::{Remeasure, STATISTICS_BATCH, TrainingPasses};
use super::{Evaluator, LoadedSlice, Split, Uploaded};
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::graph::{INPUT, Layer, Loss};
use crate::model::layers::Embedding;
use crate::model::loss::Targets;
use crate::model::params::Params;
use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::{DType, Int, Tensor, TensorData};
use std::sync::Arc;

/// Mesa's software Vulkan leaves a loop after 65,535 rounds without a word; the derivative of a
/// convolution's weight takes one for every sample and position.
const MOST_LOOPS: usize = 32_768;

impl Evaluator {
    /// Checks samples against the network and uploads them, if they take at most a quarter of the budget.
    ///
    /// `classes` is the number of classes of the data set.
    ///
    /// # Errors
    /// Says which input shape met which, or which label has no output.
    pub fn upload(&self, samples: &Arc<Samples>, classes: usize) -> Result<Split> {
        self.check(samples, classes)?;
        Ok(self.prepare(samples, self.batch_size()))
    }

    fn check(&self, samples: &Samples, classes: usize) -> Result<()> {
        let graph = self.network.graph();
        let expected = &graph.input;
        let (given, taken) = (
            samples.shape.iter().product::<usize>(),
            expected.iter().product::<usize>(),
        );
        let without_ones = |shape: &[usize]| -> Vec<usize> {
            shape
                .iter()
                .copied()
                .skip_while(|&extent| extent == 1)
                .collect()
        };
        if without_ones(&samples.shape) != without_ones(expected)
            && !(given == taken && (expected.len() == 1 || samples.shape.len() == 1))
        {
            return Err(Error::Model(format!(
                "the data's samples have shape {:?}, but the model {:?} takes {expected:?}; choose other data with --data, or another input in a model file",
                samples.shape, graph.name
            )));
        }
        if graph.loss == Loss::CrossEntropy && classes > self.network.outputs() {
            return Err(Error::Model(format!(
                "the data has {classes} classes, but the model {:?} has {} outputs",
                graph.name,
                self.network.outputs()
            )));
        }
        let needed = self
            .network
            .values_per_sample()
            .saturating_mul(self.dtype.size());
        if needed > self.memory {
            return Err(Error::Usage(format!(
                "one sample takes about {} MB on its way through the model {:?}, but --memory allows {} MB",
                needed >> 20,
                graph.name,
                self.memory >> 20
            )));
        }
        self.check_tokens(samples)?;
        if samples.is_empty() {
            return Err(Error::Model("the data has no samples in this split".into()));
        }
        Ok(())
    }

    /// Where a table is looked up with the inputs, they must be its row numbers.
    fn check_tokens(&self, samples: &Samples) -> Result<()> {
        let graph = self.network.graph();
        let reads_input = |index: usize, inputs: &[String]| {
            index == 0 && inputs.is_empty() || inputs.iter().any(|i| i == INPUT)
        };
        let width = samples.shape.iter().product::<usize>().max(1);
        for (index, node) in graph.layers.iter().enumerate() {
            let Layer::Embedding(Embedding { weight }) = &node.layer else {
                continue;
            };
            let table = self
                .network
                .layout()
                .iter()
                .find(|spec| spec.name == *weight);
            let rows = table
                .and_then(|spec| spec.shape.first())
                .map_or(0, |rows| *rows);
            let wrong = |v: &f32| v.fract() != 0.0 || *v < 0.0 || *v >= rows as f32;
            if reads_input(index, &node.inputs)
                && let Some(at) = samples.inputs.iter().position(wrong)
            {
                return Err(Error::Model(format!(
                    "layer {:?} looks up {rows} rows, but sample {} holds {}; tokens are whole numbers from 0 (--data-normalize none keeps them as they are)",
                    node.name,
                    at / width,
                    samples.inputs[at]
                )));
            }
        }
        Ok(())
    }

    /// Samples a batch: a share of the memory budget, and few enough that activations stay near the
    /// caches, where CPU devices are fastest.
    fn batch_size(&self) -> usize {
        const NEAR_CACHE: usize = 16 << 20;
        let per_sample = self.network.values_per_sample() * self.dtype.size();
        let budget = if self.is_cpu() {
            (self.memory / 4).min(NEAR_CACHE)
        } else {
            self.memory / 4
        };
        (budget / per_sample)
            .clamp(1, 8192)
            .max(if self.is_cpu() {
                32.min(self.memory / 4 / per_sample)
            } else {
                1
            })
            .max(1)
    }

    /// Samples a batch where every layer's output is kept for the way back.
    pub(super) fn gradient_batch(&self) -> usize {
        let bytes = |v: usize| v.saturating_mul(self.dtype.size()).max(1);
        // The output and its derivative, and what a layer needs of its input.
        let kept = bytes(3 * self.network.outputs_per_sample());
        let most = self.memory / 4 / (kept + bytes(self.network.values_per_sample()));
        let most = if self.is_software_gpu() {
            most.min(MOST_LOOPS / self.network.largest_map())
        } else {
            most
        };
        most.clamp(1, self.batch_size())
    }

    /// Whether this is a CPU behind a graphics driver.
    fn is_software_gpu(&self) -> bool {
        !self.is_cpu() && format!("{:?}", self.device).contains("Cpu")
    }

    fn is_cpu(&self) -> bool {
        let name = format!("{:?}", self.device).to_lowercase();
        name.contains("flex") || name.contains("ndarray")
    }

    pub(super) fn prepare(&self, samples: &Arc<Samples>, batch: usize) -> Split {
        let bytes = samples.inputs.len() * self.dtype.size();
        let mut split = Split {
            samples: Arc::clone(samples),
            batch: batch.min(samples.len()),
            resident: None,
        };
        if self.processor.is_none() && bytes <= self.memory / 4 {
            split.resident = Some(
                (0..split.batches())
                    .map(|i| self.batch(&split, i))
                    .collect(),
            );
        }
        split
    }

    /// One batch on the device.
    pub(super) fn batch(&self, split: &Split, index: usize) -> (Value, Targets) {
        let samples = &split.samples;
        let start = index * split.batch;
        let count = split.batch.min(samples.len() - start);
        let width: usize = samples.shape.iter().product();
        let inputs = &samples.inputs[start * width..(start + count) * width];
        // The usual case copies; only double precision converts.
        let flat = match self.dtype {
            DType::F32 => {
                let data = TensorData::new(inputs.to_vec(), [count * width]);
                Tensor::from_data(data, (&self.device, self.dtype))
            }
            _ => self.tensor(inputs.iter().map(|&v| f64::from(v)), count * width),
        };
        let graph = self.network.graph();
        let dims: Vec<usize> = std::iter::once(count)
            .chain(graph.input.iter().copied())
            .collect();
        let input = Value::Rank2(flat.reshape([count, width])).reshape(&dims);
        let labels = &samples.labels[start..start + count];
        let targets = match graph.loss {
            Loss::CrossEntropy => {
                let labels: Vec<i32> = labels
                    .iter()
                    .map(|&l| i32::try_from(l).unwrap_or(0))
                    .collect();
                let data = TensorData::new(labels, [count, 1]);
                Targets::Classes(Tensor::<2, Int>::from_data(data, &self.device))
            }
            Loss::BinaryCrossEntropy { positive_from } => {
                let flat = self.tensor(
                    labels
                        .iter()
                        .map(|&l| f64::from(u8::from(l >= positive_from))),
                    count,
                );
                Targets::Binary(flat.reshape([count, 1]))
            }
        };
        (input, targets)
    }

    fn check_statistics(&self, samples: usize, batch: usize) -> Result<()> {
        if samples < 2 {
            return Err(Error::Usage(
                "running statistics can't be measured on a single training sample: it has no variance"
                    .into(),
            ));
        }
        let each = self
            .network
            .values_per_sample()
            .saturating_mul(self.dtype.size());
        let bytes = each.saturating_mul(batch);
        if batch > STATISTICS_BATCH && bytes > self.memory {
            return Err(Error::Usage(format!(
                "measuring running statistics in batches of {batch} samples takes about {} MB, but --memory allows {} MB; take a smaller --statistics-batch, or raise --memory",
                bytes >> 20,
                self.memory >> 20
            )));
        }
        Ok(())
    }

    /// Numbers on the device in the evaluator's type, rounded once.
    pub(super) fn tensor(&self, values: impl Iterator<Item = f64>, count: usize) -> Tensor<1> {
        let data = match self.dtype {
            DType::F64 => TensorData::new(values.collect::<Vec<f64>>(), [count]),
            _ => TensorData::new(values.map(|v| v as f32).collect::<Vec<f32>>(), [count]),
        };
        Tensor::from_data(data, (&self.device, self.dtype))
    }

    /// All trained tensors of `params` one after the other.
    pub(super) fn flat(&self, params: &Params) -> Tensor<1> {
        self.tensor(
            params.trainable().flat_map(|(_, v)| v.iter().copied()),
            params.count(),
        )
    }

    /// Uploads a slice. `train` is needed where statistics are recomputed, in the usual way.
    ///
    /// # Errors
    /// As [`Evaluator::load_measured`].
    pub fn load(&self, slice: Slice, train: Option<&Arc<Samples>>) -> Result<LoadedSlice> {
        self.load_measured(slice, train, Remeasure::default())
    }

    /// As [`Evaluator::load`], with statistics that are recomputed as `how` says.
    ///
    /// # Errors
    /// Where statistics are to be recomputed but no training samples were given, or too few, or their
    /// batches take more memory than there is.
    pub fn load_measured(
        &self,
        slice: Slice,
        train: Option<&Arc<Samples>>,
        how: Remeasure,
    ) -> Result<LoadedSlice> {
        let recompute = slice.buffers == Buffers::Recompute && self.network.has_statistics();
        let statistics = match (recompute, train) {
            (false, _) => None,
            (true, Some(samples)) => {
                let batch = how.batch(samples.len());
                self.check_statistics(samples.len(), batch)?;
                Some(TrainingPasses {
                    split: self.prepare(samples, batch),
                    weights: how.statistics_weights,
                })
            }
            (true, None) => {
                return Err(Error::Usage(
                    "recomputed statistics need training samples".into(),
                ));
            }
        };
        let uploaded = self.processor.is_none().then(|| self.uploaded(&slice));
        Ok(LoadedSlice {
            slice,
            uploaded,
            statistics,
        })
    }

    fn uploaded(&self, slice: &Slice) -> Uploaded {
        let mut buffers = Weights::default();
        let tensors = slice.origin.tensors();
        for (spec, values) in tensors.filter(|(spec, _)| !spec.is_trainable()) {
            let flat = self.tensor(values.iter().copied(), values.len());
            buffers.insert(&spec.name, flat, &spec.shape);
        }
        let moves = |d: &Params| d.trainable().any(|(_, v)| v.iter().any(|x| *x != 0.0));
        let directions = slice.directions.iter();
        Uploaded {
            origin: self.flat(&slice.origin),
            directions: directions.map(|d| moves(d).then(|| self.flat(d))).collect(),
            buffers,
        }
    }
}

impl Split {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Never true: empty splits are refused.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub(super) fn batches(&self) -> usize {
        self.samples.len().div_ceil(self.batch)
    }

    pub(super) fn get(&self, evaluator: &Evaluator, index: usize) -> (Value, Targets) {
        match &self.resident {
            Some(batches) => batches[index].clone(),
            None => evaluator.batch(self, index),
        }
    }
}
