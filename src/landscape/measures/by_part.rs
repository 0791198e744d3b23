//! A measure taken of one part of a network after another.
//!
//! To whoever steps it, it is a measure like any other; what it finds is a list of parts, the last of
//! which may be unfinished.

use super::entry::Entry;
use super::found::{Found, PartFound};
use super::measurable::Measurable;
use super::measuring::{Count, Measuring};
use super::part::Part;
use super::spot::{Settings, Spot};
use crate::error::{Error, Result};
use std::collections::VecDeque;

/// Each part counts the same in the progress, however many steps it takes.
const STEPS: usize = 100;

/// `entry` of each of `parts` at a spot of the whole network.
pub fn measuring(
    entry: &'static Entry,
    spot: Spot,
    parts: Vec<Part>,
    settings: Settings,
) -> Measuring {
    let total = parts.len() * STEPS;
    let mut work = ByPart {
        entry,
        point: spot.theta.flatten(),
        spot,
        settings,
        coming: parts.into(),
        now: None,
        found: Vec::new(),
    };
    Measuring::new(entry.name, "step", total, move |objective, count| {
        let more = work.step(objective, count)?;
        Ok(more.then(|| Some(Found::Parts(work.found.clone()))))
    })
}

struct ByPart {
    entry: &'static Entry,
    spot: Spot,
    point: Vec<f64>,
    settings: Settings,
    /// The parts that aren't finished, the one measured now first.
    coming: VecDeque<Part>,
    now: Option<Measuring>,
    found: Vec<PartFound>,
}

impl ByPart {
    /// One step of the first part that isn't finished; false after the last.
    fn step(&mut self, objective: &mut dyn Measurable, count: &mut Count) -> Result<bool> {
        let Some(part) = self.coming.front() else {
            return Ok(false);
        };
        if self.now.is_none() {
            let spot = self.spot.of(part);
            let begun = (self.entry.begin)(spot, &self.settings);
            self.found.push(PartFound {
                name: part.name.clone(),
                parameters: part.parameters(),
                values: Vec::new(),
                complete: false,
                problem: begun.as_ref().err().map(ToString::to_string),
            });
            self.now = begun.ok();
        }
        let mut over = self.now.is_none();
        if let (Some(now), Some(found)) = (&mut self.now, self.found.last_mut()) {
            match now.step(&mut part.within(objective, &self.point)) {
                Ok(Some(Some(news))) => found.values = (self.entry.read)(&news),
                Ok(Some(None)) => {}
                Ok(None) => over = true,
                // Something about this part; others can still be measured.
                Err(Error::Slice(words) | Error::Usage(words)) => {
                    found.problem = Some(words);
                    over = true;
                }
                Err(error) => return Err(error),
            }
            let Count { done, total } = now.count();
            count.done = done * STEPS / total.max(done).max(1);
        }
        if over {
            if let Some(found) = self.found.last_mut() {
                found.complete = true;
            }
            self.now = None;
            self.coming.pop_front();
            count.done = STEPS;
        }
        let begun = self.found.len() - 1;
        count.done = count.done.min(STEPS) + begun * STEPS;
        Ok(true)
    }
}
