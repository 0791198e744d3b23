//! What was open stays at hand until something else is.
//!
//! Opening can fail, and then a person goes on with what was open before, as it was: nothing is read
//! or computed again. Once something else is open, it is let go, for it may be large.

use super::measure::MeasureWork;
use super::news::{LiveSurface, ProbeResult, Snapshot, WorstPoint};
use super::open::Workbench;
use super::surface::SurfaceWork;
use super::wish::Wish;
use crate::engine::sampling::Sampling;
use crate::model::params::Params;
use std::sync::Arc;

/// An experiment with everything computed for it, and the wish it was the answer to.
pub(super) struct Aside {
    pub(super) wish: Wish,
    pub(super) bench: Workbench,
    pub(super) line: Option<Sampling>,
    pub(super) works: Vec<SurfaceWork>,
    pub(super) measures: Vec<MeasureWork>,
    pub(super) worst: Option<(f64, f64, f64, Params)>,
    pub(super) snapshot: Snapshot,
}

/// A plane and its surfaces, and the wish they were the answer to.
pub(super) struct PlaneAside {
    pub(super) wish: Wish,
    pub(super) works: Vec<SurfaceWork>,
    pub(super) surfaces: Vec<Arc<LiveSurface>>,
    pub(super) probes: Vec<ProbeResult>,
    pub(super) worst: Option<WorstPoint>,
}
