//! `scaling-rule`: what makes up for a large batch: learning rates in proportion, warm-up, ghost batches, noise.

mod grid;
mod variants;

use super::entry::{Ask, Entry, Part};
use super::found::Findings;
use super::lab::Lab;
use crate::error::Result;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "scaling-rule",
    title: "Learning rates for large batches",
    asks: "whether scaling the learning rate, warm-up, ghost batches or noise make up for a large batch; the best rate of each batch size",
    source: "Goyal et al. 2017 (arXiv 1706.02677); Hoffer et al. 2017 (arXiv 1705.08741); Smith and Le 2018 (arXiv 1710.06451); Smith et al. 2018 (arXiv 1711.00489)",
    family: None,
    takes: "about 15 seconds",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let mut parts = variants::plan(ask);
    parts.extend(grid::plan(ask));
    parts
}

fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let mut found = Findings::default();
    variants::measure(lab, &mut found)?;
    grid::measure(lab, &mut found);
    Ok(found)
}
