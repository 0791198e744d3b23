//! The rectifier with a trained slope.

use super::kind::{Kind, Tensors};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::scalar::negative;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::{Binary, Unary};
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape, channels};
use serde::{Deserialize, Serialize};

/// x for x > 0, a·x below: `torch.nn.PReLU` (He et al. 2015).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prelu {
    /// a, `[channels]` or `[1]`.
    pub weight: String,
}

impl Kind for Prelu {
    fn tensors(&self) -> Tensors<'_> {
        vec![(&self.weight, Role::PLAIN)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        if given.tensor(&self.weight)? != [1] {
            given.expect(&self.weight, &[channels(x, None)?])?;
        }
        Ok(x.to_vec())
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let slope = l.row(&self.weight);
        let down = l.p.apply(x.id, negative);
        let down = l.p.binary(Binary::Mul, slope, down);
        let up = l.p.unary(Unary::Relu, x.id);
        Ok(Value::last(l.p.binary(Binary::Add, up, down), shape))
    }
}
