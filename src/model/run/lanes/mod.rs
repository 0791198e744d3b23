//! The executor on the processor: many points, samples side by side.
//!
//! A row holds one number of [`LANES`] samples, so that every primitive is a loop over rows, whatever its
//! windows, and nothing is ever unfolded, transposed or copied for a product. Samples pass in blocks of
//! [`LANES`]: a block goes through all steps while it is in the caches, and for every point of a chunk
//! before the next block comes. Cores share the blocks; sums over samples are made in a few runs of
//! blocks, whose number depends on nothing but the samples and the memory allowed, and added up in their
//! order, so the same input gives the same numbers on any number of cores.

#![expect(
    clippy::inline_always,
    reason = "what the kernels call must be compiled for the instructions they are compiled for"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops of a fixed length over registers are unrolled in this form"
)]

mod backend;
mod block;
mod kernel;
mod map;
mod plan;
mod ready;
mod rooms;
mod rows;
mod share;
mod shared;
mod simd;
mod work;

pub use backend::backend;
pub use share::{alone, each_alone};
pub use simd::LANES;
