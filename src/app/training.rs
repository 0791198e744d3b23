//! What a person asks for of runs: the recipe being filled in, where it is kept, what is looked at. Plain data.

use crate::engine::ground::Ground;
use crate::engine::job::{ExperimentJob, Setup, Several, SplitChoice, TrainingJob};
use crate::engine::live::{Place, Wish};
use crate::engine::queue::{Id, RunNews};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// One thing to do with runs.
#[derive(Debug, Clone)]
pub enum Order {
    /// Train by the recipe.
    Begin(Box<TrainingJob>),
    /// Forget what was filled in.
    Usual,
    /// A run from a point of the plane.
    Drop(Arc<Ground>, [f64; 2], Box<TrainingJob>),
    /// Do an experiment of the literature.
    Experiment(Box<ExperimentJob>),
    /// Stop the experiment of this name; what it has trained is kept.
    StopExperiment(&'static str),
    /// Open the runs of the sweeps in a folder.
    RunsOf(PathBuf),
    /// Stop a run where it is, its state kept.
    Pause(Id),
    /// Go on with it.
    Resume(Id),
    /// Take it off the list; its folder stays.
    Forget(Id),
    /// Show the plane in which its path varies most.
    Plane(PathBuf),
    /// A checkpoint of a run takes a place, with the data it was trained on.
    Take(Place, PathBuf, Option<Box<TrainingJob>>),
    /// The checkpoints of two runs become the minimizers, and what they started from the initial weights.
    Pair([PathBuf; 2], Option<PathBuf>, Option<Box<TrainingJob>>),
}

impl PartialEq for Order {
    fn eq(&self, _: &Self) -> bool {
        // Two orders are two wishes, alike or not.
        false
    }
}

/// A run of the window before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Before {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was asked for, where its folder doesn't say so yet.
    pub job: Option<TrainingJob>,
}

impl Before {
    /// What is to be known of a run to have it again.
    pub fn of(run: &RunNews) -> Self {
        let begun = !run.history.is_empty() || !run.checkpoints.is_empty();
        Self {
            folder: run.folder.clone(),
            job: run.job.clone().filter(|_| !begun),
        }
    }
}

/// What the window remembers of runs.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The recipe, once a hand has changed it; until then it follows what is open.
    pub recipe: Option<TrainingJob>,
    /// Where runs are kept.
    pub folder: PathBuf,
    /// The run that is looked at.
    pub chosen: Option<Id>,
    /// The epoch of it that is looked at; `None`: the last.
    pub epoch: Option<f64>,
    /// Batch size and learning rate of a ball.
    pub ball: (usize, f64),
    /// Runs of the window before, to be opened again.
    pub before: Vec<Before>,
    /// Whether paths are drawn on the plane.
    pub paths: bool,
    /// Fields of an experiment's recipes that are changed: `epochs=20 run_seed=[0,1]`.
    pub changes: String,
}

impl Default for Asked {
    fn default() -> Self {
        let home = std::env::home_dir().unwrap_or_default();
        Self {
            recipe: None,
            folder: home.join("losscope-runs"),
            chosen: None,
            epoch: None,
            ball: (32, 0.1),
            before: Vec::new(),
            paths: true,
            changes: String::new(),
        }
    }
}

/// The small batch of the usual comparison.
pub const SMALL_BATCH: usize = 16;

/// The large batch of the usual comparison: a power of two, at most a third of the training samples.
pub fn large_batch(samples: Option<usize>) -> usize {
    let most = samples.unwrap_or(1536) / 3;
    let mut batch = 2 * SMALL_BATCH;
    while batch * 2 <= most.min(512) {
        batch *= 2;
    }
    batch
}

/// What is open, with both splits: whoever looks at validation samples alone trains on training samples.
fn setup(wish: &Wish) -> Setup {
    Setup {
        split: SplitChoice::Both,
        ..wish.plane.setup.clone()
    }
}

/// A small and a large batch from the same start, on the data and with the network that are open;
/// `samples`: how many training samples there are.
pub fn usual(wish: &Wish, samples: Option<usize>) -> TrainingJob {
    let mut job = TrainingJob {
        setup: setup(wish),
        batch_size: Several(vec![SMALL_BATCH, large_batch(samples)]),
        ..TrainingJob::default()
    };
    match &wish.initial {
        Some(initial) => job.start = Some(initial.clone()),
        None => (job.start, job.draw) = (Some(wish.small.clone()), true),
    }
    job
}

/// The recipe of a ball: plain SGD, with a record every few steps of its first epochs.
pub fn ball(wish: &Wish, (batch, rate): (usize, f64)) -> TrainingJob {
    TrainingJob {
        setup: setup(wish),
        batch_size: Several::one(batch),
        learning_rate: Several::one(rate),
        ..TrainingJob::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_comparison_starts_both_from_what_is_open() {
        let job = usual(&Wish::default(), Some(1437));
        assert_eq!(job.batch_size.0, [16, 256]);
        assert_eq!(job.start, Wish::default().initial);
        assert!(!job.draw);
        let mut wish = Wish::default();
        wish.plane.setup.split = SplitChoice::Validation;
        assert_eq!(usual(&wish, None).setup.split, SplitChoice::Both);
        assert_eq!(ball(&wish, (32, 0.1)).setup.split, SplitChoice::Both);
        let alone = Wish {
            initial: None,
            ..Wish::default()
        };
        let job = usual(&alone, Some(60));
        assert_eq!(job.batch_size.0, [16, 32]);
        assert!(job.draw && job.start == Some(alone.small));
    }
}
