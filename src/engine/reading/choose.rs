//! The choice between readings: tried, judged, and taken or asked about.

use super::facts::Reading;
use super::question::{asked, rescaled};
use super::records::{Heard, Over, Witness};
use super::scaling;
use super::scene::Scene;
use super::search::search;
use super::trial::{Ground, Trial, chance};
use super::verdict::{self, Verdict, judge};
use super::weigh::{agreeing, weigh};
use crate::checkpoint::Array;
use crate::dataset::Normalize;
use crate::error::{Error, Result};
use crate::model::family::Recognised;
use crate::model::graph::Graph;
use crate::model::run::Device;
use crate::plot::number::{grouped, percent};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples that readings are tried on.
const SAMPLES: usize = 512;
/// Fewer where there is much to compute.
const FEW_SAMPLES: usize = 96;
/// A network with more values is tried on few samples.
const LARGE: usize = 2_000_000;
/// Samples of each split that are held against what a file records, of networks that aren't large.
const RECORDED: usize = 2048;
/// Holding readings against records takes no longer than this.
const LONGEST: Duration = Duration::from_secs(10);
/// Readings that other scalings of the data are tried with.
const SCALED: usize = 3;
/// Readings that are kept with what was measured.
const KEPT: usize = 12;

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
}

/// Decides between readings.
///
/// # Errors
/// [`Error::Undecided`] where several come into question, none does better than chance, or the best contradicts what
/// the file records of itself.
pub fn choose(readings: &[Recognised], scene: &Scene<'_>) -> Result<Chosen> {
    let first = readings.first().cloned();
    let first = first.ok_or_else(|| Error::Model("no network fits".into()))?;
    let mut usual = Chosen::usual(scene.model, first, readings);
    let tensors = || scene.state.tensors.iter().map(|(_, array)| array);
    let broken = tensors().any(|array| array.non_finite() > 0);
    if broken || scene.data.train.is_empty() {
        return Ok(usual);
    }
    if readings.len() == 1 && usual.found.doubt.is_none() {
        let weighed = weigh(&usual.found.graph, scene)?;
        usual.reading.weighed(weighed);
        return Ok(usual);
    }
    let large = tensors().map(Array::len).sum::<usize>() > LARGE;
    let count = if large { FEW_SAMPLES } else { SAMPLES };
    let ground = Ground {
        state: scene.state,
        data: scene.data,
        chosen: scene.loss,
        samples: Arc::new(scene.data.train.subset(count, 0)),
        device: Device::Lanes,
        watch: scene.watch,
    };
    let chance = chance(&ground.samples.targets, &usual.found.graph.loss);
    let found = search(readings, &ground, |a, b| {
        verdict::cost(a) < verdict::cost(b)
    });
    if found.trials.is_empty() {
        // What the data lacks is said where it is opened for good.
        return Ok(usual);
    }
    let verdict = judge(&found.trials, chance, |a: usize, b: usize| {
        are_near(&readings[a], &readings[b])
    });
    let most = if large { FEW_SAMPLES } else { RECORDED };
    let table = Table {
        readings,
        trials: found.trials.iter().copied().collect(),
        model: scene.model,
        samples: ground.samples.len(),
        witness: Witness::of(&ground, most),
    };
    match verdict {
        Verdict::Winner { best, next, near } if found.complete => {
            let heard = table.hear(best);
            if let Some(against) = heard.iter().find(|heard| heard.contradicts) {
                return Err(table.contradicted(best, against, &ground, scene, chance));
            }
            let missed = |heard: &&Heard| heard.is_missed && heard.over == Over::HeldOut;
            if let Some(missed) = heard.iter().find(missed) {
                return Err(table.missed(best, missed));
            }
            let by = table.samples_by(best);
            let by = agreeing(&heard).map_or(by.clone(), |words| format!("{by}, and {words}"));
            Ok(table.won(best, next, &near, by))
        }
        Verdict::Winner { best, .. } => {
            let mut open: Vec<usize> = table.trials.keys().copied().collect();
            open.sort_by_key(|number| *number != best);
            let text = format!(
                "{} networks fit these tensors, too many to try all of them in twenty seconds",
                grouped(readings.len())
            );
            Err(table.asked(&open, text))
        }
        Verdict::Open(open) => table.recorded(&open),
        Verdict::Nothing(order) => Err(table.nothing(&order, &ground, scene, chance)),
    }
}

