//! What one thread does at a time: some groups of samples through all steps, at some points.

use super::block::{Block, Room, sized};
use super::plan::Plan;
use super::rooms::Blocks;
use super::shared::Seen;
use super::simd::{LANES, Real};
use crate::model::run::backend::Batch;
use crate::model::run::stages::When;
use std::ops::Range;

/// What a run of samples came to at one point.
pub struct Part<T> {
    /// Sums, before what comes after them.
    pub sums: Vec<Vec<T>>,
    /// Shared outputs, added up over groups that each had their own.
    pub totals: Vec<Vec<f64>>,
    /// Outputs of samples.
    pub samples: Vec<Vec<f64>>,
}

/// What one job does: some groups of samples at some points.
pub struct Work<'a, T: Real> {
    pub plan: &'a Plan,
    pub once: &'a [Vec<T>],
    /// Shared numbers of the points.
    pub mine: &'a [Vec<Vec<T>>],
    pub batch: Batch<'a>,
    pub together: usize,
    pub kept: Option<&'a Blocks<T>>,
}

impl<T: Real> Work<'_, T> {
    pub fn groups(&self, groups: Range<usize>, room: &mut Room<T>) -> Vec<Part<T>> {
        let plan = self.plan;
        let outputs = plan.program.outputs.len();
        let mut parts: Vec<Part<T>> = (0..self.mine.len())
            .map(|_| Part {
                sums: plan.zeros(),
                totals: vec![Vec::new(); outputs],
                samples: vec![Vec::new(); outputs],
            })
            .collect();
        for group in groups {
            let start = group * self.together;
            let end = (start + self.together).min(self.batch.count);
            let blocks: Vec<Range<usize>> = (start..end)
                .step_by(LANES)
                .map(|from| from..(from + LANES).min(end))
                .collect();
            self.read(&blocks, room);
            if plan.levels > 0 {
                self.in_levels(&blocks, room, &mut parts);
            } else {
                self.one_block(&blocks[0], room, &mut parts);
            }
        }
        parts
    }

    /// Samples side by side; lanes without a sample repeat the last one, weighted 0: what is finite for
    /// all samples is finite in them, and 0 times it is 0.
    fn read(&self, blocks: &[Range<usize>], room: &mut Room<T>) {
        let plan = self.plan;
        room.leaves
            .resize_with(room.leaves.len().max(blocks.len()), Default::default);
        room.rows
            .resize_with(room.rows.len().max(blocks.len()), Vec::new);
        for rows in &mut room.rows {
            rows.resize_with(rows.len().max(plan.rows[1].len()), Vec::new);
        }
        room.still
            .resize_with(room.still.len().max(plan.rows[0].len()), Vec::new);
        for (block, leaves) in blocks.iter().zip(&mut room.leaves) {
            for (leaf, rows) in leaves.iter_mut().enumerate() {
                let size = plan.leaves[leaf];
                if size == 0 {
                    continue;
                }
                sized(rows, size);
                let numbers: &mut [T] = bytemuck::cast_slice_mut(rows);
                numbers.fill(T::default());
                // Targets, weights and presences stay 0.
                let repeated = if leaf == 0 { LANES } else { block.len() };
                let last = block.end - 1;
                for (lane, sample) in (block.start..).take(repeated).enumerate() {
                    let sample = sample.min(last);
                    let own = sample * size..(sample + 1) * size;
                    let places = numbers[lane..].iter_mut().step_by(LANES).take(size);
                    match leaf {
                        0 => {
                            for (to, value) in places.zip(&self.batch.inputs[own]) {
                                *to = T::of(f64::from(*value));
                            }
                        }
                        1 => {
                            for (to, at) in places.zip(own) {
                                *to = T::of(self.batch.targets.at(at));
                            }
                        }
                        2 => {
                            let weight = self.batch.weights.map_or(1.0, |w| w[sample]);
                            places.for_each(|to| *to = T::of(weight));
                        }
                        _ => places.for_each(|to| *to = T::of(1.0)),
                    }
                }
            }
        }
    }

    /// A block through all steps, at every point.
    fn one_block(&self, samples: &Range<usize>, room: &mut Room<T>, parts: &mut [Part<T>]) {
        let plan = self.plan;
        let mut keep = self.kept.map(|kept| kept.of(samples.start / LANES));
        let known = keep.as_ref().is_some_and(|k| k.is_some());
        if let Some(rows) = keep.as_mut().and_then(|k| k.take()) {
            room.still = rows;
        }
        for (moving, point) in
            std::iter::once((false, 0)).chain((0..self.mine.len()).map(|point| (true, point)))
        {
            if known && !moving {
                continue;
            }
            let part = &mut parts[point];
            let mut block = Block {
                seen: Seen {
                    plan,
                    once: self.once,
                    point: if moving { &self.mine[point] } else { &[] },
                    sums: &[],
                },
                leaves: &room.leaves[0],
                still: &mut room.still,
                rows: &mut room.rows[0],
                sums: &mut part.sums,
                temporaries: &mut room.temporaries,
                scratch: &mut room.scratch,
            };
            for (id, when) in plan.when.iter().enumerate() {
                if matches!(when, When::Block { moving: own, .. } if *own == moving) {
                    block.step(id);
                }
            }
            if moving {
                self.collect(&block, samples.len(), &mut part.samples);
            }
        }
        if let Some(keep) = keep.as_mut() {
            **keep = Some(std::mem::take(&mut room.still));
        }
    }

    /// Some blocks that share statistics, level after level, at every point.
    fn in_levels(&self, blocks: &[Range<usize>], room: &mut Room<T>, parts: &mut [Part<T>]) {
        let plan = self.plan;
        for (point, part) in parts.iter_mut().enumerate() {
            let mut sums = plan.zeros();
            for level in 0..=plan.levels {
                if level > 0 {
                    plan.late(
                        Some(level),
                        self.once,
                        &self.mine[point],
                        &mut sums,
                        &mut room.temporaries,
                    );
                }
                for (index, samples) in blocks.iter().enumerate() {
                    // Each block has values of its own, those that all points share included.
                    let mut block = Block {
                        seen: Seen {
                            plan,
                            once: self.once,
                            point: &self.mine[point],
                            sums: &[],
                        },
                        leaves: &room.leaves[index],
                        still: &mut room.still,
                        rows: &mut room.rows[index],
                        sums: &mut sums,
                        temporaries: &mut room.temporaries,
                        scratch: &mut room.scratch,
                    };
                    for (id, when) in plan.when.iter().enumerate() {
                        if matches!(when, When::Block { level: own, .. } if *own == level) {
                            block.step(id);
                        }
                    }
                    if level == plan.levels {
                        self.collect(&block, samples.len(), &mut part.samples);
                    }
                }
            }
            let most = plan.when.iter().filter_map(|when| match when {
                When::Late { level } | When::Block { level, .. } => Some(*level + 1),
                _ => None,
            });
            for level in plan.levels + 1..=most.max().unwrap_or(0) {
                plan.late(
                    Some(level),
                    self.once,
                    &self.mine[point],
                    &mut sums,
                    &mut room.temporaries,
                );
            }
            for (total, id) in part.totals.iter_mut().zip(&plan.program.outputs) {
                if plan.program.ty(*id).sample {
                    continue;
                }
                let found = plan.numbers_of(*id, self.once, &self.mine[point], &sums);
                total.resize(found.len(), 0.0);
                for (total, x) in total.iter_mut().zip(found) {
                    *total += x;
                }
            }
        }
    }

    /// Outputs of samples, sample after sample.
    fn collect(&self, block: &Block<'_, T>, samples: usize, found: &mut [Vec<f64>]) {
        for (found, id) in found.iter_mut().zip(&self.plan.program.outputs) {
            if !self.plan.program.ty(*id).sample {
                continue;
            }
            let rows = block.get(*id);
            for lane in 0..samples {
                found.extend(rows.chunks_exact(LANES).map(|row| row[lane].wide()));
            }
        }
    }
}
