//! Softsign.

use super::kind::Elementwise;
use crate::model::lower::scalar::magnitude;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// x/(1 + |x|): `torch.nn.Softsign`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Softsign {}

impl Elementwise for Softsign {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let one = e.constant(1.0);
        let size = magnitude(e, x);
        let under = e.add(one, size);
        let inverse = e.unary(Unary::Recip, under);
        e.mul(x, inverse)
    }
}
