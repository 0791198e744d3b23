//! What normalisations share: standardised values, scales and shifts a channel, statistics of the batch.

use super::context::{Lowering, Measured};
use crate::model::primitive::Leaf;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::{Id, Type};

/// Variances below this, which extrapolated statistics can reach, become it: positive, and nothing
/// beside the ε that is added.
const SMALLEST_VARIANCE: f64 = 1e-30;

/// The tensors of a layer that keeps running statistics.
pub struct Tracked<'a> {
    /// γ
    pub weight: Option<&'a str>,
    /// β
    pub bias: Option<&'a str>,
    /// Running mean.
    pub running_mean: &'a str,
    /// Running variance.
    pub running_var: &'a str,
}

impl Lowering<'_> {
    /// (x − μ)/√(σ² + ε) · γ + β for `[positions, channels]` with the running statistics, as one scale and
    /// one shift a channel.
    pub fn with_running(&mut self, x: Id, names: &Tracked<'_>, epsilon: f64) -> Id {
        let mean = self.row(names.running_mean);
        let variance = self.row(names.running_var);
        let variance = self.p.apply(variance, |e, v| {
            let small = e.constant(SMALLEST_VARIANCE);
            let above = e.sub(v, small);
            let above = e.unary(Unary::Relu, above);
            e.add(above, small)
        });
        let mut scale = self.inverse_root(variance, epsilon);
        if let Some(name) = names.weight {
            let gamma = self.row(name);
            scale = self.p.binary(Binary::Mul, gamma, scale);
        }
        let shift = self.p.binary(Binary::Mul, mean, scale);
        let shift = match names.bias {
            Some(name) => {
                let beta = self.row(name);
                self.p.binary(Binary::Sub, beta, shift)
            }
            None => self.p.unary(Unary::Neg, shift),
        };
        let y = self.p.binary(Binary::Mul, x, scale);
        self.p.binary(Binary::Add, y, shift)
    }

    /// The same with mean and variance of every channel over all positions and samples, which are noted as
    /// measured.
    pub fn with_batch(&mut self, x: Id, names: &Tracked<'_>, epsilon: f64) -> Id {
        let positions = self.p.ty(x).shape[0];
        let mean = self.batch_mean(x);
        let centred = self.p.binary(Binary::Sub, x, mean);
        let square = self.p.binary(Binary::Mul, centred, centred);
        let variance = self.batch_mean(square);
        // PyTorch normalises with the biased variance and keeps the unbiased one.
        let samples = self.samples();
        let count = self.p.affine(samples, positions as f64, 0.0);
        let unbiased = self.p.apply(count, |e, n| {
            let one = e.constant(1.0);
            let less = e.sub(n, one);
            let more = e.sub(less, one);
            let more = e.unary(Unary::Relu, more);
            let less = e.add(more, one);
            let inverse = e.unary(Unary::Recip, less);
            e.mul(n, inverse)
        });
        let unbiased = self.p.binary(Binary::Mul, variance, unbiased);
        self.measure(mean, unbiased, names);
        let mut scale = self.inverse_root(variance, epsilon);
        if let Some(name) = names.weight {
            let gamma = self.row(name);
            scale = self.p.binary(Binary::Mul, gamma, scale);
        }
        // Centred first, so that a large mean doesn't cancel.
        let y = self.p.binary(Binary::Mul, centred, scale);
        self.shifted(y, names.bias)
    }

    /// Notes what the running statistics would be moved towards.
    pub fn measure(&mut self, mean: Id, variance: Id, names: &Tracked<'_>) {
        let (running_mean, running_var) = (
            self.place(names.running_mean),
            self.place(names.running_var),
        );
        self.measured.push(Measured {
            mean,
            variance,
            running_mean,
            running_var,
        });
    }

    /// How many samples there are, shared.
    fn samples(&mut self) -> Id {
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1, 1]));
        self.p.sum(present, Type::shared(&[1, 1]))
    }

    /// The mean of `[positions, channels]` over all positions and samples, shared: a row.
    pub fn batch_mean(&mut self, x: Id) -> Id {
        let (positions, channels) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1, 1]));
        let samples = self.samples();
        let count = self.p.affine(samples, positions as f64, 0.0);
        let share = self.p.unary(Unary::Recip, count);
        let value = self.p.binary(Binary::Mul, x, present);
        let sum = self.p.sum(value, Type::shared(&[1, channels]));
        self.p.binary(Binary::Mul, sum, share)
    }

    /// 1/√(v + ε)
    pub fn inverse_root(&mut self, variance: Id, epsilon: f64) -> Id {
        let root = self.p.affine(variance, 1.0, epsilon);
        let root = self.p.unary(Unary::Sqrt, root);
        self.p.unary(Unary::Recip, root)
    }

    /// The mean along axes, and the mean square of what is left without it.
    pub fn moments(&mut self, x: Id, axes: &[usize]) -> [Id; 3] {
        let mean = self.p.mean(x, axes);
        let centred = self.p.binary(Binary::Sub, x, mean);
        let square = self.p.binary(Binary::Mul, centred, centred);
        let variance = self.p.mean(square, axes);
        [mean, centred, variance]
    }

    /// A value minus its mean along axes, over the root of its variance.
    pub fn standardised(&mut self, x: Id, axes: &[usize], epsilon: f64) -> Id {
        let [_, centred, variance] = self.moments(x, axes);
        let scale = self.inverse_root(variance, epsilon);
        self.p.binary(Binary::Mul, centred, scale)
    }

    /// Times γ and plus β, one number a column each.
    pub fn affine_row(&mut self, y: Id, weight: Option<&str>, bias: Option<&str>) -> Id {
        let y = match weight {
            Some(name) => {
                let gamma = self.row(name);
                self.p.binary(Binary::Mul, y, gamma)
            }
            None => y,
        };
        self.shifted(y, bias)
    }

    fn shifted(&mut self, y: Id, bias: Option<&str>) -> Id {
        match bias {
            Some(name) => {
                let beta = self.row(name);
                self.p.binary(Binary::Add, y, beta)
            }
            None => y,
        }
    }
}
