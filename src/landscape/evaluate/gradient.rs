//! The loss of a network as a function of its parameters, with gradients.

use super::{Evaluator, Split, read_all};
use crate::error::Result;
use crate::landscape::objective::Objective;
use crate::model::forward::{self, Statistics};
use crate::model::loss::loss_and_correct;
use crate::model::params::Params;
use crate::model::tangent::Mode;
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// Mean loss over a split.
pub struct NetworkObjective<'a> {
    evaluator: &'a Evaluator,
    split: &'a Split,
    buffers: Weights,
    dimension: usize,
    /// Where normalisation statistics come from in Hessian-vector products.
    pub mode: Mode,
}

impl<'a> NetworkObjective<'a> {
    /// Buffers are those of `origin`.
    pub fn new(evaluator: &'a Evaluator, split: &'a Split, origin: &Params) -> Self {
        let mut buffers = Weights::default();
        for (spec, values) in origin.tensors().filter(|(spec, _)| !spec.is_trainable()) {
            buffers.insert(
                &spec.name,
                evaluator.tensor(values.iter().copied(), values.len()),
                &spec.shape,
            );
        }
        Self {
            evaluator,
            split,
            buffers,
            dimension: origin.count(),
            mode: Mode::Running,
        }
    }
}

impl Objective for NetworkObjective<'_> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.gradient(x)?.0)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        let (values, leaves) = self.evaluator.leaves(&self.buffers, x);
        let mut sums: Vec<Option<Tensor<1>>> = vec![None; leaves.len()];
        let mut total = 0.0;
        for index in 0..self.split.batches() {
            let (input, targets) = self.split.get(self.evaluator, index);
            let mut measured = Vec::new();
            let statistics = match self.mode {
                Mode::Running => Statistics::Running,
                Mode::Batch => Statistics::Batch(&mut measured),
            };
            let logits = forward::run(&self.evaluator.network, &values, input, statistics);
            let loss = loss_and_correct(logits, &targets).narrow(0, 0, 1);
            total += read_all(vec![loss.clone().inner()])?[0];
            let mut gradients = loss.backward();
            for (sum, leaf) in sums.iter_mut().zip(&leaves) {
                if let Some(new) = leaf.grad_remove(&mut gradients) {
                    *sum = Some(match sum.take() {
                        Some(sum) => sum + new,
                        None => new,
                    });
                }
            }
        }
        let columns = sums
            .into_iter()
            .zip(&leaves)
            .map(|(sum, leaf)| sum.unwrap_or_else(|| leaf.clone().inner().zeros_like()))
            .collect();
        let n = self.split.len() as f64;
        let gradient = read_all(columns)?.into_iter().map(|g| g / n).collect();
        Ok((total / n, gradient))
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        self.evaluator
            .hessian_product(&self.buffers, x, v, self.split, self.mode)
    }
}
