//! A network, its loss or any of their derivatives as primitives over numbered values.
//!
//! Every step is made once: equal steps are one step, which is all the work that common subexpressions
//! need. A value belongs to a sample or is shared by all of them; its shape leaves the samples out.
//! A program knows nothing of layers, of devices or of how many samples and points there are.

use crate::model::primitive::{Leaf, Op};
use std::collections::HashMap;

pub use crate::model::primitive::types::{Id, Type};

/// One primitive over earlier values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// The primitive.
    pub op: Op,
    /// The values it reads.
    pub args: Vec<Id>,
    /// What it makes.
    pub ty: Type,
}

/// Steps in an order in which they can be computed, and the values that are asked for.
#[derive(Debug, Clone, Default)]
pub struct Program {
    steps: Vec<Step>,
    /// The values asked for.
    pub outputs: Vec<Id>,
    seen: HashMap<Step, Id>,
}

impl Program {
    /// All steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One step.
    pub fn step(&self, id: Id) -> &Step {
        &self.steps[id]
    }

    /// The type of a value.
    pub fn ty(&self, id: Id) -> &Type {
        &self.steps[id].ty
    }

    /// A step, or the equal one that is there already.
    pub fn push(&mut self, op: Op, args: Vec<Id>, ty: Type) -> Id {
        let step = Step { op, args, ty };
        if let Some(found) = self.seen.get(&step) {
            return *found;
        }
        self.steps.push(step.clone());
        self.seen.insert(step, self.steps.len() - 1);
        self.steps.len() - 1
    }

    /// A value that comes from outside.
    pub fn leaf(&mut self, leaf: Leaf, ty: Type) -> Id {
        self.push(Op::Leaf(leaf), Vec::new(), ty)
    }

    /// Copies a step of another program, its arguments replaced.
    pub fn copy(&mut self, step: &Step, to: impl Fn(Id) -> Id) -> Id {
        let args = step.args.iter().map(|a| to(*a)).collect();
        self.push(step.op.clone(), args, step.ty.clone())
    }

    /// Only what the outputs need.
    #[must_use]
    pub fn alive(&self) -> Self {
        let mut needed = vec![false; self.steps.len()];
        for output in &self.outputs {
            needed[*output] = true;
        }
        for id in (0..self.steps.len()).rev() {
            if needed[id] {
                for arg in &self.steps[id].args {
                    needed[*arg] = true;
                }
            }
        }
        let (mut out, mut to) = (Self::default(), vec![Id::MAX; self.steps.len()]);
        for (id, step) in self.steps.iter().enumerate() {
            if needed[id] {
                to[id] = out.copy(step, |a| to[a]);
            }
        }
        out.outputs = self.outputs.iter().map(|o| to[*o]).collect();
        out
    }

    /// Every step as late as the outputs allow, those of the last layers first: the rate of a slope comes
    /// right after the slope, and fewer values wait.
    #[must_use]
    pub fn scheduled(&self) -> Self {
        let (mut out, mut to) = (Self::default(), vec![Id::MAX; self.steps.len()]);
        for output in self.outputs.iter().rev() {
            // By hand, because programs are deeper than stacks.
            let mut open = vec![(*output, 0)];
            while let Some((id, next)) = open.pop() {
                if to[id] != Id::MAX {
                    continue;
                }
                match self.steps[id].args.get(next) {
                    Some(&arg) => {
                        open.push((id, next + 1));
                        open.push((arg, 0));
                    }
                    None => to[id] = out.copy(&self.steps[id], |a| to[a]),
                }
            }
        }
        out.outputs = self.outputs.iter().map(|o| to[*o]).collect();
        out
    }

    /// How often every value is read, outputs counted.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.steps.len()];
        let args = self.steps.iter().flat_map(|s| &s.args);
        for id in args.chain(&self.outputs) {
            readers[*id] += 1;
        }
        readers
    }

    /// Which values depend on a leaf of a kind.
    pub fn depends(&self, on: impl Fn(&Leaf) -> bool) -> Vec<bool> {
        let mut depends = vec![false; self.steps.len()];
        for (id, step) in self.steps.iter().enumerate() {
            depends[id] = match &step.op {
                Op::Leaf(leaf) => on(leaf),
                _ => step.args.iter().any(|a| depends[*a]),
            };
        }
        depends
    }

    /// Multiplications with additions a sample.
    pub fn work(&self) -> usize {
        self.steps.iter().map(|s| s.op.work()).sum()
    }
}
