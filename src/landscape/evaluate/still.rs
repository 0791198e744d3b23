//! What the points of a slice share: products of samples that no coordinate moves.
//!
//! They are kept from one call to the next, so that a picture that is drawn a few points at a time costs
//! no more than one drawn at once. They live as long as the slice.

use super::prepared::Ready;
use crate::dataset::Samples;
use crate::model::run::{Kept, Prepared};
use std::sync::{Arc, Mutex, PoisonError};

/// Programs and splits whose values are kept at a time: loss and outputs of training and validation.
const MOST: usize = 4;

/// Values by program and samples.
#[derive(Debug, Default)]
pub struct Stills(Mutex<Vec<Still>>);

#[derive(Debug)]
struct Still {
    ready: Arc<Ready>,
    samples: Arc<Samples>,
    values: Arc<Kept>,
}

impl Stills {
    /// The place for a program's values over samples, of at most so many bytes; `None` where they take
    /// more.
    pub fn of(
        &self,
        ready: &Arc<Ready>,
        prepared: &dyn Prepared,
        samples: &Arc<Samples>,
        bytes: usize,
    ) -> Option<Arc<Kept>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |still: &&Still| {
            Arc::ptr_eq(&still.ready, ready) && Arc::ptr_eq(&still.samples, samples)
        };
        if let Some(still) = all.iter().find(own) {
            return Some(Arc::clone(&still.values));
        }
        let values = Arc::new(prepared.keeper(samples.len(), bytes)?);
        if all.len() == MOST {
            all.remove(0);
        }
        all.push(Still {
            ready: Arc::clone(ready),
            samples: Arc::clone(samples),
            values: Arc::clone(&values),
        });
        Some(values)
    }
}
