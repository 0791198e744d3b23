//! The gradient noise scale with curvature.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value};
use super::measuring::Measuring;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::noise::bend::BendedNoise;

/// The noise scale with curvature.
pub const B_NOISE: Definition = Definition {
    name: "B_noise",
    formula: "B_noise = tr(HΣ)/(GᵀHG)",
    unit: "samples",
    meaning: "The noise scale when the loss bends differently along different directions, from random vectors; ± is the standard error. Negative where the loss bends downwards along its gradient",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.8",
        "1812.06162",
    )],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "curved-noise",
    name: "Gradient noise with curvature",
    group: Group::Noise,
    definitions: &[&B_NOISE],
    made: "Here from 20 random vectors.",
    needs: &[],
    usual: true,
    whole: "",
    rows: &[Row::new("b_noise", "B_noise", &B_NOISE).unit("samples")],
    begin: |spot, settings| {
        let (probes, seed) = (settings.curvature_probes, settings.seed);
        Ok(measuring(spot.theta.flatten(), probes, seed))
    },
    read: |found| match found {
        Found::Bend(bend) => vec![Some(Value::so_far(bend.scale, bend.standard_error))],
        _ => Vec::new(),
    },
};

/// The noise scale with curvature from so many probes.
pub fn measuring(point: Vec<f64>, probes: usize, seed: u64) -> Measuring {
    let mut work = BendedNoise::new(point, probes, seed);
    Measuring::told("noise with curvature", probes, move |objective| {
        Ok(work.step(objective)?.map(Found::Bend))
    })
}
