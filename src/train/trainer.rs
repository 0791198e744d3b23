//! A network on its way: one step of the optimiser after another.

use super::batch::{Growth, NoiseMeans};
use super::history::{Record, finite};
use super::optimizer::{self, Memory, Part};
use super::order;
use super::rate::When;
use super::recipe::{Recipe, TrainMetrics};
use super::state::State;
use super::stop::Stopped;
use super::tally::{Share, Tally, cosine};
use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{generator, norm};
use crate::landscape::evaluate::training::{BatchSums, train_mode};
use crate::landscape::evaluate::{Evaluator, Metrics, Split};
use crate::model::params::Params;
use rand_distr::{Distribution as _, StandardNormal};
use std::sync::Arc;

/// Share of a running statistic that a batch replaces: PyTorch's momentum of normalisation layers.
const MOMENTUM: f64 = 0.1;
/// The stream of noise on gradients, above those of augmentation.
const NOISE: u64 = 1 << 48;

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
struct At {
    /// Steps taken.
    step: u64,
    /// Whole epochs passed.
    epoch: usize,
    /// Samples of the epoch at hand that are done.
    within: usize,
    /// Samples seen.
    samples: u64,
    /// Batch size of the epoch at hand.
    batch: usize,
    /// Epochs since the lowest validation loss.
    waited: u64,
}

