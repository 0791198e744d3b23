//! Other losses than one of a class a sample, from data files to result files.

use losscope::checkpoint::{Array, Values, safetensors};
use losscope::dataset::{self, DataOptions};
use losscope::engine::result::Numbers;
use losscope::export::npz;
use losscope::landscape::table::Column;
use losscope::model::losses::Score;
use std::path::Path;
use std::process::{Command, Output};

fn losscope(folder: &Path, args: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(args)
        .current_dir(folder)
        .output();
    program.unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = losscope(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said + &String::from_utf8_lossy(&output.stdout)
}

#[track_caller]
fn fails(folder: &Path, args: &[&str], words: &[&str]) {
    let output = losscope(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in: {said}");
    }
}

fn array(shape: &[usize], values: Values) -> Array {
    Array::new(shape.to_vec(), values).unwrap()
}

fn write(folder: &Path, name: &str, arrays: &[(&str, Array)]) {
    let arrays: Vec<(String, Array)> = arrays
        .iter()
        .map(|(name, array)| ((*name).to_owned(), array.clone()))
        .collect();
    safetensors::write(&folder.join(name), &arrays).unwrap();
}

/// The training column of a surface, and what its score is.
fn column(path: &Path) -> (Column, Score) {
    let read = npz::read(path).unwrap();
    let Numbers::Surface(surface) = read.numbers else {
        panic!("{:?}", read.numbers)
    };
    assert_eq!(read.header.model.criterion.score(), surface.table.score);
    (surface.table.train.unwrap(), surface.table.score)
}

/// A surface of the autoencoder, whose half of an input looks as if another scaling of the inputs were meant.
fn surface<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let start = [
        "surface",
        "--at",
        "ae.safetensors",
        "--x=-0.5:0.5:3",
        "--device",
        "flex",
        "--data-normalize",
        "0-1",
    ];
    [&start[..], more].concat()
}

#[test]
fn a_surface_of_an_autoencoder_holds_r2() {
    let dir = tempfile::tempdir().unwrap();
    // Outputs are half of the inputs.
    let mut half = vec![0.0; 64 * 64];
    for i in 0..64 {
        half[65 * i] = 0.5;
    }
    let weight = array(&[64, 64], Values::F64(half));
    let bias = array(&[64], Values::F64(vec![0.0; 64]));
    write(
        dir.path(),
        "ae.safetensors",
        &[("1.weight", weight), ("1.bias", bias)],
    );
    let chosen = ["--loss", "mse:target=input"];
    let outputs = [
        "-o", "s.npz", "-o", "s.csv", "-o", "s.svg", "--metric", "train-r2",
    ];
    let said = succeeds(dir.path(), &surface(&[&chosen[..], &outputs[..]].concat()));
    for words in ["lowest R²", "mean squared error to the input"] {
        assert!(said.contains(words), "{words:?} is missing in: {said}");
    }
    let (found, score) = column(&dir.path().join("s.npz"));
    assert_eq!(score, Score::R2);
    let digits = dataset::open(&DataOptions::default()).unwrap().train;
    let (n, width) = (digits.len() as f64, digits.width());
    let squares: f64 = digits.inputs.iter().map(|x| f64::from(*x).powi(2)).sum();
    let mean = |k: usize| -> f64 {
        let own = digits.inputs.iter().skip(k).step_by(width);
        own.map(|x| f64::from(*x)).sum::<f64>() / n
    };
    let spread = squares - n * (0..width).map(|k| mean(k).powi(2)).sum::<f64>();
    // At the centre of 3 × 3 points, in single precision.
    let loss = squares / 4.0 / (n * width as f64);
    assert!(
        (found.loss[4] / loss - 1.0).abs() < 1e-5,
        "{}",
        found.loss[4]
    );
    let r2 = 1.0 - squares / 4.0 / spread;
    assert!((found.score[4] - r2).abs() < 1e-5, "{}", found.score[4]);
    let csv = std::fs::read_to_string(dir.path().join("s.csv")).unwrap();
    assert!(csv.starts_with("x,y,train_loss,train_r2,validation_loss,validation_r2,computed"));
    let svg = std::fs::read_to_string(dir.path().join("s.svg")).unwrap();
    assert!(svg.contains("Training R²") && !svg.contains("nats"));

    // Another loss is another job; classes are no numbers.
    let resumed = ["--loss", "mae:target=input", "-o", "s.npz", "--resume"];
    fails(dir.path(), &surface(&resumed), &["other options (--loss)"]);
    let wrong = ["--loss", "mse", "-o", "other.npz"];
    fails(
        dir.path(),
        &surface(&wrong),
        &["are classes", "target=input"],
    );
    let unknown = ["--loss", "hinge", "-o", "other.npz"];
    fails(dir.path(), &surface(&unknown), &["hinge", "smooth-l1"]);
}

