//! Curvature on functions whose Hessian is known: quadratics with a chosen spectrum in a random
//! basis, and Rosenbrock's function.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Eigenvalues, trace, density and lines.
#[path = "objectives/curvature.rs"]
mod curvature;
/// The functions.
#[path = "objectives/known.rs"]
mod known;
