//! What is measured at a point and is no number of it: curves, maps and estimates of other kinds, which
//! stand in no catalogue.

use super::found::Found;
use super::measuring::Measuring;
use crate::landscape::curvature::line::LineCurvature;
use crate::landscape::curvature::ratio::RatioMap;
use crate::landscape::curvature::variation::Variation;
use crate::landscape::noise::two_batches::{TwoBatchOptions, TwoBatches};

/// The noise scale from two batch sizes.
pub fn two_batches(point: Vec<f64>, options: TwoBatchOptions) -> Measuring {
    let mut work = TwoBatches::new(point, options);
    Measuring::told("two batch sizes", options.repeats, move |objective| {
        Ok(work.step(objective)?.map(Found::TwoBatches))
    })
}

/// Loss and gradient along the gradient, at these learning rates.
pub fn along_gradient(point: Vec<f64>, rates: Vec<f64>) -> Measuring {
    let total = rates.len();
    let mut work = Variation::new(point, rates);
    Measuring::told("along the gradient", total, move |objective| {
        let point = work.step(objective)?;
        Ok(point.map(|point| Found::AlongGradient(point, work.summary())))
    })
}

/// Slope and curvature along a direction, at these coordinates.
pub fn along_line(point: Vec<f64>, direction: Vec<f64>, at: Vec<f64>) -> Measuring {
    let total = at.len();
    let mut work = LineCurvature::new(point, direction, at);
    Measuring::told("line", total, move |objective| {
        Ok(work.step(objective)?.map(Found::AlongLine))
    })
}

/// |λ_min/λ_max| at the points of a plane.
pub fn map(mut work: RatioMap, points: usize) -> Measuring {
    Measuring::new("map", "point", points, move |objective, count| {
        let step = work.step(objective)?;
        Ok(step.map(|step| {
            (count.done, count.total) = (step.done, step.total);
            step.finished.map(Found::Cell)
        }))
    })
}
