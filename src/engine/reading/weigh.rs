//! What some samples say of a network that needs no choosing: one that a file holds, that a person describes, that
//! alone fits.
//!
//! There is nothing to decide but whether it can be the network that was trained, on these data. The commonest silent
//! mistake with a right network is data that were scaled otherwise in training.

use super::question;
use super::records::{Heard, Witness};
use super::scaling;
use super::scene::Scene;
use super::trial::{Ground, Trial, chance};
use super::verdict::is_plausible;
use crate::checkpoint::Array;
use crate::dataset::Normalize;
use crate::error::Result;
use crate::model::graph::Graph;
use crate::model::run::Device;
use std::sync::Arc;

/// A network with more values isn't tried: it is measured soon enough.
const LARGE: usize = 2_000_000;
/// Samples that it is tried on.
const SAMPLES: usize = 96;
/// The same where a sample is large.
const FEW_SAMPLES: usize = 24;
/// Numbers in a large sample.
const LARGE_SAMPLE: usize = 40_000;
/// Samples of each split that are held against what a file records.
const RECORDED: usize = 1024;
/// Which part of the way from chance to perfection is still chance.
const CHANCE: f64 = 0.05;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weighed {
    /// What was measured: "loss 0.042, accuracy 98.4 %"; empty where nothing was.
    pub told: String,
    /// What the file records of itself, where it is what was measured.
    pub agrees: Option<String>,
    /// What speaks against it.
    pub doubts: Vec<String>,
}

/// Weighs the network of `graph`.
///
/// # Errors
/// [`crate::error::Error::Undecided`] where it does clearly better on data that are scaled otherwise.
pub fn weigh(graph: &Graph, scene: &Scene<'_>) -> Result<Weighed> {
    // Losscope had it on these very data, scaled as they are here: there is nothing to doubt, however little it has learnt.
    if scene.state.told.data.as_ref() == Some(&scene.data.description) {
        return Ok(Weighed::default());
    }
    let tensors = || scene.state.tensors.iter().map(|(_, array)| array);
    let broken = tensors().any(|array| array.non_finite() > 0);
    let values: usize = tensors().map(Array::len).sum();
    if broken || scene.data.train.is_empty() || values > LARGE {
        return Ok(Weighed::default());
    }
    let large = scene.data.train.width() > LARGE_SAMPLE;
    let count = if large { FEW_SAMPLES } else { SAMPLES };
    let ground = Ground {
        state: scene.state,
        data: scene.data,
        chosen: scene.loss,
        samples: Arc::new(scene.data.train.subset(count, 0)),
        device: Device::Lanes,
        watch: scene.watch,
    };
    (scene.watch)("Trying the network on some samples");
    let Ok(trial) = ground.attempt(graph) else {
        // What doesn't fit is said where it is opened for good.
        return Ok(Weighed::default());
    };
    let chance = chance(&ground.samples.targets, &graph.loss);
    let witness = Witness::of(&ground, if large { FEW_SAMPLES } else { RECORDED });
    let heard = witness.map_or_else(Vec::new, |witness| witness.hear(graph));
    let against = heard.iter().find(|heard| heard.contradicts);
    let learnt = (trial.score - chance) / (1.0 - chance).max(1e-9) > CHANCE;
    let because = match against {
        Some(heard) => Some(heard.words.clone()),
        None if learnt => None,
        None => Some(format!(
            "the network does no better than chance ({})",
            trial.words()
        )),
    };
    if because.is_some() || !is_plausible(&trial, chance) {
        let better = better_scalings(graph, &ground, scene, chance, &trial);
        if !better.is_empty() {
            let because = because.unwrap_or_else(|| format!("there is {}", trial.words()));
            return Err(question::rescaled(better, scene.data, &because));
        }
    }
    let samples = ground.samples.len();
    let doubt = because.map(|because| match against {
        Some(_) => format!("{because}: these may be other data, another scaling of them, or another network"),
        None => format!(
            "on {samples} training samples {because}: these may be weights before training, other data, or another scaling of them"
        ),
    });
    Ok(Weighed {
        told: trial.words(),
        agrees: agreeing(&heard),
        doubts: doubt.into_iter().collect(),
    })
}

/// The scalings under which the network does clearly better.
fn better_scalings(
    graph: &Graph,
    ground: &Ground<'_>,
    scene: &Scene<'_>,
    chance: f64,
    now: &Trial,
) -> Vec<(Normalize, Trial)> {
    if scene.options.normalize != Normalize::Auto {
        return Vec::new();
    }
    (ground.watch)("Trying other scalings of the data");
    scaling::tried(&[graph], ground, scene.options, chance, Some(now))
}

/// What a file records of itself and was measured again; a value that may be of another epoch last.
pub fn agreeing(heard: &[Heard]) -> Option<String> {
    let against = heard.iter().any(|heard| heard.contradicts);
    let mut agreeing: Vec<&Heard> = heard.iter().filter(|heard| heard.agrees).collect();
    agreeing.sort_by_key(|heard| heard.best);
    let first = agreeing.first().filter(|_| !against)?;
    Some(first.words.clone())
}
