//! A measure at one point on its way: a stepper of the mathematics with its name, how far it is, and
//! what it found in the form that all have.
//!
//! The window and the terminal start the same measures and differ in settings alone. Nothing here knows
//! a clock, a device or a user.

use super::found::Found;
use super::measurable::Measurable;
use crate::error::Result;

/// Steps done and in all, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Done.
    pub done: usize,
    /// In all.
    pub total: usize,
}

/// One step: what is known now, if anything new; `None` at the end.
type Stepper = Box<dyn FnMut(&mut dyn Measurable, &mut Count) -> Result<Option<Option<Found>>>>;

/// A measure on its way.
pub struct Measuring {
    what: &'static str,
    unit: &'static str,
    count: Count,
    step: Stepper,
}

impl Measuring {
    /// A measure of so many steps, which counts them itself.
    pub fn new(
        what: &'static str,
        unit: &'static str,
        total: usize,
        step: impl FnMut(&mut dyn Measurable, &mut Count) -> Result<Option<Option<Found>>> + 'static,
    ) -> Self {
        Self {
            what,
            unit,
            count: Count { done: 0, total },
            step: Box::new(step),
        }
    }

    /// A measure that knows something new after every step.
    pub fn told(
        what: &'static str,
        total: usize,
        mut step: impl FnMut(&mut dyn Measurable) -> Result<Option<Found>> + 'static,
    ) -> Self {
        Self::new(what, "step", total, move |objective, count| {
            let found = step(objective)?;
            count.done += usize::from(found.is_some());
            Ok(found.map(Some))
        })
    }

    /// One gradient, product or chunk of samples: what is known now, if anything new; `None` at the end.
    ///
    /// # Errors
    /// Where the device fails, or there is nothing to measure at the point.
    pub fn step(&mut self, objective: &mut dyn Measurable) -> Result<Option<Option<Found>>> {
        (self.step)(objective, &mut self.count)
    }

    /// What it measures, in words.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What a step is called.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// Steps done and in all.
    pub fn count(&self) -> Count {
        self.count
    }
}
