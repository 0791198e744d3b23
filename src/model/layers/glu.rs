//! Gated linear units.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::scalar::sigmoid;
use crate::model::lower::value::{Value, axis as place};
use crate::model::primitive::expression::Expression;
use crate::model::program::Id;
use crate::model::shape::given::{Given, Shape, axis};
use serde::{Deserialize, Serialize};

/// a σ(b), where a and b are the halves of an axis: `torch.nn.GLU` (Dauphin et al. 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glu {
    /// The axis that is halved.
    pub axis: usize,
}

/// a σ(a) b, where a and b are the halves of an axis: the gate of `SwiGLU` (Shazeer 2020), the first half being the
/// gate as in LLaMA's and timm's packed layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swiglu {
    /// The axis that is halved.
    pub axis: usize,
}

fn halved(given: &Given<'_>, along: usize) -> Shape {
    let x = given.one()?;
    let at = axis(x, along)?;
    if x[at] % 2 != 0 {
        return Err(format!(
            "was given {x:?}, whose axis {along} doesn't divide into halves"
        ));
    }
    let mut y = x.to_vec();
    y[at] /= 2;
    Ok(y)
}

/// The halves in the program, and the value's shape in the graph halved.
fn halves(l: &mut Lowering<'_>, x: Value, along: usize) -> [Id; 2] {
    let x = l.natural(x);
    let at = place(&x.shape, along);
    let whole = l.p.ty(x.id).shape[at];
    [
        l.part(x.id, at, 0, whole / 2),
        l.part(x.id, at, whole / 2, whole),
    ]
}

impl Kind for Glu {
    fn shape(&self, given: &Given<'_>) -> Shape {
        halved(given, self.axis)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let [a, b] = halves(l, inputs.remove(0), self.axis);
        let gate = |e: &mut Expression, a: usize, b: usize| {
            let gate = sigmoid(e, b);
            e.mul(a, gate)
        };
        Ok(Value::new(l.pair(gate, a, b), shape))
    }
}

impl Kind for Swiglu {
    fn shape(&self, given: &Given<'_>) -> Shape {
        halved(given, self.axis)
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let [a, b] = halves(l, inputs.remove(0), self.axis);
        let gate = |e: &mut Expression, a: usize, b: usize| {
            let gate = sigmoid(e, a);
            let swish = e.mul(a, gate);
            e.mul(swish, b)
        };
        Ok(Value::new(l.pair(gate, a, b), shape))
    }
}
