//! The same values in another shape.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::arrange::reshaped;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// New shape without the batch axis; one entry may be −1: `torch.reshape`, `squeeze` and `unsqueeze`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reshape {
    /// Extents after the batch axis.
    pub shape: Vec<i64>,
}

impl Kind for Reshape {
    fn shape(&self, given: &Given<'_>) -> Shape {
        reshaped(given.one()?, &self.shape)
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        Ok(l.shaped(x.id, shape))
    }
}
