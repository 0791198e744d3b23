//! The mathematics: slices of parameter space and what is measured on them.
//!
//! Everything here is pure: seeds and subsets are arguments, the same input gives the same numbers,
//! and nothing knows a file, a clock or a thread. What takes long goes step by step, its state in plain sight.

pub mod adaptive;
pub mod curvature;
pub mod definitions;
pub mod direction;
pub mod distance;
pub mod evaluate;
pub mod grid;
pub mod line;
pub mod measures;
pub mod noise;
pub mod objective;
pub mod permutation;

pub mod sample;
pub mod sharpness;
pub mod slice;
pub mod surface;
pub mod table;
pub mod trajectory;
