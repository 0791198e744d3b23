//! Axes turned round: rolled, or read backwards.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, axis as place};
use crate::model::shape::given::{Given, Shape, axes, axis};
use serde::{Deserialize, Serialize};

/// Entries moved along an axis, those past its end back to its start: `torch.roll`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Roll {
    /// The axis.
    pub axis: usize,
    /// By how many entries; negative: towards the start.
    pub shift: i64,
}

/// Axes read backwards: `torch.flip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The axes.
    pub axes: Vec<usize>,
}

impl Kind for Roll {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        axis(x, self.axis).map(|_| x.to_vec())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let at = place(&x.shape, self.axis);
        let extent = l.p.ty(x.id).shape[at] as i64;
        let from = |i: i64| (i - self.shift.rem_euclid(extent)).rem_euclid(extent) as usize;
        let chosen: Vec<usize> = (0..extent).map(from).collect();
        Ok(Value::new(l.moved_along(x.id, at, &chosen), shape))
    }
}

impl Kind for Flip {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        axes(x, &self.axes).map(|_| x.to_vec())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let mut id = x.id;
        for axis in &self.axes {
            let at = place(&x.shape, *axis);
            let backwards: Vec<usize> = (0..l.p.ty(id).shape[at]).rev().collect();
            id = l.moved_along(id, at, &backwards);
        }
        Ok(Value::new(id, shape))
    }
}
