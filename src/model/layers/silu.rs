//! The sigmoid linear unit, also called swish.

use super::kind::Elementwise;
use crate::model::lower::scalar::sigmoid;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x σ(x): `torch.nn.SiLU` (Hendrycks and Gimpel 2016; Ramachandran et al. 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silu {}

impl Elementwise for Silu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let gate = sigmoid(e, x);
        e.mul(x, gate)
    }
}
