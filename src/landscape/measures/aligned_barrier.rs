//! The barrier between two minimizers once the units of the second are numbered as the first's.

use super::barrier::{WHOLE, between};
use super::entry::{Entry, Group, Need, Row};
use super::found::rows;
use super::measuring::Measuring;
use crate::error::Error;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::permutation::Alignment;

/// The largest excess over the chord to the permuted point.
pub const ALIGNED_HEIGHT: Definition = Definition {
    name: "Barrier after alignment",
    formula: "the barrier to π(θ'),  π = a permutation of hidden units whose ⟨θ, π(θ')⟩ no renumbering of one layer raises",
    unit: "nats",
    meaning: "Hidden units have no order: two networks may be the same but for it. Weight matching renumbers the second's, layer by layer until none changes, each by a linear assignment; the network stays the same function. What is left of the barrier isn't the numbering. For layers one after another: fully connected ones, convolutions and batch normalisation",
    sources: &[source("Ainsworth et al. 2023", "section 3.2", "2209.04836")],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "aligned-barrier",
    name: ALIGNED_HEIGHT.name,
    group: Group::Pair,
    definitions: &[&ALIGNED_HEIGHT],
    made: "Here at 25 points between both, over the training samples.",
    needs: &[Need::Other],
    usual: false,
    whole: WHOLE,
    rows: &[Row::new(
        "aligned_barrier",
        "Barrier after alignment",
        &ALIGNED_HEIGHT,
    )],
    begin: |spot, settings| {
        let Some(other) = spot.other else {
            return Err(Error::Usage(Need::Other.missing().into()));
        };
        let mut alignment = Alignment::new(&spot.network, &spot.theta, &other, settings.seed)?;
        let (theta, settings) = (spot.theta, settings.clone());
        let mut line: Option<Measuring> = None;
        let (name, total) = (ALIGNED_HEIGHT.name, settings.points.max(2));
        Ok(Measuring::new(
            name,
            "step",
            total,
            move |objective, count| {
                let Some(line) = &mut line else {
                    // A layer a step: wide ones take long.
                    if !alignment.step() {
                        line = Some(between(name, theta.clone(), alignment.point(), &settings)?);
                    }
                    return Ok(Some(None));
                };
                let found = line.step(objective)?;
                *count = line.count();
                Ok(found)
            },
        ))
    },
    read: rows,
};
