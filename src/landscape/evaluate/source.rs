//! What a program is given at the points of a slice, or at a point.

use crate::landscape::grid::Coordinate;
use crate::landscape::slice::Slice;
use crate::model::params::{Layout, Params};
use crate::model::primitive::Leaf;
use crate::model::run::{Numbers, Source};
use std::collections::HashMap;

/// Running statistics by place in the layout.
pub type Measured = HashMap<usize, Vec<f64>>;

/// Points of a slice.
pub struct Along<'a> {
    pub slice: &'a Slice,
    pub coordinates: &'a [Coordinate],
    /// Running statistics of every point, where they are measured.
    pub measured: Option<&'a [Measured]>,
}

impl Source for Along<'_> {
    fn fill(&self, leaf: &Leaf, point: usize, out: Numbers<'_>) {
        let origin = &self.slice.origin;
        match leaf {
            Leaf::Origin(index) => out.fill(origin.at(*index).iter().copied()),
            Leaf::Direction(k, index) => {
                out.fill(self.slice.directions[*k].at(*index).iter().copied());
            }
            Leaf::Coordinate(k) => {
                // A coordinate that isn't given is 0.
                let c = self.coordinates[point].get(*k).copied().unwrap_or(0.0);
                out.fill([c]);
            }
            Leaf::Buffer(index) => match self.measured.and_then(|m| m[point].get(index)) {
                Some(own) => out.fill(own.iter().copied()),
                None => out.fill(self.slice.tensor(*index, &self.coordinates[point])),
            },
            other => unreachable!("{other:?} along a slice"),
        }
    }
}

/// A point, and where it goes from there.
pub struct Point<'a> {
    pub layout: &'a Layout,
    /// Where each tensor's values begin in the vectors.
    pub offsets: &'a [usize],
    /// The trained values, in the order of [`Params::flatten`]: of each point, or of one where all are the same.
    pub trained: &'a [&'a [f64]],
    /// Their rates: one vector for each of a call's points, none where no rate is asked for.
    pub tangents: &'a [&'a [f64]],
    /// The buffers' owner.
    pub buffers: &'a Params,
}

impl Point<'_> {
    fn part<'v>(&self, vector: &'v [f64], index: usize) -> &'v [f64] {
        let from = self.offsets[index];
        &vector[from..from + self.layout[index].len()]
    }
}

impl Source for Point<'_> {
    fn fill(&self, leaf: &Leaf, point: usize, out: Numbers<'_>) {
        match leaf {
            Leaf::Parameter(index) => {
                let own = self.trained[point.min(self.trained.len() - 1)];
                out.fill(self.part(own, *index).iter().copied());
            }
            Leaf::Tangent(index) => {
                out.fill(self.part(self.tangents[point], *index).iter().copied());
            }
            Leaf::Buffer(index) => out.fill(self.buffers.at(*index).iter().copied()),
            other => unreachable!("{other:?} at a point"),
        }
    }
}

/// Where each tensor's values begin in a vector of all trained ones.
pub fn offsets(layout: &Layout) -> Vec<usize> {
    let mut next = 0;
    let each = layout.iter().map(|spec| {
        let own = next;
        if spec.is_trainable() {
            next += spec.len();
        }
        own
    });
    each.collect()
}
