//! The two rules of every primitive, found by its name: how it linearises and how it transposes.

use super::op::Op;
use super::{contract, form, lookup, map, moved, pick};
use crate::model::program::{Id, Program};

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
}
