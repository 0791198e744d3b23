//! The rectifier.

use super::kind::Elementwise;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// max(x, 0): `torch.nn.ReLU`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relu {}

impl Elementwise for Relu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        e.unary(Unary::Relu, x)
    }
}
