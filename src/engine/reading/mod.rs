//! Which of the networks that fit a checkpoint it is: decided by evidence, or asked.
//!
//! Names and shapes rarely settle a wiring ([`crate::model::family::readings`]). Where data is at hand,
//! every reading is tried on some of its training samples: its loss, its accuracy, and how far the
//! statistics that normalisation layers meet lie from those that the checkpoint keeps. A clear winner is
//! taken and named with the runner-up; without one, a person is asked. What the file records of itself,
//! an accuracy or a loss, is held against what is measured. Where only one network comes into question it is
//! tried all the same unless it is large: it may contradict the file's own numbers, or have been trained on data that were scaled
//! otherwise. It knows no format and draws nothing.

mod choose;
mod facts;
mod question;
mod records;
mod scaling;
mod scene;
mod search;
pub mod trial;
mod verdict;
mod weigh;

pub use choose::{Chosen, choose};
pub use facts::{Assumption, Reading, Way};
pub use records::{Over, Record, What, records};
pub use scene::Scene;
pub use trial::Trial;
pub use verdict::{
    CLEAR_DISTANCE, CLEAR_LOSS, CLEAR_SCORE, PLAUSIBLE_DISTANCE, PLAUSIBLE_SCORE, SETTLED_DISTANCE,
    Verdict, judge,
};
pub use weigh::{Weighed, weigh};
