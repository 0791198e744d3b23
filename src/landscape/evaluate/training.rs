//! What a step of training asks of a network: loss, score and gradient over a batch, with the statistics that
//! the batch had.
//!
//! One program for all of it, made once a network and run for batches of any size.

use super::point::Here;
use super::prepared::{Programs, batch, whole};
use super::programs::What;
use super::{Evaluator, Metrics, Split};
use crate::dataset::Samples;
use crate::error::Result;
use crate::landscape::curvature::vector::add_scaled;
use crate::model::losses::Totals;
use crate::model::lower::Statistics;
use crate::model::params::Params;
use std::sync::Arc;

/// Sums over a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchSums {
    /// Of the loss.
    pub loss: f64,
    /// What a mean divides the loss and its gradient by.
    pub weight: f64,
    /// Of what the score is made of: right answers, or squared errors.
    pub second: f64,
    /// Of the gradient of the loss, in the order of [`Params::flatten`].
    pub gradient: Vec<f64>,
    /// Mean and unbiased variance of the batch, by the places in the layout of the running ones.
    pub measured: Vec<(usize, Vec<f64>)>,
}

impl BatchSums {
    /// Adds those over other samples; of statistics the later are kept.
    pub fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.weight += other.weight;
        self.second += other.second;
        add_scaled(&mut self.gradient, 1.0, &other.gradient);
        self.measured.clone_from(&other.measured);
    }
}

/// Where layers take their statistics from while they are trained.
pub fn train_mode(has_statistics: bool) -> Statistics {
    if has_statistics {
        Statistics::Batch
    } else {
        Statistics::Running
    }
}

impl Evaluator {
    /// Sums over samples that were checked as part of a split ([`Evaluator::upload`]); in train mode all of
    /// them share their statistics. `weights`: a factor on each one's loss.
    ///
    /// # Errors
    /// Where the device fails, or the batch doesn't fit its memory.
    pub fn batch_sums(
        &self,
        trained: &[f64],
        buffers: &Params,
        samples: &Samples,
        weights: Option<&[f64]>,
        statistics: Statistics,
    ) -> Result<BatchSums> {
        let together = match statistics {
            Statistics::Batch => Some(samples.len()),
            Statistics::Running => None,
        };
        let here = Here {
            trained,
            buffers,
            together,
        };
        let totals = self.network.graph().loss.totals(samples);
        let mut found = self.programs.batch_sums(here, samples, weights)?;
        found.weight = totals.weight;
        Ok(found)
    }

    /// Mean loss and score of a split at a point, eval mode.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn metrics_at(&self, trained: &[f64], buffers: &Params, split: &Split) -> Result<Metrics> {
        let here = Here {
            trained,
            buffers,
            together: None,
        };
        let sums = self.programs.metrics(here, &split.samples)?;
        let [loss, score] = split.totals.metrics(sums);
        Ok(Metrics { loss, score })
    }
}

/// What the score of part of a split is: the split's total, shared out.
#[derive(Debug, Clone)]
pub struct PerSample {
    totals: Totals,
    samples: f64,
}

impl PerSample {
    /// The score of a sum over so many samples.
    pub fn score(&self, second: f64, samples: f64) -> f64 {
        let [_, score] = self.totals.metrics([0.0, second * self.samples / samples]);
        score
    }
}

impl Split {
    /// The samples.
    pub fn samples(&self) -> Arc<Samples> {
        Arc::clone(&self.samples)
    }

    /// What scores of part of it are made with.
    pub fn per_sample(&self) -> PerSample {
        PerSample {
            totals: self.totals.clone(),
            samples: self.samples.len() as f64,
        }
    }
}

impl Programs {
    /// Sums over some samples; the weight is left to who knows the loss.
    fn batch_sums(
        &self,
        here: Here<'_>,
        samples: &Samples,
        weights: Option<&[f64]>,
    ) -> Result<BatchSums> {
        let statistics = here.statistics();
        let ready = self.ready(What::Training(statistics))?;
        let prepared = self.fitting(&ready, here.group())?;
        let point = [here.trained];
        let source = self.at(&point, here.buffers, &[]);
        let batch = batch(samples, 0..samples.len(), weights);
        let mut found = prepared
            .run(&source, batch, 1, here.group(), None)?
            .swap_remove(0);
        let places: Vec<usize> = match statistics {
            Statistics::Batch => self.layers_measured()?.concat(),
            Statistics::Running => Vec::new(),
        };
        let slopes = found.split_off(2 + places.len());
        let measured = found.split_off(2);
        Ok(BatchSums {
            loss: found[0][0],
            weight: samples.len() as f64,
            second: found[1][0],
            gradient: self.flat(&ready.made.parameters, &slopes),
            measured: places.into_iter().zip(measured).collect(),
        })
    }

    /// Sums of loss and score over samples.
    fn metrics(&self, here: Here<'_>, samples: &Samples) -> Result<[f64; 2]> {
        let ready = self.ready(What::Metrics)?;
        let prepared = self.fitting(&ready, 1)?;
        let point = [here.trained];
        let source = self.at(&point, here.buffers, &[]);
        let found = prepared.run(&source, whole(samples), 1, 1, None)?;
        Ok([found[0][0][0], found[0][1][0]])
    }
}