/// A network that is being trained.
pub struct Trainer {
    evaluator: Evaluator,
    recipe: Recipe,
    train: Split,
    validation: Option<Split>,
    parts: Vec<Part>,
    statistics: bool,
    /// Trained values; [`Trainer::buffers`] has the others.
    point: Vec<f64>,
    buffers: Params,
    start: Vec<f64>,
    epoch_start: Vec<f64>,
    memory: Memory,
    /// The gradient of the step before, where alignment is told.
    before: Vec<f64>,
    at: At,
    order: Vec<usize>,
    noise: NoiseMeans,
    epoch: Tally,
    window: Tally,
    path: f64,
    best: f64,
    gathered: Samples,
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
        if statistics && train.len() < 2 {
            return Err(Error::Usage(
                "batch statistics can't be taken of a single training sample: it has no variance"
                    .into(),
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
            gathered: train.select(&[]),
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
        let mut batch = how.size(self.recipe.batch_size, self.at.epoch, count, &self.noise);
        if self.statistics {
            batch = batch.max(2);
        }
        self.at.batch = batch;
        self.at.within = 0;
        self.order = self.order_of(self.at.epoch);
        self.epoch_start.copy_from_slice(&self.point);
    }

    fn order_of(&self, epoch: usize) -> Vec<usize> {
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
        let rate = self.recipe.rate(self.when());
        let end = (self.at.within + self.at.batch).min(self.usable());
        let chosen = self.order[self.at.within..end].to_vec();
        let mut sums = self.sums(&chosen)?;
        let mean = 1.0 / sums.weight;
        sums.gradient.iter_mut().for_each(|g| *g *= mean);
        let (loss, length) = (sums.loss * mean, norm(&sums.gradient));
        if !(loss.is_finite() && length.is_finite()) {
            return Ok(self.diverged(loss, rate));
        }
        let near = (!self.before.is_empty()).then(|| cosine(&sums.gradient, &self.before));
        let share = Share {
            loss: [sums.loss, sums.weight],
            second: sums.second,
            samples: chosen.len(),
            gradient: &sums.gradient,
            gradient_norm: length,
            cosine: near.flatten(),
        };
        self.epoch.add(share);
        let log_every = self.recipe.how.draws.log_every;
        if log_every > 0 {
            self.window.add(share);
        }
        self.before.clone_from(&sums.gradient);
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
        self.after(loss, update_norm, rate)
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

    /// Sums of loss and gradient over chosen samples, piece by piece; running statistics follow.
    fn sums(&mut self, chosen: &[usize]) -> Result<BatchSums> {
        let batches = self.recipe.how.batches;
        let piece = batches.piece(chosen.len(), self.statistics);
        let mode = train_mode(self.statistics);
        let mut all: Option<BatchSums> = None;
        let (mut pieces, mut squares) = (0, 0.0);
        for (number, few) in pieces_of(chosen, piece, self.statistics).enumerate() {
            self.gather(few);
            let weights = self.weights(few.len(), number);
            let found = self.evaluator.batch_sums(
                &self.point,
                &self.buffers,
                &self.gathered,
                weights.as_deref(),
                mode,
            )?;
            for (place, measured) in &found.measured {
                let old = self.buffers.at(*place).iter().zip(measured);
                let new = old.map(|(old, new)| (1.0 - MOMENTUM) * old + MOMENTUM * new);
                let new = new.collect();
                self.buffers.replace(*place, new);
            }
            pieces += 1;
            squares += (norm(&found.gradient) / found.weight).powi(2);
            all = Some(match all {
                None => found,
                Some(mut sums) => {
                    sums.add(&found);
                    sums
                }
            });
        }
        let all = all.ok_or_else(|| Error::Usage("a batch without samples".into()))?;
        if batches.batch_schedule == Growth::NoiseScale {
            let whole = (norm(&all.gradient) / all.weight).powi(2);
            self.noise.add(
                pieces,
                chosen.len(),
                squares / f64::from(pieces.max(1) as u32),
                whole,
            );
        }
        Ok(all)
    }

    /// Factors on the gradients of a piece's samples.
    fn weights(&self, count: usize, piece: usize) -> Option<Vec<f64>> {
        let sigma = self.recipe.how.batches.gradient_noise;
        if sigma == 0.0 {
            return None;
        }
        let stream = NOISE + self.at.step * 1024 + piece as u64;
        let mut rng = generator(self.recipe.augment_seed(), stream);
        let mut draw = || {
            let z: f64 = StandardNormal.sample(&mut rng);
            1.0 + sigma * z
        };
        Some((0..count).map(|_| draw()).collect())
    }

    /// Copies chosen samples, augmented, side by side.
    fn gather(&mut self, chosen: &[usize]) {
        let all = self.train.samples();
        self.gathered.inputs.clear();
        for &index in chosen {
            self.gathered
                .inputs
                .extend_from_slice(all.row(index).unwrap_or(&[]));
        }
        self.gathered.targets = all.targets.select(all.targets_each(), chosen);
        let augment = self.recipe.how.augment;
        if augment.is_on() {
            let (seed, epoch) = (self.recipe.augment_seed(), self.at.epoch);
            let rows = self.gathered.inputs.chunks_exact_mut(all.width().max(1));
            for (row, &index) in rows.zip(chosen) {
                augment.apply(seed, epoch, index, &all.shape, row);
            }
        }
    }

    /// All that decides how it goes on.
    pub fn state(&self) -> State {
        let mut state = State::default();
        state.put("trained", self.point.clone());
        for (index, spec) in self.buffers.layout().iter().enumerate() {
            if !spec.is_trainable() {
                state.put(&format!("buffer.{}", spec.name), self.buffers.at(index));
            }
        }
        state.put("start", self.start.clone());
        state.put("epoch_start", self.epoch_start.clone());
        let names = self.recipe.how.optimizer.memories();
        for (name, vector) in names.iter().zip(&self.memory.vectors) {
            state.put(&format!("optimizer.{name}"), vector.clone());
        }
        state.put("before", self.before.clone());
        let at = self.at;
        let counts = [
            at.step as f64,
            at.epoch as f64,
            at.within as f64,
            at.samples as f64,
            at.batch as f64,
            at.waited as f64,
            self.memory.steps as f64,
            self.noise.pairs as f64,
        ];
        state.put("counts", counts);
        let noise = [self.noise.covariance_trace, self.noise.gradient_squared];
        state.put("sums", [self.path, self.best, noise[0], noise[1]]);
        self.epoch.store("epoch", &mut state);
        self.window.store("window", &mut state);
        state
    }

    /// Goes on from a state that was stored.
    ///
    /// # Errors
    /// Where it is of another network or recipe.
    pub fn restore(&mut self, state: &State) -> Result<()> {
        let n = self.point.len();
        let [step, epoch, within, samples, batch, waited, taken, pairs] = state.array("counts")?;
        let [path, best, trace, square] = state.array("sums")?;
        self.point = state.exact("trained", n)?;
        let layout = Arc::clone(self.buffers.layout());
        for (index, spec) in layout.iter().enumerate() {
            if !spec.is_trainable() {
                let values = state.exact(&format!("buffer.{}", spec.name), spec.len())?;
                self.buffers.replace(index, values);
            }
        }
        self.start = state.exact("start", n)?;
        self.epoch_start = state.exact("epoch_start", n)?;
        let vectors = if taken > 0.0 {
            let names = self.recipe.how.optimizer.memories().iter();
            let read = names.map(|name| state.exact(&format!("optimizer.{name}"), n));
            read.collect::<Result<_>>()?
        } else {
            Vec::new()
        };
        self.memory = Memory {
            steps: taken as u64,
            vectors,
        };
        self.before = state.get("before")?.to_vec();
        self.at = At {
            step: step as u64,
            epoch: epoch as usize,
            within: within as usize,
            samples: samples as u64,
            batch: batch as usize,
            waited: waited as u64,
        };
        self.noise = NoiseMeans {
            covariance_trace: trace,
            gradient_squared: square,
            pairs: pairs as u64,
        };
        (self.path, self.best) = (path, best);
        self.epoch = Tally::restore("epoch", state)?;
        self.window = Tally::restore("window", state)?;
        self.order = self.order_of(self.at.epoch);
        Ok(())
    }
}

/// Samples in pieces. Where a piece has statistics, one sample left over goes with the piece before.
fn pieces_of(chosen: &[usize], piece: usize, statistics: bool) -> impl Iterator<Item = &[usize]> {
    let alone = statistics && piece > 1 && chosen.len() > piece && chosen.len() % piece == 1;
    let count = chosen.len().div_ceil(piece) - usize::from(alone);
    (0..count).map(move |number| {
        let end = if number + 1 == count {
            chosen.len()
        } else {
            (number + 1) * piece
        };
        &chosen[number * piece..end]
    })
}
