//! Measures at one checkpoint: what is opened for them, and how they advance.
//!
//! A measure advances in steps ([`crate::landscape::measures::measuring`]); several at one point are a [`series`], whose result is
//! what was measured until it was stopped.

pub mod curvature;
mod limits;
pub mod noise;
mod place;
pub mod planes;
pub mod series;

pub use limits::{rounding, vectors_within};
pub use place::Place;
