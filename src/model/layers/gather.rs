//! Entries of an axis by number.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, axis as place};
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// Entries of an axis in a given order, any of them as often as wanted: `torch.index_select`. Reflected, replicated and
/// circular padding are such lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gather {
    /// The axis.
    pub axis: usize,
    /// Which entry of it each entry of the result is.
    pub indices: Vec<usize>,
}

impl Kind for Gather {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let at = axis(x, self.axis)?;
        if let Some(beyond) = self.indices.iter().find(|i| **i >= x[at]) {
            return Err(format!(
                "was given {x:?}, whose axis {} has no entry {beyond}",
                self.axis
            ));
        }
        let mut y = x.to_vec();
        y[at] = self.indices.len();
        Ok(y)
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let y = l.gathered(x.id, place(&x.shape, self.axis), &self.indices)?;
        Ok(l.shaped(y, shape))
    }
}
