//! Mish.

use super::kind::Elementwise;
use crate::model::lower::scalar::softplus;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// x tanh(ln(1 + eˣ)): `torch.nn.Mish` (Misra 2019).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mish {}

impl Elementwise for Mish {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let soft = softplus(e, x, 1.0, f64::INFINITY);
        let gate = e.unary(Unary::Tanh, soft);
        e.mul(x, gate)
    }
}
