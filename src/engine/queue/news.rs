//! What is known of runs, as plain numbers: what the window shows.

use crate::engine::ground::Ground;
use crate::engine::job::TrainingJob;
use crate::engine::training::Kept;
use crate::train::{Record, Stopped};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Names a run for as long as the program is open.
pub type Id = u64;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its turn.
    Waiting,
    /// Data and network are being opened.
    Opening,
    /// It is being trained.
    Training,
    /// It was stopped on its way; its state is kept and it can go on.
    Paused,
    /// It ended as its recipe says, or diverged.
    Ended(Stopped),
    /// It failed; [`RunNews::message`] says why.
    Failed,
    /// Another program trained it: it can be looked at.
    Foreign,
}

impl Phase {
    /// Whether a thread has it or will.
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Waiting | Self::Opening | Self::Training)
    }

    /// Whether it can go on.
    pub fn can_resume(self) -> bool {
        matches!(self, Self::Paused | Self::Failed)
    }

    /// In a word.
    pub fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opening => "opening",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Ended(Stopped::Diverged) => "diverged",
            Self::Ended(_) => "done",
            Self::Failed => "failed",
            Self::Foreign => "opened",
        }
    }
}

/// A point of a run's path, seen from the plane that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Epochs passed.
    pub epoch: f64,
    /// Coordinates of the nearest point of the plane.
    pub at: [f64; 2],
    /// L2 distance from the plane.
    pub away: f64,
    /// Mean loss of the training samples at the run's own point; `None` where it wasn't evaluated.
    pub loss: Option<f64>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunNews {
    /// Which.
    pub id: Id,
    /// What it is called: its folder.
    pub name: String,
    /// Where it is kept.
    pub folder: PathBuf,
    /// What it was asked for; `None` of other trainers' runs.
    pub job: Option<TrainingJob>,
    /// What it is doing.
    pub phase: Phase,
    /// Steps taken, and in all as far as is known.
    pub steps: [u64; 2],
    /// Epochs passed.
    pub epoch: f64,
    /// Loss of the last batch, while it is trained.
    pub loss: Option<f64>,
    /// Time left.
    pub left: Option<Duration>,
    /// Its records, the start first.
    pub history: Arc<Vec<Record>>,
    /// Its checkpoints, in order.
    pub checkpoints: Arc<Vec<Kept>>,
    /// The weights it started from, where they are kept.
    pub initial: Option<PathBuf>,
    /// Its path in the plane that is shown.
    pub path: Arc<Vec<Spot>>,
    /// The plane that its path is seen from.
    pub ground: Option<Arc<Ground>>,
    /// Why it has no path in the plane that is shown.
    pub pathless: Option<&'static str>,
    /// What went wrong, or what a reader should know.
    pub message: Option<String>,
}

impl RunNews {
    /// A run that nothing is known of but where it is.
    pub fn new(id: Id, folder: PathBuf, job: Option<TrainingJob>, phase: Phase) -> Self {
        let name = folder.file_name().unwrap_or_default();
        Self {
            id,
            name: name.to_string_lossy().into_owned(),
            folder,
            job,
            phase,
            steps: [0, 0],
            epoch: 0.0,
            loss: None,
            left: None,
            history: Arc::default(),
            checkpoints: Arc::default(),
            initial: None,
            path: Arc::default(),
            ground: None,
            pathless: None,
            message: None,
        }
    }

    /// The last record.
    pub fn last(&self) -> Option<&Record> {
        self.history.last()
    }

    /// A number of the last record that has it, by its name in [`Record::numbers`].
    pub fn latest(&self, name: &str) -> Option<f64> {
        self.history
            .iter()
            .rev()
            .find_map(|record| record.get(name))
    }

    /// The checkpoint nearest to so many epochs.
    pub fn checkpoint_at(&self, epoch: f64) -> Option<&Kept> {
        Kept::nearest(&self.checkpoints, epoch)
    }
}
