//! A program in the order in which it is run, what may be dropped when, and what that takes.

use super::kernel::{Kernel, Kernels};
use super::on::On;
use crate::model::primitive::Op;
use crate::model::program::{Id, Program};
use crate::model::run::stages::{LEAVES, Stages, Varying, When, follow};

/// A program made ready.
#[derive(Debug)]
pub struct Plan {
    pub program: Program,
    pub when: Vec<When>,
    pub kernels: Vec<Kernel>,
    /// Samples that share statistics pass as one batch: a step of samples reads a sum over them.
    pub together: bool,
    /// Values that nobody reads after a step.
    pub frees: Vec<Vec<Id>>,
    /// Shared values that are added up over batches.
    pub summed: Vec<Id>,
    /// Leaves of samples that some step reads, with their number in [`LEAVES`].
    pub leaves: Vec<(usize, Id)>,
    /// Numbers alive at once, a sample.
    pub alive: usize,
    /// Numbers retained, a sample.
    pub still: usize,
    /// Shared numbers: of all points, of one.
    pub numbers: [usize; 2],
}

impl Plan {
    /// A program for points that differ in what `varying` says.
    pub fn new(program: &Program, varying: Varying, on: &On) -> Self {
        let program = program.scheduled();
        let count = program.steps().len();
        let stages = Stages::of(&program, varying);
        let together = stages.levels > 0;
        let outputs: Vec<Id> = program
            .outputs
            .iter()
            .map(|o| follow(&program, *o))
            .collect();
        let mut summed: Vec<Id> = if together {
            let shared = outputs.iter().filter(|o| !program.ty(**o).sample);
            shared.copied().collect()
        } else {
            (0..count).filter(|id| stages.reduces[*id]).collect()
        };
        summed.sort_unstable();
        summed.dedup();
        let (mut last, mut retained) = (vec![0; count], vec![false; count]);
        for (id, step) in program.steps().iter().enumerate() {
            if matches!(step.op, Op::View) {
                continue;
            }
            for arg in &step.args {
                let arg = follow(&program, *arg);
                last[arg] = id;
                retained[arg] |= stages.moving[id] && !stages.moving[arg];
            }
        }
        for output in &outputs {
            last[*output] = count;
            retained[*output] |= !stages.moving[*output];
        }
        let mut frees = vec![Vec::new(); count];
        for (id, last) in last.iter().enumerate() {
            if *last < count && !retained[id] {
                frees[*last].push(id);
            }
        }
        let leaf = |(id, step): (Id, &crate::model::program::Step)| match &step.op {
            Op::Leaf(leaf) => Some((LEAVES.iter().position(|l| l == leaf)?, id)),
            _ => None,
        };
        let leaves = program
            .steps()
            .iter()
            .enumerate()
            .filter_map(leaf)
            .collect();
        let mut kernels = Kernels::new(&program, on);
        let kernels = (0..count).map(|id| kernels.of(id)).collect();
        let mut plan = Self {
            when: (0..count).map(|id| stages.when(&program, id)).collect(),
            kernels,
            together,
            frees,
            summed,
            leaves,
            alive: 0,
            still: 0,
            numbers: [0; 2],
            program,
        };
        plan.measure();
        plan
    }

    /// What is alive at once, from the steps' own order.
    fn measure(&mut self) {
        let size = |id: Id| {
            let ty = self.program.ty(id);
            if ty.sample { ty.size() } else { 0 }
        };
        let inputs: usize = self.leaves.iter().map(|(_, id)| size(*id)).sum();
        let peak = |pass: bool, start: usize| {
            let (mut alive, mut most) = (start, start);
            let mine =
                |id: Id| matches!(self.when[id], When::Block { moving, .. } if moving == pass);
            for id in (0..self.when.len()).filter(|id| mine(*id)) {
                alive += size(id);
                most = most.max(alive + self.kernels[id].workspace(&self.program, id));
                let gone = self.frees[id].iter().filter(|gone| mine(**gone));
                alive -= gone.map(|gone| size(*gone)).sum::<usize>().min(alive);
            }
            (most, alive)
        };
        let (first, still) = peak(false, inputs);
        let (second, _) = peak(true, still);
        self.alive = first.max(second).max(1);
        self.still = still;
        for (id, when) in self.when.iter().enumerate() {
            if let When::Early { moving } = when {
                self.numbers[usize::from(*moving)] += self.program.ty(id).size();
            }
        }
    }
}
