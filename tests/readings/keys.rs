//! Keys ask for exactly one reading, and names that speak of more than a chain has rule it out.

use losscope::checkpoint::{Array, Source, StateDict, Values};
use losscope::model::family::{Hints, ModuleClass, Recognised, readings};

/// A checkpoint of zeros with these tensors.
pub fn state(shapes: &[(&str, &[usize])]) -> StateDict {
    let tensor = |(name, shape): &(&str, &[usize])| {
        let values = Values::F32(vec![0.0; shape.iter().product()]);
        (
            (*name).to_owned(),
            Array::new(shape.to_vec(), values).unwrap(),
        )
    };
    StateDict {
        tensors: shapes.iter().map(tensor).collect(),
        source: Source {
            path: "test.pt".into(),
            format: String::new(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        unreadable: Vec::new(),
        warnings: Vec::new(),
        told: losscope::checkpoint::Told::default(),
    }
}

const MLP: &[(&str, &[usize])] = &[
    ("inp.weight", &[16, 64]),
    ("inp.bias", &[16]),
    ("mid.weight", &[16, 16]),
    ("mid.bias", &[16]),
    ("out.weight", &[10, 16]),
    ("out.bias", &[10]),
];

const DIGITS: Hints<'static> = Hints {
    input: Some(&[1, 8, 8]),
    classes: Some(10),
    modules: &[],
};

fn all(shapes: &[(&str, &[usize])], model: &str, hints: &Hints) -> Vec<Recognised> {
    readings(model, &state(shapes), hints).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_key_asks_for_its_reading_alone() {
    let found = all(MLP, "auto", &DIGITS);
    assert!(found.len() > 20, "{}", found.len());
    for reading in &found {
        for key in [reading.key(), reading.key_among(&found)] {
            let again = all(MLP, &key, &DIGITS);
            assert_eq!(again.len(), 1, "{key}");
            assert_eq!(again[0].graph, reading.graph, "{key}");
        }
    }
}

#[test]
fn a_family_named_alone_is_what_its_sentence_says() {
    let found = all(MLP, "mlp", &DIGITS);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].phrase(), "ReLU");
    let error = |model: &str| {
        readings(model, &state(MLP), &DIGITS)
            .unwrap_err()
            .to_string()
    };
    let text = error("mlp:activation=swoosh");
    assert!(
        text.contains("activation can be") && text.contains("gelu"),
        "{text}"
    );
    assert!(error("mlp:pool=max").contains("no choice called \"pool\""));
    assert!(error("mlp:activation").contains("CHOICE=VALUE"));
}

#[test]
fn classes_of_modules_settle_the_activation() {
    let gelu = [ModuleClass {
        path: "act".into(),
        class: "GELU".into(),
        attributes: Vec::new(),
    }];
    let hints = Hints {
        modules: &gelu,
        ..DIGITS
    };
    let found = all(MLP, "auto", &hints);
    assert!(
        found
            .iter()
            .all(|r| r.choice("activation").unwrap().value == "gelu")
    );
}

#[test]
fn names_that_speak_of_more_rule_a_chain_out() {
    for (name, words) in [
        ("gate", "gates"),
        ("attn.qkv", "attention"),
        ("criterion", "loss"),
        ("ema.mid", "average"),
    ] {
        let weight = format!("{name}.weight");
        let mut shapes = MLP.to_vec();
        shapes[2].0 = &weight;
        let bias = format!("{name}.bias");
        shapes[3].0 = &bias;
        let error = readings("auto", &state(&shapes), &DIGITS)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(words) && error.contains("--model"),
            "{error}"
        );
    }
    // A name that speaks of skips leaves the readings that have some.
    let mut shapes = MLP.to_vec();
    (shapes[2].0, shapes[3].0) = ("res.weight", "res.bias");
    let found = all(&shapes, "auto", &DIGITS);
    assert!(
        found
            .iter()
            .all(|r| r.choice("skip").unwrap().value != "none")
    );
}

#[test]
fn what_gives_back_as_much_as_it_takes_is_no_classifier() {
    let shapes: &[(&str, &[usize])] = &[
        ("a.weight", &[8, 64]),
        ("a.bias", &[8]),
        ("b.weight", &[64, 8]),
        ("b.bias", &[64]),
    ];
    let error = readings("auto", &state(shapes), &DIGITS)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("autoencoder") && error.contains("64"),
        "{error}"
    );
}

#[test]
fn a_mean_over_the_map_is_never_enough_by_itself() {
    let shapes: &[(&str, &[usize])] = &[
        ("conv1.weight", &[8, 1, 3, 3]),
        ("conv1.bias", &[8]),
        ("conv2.weight", &[8, 8, 3, 3]),
        ("conv2.bias", &[8]),
        ("fc.weight", &[10, 8]),
        ("fc.bias", &[10]),
    ];
    let found = all(shapes, "auto", &DIGITS);
    let mean = |r: &&Recognised| r.choice("end").unwrap().value == "mean";
    let doubted: Vec<&Recognised> = found.iter().filter(mean).collect();
    assert!(!doubted.is_empty());
    assert!(doubted.iter().all(|r| r.doubt.is_some()));
}

#[test]
fn numbers_of_a_sequential_leave_no_room_for_skips_or_norms_elsewhere() {
    let shapes: &[(&str, &[usize])] = &[
        ("0.weight", &[16, 64]),
        ("0.bias", &[16]),
        ("2.weight", &[16, 16]),
        ("2.bias", &[16]),
        ("4.weight", &[10, 16]),
        ("4.bias", &[10]),
    ];
    let found = all(shapes, "auto", &DIGITS);
    assert!(
        found
            .iter()
            .all(|r| r.choice("skip").unwrap().value == "none")
    );
}
