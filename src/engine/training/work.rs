//! A run as work: some steps of the optimiser at a time, with the files and measures that belong to them.

use super::begin::{Opened, open};
use super::folder::{self, Folder};
use super::measures::Measures;
use super::status::{Stage, Status};
use crate::engine::header::Header;
use crate::engine::job::{Job, Keeping, TrainingJob};
use crate::engine::work::{Progress, Step, Work, guarded};
use crate::error::{Error, Result};
use crate::landscape::evaluate::{Precision, Split};
use crate::model::params::Params;
use crate::train::history::finite;
use crate::train::{Record, Stopped, Trainer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Work between two looks at it takes about so long.
const PIECE: Duration = Duration::from_millis(30);
/// The state is saved this often: what a killed process loses at most …
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// … unless saving takes more than one part in so many of the time.
const SAVE_SHARE: u32 = 20;

/// What there is of a run.
#[derive(Debug, Clone)]
pub struct Trained {
    /// How it is made.
    pub header: Header,
    /// Its records, the start first.
    pub history: Vec<Record>,
    /// Why it ended, if it has.
    pub stopped: Option<Stopped>,
    /// Its folder, if it has one.
    pub folder: Option<PathBuf>,
    /// Steps taken.
    pub step: u64,
    /// Epochs passed.
    pub epoch: f64,
    /// Loss of the last batch.
    pub loss: f64,
    /// Seconds of training.
    pub seconds: f64,
}

/// A run.
pub struct Training {
    trainer: Trainer,
    job: TrainingJob,
    precision: Precision,
    folder: Option<Folder>,
    /// Samples that measures are taken over.
    measured: Option<Split>,
    /// A record whose measures are being taken.
    pending: Option<(Record, Measures)>,
    begun: bool,
    saved: Instant,
    /// How long to wait for the next save.
    save_after: Duration,
    /// Samples and seconds at the last record.
    last: (u64, f64),
    found: Trained,
}

impl Training {
    /// A run in `folder`, new or gone on with; without a folder nothing is kept.
    ///
    /// # Errors
    /// Where something can't be opened or written, or the folder holds another run.
    pub fn start(job: &TrainingJob, folder: Option<&Path>, resume: bool) -> Result<Self> {
        crate::engine::job::Request::check(job)?;
        guarded(|| Self::over(open(job)?, folder, resume))
    }

    /// As [`Training::start`], of what was opened.
    fn over(opened: Opened, folder: Option<&Path>, resume: bool) -> Result<Self> {
        let Opened {
            mut trainer,
            header,
            model,
            precision,
        } = opened;
        let Job::Training(job) = &header.job else {
            return Err(Error::Usage("only a training job can be trained".into()));
        };
        let job = job.clone();
        let mut found = Trained {
            header,
            history: Vec::new(),
            stopped: None,
            folder: folder.map(Path::to_owned),
            step: 0,
            epoch: 0.0,
            loss: f64::NAN,
            seconds: 0.0,
        };
        let mut begun = false;
        let mut open = None;
        if let Some(path) = folder {
            let before = if resume { Status::read(path)? } else { None };
            if let Some(before) = &before {
                gone_on(&before.header, &mut found.header)?;
            }
            let (own, earlier) = Folder::open(path, &job, (&model, &found.header), resume)?;
            if let Some(earlier) = earlier {
                trainer.restore(&earlier.state)?;
                found.history = earlier.history;
                found.seconds = earlier.seconds;
                begun = true;
                let ended = before.filter(|before| before.step == trainer.steps());
                found.stopped = ended.as_ref().and_then(|before| before.stopped);
                // A run that was given another end goes on to it.
                let other = ended.is_some_and(|before| {
                    !matches!(before.header.job, Job::Training(old) if old.how.stop == job.how.stop)
                });
                if other && trainer.expected_steps() > trainer.steps() {
                    found.stopped = None;
                }
            }
            open = Some(own);
        }
        let measured = measured(&job, &trainer)?;
        let last = found.history.last();
        let last = last.and_then(|record| Some((record.samples, record.seconds?)));
        let last = last.unwrap_or((0, found.seconds));
        let mut training = Self {
            trainer,
            precision,
            folder: open,
            measured,
            pending: None,
            begun,
            saved: Instant::now(),
            save_after: SAVE_EVERY,
            last,
            found,
            job,
        };
        training.look();
        Ok(training)
    }

    /// Where it is: trained tensors and buffers.
    pub fn point(&self) -> Params {
        self.trainer.point()
    }

    /// The network on its way.
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    /// How it is made, as far as is known.
    pub fn header_so_far(&self) -> &Header {
        &self.found.header
    }

    /// Its job.
    pub fn job(&self) -> &TrainingJob {
        &self.job
    }

    fn look(&mut self) {
        self.found.step = self.trainer.steps();
        self.found.epoch = self.trainer.epochs();
    }

    /// The first piece: the start is written and noted.
    fn begin(&mut self) -> Result<Step> {
        let record = self.trainer.first_record()?;
        if let Some(folder) = &self.folder {
            let start = self.trainer.point();
            folder.keep(folder::INITIAL, &start, 0, 0.0)?;
        }
        self.keep(true)?;
        self.begun = true;
        self.noted(record)?;
        if self.pending.is_none() {
            self.save(Stage::Running)?;
        }
        Ok(Step::More)
    }

    /// Steps until something is to be noted or some time has passed.
    fn train(&mut self) -> Result<Step> {
        let begun = Instant::now();
        let mut aside = Duration::ZERO;
        let step = loop {
            let taken = self.trainer.take()?;
            let noting = Instant::now();
            let step = self.trainer.told(taken)?;
            aside += noting.elapsed();
            if step.record.is_some() || step.stopped.is_some() || begun.elapsed() >= PIECE {
                break step;
            }
            if self.kept_by_step() {
                break step;
            }
        };
        self.found.seconds += begun.elapsed().saturating_sub(aside).as_secs_f64();
        self.found.loss = step.loss;
        self.look();
        self.found.stopped = step.stopped;
        let ended = step.stopped.is_some();
        if step.stopped != Some(Stopped::Diverged) {
            let whole = step
                .record
                .as_ref()
                .is_some_and(|record| record.whole_epoch);
            if whole || self.kept_by_step() || ended {
                self.keep(ended)?;
            }
            if let (true, true, Some(folder)) = (step.best, self.job.keep.keep_best, &self.folder) {
                let (steps, epochs) = (self.trainer.steps(), self.trainer.epochs());
                folder.keep(folder::BEST, &self.trainer.point(), steps, epochs)?;
            }
        }
        if let Some(record) = step.record {
            self.noted(record)?;
        }
        self.settle()
    }

    /// Saves where that is due, once nothing is being measured; whether the run is over.
    fn settle(&mut self) -> Result<Step> {
        if self.pending.is_some() {
            return Ok(Step::More);
        }
        let ended = self.found.stopped.is_some();
        if ended || self.saved.elapsed() >= self.save_after {
            self.save(if ended { Stage::Ended } else { Stage::Running })?;
        }
        Ok(if ended { Step::Done } else { Step::More })
    }

    /// Whether a checkpoint of the steps taken is kept.
    fn kept_by_step(&self) -> bool {
        match self.job.keep.checkpoints {
            Keeping::Steps(each) => self.trainer.steps().is_multiple_of(each),
            _ => false,
        }
    }

    /// Keeps the weights as a checkpoint where the recipe says so, or where they are the first or the last.
    fn keep(&mut self, anyway: bool) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let (steps, epochs) = (self.trainer.steps(), self.trainer.epochs());
        let whole = epochs.round() as usize;
        let (name, wanted) = match self.job.keep.checkpoints {
            Keeping::Steps(_) => (folder::after_steps(steps), self.kept_by_step()),
            Keeping::Epochs(each) => (folder::after_epochs(whole), whole.is_multiple_of(each)),
            Keeping::Log => (folder::after_epochs(whole), whole.is_power_of_two()),
            Keeping::Last => (folder::after_epochs(whole), false),
        };
        // A run that ends within an epoch has its last weights by their step.
        let name = if anyway && epochs.fract() != 0.0 {
            folder::after_steps(steps)
        } else {
            name
        };
        if wanted || anyway {
            folder.keep(&name, &self.trainer.point(), steps, epochs)?;
        }
        Ok(())
    }

    /// A record with its times, measured first where that is due.
    fn noted(&mut self, mut record: Record) -> Result<()> {
        let (samples, seconds) = self.last;
        let took = self.found.seconds - seconds;
        let seen = record.samples.saturating_sub(samples) as f64;
        record.samples_per_second = finite(seen / took).filter(|_| seen > 0.0);
        record.seconds = Some(self.found.seconds);
        record.stability_edge = record.learning_rate.map(|rate| 2.0 / rate);
        self.last = (record.samples, self.found.seconds);
        let keep = &self.job.keep;
        let due = match keep.measure_every {
            0 => record.whole_epoch,
            every => record.step.is_multiple_of(every),
        };
        let diverged = self.found.stopped == Some(Stopped::Diverged);
        if keep.measure.is_empty() || !due || diverged {
            return self.note(record);
        }
        let split = self.measured.as_ref().unwrap_or(self.trainer.train());
        let how = (self.precision, self.job.setup.seed);
        let point = self.trainer.point();
        let measures = Measures::new(keep, self.trainer.evaluator(), point, split, how);
        self.pending = Some((record, measures));
        Ok(())
    }

    fn note(&mut self, record: Record) -> Result<()> {
        if let Some(folder) = &mut self.folder {
            folder.note(&record)?;
        }
        self.found.history.push(record);
        Ok(())
    }

    /// A piece of the measures of a record.
    fn measure(&mut self, mut record: Record, mut measures: Measures) -> Result<Step> {
        // What can't be measured at a point is no reason to end a run.
        let more = match measures.step(&mut record) {
            Ok(more) => more,
            Err(Error::Device(text)) => return Err(Error::Device(text)),
            Err(error) => {
                let text = format!("not measured after {} steps: {error}", record.step);
                self.found.header.warn([text]);
                true
            }
        };
        if more {
            self.pending = Some((record, measures));
            return Ok(Step::More);
        }
        self.note(record)?;
        self.settle()
    }

    /// Writes the state and how far it is.
    fn save(&mut self, stage: Stage) -> Result<()> {
        let begun = Instant::now();
        if let Some(folder) = &self.folder {
            // Weights that aren't finite are nothing to go on from.
            if self.found.stopped != Some(Stopped::Diverged) {
                folder.save(&self.trainer.state(), self.found.seconds)?;
            }
            self.status(stage, None)?;
        }
        self.saved = Instant::now();
        self.save_after = SAVE_EVERY.max(SAVE_SHARE * begun.elapsed());
        Ok(())
    }

    fn status(&self, stage: Stage, error: Option<String>) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let found = &self.found;
        let status = Status {
            stage,
            stopped: found.stopped,
            error,
            step: found.step,
            epoch: found.epoch,
            seconds: found.seconds,
            header: Header {
                elapsed_seconds: found.seconds,
                complete: found.stopped.is_some(),
                ..found.header.clone()
            },
        };
        status.write(&folder.path)
    }
}

