//! Rows of a table by number, and rows added up by number: each is the other turned round.

use super::op::Op;
use crate::model::program::{Id, Program, Step, Type};

impl Program {
    /// Rows of `table` `[entries, width]`, shared, by the sample's numbers `[positions]`:
    /// `[positions, width]`.
    pub fn lookup(&mut self, table: Id, numbers: Id) -> Id {
        let ty = Type::sample(&[self.ty(numbers).size(), self.ty(table).shape[1]]);
        self.push(Op::Lookup, vec![table, numbers], ty)
    }
}

pub(super) fn rate(p: &mut Program, step: &Step, rates: &[Option<Id>]) -> Option<Id> {
    Some(p.push(
        step.op.clone(),
        vec![rates[0]?, step.args[1]],
        step.ty.clone(),
    ))
}

pub(super) fn pull(p: &mut Program, step: &Step, which: usize, slope: Id, ty: Type) -> Option<Id> {
    if which != 0 {
        return None;
    }
    let op = match step.op {
        Op::Lookup => Op::Scatter,
        _ => Op::Lookup,
    };
    Some(p.push(op, vec![slope, step.args[1]], ty))
}
