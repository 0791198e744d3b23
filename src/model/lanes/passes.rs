//! The passes over some samples: outputs, gradients, products ∇²f·v.

use super::point::Point;
use super::steps::{self, Seen};
use super::{Batch, LANES, Plan, Real, Row, Sums, loss};
use crate::model::lanes::plan::Step;
use std::mem::take;

/// Rows of values by buffer, used again from batch to batch.
pub type Scratch<T> = Vec<Vec<Row<T>>>;

/// What products at one point need of some samples.
#[derive(Debug, Default)]
pub struct Tape<T> {
    /// y of every step.
    values: Scratch<T>,
    /// λ of every step that depends on the parameters.
    adjoints: Scratch<T>,
}

/// At least `size` rows; what they hold doesn't matter.
fn sized<T: Real>(buffer: &mut Vec<Row<T>>, size: usize) -> &mut [Row<T>] {
    if buffer.len() < size {
        buffer.resize(size, Row::ZERO);
    }
    &mut buffer[..size]
}

impl Plan {
    /// Zeros to add gradients to.
    pub fn zeros<T: Real>(&self) -> Sums<T> {
        let tensors = self.tensors().iter();
        tensors.map(|(_, length)| vec![T::ZERO; *length]).collect()
    }

    /// Sum of the loss, nats, and number of right answers.
    pub fn losses<T: Real>(
        &self,
        point: &Point<T>,
        batch: Batch<'_>,
        scratch: &mut Scratch<T>,
    ) -> [f64; 2] {
        self.forward(point, batch, scratch, &self.shared);
        let output = &scratch[self.shared[self.output]];
        self.losses_of(output, batch)
    }

    /// A pass forward and back, for the tape; the gradient of the summed loss is added to `sums`.
    /// Sum of the loss and right answers as in [`Plan::losses`].
    pub fn record<T: Real>(
        &self,
        point: &Point<T>,
        batch: Batch<'_>,
        tape: &mut Tape<T>,
        sums: &mut Sums<T>,
    ) -> [f64; 2] {
        let Tape { values, adjoints } = tape;
        let blocks = batch.blocks();
        let own: Vec<usize> = (0..self.sizes.len()).collect();
        self.forward(point, batch, values, &own);
        adjoints.resize_with(self.sizes.len(), Vec::new);
        let size = self.sizes[self.output];
        let out = sized(&mut adjoints[self.output], size * blocks).chunks_exact_mut(size);
        let logits = values[self.output].chunks_exact(size);
        for ((out, logits), labels) in out.zip(logits).zip(batch.labels.chunks(LANES)) {
            loss::adjoints(self.loss, logits, labels, out);
        }
        for (step, own) in self.steps.iter().zip(&point.own).rev() {
            if self.moving[step.output] {
                let adjoint = take(&mut adjoints[step.output]);
                let seen = self.seen(step, values, &[], blocks);
                let size = self.sizes[step.output] * blocks;
                self.back(step, own, &seen, &adjoint[..size], sums, adjoints, blocks);
                adjoints[step.output] = adjoint;
            }
        }
        self.losses_of(&values[self.output], batch)
    }

    /// Adds ∇²f·v of the summed loss over the tape's samples to `sums`.
    pub fn product<T: Real>(
        &self,
        tape: &Tape<T>,
        [point, direction]: [&Point<T>; 2],
        samples: usize,
        [rates, seconds]: &mut [Scratch<T>; 2],
        sums: &mut Sums<T>,
    ) {
        let blocks = samples.div_ceil(LANES);
        rates.resize_with(self.sizes.len(), Vec::new);
        seconds.resize_with(self.sizes.len(), Vec::new);
        let steps = || self.steps.iter().zip(point.own.iter().zip(&direction.own));
        for (step, (own, turn)) in steps() {
            if self.moving[step.output] {
                let mut out = take(&mut rates[step.output]);
                let seen = self.seen(step, &tape.values, rates, blocks);
                let size = self.sizes[step.output] * blocks;
                steps::rate(step, own, turn, &seen, sized(&mut out, size));
                rates[step.output] = out;
            }
        }
        let size = self.sizes[self.output];
        let out = sized(&mut seconds[self.output], size * blocks).chunks_exact_mut(size);
        let logits = tape.values[self.output].chunks_exact(size);
        let logits = logits.zip(rates[self.output].chunks_exact(size));
        for (block, (out, (logits, rates))) in out.zip(logits).enumerate() {
            loss::seconds(self.loss, logits, rates, samples - block * LANES, out);
        }
        for (step, (own, turn)) in steps().rev() {
            if !self.moving[step.output] {
                continue;
            }
            let second = take(&mut seconds[step.output]);
            let size = self.sizes[step.output] * blocks;
            let seen = self.seen(step, &tape.values, rates, blocks);
            self.back(step, own, &seen, &second[..size], sums, seconds, blocks);
            let adjoint = &tape.adjoints[step.output][..size];
            let input = step.inputs[0];
            steps::back_second(step, own, turn, &seen, adjoint, sums, || {
                let size = self.sizes[input] * blocks;
                self.moving[input].then(|| &mut seconds[input][..size])
            });
            seconds[step.output] = second;
        }
    }

