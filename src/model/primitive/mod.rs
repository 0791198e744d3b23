//! The small language that every layer and every loss is lowered to: one file a primitive.
//!
//! Each says the type of its result, its linearisation (the rate of the result from the rates of its
//! arguments) and its transposition (the slope of an argument from the slope of the result). Together
//! they are closed: the derivatives of primitives are primitives, so any number of derivatives is. An
//! executor knows these and nothing else.

pub mod contract;
pub mod expression;
pub mod form;
mod geometry;
pub mod leaf;
pub mod lookup;
pub mod map;
pub mod most;
pub mod moved;
mod op;
pub mod pick;
mod rules;
pub mod sum;
mod table;
pub mod types;
pub mod view;

pub use geometry::{Geometry, Slot};
pub use leaf::Leaf;
pub use op::Op;
pub use table::Table;
