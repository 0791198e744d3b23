//! One split of a data set as it was stored, before anything is made of its numbers.

use super::array::Values;

/// One split as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    /// Shape of one input, channels first.
    pub shape: Vec<usize>,
    /// Inputs, as many as labels.
    pub values: Values,
    /// Classes.
    pub labels: Vec<u32>,
}
