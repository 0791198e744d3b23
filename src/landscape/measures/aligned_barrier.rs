//! The barrier between two minimizers once the units of the second are numbered as the first's.

use super::barrier::{WHOLE, between};
use super::entry::{Entry, Group, Need, Row};
use super::found::rows;
use crate::error::Error;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::permutation::aligned;

/// The largest excess over the chord to the permuted point.
pub const ALIGNED_HEIGHT: Definition = Definition {
    name: "Barrier after alignment",
    formula: "the barrier to π(θ'),  π = the permutation of hidden units with the largest ⟨θ, π(θ')⟩",
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
        let other = aligned(&spot.network, &spot.theta, &other, settings.seed)?;
        between(ALIGNED_HEIGHT.name, spot.theta, &other, settings)
    },
    read: rows,
};
