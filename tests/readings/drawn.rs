//! Networks that were drawn afresh, counted: how many are read right, asked about, read as another.
//!
//! They lie in no repository: `tests/fixtures/readings/make.py SEED COUNT FOLDER` makes some, and
//!
//! ```text
//! LOSSCOPE_DRAWN=FOLDER cargo test --release --test readings -- --ignored --nocapture drawn
//! ```
//!
//! opens each with its own data, as a person would, and prints a line for each and a table of the kinds. With
//! `LOSSCOPE_LEFT_OUT=1` the readings that give a network's own loss are left out, as if nobody had thought of it: then the
//! only right outcome is a question.

use super::random::evaluated;
use losscope::checkpoint;
use losscope::dataset::{self, DataOptions};
use losscope::engine::reading::{Scene, choose};
use losscope::error::Error;
use losscope::model::family::{Hints, readings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What becomes of a network.
const OUTCOMES: [&str; 4] = ["right", "near", "asked", "wrong"];

/// Which of [`OUTCOMES`] a network has, and the words that it is told with. Near: an activation of nearly the same
/// shape was taken, and the reading says that the two can't be told apart.
fn outcome(folder: &Path, number: &str, wanted: f64) -> (usize, String) {
    let path = |end: &str| folder.join(format!("{number}.{end}"));
    let options = DataOptions {
        data: path("npz").display().to_string(),
        ..DataOptions::default()
    };
    let data = dataset::open(&options).unwrap();
    let state = checkpoint::open(&path("pt")).unwrap();
    let hints = Hints {
        input: Some(&data.train.shape),
        classes: Some(10),
        modules: &[],
    };
    let scene = Scene {
        model: "auto",
        loss: None,
        state: &state,
        data: &data,
        options: &options,
        watch: &|_| {},
    };
    let mut all = match readings("auto", &state, &hints) {
        Ok(all) => all,
        // A refusal takes nothing for another.
        Err(refused) => return (2, refused.to_string()),
    };
    let is_own = |loss: f64| (loss - wanted).abs() <= 5e-4 * wanted;
    if std::env::var_os("LOSSCOPE_LEFT_OUT").is_some() {
        all.retain(|reading| !is_own(evaluated(reading, &state, &data.train)));
        if all.is_empty() {
            return (2, "nothing is left".to_owned());
        }
    }
    let chosen = match choose(&all, &scene) {
        Ok(chosen) => chosen,
        Err(Error::Undecided(question)) => return (2, question.text),
        Err(other) => return (2, other.to_string()),
    };
    let loss = evaluated(&chosen.found, &state, &data.train);
    let off = (loss - wanted).abs() / wanted;
    let mut assumptions = chosen.reading.assumptions.iter();
    let open = assumptions.any(|a| a.text.contains("can't be told"));
    let outcome = match off {
        _ if is_own(loss) => 0,
        off if off <= 0.05 && open => 1,
        _ => 3,
    };
    let told = chosen.reading.lines().first().cloned().unwrap_or_default();
    let words = format!("{told}, loss {loss} for {wanted}");
    (outcome, words)
}

#[test]
#[allow(clippy::print_stdout, reason = "counts are to be read")]
#[ignore = "counts networks of a folder that LOSSCOPE_DRAWN names"]
fn drawn_networks_are_counted() {
    let folder = PathBuf::from(std::env::var_os("LOSSCOPE_DRAWN").unwrap());
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut kinds: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for (number, known) in expected.as_object().unwrap() {
        let (found, words) = outcome(&folder, number, known["loss"].as_f64().unwrap());
        println!("{number}\t{}\t{}\t{words}", OUTCOMES[found], known["words"]);
        let kind = known["kind"].as_str().unwrap().to_owned();
        for kind in [kind, "all".to_owned()] {
            kinds.entry(kind).or_default()[found] += 1;
        }
    }
    println!("\n{OUTCOMES:?}");
    for (kind, counts) in &kinds {
        println!("{kind}: {counts:?}");
    }
    assert_eq!(kinds["all"][3], 0, "read as another network");
}
