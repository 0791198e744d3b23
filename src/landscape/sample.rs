//! Sampling a slice: metrics at a few points of a list.
//!
//! Which points and in which order is the caller's business, who knows the clock and how many devices there
//! are; a grid that needn't be computed whole asks [`super::adaptive`].

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

/// Metrics at some of the coordinates.
///
/// # Errors
/// Where the device fails.
pub fn cells(
    evaluator: &Evaluator,
    slice: &LoadedSlice,
    splits: &[&Split],
    coordinates: &[Coordinate],
    indices: &[usize],
) -> Result<Vec<Cell>> {
    let points: Vec<Coordinate> = indices.iter().map(|&i| coordinates[i].clone()).collect();
    let metrics = evaluator.evaluate(slice, &points, splits)?;
    let each = indices.iter().zip(metrics);
    Ok(each
        .map(|(&index, metrics)| Cell { index, metrics })
        .collect())
}
