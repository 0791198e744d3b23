//! The rectifier with a ceiling.

use super::kind::Elementwise;
use crate::model::lower::scalar::clamped;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// min(max(x, 0), 6), slope 0 at both ends: `torch.nn.ReLU6` (Howard et al. 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relu6 {}

impl Elementwise for Relu6 {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        clamped(e, x, [Some(0.0), Some(6.0)])
    }
}
