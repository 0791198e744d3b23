//! What a training loop wrote beside the weights: accuracies and losses that the right network gives again.
//!
//! `acc`, `val_loss`, `best_acc` and their like are numbers without a unit, a split or a date. Per cent and fractions
//! are told apart by their size; which samples were meant, by words; a best value may be an earlier epoch's, so it
//! never decides. A loss may have been any, so that it confirms but doesn't contradict. What follows from a number that
//! agrees or doesn't is for `choose` to say.

use super::trial::Ground;
use crate::dataset::Samples;
use crate::landscape::evaluate::Metrics;
use crate::model::graph::Graph;
use crate::plot::number::{format_value, percent};
use std::sync::Arc;

/// An accuracy this near is the recorded one, where every sample of the split was seen: what two libraries round
/// differently.
const NEAR: f64 = 0.005;
/// A loss this near, relatively: a mean over batches weighs the last of them too much.
const NEAR_LOSS: f64 = 0.002;
/// An accuracy this far below the recorded one is another network's, or that of other data.
const FAR: f64 = 0.1;
/// The same where the record may be of an earlier epoch.
const FAR_BEST: f64 = 0.15;
/// So many tolerances away a loss is another's. Among many networks some accuracy is near the recorded one by chance:
/// one that is another's is [`FAR`] away.
const CLEAR: f64 = 3.0;

/// A number that a file records of its own network.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its dotted key.
    pub key: String,
    /// What it is.
    pub what: What,
    /// Over which samples.
    pub over: Over,
    /// Whether it is the best of several, perhaps of an earlier epoch.
    pub best: bool,
    /// An accuracy as a fraction, a loss in its own unit.
    pub value: f64,
}

/// What a recorded number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The fraction of right answers.
    Accuracy,
    /// Some mean loss.
    Loss,
}

/// Over which samples a number was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Those of training.
    Train,
    /// Those held out.
    HeldOut,
    /// Nobody says.
    Unsaid,
}

/// How a network stands to what a file records of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Whether it gives the recorded number.
    pub agrees: bool,
    /// Whether it clearly doesn't.
    pub is_off: bool,
    /// Whether it can't be the network, on these data, that the number was taken of.
    pub contradicts: bool,
    /// Whether it isn't given, though all samples were seen that it may have been taken over. Numbers of training are often
    /// means over an epoch, and a loss of which nobody says more may be any: neither is missed.
    pub is_missed: bool,
    /// Over which samples the file says that it was taken.
    pub over: Over,
    /// Whether the number may be an earlier epoch's.
    pub best: bool,
    /// Both numbers: "the file records acc 82 %, measured 81.8 %".
    pub words: String,
}

/// The records of all `numbers` that stand beside the weights in a file.
pub fn records(numbers: &[(String, f64)]) -> Vec<Record> {
    numbers.iter().filter_map(record).collect()
}

fn record((key, value): &(String, f64)) -> Option<Record> {
    const ACCURACY: &[&str] = &["acc", "accuracy", "acc1", "top1", "prec1"];
    const LOSS: &[&str] = &["loss", "nll"];
    // Settings, counts, and measures that are something else.
    const OTHER: &[&str] = &[
        "5",
        "top5",
        "acc5",
        "prec5",
        "lr",
        "scale",
        "scaler",
        "weight",
        "coef",
        "lambda",
        "ema",
        "target",
        "threshold",
        "delta",
        "patience",
        "epoch",
        "epochs",
        "step",
        "steps",
        "iter",
        "counter",
        "balanced",
        "std",
        "attack",
        "adv",
        "robust",
    ];
    const TRAIN: &[&str] = &["train", "training", "tr"];
    const HELD_OUT: &[&str] = &["val", "valid", "validation", "test", "eval", "dev"];
    const BEST: &[&str] = &["best", "max", "min", "highest", "lowest"];
    let words = split(key);
    let last = split(key.rsplit('.').next().unwrap_or(key));
    let has = |words: &[String], any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    if has(&last, OTHER) {
        return None;
    }
    let what = match (has(&last, ACCURACY), has(&last, LOSS)) {
        (true, false) => What::Accuracy,
        (false, true) => What::Loss,
        _ => return None,
    };
    let side = |words: &[String]| match (has(words, TRAIN), has(words, HELD_OUT)) {
        (true, false) => Over::Train,
        (false, true) => Over::HeldOut,
        _ => Over::Unsaid,
    };
    let over = match side(&last) {
        Over::Unsaid => side(&words),
        own => own,
    };
    let value = match what {
        // A mean in single precision may end a little above 1.
        What::Accuracy if *value > 1.001 => value / 100.0,
        What::Accuracy => value.min(1.0),
        What::Loss => *value,
    };
    let fits = value.is_finite() && value > 0.0 && (what == What::Loss || value <= 1.0);
    fits.then(|| Record {
        key: key.clone(),
        what,
        over,
        best: has(&words, BEST),
        value,
    })
}

