//! What is known of further minimizers, as plain numbers.

use crate::landscape::distance::Distance;
use crate::landscape::evaluate::Metrics;
use std::path::PathBuf;

/// What is known of one of the further minimizers.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherNews {
    /// The file.
    pub path: PathBuf,
    /// Its numbers, or why it is none of this network's.
    pub found: Result<OtherFacts, String>,
}

/// φ of one of the further minimizers.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherPhi {
    /// The file.
    pub path: PathBuf,
    /// How large a neighbourhood.
    pub epsilon: f64,
    /// φ, per cent.
    pub phi: f64,
}

/// Numbers of one of the further minimizers, over the same samples as those of the line's ends.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherFacts {
    /// One entry a split, training first.
    pub metrics: Vec<Metrics>,
    /// From the small-batch minimizer to it.
    pub from_small: Distance,
    /// From the large-batch minimizer to it.
    pub from_large: Option<Distance>,
    /// From the initial weights to it.
    pub from_initial: Option<Distance>,
    /// What a reader should know of the file.
    pub warnings: Vec<String>,
}
