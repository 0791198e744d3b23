//! The list of primitives. What each of them means in a program is in the file of its own.

use super::expression::Expression;
use super::geometry::{Geometry, Slot};
use super::leaf::Leaf;
use super::table::Table;
use super::types::Type;

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
    /// `out[i] = x[list[i]]`, 0 where the list says [`super::moved::NONE`]; no index twice.
    Moved(Table<Vec<u32>>),
    /// The same numbers in another shape.
    View,
}

impl Op {
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
