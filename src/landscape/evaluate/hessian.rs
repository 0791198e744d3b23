//! Exact Hessian-vector products of a network: reverse over forward.
//!
//! A forward pass carries every value with its rate of change along v ([`crate::model::tangent`]);
//! its end, ⟨∇f, v⟩, is differentiated once in reverse. Batches add up on the device and are read
//! in one transfer.

use super::{Evaluator, Split, read_all};
use crate::error::Result;
use crate::model::tangent::{self, DualWeights, Mode};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

impl Evaluator {
    /// ∇²f(θ)·v for the mean loss f over `split`; `theta` and `v` hold every trained value in the
    /// network's order, `buffers` the running statistics.
    ///
    /// With [`Mode::Batch`] f is the mean over batches in train mode, each weighted by its samples.
    ///
    /// # Errors
    /// Where the device fails.
    pub(super) fn hessian_product(
        &self,
        buffers: &Weights,
        theta: &[f64],
        v: &[f64],
        split: &Split,
        mode: Mode,
    ) -> Result<Vec<f64>> {
        let (values, leaves) = self.leaves(buffers, theta);
        let direction = self.direction(v);
        let weights = DualWeights {
            value: &values,
            tangent: &direction,
        };
        let mut sums: Vec<Option<Tensor<1>>> = vec![None; leaves.len()];
        for index in 0..split.batches() {
            let (input, targets) = split.get(self, index);
            let (logits, rates) = tangent::run(&self.network, weights, input, mode);
            let slope = tangent::directional_derivative(logits, rates, &targets);
            let mut gradients = slope.backward();
            for (sum, leaf) in sums.iter_mut().zip(&leaves) {
                let Some(new) = leaf.grad_remove(&mut gradients) else {
                    continue;
                };
                *sum = Some(match sum.take() {
                    Some(sum) => sum + new,
                    None => new,
                });
            }
        }
        // A tensor that the loss doesn't bend with (or at all) has no gradient.
        let columns = sums
            .into_iter()
            .zip(&leaves)
            .map(|(sum, leaf)| sum.unwrap_or_else(|| leaf.clone().inner().zeros_like()))
            .collect();
        let share = 1.0 / split.len() as f64;
        let mut product = read_all(columns)?;
        for value in &mut product {
            *value *= share;
        }
        Ok(product)
    }

    /// Weights at `theta` whose trained tensors are leaves of a graph to differentiate, and those
    /// leaves in the network's order.
    pub(super) fn leaves(&self, buffers: &Weights, theta: &[f64]) -> (Weights, Vec<Tensor<1>>) {
        let mut weights = buffers.clone();
        let mut leaves = Vec::new();
        let mut offset = 0;
        for spec in self.network.layout().iter().filter(|s| s.is_trainable()) {
            let values = &theta[offset..offset + spec.len()];
            let leaf = self
                .tensor(values.iter().copied(), spec.len())
                .autodiff()
                .require_grad();
            weights.insert(&spec.name, leaf.clone(), &spec.shape);
            leaves.push(leaf);
            offset += spec.len();
        }
        (weights, leaves)
    }

    /// A direction over the trained tensors.
    fn direction(&self, v: &[f64]) -> Weights {
        let mut weights = Weights::default();
        let mut offset = 0;
        for spec in self.network.layout().iter().filter(|s| s.is_trainable()) {
            let values = &v[offset..offset + spec.len()];
            let tensor = self.tensor(values.iter().copied(), spec.len());
            weights.insert(&spec.name, tensor, &spec.shape);
            offset += spec.len();
        }
        weights
    }
}
