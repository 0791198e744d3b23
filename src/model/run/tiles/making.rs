//! A program on its way to kernels: where each value lies.

use super::fused::Fused;
use super::lists::Lists;
use super::place::{GIVEN, Place, Room};
use crate::model::primitive::{Leaf, Op};
use crate::model::program::Id;
use crate::model::run::stages::{LEAVES, When, follow};

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

/// Places in the making.
pub struct Making {
    /// Its steps.
    pub fused: Fused,
    /// Where every step's value lies.
    pub place: Vec<Place>,
    /// What kernels read.
    pub lists: Lists,
    /// Numbers given out in each buffer of what all points share, of a point, of sums.
    pub shared: [usize; GIVEN],
    pub point: usize,
    pub sums: usize,
    /// Rows of samples of all points, of one.
    pub rows: [Room; 2],
}

impl Making {
    /// The value of an argument lies there.
    pub fn place(&self, id: Id) -> Place {
        self.place[follow(&self.fused.program, id)]
    }

    /// Multiplications with additions a sample, and what else takes about as long.
    pub fn work(&self) -> usize {
        let program = &self.fused.program;
        let rows = |id: &Id| matches!(self.fused.when[*id], When::Block { moving: true, .. });
        let sizes = (0..program.steps().len()).filter(rows);
        let sizes: usize = sizes.map(|id| program.ty(id).size()).sum();
        program.work() + 4 * sizes
    }

    /// Numbers of a sample that kernels read and write at a point, each once a step.
    pub fn traffic(&self) -> usize {
        let size = |id: &Id| {
            let ty = self.fused.program.ty(*id);
            if ty.sample { ty.size() } else { 0 }
        };
        let moving = |id: &Id| matches!(self.fused.when[*id], When::Block { moving: true, .. });
        let steps = (0..self.place.len()).filter(moving);
        let each = steps.map(|id| size(&id) + self.fused.reads(id).iter().map(size).sum::<usize>());
        each.sum()
    }

    /// What no kernel does.
    pub fn refused(&self) -> Option<&'static str> {
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
    pub fn leaves(&mut self, moving: bool) -> Vec<Given> {
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
    pub fn sample_leaves(&mut self) -> Vec<(usize, usize)> {
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
    pub fn shared_places(&mut self) {
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
    pub fn sum_places(&mut self) -> usize {
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

    pub fn last_level(&self) -> usize {
        let level = |when: &When| match when {
            When::Late { level } => *level,
            _ => 0,
        };
        let last = self.fused.when.iter().map(level).max().unwrap_or(0);
        last.max(self.fused.levels)
    }

    /// Takes the rows of a value back.
    pub fn give(&mut self, id: Id) {
        let size = self.fused.program.ty(id).size();
        let is_leaf = matches!(self.fused.program.step(id).op, Op::Leaf(_));
        match self.place[id] {
            Place::Value(first) => self.rows[1].give(first, size),
            Place::Still(first) if !is_leaf => self.rows[0].give(first, size),
            _ => {}
        }
    }
}
