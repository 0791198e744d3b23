//! A program as kernels: where each value lies, and what is dispatched in which order.

use super::emit::Emit;
use super::fused::{FEW_ROWS, Fused};
use super::jobs;
use super::kernel::Launch;
use super::kernel::reduce::accumulate;
use super::lists::Lists;
use super::place::{GIVEN, Place, Room};
use crate::model::primitive::{Leaf, Op};
use crate::model::program::{Id, Program};
use crate::model::run::stages::{LEAVES, Varying, When, follow};

/// Steps that one kernel does at most: their words must fit into a binding.
const MOST_STEPS: usize = 24;
/// Rows that a step may read to be one among others of a kernel.
const FEW_READS: usize = 256;

/// What is asked for: where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Where.
    pub place: Place,
    /// How many numbers, of a sample or shared.
    pub size: usize,
}

/// A leaf that no sample has.
#[derive(Debug)]
pub struct Given {
    /// What it is.
    pub leaf: Leaf,
    /// Where its numbers go.
    pub place: Place,
    /// How many.
    pub size: usize,
}

/// What is done at a level: shared steps, then steps of samples.
#[derive(Debug, Default)]
pub struct Level {
    /// After all samples passed the levels before.
    pub late: Vec<Launch>,
    /// Of samples.
    pub block: Vec<Launch>,
}

/// A program made ready.
#[derive(Debug)]
pub struct Plan {
    /// Why it can't be run here, where it can't.
    pub refused: Option<&'static str>,
    /// Words that kernels read.
    pub lists: Vec<u32>,
    /// Leaves of all points and of one, in the order of their numbers.
    pub given: Vec<Given>,
    /// The same of a point.
    pub own: Vec<Given>,
    /// Leaves of samples with their number in [`LEAVES`], in the order of their rows, and how many rows.
    pub leaves: Vec<(usize, usize)>,
    /// Shared steps of all points.
    pub once: Vec<Launch>,
    /// Weights of all points, packed.
    pub packs: Vec<Launch>,
    /// Shared steps of a point.
    pub point: Vec<Launch>,
    /// Steps of samples that all points share.
    pub still: Vec<Launch>,
    /// Steps of samples, level by level; where there are no levels, late steps stand in the last.
    pub levels: Vec<Level>,
    /// Adds sums up over submissions and groups.
    pub accumulate: Launch,
    /// How many of each instance's sums that adds up.
    pub summed: usize,
    /// Whether samples pass in groups that share statistics.
    pub together: bool,
    /// Numbers in each buffer of what all points share.
    pub shared: [usize; GIVEN],
    /// Numbers of a point; sums of an instance.
    pub point_numbers: usize,
    pub sum_numbers: usize,
    /// Packed vectors of all points, of one.
    pub packed: [usize; 2],
    /// Rows of samples of all points, of one.
    pub rows: [usize; 2],
    /// What is asked for.
    pub outputs: Vec<Output>,
    /// Multiplications with additions a sample at a point.
    pub work: usize,
}

/// Groups of steps, a kernel each.
pub type Sequence = Vec<Vec<Id>>;

/// Places in the making.
pub struct Making {
    pub fused: Fused,
    pub place: Vec<Place>,
    pub lists: Lists,
    shared: [usize; GIVEN],
    point: usize,
    sums: usize,
    rows: [Room; 2],
}

impl Plan {
    /// A program for points that differ in what `varying` says.
    pub fn new(program: &Program, varying: Varying) -> Self {
        let fused = Fused::new(program, varying);
        let count = fused.program.steps().len();
        let levels = fused.levels;
        let mut making = Making {
            place: vec![Place::Nowhere; count],
            lists: Lists::default(),
            shared: [0; GIVEN],
            point: 0,
            sums: 0,
            rows: [Room::default(), Room::default()],
            fused,
        };
        let refused = making.refused();
        let given = making.leaves(false);
        let own = making.leaves(true);
        let leaves = making.sample_leaves();
        making.shared_places();
        let summed = making.sum_places();
        let mut emit = Emit::default();
        let mut blocks: Vec<Vec<Launch>> = Vec::new();
        let (mut still, mut once, mut point) = (Vec::new(), Vec::new(), Vec::new());
        let mut packs = Vec::new();
        let mut lates: Vec<Vec<Launch>> = Vec::new();
        if refused.is_none() {
            still = making
                .samples(&mut emit, &[making.sequence(false, 0)])
                .remove(0);
            let sequences: Vec<Sequence> = (0..=levels)
                .map(|level| making.sequence(true, level))
                .collect();
            blocks = making.samples(&mut emit, &sequences);
            once = jobs::early(&mut making, false, &[]);
            packs = jobs::packs(&mut making, &emit.packs, false);
            point = jobs::early(&mut making, true, &emit.packs);
            lates = (0..=making.last_level())
                .map(|level| jobs::late(&mut making, level))
                .collect();
        }
        let depth = blocks.len().max(lates.len());
        blocks.resize_with(depth, Vec::new);
        lates.resize_with(depth, Vec::new);
        let pairs = lates.into_iter().zip(blocks);
        let together = levels > 0;
        let output = |id: &Id| Output {
            place: making.place[follow(&making.fused.program, *id)],
            size: making.fused.program.ty(*id).size(),
        };
        let sum_numbers = making.sums;
        let summed = if together { sum_numbers } else { summed };
        Self {
            refused,
            given,
            own,
            leaves,
            once,
            packs,
            point,
            still,
            levels: pairs.map(|(late, block)| Level { late, block }).collect(),
            accumulate: accumulate(summed),
            summed,
            together,
            shared: making.shared,
            point_numbers: making.point,
            sum_numbers,
            packed: emit.packed,
            rows: [making.rows[0].size, making.rows[1].size],
            outputs: making.fused.program.outputs.iter().map(output).collect(),
            work: making.work(),
            lists: making.lists.words,
        }
    }
}

