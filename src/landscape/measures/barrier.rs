//! The barrier between two minimizers.

use super::entry::{Entry, Group, Need, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use super::spot::Settings;
use crate::error::{Error, Result};
use crate::landscape::definitions::{Definition, source};
use crate::landscape::line::barrier;
use crate::model::params::Params;

/// The largest excess over the chord.
pub const HEIGHT: Definition = Definition {
    name: "Barrier",
    formula: "max over α in [0, 1] of f(θ(α)) − [(1 − α) f(θ) + α f(θ')],  θ(α) = (1 − α) θ + α θ'",
    unit: "nats",
    meaning: "How far the loss on the straight way between two minimizers rises above the chord: about 0 where both lie in one basin. Running statistics follow the weights",
    sources: &[
        source("Keskar et al. 2017", "figure 3", "1609.04836"),
        source("Frankle et al. 2020", "section 2", "1912.05671"),
    ],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "barrier",
    name: HEIGHT.name,
    group: Group::Pair,
    definitions: &[&HEIGHT],
    made: "Here at 25 points between both, over the training samples.",
    needs: &[Need::Other],
    usual: false,
    whole: WHOLE,
    rows: &[Row::new("barrier", "Barrier", &HEIGHT)],
    begin: |spot, settings| {
        let Some(other) = spot.other else {
            return Err(Error::Usage(Need::Other.missing().into()));
        };
        between(HEIGHT.name, spot.theta, &other, settings)
    },
    read: rows,
};

/// Why barriers are no matter of parts.
pub const WHOLE: &str = "a barrier is between two whole networks";

/// The barrier between two points.
///
/// # Errors
/// Where both are one.
pub fn between(
    what: &'static str,
    theta: Params,
    other: &Params,
    settings: &Settings,
) -> Result<Measuring> {
    let direction = other.minus(&theta);
    if direction.norm() == 0.0 {
        return Err(Error::Slice(
            "both hold the same weights: there is no way between them".into(),
        ));
    }
    let last = settings.points.max(2) - 1;
    let alpha: Vec<f64> = (0..=last).map(|i| i as f64 / last as f64).collect();
    let mut losses: Vec<f64> = Vec::new();
    Ok(Measuring::told(what, alpha.len(), move |objective| {
        let Some(&at) = alpha.get(losses.len()) else {
            return Ok(None);
        };
        losses.push(objective.value_at(&theta.plus(at, &direction))?);
        // Until both ends are known there is no chord.
        let whole = losses.len() == alpha.len();
        if !whole {
            return Ok(Some(Found::Rows(vec![None])));
        }
        let found = barrier(&alpha, &losses).ok_or_else(|| {
            Error::Slice("the loss isn't finite at an end of the line: there is no chord".into())
        })?;
        Ok(Some(Found::Rows(vec![Some(Value::exact(found.height))])))
    }))
}
