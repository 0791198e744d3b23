//! Other scalings of the data, tried where the network does no better than chance.
//!
//! The commonest silent mistake with a right network is data that were scaled otherwise in training.

use super::trial::{Ground, Trial};
use super::verdict::is_plausible;
use crate::dataset::{self, DataOptions, Normalize, normalize};
use crate::model::graph::Graph;
use std::sync::Arc;

/// The scalings under which one of `graphs` is plausible, the best first, a few. One that doesn't fit the data
/// is left out.
pub fn tried(
    graphs: &[&Graph],
    ground: &Ground<'_>,
    options: &DataOptions,
    chance: f64,
) -> Vec<(Normalize, Trial)> {
    const SHOWN: usize = 4;
    let mut found: Vec<(Normalize, Trial)> = Vec::new();
    for normalize in normalize::likely(&ground.data.stored) {
        let own = DataOptions {
            normalize: normalize.clone(),
            ..options.clone()
        };
        let Ok(data) = dataset::open(&own) else {
            continue;
        };
        let samples = Arc::new(data.train.subset(ground.samples.len(), 0));
        if samples.inputs == ground.samples.inputs {
            continue;
        }
        let ground = Ground {
            state: ground.state,
            data: &data,
            chosen: ground.chosen,
            samples,
            device: ground.device.clone(),
            watch: ground.watch,
        };
        let trials = graphs.iter().filter_map(|graph| ground.attempt(graph).ok());
        let best = trials.max_by(|a, b| a.score.total_cmp(&b.score));
        if let Some(best) = best.filter(|best| is_plausible(best, chance)) {
            found.push((normalize, best));
        }
    }
    found.sort_by(|a, b| {
        b.1.score
            .total_cmp(&a.1.score)
            .then(a.1.loss.total_cmp(&b.1.loss))
    });
    found.truncate(SHOWN);
    found
}
