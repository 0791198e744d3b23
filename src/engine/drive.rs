//! Driving: work is pulled in chunks of a good length, while an observer sees it and may stop it.
//!
//! Nothing here knows what the chunks are of.

use crate::engine::result::Outcome;
use crate::error::{Error, Result, caught};
use crate::landscape::sample::{Cell, Sampler};
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

/// Does some work; a panic inside a library becomes an error with its text.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
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
pub(super) fn drive(
    mut sampler: Sampler<'_>,
    outcome: &mut Outcome,
    store: impl Fn(&mut Outcome, Vec<Cell>),
    observer: Observer<'_>,
) -> Result<()> {
    let earlier = outcome.header.elapsed_seconds;
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
        outcome.header.elapsed_seconds = earlier + elapsed;
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
