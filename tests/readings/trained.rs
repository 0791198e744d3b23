//! Small networks that PyTorch has trained a little, some of them no reading at all: each is read as it is, or asked about.
//!
//! `tests/fixtures/readings/make.py` made them. Three were once taken for another network: norms that follow skips are
//! no reading, and the nearest of the others won by far statistics, or by an accuracy that it had by chance.

use super::random::evaluated;
use losscope::checkpoint::{self, npz};
use losscope::dataset::{self, DataOptions, Dataset, Samples};
use losscope::engine::reading::{Scene, choose};
use losscope::error::Error;
use losscope::model::family::{Hints, readings};
use std::path::{Path, PathBuf};

const HELD_OUT: usize = 300;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/readings"
    ))
    .join(name)
}

/// The digits that a network was trained on, with its labels, and those held out.
fn data(digits: &Dataset, labels: &[f64]) -> Dataset {
    let all = &digits.train;
    let part = |range: std::ops::Range<usize>, labels: Vec<u32>| {
        Samples::labelled(all.shape.clone(), all.rows(range).unwrap().to_vec(), labels)
    };
    let count = labels.len();
    let class = |label: &f64| {
        let place = (0..10).find(|class| f64::from(*class) == *label);
        place.unwrap()
    };
    let held_out = count..count + HELD_OUT;
    Dataset {
        train: part(0..count, labels.iter().map(class).collect()),
        validation: Some(part(
            held_out.clone(),
            all.labels().unwrap()[held_out].to_vec(),
        )),
        ..digits.clone()
    }
}

#[test]
fn trained_networks_are_read_right_or_asked() {
    let options = DataOptions {
        data: concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/data/digits.npz"
        )
        .into(),
        normalize: dataset::Normalize::None,
        ..DataOptions::default()
    };
    let digits = dataset::open(&options).unwrap();
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let labels = npz::read_arrays(&fixture("labels.npz")).unwrap();
    let mut right = 0;
    for (number, known) in expected.as_object().unwrap() {
        let (_, own) = labels.iter().find(|(name, _)| name == number).unwrap();
        let data = data(&digits, &own.to_f64());
        let state = checkpoint::open(&fixture(&format!("{number}.pt"))).unwrap();
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
        match choose(&readings("auto", &state, &hints).unwrap(), &scene) {
            Ok(chosen) => {
                let loss = evaluated(&chosen.found, &state, &data.train);
                let wanted = known["loss"].as_f64().unwrap();
                let open = chosen
                    .reading
                    .assumptions
                    .iter()
                    .any(|a| a.text.contains("can't be told"));
                let near = if open { 0.05 } else { 5e-4 };
                assert!(
                    (loss - wanted).abs() <= near * wanted,
                    "{}: {loss} instead of {wanted}, {:#?}",
                    known["words"],
                    chosen.reading
                );
                right += 1;
            }
            Err(Error::Undecided(question)) => {
                assert!(question.answers.len() > 1, "{}", question.text);
            }
            Err(other) => panic!("{}: {other}", known["words"]),
        }
    }
    assert!(right >= 1, "{right} decided");
}

/// What is tried is told, for whoever waits.
#[test]
fn what_is_tried_is_told() {
    let told = std::cell::RefCell::new(Vec::new());
    let state = checkpoint::open(&fixture("0.pt")).unwrap();
    let options = DataOptions::default();
    let data = dataset::open(&options).unwrap();
    let hints = Hints {
        input: Some(&data.train.shape),
        classes: Some(10),
        modules: &[],
    };
    let all = readings("auto", &state, &hints).unwrap();
    let scene = Scene {
        model: "auto",
        loss: None,
        state: &state,
        data: &data,
        options: &options,
        watch: &|words| told.borrow_mut().push(words.to_owned()),
    };
    drop(choose(&all, &scene));
    let told = told.into_inner();
    let count = format!("of up to {}: mlp:", all.len());
    assert!(
        told[0].starts_with("Trying network 1 ") && told[0].contains(&count),
        "{}",
        told[0]
    );
    assert!(told.len() > 2);
}
