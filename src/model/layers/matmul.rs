//! Matrix products of two inputs.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Matrix product of two inputs over their last two axes: `torch.matmul`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matmul {}

impl Kind for Matmul {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let [a, b] = given.inputs else {
            return Err("needs exactly two inputs".into());
        };
        match (a, b) {
            ([a_rest @ .., m, k], [b_rest @ .., k2, n])
                if k == k2 && a_rest == b_rest && !a_rest.is_empty() | (a.len() == 2) =>
            {
                Ok([a_rest, &[*m, *n]].concat())
            }
            _ => Err(format!("can't multiply {a:?} by {b:?}")),
        }
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        Ok(l.matmul(inputs, shape))
    }
}
