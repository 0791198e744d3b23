//! The choice between readings: tried, judged, and taken or asked about.

use super::facts::Reading;
use super::scaling;
use super::search::search;
use super::trial::{Ground, Trial};
use super::verdict::{self, Verdict, judge};
use crate::checkpoint::StateDict;
use crate::dataset::{DataOptions, Dataset, IGNORED, Normalize, Samples, Targets};
use crate::error::{Answer, Error, Question, Result};
use crate::model::family::Recognised;
use crate::model::graph::Loss;
use crate::model::run::Device;
use crate::plot::number::{grouped, percent};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Samples that readings are tried on.
const SAMPLES: usize = 512;
/// Fewer where there is much to compute.
const FEW_SAMPLES: usize = 96;
/// A network with more values is tried on few samples.
const LARGE: usize = 2_000_000;
/// Where one reading fits, only the scaling of the data is looked at, of networks of so many values at most.
const SINGLE: usize = 200_000;
/// Answers shown of many.
const SHOWN: usize = 12;
/// Readings that other scalings of the data are tried with.
const SCALED: usize = 3;

/// What there is to decide by.
pub struct Scene<'a> {
    /// What `--model` says.
    pub model: &'a str,
    /// The loss that a person chose.
    pub loss: Option<&'a Loss>,
    /// The checkpoint.
    pub state: &'a StateDict,
    /// The data.
    pub data: &'a Dataset,
    /// How the data was opened, to open it with another scaling.
    pub options: &'a DataOptions,
}

/// What was decided.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The network.
    pub found: Recognised,
    /// How it was read.
    pub reading: Reading,
}

impl Chosen {
    /// The most usual reading, `found`, of all that `model` leaves open: nothing has decided between them.
    pub fn usual(model: &str, found: Recognised, all: &[Recognised]) -> Self {
        let asked = model != "auto" && all.len() <= 1;
        let by = asked.then(|| format!("--model {model}"));
        let reading = Reading::of(model, &found, all, by);
        Self { found, reading }
    }

    /// A network that comes with the program.
    pub fn shipped(found: Recognised) -> Self {
        let reading = Reading::shipped(&found);
        Self { found, reading }
    }
}

/// Decides between readings.
///
/// # Errors
/// [`Error::Undecided`] where several come into question, or none does better than chance.
pub fn choose(readings: &[Recognised], scene: &Scene<'_>) -> Result<Chosen> {
    let first = readings.first().cloned();
    let first = first.ok_or_else(|| Error::Model("no network fits".into()))?;
    let usual = Chosen::usual(scene.model, first, readings);
    let broken = scene
        .state
        .tensors
        .iter()
        .any(|(_, array)| array.non_finite() > 0);
    if broken || scene.data.train.is_empty() {
        return Ok(usual);
    }
    let values: usize = scene
        .state
        .tensors
        .iter()
        .map(|(_, array)| array.len())
        .sum();
    let single = readings.len() == 1 && usual.found.doubt.is_none();
    if single && values > SINGLE {
        return Ok(usual);
    }
    let count = if values > LARGE || single {
        FEW_SAMPLES
    } else {
        SAMPLES
    };
    let ground = Ground {
        state: scene.state,
        data: scene.data,
        chosen: scene.loss,
        samples: Arc::new(scene.data.train.subset(count, 0)),
        device: Device::Lanes,
    };
    let chance = chance(&ground.samples, &usual.found);
    let found = search(readings, &ground, |a, b| {
        verdict::cost(a) < verdict::cost(b)
    });
    if found.trials.is_empty() {
        // What the data lacks is said where it is opened for good.
        return Ok(usual);
    }
    let near = |a: usize, b: usize| are_near(&readings[a], &readings[b]);
    let samples = ground.samples.len();
    let verdict = judge(&found.trials, chance, near);
    let trials: BTreeMap<usize, Trial> = found.trials.iter().copied().collect();
    match verdict {
        Verdict::Winner { best, next, near } if found.complete || single => {
            if single {
                return Ok(usual);
            }
            let margin = (best, next, near.as_slice());
            Ok(won(scene.model, readings, &trials, margin, samples))
        }
        Verdict::Winner { best, .. } => {
            let mut open: Vec<usize> = trials.keys().copied().collect();
            open.sort_by_key(|number| *number != best);
            let text = format!(
                "{} networks fit these tensors, too many to try all of them in a few seconds",
                grouped(readings.len())
            );
            Err(asked(readings, &trials, &open, text))
        }
        Verdict::Open(open) => {
            let text = format!(
                "{} networks fit the names and shapes of these tensors, and {samples} training samples don't settle which of them it is",
                grouped(readings.len())
            );
            Err(asked(readings, &trials, &open, text))
        }
        Verdict::Nothing(order) => {
            let best: Vec<&Recognised> = order.iter().take(SCALED).map(|n| &readings[*n]).collect();
            let top = order.first().and_then(|n| trials.get(n)).copied();
            let scalings = scaling::tried(&best, &ground, scene.options, chance);
            if !scalings.is_empty() && scene.options.normalize == Normalize::Auto {
                return Err(rescaled(scalings, scene.data, top));
            }
            if single {
                return Ok(usual);
            }
            let told = top.map_or_else(String::new, |t| {
                format!(" ({} at best, {} by chance)", t.words(), percent(chance))
            });
            let text = format!(
                "none of the {} networks that fit the names and shapes of these tensors does better on {samples} training samples than one that has learnt nothing{told}: this may be another network, other data, another scaling of them (--data-normalize), or weights before training",
                grouped(trials.len())
            );
            Err(asked(readings, &trials, &order, text))
        }
    }
}

