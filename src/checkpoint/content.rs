//! What one file holds before names are cleaned, and where in it the tensors lay.

use super::state::Set;
use super::told::Told;
use crate::store::container::Container;

/// What one file holds, before names are cleaned.
pub struct Content {
    /// Every tensor and the way to its values.
    pub container: Container,
    /// Where in a nested file the tensors lay.
    pub at: String,
    /// Every dictionary and module of tensors, where they are nested.
    pub sets: Vec<Set>,
    /// What of the caller's key is left to be found among the names.
    pub key: Option<String>,
    /// What the file tells of its network beside them.
    pub told: Told,
}

impl From<Container> for Content {
    /// Content that isn't nested.
    fn from(container: Container) -> Self {
        Self {
            container,
            at: String::new(),
            sets: Vec::new(),
            key: None,
            told: Told::default(),
        }
    }
}
