//! A network on its way: one step of the optimiser after another.

use super::batch::{Growth, NoiseMeans};
use super::history::{Record, finite};
use super::optimizer::{self, Memory, Part};
use super::order;
use super::rate::When;
use super::recipe::{Recipe, TrainMetrics};
use super::stop::Stopped;
use super::tally::{Share, Taken, Tally, seen};
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::evaluate::{Evaluator, Metrics, Split};
use crate::model::params::Params;
use std::sync::Arc;

/// What one step did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// Mean loss of the batch before the step.
    pub loss: f64,
    /// Length of the step.
    pub update_norm: f64,
    /// What is to be noted, at the end of an epoch and every so many steps.
    pub record: Option<Record>,
    /// Whether that record has the lowest validation loss so far (training loss without validation).
    pub best: bool,
    /// Why the run ends here.
    pub stopped: Option<Stopped>,
}

/// Where a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct At {
    /// Steps taken.
    pub(super) step: u64,
    /// Whole epochs passed.
    pub(super) epoch: usize,
    /// Samples of the epoch at hand that are done.
    pub(super) within: usize,
    /// Samples seen.
    pub(super) samples: u64,
    /// Batch size of the epoch at hand.
    pub(super) batch: usize,
    /// Epochs since the lowest validation loss.
    pub(super) waited: u64,
}

/// A network that is being trained.
pub struct Trainer {
    pub(super) evaluator: Evaluator,
    pub(super) recipe: Recipe,
    pub(super) train: Split,
    pub(super) validation: Option<Split>,
    pub(super) parts: Vec<Part>,
    pub(super) statistics: bool,
    /// Trained values; [`Trainer::buffers`] has the others.
    pub(super) point: Vec<f64>,
    pub(super) buffers: Params,
    pub(super) start: Vec<f64>,
    pub(super) epoch_start: Vec<f64>,
    pub(super) memory: Memory,
    /// The gradient of the step before, and its length.
    pub(super) before: Vec<f64>,
    pub(super) length: f64,
    pub(super) at: At,
    pub(super) order: Vec<usize>,
    pub(super) noise: NoiseMeans,
    pub(super) epoch: Tally,
    pub(super) window: Tally,
    pub(super) path: f64,
    pub(super) best: f64,
}

impl Trainer {
    /// Starts at `start`. `classes` is the number of classes of the data, 0 for none.
    ///
    /// # Errors
    /// Where the recipe makes no sense, or data and network don't fit.
    pub fn new(
        evaluator: Evaluator,
        start: &Params,
        train: &Arc<Samples>,
        validation: Option<&Arc<Samples>>,
        classes: usize,
        recipe: Recipe,
    ) -> Result<Self> {
        recipe.check()?;
        recipe.how.augment.check(&train.shape)?;
        let split = evaluator.upload(train, classes)?;
        let validation = validation.map(|samples| evaluator.upload(samples, classes));
        let validation = validation.transpose()?;
        if recipe.how.stop.patience.is_some() && validation.is_none() {
            return Err(Error::Usage(
                "patience waits for a lower validation loss, but there are no validation samples; take until_loss or leave it out".into(),
            ));
        }
        let statistics = evaluator.network().has_statistics();
        let batch = recipe.batch_size.min(train.len());
        if statistics && recipe.how.batches.piece(batch, true) < 2 {
            return Err(Error::Usage(
                "batch statistics can't be taken of a single sample, which has no variance: take a larger batch_size, ghost_batch or fewer pieces (accumulate, workers)".into(),
            ));
        }
        let mut parts = Vec::new();
        let mut from = 0;
        for (spec, values) in start.trainable() {
            let range = from..from + values.len();
            from = range.end;
            let is_weight = spec.shape.len() > 1;
            parts.push(Part { range, is_weight });
        }
        let point = start.flatten();
        let mut trainer = Self {
            statistics,
            evaluator,
            recipe,
            train: split,
            validation,
            parts,
            start: point.clone(),
            epoch_start: point.clone(),
            point,
            buffers: start.clone(),
            memory: Memory::default(),
            before: Vec::new(),
            length: 0.0,
            at: At::default(),
            order: Vec::new(),
            noise: NoiseMeans::default(),
            epoch: Tally::default(),
            window: Tally::default(),
            path: 0.0,
            best: f64::INFINITY,
        };
        trainer.begin_epoch();
        Ok(trainer)
    }

    /// The network on its device.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The training samples.
    pub fn train(&self) -> &Split {
        &self.train
    }

    /// The held-out samples.
    pub fn validation(&self) -> Option<&Split> {
        self.validation.as_ref()
    }

