//! The hyperbolic tangent.

use super::kind::Elementwise;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// tanh x: `torch.nn.Tanh`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tanh {}

impl Elementwise for Tanh {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        e.unary(Unary::Tanh, x)
    }
}
