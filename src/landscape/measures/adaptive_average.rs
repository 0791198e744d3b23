//! The mean rise under noise in proportion to every weight.

use super::entry::{Entry, Row};
use super::rise;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::other::Measure;

/// The mean under noise in proportion to every weight.
pub const ADAPTIVE_AVERAGE: Definition = Definition {
    name: "Adaptive average",
    formula: "E f(w + ρ|w|∘ξ) − f(w), ξ ~ N(0, I)",
    unit: "nats",
    meaning: "The mean rise under Gaussian noise in proportion to the weights; ± is its standard error",
    sources: &[source(
        "Andriushchenko et al. 2023",
        "equation 1",
        "2302.07011",
    )],
};

/// The entry.
pub const ENTRY: Entry = rise::entry(
    "adaptive-average",
    &[&ADAPTIVE_AVERAGE],
    &[Row::new("rise", "mean, noise ρ|w|", &ADAPTIVE_AVERAGE).thousandths()],
    |spot, settings| {
        Ok(rise::measuring(
            Measure::AdaptiveAverage,
            spot.theta,
            settings.reach(),
        ))
    },
);
