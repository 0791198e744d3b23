//! An executor that may fail, and the one that goes on in its place.
//!
//! A GPU can be lost, or have too little memory left, in the middle of anything. What it was asked for is then
//! computed on the processor instead, and so is everything after it: whoever measures for hours loses nothing.
//! Why it came so is kept, for results to say. It deliberately doesn't try again: a device that failed once may
//! give numbers that nobody should trust.

use super::backend::{Backend, Batch, Kept, Outputs, Prepared, Source};
use super::stages::Varying;
use crate::error::{Error, Result, caught};
use crate::model::program::Program;
use std::sync::{Arc, OnceLock};

/// Why a device isn't used any more; nothing while it works.
#[derive(Debug, Clone, Default)]
pub struct Trouble(Arc<OnceLock<String>>);

impl Trouble {
    /// What it complained of, if it did.
    pub fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// The executor that is used for as long as it works, and the one after it.
#[derive(Debug)]
pub struct Steady {
    /// Used at first.
    pub first: Arc<dyn Backend>,
    /// Used from its first failure on.
    pub reserve: Arc<dyn Backend>,
    /// Shared by all executors on the same device.
    pub trouble: Trouble,
}

/// A program, ready for one of both.
#[derive(Debug)]
struct Ready {
    first: Box<dyn Prepared>,
    /// Made when it is first needed.
    then: OnceLock<Box<dyn Prepared>>,
    reserve: Arc<dyn Backend>,
    made: (Program, Varying),
    trouble: Trouble,
}

/// Values that are kept for each of both.
struct Both {
    first: Option<Kept>,
    then: OnceLock<Option<Kept>>,
    samples: usize,
    bytes: usize,
}

impl Backend for Steady {
    fn prepare(&self, program: &Program, varying: Varying) -> Box<dyn Prepared> {
        Box::new(Ready {
            first: self.first.prepare(program, varying),
            then: OnceLock::new(),
            reserve: Arc::clone(&self.reserve),
            made: (program.clone(), varying),
            trouble: self.trouble.clone(),
        })
    }
}

impl Ready {
    /// Whichever runs now.
    fn now(&self) -> &dyn Prepared {
        match self.trouble.why() {
            None => self.first.as_ref(),
            Some(_) => self.then(),
        }
    }

    fn then(&self) -> &dyn Prepared {
        let new = || self.reserve.prepare(&self.made.0, self.made.1);
        self.then.get_or_init(new).as_ref()
    }
}

impl Prepared for Ready {
    fn room(&self, together: usize) -> usize {
        self.now().room(together)
    }

    fn fits(&self, together: usize) -> bool {
        self.now().fits(together)
    }

    fn points(&self) -> usize {
        self.now().points()
    }

    fn keeper(&self, samples: usize, bytes: usize) -> Option<Kept> {
        let first = match self.trouble.why() {
            None => Some(self.first.keeper(samples, bytes)?),
            Some(_) => None,
        };
        Some(Kept::new(Both {
            first,
            then: OnceLock::new(),
            samples,
            bytes,
        }))
    }

    fn run(
        &self,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        together: usize,
        kept: Option<&Kept>,
    ) -> Result<Vec<Outputs>> {
        let both = kept.and_then(Kept::get::<Both>);
        if self.trouble.why().is_none() {
            let own = both.and_then(|both| both.first.as_ref());
            // burn's own complaints are panics.
            let found = caught(|| self.first.run(source, batch, points, together, own));
            let why = match found {
                Ok(Err(Error::Device(why))) => why,
                Ok(found) => return found,
                Err(panic) => format!("it failed inside a library: {panic}"),
            };
            self.trouble.0.get_or_init(|| why);
        }
        let then = self.then();
        let own = both.and_then(|both| {
            let new = || then.keeper(both.samples, both.bytes);
            both.then.get_or_init(new).as_ref()
        });
        let mut all = Vec::with_capacity(points);
        let most = then.points().max(1);
        for first in (0..points).step_by(most) {
            let shifted = Shifted { source, first };
            let few = most.min(points - first);
            all.extend(then.run(&shifted, batch, few, together, own)?);
        }
        Ok(all)
    }
}

/// The points from one on.
pub(super) struct Shifted<'a> {
    pub source: &'a dyn Source,
    pub first: usize,
}

impl Source for Shifted<'_> {
    fn fill(
        &self,
        leaf: &crate::model::primitive::Leaf,
        point: usize,
        out: super::backend::Numbers<'_>,
    ) {
        self.source.fill(leaf, self.first + point, out);
    }
}
