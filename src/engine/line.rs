//! The line job: metrics between two minimizers.

use crate::engine::header::{AxisFacts, Mark};
use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::{Job, LineJob};
use crate::engine::plane;
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::engine::resume::{continued, same_job};
use crate::engine::sampling::{LONG_STEP, Sampling};
use crate::error::{Error, Result};
use crate::landscape::direction;
use crate::landscape::evaluate::Evaluator;
use crate::landscape::line::Line;
use crate::landscape::slice::Slice;
use crate::landscape::table::Table;

/// Everything opened for the line, or the rest of it where `previous` is a partial result.
///
/// # Errors
/// Whatever opening says; where `previous` is of another job.
pub fn start(job: &LineJob, previous: Option<Outcome>) -> Result<Sampling> {
    let whole = Job::Line(job.clone());
    if let Some(previous) = &previous {
        same_job(previous, &whole)?;
    }
    let small = open_checkpoint(&job.small, job.setup.key.as_deref())?;
    let mut inputs = Inputs::open(&job.setup, &small)?;
    let small = inputs.point_of(&job.small, &small, "small batch")?;
    let large = inputs.point(&job.large, "large batch")?;
    let way = direction::only(&large.minus(&small), &job.only)?;
    let end = small.plus(1.0, &way);
    let slice = Slice::line(small, &end, job.buffers)?;
    let (evaluator, device, splits) = inputs.evaluator(&job.setup)?;
    let mut prepared = prepare(job, slice, &inputs, &evaluator)?;
    let outcome = &mut prepared.outcome;
    outcome.header.device.clone_from(&device.name);
    if let Some(previous) = previous {
        continued(&previous.header, &mut outcome.header)?;
        if let (Numbers::Line(line), Numbers::Line(earlier)) =
            (&mut outcome.numbers, previous.numbers)
            && earlier.alpha == line.alpha
        {
            *line = earlier;
        }
    }
    let (splits, name) = (&splits, &device.name);
    let helpers = inputs.helpers(&job.setup, &evaluator)?;
    let sampling = Sampling::new(prepared, &evaluator, splits, name, LONG_STEP);
    Ok(sampling.shared(&helpers))
}

/// What lies at α = 1: the large-batch minimizer, or the small-batch one with some of its layers.
fn end_of(job: &LineJob) -> String {
    if job.only.is_empty() {
        return "large batch".into();
    }
    format!("small batch with {} of large batch", job.only.join(", "))
}

/// Uploads a line and writes the header; the device's name is the caller's to note.
///
/// # Errors
/// Where both ends are the same point, or the slice can't be uploaded.
pub fn prepare(
    job: &LineJob,
    slice: Slice,
    inputs: &Inputs,
    evaluator: &Evaluator,
) -> Result<Prepared> {
    if slice.geometry().norms == [0.0] {
        return Err(Error::Slice(
            "both checkpoints hold the same weights: there is no line between them".into(),
        ));
    }
    let mut line = Line {
        alpha: job.alpha.values(),
        table: Table::default(),
    };
    let coordinates = line.coordinates();
    line.table = Table::new(
        coordinates.len(),
        inputs.train.is_some(),
        inputs.validation.is_some(),
        inputs.network.graph().loss.score(),
    );
    let axis = AxisFacts {
        label: "α".into(),
        rule: format!(
            "small batch at 0, {} at 1{}",
            end_of(job),
            plane::alone(&job.only)
        ),
    };
    let mark = |(label, alpha): (&str, f64)| Mark {
        label: label.into(),
        coordinate: vec![alpha],
        outside: 0.0,
    };
    let mut header = inputs.header(job.clone(), vec![axis], slice.geometry());
    header.statistics = plane::statistics_words(inputs, job.buffers, job.remeasure);
    header.clamped_variances = slice.clamped_variances(&coordinates);
    if header.clamped_variances > 0 {
        let warning = plane::clamped_warning(header.clamped_variances);
        header.warnings.push(warning);
    }
    let end = end_of(job);
    header.marks = [("small batch", 0.0), (end.as_str(), 1.0)]
        .map(mark)
        .to_vec();
    Ok(Prepared {
        outcome: Outcome {
            header,
            numbers: Numbers::Line(line),
        },
        loaded: evaluator.load_measured(slice, inputs.statistics.as_ref(), job.remeasure)?,
        coordinates,
    })
}
