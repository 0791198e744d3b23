//! Work: a job in, a result out, with progress in between.
//!
//! [`run`] does any [`job::Job`]: it opens what the job names, builds the slice, and pulls the
//! sampler chunk by chunk, telling an observer after each, who may stop it; what was computed until
//! then is the result. It knows the clock and the devices, and nothing of windows or terminals.

pub mod builtin;
pub mod device;
pub mod directions;
pub mod distance;
mod drive;
pub mod drivers;
pub mod inputs;
pub mod job;
mod line;
pub mod live;
pub mod local;
mod loss;
pub mod names;
mod network;
mod plane;
pub mod reading;
pub mod recipe;
pub mod recognise;
pub mod report;
pub mod result;
mod resume;
mod sets;
pub mod sharpness;
pub mod surface;
mod trajectory;

pub use drive::{Flow, Observer, Progress};

use crate::error::Result;
use drive::guarded;
use job::Job;
use result::Outcome;

/// Does a job, going on from `previous` where it is a partial result of the same job.
///
/// # Errors
/// Whatever opening or computing says; a panic inside a library becomes an error with its text.
pub fn run(job: &Job, previous: Option<Outcome>, observer: Observer<'_>) -> Result<Outcome> {
    guarded(|| match job {
        Job::Surface(surface) => surface::run(surface, previous, observer),
        Job::Line(line) => line::run(line, previous, observer),
        Job::Trajectory(trajectory) => trajectory::run(trajectory),
    })
}
