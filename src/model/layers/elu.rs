//! The exponential linear unit.

use super::kind::Elementwise;
use crate::model::lower::scalar::elu;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x for x > 0, α (eˣ − 1) below: `torch.nn.ELU` (Clevert et al. 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Elu {
    /// α
    #[serde(default = "one")]
    pub alpha: f64,
}

impl Elementwise for Elu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        elu(e, x, self.alpha, 1.0)
    }
}

fn one() -> f64 {
    1.0
}
