//! What a network is made for: the data's shapes, and the loss.

use crate::model::graph::Loss;

/// What a network is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted<'a> {
    /// Shape of a sample.
    pub input: &'a [usize],
    /// Outputs of a sample, or of each of its tokens.
    pub outputs: usize,
    /// Targets of a sample that are tokens themselves: a model of sequences.
    pub sequence: bool,
    /// The loss.
    pub loss: Loss,
}
