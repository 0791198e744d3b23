//! Critical sharpness along an update: how many times as long a step may be before the loss rises.

use super::critical_sharpness::{self, CriticalRate};
use super::entry::{Entry, Group, Need, Row};
use super::found::rows;
use crate::error::Error;
use crate::landscape::definitions::{Definition, source};

/// λ_c in steps of the update.
pub const UPDATE_SHARPNESS: Definition = Definition {
    name: "Critical sharpness along an update",
    formula: "λ_c = 2/η_c,  η_c = min { η > 0 : f(θ − η Δ) > f(θ) },  Δ = θ − θ' of an update to θ'",
    unit: "per step of the update",
    meaning: "The critical sharpness of whatever optimiser made the step: at 2 the step is just the longest that doesn't raise the loss, above it the step overshoots. By forward passes alone",
    sources: &[source("Kalra et al. 2026", "", "2601.16979")],
};

/// η_c in steps of the update.
pub const UPDATE_RATE: Definition = Definition {
    name: "Critical length of an update",
    formula: "η_c = min { η > 0 : f(θ − η Δ) > f(θ) }",
    unit: "steps of the update",
    meaning: "How many times as long the step to θ' may be before it raises the loss; ± is half the bracket",
    sources: UPDATE_SHARPNESS.sources,
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "update-sharpness",
    name: UPDATE_SHARPNESS.name,
    group: Group::Pair,
    definitions: &[&UPDATE_SHARPNESS, &UPDATE_RATE],
    made: "Here along the way from the small-batch to the large-batch minimizer, the bracket within 1 %.",
    needs: &[Need::Other],
    usual: false,
    whole: "",
    rows: &[
        Row::new("update_sharpness", "λ_c of the update", &UPDATE_SHARPNESS),
        Row::new("update_rate", "η_c of the update", &UPDATE_RATE),
    ],
    begin: |spot, _| {
        let Some(other) = spot.other else {
            return Err(Error::Usage(Need::Other.missing().into()));
        };
        let update = spot.theta.minus(&other).flatten();
        let search = CriticalRate::new(spot.theta.flatten(), Some(update));
        Ok(critical_sharpness::measuring(UPDATE_SHARPNESS.name, search))
    },
    read: rows,
};