    /// Where it is: trained tensors and buffers.
    pub fn point(&self) -> Params {
        self.buffers.with_trainable(&self.point)
    }

    /// The trained values, in the order of [`Params::flatten`].
    pub fn trained(&self) -> &[f64] {
        &self.point
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.at.step
    }

    /// Epochs passed, with the share of the one at hand.
    pub fn epochs(&self) -> f64 {
        self.at.epoch as f64 + self.at.within as f64 / self.usable() as f64
    }

    /// Steps in all, as far as is known: batches may grow.
    pub fn expected_steps(&self) -> u64 {
        let left = |epochs: usize| {
            let rest = self.usable().saturating_sub(self.at.within);
            let epochs = epochs.saturating_sub(self.at.epoch);
            let whole = self.usable().div_ceil(self.at.batch) * epochs.saturating_sub(1);
            whole
                + if epochs > 0 {
                    rest.div_ceil(self.at.batch)
                } else {
                    0
                }
        };
        let stop = &self.recipe.how.stop;
        let known = || self.at.step + left(stop.epochs) as u64;
        stop.steps.unwrap_or_else(known)
    }

    /// Samples of an epoch that are trained on: batches of one have no statistics, and the last may be left
    /// out where it is smaller.
    fn usable(&self) -> usize {
        let (count, batch) = (self.train.len(), self.at.batch.max(1));
        let rest = count % batch;
        let alone = self.statistics && rest == 1 && batch > 1;
        let dropped = self.recipe.how.batches.drop_last && count > batch;
        if alone || dropped {
            count - rest
        } else {
            count
        }
    }

    fn begin_epoch(&mut self) {
        let (how, count) = (&self.recipe.how.batches, self.train.len());
        self.at.batch = how.size(self.recipe.batch_size, self.at.epoch, count, &self.noise);
        self.at.within = 0;
        self.order = self.order_of(self.at.epoch);
        self.epoch_start.copy_from_slice(&self.point);
    }

    pub(super) fn order_of(&self, epoch: usize) -> Vec<usize> {
        let count = self.train.len();
        if self.recipe.how.batches.in_order {
            (0..count).collect()
        } else {
            order::of_epoch(self.recipe.order_seed(), epoch, count)
        }
    }

    /// When the next step is taken, for the schedule.
    fn when(&self) -> When {
        let count = self.train.len();
        let each = count.div_ceil(self.recipe.batch_size.min(count).max(1)) as f64;
        let stop = &self.recipe.how.stop;
        let constant = self.recipe.how.batches.batch_schedule == Growth::Constant;
        let own = self.usable().div_ceil(self.at.batch);
        // With batches of one size a step is exactly a step.
        let each = if constant { own as f64 } else { each };
        let done = self.at.within / self.at.batch;
        let within = done as f64 / own as f64 * each;
        let step = if constant {
            self.at.step as f64
        } else {
            self.at.epoch as f64 * each + within
        };
        let total = match stop.steps {
            Some(steps) => steps as f64,
            None => each * stop.epochs as f64,
        };
        When { step, each, total }
    }

    /// Takes one step. After a step that ended the run none must follow.
    ///
    /// # Errors
    /// Where the device fails, or a batch doesn't fit the memory.
    pub fn step(&mut self) -> Result<Step> {
        let taken = self.take()?;
        self.told(taken)
    }

