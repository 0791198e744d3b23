//! Planes towards the worst point of a box, as a user of the command line meets them, and planes along
//! directions that were stored.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use clap::ValueEnum as _;
use hdf5_pure::FileBuilder;
use losscope::checkpoint::{self, StateDict};
use losscope::engine::device::DeviceChoice;
use losscope::engine::inputs::open_network;
use losscope::engine::job::{Directions, Job, SplitChoice, SurfaceJob};
use losscope::engine::result::Numbers;
use losscope::engine::{self, Flow, directions};
use losscope::export;
use losscope::landscape::direction::{Normalization, OneDim};
use losscope::landscape::slice::Buffers;
use losscope::model::params::Params;
use serde_json::Value;
use std::path::{Path, PathBuf};
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
    // Both are lower bounds; the table's is looked for from more corners.
    assert!(phi > 0.85 * best && phi < 1.01 * best, "{phi} of {best}");
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
        // As its help says: within the tolerance, 0.001, of λ_min or of λ_max/10, whichever is more.
        assert!(
            (centre - ratio).abs() < 1e-3 * ratio.max(0.1),
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

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// A plane around a network with running statistics, over few samples.
fn around(directions: Directions) -> SurfaceJob {
    let mut job = SurfaceJob {
        at: Some(fixture("models/resnet8/sb.pt")),
        directions,
        x: Some("-0.5:0.5:3".parse().unwrap()),
        ..SurfaceJob::default()
    };
    job.setup.samples = Some(32);
    job.setup.split = SplitChoice::Train;
    job.setup.device = DeviceChoice::Flex;
    job
}

/// Every bit of the losses, and how the first direction is said to have been made.
fn surface(job: &SurfaceJob) -> (Vec<u64>, String) {
    let job = Job::Surface(job.clone());
    let outcome = engine::run(&job, None, &mut |_, _| Flow::Continue).unwrap();
    let Numbers::Surface(found) = outcome.numbers else {
        panic!("a surface")
    };
    let losses = found.table.train.unwrap().loss;
    let bits = losses.iter().map(|loss| loss.to_bits()).collect();
    (bits, outcome.header.axes[0].rule.clone())
}

/// The same directions in every form in which they can be stored.
fn stored(folder: &Path, pair: &[Params]) -> Vec<Vec<PathBuf>> {
    let write = |name: &str, directions: &[Params]| {
        let path = folder.join(name);
        export::write_directions(&path, directions).unwrap();
        path
    };
    vec![
        vec![write("both.safetensors", pair)],
        vec![
            write("x.safetensors", &pair[..1]),
            write("y.safetensors", &pair[1..]),
        ],
        vec![write("both.h5", pair)],
    ]
}

/// They used to be filter-normalised again, and their biases dropped, without a word.
#[test]
fn stored_directions_make_the_same_surface_again_by_every_rule_and_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    for rule in Normalization::value_variants() {
        for one_dim in OneDim::value_variants() {
            let mut job = around(Directions::Random);
            (job.normalize, job.one_dim) = (Some(*rule), Some(*one_dim));
            let (made, _) = surface(&job);
            let pair = engine::surface::directions(&job).unwrap();
            for files in stored(folder.path(), &pair) {
                let (again, words) = surface(&around(Directions::Files(files.clone())));
                let case = format!("{rule:?}, {one_dim:?}, {files:?}");
                assert!(made == again, "{case}");
                assert!(words.ends_with(", as stored"), "{case}: {words}");
            }
        }
    }
}

/// Rules that are given change stored directions, each only what it is about.
#[test]
fn stored_directions_are_scaled_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = around(Directions::Random);
    (job.normalize, job.one_dim) = (Some(Normalization::None), Some(OneDim::Keep));
    let raw = engine::surface::directions(&job).unwrap();
    let files = stored(folder.path(), &raw).remove(0);
    let taken = |normalize, one_dim| {
        let mut job = around(Directions::Files(files.clone()));
        (job.normalize, job.one_dim) = (normalize, one_dim);
        (engine::surface::directions(&job).unwrap(), surface(&job).1)
    };
    let usual = engine::surface::directions(&around(Directions::Random)).unwrap();
    let (both, words) = taken(Some(Normalization::Filter), Some(OneDim::Zero));
    assert_eq!(both, usual);
    assert!(
        words.ends_with("filter-normalised, biases and norms fixed"),
        "{words}"
    );
    let (scaled, words) = taken(Some(Normalization::Filter), None);
    assert!(
        words.ends_with("filter-normalised, biases and norms as stored"),
        "{words}"
    );
    for ((spec, found), (raw, usual)) in scaled[0]
        .tensors()
        .zip(raw[0].tensors().zip(usual[0].tensors()))
    {
        let expected = if spec.shape.len() > 1 { usual.1 } else { raw.1 };
        assert_eq!(found, expected, "{}", spec.name);
    }
    let (fixed, words) = taken(None, Some(OneDim::Zero));
    assert!(
        words.ends_with("as stored, biases and norms fixed"),
        "{words}"
    );
    assert!(
        fixed[0]
            .tensors()
            .all(|(spec, values)| spec.shape.len() > 1 || values.iter().all(|v| *v == 0.0))
    );
}

