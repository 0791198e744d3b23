//! Several measures at one point, one after another, into one result.

use crate::engine::device::gone_on;
use crate::engine::header::Header;
use crate::engine::work::{Progress, Step, Work};
use crate::error::Result;
use crate::landscape::evaluate::gradient::NetworkObjective;
use crate::landscape::measures::found::Found;
use crate::landscape::measures::measuring::Measuring;
use std::collections::VecDeque;

/// A result of several measures.
pub trait Measured {
    /// How it was made.
    fn header_mut(&mut self) -> &mut Header;

    /// Notes what a measure has found.
    fn put(&mut self, found: Found);

    /// Notes that a measure was stopped before its end.
    fn stopped(&mut self, progress: &Progress);
}

/// Starts a measure from what was found before; `None` where there is nothing to do.
type Begin<R> = Box<dyn FnOnce(&mut R) -> Option<Measuring>>;

/// Notes what a reader should know once a measure is finished.
type End<R> = fn(&mut R);

/// One measure of several.
pub struct Stage<R> {
    begin: Begin<R>,
    end: End<R>,
}

impl<R> Stage<R> {
    /// A measure after whose last step nothing is to be noted.
    pub fn new(begin: impl FnOnce(&mut R) -> Option<Measuring> + 'static) -> Self {
        Self::noting(begin, |_| {})
    }

    /// A measure after whose last step `end` looks at the result.
    pub fn noting(begin: impl FnOnce(&mut R) -> Option<Measuring> + 'static, end: End<R>) -> Self {
        Self {
            begin: Box::new(begin),
            end,
        }
    }
}

/// Measures at one point, in order.
pub struct Series<R> {
    objective: NetworkObjective,
    found: R,
    coming: VecDeque<Stage<R>>,
    now: Option<(Measuring, End<R>)>,
    progress: Progress,
}

impl<R: Measured> Series<R> {
    /// These measures, of which `found` holds nothing yet.
    pub fn new(objective: NetworkObjective, found: R, stages: Vec<Stage<R>>) -> Self {
        Self {
            objective,
            found,
            coming: stages.into(),
            now: None,
            progress: Progress {
                what: "".into(),
                unit: "step",
                done: 0,
                total: 1,
            },
        }
    }
}

impl<R: Measured> Work for Series<R> {
    type Found = R;

    fn step(&mut self) -> Result<Step> {
        loop {
            let Some((now, end)) = &mut self.now else {
                let Some(stage) = self.coming.pop_front() else {
                    return Ok(Step::Done);
                };
                let begun = (stage.begin)(&mut self.found);
                self.now = begun.map(|measuring| (measuring, stage.end));
                continue;
            };
            let found = now.step(&mut self.objective)?;
            let header = self.found.header_mut();
            gone_on(header, self.objective.trouble());
            self.progress = progress_of(now);
            if let Some(found) = found {
                if let Some(found) = found {
                    self.found.put(found);
                }
                return Ok(Step::More);
            }
            end(&mut self.found);
            self.now = None;
        }
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn found(&self) -> &R {
        &self.found
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(self.found.header_mut())
    }

    fn finish(mut self) -> R {
        if self.now.is_some() {
            self.found.stopped(&self.progress);
        }
        self.found
    }
}

/// How far a measure is.
pub fn progress_of(measuring: &Measuring) -> Progress {
    let count = measuring.count();
    Progress {
        what: measuring.what().into(),
        unit: measuring.unit(),
        done: count.done,
        total: count.total.max(count.done),
    }
}
