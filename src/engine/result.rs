//! A finished or partial result: numbers and their header.

use crate::engine::header::{Header, InterpolationFacts};
use crate::engine::job::Job;
use crate::landscape::adaptive::{Interpolated, rough};
use crate::landscape::evaluate::LoadedSlice;
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::line::{Line, barrier};
use crate::landscape::surface::Surface;
use crate::landscape::table::Table;

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

impl Numbers {
    /// The metrics of its points.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Self::Surface(surface) => Some(&surface.table),
            Self::Line(line) => Some(&line.table),
            Self::Trajectory => None,
        }
    }

    /// The metrics of its points, to be changed.
    pub fn table_mut(&mut self) -> Option<&mut Table> {
        match self {
            Self::Surface(surface) => Some(&mut surface.table),
            Self::Line(line) => Some(&mut line.table),
            Self::Trajectory => None,
        }
    }
}

impl Outcome {
    /// Points that have no numbers yet.
    pub fn missing(&self) -> usize {
        self.numbers.table().map_or(0, Table::missing)
    }

    /// Points in all.
    pub fn points(&self) -> usize {
        self.numbers.table().map_or(0, |table| table.computed.len())
    }

    /// Points computed, which those interpolated between them are not.
    pub fn computed(&self) -> usize {
        let table = self.numbers.table();
        table.map_or(0, |table| table.computed.iter().filter(|c| **c).count())
    }

    /// The share of its range to which a surface may be interpolated; `None`: every point is to be computed.
    pub fn tolerance(&self) -> Option<f64> {
        match &self.header.job {
            Job::Surface(job) => job.tolerance.map(|tolerance| tolerance.0),
            _ => None,
        }
    }

    /// Takes what was interpolated, and notes in the header how good it is.
    pub fn interpolate(&mut self, found: Interpolated) {
        let (points, computed) = (self.points(), self.computed());
        if computed < points {
            self.header.warn(rough(computed, points));
            self.header.interpolation = Some(InterpolationFacts {
                tolerance: self.tolerance().unwrap_or(0.0),
                computed,
                interpolated: points - computed,
                checked: found.error.nodes,
                off: found.error.off,
                worst: found.error.worst,
                worst_score: found.error.worst_other,
            });
        }
        if let Some(table) = self.numbers.table_mut() {
            table.interpolate(found.numbers);
        }
    }

    /// Indices of the points still to compute, in the order that shows the whole soonest; where a surface may be
    /// interpolated they are decided step by step.
    pub fn order(&self) -> Vec<usize> {
        if self.tolerance().is_some() {
            return Vec::new();
        }
        self.whole()
    }

    /// Indices of all points that aren't computed, in the same order.
    pub fn whole(&self) -> Vec<usize> {
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
