//! The rise after one step up the gradient in a ball scaled by the weights.

use super::entry::{Entry, Row};
use super::rise;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::other::Measure;

/// One step up the gradient in a ball scaled by the weights.
pub const ASAM: Definition = Definition {
    name: "ASAM",
    formula: "f(w + ρ w²∘g/‖|w|∘g‖) − f(w)",
    unit: "nats",
    meaning: "As SAM, in a ball scaled by the weights, which a rescaling of layers leaves unchanged",
    sources: &[source("Kwon et al. 2021", "equation 6", "2102.11600")],
};

/// The entry.
pub const ENTRY: Entry = rise::entry(
    "asam",
    &[&ASAM],
    &[Row::new("rise", "ASAM", &ASAM).thousandths()],
    |spot, settings| Ok(rise::measuring(Measure::Asam, spot.theta, settings.reach())),
);
