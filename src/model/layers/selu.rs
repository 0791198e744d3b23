//! The self-normalising exponential linear unit.

use super::kind::Elementwise;
use crate::model::lower::scalar::elu;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// λ x for x > 0, λ α (eˣ − 1) below, with α ≈ 1.6733 and λ ≈ 1.0507: `torch.nn.SELU` (Klambauer et al. 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selu {}

impl Elementwise for Selu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        const ALPHA: f64 = 1.673_263_242_354_377_2;
        const LAMBDA: f64 = 1.050_700_987_355_480_5;
        let y = elu(e, x, ALPHA, 1.0);
        let scale = e.constant(LAMBDA);
        e.mul(scale, y)
    }
}
