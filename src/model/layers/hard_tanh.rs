//! A piecewise linear tanh.

use super::kind::Elementwise;
use crate::model::lower::scalar::{check_bounds, clamped};
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x between `min` and `max`, else the nearer one, slope 0 at both: `torch.nn.Hardtanh`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardTanh {
    /// Smallest value.
    #[serde(default = "minus_one")]
    pub min: f64,
    /// Largest value.
    #[serde(default = "one")]
    pub max: f64,
}

impl Elementwise for HardTanh {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        clamped(e, x, [Some(self.min), Some(self.max)])
    }

    fn check(&self) -> Result<(), String> {
        let Self { min, max } = self;
        if min > max {
            return Err(format!(
                "has min = {min} above max = {max}: expected the smaller one first"
            ));
        }
        check_bounds(Some(*min), Some(*max))
    }
}

fn one() -> f64 {
    1.0
}

fn minus_one() -> f64 {
    -1.0
}
