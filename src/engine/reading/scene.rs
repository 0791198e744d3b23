//! What there is to decide by which network a checkpoint is.

use crate::checkpoint::StateDict;
use crate::dataset::{DataOptions, Dataset};
use crate::model::graph::Loss;

/// What there is to decide by.
pub struct Scene<'a> {
    /// What `--model` says.
    pub model: &'a str,
    /// The loss that a person chose.
    pub loss: Option<&'a Loss>,
    /// The checkpoint.
    pub state: &'a StateDict,
    /// The data.
    pub data: &'a Dataset,
    /// How the data was opened, to open it with another scaling.
    pub options: &'a DataOptions,
    /// Hears what is being tried, in words.
    pub watch: &'a dyn Fn(&str),
}
