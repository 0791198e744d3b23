//! Inputs side by side.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// Inputs one after the other along an axis: `torch.cat`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concatenate {
    /// The axis that grows.
    pub axis: usize,
}

impl Kind for Concatenate {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, rest) = given.inputs.split_first().ok_or("has no inputs")?;
        let at = axis(x, self.axis)?;
        let mut y = x.to_vec();
        for other in rest {
            let same = other.len() == y.len() && (0..y.len()).all(|i| i == at || other[i] == y[i]);
            if !same {
                return Err(format!(
                    "can't join {x:?} and {other:?} along axis {}",
                    at + 1
                ));
            }
            y[at] += other[at];
        }
        Ok(y)
    }

    fn lower(&self, l: &mut Lowering<'_>, inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        Ok(l.concatenated(inputs, self.axis, shape))
    }
}