/// Readings, what was measured under each, and what the file records.
struct Table<'a> {
    readings: &'a [Recognised],
    trials: BTreeMap<usize, Trial>,
    model: &'a str,
    samples: usize,
    witness: Option<Witness<'a>>,
}

impl Table<'_> {
    fn told(&self, number: usize) -> String {
        self.trials
            .get(&number)
            .map_or_else(String::new, Trial::words)
    }

    fn graph(&self, number: usize) -> &Graph {
        &self.readings[number].graph
    }

    /// How a reading stands to what the file records.
    fn hear(&self, number: usize) -> Vec<Heard> {
        let witness = self.witness.as_ref();
        witness.map_or_else(Vec::new, |witness| witness.hear(self.graph(number)))
    }

    /// Readings that do about as well as each other, the most usual of them first.
    fn usual_first(&self, open: &[usize]) -> Vec<usize> {
        const STEP: f64 = 0.05;
        let cost = |number: &usize| self.trials.get(number).map_or(f64::MAX, verdict::cost);
        let mut open = open.to_vec();
        open.sort_by(|a, b| {
            let step = |number| (cost(number) / STEP).floor();
            step(a).total_cmp(&step(b)).then(a.cmp(b))
        });
        open
    }

    fn asked(&self, open: &[usize], text: String) -> Error {
        asked(self.readings, open, text, |number| self.told(number))
    }

    /// What the samples decide by.
    fn samples_by(&self, best: usize) -> String {
        let statistics = self.trials.get(&best).is_some_and(|t| t.distance.is_some());
        let witnesses = if statistics {
            "running statistics, loss and score"
        } else {
            "loss and score"
        };
        format!("{witnesses} on {} training samples", self.samples)
    }

    /// The one of several that gives what the file records, where the others clearly don't; else the question.
    fn recorded(&self, open: &[usize]) -> Result<Chosen> {
        let open = &self.usual_first(open);
        let text = format!(
            "{} networks fit the names and shapes of these tensors, and {} training samples don't settle which of them it is",
            grouped(self.readings.len()),
            self.samples
        );
        let Some(witness) = &self.witness else {
            return Err(self.asked(open, text));
        };
        let begun = Instant::now();
        let mut heard: BTreeMap<usize, Vec<Heard>> = BTreeMap::new();
        for &number in open {
            if begun.elapsed() < LONGEST {
                heard.insert(number, self.hear(number));
            }
        }
        let told = |number: &usize| heard.get(number).map_or(&[][..], Vec::as_slice);
        let misses = |number: &usize| {
            let mut all = told(number).iter();
            all.any(|h| h.is_off && !h.best || h.contradicts)
        };
        // Of many networks one gives a recorded loss by chance: its statistics must not speak against it.
        let settled = |number: &usize| self.trials.get(number).is_none_or(Trial::is_settled);
        let agrees = |number: &usize| {
            if !settled(number) {
                return None;
            }
            let mut all = told(number).iter();
            all.find(|h| h.agrees && !h.best)
                .filter(|_| !misses(number))
        };
        // One number of several is given by chance, too.
        let missed = |number: &usize| told(number).iter().any(|h| h.is_missed);
        let mut agreeing = open.iter().filter(|number| agrees(number).is_some());
        let best = agreeing.find(|number| !missed(number));
        let near = |a: usize, b: usize| are_near(&self.readings[a], &self.readings[b]);
        if let Some((&best, words)) = best.and_then(|best| Some((best, agrees(best)?))) {
            let rest: Vec<usize> = open.iter().copied().filter(|n| *n != best).collect();
            let equal: Vec<usize> = rest
                .iter()
                .copied()
                .filter(|n| !misses(n) && near(best, *n) && agrees(n).is_some())
                .collect();
            if rest.iter().all(|n| misses(n) || equal.contains(n)) {
                let next = rest.iter().copied().find(|n| !equal.contains(n));
                return Ok(self.won(best, next, &equal, words.words.clone()));
            }
        }
        let text = format!("{text} (the file records {})", witness.words());
        Err(asked(self.readings, open, text, |number| {
            let words = told(&number).first();
            let words = words.map_or_else(String::new, |heard| format!("; {}", heard.words));
            self.told(number) + &words
        }))
    }

    /// The best reading is none that the file's own numbers were taken of.
    fn contradicted(
        &self,
        best: usize,
        against: &Heard,
        ground: &Ground<'_>,
        scene: &Scene<'_>,
        chance: f64,
    ) -> Error {
        let scalings = self.scalings(&[best], ground, scene, chance);
        if !scalings.is_empty() {
            return rescaled(scalings, scene.data, &against.words);
        }
        let text = format!(
            "the best of {} networks that fit these tensors isn't the one that the file tells of: {}; this may be another network, other data, or another scaling of them (--data-normalize)",
            grouped(self.readings.len()),
            against.words
        );
        self.asked(&self.best_first(), text)
    }

    /// The best reading doesn't give what the file says of held-out samples: it may be the nearest to one that nobody
    /// thought of.
    fn missed(&self, best: usize, missed: &Heard) -> Error {
        let text = format!(
            "{} does best of the {} networks that fit these tensors, but {} on the held-out samples: this may be another network, or other samples",
            self.readings[best].key_among(self.readings),
            grouped(self.readings.len()),
            missed.words
        );
        self.asked(&self.best_first(), text)
    }

    /// All that were tried.
    fn best_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = self.trials.keys().copied().collect();
        let cost = |number: &usize| self.trials.get(number).map_or(f64::MAX, verdict::cost);
        order.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        order
    }

    /// None does better than one that has learnt nothing.
    fn nothing(
        &self,
        order: &[usize],
        ground: &Ground<'_>,
        scene: &Scene<'_>,
        chance: f64,
    ) -> Error {
        let top = order.first().and_then(|n| self.trials.get(n));
        let best: Vec<usize> = order.iter().copied().take(SCALED).collect();
        let scalings = self.scalings(&best, ground, scene, chance);
        if !scalings.is_empty() {
            let now = top.map_or_else(String::new, |now| format!(" ({})", now.words()));
            let because = format!("the network does no better than chance{now}");
            return rescaled(scalings, scene.data, &because);
        }
        let told = top.map_or_else(String::new, |t| {
            format!(" ({} at best, {} by chance)", t.words(), percent(chance))
        });
        let text = format!(
            "none of the {} networks that fit the names and shapes of these tensors does better on {} training samples than one that has learnt nothing{told}: this may be another network, other data, another scaling of them (--data-normalize), or weights before training",
            grouped(self.trials.len()),
            self.samples
        );
        self.asked(order, text)
    }

    fn scalings(
        &self,
        best: &[usize],
        ground: &Ground<'_>,
        scene: &Scene<'_>,
        chance: f64,
    ) -> Vec<(Normalize, Trial)> {
        if scene.options.normalize != Normalize::Auto {
            return Vec::new();
        }
        (ground.watch)("Trying other scalings of the data");
        let graphs: Vec<&Graph> = best.iter().map(|number| self.graph(*number)).collect();
        let now = best.first().and_then(|number| self.trials.get(number));
        scaling::tried(&graphs, ground, scene.options, chance, now)
    }

    /// The clear winner.
    fn won(&self, best: usize, next: Option<usize>, near: &[usize], by: String) -> Chosen {
        let found = &self.readings[best];
        let mut reading = Reading::of(self.model, found, self.readings, Some(by));
        reading.told = self.told(best);
        reading.runner_up = next.map(|number| {
            let other = &self.readings[number];
            format!(
                "{} ({})",
                other.key_among(std::slice::from_ref(found)),
                self.told(number)
            )
        });
        reading.tried = self.kept();
        if !near.is_empty() {
            let names = near.iter().filter_map(|number| {
                let words = &self.readings[*number].choice("activation")?.words;
                Some(format!("{words} ({})", self.told(*number)))
            });
            let names: Vec<String> = names.collect();
            let own = found.choice("activation").map_or("", |c| c.words.as_str());
            reading.leave_open(
                "activation",
                &format!(
                    "{own}, which can't be told here from {}",
                    names.join(" and ")
                ),
            );
        }
        Chosen {
            found: found.clone(),
            reading,
        }
    }

    /// The best readings with what was measured, for whoever asks what was decided by.
    fn kept(&self) -> Vec<(String, String)> {
        let row = |number: usize| {
            let key = self.readings[number].key_among(self.readings);
            (key, self.told(number))
        };
        self.best_first().into_iter().take(KEPT).map(row).collect()
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
