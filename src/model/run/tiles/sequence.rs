//! The steps of samples in the order of their kernels, rows given to their values for as long as they are read.

use super::emit::Emit;
use super::fused::FEW_ROWS;
use super::kernel::Launch;
use super::making::Making;
use super::place::Place;
use crate::model::primitive::Op;
use crate::model::program::{Id, Type};
use crate::model::run::stages::{When, follow};

/// Steps that one kernel does at most: their words must fit into a binding.
const MOST_STEPS: usize = 24;
/// Rows that a step may read to be one among others of a kernel.
const FEW_READS: usize = 256;

/// Groups of steps, a kernel each.
pub type Sequence = Vec<Vec<Id>>;

impl Making {
    /// The steps of samples of a level, those together that one kernel does.
    pub fn sequence(&self, moving: bool, level: usize) -> Sequence {
        let (mut all, mut chain, mut sums) = (Sequence::new(), Vec::new(), Vec::new());
        let close = |chain: &mut Vec<Id>, sums: &mut Vec<Id>, all: &mut Sequence| {
            if !chain.is_empty() {
                all.push(std::mem::take(chain));
            }
            all.extend(sums.drain(..).map(|id| vec![id]));
        };
        for (id, when) in self.fused.when.iter().enumerate() {
            let mine =
                matches!(when, When::Block { moving: m, level: l } if *m == moving && *l == level);
            if !mine {
                continue;
            }
            if self.is_small(id) {
                if chain.len() == MOST_STEPS {
                    close(&mut chain, &mut sums, &mut all);
                }
                chain.push(id);
            } else if self.waits(id) && !chain.is_empty() {
                sums.push(id);
            } else {
                close(&mut chain, &mut sums, &mut all);
                all.push(vec![id]);
            }
        }
        close(&mut chain, &mut sums, &mut all);
        all
    }

    /// Sums over samples of little, which nobody waits for.
    fn waits(&self, id: Id) -> bool {
        let step = self.fused.program.step(id);
        step.op == Op::Sum
            && self.fused.reduces[id]
            && self.fused.program.ty(step.args[0]).size() <= FEW_ROWS
    }

    /// Whether a thread may do all rows of a step.
    fn is_small(&self, id: Id) -> bool {
        let step = self.fused.program.step(id);
        let given: usize = step
            .args
            .iter()
            .map(|arg| self.fused.program.ty(*arg))
            .filter(|ty| ty.sample)
            .map(Type::size)
            .sum();
        let rows = matches!(
            step.op,
            Op::Map(_) | Op::Moved(_) | Op::Sum | Op::Most | Op::Pick(_) | Op::Take(_) | Op::Put(_)
        );
        rows && step.ty.sample
            && self.fused.form(id).is_none()
            && step.ty.size() <= FEW_ROWS
            && given <= FEW_READS
    }

    /// Kernels of sequences, rows given to their values for as long as they are read.
    pub fn samples(&mut self, emit: &mut Emit, sequences: &[Sequence]) -> Vec<Vec<Launch>> {
        let order: Vec<Id> = sequences.iter().flatten().flatten().copied().collect();
        let mut last = vec![usize::MAX; self.place.len()];
        for (position, id) in order.iter().enumerate() {
            for read in self.fused.reads(*id) {
                last[read] = position;
            }
        }
        // Read at the points too, or asked for.
        let mut forever = vec![false; self.place.len()];
        for (id, when) in self.fused.when.iter().enumerate() {
            if let When::Block { moving: true, .. } = when {
                for read in self.fused.reads(id) {
                    forever[read] |= !self.fused.moving[read];
                }
            }
        }
        for output in &self.fused.program.outputs {
            forever[follow(&self.fused.program, *output)] = true;
        }
        let mut position = 0;
        let mut all = Vec::new();
        for sequence in sequences {
            let mut launches = Vec::new();
            for group in sequence {
                for &id in group {
                    let ty = self.fused.program.ty(id);
                    if ty.sample {
                        let still = !self.fused.moving[id];
                        let first = self.rows[usize::from(!still)].take(ty.size());
                        self.place[id] = if still {
                            Place::Still(first)
                        } else {
                            Place::Value(first)
                        };
                    }
                    let mut reads = self.fused.reads(id);
                    reads.push(id);
                    reads.sort_unstable();
                    reads.dedup();
                    for read in reads {
                        let gone = last[read] == position || read == id && last[id] == usize::MAX;
                        if gone && !forever[read] {
                            self.give(read);
                        }
                    }
                    position += 1;
                }
                emit.group(self, group, &mut launches);
            }
            all.push(launches);
        }
        all
    }
}
