//! A smooth rectifier.

use super::kind::Elementwise;
use crate::model::lower::scalar::softplus;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// ln(1 + e^(βx))/β, and x where βx is above the threshold: `torch.nn.Softplus`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Softplus {
    /// β
    #[serde(default = "one")]
    pub beta: f64,
    /// Where it becomes x.
    #[serde(default = "twenty")]
    pub threshold: f64,
}

impl Elementwise for Softplus {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        softplus(e, x, self.beta, self.threshold)
    }
}

fn one() -> f64 {
    1.0
}

fn twenty() -> f64 {
    20.0
}
