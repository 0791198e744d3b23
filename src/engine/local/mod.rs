//! Measures at one checkpoint: what is opened for them, and how they advance.
//!
//! A measure advances in steps ([`measuring`]); several at one point are a [`series`], whose result is
//! what was measured until it was stopped.

pub mod curvature;
pub mod found;
mod limits;
pub mod measuring;
pub mod noise;
pub mod phi;
mod place;
pub mod planes;
pub mod series;

pub use limits::{eigenvalue_warning, is_flat, rounding, vectors_within};
pub use place::Place;
