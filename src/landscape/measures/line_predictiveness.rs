//! Gradient predictiveness along the line to another point.

use super::entry::{Entry, Group, Need};
use super::found::rows;
use super::predictiveness::{self, PREDICTIVENESS, SMOOTHNESS, STEPS, TURN};
use crate::error::Error;
use crate::landscape::curvature::variation::Variation;

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "line-predictiveness",
    name: "Gradient predictiveness along the line",
    group: Group::Pair,
    definitions: &[&PREDICTIVENESS, &SMOOTHNESS, &TURN],
    made: "Here along the line to the large-batch minimizer, at eight steps.",
    needs: &[Need::Other],
    usual: false,
    whole: "",
    rows: &predictiveness::ROWS,
    begin: |spot, _| {
        let Some(other) = spot.other else {
            return Err(Error::Usage(Need::Other.missing().into()));
        };
        let steps = (1..=STEPS).map(|i| i as f64 / STEPS as f64).collect();
        let direction = other.minus(&spot.theta).flatten();
        let work = Variation::new(spot.theta.flatten(), steps).towards(direction);
        Ok(predictiveness::measuring(work))
    },
    read: rows,
};