impl Making {
    /// The value of an argument lies there.
    pub fn place(&self, id: Id) -> Place {
        self.place[follow(&self.fused.program, id)]
    }

    /// Multiplications with additions a sample, and what else takes about as long.
    fn work(&self) -> usize {
        let program = &self.fused.program;
        let rows = |id: &Id| matches!(self.fused.when[*id], When::Block { moving: true, .. });
        let sizes = (0..program.steps().len()).filter(rows);
        let sizes: usize = sizes.map(|id| program.ty(id).size()).sum();
        program.work() + 4 * sizes
    }

    /// What no kernel does.
    fn refused(&self) -> Option<&'static str> {
        let program = &self.fused.program;
        let outside = |id: Id| {
            let step = program.step(id);
            match self.fused.when[id] {
                When::Never | When::Block { .. } => false,
                When::Early { .. } | When::Late { .. } => !matches!(
                    step.op,
                    Op::Leaf(_) | Op::Map(_) | Op::Moved(_) | Op::Sum | Op::Most
                ),
            }
        };
        let found = (0..program.steps().len()).any(outside);
        found.then_some("a step without samples that only steps of samples have kernels for")
    }

    /// Places of the leaves that no sample has.
    fn leaves(&mut self, moving: bool) -> Vec<Given> {
        let mut found = Vec::new();
        for id in 0..self.place.len() {
            let step = self.fused.program.step(id);
            let (Op::Leaf(leaf), size) = (step.op.clone(), step.ty.size()) else {
                continue;
            };
            if self.fused.when[id] != (When::Early { moving }) {
                continue;
            }
            let place = if moving {
                self.point += size;
                Place::Point(self.point - size)
            } else {
                let buffer = match &leaf {
                    Leaf::Direction(0, _) => 1,
                    Leaf::Direction(..) => 2,
                    _ => 0,
                };
                self.shared[buffer] += size;
                Place::Given(buffer, self.shared[buffer] - size)
            };
            self.place[id] = place;
            found.push(Given { leaf, place, size });
        }
        found
    }

    /// Rows of the samples' leaves: which, and how many each.
    fn sample_leaves(&mut self) -> Vec<(usize, usize)> {
        let mut found: Vec<[usize; 3]> = Vec::new();
        for id in 0..self.place.len() {
            let step = self.fused.program.step(id);
            let Op::Leaf(leaf) = &step.op else { continue };
            let Some(number) = LEAVES.iter().position(|l| l == leaf) else {
                continue;
            };
            let size = step.ty.size();
            // The same leaf may be there in several shapes.
            let known = found.iter().find(|own| own[..2] == [number, size]);
            let first = known.map_or_else(|| self.rows[0].take(size), |known| known[2]);
            found.push([number, size, first]);
            self.place[id] = Place::Still(first);
        }
        found.sort_unstable_by_key(|own| own[2]);
        found.dedup_by_key(|own| own[2]);
        found.into_iter().map(|own| (own[0], own[1])).collect()
    }

    /// Places of shared values that no sum over samples decides.
    fn shared_places(&mut self) {
        for id in 0..self.place.len() {
            let step = self.fused.program.step(id);
            let When::Early { moving } = self.fused.when[id] else {
                continue;
            };
            if matches!(step.op, Op::Leaf(_)) {
                continue;
            }
            let size = step.ty.size();
            self.place[id] = if moving {
                self.point += size;
                Place::Point(self.point - size)
            } else {
                let first = step.args.first().map(|arg| self.place(*arg));
                let buffer = match first {
                    Some(Place::Given(buffer, _)) => buffer,
                    _ => 0,
                };
                self.shared[buffer] += size;
                Place::Given(buffer, self.shared[buffer] - size)
            };
        }
    }

    /// Places of sums over samples, then of what depends on them; how many numbers are sums.
    fn sum_places(&mut self) -> usize {
        let mut summed = 0;
        for late in [false, true] {
            for id in 0..self.place.len() {
                let mine = match self.fused.when[id] {
                    When::Block { .. } => self.fused.reduces[id] && !late,
                    When::Late { .. } => late,
                    _ => false,
                };
                if mine {
                    self.place[id] = Place::Sum(self.sums);
                    self.sums += self.fused.program.ty(id).size();
                }
            }
            if !late {
                summed = self.sums;
            }
        }
        summed
    }

    fn last_level(&self) -> usize {
        let level = |when: &When| match when {
            When::Late { level } => *level,
            _ => 0,
        };
        let last = self.fused.when.iter().map(level).max().unwrap_or(0);
        last.max(self.fused.levels)
    }

    /// The steps of samples of a level, those together that one kernel does.
    fn sequence(&self, moving: bool, level: usize) -> Sequence {
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
            .map(|ty| ty.size())
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
    fn samples(&mut self, emit: &mut Emit, sequences: &[Sequence]) -> Vec<Vec<Launch>> {
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

    /// Takes the rows of a value back.
    fn give(&mut self, id: Id) {
        let size = self.fused.program.ty(id).size();
        let is_leaf = matches!(self.fused.program.step(id).op, Op::Leaf(_));
        match self.place[id] {
            Place::Value(first) => self.rows[1].give(first, size),
            Place::Still(first) if !is_leaf => self.rows[0].give(first, size),
            _ => {}
        }
    }
}
