//! Sampling a slice: an iterator of partial results.
//!
//! Each pull evaluates the next few points of a list and yields their metrics. Stopping is dropping,
//! pausing is not pulling; the caller, who knows the clock, sets how many points a pull takes.

use crate::error::Result;
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Metrics, Split};
use crate::landscape::grid::Coordinate;

/// Metrics of one point, named by its index in the list of coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Index into the coordinates.
    pub index: usize,
    /// One entry a split, in the order the splits were given.
    pub metrics: Vec<Metrics>,
}

/// Evaluates `coordinates[order[0]]`, `coordinates[order[1]]`, … a few at a time.
pub struct Sampler<'a> {
    evaluator: &'a Evaluator,
    slice: &'a LoadedSlice,
    splits: Vec<&'a Split>,
    coordinates: &'a [Coordinate],
    order: Vec<usize>,
    next: usize,
    /// Points evaluated by the next pull, at least 1.
    pub chunk: usize,
}

/// A sampler over `order`; points already computed are simply left out of it.
pub fn sample<'a>(
    evaluator: &'a Evaluator,
    slice: &'a LoadedSlice,
    splits: Vec<&'a Split>,
    coordinates: &'a [Coordinate],
    order: Vec<usize>,
) -> Sampler<'a> {
    Sampler {
        evaluator,
        slice,
        splits,
        coordinates,
        order,
        next: 0,
        chunk: 1,
    }
}

impl Iterator for Sampler<'_> {
    type Item = Result<Vec<Cell>>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = (self.next + self.chunk.max(1)).min(self.order.len());
        let indices = self.order.get(self.next..end).filter(|i| !i.is_empty())?;
        let points: Vec<Coordinate> = indices
            .iter()
            .map(|&i| self.coordinates[i].clone())
            .collect();
        let metrics = match self.evaluator.evaluate(self.slice, &points, &self.splits) {
            Ok(metrics) => metrics,
            Err(error) => {
                self.next = self.order.len();
                return Some(Err(error));
            }
        };
        let cells = indices
            .iter()
            .zip(metrics)
            .map(|(&index, metrics)| Cell { index, metrics })
            .collect();
        self.next = end;
        Some(Ok(cells))
    }
}
