//! `curvature`, `noise`, `distance` over folders and planes along eigenvectors, as a user meets them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Measures of the catalogue.
#[path = "curvature/catalogue.rs"]
mod catalogue;
#[path = "common/named.rs"]
mod named;

use losscope::checkpoint::{self, Array, Values, npz, safetensors};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn losscope(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(named::named(args))
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a run that must succeed printed.
#[track_caller]
fn prints(args: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = losscope(dir.path(), args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn json(args: &[&str]) -> Value {
    serde_json::from_str(&prints(&[args, &["--json"]].concat())).unwrap()
}

/// Fails with this exit code and one error that has all the words.
#[track_caller]
fn fails(args: &[&str], code: i32, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let output = losscope(dir.path(), args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is missing in: {stderr}");
    }
}

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn curvature_of_the_mlp_is_the_reference() {
    let found = json(&["curvature", &fixture("models/mlp/sb.pt")]);
    let top = found["eigenvalues"]["top"].as_array().unwrap();
    let expected = [2.741_381, 2.350_671, 1.941_619, 1.747_170, 1.058_648];
    assert_eq!(top.len(), expected.len());
    for (pair, expected) in top.iter().zip(expected) {
        // One per cent is what single precision is trusted with.
        assert!(
            (number(&pair["value"]) / expected - 1.0).abs() < 1e-2,
            "{pair}"
        );
        assert_eq!(pair["converged"], true);
    }
    assert!(number(&found["eigenvalues"]["smallest"]["value"]) < 0.0);
    let header = &found["recipe"];
    assert_eq!(header["losscope"], env!("CARGO_PKG_VERSION"));
    assert_eq!(header["complete"], true);
    assert_eq!(
        (header["job"]["seed"].as_u64(), header["samples"].as_u64()),
        (Some(0), Some(1437))
    );
    assert_eq!(header["split"], "training");
    assert_eq!(found["checkpoints"], Value::Null);
    assert_eq!(header["checkpoints"].as_array().unwrap().len(), 1);
    assert!(header["caution"].as_str().unwrap().contains("Dinh"));
    for unasked in ["trace", "density", "map", "variation"] {
        assert_eq!(found[unasked], Value::Null, "{unasked}");
    }
}

#[test]
fn the_built_in_large_batch_minimizer_bends_more() {
    let largest = |file: &str| {
        let found = json(&["curvature", file, "--top", "1"]);
        number(&found["eigenvalues"]["top"][0]["value"])
    };
    assert!(largest("builtin:large") > largest("builtin:small"));
}

/// Everything at once, on a few samples; the same seed gives the same numbers.
#[test]
fn every_measure_of_curvature_is_there_when_asked_for() {
    let args = [
        "curvature",
        "builtin:large",
        "--samples",
        "100",
        "--top",
        "2",
        "--trace",
        "--probes",
        "8",
        "--density",
        "--density-probes",
        "2",
        "--density-steps",
        "10",
        "--along-gradient",
        "0.01:1:4",
        "--to",
        "builtin:small",
        "--alpha=-0.5:1:4",
        "--map=-1:1:3",
        "--seed",
        "3",
    ];
    let found = json(&args);
    assert_eq!(found["trace"]["products"], 8);
    assert_eq!(found["density"]["nodes"].as_array().unwrap().len(), 20);
    let mass: f64 = found["density"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| number(&node[1]))
        .sum();
    assert!((mass - 1.0).abs() < 1e-6);
    assert_eq!(found["along_gradient"].as_array().unwrap().len(), 4);
    assert!(number(&found["variation"]["effective_smoothness"]) > 0.0);
    let line = found["line"].as_array().unwrap();
    assert_eq!(line.len(), 4);
    assert!(
        (number(&line[1]["value"]) / number(&found["loss"]) - 1.0).abs() < 1e-6,
        "α = 0 is here"
    );
    let ratios = found["map"]["ratio"].as_array().unwrap();
    assert_eq!(ratios.len(), 9);
    let centre = &found["eigenvalues"];
    let expected = number(&centre["smallest"]["value"]) / number(&centre["top"][0]["value"]);
    // Its own Lanczos stops at another product: within the tolerance on λ_min, 1e-3 λ_max.
    assert!(
        (number(&ratios[4]) - expected.abs()).abs() < 2e-3,
        "{} {expected}",
        ratios[4]
    );
    let again = json(&args);
    for part in ["eigenvalues", "trace", "density", "map", "line"] {
        assert_eq!(found[part], again[part], "{part}");
    }
    let other = json(&[
        "curvature",
        "--samples",
        "100",
        "--top",
        "0",
        "--trace",
        "--probes",
        "8",
        "--seed",
        "4",
    ]);
    assert_ne!(other["trace"], found["trace"]);
    assert_eq!(other["eigenvalues"], Value::Null);
}

#[test]
fn curvature_prints_a_table_and_a_caution() {
    let text = prints(&[
        "curvature",
        "--trace",
        "--probes",
        "4",
        "--map=-1:1:2",
        "--samples",
        "50",
    ]);
    for words in [
        "largest 5",
        "smallest",
        "|λ_min/λ_max|",
        "trace",
        "± ",
        "caution:",
        "MLP 64-128-64-10",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
}

#[test]
fn results_are_written_as_they_are_printed() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["curvature", "noise"] {
        let file = format!("{command}.json");
        let output = losscope(
            dir.path(),
            &[command, "--samples", "60", "-o", &file, "--json"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let written = std::fs::read_to_string(dir.path().join(&file)).unwrap();
        let (written, printed): (Value, Value) = (
            serde_json::from_str(&written).unwrap(),
            serde_json::from_str(&text(&output.stdout)).unwrap(),
        );
        assert_eq!(written, printed);
    }
}

#[test]
fn ctrl_c_keeps_what_was_measured() {
    let child = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args([
            "curvature",
            &fixture("models/resnet20/sb.pt.gz"),
            "--top",
            "0",
            "--trace",
            "--probes",
            "1000000",
            "--json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(8));
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(found["recipe"]["complete"], false);
    assert!(found["trace"]["products"].as_u64().unwrap() >= 1);
}

/// What is stopped goes beside a finished result, never in its place, and leaves with the next one.
#[test]
#[cfg(unix)]
fn a_stopped_measure_leaves_a_finished_one_alone() {
    let rows: [(&[&str], &[&str]); 2] = [
        (
            &["curvature", "--top", "0", "--trace", "--probes", "1000000"],
            &["curvature", "--top", "1"],
        ),
        (
            &["noise", "--estimate", "--repeats", "1000000"],
            &["noise", "--curvature-probes", "0"],
        ),
    ];
    for (long, short) in rows {
        let dir = tempfile::tempdir().unwrap();
        let files = ["--samples", "60", "-o", "m.json", "-o", "m.npz"];
        let file = |name: &str| dir.path().join(name);
        for name in ["m.json", "m.npz"] {
            std::fs::write(file(name), "finished").unwrap();
        }
        let child = Command::new(env!("CARGO_BIN_EXE_losscope"))
            .args(long)
            .args(files)
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_secs(3));
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("wrote m.partial.json"), "{said}");
        for name in ["m.json", "m.npz"] {
            assert_eq!(std::fs::read(file(name)).unwrap(), b"finished");
        }
        let partial = std::fs::read_to_string(file("m.partial.json")).unwrap();
        let partial: Value = serde_json::from_str(&partial).unwrap();
        assert_eq!(partial["recipe"]["complete"], false);
        assert!(file("m.partial.npz").exists());

        // Nothing is begun that would take the place of what is kept.
        for (args, words) in [(long, "this very job"), (short, "another job")] {
            let output = losscope(dir.path(), &[args, &files].concat());
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(
                said.contains("m.partial.json") && said.contains(words),
                "{said}"
            );
        }
        for name in ["m.partial.json", "m.partial.npz"] {
            std::fs::remove_file(file(name)).unwrap();
        }

        let output = losscope(dir.path(), &[short, &files].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let whole = std::fs::read_to_string(file("m.json")).unwrap();
        let whole: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(whole["recipe"]["complete"], true);
        assert!(!file("m.partial.json").exists() && !file("m.partial.npz").exists());
    }
}

#[test]
fn batches_larger_than_the_samples_are_named() {
    let few = ["noise", "--samples", "60", "--curvature-probes", "0"];
    let warnings = |more: &[&str]| {
        let found = json(&[&few[..], more].concat());
        found["recipe"]["warnings"].to_string()
    };
    let said = warnings(&["--batches", "8,100,60,2000"]);
    assert!(said.contains("--batches 100,2000: left out") && said.contains("only 60"));
    let said = warnings(&["--batches", "8,60"]);
    assert!(!said.contains("left out"), "{said}");
    // Nobody asked for the usual ones by name.
    let said = warnings(&[]);
    assert!(!said.contains("left out"), "{said}");
}

#[test]
fn noise_of_the_mlp_is_the_reference() {
    let found = json(&["noise", &fixture("models/mlp/sb.pt"), "--estimate"]);
    let total = &found["exact"]["total"];
    assert!(
        (number(&total["scale"]) / 262.701_571 - 1.0).abs() < 1e-3,
        "{total}"
    );
    let interval = &found["estimate"]["interval"];
    assert!(
        number(&interval[0]) < 262.7 && number(&interval[1]) > 262.7,
        "{interval}"
    );
    assert!(number(&found["curved"]["scale"]) > 0.0);
    let rows = found["batches"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let (batch, scale) = (number(&row["batch"]), number(&total["scale"]));
        assert!((number(&row["steps"]) - 1.0 - scale / batch).abs() < 1e-9 * scale);
        let product = (number(&row["steps"]) - 1.0) * (number(&row["examples"]) - 1.0);
        assert!(
            (product - 1.0).abs() < 1e-9,
            "(S/S_min − 1)(E/E_min − 1) = 1"
        );
        assert!((number(&row["sgd_noise"]) - 0.1 * (1437.0 / batch - 1.0)).abs() < 1e-9);
    }
    assert!((number(&rows[0]["alignment"]["alignment"]["mean"]) - 1.0).abs() < 1e-5);
    let layers = found["layers"].as_array().unwrap();
    assert_eq!(
        layers
            .iter()
            .map(|l| l["name"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["1", "3", "5"]
    );
    // S = 100 + 20,000/B
    let runs = [
        "noise",
        "--samples",
        "100",
        "--reached",
        "100:300,200:200,50:500",
    ];
    let tradeoff = &json(&runs)["tradeoff"];
    assert!(
        (number(&tradeoff["critical_batch"]) - 200.0).abs() < 1e-6,
        "{tradeoff}"
    );
    let text = prints(&runs);
    for words in [
        "B_crit",
        "B_simple",
        "B_noise",
        "SGD noise",
        "‖θ‖/‖∇‖",
        "caution:",
    ] {
        assert!(text.contains(words), "{words:?} is missing in {text}");
    }
}

#[test]
fn distances_of_runs_are_curves_and_their_ratio() {
    let run = fixture("trajectory/epochs");
    let (init, last) = (fixture("models/mlp/init.pt"), fixture("models/mlp/sb.pt"));
    let found = json(&["distance", &run, &run, "--from", &init]);
    let runs = found["runs"].as_array().unwrap();
    let curve = runs[0]["curve"]["from_start"].as_array().unwrap();
    assert_eq!((runs.len(), curve.len()), (2, 7));
    // The whole distance of the run, as `distance` has it for files.
    let of_files = json(&["distance", &last, "--from", &init]);
    let whole = number(&of_files["distances"][0]["distance"]["total"]);
    assert!((number(&curve[6]) / whole - 1.0).abs() < 1e-9);
    assert_eq!(found["ratio"]["from_start"][6], 1.0);
    let alone = prints(&["distance", &run]);
    assert!(
        alone.contains("its first checkpoint") && alone.contains("way so far"),
        "{alone}"
    );
}

/// Along an eigenvector the loss bends by its eigenvalue: f(±t) ≈ f + λt²/2, the third order of which
/// the mean of both sides cancels.
#[test]
fn a_plane_along_eigenvectors_bends_by_their_eigenvalues() {
    let centre = fixture("models/mlp/sb.pt");
    let found = json(&[
        "surface",
        "--at",
        &centre,
        "--directions",
        "hessian",
        "--x=-0.005:0.005:3",
        "--y=-0.005:0.005:3",
        "--split",
        "train",
        "--precision",
        "f64",
    ]);
    let recipe = &found["recipe"];
    for norm in recipe["geometry"]["norms"].as_array().unwrap() {
        assert!((number(norm) - 1.0).abs() < 1e-9);
    }
    assert!(number(&recipe["geometry"]["cosine"]).abs() < 1e-9);
    let label = recipe["axes"][0]["label"].as_str().unwrap();
    assert!(label.contains("λ = 2.74"), "{label}");
    let loss = |y: usize, x: usize| number(&found["train_loss"][y][x]);
    let bend = |ahead: f64, behind: f64| (ahead + behind - 2.0 * loss(1, 1)) / (0.005 * 0.005);
    for (bend, eigenvalue) in [
        (bend(loss(1, 2), loss(1, 0)), 2.741_381),
        (bend(loss(2, 1), loss(0, 1)), 2.350_671),
    ] {
        assert!(
            (bend / eigenvalue - 1.0).abs() < 0.02,
            "{bend} for {eigenvalue}"
        );
    }
}

#[test]
fn contradictions_and_slips_are_wrong_usage() {
    let run = fixture("trajectory/epochs");
    let rows: [(&[&str], &[&str]); 12] = [
        (&["curvature", "--alpha=0:1:5"], &["required", "--to"]),
        (
            &["curvature", "--tolerance", "2"],
            &["--tolerance", "from 10⁻¹⁵ to 0.5"],
        ),
        (&["curvature", "--probes", "0"], &["--probes"]),
        (&["curvature", "--map=-1:1:500"], &["--map", "201"]),
        (&["curvature", "-o", "c.vtk"], &[".json", ".npz", ".png"]),
        (
            &["curvature", "--trace", "-o", "c.png"],
            &["--density", "--map", "--to", "--along-gradient"],
        ),
        (&["noise", "--batches", "4,0"], &["--batches"]),
        (&["noise", "--learning-rate", "0"], &["--learning-rate"]),
        (&["noise", "--parts", "1"], &["--parts"]),
        (&["noise", "--reached", "64"], &["BATCH:STEPS"]),
        (&["distance", &run, "builtin:small"], &["folders"]),
        (
            &[
                "surface",
                "--directions",
                "hessian",
                "--normalize",
                "filter",
            ],
            &["--normalize"],
        ),
    ];
    for (args, words) in rows {
        fails(args, 2, words);
    }
    fails(
        &["curvature", &fixture("formats/broken/nan_weight.pt")],
        1,
        &["finite"],
    );
    fails(&["noise", &fixture("formats/broken/text.pt")], 1, &[]);
}

/// The first `count` training digits as a file, all values times `factor`.
fn digits(folder: &Path, count: usize, factor: f64) -> String {
    let arrays = npz::read_arrays(Path::new(&fixture("data/digits.npz"))).unwrap();
    let first = |name: &str| {
        let (_, array) = arrays.iter().find(|(n, _)| n == name).unwrap();
        let mut shape = array.shape().to_vec();
        shape[0] = count;
        let values = array.to_f64()[..shape.iter().product()].to_vec();
        (shape, values)
    };
    let (shape, inputs) = first("x_train");
    let inputs = inputs.iter().map(|x| factor * x).collect();
    let inputs = Array::new(shape, Values::F64(inputs)).unwrap();
    let (shape, labels) = first("y_train");
    let labels = labels.iter().map(|l| *l as i64).collect();
    let labels = Array::new(shape, Values::I64(labels)).unwrap();
    let path = folder.join("digits.safetensors");
    let all = [("x_train".to_owned(), inputs), ("y_train".into(), labels)];
    safetensors::write(&path, &all).unwrap();
    path.display().to_string()
}

/// The small-batch minimizer with its tensors changed, as a file.
fn changed(folder: &Path, change: impl Fn(&str, f64) -> f64) -> String {
    let state = checkpoint::open(Path::new(&fixture("models/mlp/sb.pt"))).unwrap();
    let edit = |(name, array): &(String, Array)| {
        let values = array.to_f64().iter().map(|v| change(name, *v)).collect();
        let array = Array::new(array.shape().to_vec(), Values::F64(values)).unwrap();
        (name.clone(), array)
    };
    let tensors: Vec<_> = state.tensors.iter().map(edit).collect();
    let path = folder.join("changed.safetensors");
    safetensors::write(&path, &tensors).unwrap();
    path.display().to_string()
}

#[test]
fn gradients_that_overflow_have_no_noise() {
    let dir = tempfile::tempdir().unwrap();
    let data = digits(dir.path(), 50, 1e20);
    let sb = fixture("models/mlp/init.pt");
    let words = ["isn't finite", "no noise", "--precision f64"];
    fails(&["noise", &sb, "--data", &data], 1, &words);
    let found = json(&["noise", &sb, "--data", &data, "--precision", "f64"]);
    assert!(number(&found["exact"]["total"]["covariance_trace"]) > 0.0);
    let huge = changed(dir.path(), |_, v| 1e20 * v);
    fails(&["noise", &huge], 1, &words);
    let words = ["isn't finite", "no curvature", "--precision f64"];
    let args = ["curvature", &huge, "--top", "0", "--trace"];
    fails(&args, 1, &words);
}

/// All-zero weights and inputs leave a constant loss but for the last bias; weights that make every
/// label certain leave none at all.
#[test]
fn a_loss_of_zero_says_what_it_has_none_of() {
    let dir = tempfile::tempdir().unwrap();
    let data = digits(dir.path(), 60, 1.0);
    // Every prediction is a class that single precision is certain of, and one label is right.
    let state = checkpoint::open(Path::new(&data)).unwrap();
    let (_, inputs) = &state.tensors[0];
    let labels = Array::new(vec![60], Values::I64(vec![0; 60])).unwrap();
    let all = [
        ("x_train".to_owned(), inputs.clone()),
        ("y_train".into(), labels),
    ];
    safetensors::write(Path::new(&data), &all).unwrap();
    let sure = changed(dir.path(), |_, _| 0.0);
    let state = checkpoint::open(Path::new(&sure)).unwrap();
    let mut tensors = state.tensors;
    let (name, last) = tensors.last_mut().unwrap();
    assert!(name.ends_with("bias"), "{name}");
    let mut bias = vec![-500.0; last.shape()[0]];
    bias[0] = 500.0;
    *last = Array::new(last.shape().to_vec(), Values::F64(bias)).unwrap();
    safetensors::write(Path::new(&sure), &tensors).unwrap();
    let place = [sure.as_str(), "--data", &data];
    let all = |command: &'static str| [&[command][..], &place].concat();
    let found = json(&all("noise"));
    assert_eq!(number(&found["exact"]["loss"]), 0.0);
    let warnings = found["recipe"]["warnings"].to_string();
    assert!(
        warnings.contains("every sample's gradient is zero"),
        "{warnings}"
    );
    for row in found["batches"].as_array().unwrap() {
        assert!(row["alignment"]["alignment"]["mean"].is_null(), "{row}");
    }
    let out = prints(&all("noise"));
    assert!(out.contains("tr Σ/‖G‖² –") && !out.contains("NaN"), "{out}");
    let found = json(&all("curvature"));
    let warnings = found["recipe"]["warnings"].to_string();
    assert!(warnings.contains("the Hessian is zero here"), "{warnings}");
    let along = [all("curvature"), vec!["--along-gradient", "1:2:2"]].concat();
    let out = prints(&along);
    assert!(
        out.contains("|λ_min/λ_max| –") && !out.contains("NaN"),
        "{out}"
    );
    fails(
        &[
            "surface",
            "--directions",
            "hessian",
            "--at",
            &sure,
            "--data",
            &data,
        ],
        1,
        &["Hessian", "is zero at the centre"],
    );
}

/// Weights of zero give every sample a gradient; labels in equal numbers make their mean zero but for
/// rounding.
#[test]
fn a_gradient_of_rounding_has_no_scale() {
    let dir = tempfile::tempdir().unwrap();
    let data = digits(dir.path(), 60, 0.0);
    let state = checkpoint::open(Path::new(&data)).unwrap();
    let (_, inputs) = &state.tensors[0];
    let labels = Array::new(vec![60], Values::I64((0..60).map(|n| n % 10).collect())).unwrap();
    let all = [
        ("x_train".to_owned(), inputs.clone()),
        ("y_train".into(), labels),
    ];
    safetensors::write(Path::new(&data), &all).unwrap();
    let zero = changed(dir.path(), |_, _| 0.0);
    for precision in ["f32", "f64"] {
        let found = json(&["noise", &zero, "--data", &data, "--precision", precision]);
        assert!(number(&found["exact"]["total"]["covariance_trace"]) > 0.5);
        let warnings = found["recipe"]["warnings"].to_string();
        assert!(warnings.contains("zero here up to rounding"), "{warnings}");
    }
    let found = json(&["noise", &fixture("models/mlp/sb.pt")]);
    assert!(!found["recipe"]["warnings"].to_string().contains("rounding"));
}

#[test]
fn steps_that_overflow_are_counted() {
    let sb = fixture("models/mlp/sb.pt");
    let args = [
        "curvature",
        &sb,
        "--top",
        "0",
        "--along-gradient",
        "1:1e30:4",
    ];
    let found = json(&args);
    let warnings = found["recipe"]["warnings"].to_string();
    let lost = found["along_gradient"].as_array().unwrap();
    let lost = lost.iter().filter(|p| p["value"].is_null()).count();
    assert!((1..4).contains(&lost), "{found}");
    let words = format!("isn't finite at {lost} of 4 steps");
    assert!(warnings.contains(&words), "{warnings}");
    let out = prints(&args);
    assert!(
        out.contains(&format!("not finite at {lost} of 4 steps")),
        "{out}"
    );
    assert!(!out.contains("NaN"), "{out}");
    assert!(number(&found["variation"]["effective_smoothness"]) > 0.0);
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let good = fixture("models/mlp/sb.pt");
    let spoil = |name: &str, v| if name == "3.weight" { f64::NAN } else { v };
    let nan = changed(dir.path(), spoil);
    let words = ["changed.safetensors", "\"3.weight\"", "aren't finite"];
    fails(&["distance", &nan, &good], 1, &words);
    fails(&["distance", &good, &nan], 1, &words);
    fails(&["distance", &good, "--from", &nan], 1, &words);
    fails(&["curvature", &good, "--to", &nan], 1, &words);
    fails(&["sharpness", &good, &nan], 1, &words);
    fails(&["noise", &nan], 1, &words);
}

/// The first processor this process may run on.
#[cfg(target_os = "linux")]
fn first_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap();
    let processors = allowed.trim().chars();
    processors.take_while(char::is_ascii_digit).collect()
}

/// Sums were cut into as many parts as there were cores, so that the last digits told the machine.
#[cfg(target_os = "linux")]
#[test]
fn numbers_do_not_depend_on_the_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let measured = |command: &mut Command, args: &[&str]| {
        let output = command.args(named::named(args)).arg("--json");
        let output = output.current_dir(dir.path());
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let mut value: Value = serde_json::from_slice(&output.stdout).unwrap();
        // What says how long it took and on how many threads.
        let header = value.as_object_mut().unwrap();
        // The seconds may have digits that JSON alone would lose, which the header lists apart.
        for key in ["device", "elapsed_seconds", "exact_numbers"] {
            header.remove(key);
            let inner = header.get_mut("recipe").and_then(Value::as_object_mut);
            inner.and_then(|inner| inner.remove(key));
        }
        value
    };
    let (mlp, resnet) = (fixture("models/mlp/sb.pt"), fixture("models/resnet8/sb.pt"));
    let sharpness = "sharpness MLP --epsilon 1e-3 --iterations 3 --restarts 1 --draws 2";
    let curvature = "curvature MLP --top 2 --trace --probes 3 --density --density-probes 1 --density-steps 10 --most-products 40";
    let noise = "noise MLP --curvature-probes 2 --alignment-repeats 2 --batches 1,64 --samples 300";
    let few = "curvature RESNET --samples 300 --top 0 --trace --probes 2";
    for (job, model) in [
        (sharpness, &mlp),
        (curvature, &mlp),
        (noise, &mlp),
        (few, &resnet),
    ] {
        for device in ["flex", "ndarray"] {
            let words = format!("{job} --device {device}");
            let args: Vec<&str> = words
                .split(' ')
                .map(|word| match word {
                    "MLP" | "RESNET" => model.as_str(),
                    word => word,
                })
                .collect();
            let program = env!("CARGO_BIN_EXE_losscope");
            let all = measured(&mut Command::new(program), &args);
            let mut alone = Command::new("taskset");
            alone.args(["-c", &first_processor(), program]);
            let one = measured(&mut alone, &args);
            assert_eq!(all, one, "{words}");
        }
    }
}
