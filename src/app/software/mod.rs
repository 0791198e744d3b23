//! Windows that a processor draws in place of a GPU: everything that exists only for them.
//!
//! A software renderer walks through every pixel in turn, so that what a GPU does in passing takes most of
//! a frame there: filled rectangles and text are drawn by shaders of their own, edges are smooth only at rest, and
//! frames that nobody could see are left out. On a machine with a GPU none of this is installed.

mod meshes;
mod pacing;
mod rectangles;

pub use pacing::Pacing;
