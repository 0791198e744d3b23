//! Painting: what views have in common, apart from what they show.
//!
//! A plane with its axes, marks and cross-hair, a surface in space, the axes and legends of plots of
//! curves. Nothing here knows a view; what is painted is the newest snapshot's.

pub mod empty;
pub mod line_axes;
pub mod panel;
pub mod plane;
pub mod plots;
pub mod sheet;
pub mod space;
pub mod wanted;
