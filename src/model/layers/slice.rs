//! Part of an axis.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// Part of an axis: `x[start:end:step]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The axis cut.
    pub axis: usize,
    /// First index.
    pub start: usize,
    /// One past the last index; absent: to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<usize>,
    /// Step, at least 1.
    pub step: usize,
}

impl Kind for Slice {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let at = axis(x, self.axis)?;
        let (start, end, step) = (self.start, self.end.unwrap_or(x[at]), self.step);
        if step == 0 || start >= end || end > x[at] {
            return Err(format!(
                "can't take {start}..{end} by {step} of {x:?} along axis {}",
                at + 1
            ));
        }
        let mut y = x.to_vec();
        y[at] = (end - start).div_ceil(step);
        Ok(y)
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        Ok(l.sliced(&x, self.axis - 1, self.start, self.step, shape))
    }
}
