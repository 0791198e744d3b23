//! The largest rise while every weight moves by a share of itself.

use super::entry::{Entry, Row};
use super::rise;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::other::Measure;

/// The worst case within a share of every weight.
pub const ADAPTIVE_WORST: Definition = Definition {
    name: "Adaptive worst case",
    formula: "max f(w + z) − f(w) over |zᵢ| ≤ ρ|wᵢ|",
    unit: "nats",
    meaning: "The largest rise while every weight moves by a share ρ of itself, by projected sign-gradient ascent: a lower bound",
    sources: &[source(
        "Andriushchenko et al. 2023",
        "equation 1 with p = ∞ and c = |w|",
        "2302.07011",
    )],
};

/// The entry.
pub const ENTRY: Entry = rise::entry(
    "adaptive-worst",
    &[&ADAPTIVE_WORST],
    &[Row::new("rise", "worst within ρ|w|", &ADAPTIVE_WORST).thousandths()],
    |spot, settings| {
        Ok(rise::measuring(
            Measure::AdaptiveWorst,
            spot.theta,
            settings.reach(),
        ))
    },
);
