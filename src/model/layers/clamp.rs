//! Values between bounds.

use super::kind::Elementwise;
use crate::model::lower::scalar::{check_bounds, clamped};
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x between `min` and `max`, else the nearer one, slope 0 at both; `max` where `min` is above it: `torch.clamp`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clamp {
    /// Smallest value; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Elementwise for Clamp {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        clamped(e, x, [self.min, self.max])
    }

    fn check(&self) -> Result<(), String> {
        check_bounds(self.min, self.max)
    }
}
