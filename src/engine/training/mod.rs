//! Training runs: a recipe in, a folder of checkpoints and a history out.
//!
//! [`Training`] is the work: some steps of the optimiser at a time ([`crate::train::Trainer`]), with the
//! records, measures and files that belong to them. [`Run`] is a folder read back, whoever made it.
//! [`Sweep`] is several runs from one recipe.

mod begin;
mod folder;
mod log;
mod measures;
mod run;
mod status;
mod sweep;
mod work;

pub use begin::{Opened, open};
pub use folder::is_run;
pub use run::{Kept, Run, initial};
pub use status::{Stage, Status};
pub use sweep::{Row, Sweep, SweepState};
pub use work::{Trained, Training};
