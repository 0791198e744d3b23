//! When the steps of a program are done: what every executor needs to know of it.
//!
//! A step belongs to one of three kinds. *Shared* steps see no sample and are done before all samples, once
//! or for every point; *steps of samples* are done batch by batch, and those that don't depend on the point
//! once for all points; *sums over samples* fill numbers of the point, and shared steps after them come at
//! the end. Where a step of samples reads a sum over samples (statistics of the batch), the steps fall into
//! levels, and all samples that share statistics pass one level before the next.

use crate::model::primitive::{Leaf, Op};
use crate::model::program::{Id, Program};

/// Which leaves differ from point to point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Varying {
    /// The coordinates of a slice and, where asked for, the buffers.
    Slice {
        /// Whether buffers differ too.
        buffers: bool,
    },
    /// Parameters, and everything else of a point.
    Points,
    /// Tangents alone: many directions at one point.
    Tangents,
}

impl Varying {
    fn has(self, leaf: &Leaf) -> bool {
        match (self, leaf) {
            (Self::Slice { buffers }, Leaf::Buffer(_)) => buffers,
            (Self::Slice { .. }, Leaf::Coordinate(_))
            | (Self::Points, Leaf::Parameter(_) | Leaf::Buffer(_) | Leaf::Coordinate(_))
            | (Self::Points | Self::Tangents, Leaf::Tangent(_)) => true,
            _ => false,
        }
    }
}

/// The leaves of samples.
pub const LEAVES: [Leaf; 4] = [Leaf::Input, Leaf::Label, Leaf::Weight, Leaf::Present];

/// When a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before all samples, for each point or once for all.
    Early {
        /// For each point.
        moving: bool,
    },
    /// For each batch, in a level.
    Block {
        /// For each point.
        moving: bool,
        /// The level.
        level: usize,
    },
    /// After all batches of a level.
    Late {
        /// The level.
        level: usize,
    },
    /// Never: it is another's value, a sample's leaf, or another step does it.
    Never,
}

/// What depends on what.
#[derive(Debug)]
pub struct Stages {
    /// Values that differ from point to point; sums over samples always count.
    pub moving: Vec<bool>,
    /// The level of every step.
    pub level: Vec<usize>,
    /// Steps that add up over samples.
    pub reduces: Vec<bool>,
    /// Sums over samples, and shared values that depend on some.
    pub late: Vec<bool>,
    /// The last level that samples pass; 0 where no sample reads a sum.
    pub levels: usize,
}

/// What a value is a view of.
pub fn follow(program: &Program, mut id: Id) -> Id {
    while matches!(program.step(id).op, Op::View) {
        id = program.step(id).args[0];
    }
    id
}

impl Stages {
    /// Of a program at points that differ in what `varying` says.
    pub fn of(program: &Program, varying: Varying) -> Self {
        let count = program.steps().len();
        let reduces: Vec<bool> = program
            .steps()
            .iter()
            .map(|s| Op::reduces(&s.ty, s.args.iter().map(|a| program.ty(*a).sample)))
            .collect();
        // A sum over samples belongs to a point even where the point doesn't matter.
        let (mut moving, mut level) = (vec![false; count], vec![0; count]);
        let mut late = vec![false; count];
        for (id, step) in program.steps().iter().enumerate() {
            moving[id] = reduces[id]
                || match &step.op {
                    Op::Leaf(leaf) => varying.has(leaf),
                    _ => step.args.iter().any(|a| moving[*a]),
                };
            late[id] = reduces[id] || !step.ty.sample && step.args.iter().any(|a| late[*a]);
            let of = |a: &Id| level[*a] + usize::from(reduces[follow(program, *a)]);
            level[id] = step.args.iter().map(of).max().unwrap_or(0);
        }
        let levels = (0..count)
            .filter(|id| program.ty(*id).sample || reduces[*id])
            .map(|id| level[id])
            .max()
            .unwrap_or(0);
        Self {
            moving,
            level,
            reduces,
            late,
            levels,
        }
    }

    /// When a step is done.
    pub fn when(&self, program: &Program, id: Id) -> When {
        let (moving, level) = (self.moving[id], self.level[id]);
        let step = program.step(id);
        match &step.op {
            Op::View => When::Never,
            Op::Leaf(leaf) if leaf.is_of_sample() => When::Never,
            _ if step.ty.sample || self.reduces[id] => When::Block { moving, level },
            _ if self.late[id] => When::Late { level },
            _ => When::Early { moving },
        }
    }
}
