//! A finished or partial result: numbers and their header.

use crate::engine::recipe::Recipe;
use crate::landscape::line::Line;
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
    pub recipe: Recipe,
    /// What was computed.
    pub numbers: Numbers,
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
}
