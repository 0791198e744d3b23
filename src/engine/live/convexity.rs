//! How convex the plane that is shown is: |λ_min/λ_max| on a coarse grid over it (Li et al. 2018,
//! figure 7), one product at a time.

use super::surface::SurfaceWork;
use crate::engine::job::Setup;
use crate::engine::local::{rounding, vectors_within};
use crate::landscape::curvature::lanczos::LanczosOptions;
use crate::landscape::curvature::ratio::{RatioCell, RatioMap};
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::model::params::Params;

/// Points along each axis: every one takes some tens of Hessian-vector products.
const POINTS: usize = 9;

/// The map so far, row by row; NaN where a point isn't computed yet or has no eigenvalues.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexityMap {
    /// Coordinates of the columns.
    pub x: Vec<f64>,
    /// Coordinates of the rows.
    pub y: Vec<f64>,
    /// |λ_min/λ_max|
    pub ratio: Vec<f64>,
    /// λ_max
    pub largest: Vec<f64>,
    /// λ_min
    pub smallest: Vec<f64>,
    /// Which points are done.
    pub computed: Vec<bool>,
    /// Names of the axes.
    pub axes: [String; 2],
    /// Relative residual to which eigenvalues are found.
    pub tolerance: f64,
}

impl ConvexityMap {
    /// Notes a finished point.
    pub fn put(&mut self, cell: RatioCell) {
        self.ratio[cell.index] = cell.ratio;
        self.largest[cell.index] = cell.largest;
        self.smallest[cell.index] = cell.smallest;
        self.computed[cell.index] = true;
    }
}

/// A map over the plane of a surface, and the centre whose running statistics it keeps.
pub fn start(work: &SurfaceWork, setup: &Setup) -> Option<(RatioMap, ConvexityMap, Params)> {
    let slice = work.slice();
    let [across, up] = work.extent()?;
    let spread = |(from, to): (f64, f64)| -> Vec<f64> {
        let step = (to - from) / (POINTS - 1) as f64;
        (0..POINTS).map(|i| from + step * i as f64).collect()
    };
    let (x, y) = (spread(across), spread(up));
    let coordinates: Vec<Coordinate> = y
        .iter()
        .flat_map(|y| x.iter().map(move |x| vec![*x, *y]))
        .collect();
    let options = LanczosOptions {
        most_vectors: vectors_within(setup.memory.0, slice.origin.count()),
        seed: setup.seed,
        rounding: rounding(setup.precision),
        ..LanczosOptions::default()
    };
    let map = RatioMap::new(
        slice.origin.flatten(),
        slice.directions.iter().map(Params::flatten).collect(),
        coordinates,
        coarse_first(POINTS, POINTS),
        options,
    );
    let missing = vec![f64::NAN; POINTS * POINTS];
    let empty = ConvexityMap {
        x,
        y,
        ratio: missing.clone(),
        largest: missing.clone(),
        smallest: missing,
        computed: vec![false; POINTS * POINTS],
        axes: work.axes(),
        tolerance: options.tolerance,
    };
    Some((map, empty, slice.origin.clone()))
}
