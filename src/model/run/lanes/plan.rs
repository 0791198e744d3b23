//! A program made ready for rows: what depends on what, where values lie, and what kernels need.
//!
//! What is done when is in [`crate::model::run::stages`].

use super::kernel::{self, Lists, Shape};
use super::map::MapPlan;
use super::rows::Reduce;
use super::simd::LANES;
use crate::model::primitive::{Leaf, Op, Slot};
use crate::model::program::{Id, Program};
use crate::model::run::stages::{LEAVES, Stages, Varying, When, follow};
use crate::model::simplify::{Epilogue, epilogue};
use pulp::Arch;

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the numbers of all points.
    Once(usize),
    /// Among the numbers of a point.
    Point(usize),
    /// Among the rows that all points share.
    Still(usize),
    /// Among the rows of the block at hand.
    Rows(usize),
    /// A leaf of the samples, in the order of [`LEAVES`].
    Leaf(usize),
    /// Among the sums of a point.
    Sum(usize),
}

/// What a step's kernel needs.
#[derive(Debug)]
pub enum Ready {
    /// A product, its packed weights and what is done with the sums.
    Gather {
        lists: Lists,
        shape: Shape,
        packed: Place,
        x: Id,
        after: Epilogue,
    },
    /// A slope of weights.
    Outer { lists: Lists },
    /// An expression.
    Map(MapPlan),
    /// An expression of shared numbers; the indices of arguments that are repeated.
    Shared {
        plan: MapPlan,
        repeated: Vec<Option<Vec<u32>>>,
    },
    /// A sum or a maximum.
    Reduce(Reduce),
    /// The largest of a window where nobody asks which it is.
    Most,
    /// Nothing.
    Plain,
}

/// Weights to be packed.
#[derive(Debug)]
pub struct Pack {
    pub weights: Id,
    pub form: Id,
    pub moving: bool,
    pub to: usize,
    pub size: usize,
}

/// A program made ready.
#[derive(Debug)]
pub struct Plan {
    pub(super) program: Program,
    pub(super) place: Vec<Place>,
    pub(super) when: Vec<When>,
    pub(super) ready: Vec<Ready>,
    /// Numbers that a sample's leaves have, in the order of [`LEAVES`]; 0 where nobody reads one.
    pub(super) leaves: [usize; LEAVES.len()],
    pub(super) packs: Vec<Pack>,
    /// Numbers of each shared buffer: of all points, of a point.
    pub(super) numbers: [Vec<usize>; 2],
    /// Rows of each buffer: shared by all points, of the block at hand.
    pub(super) rows: [Vec<usize>; 2],
    /// Numbers of each sum.
    pub(super) sums: Vec<usize>,
    /// The last level.
    pub(super) levels: usize,
    pub(super) widest: usize,
    pub(super) arch: Arch,
    /// Multiplications and additions of a sample's steps, about.
    pub(super) effort: usize,
}

/// Buffers given out and taken back.
#[derive(Default)]
struct Buffers {
    sizes: Vec<usize>,
    free: Vec<usize>,
}

impl Buffers {
    /// A buffer for so many rows: the free one that fits best, or a new one.
    fn take(&mut self, size: usize) -> usize {
        let fits = (0..self.free.len()).filter(|i| self.sizes[self.free[*i]] >= size);
        if let Some(best) = fits.min_by_key(|i| self.sizes[self.free[*i]])
            && self.sizes[self.free[best]] <= 2 * size.max(64)
        {
            return self.free.swap_remove(best);
        }
        // Else the largest, made larger.
        let largest = (0..self.free.len()).max_by_key(|i| self.sizes[self.free[*i]]);
        if let Some(largest) = largest.filter(|i| self.sizes[self.free[*i]] < size) {
            let buffer = self.free.swap_remove(largest);
            self.sizes[buffer] = size;
            return buffer;
        }
        self.sizes.push(size);
        self.sizes.len() - 1
    }
}

/// Multiplications and additions that the steps of one sample take, about.
fn effort(program: &Program) -> usize {
    let each = program.steps().iter().map(|step| match &step.op {
        Op::Form(g, _) => [g.groups, g.outputs, g.inputs]
            .into_iter()
            .fold(g.hits.len(), usize::saturating_mul),
        Op::Contract([batch, m, k, n], _) => {
            [*m, *k, *n].into_iter().fold(*batch, usize::saturating_mul)
        }
        Op::Map(e) if step.ty.sample => step.ty.size().saturating_mul(e.nodes.len()),
        _ if step.ty.sample => step.ty.size(),
        _ => 0,
    });
    each.fold(0, usize::saturating_add)
}

