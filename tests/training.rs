//! Training: against PyTorch, stopped and gone on with, in folders and sweeps.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// The built-in experiment.
#[path = "training/builtin.rs"]
mod builtin;
/// The program.
#[path = "training/command.rs"]
mod command;
/// Experiments of the literature.
#[path = "training/experiments.rs"]
mod experiments;
/// What the folder of a run holds, and what is refused.
#[path = "training/folders.rs"]
mod folders;
/// Logs of other trainers.
#[path = "training/logs.rs"]
mod logs;
/// What a window trains.
#[path = "training/queue.rs"]
mod queue;
/// Epochs of PyTorch.
#[path = "training/reference.rs"]
mod reference;
/// Runs that were stopped.
#[path = "training/resume.rs"]
mod resume;
/// Ends, batches and records.
#[path = "training/rules.rs"]
mod rules;
/// Several runs of one recipe.
#[path = "training/sweeps.rs"]
mod sweeps;

use losscope::engine::job::{Keeping, Several, TrainingJob};
use losscope::engine::training::{Trained, Training};
use losscope::engine::work::{Flow, drive};
use std::path::Path;

/// A short run on part of the digits.
fn small() -> TrainingJob {
    let mut job = TrainingJob::default();
    job.setup.model = "mlp:hidden=8".into();
    job.setup.device = losscope::engine::device::DeviceChoice::Flex;
    job.subset = Several::one(100);
    job.batch_size = Several::one(16);
    job.how.stop.epochs = 3;
    job.keep.checkpoints = Keeping::Epochs(1);
    job
}

/// Does a run to its end.
fn run(job: &TrainingJob, folder: Option<&Path>, resume: bool) -> Trained {
    let training = Training::start(job, folder, resume).unwrap();
    drive(training, &mut |_, _| Flow::Continue).unwrap()
}
