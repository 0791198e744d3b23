//! A view by its name: what commands, layouts and menus say instead of the view itself.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The name of a view, as layouts keep it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pane(Cow<'static, str>);

impl Pane {
    /// The plane as colours and iso-lines, which keys export and copy.
    pub const CONTOUR: Self = Self::named("Contour");

    /// The runs, which opening one shows.
    pub const RUNS: Self = Self::named("Runs");

    /// The view of this name.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Whether a view of this name is meant.
    pub fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}
