//! What a form is: its three places, which positions meet by which tap, how many channels there are.

use super::types::{Id, Type};

/// The three places of a form: the product, the weights, the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The product: `[q, groups · o]`.
    Y,
    /// The weights: `[groups · o, taps · c]`.
    A,
    /// The values: `[p, groups · c]`.
    B,
}

impl Slot {
    /// The other two, in the order in which they are arguments.
    pub fn others(self) -> [Self; 2] {
        match self {
            Self::Y => [Self::A, Self::B],
            Self::A => [Self::Y, Self::B],
            Self::B => [Self::Y, Self::A],
        }
    }

    /// The arguments of a form with this as the result when the other two places hold these.
    pub(super) fn filled(self, one: (Self, Id), other: (Self, Id)) -> [Id; 2] {
        if self.others()[0] == one.0 {
            [one.1, other.1]
        } else {
            [other.1, one.1]
        }
    }
}

/// Which positions meet by which tap, and how many channels there are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Positions of the product.
    pub targets: usize,
    /// Positions of the values.
    pub sources: usize,
    /// Weights a pair of channels.
    pub taps: usize,
    /// Channels that share nothing with each other.
    pub groups: usize,
    /// Channels of the product, a group.
    pub outputs: usize,
    /// Channels of the values, a group.
    pub inputs: usize,
    /// (target, tap, source), in any order.
    pub hits: Vec<[u32; 3]>,
}

impl Geometry {
    /// Every one of `positions` by the same matrix.
    pub fn linear(positions: usize, outputs: usize, inputs: usize) -> Self {
        Self {
            targets: positions,
            sources: positions,
            taps: 1,
            groups: 1,
            outputs,
            inputs,
            hits: (0..positions as u32).map(|i| [i, 0, i]).collect(),
        }
    }

    /// The type of one of its places.
    pub fn ty(&self, place: Slot) -> Type {
        match place {
            Slot::Y => Type::sample(&[self.targets, self.groups * self.outputs]),
            Slot::A => Type::shared(&[self.groups * self.outputs, self.taps * self.inputs]),
            Slot::B => Type::sample(&[self.sources, self.groups * self.inputs]),
        }
    }
}
