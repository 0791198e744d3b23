//! The continuously differentiable exponential linear unit.

use super::kind::Elementwise;
use crate::model::lower::scalar::elu;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x for x > 0, α (e^(x/α) − 1) below: `torch.nn.CELU` (Barron 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Celu {
    /// α, above 0.
    #[serde(default = "one")]
    pub alpha: f64,
}

impl Elementwise for Celu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        elu(e, x, self.alpha, self.alpha)
    }

    fn check(&self) -> Result<(), String> {
        if self.alpha > 0.0 && self.alpha.is_finite() {
            return Ok(());
        }
        Err(format!(
            "has alpha = {}, expected a number above 0",
            self.alpha
        ))
    }
}

fn one() -> f64 {
    1.0
}
