//! Second derivatives: eigenvalues, trace and density of the Hessian, and curvature along lines and
//! over planes.
//!
//! Nothing here forms a Hessian. Every measure asks an [`Objective`](crate::landscape::objective::Objective)
//! for products ∇²f·v, one a step, and borrows it for that step alone, so that a caller may do other
//! work between two steps and stop after any of them.

pub mod density;
pub mod krylov;
pub mod lanczos;
pub mod line;
mod orthogonal;
pub mod ratio;
pub mod trace;
pub mod tridiagonal;
pub mod variation;
pub mod vector;

/// What must be said beside every number of this module.
pub const CAUTION: &str = "curvature depends on how a network is written: rescaling two layers of a ReLU network against each other leaves its outputs as they are and changes every eigenvalue (Dinh et al. 2017, arXiv 1703.04933)";
