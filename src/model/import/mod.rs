//! Networks read from files that hold their graph.
//!
//! Every reader makes a [`Traced`], calls of named operations as PyTorch's `aten` names them, and one
//! reading of these operations makes a [`crate::model::graph::Graph`] of it: an operation is said once,
//! whichever kind of file it came from. Nothing in a file is ever executed.

pub mod keras;
pub mod pickled;
mod traced;

pub use traced::{Argument, Call, Constant, Element, Input, OPEN, Traced};
