//! The rise of the loss after one step up its gradient.

use super::entry::{Entry, Row};
use super::rise;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::other::Measure;

/// One step up the gradient.
pub const SAM: Definition = Definition {
    name: "SAM",
    formula: "f(w + ρ g/‖g‖) − f(w)",
    unit: "nats",
    meaning: "The rise after one step of length ρ up the gradient g: the worst case in a ball, to first order. It depends on the parametrisation; ASAM doesn't",
    sources: &[source("Foret et al. 2021", "equation 2", "2010.01412")],
};

/// The entry.
pub const ENTRY: Entry = rise::entry(
    "sam",
    &[&SAM],
    &[Row::new("rise", "SAM", &SAM).thousandths()],
    |spot, settings| Ok(rise::measuring(Measure::Sam, spot.theta, settings.reach())),
);
