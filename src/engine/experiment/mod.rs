//! The literature's experiments on batch size and loss landscapes, done again by one command.
//!
//! An [`Entry`] is data: what is trained (sweeps of recipes), what the source found, and a function that
//! measures the runs. [`run`] trains, resumably, and measures; what comes of it is an [`Experiment`]: tables,
//! pictures and findings, each judged by a rule that is stated. Nothing here writes a figure or a page.
//!
//! | file | what |
//! |---|---|
//! | `entry.rs` | what an experiment is, and what it is asked |
//! | `list.rs` | all of them |
//! | `trial.rs`, `seeds.rs` | a run as it is measured, and numbers over seeds |
//! | `found.rs` | tables, pictures, findings |
//! | `lab.rs` | measuring checkpoints by the jobs of other commands |
//! | `running.rs` | from a job to an experiment |

mod architecture;
mod batch_size;
mod distance;
mod entry;
mod forgetting;
mod found;
mod lab;
mod lars;
mod list;
mod noise_scale;
mod parallel;
mod running;
mod scaling_rule;
mod seeds;
mod sharpness;
mod throughput;
mod trial;

pub use entry::{Entry, Part};
pub use found::{Cell, Drawing, Finding, Findings, Picture, Table};
pub use list::{ALL, find};
pub use running::{Experiment, run};
pub use trial::{PartRuns, Trial};
