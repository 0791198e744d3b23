//! A network's programs, each made when it is first asked for and run by whichever backend it fits.

use super::programs::{self, Forms, Made, What};
use super::source::offsets;
use super::statistics::STATISTICS_BATCH;
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::model::Network;
use crate::model::lower::{self, Statistics};
use crate::model::params::{Params, TensorSpec};
use crate::model::run::{Backend, Batch, Device, Kept, Prepared, Trouble};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What can be asked of a network on a device. Sums are over samples, in nats; vectors are in the order of
/// [`crate::model::params::Params::flatten`].
#[derive(Debug)]
pub struct Programs {
    pub(super) network: Arc<Network>,
    pub(super) forms: Forms,
    /// Where each tensor's values begin in a vector of all trained ones.
    pub(super) offsets: Vec<usize>,
    /// Values of all trained tensors.
    pub(super) count: usize,
    memory: usize,
    backends: Vec<Arc<dyn Backend>>,
    made: Mutex<HashMap<What, Arc<OnceLock<Arc<Ready>>>>>,
    /// What products at one point share.
    pub(super) kept: Mutex<Option<Arc<KeptAt>>>,
}

/// A program, and what each backend has made of it so far.
#[derive(Debug)]
pub struct Ready {
    pub made: Made,
    what: What,
    prepared: Vec<OnceLock<Box<dyn Prepared>>>,
}

/// What products share: values that only the samples and the point decide.
#[derive(Debug)]
pub struct KeptAt {
    pub what: What,
    pub x: Vec<f64>,
    pub buffers: Params,
    pub samples: Arc<Samples>,
    pub values: Kept,
}

/// Samples as programs take them.
pub fn batch<'a>(
    samples: &'a Samples,
    range: Range<usize>,
    weights: Option<&'a [f64]>,
) -> Batch<'a> {
    let width = samples.width();
    Batch {
        count: range.len(),
        inputs: &samples.inputs[range.start * width..range.end * width],
        targets: samples.targets_of(range),
        weights,
    }
}

/// All samples.
pub fn whole(samples: &Samples) -> Batch<'_> {
    batch(samples, 0..samples.len(), None)
}

impl Programs {
    /// For `network` on a device, within `memory` bytes; the processor goes on where it fails if there is a
    /// place to say so.
    ///
    /// # Errors
    /// Where a layer has too many positions.
    pub fn new(
        network: &Arc<Network>,
        device: &Device,
        double: bool,
        memory: usize,
        reserve: Option<&Trouble>,
    ) -> Result<Self> {
        let running = lower::lower(network, Statistics::Running)?;
        let batch = network
            .has_statistics()
            .then(|| lower::lower(network, Statistics::Batch))
            .transpose()?;
        let backends = match reserve {
            None => device.backends(double, memory),
            Some(trouble) => device.steady(double, memory, trouble),
        };
        let layout = network.layout();
        let trained = layout.iter().filter(|spec| spec.is_trainable());
        Ok(Self {
            network: Arc::clone(network),
            forms: Forms::new(running, batch),
            offsets: offsets(layout),
            count: trained.map(TensorSpec::len).sum(),
            memory,
            backends,
            made: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// A program.
    ///
    /// # Errors
    /// Where the network has no such form.
    pub(super) fn ready(&self, what: What) -> Result<Arc<Ready>> {
        let lowered = self.forms.get(what.statistics())?;
        let place = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(made.entry(what).or_default())
        };
        let new = || {
            Arc::new(Ready {
                made: programs::make(what, lowered),
                what,
                prepared: self.backends.iter().map(|_| OnceLock::new()).collect(),
            })
        };
        Ok(Arc::clone(place.get_or_init(new)))
    }

    /// The first backend that a program fits, with so many samples that share statistics.
    ///
    /// # Errors
    /// Says how much memory it would take. Usual batches of statistics are never refused.
    pub(super) fn fitting<'r>(
        &self,
        ready: &'r Ready,
        together: usize,
    ) -> Result<&'r dyn Prepared> {
        let usual = ready.what.statistics() == Statistics::Batch && together <= STATISTICS_BATCH;
        for (number, (backend, place)) in self.backends.iter().zip(&ready.prepared).enumerate() {
            let made = &ready.made;
            let prepared = place.get_or_init(|| backend.prepare(&made.program, made.varying));
            if prepared.fits(together) || usual && number + 1 == self.backends.len() {
                return Ok(prepared.as_ref());
            }
        }
        let samples = match ready.what.statistics() {
            Statistics::Running => "one sample takes".into(),
            Statistics::Batch => format!("{together} samples take"),
        };
        Err(Error::Usage(format!(
            "{samples} about {} MB on the way through the model {:?}, but --memory allows {} MB; raise --memory",
            ready.least(together) >> 20,
            self.network.graph().name,
            self.memory >> 20
        )))
    }

    /// Bytes that data and values may take.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }
}

impl Ready {
    /// Bytes that so many samples take on the backend that needs the fewest, of those tried.
    pub fn least(&self, together: usize) -> usize {
        let prepared = self.prepared.iter().filter_map(OnceLock::get);
        let room = prepared.map(|prepared| prepared.room(together));
        room.min().unwrap_or(0)
    }
}
