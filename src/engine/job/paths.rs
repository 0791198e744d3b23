//! Paths in what is saved: a name that isn't Unicode is written as far as it can be.
//!
//! A recipe needs no more, and hours of computing mustn't be lost to a file's name.

use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// One path, perhaps one, or several.
pub trait Paths {
    /// What is written.
    type Text: Serialize;

    /// The names, with marks where there is no character.
    fn text(&self) -> Self::Text;
}

impl Paths for PathBuf {
    type Text = String;

    fn text(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

impl Paths for Option<PathBuf> {
    type Text = Option<String>;

    fn text(&self) -> Option<String> {
        self.as_ref().map(Paths::text)
    }
}

impl Paths for Vec<PathBuf> {
    type Text = Vec<String>;

    fn text(&self) -> Vec<String> {
        self.iter().map(Paths::text).collect()
    }
}

/// For `#[serde(serialize_with)]`.
///
/// # Errors
/// As the serializer.
pub fn lossy<S: Serializer>(paths: &impl Paths, serializer: S) -> Result<S::Ok, S::Error> {
    paths.text().serialize(serializer)
}
