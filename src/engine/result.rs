//! A finished or partial result: numbers and their header.

use crate::engine::header::Header;
use crate::landscape::evaluate::LoadedSlice;
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::line::{Line, barrier};
use crate::landscape::surface::Surface;

/// The numbers of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Metrics over a plane.
    Surface(Surface),
    /// Metrics along a line.
    Line(Line),
    /// A path alone; its numbers stand in the recipe.
    Trajectory,
}

/// What a job makes and a result file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it was made.
    pub header: Header,
    /// What was computed.
    pub numbers: Numbers,
}

/// A result before or while it is computed, with what computing it takes.
pub struct Prepared {
    /// The header, and the numbers there are.
    pub outcome: Outcome,
    /// The slice on the device.
    pub loaded: LoadedSlice,
    /// The coordinate of every point.
    pub coordinates: Vec<Coordinate>,
}

impl Outcome {
    /// Points still to compute.
    pub fn missing(&self) -> usize {
        match &self.numbers {
            Numbers::Surface(s) => s.table.missing(),
            Numbers::Line(l) => l.table.missing(),
            Numbers::Trajectory => 0,
        }
    }

    /// Points in all.
    pub fn points(&self) -> usize {
        match &self.numbers {
            Numbers::Surface(s) => s.table.computed.len(),
            Numbers::Line(l) => l.table.computed.len(),
            Numbers::Trajectory => 0,
        }
    }

    /// Indices of the points still to compute, in the order that shows the whole soonest.
    pub fn order(&self) -> Vec<usize> {
        let (order, computed) = match &self.numbers {
            Numbers::Surface(s) => (coarse_first(s.x.len(), s.y.len()), &s.table.computed),
            Numbers::Line(l) => ((0..l.alpha.len()).collect(), &l.table.computed),
            Numbers::Trajectory => return Vec::new(),
        };
        order.into_iter().filter(|&i| !computed[i]).collect()
    }

    /// Notes the barrier of a line on each split in the header.
    pub fn note_barriers(&mut self) {
        let Numbers::Line(line) = &self.numbers else {
            return;
        };
        let columns = [
            ("training", &line.table.train),
            ("validation", &line.table.validation),
        ];
        let found = columns.into_iter().filter_map(|(name, column)| {
            let height = barrier(&line.alpha, &column.as_ref()?.loss)?;
            Some((name.to_owned(), height))
        });
        self.header.barriers = found.collect();
    }
}
