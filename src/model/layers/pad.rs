//! Zeros around values.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, axis as place};
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// Zeros before and after along an axis: `torch.nn.ZeroPad1d` to `ZeroPad3d`, an axis at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pad {
    /// The axis that grows.
    pub axis: usize,
    /// Zeros before.
    pub before: usize,
    /// Zeros after.
    pub after: usize,
}

impl Kind for Pad {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let at = axis(x, self.axis)?;
        let mut y = x.to_vec();
        y[at] = [self.before, self.after]
            .iter()
            .try_fold(y[at], |n, &more| n.checked_add(more))
            .ok_or("pads beyond any memory")?;
        Ok(y)
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let id = l.padded(x.id, place(&x.shape, self.axis), self.before, self.after);
        Ok(Value::new(id, shape))
    }
}
