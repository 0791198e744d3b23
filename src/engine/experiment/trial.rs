//! A run of an experiment as it is measured: its recipe, its history and its checkpoints.

use crate::engine::header::Header;
use crate::engine::job::TrainingJob;
use crate::engine::training::{Kept, Row, Run};
use crate::error::Result;
use crate::train::{Record, Stopped};
use std::path::{Path, PathBuf};

/// A run that ended.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Name of its folder.
    pub name: String,
    /// Its recipe.
    pub job: TrainingJob,
    /// Its records, the start first.
    pub history: Vec<Record>,
    /// Why it ended.
    pub stopped: Option<Stopped>,
    /// Its checkpoints in order, the start first.
    pub checkpoints: Vec<Kept>,
    /// The weights it started from.
    pub start: Option<PathBuf>,
    /// How it was made.
    pub header: Option<Header>,
}

/// A sweep and its runs.
#[derive(Debug, Clone)]
pub struct PartRuns {
    /// Name of its folder.
    pub name: String,
    /// What its runs are, in words.
    pub words: String,
    /// Its recipe.
    pub job: TrainingJob,
    /// Its runs, in order.
    pub trials: Vec<Trial>,
}

impl Trial {
    /// Reads the run of a row of a sweep in `folder`.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn read(row: &Row, folder: &Path) -> Result<Self> {
        let run = Run::open(&folder.join(&row.name))?;
        Ok(Self {
            name: row.name.clone(),
            job: row.job.clone(),
            start: run.start().map(Path::to_owned),
            history: run.history,
            stopped: row.stopped,
            checkpoints: run.checkpoints,
            header: run.status.map(|status| status.header),
        })
    }

    /// B
    pub fn batch(&self) -> usize {
        self.job.batch_size.0[0]
    }

    /// η
    pub fn rate(&self) -> f64 {
        self.job.learning_rate.0[0]
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.job.run_seed.0[0]
    }

    /// Training samples; 0: all.
    pub fn subset(&self) -> usize {
        self.job.subset.0[0]
    }

    /// Whether its loss is no longer finite.
    pub fn diverged(&self) -> bool {
        self.stopped == Some(Stopped::Diverged)
    }

    /// The weights it ended at; `None` where it diverged.
    pub fn end(&self) -> Option<&Path> {
        let last = self.checkpoints.last().filter(|_| !self.diverged());
        last.map(|kept| kept.path.as_path())
    }

    /// A number of the last record; NaN where there is none.
    pub fn last(&self, name: &str) -> f64 {
        let last = self.history.last().filter(|_| !self.diverged());
        last.and_then(|record| record.get(name)).unwrap_or(f64::NAN)
    }

    /// The record with the lowest validation loss.
    pub fn best(&self) -> Option<&Record> {
        let told = self.history.iter().filter(|r| r.validation_loss.is_some());
        told.min_by(|a, b| {
            let loss = |r: &Record| r.validation_loss.unwrap_or(f64::INFINITY);
            loss(a).total_cmp(&loss(b))
        })
    }

    /// A number of the record with the lowest validation loss; NaN where there is none.
    pub fn at_best(&self, name: &str) -> f64 {
        let best = self.best().and_then(|record| record.get(name));
        best.unwrap_or(f64::NAN)
    }

    /// (x, y) of every record that has both.
    pub fn curve(&self, x: &str, y: &str) -> Vec<[f64; 2]> {
        let point = |r: &Record| Some([r.get(x)?, r.get(y)?]);
        self.history.iter().filter_map(point).collect()
    }

    /// The records that end an epoch, without the start.
    pub fn epochs(&self) -> impl Iterator<Item = &Record> {
        self.history.iter().filter(|r| r.whole_epoch && r.step > 0)
    }
}
