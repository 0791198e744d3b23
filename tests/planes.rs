//! Planes towards the worst point of a box, as a user of the command line meets them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use serde_json::Value;
use std::process::{Command, Output};

fn losscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(args)
        .output()
        .unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = losscope(&[args, &["--json", "--device", "flex"]].concat());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(args: &[&str], code: i32, word: &str) {
    let output = losscope(args);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(words.contains(word), "{word:?} is missing in: {words}");
}

/// At 1 along the first direction the loss is what the sharpness says of the box; a random corner of
/// the same box is far less steep.
#[test]
fn the_worst_point_of_a_box_stands_at_one() {
    let epsilon = "1e-3";
    let found = json(&[
        "surface",
        "--at",
        "builtin:large",
        "--directions",
        "worst:1e-3",
        "--x=-1:1:3",
        "--split",
        "train",
        "--precision",
        "f64",
    ]);
    let loss = |y: usize, x: usize| found["train_loss"][y][x].as_f64().unwrap();
    let centre = loss(1, 1);
    let phi = 100.0 * (loss(1, 2) - centre) / (1.0 + centre);
    let report = json(&[
        "sharpness",
        "builtin:large",
        "--epsilon",
        epsilon,
        "--measures",
        "none",
        "--precision",
        "f64",
    ]);
    let best = report["results"][0]["boxes"][0]["phi"].as_f64().unwrap();
    assert!(phi > 0.97 * best, "{phi} of {best}");
    assert!(loss(2, 1) - centre < 0.2 * (loss(1, 2) - centre));
    let mark = &found["recipe"]["marks"][1];
    assert_eq!(mark["label"], "worst point");
    assert!((mark["coordinate"][0].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let rule = found["recipe"]["axes"][0]["rule"].as_str().unwrap();
    assert!(
        rule.contains("worst point") && rule.contains("Keskar"),
        "{rule}"
    );
}

#[test]
fn boxes_without_a_size_and_scaled_worst_points_are_refused() {
    for box_ in ["worst:0", "worst:-1e-3", "worst:", "worst:nan"] {
        refused(&["surface", "--directions", box_], 2, "positive number");
    }
    let scaled = [
        "surface",
        "--directions",
        "worst:1e-3",
        "--normalize",
        "filter",
    ];
    refused(&scaled, 2, "--normalize");
}

/// Near a minimizer the smallest eigenvalue ends a dense bulk, and is found last: the map must not
/// stop before it.
#[test]
fn the_centre_of_a_map_is_what_the_table_says_of_the_checkpoint() {
    for file in ["builtin:small", "builtin:large"] {
        let found = json(&["curvature", file, "--map=-1:1:3"]);
        let eigenvalues = &found["eigenvalues"];
        let value = |v: &Value| v["value"].as_f64().unwrap();
        let ratio = (value(&eigenvalues["smallest"]) / value(&eigenvalues["top"][0])).abs();
        let centre = found["map"]["ratio"][4].as_f64().unwrap();
        assert!(
            (centre / ratio - 1.0).abs() < 0.01,
            "{file}: {centre} for {ratio}"
        );
    }
}

#[test]
fn train_mode_is_said_wherever_it_was_used() {
    let folder = tempfile::tempdir().unwrap();
    let figure = folder.path().join("map.svg");
    let network = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/models/resnet8/sb.pt"
    );
    let train = [
        "--samples",
        "40",
        "--statistics",
        "train",
        "--device",
        "flex",
    ];
    let map = ["--top", "1", "--map=-1:1:2", "-o", figure.to_str().unwrap()];
    let output = losscope(&[&["curvature", network], &train[..], &map[..]].concat());
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let drawn = std::fs::read_to_string(figure).unwrap();
    assert!(
        printed.contains("train mode") && drawn.contains("train mode"),
        "{printed}"
    );
    assert!(!drawn.contains("frozen"));
    let quick = [
        "--epsilon",
        "1e-3",
        "--iterations",
        "1",
        "--measures",
        "none",
    ];
    let output = losscope(&[&["sharpness", network], &train[..], &quick[..]].concat());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("train mode")
    );
}
