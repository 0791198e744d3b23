//! Every experiment there is.

use super::entry::Entry;
use super::{
    architecture, batch_size, distance, forgetting, lars, noise_scale, parallel, scaling_rule,
    sharpness, throughput,
};
use crate::error::{Error, Result};

/// All of them, in the order of a list.
pub const ALL: [&Entry; 10] = [
    &batch_size::ENTRY,
    &distance::ENTRY,
    &sharpness::ENTRY,
    &scaling_rule::ENTRY,
    &forgetting::ENTRY,
    &noise_scale::ENTRY,
    &throughput::ENTRY,
    &architecture::ENTRY,
    &lars::ENTRY,
    &parallel::ENTRY,
];

/// The one of this name.
///
/// # Errors
/// Lists the names.
pub fn find(name: &str) -> Result<&'static Entry> {
    let found = ALL.into_iter().find(|entry| entry.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
        Error::Usage(format!(
            "there is no experiment {name:?}; there are {}",
            names.join(", ")
        ))
    })
}
