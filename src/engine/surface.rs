//! The surface job: metrics over a plane.

use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::{AxisChoice, DEFAULT_POINTS, Job, Request as _, SurfaceJob, bounds};
use crate::engine::plane::{self, Plane};
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::engine::resume::{continued, fingerprints, same_job};
use crate::engine::sampling::{LONG_STEP, Sampling};
use crate::error::Result;
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Split};
use crate::landscape::grid::Axis;
use crate::landscape::surface::{Surface, propose_half_width};
use crate::landscape::table::Table;
use crate::model::params::Params;

/// Everything opened for the surface, or the rest of it where `previous` is a partial result; directions
/// that are searched for are found.
///
/// # Errors
/// Whatever opening says; where `previous` is of another job.
pub fn start(job: &SurfaceJob, previous: Option<Outcome>) -> Result<Sampling> {
    job.check()?;
    if let Some(previous) = &previous {
        same_job(previous, &Job::Surface(job.clone()))?;
    }
    let first = open_checkpoint(&plane::first_checkpoint(job)?, job.setup.key.as_deref())?;
    let mut inputs = Inputs::open(&job.setup, &first)?;
    let built = plane::build(job, &mut inputs, None)?;
    let (evaluator, device, splits) = inputs.evaluator(&job.setup)?;
    let earlier = previous.as_ref().and_then(|p| match &p.numbers {
        Numbers::Surface(s) => Some(s.clone()),
        _ => None,
    });
    let mut prepared = prepare(job, built, &inputs, &evaluator, &splits, earlier)?;
    let header = &mut prepared.outcome.header;
    header.device.clone_from(&device.name);
    header.fingerprints.directions = fingerprints(&prepared.loaded.slice().directions);
    if let Some(previous) = previous {
        continued(&previous.header, header)?;
    }
    let (splits, name) = (&splits, &device.name);
    let helpers = inputs.helpers(&job.setup, &evaluator)?;
    let sampling = Sampling::new(prepared, &evaluator, splits, name, LONG_STEP);
    Ok(sampling.shared(&helpers))
}

/// Chooses the grid of a plane, uploads it and writes the header; the device's name is the
/// caller's to note.
///
/// # Errors
/// Where the grid is too large or probing for its range fails.
pub fn prepare(
    job: &SurfaceJob,
    plane: Plane,
    inputs: &Inputs,
    evaluator: &Evaluator,
    splits: &[Split],
    earlier: Option<Surface>,
) -> Result<Prepared> {
    let geometry = plane.slice.geometry();
    let loaded = evaluator.load_measured(plane.slice, inputs.statistics.as_ref(), job.remeasure)?;
    let surface = match earlier {
        Some(surface) => surface,
        None => {
            let probe = |k: usize, points: usize| propose(evaluator, &loaded, splits, k, points);
            let x = range(job.x, 0, &plane.shown, probe)?;
            let y = range(job.y.or(job.x), 1, &plane.shown, probe)?;
            bounds::GRID.check(x.points.saturating_mul(y.points))?;
            let table = Table::new(
                x.points * y.points,
                inputs.train.is_some(),
                inputs.validation.is_some(),
                inputs.network.graph().loss.score(),
            );
            Surface {
                x: x.values(),
                y: y.values(),
                table,
            }
        }
    };
    let coordinates = surface.coordinates();
    let clamped = loaded.slice().clamped_variances(&coordinates);
    let mut header = inputs.header(job.clone(), plane.axes, geometry);
    if clamped > 0 {
        header.warnings.push(plane::clamped_warning(clamped));
    }
    header.statistics = plane::statistics_words(inputs, job.buffers, job.remeasure);
    header.clamped_variances = clamped;
    header.marks = plane.marks;
    header.trajectory = plane.trajectory;
    header.paths = plane.paths;
    header.non_finite = surface.table.non_finite();
    Ok(Prepared {
        outcome: Outcome {
            header,
            numbers: Numbers::Surface(surface),
        },
        loaded,
        coordinates,
    })
}

/// The directions a surface job moves along, as it would make them.
///
/// # Errors
/// As running the job.
pub fn directions(job: &SurfaceJob) -> Result<Vec<Params>> {
    job.check()?;
    let first = open_checkpoint(&plane::first_checkpoint(job)?, job.setup.key.as_deref())?;
    let mut inputs = Inputs::open(&job.setup, &first)?;
    Ok(plane::build(job, &mut inputs, None)?.slice.directions)
}

/// The axis asked for, or one wide enough for what the plane shows.
fn range(
    choice: Option<AxisChoice>,
    k: usize,
    shown: &[Vec<f64>],
    probe: impl Fn(usize, usize) -> Result<Axis>,
) -> Result<Axis> {
    match choice {
        Some(AxisChoice::Given(axis)) => Ok(axis),
        Some(AxisChoice::Auto(points)) => probe(k, points),
        None if shown.is_empty() => Ok(Axis {
            from: -1.0,
            to: 1.0,
            points: DEFAULT_POINTS,
        }),
        None => {
            let all = || shown.iter().filter_map(|c| c.get(k)).copied().chain([0.0]);
            let (low, high) = (
                all().fold(f64::INFINITY, f64::min),
                all().fold(f64::NEG_INFINITY, f64::max),
            );
            let margin = 0.25 * (high - low).max(1e-6);
            Ok(Axis {
                from: low - margin,
                to: high + margin,
                points: DEFAULT_POINTS,
            })
        }
    }
}

/// A symmetric axis over which the loss grows fivefold.
fn propose(
    evaluator: &Evaluator,
    loaded: &LoadedSlice,
    splits: &[Split],
    k: usize,
    points: usize,
) -> Result<Axis> {
    let first: Vec<&Split> = splits.iter().take(1).collect();
    let loss = |t: f64| -> Result<f64> {
        let mut coordinate = vec![0.0; loaded.slice().directions.len()];
        coordinate[k] = t;
        let metrics = evaluator.evaluate(loaded, &[coordinate], &first)?;
        Ok(metrics
            .first()
            .and_then(|m| m.first())
            .map_or(f64::NAN, |m| m.loss))
    };
    let half = propose_half_width(loss(0.0)?, loss)?;
    Ok(Axis {
        from: -half,
        to: half,
        points,
    })
}
