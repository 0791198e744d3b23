//! A trained tensor before the tokens.

use super::kind::{Kind, Tensors};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// A trained tensor before the input along axis 1: a class token (Dosovitskiy et al. 2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepend {
    /// The trained tensor, the input's shape without batch and axis 1, with leading ones.
    pub weight: String,
}

impl Kind for Prepend {
    fn tensors(&self) -> Tensors<'_> {
        vec![(&self.weight, Role::PLAIN)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, weight) = (given.one()?, &self.weight);
        let shape = given.tensor(weight)?;
        if x.len() != 2 || shape.last() != x.last() || shape.iter().product::<usize>() != x[1] {
            return Err(format!(
                "was given {x:?}, but {weight:?} has shape {shape:?}, expected [1, 1, width]"
            ));
        }
        Ok(vec![x[0] + 1, x[1]])
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        Ok(l.prepended(inputs.remove(0), &self.weight, shape))
    }
}
