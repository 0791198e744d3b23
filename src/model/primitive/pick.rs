//! The largest value of each window, in three parts so that every derivative is free: which it is, its
//! value, and a value put back there.

use super::op::Op;
use super::table::Table;
use crate::model::program::{Id, Program, Step, Type};

impl Program {
    /// The largest value of each window of positions of `x` `[positions, channels]`, by channel. The
    /// first of equal ones counts, as in PyTorch.
    pub fn largest(&mut self, x: Id, windows: Vec<Vec<u32>>) -> Id {
        let channels = self.ty(x).shape[1];
        let ty = Type {
            sample: self.ty(x).sample,
            shape: vec![windows.len(), channels],
        };
        let windows = Table::new(windows);
        let index = self.push(Op::Pick(windows.clone()), vec![x], ty.clone());
        self.push(Op::Take(windows), vec![x, index], ty)
    }
}

pub(super) fn pull(p: &mut Program, step: &Step, which: usize, slope: Id, ty: Type) -> Option<Id> {
    if which != 0 {
        return None;
    }
    let op = match &step.op {
        Op::Take(windows) => Op::Put(windows.clone()),
        Op::Put(windows) => Op::Take(windows.clone()),
        other => other.clone(),
    };
    Some(p.push(op, vec![slope, step.args[1]], ty))
}