const WORDS: &str = "
name = 'words'
input = [3]
loss = { kind = 'cross-entropy', ignore = -100 }
[[layer]]
name = 'table'
kind = 'embedding'
weight = 'table'
[[layer]]
name = 'head'
kind = 'linear'
weight = 'head'
";

#[test]
fn a_surface_of_a_classifier_of_positions_is_the_mean_over_those_that_count() {
    let dir = tempfile::tempdir().unwrap();
    // Word w has the logits (w, 0): two classes.
    let table = array(&[4, 1], Values::F64(vec![0.0, 1.0, 2.0, 3.0]));
    let head = array(&[2, 1], Values::F64(vec![1.0, 0.0]));
    write(
        dir.path(),
        "words.safetensors",
        &[("table", table), ("head", head)],
    );
    std::fs::write(dir.path().join("words.toml"), WORDS).unwrap();
    let words: [[i64; 3]; 2] = [[0, 1, 2], [3, 2, 1]];
    let labels: [[i64; 3]; 2] = [[1, 0, -100], [0, -100, 1]];
    let x = array(&[2, 3], Values::I64(words.concat()));
    let y = array(&[2, 3], Values::I64(labels.concat()));
    write(dir.path(), "data.safetensors", &[("x", x), ("y", y)]);
    let said = succeeds(
        dir.path(),
        &[
            "surface",
            "--at",
            "words.safetensors",
            "--model",
            "words.toml",
            "--data",
            "data.safetensors",
            "--x=-0.5:0.5:3",
            "--device",
            "flex",
            "-o",
            "s.npz",
        ],
    );
    assert!(said.contains("label -100 ignored"), "{said}");
    let (found, score) = column(&dir.path().join("s.npz"));
    assert_eq!(score, Score::Accuracy);
    let (mut sum, mut right, mut count) = (0.0, 0.0, 0.0);
    for (word, label) in words.concat().into_iter().zip(labels.concat()) {
        let z = word as f64;
        if label >= 0 {
            sum += z.exp().ln_1p() - if label == 0 { z } else { 0.0 };
            // The first of equals is the answer.
            right += f64::from(u8::from(label == 0));
            count += 1.0;
        }
    }
    assert!(
        (found.loss[4] - sum / count).abs() < 1e-6,
        "{}",
        found.loss[4]
    );
    assert_eq!(found.score[4], right / count);
    // Measures of the same network take the same mean.
    succeeds(
        dir.path(),
        &[
            "noise",
            "words.safetensors",
            "--model",
            "words.toml",
            "--data",
            "data.safetensors",
            "--device",
            "flex",
        ],
    );
}

#[test]
fn numbers_in_the_data_make_a_regression_and_it_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let weight = array(&[3, 2], Values::F64(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0]));
    let bias = array(&[3], Values::F64(vec![0.0; 3]));
    write(
        dir.path(),
        "r.safetensors",
        &[("1.weight", weight), ("1.bias", bias)],
    );
    let x = array(
        &[4, 2],
        Values::F32(vec![0.5, 1.0, -1.0, 2.0, 0.0, 0.25, 3.0, -2.0]),
    );
    let y = vec![
        0.5, 1.0, 1.5, -1.0, 2.0, 1.0, 0.0, 0.25, 0.25, 3.0, -2.0, 2.0,
    ];
    let y = array(&[4, 3], Values::F32(y));
    write(dir.path(), "data.safetensors", &[("x", x), ("y", y)]);
    let line = [
        "surface",
        "--at",
        "r.safetensors",
        "--data",
        "data.safetensors",
    ];
    let rest = ["--x=-0.5:0.5:3", "--device", "flex", "-v", "-o", "s.npz"];
    let said = succeeds(dir.path(), &[&line[..], &rest[..]].concat());
    assert!(
        said.contains("targets are numbers: mean squared error"),
        "{said}"
    );
    let (found, _) = column(&dir.path().join("s.npz"));
    // One target of twelve is off, by 1.
    assert!(
        (found.loss[4] - 1.0 / 12.0).abs() < 1e-7,
        "{}",
        found.loss[4]
    );
    assert!(found.score[4] > 0.9 && found.score[4] < 1.0);
    let classes = [&line[..], &["--loss", "cross-entropy", "-o", "c.npz"][..]].concat();
    fails(dir.path(), &classes, &["targets of the data are numbers"]);
}
