//! Exact Hessian-vector products of a network, by one pass of rates forward and one pass back.
//!
//! What doesn't depend on the vector (values and adjoints of every layer, [`crate::model::reverse`])
//! is kept from one product to the next at the same point, where it fits in half of the memory
//! budget; otherwise it is computed again for each batch of each product.

use super::gradient::{NetworkObjective, StatisticsMode};
use super::read_all;
use crate::error::Result;
use crate::model::reverse::{self, Gradients, Tape};
use crate::model::tangent::{DualWeights, Mode};
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// What products at one point share.
pub struct Kept {
    x: Vec<f64>,
    weights: Weights,
    /// One a batch; empty where they would take too much memory.
    tapes: Vec<Tape>,
}

impl From<StatisticsMode> for Mode {
    fn from(mode: StatisticsMode) -> Self {
        match mode {
            StatisticsMode::Running => Self::Running,
            StatisticsMode::Batch => Self::Batch,
        }
    }
}

impl NetworkObjective {
    /// One batch forward and back.
    pub(super) fn record(&self, weights: &Weights, index: usize) -> Tape {
        let (input, targets) = self.split.get(&self.evaluator, index);
        let network = &self.evaluator.network;
        reverse::record(
            network,
            weights,
            input,
            &targets,
            self.statistics.into(),
            None,
        )
    }

    /// Values and adjoints of every layer and sample, in bytes.
    fn tape_bytes(&self) -> usize {
        let per_sample = 2 * self.evaluator.network.outputs_per_sample();
        per_sample * self.split.len() * self.evaluator.dtype.size()
    }

    fn keep(&mut self, x: &[f64]) {
        if self.kept.as_ref().is_some_and(|kept| kept.x == x) {
            return;
        }
        // Before new ones are made, so that there are never two sets.
        self.kept = None;
        let weights = self.weights(&self.tensors_at(x));
        let fits = self.tape_bytes() <= self.evaluator.memory / 2;
        let batches = if fits { self.split.batches() } else { 0 };
        let tapes = (0..batches).map(|i| self.record(&weights, i)).collect();
        self.kept = Some(Kept {
            x: x.to_vec(),
            weights,
            tapes,
        });
    }

    /// Sums by tensor as one host vector in the order of the parameters.
    pub(super) fn sum_of(&self, mut sums: Gradients, weights: &Weights) -> Result<Vec<f64>> {
        let trained = self.layout.iter().filter(|spec| spec.is_trainable());
        // A tensor that the loss doesn't depend on has no gradient.
        let columns: Vec<Tensor<1>> = trained
            .map(|spec| {
                let zero = || weights.flat(&spec.name).zeros_like();
                sums.remove(&spec.name).unwrap_or_else(zero)
            })
            .collect();
        read_all(columns)
    }
}

/// ∇²f(x)·v.
pub fn product(objective: &mut NetworkObjective, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
    if let Some(processor) = &objective.processor {
        let sums = processor.product(objective.here(x), v, &objective.split.samples)?;
        return Ok(objective.meaned((0.0, sums)).1);
    }
    objective.keep(x);
    let objective = &*objective;
    let Some(kept) = &objective.kept else {
        return Ok(vec![0.0; x.len()]);
    };
    let direction = objective.weights(&objective.tensors_at(v));
    let weights = DualWeights {
        value: &kept.weights,
        tangent: &direction,
    };
    let mut sums = Gradients::new();
    for index in 0..objective.split.batches() {
        let (_, targets) = objective.split.get(&objective.evaluator, index);
        let recorded;
        let tape = match kept.tapes.get(index) {
            Some(tape) => tape,
            None => {
                recorded = objective.record(&kept.weights, index);
                &recorded
            }
        };
        let network = &objective.evaluator.network;
        let mode = objective.statistics.into();
        add(
            &mut sums,
            reverse::product(network, tape, weights, &targets, mode),
        );
        if kept.tapes.is_empty() {
            // A device that queues its work would keep every batch's tape alive.
            objective.evaluator.wait()?;
        }
    }
    let share = 1.0 / objective.split.totals.weight;
    let mut product = objective.sum_of(sums, &kept.weights)?;
    for value in &mut product {
        *value *= share;
    }
    Ok(product)
}

/// f(x) and ∇f(x), where a product has just been taken at x: its tapes hold both.
pub fn kept_gradient(objective: &NetworkObjective, x: &[f64]) -> Option<Result<(f64, Vec<f64>)>> {
    let kept = objective.kept.as_ref().filter(|kept| kept.x == x)?;
    if kept.tapes.is_empty() {
        return None;
    }
    let found = || {
        let mut sums = Gradients::new();
        let mut losses = Vec::with_capacity(kept.tapes.len());
        for tape in &kept.tapes {
            add(&mut sums, tape.gradients.clone());
            losses.push(tape.losses.clone());
        }
        let share = 1.0 / objective.split.totals.weight;
        let loss: f64 = read_all(losses)?.iter().sum();
        let mut gradient = objective.sum_of(sums, &kept.weights)?;
        for value in &mut gradient {
            *value *= share;
        }
        Ok((loss * share, gradient))
    };
    Some(found())
}

/// Adds gradients tensor by tensor.
pub fn add(sums: &mut Gradients, new: Gradients) {
    for (name, gradient) in new {
        let sum = match sums.remove(&name) {
            Some(sum) => sum + gradient,
            None => gradient,
        };
        sums.insert(name, sum);
    }
}
