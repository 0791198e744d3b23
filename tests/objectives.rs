//! Curvature and noise on functions whose derivatives are known: quadratics with a chosen spectrum in
//! a random basis, Rosenbrock's function, linear regression.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Grids that needn't be computed whole.
#[path = "objectives/adaptive.rs"]
mod adaptive;
/// Eigenvalues, trace, density and lines.
#[path = "objectives/curvature.rs"]
mod curvature;
/// The functions.
#[path = "objectives/known.rs"]
mod known;
/// Measures of the catalogue.
#[path = "objectives/measures.rs"]
mod measures;
/// Noise scales.
#[path = "objectives/noise.rs"]
mod noise;
