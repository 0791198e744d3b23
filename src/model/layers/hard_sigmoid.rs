//! A piecewise linear sigmoid.

use super::kind::Elementwise;
use crate::model::lower::scalar::clamped;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// min(max(x/6 + ½, 0), 1), slope 0 at both ends: `torch.nn.Hardsigmoid`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardSigmoid {}

impl Elementwise for HardSigmoid {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let (half, sixth) = (e.constant(0.5), e.constant(1.0 / 6.0));
        let x = clamped(e, x, [Some(-3.0), Some(3.0)]);
        let y = e.mul(x, sixth);
        e.add(y, half)
    }
}
