//! Products of matrices that both belong to the sample: attention.

use super::geometry::Slot;
use super::op::Op;
use crate::model::program::{Id, Program, Step, Type};

/// The type of one of the three places for `[b, m, k, n]`.
fn shape([b, m, k, n]: [usize; 4], place: Slot) -> Vec<usize> {
    match place {
        Slot::Y => vec![b, m, n],
        Slot::A => vec![b, m, k],
        Slot::B => vec![b, k, n],
    }
}

impl Program {
    /// y[b, m, n] = Σₖ a[b, m, k] b[b, k, n], all of the sample.
    pub fn product(&mut self, a: Id, b: Id) -> Id {
        let (left, right) = (&self.ty(a).shape, &self.ty(b).shape);
        let dims = [left[0], left[1], left[2], right[2]];
        self.contract(dims, Slot::Y, [a, b])
    }

    fn contract(&mut self, dims: [usize; 4], out: Slot, args: [Id; 2]) -> Id {
        let ty = Type::sample(&shape(dims, out));
        let args = args.map(|a| self.of_sample(a)).to_vec();
        self.push(Op::Contract(dims, out), args, ty)
    }

    /// A shared value repeated for every sample.
    fn of_sample(&mut self, x: Id) -> Id {
        let ty = self.ty(x).clone().with_sample(true);
        self.broadcast(x, ty)
    }
}

pub(super) fn rate(
    p: &mut Program,
    step: &Step,
    dims: [usize; 4],
    out: Slot,
    rates: &[Option<Id>],
) -> Option<Id> {
    let mut sum = None;
    for (which, rate) in rates.iter().enumerate() {
        let Some(rate) = rate else { continue };
        let mut args = [step.args[0], step.args[1]];
        args[which] = *rate;
        let part = p.contract(dims, out, args);
        sum = Some(p.added(sum, part));
    }
    sum
}

pub(super) fn pull(
    p: &mut Program,
    step: &Step,
    dims: [usize; 4],
    out: Slot,
    which: usize,
    slope: Id,
    ty: Type,
) -> Id {
    let hole = out.others()[which];
    let other = out.others()[1 - which];
    let args = hole.filled((out, slope), (other, step.args[1 - which]));
    let found = p.contract(dims, hole, args);
    p.sum(found, ty)
}
