//! Python's pickle, just enough of it: a byte stream becomes a graph of inert values.
//!
//! A real unpickler imports and calls whatever the file names, so a checkpoint from a stranger can
//! run anything. Here a class is two strings, a call is a record of what would have been called, and
//! nothing happens. Values live in one arena and refer to each other by number, so shared and even
//! cyclic values cost nothing to drop and no depth of nesting can overflow the stack.
//!
//! It deliberately knows nothing of tensors; [`super::torch`] reads meaning into the graph. Arrays of
//! NumPy's, whose numbers stand in the pickle itself, are read by [`numpy`].

mod graph;
mod input;
mod machine;
pub mod numpy;
#[cfg(test)]
mod tests;

pub use graph::{Id, Node, Pickle};
pub use machine::parse;
