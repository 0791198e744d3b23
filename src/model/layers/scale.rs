//! Values times a number or a trained tensor, and values plus one.

use super::kind::{Kind, Tensors, plain};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::role::Role;
use crate::model::shape::arrange::broadcast;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// x · `factor`, or x · a trained tensor (broadcast against the axes after the batch).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// A trained tensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// A constant.
    pub factor: f64,
}

/// x + a trained tensor (broadcast against the axes after the batch): positional embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The trained tensor.
    pub weight: String,
}

/// The input's shape, which the tensor must not make another.
fn kept(given: &Given<'_>, weight: &str) -> Shape {
    let x = given.one()?;
    // A tensor may bring a batch axis of its own, of extent 1.
    let shape = match given.tensor(weight)? {
        [1, rest @ ..] if rest.len() == x.len() => rest,
        shape => shape,
    };
    let y = broadcast(x, shape)?;
    if y == x {
        Ok(y)
    } else {
        Err(format!(
            "was given {x:?}, but {weight:?} would make it {y:?}"
        ))
    }
}

impl Kind for Scale {
    fn tensors(&self) -> Tensors<'_> {
        plain(self.weight.as_ref()).into_iter().collect()
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        match &self.weight {
            Some(weight) => kept(given, weight),
            None => given.one().map(<[usize]>::to_vec),
        }
    }

    fn is_linear_map(&self) -> bool {
        self.weight.is_none()
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        Ok(match &self.weight {
            None => Value {
                id: l.p.affine(x.id, self.factor, 0.0),
                ..x
            },
            Some(name) => l.with_tensor(x, name, Binary::Mul, shape),
        })
    }
}

impl Kind for Shift {
    fn tensors(&self) -> Tensors<'_> {
        vec![(&self.weight, Role::PLAIN)]
    }

    fn shape(&self, given: &Given<'_>) -> Shape {
        kept(given, &self.weight)
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        Ok(l.with_tensor(inputs.remove(0), &self.weight, Binary::Add, shape))
    }
}
