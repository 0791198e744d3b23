//! Mean over all positions.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// Mean over every axis after the channels; the axes are dropped: `[n, c]` (Lin et al. 2014).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GlobalAveragePool {}

impl Kind for GlobalAveragePool {
    fn shape(&self, given: &Given<'_>) -> Shape {
        match given.one()? {
            [c, rest @ ..] if !rest.is_empty() => Ok(vec![*c]),
            x => Err(format!(
                "was given {x:?}, but needs axes after the channels"
            )),
        }
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        Ok(Value::new(l.p.mean(x.id, &[0]), shape))
    }
}