/// Refuses to go on where data or network have changed.
fn gone_on(before: &Header, now: &mut Header) -> Result<()> {
    let changed = |what: &str| {
        Err(Error::Usage(format!(
            "{what} since the run to resume was begun; bring back what it was begun with, or begin a new one in another folder"
        )))
    };
    let data = |header: &Header| {
        let data = &header.data;
        let counts = [data.train_samples, data.validation_samples];
        (data.sha256.clone(), counts)
    };
    if data(before) != data(now) {
        return changed("the data has changed");
    }
    if before.fingerprints.network != now.fingerprints.network {
        return changed("the network has changed");
    }
    now.device = crate::engine::device::also(&before.device, &now.device);
    now.warn(before.warnings.iter().cloned());
    Ok(())
}

/// The samples that measures are taken over, where they are fewer than those of the training split.
fn measured(job: &TrainingJob, trainer: &Trainer) -> Result<Option<Split>> {
    let all = trainer.train().samples();
    let wanted = job.keep.measure_samples;
    if wanted == 0 || wanted >= all.len() {
        return Ok(None);
    }
    let some = Arc::new(all.subset(wanted, job.setup.seed));
    trainer.evaluator().upload(&some, 0).map(Some)
}

impl Work for Training {
    type Found = Trained;

    fn step(&mut self) -> Result<Step> {
        let done = if let Some((record, measures)) = self.pending.take() {
            self.measure(record, measures)
        } else if self.found.stopped.is_some() {
            Ok(Step::Done)
        } else if self.begun {
            self.train()
        } else {
            self.begin()
        };
        if let Err(error) = &done {
            // The reason stands in the folder where that can still be written.
            self.status(Stage::Failed, Some(error.to_string())).ok();
        }
        done
    }

    fn progress(&self) -> Progress {
        let done = self.trainer.steps() as usize;
        Progress {
            what: if self.pending.is_some() {
                "measuring".into()
            } else {
                "training".into()
            },
            unit: "step",
            done,
            total: (self.trainer.expected_steps() as usize).max(done),
        }
    }

    fn found(&self) -> &Trained {
        &self.found
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.found.header)
    }

    fn finish(mut self) -> Trained {
        // A record whose measures were cut short is a record all the same.
        if let Some((record, _)) = self.pending.take()
            && let Err(error) = self.note(record)
        {
            self.found.header.warn([error.to_string()]);
        }
        let stage = if self.found.stopped.is_some() {
            Stage::Ended
        } else {
            Stage::Paused
        };
        if self.begun
            && let Err(error) = self.save(stage)
        {
            let text = format!("the state couldn't be saved: {error}");
            self.found.header.warn([text]);
        }
        self.found
    }
}
