//! Messages in the window's own words.
//!
//! An error or a warning is one text. It names what to change by an option of the command line,
//! `--model NAME`, which is what a terminal wants; a person in the window is told the window's own
//! control instead. Which control answers to which option stands here and nowhere else. What has no
//! control in the window is named as what it is, an option of the command line.

use crate::engine::job::help;
use crate::engine::live::{Entry, ExperimentFacts, Failure, MeasureNews, Snapshot};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// An option, and what a person in the window is told instead of it; `{}` stands for its value.
struct Control {
    option: &'static str,
    /// The values that are meant; empty: any other, or none.
    value: &'static str,
    words: &'static str,
}

const fn control(option: &'static str, value: &'static str, words: &'static str) -> Control {
    Control {
        option,
        value,
        words,
    }
}

/// An option with one value stands before the same with any.
static CONTROLS: [Control; 29] = [
    control(
        "model",
        "NAME",
        "a family under “Edit: Choose the network…”",
    ),
    control("model", "*", "{} under “Edit: Choose the network…”"),
    control("model", "", "the choice under “Edit: Choose the network…”"),
    control("key", "", "Checkpoint: Weights"),
    control("data", "*", "{} under “Network and data: Open…”"),
    control("data", "", "“Network and data: Open…”"),
    control(
        "split",
        "train",
        "“Training” under Samples and computing: Split",
    ),
    control(
        "split",
        "validation",
        "“Validation” under Samples and computing: Split",
    ),
    control("split", "both", "“Both” under Samples and computing: Split"),
    control("split", "", "Samples and computing: Split"),
    control("samples", "", "Samples and computing: Subset"),
    control(
        "device",
        "flex",
        "“burn-flex” under Samples and computing: Device",
    ),
    control("device", "", "Samples and computing: Device"),
    control(
        "precision",
        "f64",
        "“Double (f64)” under Samples and computing: Precision",
    ),
    control(
        "precision",
        "f32",
        "“Single (f32)” under Samples and computing: Precision",
    ),
    control("precision", "", "Samples and computing: Precision"),
    control("memory", "", "Samples and computing: Memory"),
    control("seed", "", "Plane: Seed"),
    control("directions", "", "Plane: Directions"),
    control("normalize", "", "Plane: Normalisation"),
    control("one-dim", "", "Plane: Biases"),
    control("orthogonal", "", "Plane: Orthogonal directions"),
    control("isometric", "", "Plane: L2 distances"),
    control("centring", "none", "“Of the offsets” under Plane: Centring"),
    control("centring", "", "Plane: Centring"),
    control(
        "buffers",
        "recompute",
        "“Recomputed” under Plane: Statistics",
    ),
    control("buffers", "", "Plane: Statistics"),
    control("statistics-batch", "", "Plane: Batch size"),
    control("statistics-weights", "", "Plane: Batches count"),
];

/// What an option does, as the command line says it and in the window's words. A control that depends
/// on another is seen only where that condition holds, so that it isn't said again.
pub fn of_option(name: &'static str) -> &'static str {
    static KNOWN: Mutex<BTreeMap<&str, &str>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name).or_insert_with(|| {
        let help = help::option(name);
        let condition = help.starts_with("With --");
        let what = help.split_once(": ").filter(|_| condition);
        let what = what.map_or(help.as_str(), |(_, what)| what);
        // As long as the program, once for each of a few options.
        in_window(&sentence(what)).leak()
    })
}

/// Words as a sentence begins.
pub fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(rest).collect()
}

