//! A number added.

use super::kind::Elementwise;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x + `value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offset {
    /// What is added.
    pub value: f64,
}

impl Elementwise for Offset {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let value = e.constant(self.value);
        e.add(x, value)
    }
}
