//! What an experiment is: a description, sweeps to train, and how their runs are measured.

use super::found::Findings;
use super::lab::Lab;
use crate::engine::job::{ExperimentJob, Keeping, Setup, Several, Size, TrainingJob, recipe};
use crate::error::{Error, Result};

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
    /// Of which family its networks are, where they are what it compares: `--model` names the one that the
    /// others are made from.
    pub family: Option<&'static str>,
    /// How long the small size takes on two cores with the built-in digits, about.
    pub takes: &'static str,
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

impl Entry {
    /// How many runs a job trains; 0 where what it changes makes no sense.
    pub fn runs(&self, job: &ExperimentJob) -> usize {
        let ask = Ask {
            setup: job.setup.clone(),
            size: job.size,
        };
        let changes = job.changes().unwrap_or_default();
        let parts = (self.plan)(&ask).into_iter();
        let each = parts.filter_map(|part| recipe::with(&part.job, &changes).ok());
        each.map(|job| job.runs().len()).sum()
    }

    /// Refuses a network that isn't of the family it compares.
    ///
    /// # Errors
    /// Says which networks it takes.
    pub fn check(&self, model: &str) -> Result<()> {
        match self.family {
            Some(family) if model != "auto" && !model.starts_with(family) => {
                Err(Error::Usage(format!(
                    "{} compares networks of one family with each other: expected --model {family}:depth=N,width=N, from which the others are made, or none; found {model:?}",
                    self.name
                )))
            }
            _ => Ok(()),
        }
    }
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