/// The words of a key, in small letters.
fn split(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in key.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && small {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The records of a checkpoint, and the samples that they are held against.
pub struct Witness<'a> {
    records: Vec<Record>,
    ground: &'a Ground<'a>,
    sides: Vec<Side>,
}

/// Some samples of one split.
struct Side {
    over: Over,
    samples: Arc<Samples>,
    /// Whether these are all.
    whole: bool,
}

impl<'a> Witness<'a> {
    /// The witness of a checkpoint, over at most `most` samples of each split; `None` where its file records nothing.
    pub fn of(ground: &'a Ground<'a>, most: usize) -> Option<Self> {
        let records = records(&ground.state.told.numbers);
        if records.is_empty() {
            return None;
        }
        let side = |over, samples: &Samples| Side {
            over,
            samples: Arc::new(samples.subset(most, 0)),
            whole: samples.len() <= most,
        };
        let held_out = ground.data.validation.as_ref();
        let held_out = held_out.filter(|samples| !samples.is_empty());
        let sides = std::iter::once(side(Over::Train, &ground.data.train))
            .chain(held_out.map(|samples| side(Over::HeldOut, samples)));
        Some(Self {
            records,
            ground,
            sides: sides.collect(),
        })
    }

    /// What the file records, in words: "acc 82 %, val_loss 0.41".
    pub fn words(&self) -> String {
        let words = self
            .records
            .iter()
            .map(|r| format!("{} {}", r.key, shown(r.what, r.value)));
        words.collect::<Vec<_>>().join(", ")
    }

    /// How the network of a graph stands to every record; empty where it can't be measured.
    pub fn hear(&self, graph: &Graph) -> Vec<Heard> {
        let measured: Vec<(&Side, Metrics)> = self
            .sides
            .iter()
            .filter_map(|side| Some((side, self.ground.metrics(graph, &side.samples).ok()?)))
            .collect();
        let share = graph.loss.score().is_share();
        self.records
            .iter()
            .filter(|record| share || record.what == What::Loss)
            .filter_map(|record| heard(record, &measured))
            .collect()
    }
}

/// How what was measured stands to a record; `None` where nothing can be said.
fn heard(record: &Record, measured: &[(&Side, Metrics)]) -> Option<Heard> {
    let meant = |side: &Side| record.over == Over::Unsaid || record.over == side.over;
    let value = |metrics: &Metrics| match record.what {
        What::Accuracy => metrics.score,
        What::Loss => metrics.loss,
    };
    let distance = |side: &Side, metrics: &Metrics| {
        (value(metrics) - record.value).abs() / tolerance(record, side)
    };
    let (side, metrics) = measured
        .iter()
        .filter(|(side, _)| meant(side))
        .min_by(|a, b| distance(a.0, &a.1).total_cmp(&distance(b.0, &b.1)))
        // Other samples than were meant still tell what is far below.
        .or_else(|| measured.first())?;
    let off = match record.what {
        What::Accuracy => (metrics.score - record.value).abs() > FAR,
        What::Loss => true,
    };
    let comparable = meant(side) && (side.whole || record.what == What::Accuracy);
    let tells = match record.over {
        Over::Train => false,
        Over::HeldOut => true,
        Over::Unsaid => record.what == What::Accuracy,
    };
    let tells = tells && !record.best && meant(side) && side.whole;
    let found = distance(side, metrics);
    let far = if record.best { FAR_BEST } else { FAR };
    let chance = 5.0 * deviation(record.value, side.samples.len());
    let least = if side.whole { far } else { far.max(chance) };
    let is_low = |(_, metrics): &(&Side, Metrics)| record.value - metrics.score > least;
    Some(Heard {
        agrees: comparable && found <= 1.0,
        is_off: comparable && off && (found > CLEAR || found.is_nan()),
        contradicts: record.what == What::Accuracy && measured.iter().all(is_low),
        is_missed: tells && (found > 1.0 || found.is_nan()),
        over: record.over,
        best: record.best,
        words: format!(
            "the file records {} {}, measured {}",
            record.key,
            shown(record.what, record.value),
            shown(record.what, value(metrics))
        ),
    })
}

/// How near a measured number lies to the recorded one, where they are the same.
fn tolerance(record: &Record, side: &Side) -> f64 {
    match record.what {
        What::Loss => NEAR_LOSS * record.value,
        What::Accuracy if side.whole => NEAR,
        What::Accuracy => NEAR + 2.0 * deviation(record.value, side.samples.len()),
    }
}

/// The standard deviation of an accuracy that is measured on `count` samples.
fn deviation(share: f64, count: usize) -> f64 {
    let count = count.max(1) as f64;
    (share * (1.0 - share)).max(1.0 / count).sqrt() / count.sqrt()
}

fn shown(what: What, value: f64) -> String {
    match what {
        What::Accuracy => percent(value),
        What::Loss => format_value(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, value: f64) -> Option<Record> {
        records(&[(key.to_owned(), value)]).pop()
    }

    #[test]
    fn keys_tell_what_a_number_is_and_over_which_samples() {
        let rows = [
            ("acc", 0.82, What::Accuracy, Over::Unsaid, false, 0.82),
            ("best_acc1", 76.1, What::Accuracy, Over::Unsaid, true, 0.761),
            ("val_loss", 0.4, What::Loss, Over::HeldOut, false, 0.4),
            (
                "metrics.trainAccuracy",
                99.0,
                What::Accuracy,
                Over::Train,
                false,
                0.99,
            ),
            ("test.acc", 1.0, What::Accuracy, Over::HeldOut, false, 1.0),
            (
                "train_state.val_acc",
                0.5,
                What::Accuracy,
                Over::HeldOut,
                false,
                0.5,
            ),
            ("best_val_loss", 1.47, What::Loss, Over::HeldOut, true, 1.47),
        ];
        for (key, value, what, over, best, meant) in rows {
            let found = one(key, value).unwrap_or_else(|| panic!("{key} is no record"));
            let seen = (found.what, found.over, found.best);
            assert_eq!(seen, (what, over, best), "{key}");
            assert!((found.value - meant).abs() < 1e-12, "{key}");
        }
    }

    #[test]
    fn what_was_taken_over_samples_that_were_all_seen_is_given_or_missed() {
        let side = |over, whole| Side {
            over,
            samples: Arc::new(Samples::labelled(vec![1], vec![0.0; 300], vec![0; 300])),
            whole,
        };
        let score = |score: f64| Metrics { loss: 0.5, score };
        let found = |key: &str, over, whole, metrics: Metrics| {
            let record = one(key, 0.8).unwrap();
            let heard = heard(&record, &[(&side(over, whole), metrics)]).unwrap();
            [heard.agrees, heard.is_missed]
        };
        assert_eq!(
            found("val_acc", Over::HeldOut, true, score(0.8)),
            [true, false]
        );
        assert_eq!(
            found("val_acc", Over::HeldOut, true, score(0.79)),
            [false, true]
        );
        assert_eq!(found("acc", Over::Train, true, score(0.79)), [false, true]);
        // Of training, of other samples, of some samples, of another epoch, of nobody knows what.
        for (key, over, whole) in [
            ("train_acc", Over::Train, true),
            ("val_acc", Over::Train, true),
            ("val_acc", Over::HeldOut, false),
            ("best_val_acc", Over::HeldOut, true),
            ("loss", Over::Train, true),
        ] {
            let found = found(key, over, whole, score(0.7));
            assert_eq!(found, [false, false], "{key}");
        }
    }

    #[test]
    fn settings_and_counts_are_no_records() {
        for (key, value) in [
            ("epoch", 90.0),
            ("loss_scale", 65536.0),
            ("best_acc_epoch", 12.0),
            ("acc5", 93.0),
            ("acc", 812.0),
            ("acc", 0.0),
            ("loss", f64::NAN),
            ("accelerator", 1.0),
        ] {
            assert_eq!(one(key, value), None, "{key}");
        }
    }
}