    /// What is noted of a step, with the metrics that are due after it.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn told(&mut self, taken: Taken) -> Result<Step> {
        match taken.update_norm {
            Some(length) => self.after(taken.loss, length, taken.rate),
            None => Ok(self.diverged(taken.loss, taken.rate)),
        }
    }

    /// The step alone, for who holds a clock; [`Trainer::told`] must follow.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn take(&mut self) -> Result<Taken> {
        let rate = self.recipe.rate(self.when());
        let end = (self.at.within + self.at.batch).min(self.usable());
        let chosen = self.order[self.at.within..end].to_vec();
        let mut sums = self.sums(&chosen)?;
        let mean = 1.0 / sums.weight;
        let seen = seen(&mut sums.gradient, mean, &mut self.before);
        let (loss, length) = (sums.loss * mean, seen.norm);
        if !(loss.is_finite() && length.is_finite()) {
            return Ok(Taken {
                loss,
                update_norm: None,
                rate,
            });
        }
        // The first gradient has none before it.
        let near = finite(seen.dot / (length * self.length)).filter(|_| self.at.step > 0);
        self.length = length;
        let share = Share {
            loss: [sums.loss, sums.weight],
            second: sums.second,
            samples: chosen.len(),
            gradient: &sums.gradient,
            gradient_norm: length,
            cosine: near,
        };
        self.epoch.add(share);
        let log_every = self.recipe.how.draws.log_every;
        if log_every > 0 {
            self.window.add(share);
        }
        let update_norm = optimizer::step(
            &self.recipe.how.optimizer,
            rate,
            &self.parts,
            &mut self.point,
            &mut sums.gradient,
            &mut self.memory,
        );
        self.epoch.updates.push(update_norm);
        if log_every > 0 {
            self.window.updates.push(update_norm);
        }
        self.path += update_norm;
        self.at.step += 1;
        self.at.samples += chosen.len() as u64;
        self.at.within = end;
        Ok(Taken {
            loss,
            update_norm: Some(update_norm),
            rate,
        })
    }

    /// What is noted after a step, and whether it was the last.
    fn after(&mut self, loss: f64, update_norm: f64, rate: f64) -> Result<Step> {
        let stop = self.recipe.how.stop;
        let whole = self.at.within >= self.usable();
        let last_step = stop.steps.is_some_and(|steps| self.at.step >= steps);
        let log_every = self.recipe.how.draws.log_every;
        let due = log_every > 0 && self.at.step.is_multiple_of(log_every);
        let mut step = Step {
            loss,
            update_norm,
            ..Step::default()
        };
        if !(whole || due || last_step) {
            return Ok(step);
        }
        let mut record = self.record(rate);
        record.whole_epoch = whole;
        let tally = if whole || log_every == 0 {
            &self.epoch
        } else {
            &self.window
        };
        let totals = self.train.per_sample();
        tally.tell(&mut record, |second, samples| totals.score(second, samples));
        self.window = Tally::default();
        if whole || last_step {
            self.measure(&mut record)?;
            let told = record.validation_loss.or(record.train_loss);
            step.best = told.is_some_and(|loss| loss < self.best);
            if step.best {
                self.best = told.unwrap_or(self.best);
                self.at.waited = 0;
            } else {
                self.at.waited += 1;
            }
        }
        if whole {
            self.at.epoch += 1;
            self.epoch = Tally::default();
            let done = stop.steps.is_none() && self.at.epoch >= stop.epochs;
            step.stopped = done.then_some(Stopped::Finished);
            step.stopped = stop.after(&record, self.at.waited).or(step.stopped);
            self.begin_epoch();
        }
        if last_step {
            step.stopped = step.stopped.or(Some(Stopped::Finished));
        }
        step.record = Some(record);
        Ok(step)
    }

    fn diverged(&mut self, loss: f64, rate: f64) -> Step {
        let record = self.record(rate);
        Step {
            loss,
            record: Some(record),
            stopped: Some(Stopped::Diverged),
            ..Step::default()
        }
    }

    /// The record of the start, before any step.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn first_record(&self) -> Result<Record> {
        let mut record = Record {
            whole_epoch: true,
            distance: Some(0.0),
            ..Record::default()
        };
        let found = self.metrics(&self.train)?;
        record.train_loss = finite(found.loss);
        record.train_accuracy = finite(found.score);
        self.measure(&mut record)?;
        Ok(record)
    }

    /// Where the run is, without what steps came to.
    fn record(&self, rate: f64) -> Record {
        let distance = |from: &[f64]| {
            let square = |(a, b): (&f64, &f64)| (a - b).powi(2);
            let sum: f64 = self.point.iter().zip(from).map(square).sum();
            finite(sum.sqrt())
        };
        let follows = self.recipe.how.batches.batch_schedule == Growth::NoiseScale;
        Record {
            step: self.at.step,
            epoch: self.epochs(),
            samples: self.at.samples,
            learning_rate: Some(rate),
            batch_size: Some(self.at.batch),
            path_length: finite(self.path),
            distance: distance(&self.start),
            epoch_distance: distance(&self.epoch_start),
            noise_scale: self.noise.scale().filter(|_| follows),
            ..Record::default()
        }
    }

    fn measure(&self, record: &mut Record) -> Result<()> {
        if let Some(validation) = &self.validation {
            let found = self.metrics(validation)?;
            record.validation_loss = finite(found.loss);
            record.validation_accuracy = finite(found.score);
        }
        if record.step > 0 && self.recipe.how.draws.train_metrics == TrainMetrics::Whole {
            let found = self.metrics(&self.train)?;
            record.train_loss = finite(found.loss);
            record.train_accuracy = finite(found.score);
        }
        Ok(())
    }

    /// Mean loss and score of a split here, eval mode.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn metrics(&self, split: &Split) -> Result<Metrics> {
        self.evaluator.metrics_at(&self.point, &self.buffers, split)
    }
}