/// A text in the window's words: options become controls, whole command lines stay as they are.
pub fn in_window(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(start) = text[at..].find("--").map(|found| at + found) {
        out.push_str(&text[at..start]);
        let (before, rest) = (&text[..start], &text[start + 2..]);
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let name = rest[..length.unwrap_or(rest.len())].trim_end_matches('-');
        let inside = |c: char| c.is_alphanumeric() || c == '-';
        if name.is_empty() || before.ends_with(inside) || in_command(before) {
            out.push_str("--");
            at = start + 2;
            continue;
        }
        at = start + 2 + name.len();
        let value = value_of(&text[at..]);
        let (words, taken) = said(name, value);
        out.push_str(&words);
        if taken {
            // The value and what joins it to its option.
            at += 1 + value.len();
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Whether what comes next belongs to a command line that is shown as a whole.
fn in_command(before: &str) -> bool {
    let clause = before.rsplit([';', '(', '\n']).next().unwrap_or_default();
    clause.contains("losscope ")
}

/// What stands behind an option like a value of it: the next word, where it is one for machines.
fn value_of(after: &str) -> &str {
    let Some(next) = after.strip_prefix([' ', '=']) else {
        return "";
    };
    let word = next.split([' ', ';', ')', '(']).next().unwrap_or_default();
    word.trim_end_matches(['.', ',', ':'])
}

/// The words for an option, and whether they say its value too.
fn said(name: &str, value: &str) -> (String, bool) {
    let exact = |c: &&Control| c.option == name && !c.value.is_empty() && c.value == value;
    if let Some(found) = CONTROLS.iter().find(exact) {
        return (found.words.to_owned(), true);
    }
    let any = |c: &&Control| c.option == name && c.value == "*" && is_value(value);
    if let Some(found) = CONTROLS.iter().find(any) {
        return (found.words.replace("{}", value), true);
    }
    let plain = |c: &&Control| c.option == name && c.value.is_empty();
    if let Some(found) = CONTROLS.iter().find(plain) {
        // A value that isn't a word of the sentence goes with its option.
        let taken = value.contains([':', '.']) || value.chars().any(|c| c.is_ascii_uppercase());
        return (found.words.to_owned(), taken);
    }
    (format!("the command line’s option --{name}"), false)
}

/// Whether a word can be the value of an option rather than the sentence going on.
fn is_value(word: &str) -> bool {
    let sentence = [
        "and", "or", "as", "to", "for", "in", "is", "with", "says", "names", "takes",
    ];
    !word.is_empty() && !sentence.contains(&word)
}

/// The newest news with every message in the window's words; made anew only where there are newer.
#[derive(Default)]
pub struct Worded {
    raw: Option<Arc<Snapshot>>,
    worded: Arc<Snapshot>,
}

impl Worded {
    /// The news as a person reads them.
    pub fn of(&mut self, news: Arc<Snapshot>) -> Arc<Snapshot> {
        if !self.raw.as_ref().is_some_and(|raw| Arc::ptr_eq(raw, &news)) {
            self.worded = worded(&news, self.raw.as_deref().map(|raw| (raw, &*self.worded)));
            self.raw = Some(news);
        }
        Arc::clone(&self.worded)
    }

    /// Whether a person has read these news already.
    pub fn have_told(&self, news: &Arc<Snapshot>) -> bool {
        self.raw.as_ref().is_some_and(|raw| Arc::ptr_eq(raw, news))
    }
}

/// News in the window's words; `before`: those before, as they came and as they were told. The log is
/// long and seldom grows, so that it isn't told anew with every surface.
fn worded(news: &Arc<Snapshot>, before: Option<(&Snapshot, &Snapshot)>) -> Arc<Snapshot> {
    let says = |text: &String| text.contains("--");
    let experiment = |e: &Arc<ExperimentFacts>| {
        let reading = &e.model.reading;
        let read = reading.assumptions.iter();
        let mut read = read.flat_map(|a| std::iter::once(&a.text).chain(&a.confirmed));
        let mut all = e.warnings.iter().chain(&e.model.assumptions);
        all.any(says) || reading.confirmed.as_ref().is_some_and(says) || read.any(says)
    };
    let problem = |m: &Arc<MeasureNews>| m.problem.as_ref().is_some_and(says);
    let plain = !news.failure.as_ref().is_some_and(|f| says(&f.message))
        && !news.experiment.as_ref().is_some_and(experiment)
        && !news.measures.iter().any(problem)
        && !news.log.iter().any(|e| says(&e.text));
    if plain {
        return Arc::clone(news);
    }
    let mut told = Snapshot::clone(news);
    told.failure = told.failure.map(|f| Failure {
        message: in_window(&f.message),
        ..f
    });
    if let Some(experiment) = &mut told.experiment {
        let facts = Arc::make_mut(experiment);
        let reading = &mut facts.model.reading;
        let read = reading.assumptions.iter_mut();
        let read = read.flat_map(|a| std::iter::once(&mut a.text).chain(&mut a.confirmed));
        let all = facts
            .warnings
            .iter_mut()
            .chain(&mut facts.model.assumptions)
            .chain(&mut reading.confirmed)
            .chain(read);
        all.for_each(|text| *text = in_window(text));
    }
    for measure in told.measures.iter_mut().filter(|m| problem(m)) {
        let measure = Arc::make_mut(measure);
        measure.problem = measure.problem.as_deref().map(in_window);
    }
    let entry = |e: &Entry| Entry {
        text: in_window(&e.text),
        ..e.clone()
    };
    told.log = match before.filter(|(raw, _)| Arc::ptr_eq(&raw.log, &news.log)) {
        Some((_, before)) => Arc::clone(&before.log),
        None => Arc::new(told.log.iter().map(entry).collect()),
    };
    Arc::new(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_command_line_become_controls_of_the_window() {
        for (text, expected) in [
            (
                "choose --model NAME (mlp, vgg)",
                "choose a family under “Edit: Choose the network…” (mlp, vgg)",
            ),
            (
                "the network has skips: choose --model resnet-cifar",
                "the network has skips: choose resnet-cifar under “Edit: Choose the network…”",
            ),
            (
                "no validation samples; use --split train",
                "no validation samples; use “Training” under Samples and computing: Split",
            ),
            (
                "use --precision f32, or --device flex for f64",
                "use “Single (f32)” under Samples and computing: Precision, or “burn-flex” under Samples and computing: Device for f64",
            ),
            (
                "--memory allows 3 MB",
                "Samples and computing: Memory allows 3 MB",
            ),
            (
                "raise --most-products or --tolerance",
                "raise the command line’s option --most-products or the command line’s option --tolerance",
            ),
            (
                "give four, or use --centring none",
                "give four, or use “Of the offsets” under Plane: Centring",
            ),
            // A command as a whole is for a terminal, and stays what can be typed there.
            (
                "losscope inspect FILE --write-model model.toml writes a start",
                "losscope inspect FILE --write-model model.toml writes a start",
            ),
            ("a -- b --", "a -- b --"),
            ("ends in --x-", "ends in the command line’s option --x-"),
            ("é--π", "é--π"),
        ] {
            assert_eq!(in_window(text), expected);
        }
    }

    #[test]
    fn a_control_is_explained_as_its_option_is() {
        let batch = of_option("statistics-batch");
        assert!(batch.starts_with("Samples a batch"), "{batch}");
        assert!(of_option("key").starts_with("Where in the checkpoints"));
        for control in CONTROLS.iter().filter(|c| !c.value.is_empty()) {
            assert!(!in_window(of_option(control.option)).contains("--"));
        }
    }

    #[test]
    fn every_control_that_is_named_is_one_of_the_window() {
        let window = [
            include_str!("cards.rs"),
            include_str!("weights.rs"),
            include_str!("menu.rs"),
            include_str!("controls/mod.rs"),
            include_str!("controls/plane.rs"),
            include_str!("controls/samples.rs"),
            include_str!("controls/statistics.rs"),
            include_str!("../engine/device.rs"),
        ]
        .concat();
        for control in &CONTROLS {
            let path = control.words.rsplit(" under ").next().unwrap();
            let parts = path.split(": ").map(|p| p.trim_matches(['“', '”']));
            let chosen = control
                .words
                .strip_prefix('“')
                .and_then(|w| w.split_once('”'));
            let chosen = chosen.map(|(value, _)| value).filter(|v| !v.contains(": "));
            for part in parts.chain(chosen) {
                assert!(window.contains(&format!("\"{part}\"")), "{part}");
            }
        }
    }
}
