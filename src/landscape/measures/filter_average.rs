//! The mean rise along random filter-normalised directions.

use super::entry::{Entry, Row};
use super::rise;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::sharpness::other::Measure;

/// The mean along filter-normalised directions.
pub const FILTER_AVERAGE: Definition = Definition {
    name: "Filter-normalised average",
    formula: "E f(w + ρ d) − f(w), d ~ N(0, I), each filter of d scaled to the norm of w's",
    unit: "nats",
    meaning: "The mean rise along random filter-normalised directions; ± is its standard error",
    sources: &[source("Li et al. 2018", "section 4", "1712.09913")],
};

/// The entry.
pub const ENTRY: Entry = rise::entry(
    "filter-average",
    &[&FILTER_AVERAGE],
    &[Row::new("rise", "mean, filter noise", &FILTER_AVERAGE).thousandths()],
    |spot, settings| {
        Ok(rise::measuring(
            Measure::FilterAverage,
            spot.theta,
            settings.reach(),
        ))
    },
);
