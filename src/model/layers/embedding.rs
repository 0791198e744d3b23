//! Rows of a table.

use super::kind::{Kind, Tensors};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Rows of a table by integer index: `torch.nn.Embedding`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// Table, `[entries, width]`.
    pub weight: String,
}

impl Kind for Embedding {
    fn tensors(&self) -> Tensors<'_> {
        vec![(&self.weight, Role::WEIGHT)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, weight) = (given.one()?, &self.weight);
        match (x, given.tensor(weight)?) {
            (&[tokens], &[_, width]) => Ok(vec![tokens, width]),
            (_, shape) => Err(format!(
                "was given {x:?} and {weight:?} of shape {shape:?}, expected [tokens] and [entries, width]"
            )),
        }
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let table = l.tensor(&self.weight);
        let numbers = l.of_sample(x.id);
        let y = l.p.lookup(table, numbers);
        Ok(l.shaped(y, shape))
    }
}
