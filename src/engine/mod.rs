//! Work: a job in, a result out, with progress in between.
//!
//! [`run`] does any [`job::Job`]: it opens what the job names, builds the slice, and pulls the
//! sampler chunk by chunk, telling an observer after each, who may stop it; what was computed until
//! then is the result. It knows the clock and the devices, and nothing of windows or terminals.

pub mod builtin;
pub mod device;
pub mod directions;
pub mod distance;
pub mod drivers;
pub mod inputs;
pub mod job;
mod line;
pub mod live;
pub mod local;
mod loss;
pub mod names;
mod plane;
pub mod recipe;
pub mod recognise;
pub mod report;
pub mod result;
mod resume;
mod sets;
pub mod sharpness;
pub mod surface;
mod trajectory;

use crate::error::{Error, Result, caught};
use crate::landscape::sample::{Cell, Sampler};
use job::Job;
use result::Outcome;
use std::time::{Duration, Instant};

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Points computed, earlier sittings included.
    pub done: usize,
    /// Points in all.
    pub total: usize,
    /// Points a second in this sitting; 0 before the first.
    pub points_per_second: f64,
    /// Time left at that rate.
    pub left: Option<Duration>,
    /// The work has failed: this is the last news, and the partial result the last chance to keep it.
    pub failed: bool,
}

/// What an observer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop; what is computed is the result.
    Stop,
}

/// Sees the partial result after every chunk.
pub type Observer<'a> = &'a mut dyn FnMut(&Outcome, &Progress) -> Flow;

/// Does a job, going on from `previous` where it is a partial result of the same job.
///
/// # Errors
/// Whatever opening or computing says; a panic inside a library becomes an error with its text.
pub fn run(job: &Job, previous: Option<Outcome>, observer: Observer<'_>) -> Result<Outcome> {
    guarded(|| match job {
        Job::Surface(surface) => surface::run(surface, previous, observer),
        Job::Line(line) => line::run(line, previous, observer),
        Job::Trajectory(trajectory) => trajectory::run(trajectory),
    })
}

/// Does some work; a panic inside a library becomes an error with its text.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| {
        Err(Error::Device(format!(
            "the computation failed inside a library: {text}"
        )))
    })
}

/// A pull should take about this long: short enough to stop soon, long enough not to matter.
const CHUNK: Duration = Duration::from_millis(200);
/// More points than this a pull bring nothing.
const LARGEST_CHUNK: usize = 256;

/// Pulls a sampler to its end or until the observer stops it, noting cells in `outcome`.
fn drive(
    mut sampler: Sampler<'_>,
    outcome: &mut Outcome,
    store: impl Fn(&mut Outcome, Vec<Cell>),
    observer: Observer<'_>,
) -> Result<()> {
    let earlier = outcome.recipe.elapsed_seconds;
    let total = outcome.points();
    let before = total - outcome.missing();
    let start = Instant::now();
    let mut progress = Progress {
        done: before,
        total,
        points_per_second: 0.0,
        left: None,
        failed: false,
    };
    if observer(outcome, &progress) == Flow::Stop {
        return Ok(());
    }
    loop {
        let pulled = Instant::now();
        let cells = match guarded(|| sampler.next().transpose()) {
            Ok(Some(cells)) => cells,
            Ok(None) => break,
            Err(error) => {
                progress.failed = true;
                observer(outcome, &progress);
                return Err(error);
            }
        };
        progress.done += cells.len();
        store(outcome, cells);
        let (elapsed, took) = (start.elapsed().as_secs_f64(), pulled.elapsed());
        outcome.recipe.elapsed_seconds = earlier + elapsed;
        {
            progress.points_per_second = (progress.done - before) as f64 / elapsed.max(1e-9);
            let left = (total - progress.done) as f64 / progress.points_per_second.max(1e-9);
            progress.left = Duration::try_from_secs_f64(left).ok();
        }
        if observer(outcome, &progress) == Flow::Stop {
            break;
        }
        if took < CHUNK / 2 {
            sampler.chunk = (sampler.chunk * 2).min(LARGEST_CHUNK);
        } else if took > CHUNK * 2 {
            sampler.chunk = (sampler.chunk / 2).max(1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_a_library_becomes_an_error_with_its_text() {
        let result: Result<()> = guarded(|| panic!("shapes {} and {}", 2, 3));
        let message = result.unwrap_err().to_string();
        assert!(message.contains("shapes 2 and 3"), "{message}");
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
    }
}
