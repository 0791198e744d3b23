//! What is told to a recogniser and what it tells: hints, and a network with what was assumed of it.

use crate::model::graph::{Graph, Loss};

/// How the assumption about networks of one output begins.
pub(super) const ONE_OUTPUT: &str = "One output and";

/// What the recogniser may know besides names and shapes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// Shape of one sample of the data, where a data set is given.
    pub input: Option<&'a [usize]>,
    /// Number of classes in the data.
    pub classes: Option<usize>,
}

/// A network and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// The network.
    pub graph: Graph,
    /// Name of the family, one of [`super::names`] (`skeleton` for [`super::skeleton()`]'s).
    pub family: &'static str,
    /// What in the checkpoint speaks for the family, as a phrase.
    pub why: String,
    /// What was assumed because neither names nor shapes tell, one sentence each.
    pub assumptions: Vec<String>,
}

impl Recognised {
    /// The same with another loss than the one that the outputs suggest.
    #[must_use]
    pub fn with_loss(mut self, loss: Loss) -> Self {
        self.graph.loss = loss;
        let others = |words: &String| !words.starts_with(ONE_OUTPUT);
        self.assumptions.retain(others);
        self
    }
}
