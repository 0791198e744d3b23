//! Which of the networks that fit a checkpoint it is: decided by evidence, or asked.
//!
//! Names and shapes rarely settle a wiring ([`crate::model::family::readings`]). Where data is at hand,
//! every reading is tried on some of its training samples: its loss, its accuracy, and how far the
//! statistics that normalisation layers meet lie from those that the checkpoint keeps. A clear winner is
//! taken and named with the runner-up; without one, a person is asked. Where only one reading fits,
//! nothing is tried. It knows no format and draws nothing.

mod choose;
mod facts;
mod scaling;
mod search;
mod trial;
mod verdict;

pub use choose::{Chosen, Scene, choose};
pub use facts::{Assumption, Reading, Way};
pub use trial::Trial;
pub use verdict::{
    CLEAR_DISTANCE, CLEAR_LOSS, CLEAR_SCORE, PLAUSIBLE_DISTANCE, PLAUSIBLE_SCORE, Verdict, judge,
};