impl Plan {
    /// A program for points that differ in what `varying` says.
    pub fn new(program: &Program, varying: Varying) -> Self {
        let arch = Arch::new();
        let widest = kernel::widest(arch);
        let program = program.scheduled();
        let count = program.steps().len();
        let stages = Stages::of(&program, varying);
        let Stages { moving, level, .. } = &stages;
        // What a product's kernel does itself.
        let readers = program.readers();
        let mut after: Vec<Option<Epilogue>> = vec![None; count];
        let mut done = vec![false; count];
        for id in 0..count {
            if let Some(found) = epilogue(&program, &readers, id)
                && moving[id] == moving[found.form]
                && level[id] == level[found.form]
                && !done[found.form]
            {
                done[found.form] = true;
                after[id] = Some(found);
            }
        }
        let when = |id: Id| {
            if done[id] {
                When::Never
            } else {
                stages.when(&program, id)
            }
        };
        let leaf = |leaf: Leaf| {
            let steps = program.steps().iter();
            let found = steps
                .filter(|s| matches!(&s.op, Op::Leaf(own) if *own == leaf))
                .map(|s| s.ty.size());
            found.max().unwrap_or(0)
        };
        let mut plan = Self {
            place: vec![Place::Leaf(0); count],
            when: (0..count).map(when).collect(),
            leaves: LEAVES.map(leaf),
            ready: Vec::with_capacity(count),
            packs: Vec::new(),
            numbers: [Vec::new(), Vec::new()],
            rows: [Vec::new(), Vec::new()],
            sums: Vec::new(),
            levels: stages.levels,
            widest,
            arch,
            effort: effort(&program),
            program,
        };
        plan.put(moving, level, &done, &after);
        plan.make_ready(moving, &after);
        plan
    }

    /// Gives every value its place.
    fn put(&mut self, moving: &[bool], level: &[usize], done: &[bool], after: &[Option<Epilogue>]) {
        let program = &self.program;
        let count = program.steps().len();
        let leveled = self.levels > 0;
        // The order in which a block passes the steps: in levels, one level after the other.
        let mut order: Vec<Id> = (0..count).collect();
        if leveled {
            order.sort_by_key(|id| level[*id]);
        }
        let mut rank = vec![0; count];
        for (at, id) in order.iter().enumerate() {
            rank[*id] = at;
        }
        // Who reads a value last, views looked through.
        let mut last = vec![0; count];
        for (id, step) in program.steps().iter().enumerate() {
            for arg in &step.args {
                let arg = follow(program, *arg);
                last[arg] = last[arg].max(rank[id]);
            }
            if let Some(found) = &after[id] {
                for arg in &program.step(found.form).args {
                    let arg = follow(program, *arg);
                    last[arg] = last[arg].max(rank[id]);
                }
            }
        }
        for id in 0..count {
            // A view is no reader of its own.
            if matches!(program.step(id).op, Op::View) {
                let of = follow(program, id);
                last[of] = last[of].max(last[id]);
            }
        }
        for output in &program.outputs {
            last[follow(program, *output)] = count;
        }
        // Values that all points share are kept if a step of a point reads them, else reused.
        let mut kept = vec![false; count];
        for (id, step) in program.steps().iter().enumerate() {
            let reads = step.args.iter().chain(
                after[id]
                    .iter()
                    .flat_map(|found| &program.step(found.form).args),
            );
            for arg in reads {
                let arg = follow(program, *arg);
                kept[arg] |= moving[id] && !moving[arg];
            }
        }
        for output in &program.outputs {
            kept[follow(program, *output)] = true;
        }
        let mut buffers = [Buffers::default(), Buffers::default()];
        let mut frees: Vec<Vec<Id>> = vec![Vec::new(); count];
        for id in 0..count {
            if last[id] < count {
                frees[last[id]].push(id);
            }
        }
        // What all points share comes first, in a pass of its own; in levels it is made again for each.
        let passes: &[bool] = if leveled { &[true] } else { &[false, true] };
        for &pass in passes {
            let in_pass = |id: Id| leveled || moving[id] == pass;
            for (at, &id) in order.iter().enumerate() {
                let step = program.step(id);
                if step.ty.sample && !done[id] && in_pass(id) {
                    self.place[id] = match &step.op {
                        Op::View => self.place[follow(program, id)],
                        Op::Leaf(leaf) => {
                            let leaf = LEAVES.iter().position(|l| l == leaf);
                            Place::Leaf(leaf.unwrap_or(0))
                        }
                        _ if !leveled && !moving[id] && kept[id] => {
                            Place::Still(buffers[0].take_new(step.ty.size()))
                        }
                        _ => Place::Rows(buffers[1].take(step.ty.size())),
                    };
                }
                for &value in &frees[at] {
                    let step = program.step(value);
                    if step.ty.sample
                        && in_pass(value)
                        && !done[value]
                        && !matches!(step.op, Op::View | Op::Leaf(_))
                        && let Place::Rows(buffer) = self.place[value]
                    {
                        buffers[1].free.push(buffer);
                    }
                }
            }
        }
        for id in 0..count {
            let step = program.step(id);
            if step.ty.sample {
                continue;
            }
            self.place[id] = if matches!(step.op, Op::View) {
                self.place[follow(program, id)]
            } else {
                match self.when[id] {
                    When::Early { moving } => {
                        let numbers = &mut self.numbers[usize::from(moving)];
                        numbers.push(step.ty.size().next_multiple_of(LANES));
                        let at = numbers.len() - 1;
                        if moving {
                            Place::Point(at)
                        } else {
                            Place::Once(at)
                        }
                    }
                    _ => {
                        let size = match &step.op {
                            Op::Form(g, Slot::A) => {
                                g.groups * g.outputs * g.taps * kernel::stride(g)
                            }
                            _ => step.ty.size(),
                        };
                        self.sums.push(size.next_multiple_of(LANES));
                        Place::Sum(self.sums.len() - 1)
                    }
                }
            };
        }
        let [still, rows] = buffers;
        self.rows = [still.sizes, rows.sizes];
    }
}

impl Buffers {
    fn take_new(&mut self, size: usize) -> usize {
        self.sizes.push(size);
        self.sizes.len() - 1
    }
}