    /// Hands adjoints on to a step's inputs.
    #[expect(clippy::too_many_arguments, reason = "all of one step")]
    fn back<T: Real>(
        &self,
        step: &Step,
        own: &super::point::Own<T>,
        seen: &Seen<'_, T>,
        adjoint: &[Row<T>],
        sums: &mut Sums<T>,
        adjoints: &mut Scratch<T>,
        blocks: usize,
    ) {
        for (&input, &first) in step.inputs.iter().zip(&step.first) {
            if first && self.moving[input] {
                sized(&mut adjoints[input], self.sizes[input] * blocks).fill(Row::ZERO);
            }
        }
        steps::back(step, own, seen, adjoint, sums, |i, rows| {
            let input = step.inputs[i];
            if self.moving[input] {
                rows(&mut adjoints[input][..self.sizes[input] * blocks]);
            }
        });
    }

    /// Values of all steps, each in the buffer that `places` gives it.
    fn forward<T: Real>(
        &self,
        point: &Point<T>,
        batch: Batch<'_>,
        buffers: &mut Scratch<T>,
        places: &[usize],
    ) {
        let blocks = batch.blocks();
        buffers.resize_with(self.sizes.len(), Vec::new);
        self.read(
            batch,
            sized(&mut buffers[places[0]], self.sizes[0] * blocks),
        );
        for (step, own) in self.steps.iter().zip(&point.own) {
            let mut out = take(&mut buffers[places[step.output]]);
            let inputs = step.inputs.iter();
            let inputs: Vec<&[Row<T>]> = inputs
                .map(|&i| &buffers[places[i]][..self.sizes[i] * blocks])
                .collect();
            let size = self.sizes[step.output] * blocks;
            steps::value(step, own, &inputs, sized(&mut out, size));
            buffers[places[step.output]] = out;
        }
    }

    /// Samples side by side; lanes without a sample are 0.
    fn read<T: Real>(&self, batch: Batch<'_>, rows: &mut [Row<T>]) {
        rows.fill(Row::ZERO);
        let width = self.sizes[0];
        for (sample, values) in batch.inputs.chunks_exact(width).enumerate() {
            let rows = &mut rows[sample / LANES * width..][..width];
            for (&row, &value) in self.places.iter().zip(values) {
                rows[row].0[sample % LANES] = T::of(f64::from(value));
            }
        }
    }

    fn losses_of<T: Real>(&self, output: &[Row<T>], batch: Batch<'_>) -> [f64; 2] {
        let blocks = output.chunks_exact(self.sizes[self.output]);
        let sums = blocks
            .zip(batch.labels.chunks(LANES))
            .map(|(logits, labels)| loss::sums(self.loss, logits, labels));
        sums.fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
    }

    fn seen<'a, T: Real>(
        &self,
        step: &Step,
        values: &'a Scratch<T>,
        rates: &'a [Vec<Row<T>>],
        blocks: usize,
    ) -> Seen<'a, T> {
        let rows = |value: usize| self.sizes[value] * blocks;
        let inputs = step.inputs.iter();
        Seen {
            inputs: inputs.clone().map(|&i| &values[i][..rows(i)]).collect(),
            value: &values[step.output][..rows(step.output)],
            rates: inputs
                .map(|&i| {
                    let rate = rates.get(i).filter(|_| self.moving[i])?;
                    Some(&rate[..rows(i)])
                })
                .collect(),
        }
    }
}
