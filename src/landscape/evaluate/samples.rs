//! Gradients of chosen samples, and norms of the gradients of single ones.

use super::gradient::NetworkObjective;
use super::hessian::add;
use super::{Split, read_all};
use crate::error::{Error, Result};
use crate::landscape::noise::Sampled;
use crate::model::params::TensorSpec;
use crate::model::reverse::{self, Gradients, Tape, samples};
use crate::model::tangent::Mode;
use crate::model::weights::Weights;
use burn::tensor::Tensor;
use std::ops::Range;
use std::sync::Arc;

impl NetworkObjective {
    /// Some of the samples, in the order given, for one pass.
    fn chosen(&self, indices: &[usize]) -> Split {
        let all = &self.split.samples;
        Split {
            batch: indices.len().max(1),
            samples: Arc::new(all.select(indices)),
            totals: self.split.totals,
            resident: None,
        }
    }

    /// What a sample's loss is multiplied by, so that the samples' mean is the split's: 1 where a sample
    /// weighs 1.
    fn per_sample(&self) -> f64 {
        self.split.len() as f64 / self.split.totals.weight
    }

    /// One pass over `indices`, each with a weight. The samples of a batch in train mode would share
    /// their statistics, so the running ones are used.
    fn pass(&self, weights: &Weights, indices: &[usize], factors: Option<&[f64]>) -> Tape {
        let split = self.chosen(indices);
        let (input, targets) = self.evaluator.batch(&split, 0);
        let scale = factors.map(|w| {
            let flat = self.evaluator.tensor(w.iter().copied(), w.len());
            flat.reshape([w.len(), 1])
        });
        let network = &self.evaluator.network;
        reverse::record(network, weights, input, &targets, Mode::Running, scale)
    }

    /// Samples whose gradients may be unfolded at once.
    fn samples_at_once(&self) -> usize {
        let network = &self.evaluator.network;
        let largest = self.layout.iter().map(TensorSpec::len).max().unwrap_or(1);
        let values = 3 * network.outputs_per_sample() + network.values_per_sample() + largest;
        let bytes = (2 * values * self.evaluator.dtype.size()).max(1);
        (self.evaluator.memory / 4 / bytes).clamp(1, self.split.batch)
    }

    /// Tensor by tensor in the order of the parameters, all of `count` values.
    fn columns(&self, mut found: Vec<(String, Tensor<1>)>, count: usize) -> Result<Vec<Vec<f64>>> {
        let trained = self.layout.iter().filter(|spec| spec.is_trainable());
        let zero = self
            .evaluator
            .tensor(std::iter::repeat_n(0.0, count), count);
        let ordered = trained.map(|spec| {
            let at = found.iter().position(|(name, _)| *name == spec.name);
            at.map_or_else(|| zero.clone(), |at| found.swap_remove(at).1)
        });
        let ordered: Vec<Tensor<1>> = ordered.collect();
        let tensors = ordered.len();
        let flat = read_all(ordered)?;
        let row = |i: usize| (0..tensors).map(|t| flat[t * count + i]).collect();
        Ok((0..count).map(row).collect())
    }
}

/// ‖g‖², in pieces that burn adds up on one core each: where it takes several, which partial sums meet
/// first is a matter of the cores.
fn square(g: Tensor<1>) -> Tensor<1> {
    const PIECE: usize = 1 << 20;
    let squares = g.clone() * g;
    let [n] = squares.dims();
    let piece = |from: usize| {
        let part = squares.clone().narrow(0, from, PIECE.min(n - from));
        part.sum()
    };
    let sums: Vec<Tensor<1>> = (0..n).step_by(PIECE).map(piece).collect();
    Tensor::cat(sums, 0).sum()
}

impl Sampled for NetworkObjective {
    fn samples(&self) -> usize {
        self.split.len()
    }

    fn tensors(&self) -> Vec<(String, usize)> {
        let trained = self.layout.iter().filter(|spec| spec.is_trainable());
        trained.map(|s| (s.name.clone(), s.len())).collect()
    }

    fn weighted_gradient(
        &mut self,
        x: &[f64],
        samples: &[usize],
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let own = self.per_sample();
        let weights: Vec<f64> = weights.iter().map(|w| own * w).collect();
        let weights = weights.as_slice();
        if let Some(processor) = &self.processor {
            let chosen = self.chosen(samples).samples;
            let here = self.here(x).in_eval_mode();
            return Ok(processor.gradient(here, &chosen, Some(weights))?.1);
        }
        let theta = self.weights(&self.tensors_at(x));
        let mut sums = Gradients::new();
        let most = self.split.batch;
        for (indices, factors) in samples.chunks(most).zip(weights.chunks(most)) {
            let tape = self.pass(&theta, indices, Some(factors));
            add(&mut sums, tape.gradients);
            self.evaluator.wait()?;
        }
        self.sum_of(sums, &theta)
    }

    fn squared_norms(&mut self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let mut all = self.summed_norms(x, samples)?;
        let own = self.per_sample().powi(2);
        all.iter_mut().flatten().for_each(|norm| *norm *= own);
        Ok(all)
    }
}

impl NetworkObjective {
    /// Squared norms of the gradients of samples' losses, each a sum over its positions.
    fn summed_norms(&self, x: &[f64], samples: Range<usize>) -> Result<Vec<Vec<f64>>> {
        let indices: Vec<usize> = samples.collect();
        if let Some(processor) = &self.processor {
            let chosen = self.chosen(&indices).samples;
            let found = processor.squared_norms(self.here(x).in_eval_mode(), &chosen);
            // Slopes of a whole block may not fit where those of one sample do.
            if !matches!(found, Err(Error::Usage(_))) {
                return found;
            }
        }
        let theta = self.weights(&self.tensors_at(x));
        let network = Arc::clone(&self.evaluator.network);
        let mut all = Vec::with_capacity(indices.len());
        if samples::has_rules(&network) {
            for chunk in indices.chunks(self.samples_at_once()) {
                let tape = self.pass(&theta, chunk, None);
                let found = samples::squared_norms(&network, &tape, &theta);
                all.extend(self.columns(found, chunk.len())?);
            }
            return Ok(all);
        }
        // Other kinds of layers: one sample after the other.
        for index in indices {
            let tape = self.pass(&theta, &[index], None);
            let squares = tape
                .gradients
                .into_iter()
                .map(|(name, g)| (name, square(g)))
                .collect();
            all.extend(self.columns(squares, 1)?);
        }
        Ok(all)
    }
}
