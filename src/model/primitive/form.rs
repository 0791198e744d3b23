//! The trilinear form Σ y[q, o] w[o, t, c] x[p, c] over a list of hits (q, t, p).
//!
//! With y as the result it is a linear layer (one tap) or a convolution of any rank, stride, padding,
//! dilation and number of groups; with x as the result the transposed convolution and the way back; with
//! w as the result the slope of the weights. Linearising puts a rate in the place of an argument,
//! transposing swaps two places: no derivative is ever written down.

use super::{Op, Table};
use crate::model::program::{Id, Program, Step, Type};

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

impl Program {
    /// The form's place `out` from the other two, in the order of [`Slot::others`], in any shape of the
    /// right size.
    pub fn form(&mut self, geometry: &Table<Geometry>, out: Slot, args: [Id; 2]) -> Id {
        let ty = geometry.ty(out);
        self.form_as(geometry, out, args, ty)
    }

    fn form_as(&mut self, geometry: &Table<Geometry>, out: Slot, args: [Id; 2], ty: Type) -> Id {
        let args = out
            .others()
            .iter()
            .zip(args)
            .map(|(place, arg)| {
                let wanted = geometry.ty(*place);
                debug_assert_eq!(self.ty(arg).size(), wanted.size(), "{place:?} of {out:?}");
                let arg = self.view(arg, &wanted.shape);
                // A shared value in the place of a sample's is repeated; weights stay as they are.
                let sample = wanted.sample || self.ty(arg).sample;
                self.broadcast(arg, wanted.with_sample(sample))
            })
            .collect();
        self.push(Op::Form(geometry.clone(), out), args, ty)
    }
}

pub(super) fn rate(
    p: &mut Program,
    step: &Step,
    geometry: &Table<Geometry>,
    out: Slot,
    rates: &[Option<Id>],
) -> Option<Id> {
    let mut sum = None;
    for (which, rate) in rates.iter().enumerate() {
        let Some(rate) = rate else { continue };
        let mut args = [step.args[0], step.args[1]];
        args[which] = *rate;
        let part = p.form_as(geometry, out, args, step.ty.clone());
        sum = Some(p.added(sum, part));
    }
    sum
}

pub(super) fn pull(
    p: &mut Program,
    step: &Step,
    geometry: &Table<Geometry>,
    out: Slot,
    which: usize,
    slope: Id,
    ty: Type,
) -> Id {
    let hole = out.others()[which];
    let other = out.others()[1 - which];
    let args = hole.filled((out, slope), (other, step.args[1 - which]));
    let made = geometry.ty(hole).with_sample(ty.sample);
    let found = p.form_as(geometry, hole, args, made);
    p.view(found, &ty.shape)
}
