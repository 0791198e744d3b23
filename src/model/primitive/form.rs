//! The trilinear form Σ y[q, o] w[o, t, c] x[p, c] over a list of hits (q, t, p).
//!
//! With y as the result it is a linear layer (one tap) or a convolution of any rank, stride, padding,
//! dilation and number of groups; with x as the result the transposed convolution and the way back; with
//! w as the result the slope of the weights. Linearising puts a rate in the place of an argument,
//! transposing swaps two places: no derivative is ever written down.

use super::geometry::{Geometry, Slot};
use super::op::Op;
use super::table::Table;
use crate::model::program::{Id, Program, Step, Type};

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
