//! The leaky rectifier.

use super::kind::Elementwise;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// x for x > 0, `slope`·x below: `torch.nn.LeakyReLU` (Maas et al. 2013).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakyRelu {
    /// Slope below zero.
    pub slope: f64,
}

impl Elementwise for LeakyRelu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        // slope · x + (1 − slope) · max(x, 0)
        let (slope, rest) = (e.constant(self.slope), e.constant(1.0 - self.slope));
        let positive = e.unary(Unary::Relu, x);
        let (a, b) = (e.mul(x, slope), e.mul(positive, rest));
        e.add(a, b)
    }
}
