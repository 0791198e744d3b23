//! What samples and slices a network takes.

use super::statistics::{Remeasure, Training};
use super::still::Stills;
use super::{Evaluator, LoadedSlice, Split};
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::graph::{INPUT, Layer, Loss};
use crate::model::layers::Embedding;
use std::sync::Arc;

impl Evaluator {
    /// Checks samples against the network.
    ///
    /// `classes` is the number of classes of the data set.
    ///
    /// # Errors
    /// Says which input shape met which, or which label has no output.
    pub fn upload(&self, samples: &Arc<Samples>, classes: usize) -> Result<Split> {
        self.check(samples, classes)?;
        Ok(Split {
            samples: Arc::clone(samples),
            totals: self.network.graph().loss.totals(samples),
        })
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
        if let (Loss::CrossEntropy(own), [outputs]) = (&graph.loss, self.network.output())
            && own.ignore.is_none()
            && classes > *outputs
        {
            return Err(Error::Model(format!(
                "the data has {classes} classes, but the model {:?} has {outputs} outputs",
                graph.name
            )));
        }
        let fits = graph.loss.fits(self.network.output(), samples);
        fits.map_err(Error::Model)?;
        self.check_tokens(samples)?;
        if samples.is_empty() {
            return Err(Error::Model("the data has no samples in this split".into()));
        }
        self.programs.check()
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
            let rows = self.rows(weight);
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

    /// The first extent of a tensor, be it stored or made of stored ones.
    fn rows(&self, name: &str) -> usize {
        let stored = |name: &str| {
            let mut layout = self.network.layout().iter();
            layout.find(|spec| spec.name == name)
        };
        let stored = |name: &str| stored(name).map(|spec| spec.shape.as_slice());
        let mut made = self.network.graph().parametrised.iter();
        let shape = match made.find(|entry| entry.name == name) {
            Some(entry) => entry.parametrisation.shape(&stored).ok(),
            None => stored(name).map(<[usize]>::to_vec),
        };
        let rows = shape.and_then(|shape| shape.first().copied());
        rows.unwrap_or(0)
    }

    /// A slice to evaluate along. `train` is needed where statistics are recomputed, in the usual way.
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
        let training = match (recompute, train) {
            (false, _) => None,
            (true, Some(samples)) => {
                if samples.len() < 2 {
                    return Err(Error::Usage(
                        "running statistics can't be measured on a single training sample: it has no variance"
                            .into(),
                    ));
                }
                let batch = how.batch(samples.len());
                self.programs
                    .check_statistics(slice.directions.len(), batch)?;
                Some(Training {
                    samples: Arc::clone(samples),
                    batch,
                    weights: how.statistics_weights,
                })
            }
            (true, None) => {
                return Err(Error::Usage(
                    "recomputed statistics need training samples".into(),
                ));
            }
        };
        Ok(LoadedSlice {
            slice: Arc::new(slice),
            training,
            stills: Stills::default(),
        })
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
}
