//! The logistic function.

use super::kind::Elementwise;
use crate::model::lower::scalar::sigmoid;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// 1/(1 + e⁻ˣ): `torch.nn.Sigmoid`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid {}

impl Elementwise for Sigmoid {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        sigmoid(e, x)
    }
}
