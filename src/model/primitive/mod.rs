//! The small language that every layer and every loss is lowered to: one file a primitive.
//!
//! Each says the type of its result, its linearisation (the rate of the result from the rates of its
//! arguments) and its transposition (the slope of an argument from the slope of the result). Together
//! they are closed: the derivatives of primitives are primitives, so any number of derivatives is. An
//! executor knows these and nothing else.

pub mod contract;
pub mod expression;
pub mod form;
pub mod leaf;
pub mod lookup;
pub mod map;
pub mod most;
pub mod moved;
pub mod pick;
pub mod sum;
pub mod view;

pub use form::{Geometry, Slot};
pub use leaf::Leaf;

use crate::model::program::{Id, Program, Type};
use expression::Expression;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A table that is hashed once and shared.
#[derive(Debug, Clone)]
pub struct Table<T>(Arc<(u64, T)>);

impl<T: Hash> Table<T> {
    /// Hashes `inner`.
    pub fn new(inner: T) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        inner.hash(&mut hasher);
        Self(Arc::new((hasher.finish(), inner)))
    }
}

impl<T> Deref for Table<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.1
    }
}

impl<T> Hash for Table<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.0.hash(state);
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.0 == other.0.0 && self.0.1 == other.0.1)
    }
}

impl<T: Eq> Eq for Table<T> {}

/// A primitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A value from outside.
    Leaf(Leaf),
    /// Σ y[q, o] w[o, t, c] x[p, c] over a list of (q, t, p), one of the three being the result: linear
    /// layers and convolutions of any kind, turned round, and the slopes of their weights.
    Form(Table<Geometry>, Slot),
    /// Σ y[b, m, n] a[b, m, k] b[b, k, n], all three of a sample, one being the result.
    Contract([usize; 4], Slot),
    /// An expression, element by element, of values broadcast to the result's shape.
    Map(Expression),
    /// The sum over axes that are 1 in the result and, where the result is shared, over samples.
    Sum,
    /// The largest value along axes that are 1 in the result, as a constant: for shifts that cancel.
    Most,
    /// Which position of each window is the largest; no derivative.
    Pick(Table<Vec<Vec<u32>>>),
    /// The picked position of each window.
    Take(Table<Vec<Vec<u32>>>),
    /// Every value back to the position that was picked: `Take` turned round.
    Put(Table<Vec<Vec<u32>>>),
    /// Rows of a shared table by the sample's numbers.
    Lookup,
    /// Rows added up by the sample's numbers into a shared table: `Lookup` turned round.
    Scatter,
    /// `out[i] = x[list[i]]`, 0 where the list says [`moved::NONE`]; no index twice.
    Moved(Table<Vec<u32>>),
    /// The same numbers in another shape.
    View,
}

impl Op {
    /// Rate of the result `id` from the rates of its arguments; `None` where it doesn't change.
    pub fn rate(p: &mut Program, id: Id, rates: &[Option<Id>]) -> Option<Id> {
        let step = p.step(id).clone();
        match &step.op {
            Self::Map(e) => map::rate(p, id, &step, e, rates),
            Self::Form(g, out) => form::rate(p, &step, g, *out, rates),
            Self::Contract(dims, out) => contract::rate(p, &step, *dims, *out, rates),
            Self::Leaf(_) | Self::Most | Self::Pick(_) => None,
            // Linear in their first argument, constant in the second.
            Self::Sum | Self::Take(_) | Self::Put(_) | Self::Moved(_) | Self::View => {
                let mut args = step.args.clone();
                args[0] = rates[0]?;
                Some(p.push(step.op, args, step.ty))
            }
            Self::Lookup | Self::Scatter => lookup::rate(p, &step, rates),
        }
    }

    /// Slope of argument `which` of `id` from the slope of the result; of the type of the argument or,
    /// with `each`, one for every sample.
    pub fn pull(p: &mut Program, id: Id, which: usize, slope: Id, each: bool) -> Option<Id> {
        let step = p.step(id).clone();
        let ty = p.ty(step.args[which]).clone();
        let sample = ty.sample || each && p.ty(slope).sample;
        let ty = ty.with_sample(sample);
        match &step.op {
            Self::Map(e) => map::pull(p, id, &step, e, which, slope, ty),
            Self::Form(g, out) => Some(form::pull(p, &step, g, *out, which, slope, ty)),
            Self::Contract(dims, out) => {
                Some(contract::pull(p, &step, *dims, *out, which, slope, ty))
            }
            Self::Leaf(_) | Self::Most | Self::Pick(_) => None,
            Self::Sum => Some(p.broadcast(slope, ty)),
            Self::Take(_) | Self::Put(_) => pick::pull(p, &step, which, slope, ty),
            Self::Lookup | Self::Scatter => lookup::pull(p, &step, which, slope, ty),
            Self::Moved(list) => Some(moved::pull(p, list, slope, ty)),
            Self::View => Some(p.view(slope, &ty.shape)),
        }
    }

    /// Multiplications with additions a sample.
    pub fn work(&self) -> usize {
        match self {
            Self::Form(g, _) => g.hits.len() * g.outputs * g.inputs * g.groups,
            Self::Contract(dims, _) => dims.iter().product(),
            _ => 0,
        }
    }

    /// Whether it adds up over samples to make a shared value of these arguments.
    pub fn reduces(ty: &Type, args: impl IntoIterator<Item = bool>) -> bool {
        !ty.sample && args.into_iter().any(|sample| sample)
    }
}
