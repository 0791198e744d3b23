//! What all that can be written has in common.

use crate::engine::header::Header;
use crate::engine::result::Outcome;
use crate::error::Result;
use crate::export::Format;
use crate::export::figure::FigureOptions;
use crate::export::measure::Numbers;
use serde_json::Value;
use std::borrow::Cow;
use std::hash::Hasher;

/// Something that can be written.
pub trait Artifact: Send + Sync {
    /// How it was made, and whether all of it is there.
    fn header(&self) -> Cow<'_, Header>;

    /// What it can be written as, the usual format first.
    fn formats(&self) -> &'static [Format];

    /// Its picture on a page, as an SVG document.
    ///
    /// # Errors
    /// Where nothing of it gives a picture.
    fn document(&self, options: &FigureOptions) -> Result<String>;

    /// Its numbers.
    ///
    /// # Errors
    /// Where it contradicts itself.
    fn data(&self) -> Result<Data<'_>>;

    /// What a picture of it depends on.
    fn mark(&self, hasher: &mut dyn Hasher);
}

/// Numbers apart from their format.
pub enum Data<'a> {
    /// Metrics over a plane or along a line, or a path.
    Outcome(&'a Outcome),
    /// Single numbers and tables, and all of it as JSON.
    Measured(Numbers, Value),
}
