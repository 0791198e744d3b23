//! Softmax.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, axis as place};
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// e^(x − max)/Σ e^(x − max) along one axis: `torch.nn.Softmax`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Softmax {
    /// The axis that sums to 1.
    pub axis: usize,
}

impl Kind for Softmax {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        axis(x, self.axis).map(|_| x.to_vec())
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let y = l.softmax(x.id, place(&x.shape, self.axis));
        Ok(Value::new(y, shape))
    }
}
