//! Work: anything that takes long, one step after another.
//!
//! A step is short: a gradient, a product, a chunk of points. Between two of them whoever drives the work
//! looks at what there is of the result, tells how far it is, and may stop; what was computed until then
//! is the result. The terminal drives one piece of work to its end ([`drive`]); the window's thread takes
//! a step of whatever is most urgent ([`advance`]). Nothing here knows what is computed.

use crate::engine::header::Header;
use crate::error::{Error, Result, caught};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// Anything that takes long.
pub trait Work {
    /// What there is of the result at any time.
    type Found;

    /// Does the next short piece.
    ///
    /// # Errors
    /// Whatever computing says; what was found until then stays.
    fn step(&mut self) -> Result<Step>;

    /// How far it is.
    fn progress(&self) -> Progress;

    /// What there is of the result.
    fn found(&self) -> &Self::Found;

    /// The header of the result, where it has one: the time spent and whether all is there are noted in it.
    fn header(&mut self) -> Option<&mut Header> {
        None
    }

    /// What there is of the result, for good.
    fn finish(self) -> Self::Found
    where
        Self: Sized;
}

/// Whether there may be more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There may be.
    More,
    /// Everything asked for is there.
    Done,
}

/// How far some work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being computed: "eigenvalues".
    pub what: Cow<'static, str>,
    /// What is counted, one of them: "point".
    pub unit: &'static str,
    /// How many are done, earlier sittings included.
    pub done: usize,
    /// How many in all, as far as is known.
    pub total: usize,
}

/// What an observer is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Now {
    /// How far the work is.
    pub progress: Progress,
    /// Units a second in this sitting; 0 before the first.
    pub per_second: f64,
    /// Time left at that rate.
    pub left: Option<Duration>,
    /// The work has failed: this is the last news, and what was found the last chance to keep it.
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

/// Sees what there is of the result after every step.
pub type Observer<'a, F> = &'a mut dyn FnMut(&F, &Now) -> Flow;

/// Takes one step, and notes in the header how long it took and whether it was the last.
///
/// # Errors
/// As the step; a panic inside a library becomes an error with its text.
pub fn advance<W: Work + ?Sized>(work: &mut W) -> Result<Step> {
    let started = Instant::now();
    let step = guarded(|| work.step());
    let took = started.elapsed().as_secs_f64();
    if let Some(header) = work.header() {
        header.elapsed_seconds += took;
        header.complete = matches!(step, Ok(Step::Done));
    }
    step
}

/// Does some work to its end, or until the observer stops it.
///
/// # Errors
/// As a step; the observer is told once more then, and can keep what was found.
pub fn drive<W: Work>(mut work: W, observer: Observer<'_, W::Found>) -> Result<W::Found> {
    let mut pace = Pace::default();
    let mut failed = None;
    let mut last = Step::More;
    loop {
        let now = pace.now(work.progress(), failed.is_some());
        let flow = observer(work.found(), &now);
        if let Some(error) = failed {
            return Err(error);
        }
        if flow == Flow::Stop || last == Step::Done {
            return Ok(work.finish());
        }
        match pace.step(&mut work) {
            Ok(step) => last = step,
            Err(error) => failed = Some(error),
        }
    }
}

/// Does some work; a panic inside a library becomes an error with its text.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| {
        Err(Error::Device(format!(
            "the computation failed inside a library: {text}"
        )))
    })
}

/// How fast one thing gets on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pace {
    what: Cow<'static, str>,
    seconds: f64,
    units: usize,
}

impl Pace {
    /// Notes that a step took so long; one of something else begins anew.
    pub fn add(&mut self, took: Duration, before: &Progress, after: &Progress) {
        if self.what != after.what {
            *self = Self {
                what: after.what.clone(),
                ..Self::default()
            };
            if before.what != after.what {
                return;
            }
        }
        self.seconds += took.as_secs_f64();
        self.units += after.done.saturating_sub(before.done);
    }

    /// Takes one step of some work, and notes how long it took.
    ///
    /// # Errors
    /// As the step.
    pub fn step<W: Work>(&mut self, work: &mut W) -> Result<Step> {
        let (started, before) = (Instant::now(), work.progress());
        let step = advance(work)?;
        self.add(started.elapsed(), &before, &work.progress());
        Ok(step)
    }

    /// The news of work that is so far.
    pub fn now(&self, progress: Progress, failed: bool) -> Now {
        let same = self.what == progress.what && self.units > 0;
        let per_second = if same {
            self.units as f64 / self.seconds.max(1e-9)
        } else {
            0.0
        };
        let missing = progress.total.saturating_sub(progress.done) as f64;
        Now {
            left: Duration::try_from_secs_f64(missing / per_second).ok(),
            per_second,
            progress,
            failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts to three, and fails at the number it is told to.
    struct Count(usize, Option<usize>);

    impl Work for Count {
        type Found = usize;

        fn step(&mut self) -> Result<Step> {
            assert!(self.1 != Some(self.0), "shapes {} and {}", 2, 3);
            self.0 += 1;
            Ok(if self.0 == 3 { Step::Done } else { Step::More })
        }

        fn progress(&self) -> Progress {
            Progress {
                what: "numbers".into(),
                unit: "number",
                done: self.0,
                total: 3,
            }
        }

        fn found(&self) -> &usize {
            &self.0
        }

        fn finish(self) -> usize {
            self.0
        }
    }

    #[test]
    fn work_is_seen_before_its_first_step_and_after_each() {
        let mut seen = Vec::new();
        let found = drive(Count(0, None), &mut |found, now| {
            seen.push((*found, now.progress.done, now.failed));
            Flow::Continue
        });
        assert_eq!(found.unwrap(), 3);
        assert_eq!(
            seen,
            [(0, 0, false), (1, 1, false), (2, 2, false), (3, 3, false)]
        );
        let stopped = drive(Count(0, None), &mut |found, _| {
            if *found == 1 {
                Flow::Stop
            } else {
                Flow::Continue
            }
        });
        assert_eq!(stopped.unwrap(), 1, "what there is is the result");
    }

    #[test]
    fn a_panic_inside_a_library_is_an_error_and_what_was_found_can_be_kept() {
        let mut kept = None;
        let result = drive(Count(0, Some(2)), &mut |found, now| {
            if now.failed {
                kept = Some(*found);
            }
            Flow::Continue
        });
        let message = result.unwrap_err().to_string();
        assert!(message.contains("shapes 2 and 3"), "{message}");
        assert_eq!(kept, Some(2));
    }

    #[test]
    fn time_left_is_told_from_what_is_computed_now() {
        let at = |what: &'static str, done| Progress {
            what: what.into(),
            unit: "step",
            done,
            total: 10,
        };
        let mut pace = Pace::default();
        assert_eq!(pace.now(at("a", 0), false).left, None);
        pace.add(Duration::from_secs(1), &at("a", 0), &at("a", 2));
        let now = pace.now(at("a", 2), false);
        assert_eq!(
            (now.per_second, now.left),
            (2.0, Some(Duration::from_secs(4)))
        );
        assert_eq!(pace.now(at("b", 0), false).left, None, "another rate");
    }
}
