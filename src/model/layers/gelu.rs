//! The Gaussian error linear unit.

use super::kind::Elementwise;
use crate::model::lower::scalar::gated;
use crate::model::primitive::expression::{Expression, Unary};
use serde::{Deserialize, Serialize};

/// x Φ(x), or its tanh approximation: `torch.nn.GELU` (Hendrycks and Gimpel 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gelu {
    /// Use 0.5 x (1 + tanh(√(2/π)(x + 0.044715 x³))).
    #[serde(default)]
    pub tanh: bool,
}

impl Elementwise for Gelu {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        if self.tanh {
            let (scale, cubic) = (
                e.constant((2.0 / std::f64::consts::PI).sqrt()),
                e.constant(0.044_715),
            );
            let square = e.mul(x, x);
            let cube = e.mul(square, x);
            let cube = e.mul(cube, cubic);
            let y = e.add(x, cube);
            let y = e.mul(y, scale);
            let y = e.unary(Unary::Tanh, y);
            gated(e, x, y)
        } else {
            let scale = e.constant(0.5_f64.sqrt());
            let y = e.mul(x, scale);
            let y = e.unary(Unary::Erf, y);
            gated(e, x, y)
        }
    }
}
