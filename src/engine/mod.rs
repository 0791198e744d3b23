//! Work: a job in, a result out, with progress in between.
//!
//! Everything that takes long is [`work::Work`]: it opens what its job names, then takes one short step after
//! another. [`work::drive`] pulls it, telling an observer after each step, who may stop it; what was
//! computed until then is the result. It knows the clock and the devices, and nothing of windows or terminals.

pub mod adapters;
pub mod builtin;
mod by_names;
pub mod check;
mod chunk;
mod courtesy;
pub mod crew;
pub mod device;
pub mod device_choice;
pub mod directions;
pub mod distance;
pub mod drivers;
pub mod experiment;
pub mod ground;
pub mod header;
pub mod imported;
pub mod inputs;
pub mod job;
mod line;
pub mod live;
pub mod local;
mod loss;
pub mod measures;
pub mod names;
mod network;
mod plane;
pub mod queue;
pub mod reading;
pub mod recognise;
pub mod report;
pub mod result;
mod resume;
pub mod runs;
pub mod sampling;
mod sets;
mod settings;
pub mod sharpness;
pub mod speed;
pub mod surface;
pub mod training;
mod trajectory;
pub mod work;

pub use work::{Flow, Now, Observer, Progress};

use crate::error::{Error, Result};
use job::Job;
use result::Outcome;
use work::{drive, guarded};

/// Does a job that makes a surface, a line or a trajectory, going on from `previous` where it is a partial
/// result of the same job.
///
/// # Errors
/// Whatever opening or computing says; a panic inside a library becomes an error with its text.
pub fn run(
    job: &Job,
    previous: Option<Outcome>,
    observer: Observer<'_, Outcome>,
) -> Result<Outcome> {
    match job {
        Job::Surface(job) => drive(guarded(|| surface::start(job, previous))?, observer),
        Job::Line(job) => drive(guarded(|| line::start(job, previous))?, observer),
        Job::Trajectory(job) => guarded(|| trajectory::find(job)),
        other => Err(Error::Usage(format!(
            "losscope {} makes no surface, line or trajectory",
            other.command()
        ))),
    }
}
