//! Measures at one checkpoint: what is opened for them, and how they advance.
//!
//! A measure advances in steps. After each one an observer sees the result so far and may stop the
//! work; what was measured until then is the result.

pub mod curvature;
mod limits;
pub mod noise;
mod place;
pub mod planes;

pub use limits::{eigenvalue_warning, is_flat, rounding, vectors_within};
pub use place::{Place, Pulse, pull};
