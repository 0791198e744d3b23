//! Normalisation: batch (Ioffe and Szegedy 2015), layer (Ba et al. 2016), group (Wu and He 2018).

use super::{Lowering, Measured, Statistics};
use crate::model::primitive::Leaf;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::program::{Id, Type};

/// Variances below this, which extrapolated statistics can reach, become it: positive, and nothing
/// beside the ε that is added.
const SMALLEST_VARIANCE: f64 = 1e-30;

/// The tensors of one batch-normalisation layer.
pub struct BatchNorm<'a> {
    pub weight: Option<&'a str>,
    pub bias: Option<&'a str>,
    pub running_mean: &'a str,
    pub running_var: &'a str,
}

impl Lowering<'_> {
    /// (x − μ)/√(σ² + ε) · γ + β for `[positions, channels]`, as one scale and one shift a channel.
    pub fn batch_norm(&mut self, x: Id, names: &BatchNorm<'_>, epsilon: f64) -> Id {
        let (mean, variance) = match self.statistics {
            Statistics::Running => {
                let mean = self.row(names.running_mean);
                let variance = self.row(names.running_var);
                let variance = self.p.apply(variance, |e, v| {
                    let small = e.constant(SMALLEST_VARIANCE);
                    let above = e.sub(v, small);
                    let above = e.unary(Unary::Relu, above);
                    e.add(above, small)
                });
                (mean, variance)
            }
            Statistics::Batch => self.measure(x, names),
        };
        let mut scale = self.inverse_root(variance, epsilon);
        if let Some(name) = names.weight {
            let gamma = self.row(name);
            scale = self.p.binary(Binary::Mul, gamma, scale);
        }
        if self.statistics == Statistics::Batch {
            // Centred first, so that a large mean doesn't cancel.
            let centred = self.p.binary(Binary::Sub, x, mean);
            let y = self.p.binary(Binary::Mul, centred, scale);
            return self.shifted(y, names.bias);
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

    /// Mean and biased variance of every channel over all positions and samples.
    fn measure(&mut self, x: Id, names: &BatchNorm<'_>) -> (Id, Id) {
        let (positions, channels) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1, 1]));
        let samples = self.p.sum(present, Type::shared(&[1, 1]));
        let count = self.p.affine(samples, positions as f64, 0.0);
        let share = self.p.unary(Unary::Recip, count);
        let row = Type::shared(&[1, channels]);
        let mean_of = |me: &mut Self, value: Id| {
            let value = me.p.binary(Binary::Mul, value, present);
            let sum = me.p.sum(value, row.clone());
            me.p.binary(Binary::Mul, sum, share)
        };
        let mean = mean_of(self, x);
        let centred = self.p.binary(Binary::Sub, x, mean);
        let square = self.p.binary(Binary::Mul, centred, centred);
        let variance = mean_of(self, square);
        // PyTorch normalises with the biased variance and keeps the unbiased one.
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
        self.measured.push(Measured {
            mean,
            variance: unbiased,
            running_mean: self.places[names.running_mean],
            running_var: self.places[names.running_var],
        });
        (mean, variance)
    }

    /// 1/√(v + ε)
    fn inverse_root(&mut self, variance: Id, epsilon: f64) -> Id {
        let root = self.p.affine(variance, 1.0, epsilon);
        let root = self.p.unary(Unary::Sqrt, root);
        self.p.unary(Unary::Recip, root)
    }

    /// A value minus its mean along axes, over the root of its variance.
    fn standardised(&mut self, x: Id, axes: &[usize], epsilon: f64) -> Id {
        let mean = self.p.mean(x, axes);
        let centred = self.p.binary(Binary::Sub, x, mean);
        let square = self.p.binary(Binary::Mul, centred, centred);
        let variance = self.p.mean(square, axes);
        let scale = self.inverse_root(variance, epsilon);
        self.p.binary(Binary::Mul, centred, scale)
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

    /// Over the last axes, as many as the weight has.
    pub fn layer_norm(&mut self, x: Id, weight: &str, bias: Option<&str>, epsilon: f64) -> Id {
        let gamma = self.row(weight);
        let width = self.p.ty(gamma).size();
        let rows = self.p.ty(x).size() / width;
        let x = self.p.view(x, &[rows, width]);
        let y = self.standardised(x, &[1], epsilon);
        let y = self.p.binary(Binary::Mul, y, gamma);
        self.shifted(y, bias)
    }

    /// Over groups of channels of `[positions, channels]`.
    pub fn group_norm(
        &mut self,
        x: Id,
        groups: usize,
        weight: &str,
        bias: Option<&str>,
        epsilon: f64,
    ) -> Id {
        let (positions, channels) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let x = self.p.view(x, &[positions, groups, channels / groups]);
        let y = self.standardised(x, &[0, 2], epsilon);
        let y = self.p.view(y, &[positions, channels]);
        let gamma = self.row(weight);
        let y = self.p.binary(Binary::Mul, y, gamma);
        self.shifted(y, bias)
    }
}