/// Directions between checkpoints move running means and variances too; they used to stay behind.
#[test]
fn the_directions_of_running_statistics_are_stored_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["lb", "init"].map(|name| fixture(&format!("models/resnet8/{name}.pt")));
    let job = around(Directions::Three(a, b));
    let (made, _) = surface(&job);
    let pair = engine::surface::directions(&job).unwrap();
    for files in stored(folder.path(), &pair) {
        let mut job = around(Directions::Files(files.clone()));
        let (again, words) = surface(&job);
        assert!(made == again, "{files:?}");
        assert!(
            words.ends_with("as stored, running statistics along theirs"),
            "{words}"
        );
        job.buffers = Buffers::Frozen;
        let (frozen, words) = surface(&job);
        assert!(frozen != made && words.ends_with(", as stored"), "{words}");
    }
}

/// A file of Li et al.'s code with `--dir_type states`: every entry of the state dict by its number,
/// with or without the counters that PyTorch has since 0.4.1.
fn states_file(path: &Path, from: &StateDict, to: &StateDict, counters: bool) {
    let mut file = FileBuilder::new();
    for name in ["xdirection", "ydirection"] {
        let mut group = file.create_group(name);
        let mut index = 0;
        for ((name, a), (_, b)) in from.tensors.iter().zip(&to.tensors) {
            let counter = name.ends_with("num_batches_tracked");
            if counter && !counters {
                continue;
            }
            let offset: Vec<f64> = a
                .to_f64()
                .iter()
                .zip(b.to_f64())
                .map(|(a, b)| b - a)
                .collect();
            let shape: Vec<u64> = a.shape().iter().map(|n| *n as u64).collect();
            let dataset = group.create_dataset(&index.to_string());
            if counter {
                dataset.with_i64_data(&[offset[0] as i64]);
            } else {
                dataset.with_f64_data(&offset);
            }
            dataset.with_shape(&shape);
            index += 1;
        }
        file.add_group(group.finish());
    }
    std::fs::write(path, file.finish().unwrap()).unwrap();
}

#[test]
fn states_files_of_li_et_al_are_read_in_the_order_of_the_state_dict() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["sb", "lb"]
        .map(|name| checkpoint::open(&fixture(&format!("models/resnet8/{name}.pt"))).unwrap());
    let data = losscope::dataset::open(&losscope::dataset::DataOptions::default()).unwrap();
    let (network, _) = open_network("auto", &from, Some(&data)).unwrap();
    let [origin, end] = [&from, &to].map(|state| network.params(state).unwrap().0);
    let expected = end.minus(&origin);
    assert!(expected.moves_buffers());
    for counters in [true, false] {
        let path = folder.path().join("states.h5");
        states_file(&path, &from, &to, counters);
        let found = directions::read(&[path], &origin).unwrap();
        assert_eq!(found, [expected.clone(), expected.clone()]);
    }
    // What the program itself writes of such directions is numbered in the same way.
    let path = folder.path().join("ours.h5");
    export::write_directions(&path, &[expected.clone(), expected.clone()]).unwrap();
    let arrays = checkpoint::hdf5::read_arrays(&path).unwrap();
    let shape = |index: usize| {
        let name = format!("xdirection/{index}");
        let found = arrays.iter().find(|(n, _)| *n == name);
        found.map(|(_, array)| array.shape().to_vec())
    };
    for (index, (name, array)) in from.tensors.iter().enumerate() {
        assert_eq!(shape(index).as_deref(), Some(array.shape()), "{name}");
    }
    assert_eq!(shape(from.tensors.len()), None);
}
