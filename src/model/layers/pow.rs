//! Powers.

use super::kind::Elementwise;
use crate::model::lower::scalar::power;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x^p with a constant p: `torch.pow`. Whole powers of negative numbers are numbers, others NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pow {
    /// p
    pub exponent: f64,
}

impl Elementwise for Pow {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        power(e, x, self.exponent)
    }
}
