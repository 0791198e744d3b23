//! Other scalings of the data, tried where the network does no better than chance.
//!
//! The commonest silent mistake with a right network is data that were scaled otherwise in training.

use super::trial::{Ground, Trial};
use super::verdict::is_plausible;
use crate::dataset::{self, DataOptions, Normalize};
use crate::error::Result;
use crate::model::family::Recognised;
use std::sync::Arc;

/// The scalings that networks are usually trained on, for data of so many channels.
fn likely(channels: usize) -> Vec<Normalize> {
    let given = |mean: &[f64], std: &[f64]| Normalize::Given {
        mean: mean.to_vec(),
        std: std.to_vec(),
    };
    let mut all = vec![
        Normalize::None,
        Normalize::Scale(255.0),
        Normalize::PerChannel,
        given(&[0.5], &[0.5]),
    ];
    match channels {
        1 => all.extend([given(&[0.1307], &[0.3081]), given(&[0.286], &[0.353])]),
        3 => all.extend([
            given(&[0.4914, 0.4822, 0.4465], &[0.2023, 0.1994, 0.201]),
            given(&[0.4914, 0.4822, 0.4465], &[0.247, 0.2435, 0.2616]),
            given(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]),
            given(&[0.5071, 0.4867, 0.4408], &[0.2675, 0.2565, 0.2761]),
        ]),
        _ => {}
    }
    all
}

/// The scalings under which one of `readings` is plausible, the best first, a few.
///
/// # Errors
/// Never for a scaling that doesn't fit the data: that one is left out.
pub fn tried(
    readings: &[&Recognised],
    ground: &Ground<'_>,
    options: &DataOptions,
    chance: f64,
) -> Result<Vec<(Normalize, Trial)>> {
    const SHOWN: usize = 4;
    let channels = ground.samples.shape.first().copied().unwrap_or(1);
    let mut found: Vec<(Normalize, Trial)> = Vec::new();
    for normalize in likely(channels) {
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
        };
        let trials = readings
            .iter()
            .filter_map(|reading| ground.attempt(reading).ok());
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
    Ok(found)
}
