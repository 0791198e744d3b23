//! A program as kernels: where each value lies, and what is dispatched in which order.

use super::emit::Emit;
use super::fused::Fused;
use super::jobs;
use super::kernel::Launch;
use super::kernel::reduce::accumulate;
use super::lists::Lists;
use super::making::{Given, Making};
use super::place::{GIVEN, Place, Room};
use super::sequence::Sequence;
use crate::model::program::{Id, Program};
use crate::model::run::stages::{Varying, follow};

/// What is asked for: where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Where.
    pub place: Place,
    /// How many numbers, of a sample or shared.
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
    /// Leaves of samples with their number in `LEAVES`, in the order of their rows, and how many rows.
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
    /// Numbers of a sample that are read and written at a point.
    pub traffic: usize,
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
            traffic: making.traffic(),
            lists: making.lists.words,
        }
    }
}
