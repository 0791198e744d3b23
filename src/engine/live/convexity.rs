//! How convex the plane that is shown is: |λ_min/λ_max| on a coarse grid over it (Li et al. 2018,
//! figure 7), one product at a time.

use super::surface::SurfaceWork;
use crate::engine::job::Setup;
use crate::engine::local::{rounding, vectors_within};
use crate::landscape::curvature::lanczos::LanczosOptions;
use crate::landscape::curvature::ratio::RatioMap;
use crate::landscape::grid::{Coordinate, coarse_first};
use crate::landscape::measures::curves;
use crate::landscape::measures::found::{ConvexityMap, Found};
use crate::landscape::measures::measuring::Measuring;
use crate::model::params::Params;

/// Points along each axis: every one takes some tens of Hessian-vector products.
const POINTS: usize = 9;

/// A map over the plane of a surface, and the centre whose running statistics it keeps.
pub fn start(work: &SurfaceWork, setup: &Setup) -> Option<(Measuring, Params)> {
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
    let mut so_far = ConvexityMap {
        x,
        y,
        ratio: missing.clone(),
        largest: missing.clone(),
        smallest: missing,
        computed: vec![false; POINTS * POINTS],
        axes: work.axes(),
        tolerance: options.tolerance,
    };
    let mut cells = curves::map(map, POINTS * POINTS);
    let total = cells.count().total;
    let map = Measuring::new("map", "point", total, move |objective, count| {
        let found = cells.step(objective)?;
        *count = cells.count();
        Ok(found.map(|found| match found {
            Some(Found::Cell(cell)) => {
                so_far.put(cell);
                Some(Found::Convexity(Box::new(so_far.clone())))
            }
            other => other,
        }))
    });
    Some((map, slice.origin.clone()))
}
