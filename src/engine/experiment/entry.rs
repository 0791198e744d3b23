//! What an experiment is: a description, sweeps to train, and how their runs are measured.

use super::found::Findings;
use super::lab::Lab;
use crate::engine::job::{Keeping, Setup, Several, Size, TrainingJob};
use crate::error::Result;

/// An experiment of the literature.
pub struct Entry {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it asks, in one line.
    pub asks: &'static str,
    /// Whose it is.
    pub source: &'static str,
    /// What is trained.
    pub plan: fn(&Ask) -> Vec<Part>,
    /// What is measured on the runs.
    pub measure: fn(&mut Lab<'_>) -> Result<Findings>,
}

/// One sweep of an experiment.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name of its folder.
    pub name: String,
    /// What its runs are, in words.
    pub words: String,
    /// Its recipe.
    pub job: TrainingJob,
    /// Runs at once, 0: one a core.
    pub parallel: usize,
}

impl Part {
    /// A sweep trained as many runs at once as there are cores.
    pub fn new(name: &str, words: &str, job: TrainingJob) -> Self {
        Self {
            name: name.to_owned(),
            words: words.to_owned(),
            job,
            parallel: 0,
        }
    }
}

/// What an experiment is asked: on which data and network, and how large.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Network, data and device, as the user said.
    pub setup: Setup,
    /// How large.
    pub size: Size,
}

impl Ask {
    /// The one or the other by size.
    pub fn pick<T>(&self, small: T, paper: T) -> T {
        match self.size {
            Size::Small => small,
            Size::Paper => paper,
        }
    }

    /// Seeds 0, 1, 2, …, so many by size.
    pub fn seeds(&self, small: u64, paper: u64) -> Several<u64> {
        Several((0..self.pick(small, paper)).collect())
    }

    /// A recipe on the user's data: the user's network, or `model` where none was named. Of its checkpoints
    /// the first and the last are kept.
    pub fn job(&self, model: &str) -> TrainingJob {
        let mut job = TrainingJob {
            setup: self.setup.clone(),
            ..TrainingJob::default()
        };
        if job.setup.model == "auto" {
            job.setup.model = model.to_owned();
        }
        job.keep.checkpoints = Keeping::Last;
        job
    }

    /// The fully connected network of most small experiments; the paper's size is a VGG.
    pub fn usual(&self) -> TrainingJob {
        self.job(self.pick(
            "mlp:hidden=128-64",
            "vgg:channels=64-128-256,convs=2,hidden=256",
        ))
    }
}
