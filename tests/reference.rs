//! Losscope against an independent reference: plain PyTorch in float64.
//!
//! Every stored number was computed by another program (`fixtures/README.md` says how), so agreement
//! means that formulas, conventions and file readers are right, not only stable. Files by theme:

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Layers alone, and measures of the catalogue.
#[path = "reference/by_layer.rs"]
mod by_layer;
mod common;
/// Eigenvalues and traces of Hessians.
#[path = "reference/curvature.rs"]
mod curvature;
/// Outputs, losses and accuracies of every checkpoint on every device.
#[path = "reference/forward.rs"]
mod forward;
/// Distances, projections, PCA: numbers that need no network to run.
#[path = "reference/geometry.rs"]
mod geometry;
/// What must hold for any seed, any batch and any budget.
#[path = "reference/invariants.rs"]
mod invariants;
/// Lines between minimizers, with every choice of running statistics.
#[path = "reference/lines.rs"]
mod lines;
/// Noise scales from the gradients of single samples.
#[path = "reference/noise.rs"]
mod noise;
/// Sharpness, in full space and in a stored subspace.
#[path = "reference/sharpness.rs"]
mod sharpness;
/// Directions, their normalisations and surfaces, cell by cell.
#[path = "reference/surfaces.rs"]
mod surfaces;