/// The clear winner.
fn won(
    model: &str,
    readings: &[Recognised],
    trials: &BTreeMap<usize, Trial>,
    (best, next, near): (usize, Option<usize>, &[usize]),
    samples: usize,
) -> Chosen {
    let found = &readings[best];
    let told = |number: usize| trials.get(&number).map_or_else(String::new, Trial::words);
    let statistics = trials.get(&best).is_some_and(|t| t.distance.is_some());
    let witnesses = if statistics {
        "running statistics, loss and score"
    } else {
        "loss and score"
    };
    let by = format!("{witnesses} on {samples} training samples");
    let mut reading = Reading::of(model, found, readings, Some(by));
    reading.told = told(best);
    reading.runner_up = next.map(|number| {
        let other = &readings[number];
        format!(
            "{} ({})",
            other.key_among(std::slice::from_ref(found)),
            told(number)
        )
    });
    if !near.is_empty() {
        let names = near.iter().filter_map(|number| {
            let words = &readings[*number].choice("activation")?.words;
            let loss = trials.get(number)?.words();
            Some(format!("{words} ({loss})"))
        });
        let names: Vec<String> = names.collect();
        let own = found.choice("activation").map_or("", |c| c.words.as_str());
        let same = |a: &super::facts::Assumption| a.text.starts_with("activation:");
        if let Some(assumption) = reading.assumptions.iter_mut().find(|a| same(a)) {
            assumption.confirmed = None;
            assumption.text = format!(
                "activation: {own}, which can't be told here from {}",
                names.join(" and ")
            );
        }
    }
    Chosen {
        found: found.clone(),
        reading,
    }
}

/// The question between readings, the likeliest first.
fn asked(
    readings: &[Recognised],
    trials: &BTreeMap<usize, Trial>,
    open: &[usize],
    text: String,
) -> Error {
    let tried: Vec<Recognised> = open
        .iter()
        .map(|number| readings[*number].clone())
        .collect();
    let answer = |number: &usize| {
        let found = &readings[*number];
        Answer {
            option: "model",
            value: found.key_among(readings),
            words: differing(found, &tried),
            told: trials.get(number).map_or_else(String::new, Trial::words),
        }
    };
    Error::Undecided(Box::new(Question {
        text,
        answers: open.iter().take(SHOWN).map(answer).collect(),
        more: open.len().saturating_sub(SHOWN),
    }))
}

/// What a reading settles that others settle otherwise, in words.
fn differing(found: &Recognised, others: &[Recognised]) -> String {
    let differs = |choice: &&crate::model::family::Choice| {
        let value = |r: &Recognised| r.choice(choice.name).map(|c| c.value.clone());
        others
            .iter()
            .any(|other| value(other).as_ref() != Some(&choice.value))
    };
    let words = found
        .choices
        .iter()
        .filter(differs)
        .map(|choice| choice.words.as_str());
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    words.join("; ")
}

/// The question between scalings of the data.
fn rescaled(scalings: Vec<(Normalize, Trial)>, data: &Dataset, now: Option<Trial>) -> Error {
    let now = now.map_or_else(String::new, |now| format!(" ({})", now.words()));
    let answers = scalings.into_iter().map(|(normalize, trial)| Answer {
        option: "data-normalize",
        value: normalize.to_string(),
        words: String::new(),
        told: trial.words(),
    });
    Error::Undecided(Box::new(Question {
        text: format!(
            "with the data as they are read, {}, the network does no better than chance{now}; it was likely trained on another scaling of them",
            data.description
        ),
        answers: answers.collect(),
        more: 0,
    }))
}

/// The score of a network that has learnt nothing: the share of the commonest class, 0 for R².
fn chance(samples: &Samples, found: &Recognised) -> f64 {
    let Targets::Classes(labels) = &samples.targets else {
        return 0.0;
    };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for label in labels.iter().filter(|label| **label != IGNORED) {
        *counts.entry(*label).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let most = counts.values().copied().max().unwrap_or(0);
    let share = most as f64 / all.max(1) as f64;
    match &found.graph.loss {
        Loss::CrossEntropy(_) => share,
        _ => share.max(0.5),
    }
}

/// Whether two readings differ in nothing but activations of one shape.
fn are_near(a: &Recognised, b: &Recognised) -> bool {
    const SHAPES: [&[&str]; 2] = [&["relu", "leaky-relu", "relu6"], &["gelu", "gelu-tanh"]];
    let value = |r: &Recognised, name: &str| r.choice(name).map(|c| c.value.clone());
    let others = a.choices.iter().filter(|c| c.name != "activation");
    let same = others
        .into_iter()
        .all(|c| value(b, c.name).as_ref() == Some(&c.value));
    let (Some(own), Some(other)) = (value(a, "activation"), value(b, "activation")) else {
        return false;
    };
    let shape = |shape: &&[&str]| shape.contains(&own.as_str()) && shape.contains(&other.as_str());
    same && SHAPES.iter().any(shape)
}
