//! Values repeated along axes.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::value::{Value, aligned, natural};
use crate::model::program::{Id, Type};
use crate::model::shape::arrange::broadcast;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// The whole value one after the other along axes: `torch.Tensor.repeat`, `torch.tile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// How often, for every axis after the batch.
    pub counts: Vec<usize>,
}

/// Axes of one entry repeated, and new ones before the others: `torch.Tensor.expand`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expand {
    /// Extents after the batch axis.
    pub shape: Vec<usize>,
}

/// A type of this shape, of the samples or shared by them as `x` is.
fn kept(l: &Lowering<'_>, x: Id, shape: &[usize]) -> Type {
    Type::shared(shape).with_sample(l.p.ty(x).sample)
}

impl Kind for Repeat {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let (x, counts) = (given.one()?, &self.counts);
        if counts.len() != x.len() || counts.contains(&0) {
            return Err(format!(
                "was given {x:?}, but repeats {counts:?} times: expected a number from 1 for each axis"
            ));
        }
        let times = |(n, count): (&usize, &usize)| n.checked_mul(*count);
        let all: Option<Vec<usize>> = x.iter().zip(counts).map(times).collect();
        all.ok_or_else(|| "repeats beyond any memory".into())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        // An axis of copies before every axis.
        let (mut own, mut all) = (Vec::new(), Vec::new());
        for (n, count) in x.shape.iter().zip(&self.counts) {
            own.extend([1, *n]);
            all.extend([*count, *n]);
        }
        let spread = l.p.view(x.id, &own);
        let ty = kept(l, x.id, &all);
        let y = l.p.broadcast(spread, ty);
        Ok(l.shaped(y, shape))
    }
}

impl Kind for Expand {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let y = broadcast(x, &self.shape)?;
        if y == self.shape {
            Ok(y)
        } else {
            Err(format!("can't expand {x:?} to {:?}", self.shape))
        }
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
        let own = l.p.view(x.id, &aligned(&x.shape, shape));
        let ty = kept(l, x.id, &natural(shape));
        let y = l.p.broadcast(own, ty);
        Ok(Value::new(y, shape))
    }
}
