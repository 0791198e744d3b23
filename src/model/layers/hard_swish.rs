//! A swish of straight lines.

use super::kind::Elementwise;
use crate::model::lower::scalar::clamped;
use crate::model::primitive::expression::Expression;
use serde::{Deserialize, Serialize};

/// x · min(max(x + 3, 0), 6)/6: `torch.nn.Hardswish` (Howard et al. 2019).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardSwish {}

impl Elementwise for HardSwish {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let (three, sixth) = (e.constant(3.0), e.constant(1.0 / 6.0));
        let gate = clamped(e, x, [Some(-3.0), Some(3.0)]);
        let gate = e.add(gate, three);
        let y = e.mul(x, gate);
        e.mul(y, sixth)
    }
}
