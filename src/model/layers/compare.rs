//! Truth as a number, and choices by it.

use super::kind::{Elementwise, Kind};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::scalar::rest;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::{Binary, Expression};
use crate::model::shape::arrange::broadcast;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// How two numbers lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// x = y
    Equal,
    /// x ≠ y
    NotEqual,
    /// x < y
    Less,
    /// x ≤ y
    LessOrEqual,
    /// x > y
    Greater,
    /// x ≥ y
    GreaterOrEqual,
}

impl Relation {
    /// Whether it holds between two numbers.
    pub fn holds(self, x: f64, y: f64) -> bool {
        match self {
            Self::Equal => x == y,
            Self::NotEqual => x != y,
            Self::Less => x < y,
            Self::LessOrEqual => x <= y,
            Self::Greater => x > y,
            Self::GreaterOrEqual => x >= y,
        }
    }
}

/// 1 where x lies to `value` as said, else 0, with slope 0: `torch.eq`, `ne`, `lt`, `le`, `gt`, `ge` against a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// How.
    pub relation: Relation,
    /// To what.
    pub value: f64,
}

/// The second input where the first isn't 0, else the third, broadcast: `torch.where`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Where {}

impl Elementwise for Compare {
    fn of(&self, e: &mut Expression, x: usize) -> usize {
        let value = e.constant(self.value);
        let above = |e: &mut Expression| e.binary(Binary::Greater, x, value);
        let below = |e: &mut Expression| e.binary(Binary::Greater, value, x);
        let level = |e: &mut Expression| e.binary(Binary::Equal, x, value);
        match self.relation {
            Relation::Equal => level(e),
            Relation::NotEqual => {
                let level = level(e);
                rest(e, level)
            }
            Relation::Less => below(e),
            Relation::Greater => above(e),
            Relation::LessOrEqual => {
                let (below, level) = (below(e), level(e));
                e.add(below, level)
            }
            Relation::GreaterOrEqual => {
                let (above, level) = (above(e), level(e));
                e.add(above, level)
            }
        }
    }
}

impl Kind for Where {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let [condition, x, y] = given.inputs else {
            return Err("needs exactly three inputs: a condition and two values".into());
        };
        broadcast(&broadcast(condition, x)?, y)
    }

    fn lists(&self) -> bool {
        false
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let condition = inputs.remove(0);
        let other = Value {
            id: l.p.apply(condition.id, |e, c| {
                let zero = e.constant(0.0);
                e.binary(Binary::Equal, c, zero)
            }),
            ..condition.clone()
        };
        let mut parts = Vec::with_capacity(2);
        for (mask, value) in [condition, other].into_iter().zip(inputs) {
            let own = broadcast(&mask.shape, &value.shape)?;
            let pair = |e: &mut Expression, x, y| e.binary(Binary::Where, x, y);
            parts.push(l.combined(vec![mask, value], pair, &own));
        }
        Ok(l.combined(parts, Expression::add, shape))
    }
}
