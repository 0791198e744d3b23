//! Sums and maxima along axes, and sums over samples.

use super::on::Value;
use crate::model::primitive::moved::strides;
use burn::tensor::Tensor;

/// Runs of neighbouring axes that are reduced, from the last to the first: how many numbers stand before
/// a run, in it and after it.
#[derive(Debug)]
pub struct Reduce {
    runs: Vec<[usize; 3]>,
    samples: bool,
}

impl Reduce {
    /// From `from` to `to`, which has ones where axes are reduced, and over samples or not.
    pub fn new(from: &[usize], to: &[usize], samples: bool) -> Self {
        let mut to = to.to_vec();
        to.resize(from.len(), 1);
        let strides = strides(&to, from);
        let mut runs: Vec<[usize; 3]> = Vec::new();
        let (mut after, mut before) = (1, from.iter().product::<usize>());
        let mut in_run = false;
        for axis in (0..from.len()).rev().filter(|axis| from[*axis] != 1) {
            let (extent, reduced) = (from[axis], strides[axis] == 0);
            before /= extent;
            match runs.last_mut().filter(|_| in_run) {
                Some(run) if reduced => *run = [before, run[1] * extent, after],
                _ if reduced => runs.push([before, extent, after]),
                _ => after *= extent,
            }
            in_run = reduced;
        }
        Self { runs, samples }
    }

    /// Sums, in an order that is the same every time.
    pub fn sum(&self, x: Value) -> Value {
        let sum = self.each(x, |x| x.sum_dim(1));
        if self.samples && sum.dims()[0] != 1 {
            sum.sum_dim(0)
        } else {
            sum
        }
    }

    /// The largest.
    pub fn most(&self, x: Value) -> Value {
        self.each(x, |x| x.max_dim(1))
    }

    fn each(&self, x: Value, reduce: impl Fn(Tensor<3>) -> Tensor<3>) -> Value {
        let [rows, _] = x.dims();
        self.runs.iter().fold(x, |x, [before, run, after]| {
            let x = reduce(x.reshape([rows * before, *run, *after]));
            x.reshape([rows, before * after])
        })
    }
}
