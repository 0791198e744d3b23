//! Several axes made one.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// All axes from `from` on become one: `torch.nn.Flatten`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flatten {
    /// First axis merged, at least 1.
    pub from: usize,
}

impl Kind for Flatten {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let from = axis(x, self.from)?;
        let mut y = x[..from].to_vec();
        y.push(x[from..].iter().product());
        Ok(y)
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
