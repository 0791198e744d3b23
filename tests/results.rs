//! Result files: what is written reads back the same, other programs find what they expect, and a
//! file that is no result is refused in words that help.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use clap::{Args, FromArgMatches};
use losscope::checkpoint::{self, Array, Values};
use losscope::engine::directions;
use losscope::engine::header::{
    AxisFacts, DataFacts, FileFacts, Fingerprints, Header, Mark, ModelFacts, TrajectoryFacts,
};
use losscope::engine::job::{Job, SurfaceJob, TrajectoryJob};
use losscope::engine::reading::Reading;
use losscope::engine::result::{Numbers, Outcome};
use losscope::error::Result;
use losscope::export::{csv, hdf5, header, json, npz, vtk};
use losscope::landscape::line::{Barrier, Line};
use losscope::landscape::slice::Geometry;
use losscope::landscape::surface::Surface;
use losscope::landscape::table::{Column, Table};
use losscope::model::graph::Role;
use losscope::model::losses::{Loss, Score};
use losscope::model::params::{Layout, Params, TensorSpec};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/formats"
    ))
    .join(name)
}

fn job<J: Args + FromArgMatches>(flags: &[&str]) -> J {
    let command = J::augment_args(clap::Command::new("test").no_binary_name(true));
    J::from_arg_matches(&command.try_get_matches_from(flags).unwrap()).unwrap()
}

fn recipe(job: Job) -> Header {
    Header {
        losscope: env!("CARGO_PKG_VERSION").into(),
        job,
        model: ModelFacts {
            name: "MLP, \"64-10\"".into(),
            source: "recognised".into(),
            parameters: 650,
            loss: "cross-entropy".into(),
            criterion: Loss::default(),
            assumptions: vec!["ReLU".into()],
            reading: Reading::default(),
        },
        checkpoints: vec![FileFacts {
            role: "centre".into(),
            path: "runs/größe.pt".into(),
            sha256: "ab".into(),
        }],
        data: DataFacts {
            name: "digits".into(),
            description: "pixels / 16".into(),
            sha256: "cd".into(),
            train_samples: 1437,
            validation_samples: 360,
        },
        split: String::new(),
        samples: 0,
        device: "flex: CPU".into(),
        fingerprints: Fingerprints {
            network: "ef".into(),
            directions: vec!["01".into(), "23".into()],
        },
        axes: vec![AxisFacts {
            label: "d₁".into(),
            rule: "random".into(),
        }],
        geometry: Geometry {
            norms: vec![1.5, INF],
            cosine: Some(NAN),
        },
        statistics: String::new(),
        clamped_variances: 3,
        marks: vec![Mark {
            label: "nan".into(),
            coordinate: vec![0.1, -0.0],
            outside: NAN,
        }],
        trajectory: None,
        paths: Vec::new(),
        barriers: vec![(
            "training".into(),
            Barrier {
                alpha: 0.5,
                height: INF,
            },
        )],
        non_finite: 1,
        interpolation: None,
        elapsed_seconds: 12.345,
        complete: false,
        caution: String::new(),
        warnings: vec!["inf".into()],
    }
}

/// Three by two points, the last not computed, one infinite and one NaN; and a path.
fn surface() -> Outcome {
    let mut recipe = recipe(Job::Surface(job(&["--x=-1:1:3", "--y=0:0.5:2"])));
    recipe.trajectory = Some(path());
    let table = Table {
        train: Some(Column {
            loss: vec![0.1, 2.0, INF, NAN, 1e-300, NAN],
            score: vec![1.0, 0.5, 0.25, 0.1, 1.0 / 3.0, NAN],
        }),
        validation: None,
        computed: vec![true, true, true, true, true, false],
        interpolated: Vec::new(),
        score: Score::Accuracy,
    };
    let numbers = Numbers::Surface(Surface {
        x: vec![-1.0, 0.0, 1.0],
        y: vec![0.0, 0.5],
        table,
    });
    Outcome {
        header: recipe,
        numbers,
    }
}

fn line() -> Outcome {
    let column = |shift: f64| Column {
        loss: vec![shift, -INF],
        score: vec![0.75, 0.0],
    };
    let table = Table {
        train: Some(column(0.5)),
        validation: Some(column(0.7)),
        computed: vec![true; 2],
        interpolated: Vec::new(),
        score: Score::Accuracy,
    };
    let numbers = Numbers::Line(Line {
        alpha: vec![0.0, 1.0],
        table,
    });
    Outcome {
        header: Header {
            complete: true,
            ..recipe(Job::Line(job(&[])))
        },
        numbers,
    }
}

fn path() -> TrajectoryFacts {
    TrajectoryFacts {
        names: vec!["epoch 0".into(), "a,\"b\"".into()],
        x: vec![3.25, 0.0],
        y: vec![-1.0, 0.0],
        distance: vec![0.5, 0.0],
        outside: vec![0.125, 0.0],
        explained: vec![0.75, 0.2, 0.05],
    }
}

fn trajectory() -> Outcome {
    let mut recipe = recipe(Job::Trajectory(job::<TrajectoryJob>(&["runs"])));
    (recipe.trajectory, recipe.complete) = (Some(path()), true);
    Outcome {
        header: recipe,
        numbers: Numbers::Trajectory,
    }
}

/// Every number to its last bit, NaN equal to NaN.
fn assert_same(a: &Outcome, b: &Outcome) {
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

fn complaint<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn npz(&self, outcome: &Outcome) -> PathBuf {
        let path = self.at("result.npz");
        npz::write(&path, outcome).unwrap();
        path
    }
}

fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let read = |i| {
        let mut bytes = Vec::new();
        let mut member = archive.by_index(i).unwrap();
        member.read_to_end(&mut bytes).unwrap();
        (member.name().to_owned(), bytes)
    };
    (0..ZipArchive::new(fs::File::open(path).unwrap())
        .unwrap()
        .len())
        .map(read)
        .collect()
}

fn replace_members(path: &Path, members: Vec<(String, Vec<u8>)>) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&bytes).unwrap();
    }
    fs::write(path, archive.finish().unwrap().into_inner()).unwrap();
}

/// Header and data of a `.npy` of version 1.0.
fn npy(bytes: &[u8]) -> (&str, &[u8]) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(end % 64, 0, "NumPy aligns the data");
    (
        std::str::from_utf8(&bytes[10..end]).unwrap().trim_end(),
        &bytes[end..],
    )
}

fn npy_of(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// A surface whose recipe was changed as JSON.
fn with_recipe(change: impl FnOnce(&mut Value)) -> Result<Outcome> {
    let scratch = Scratch::new();
    let path = scratch.npz(&surface());
    let mut members = members(&path);
    let (_, bytes) = members
        .iter_mut()
        .find(|(name, _)| name == "recipe.npy")
        .unwrap();
    let mut value = serde_json::from_slice(npy(bytes).1).unwrap();
    change(&mut value);
    let text = value.to_string();
    *bytes = npy_of("|u1", &format!("({},)", text.len()), text.as_bytes());
    replace_members(&path, members);
    npz::read(&path)
}

/// A surface one of whose arrays was replaced, or taken away.
fn with_array(name: &str, array: Option<Vec<u8>>) -> Result<Outcome> {
    let scratch = Scratch::new();
    let path = scratch.npz(&surface());
    let member = format!("{name}.npy");
    let mut members = members(&path);
    members.retain(|(n, _)| *n != member);
    members.extend(array.map(|bytes| (member, bytes)));
    replace_members(&path, members);
    npz::read(&path)
}

#[test]
fn a_result_reads_back_as_it_was() {
    for outcome in [surface(), line(), trajectory()] {
        let scratch = Scratch::new();
        let path = scratch.npz(&outcome);
        assert_same(&npz::read(&path).unwrap(), &outcome);
        let first = fs::read(&path).unwrap();
        npz::write(&path, &outcome).unwrap();
        assert_eq!(
            fs::read(&path).unwrap(),
            first,
            "the same result, other bytes"
        );
    }
}

#[test]
fn numpy_finds_the_arrays_it_expects() {
    let scratch = Scratch::new();
    let check = |outcome: &Outcome, expected: &[(&str, &str, &str)]| {
        let members = members(&scratch.npz(outcome));
        let found: Vec<_> = members
            .iter()
            .map(|(name, bytes)| (name.clone(), npy(bytes).0.to_owned()))
            .collect();
        let recipe = npy(&members.last().unwrap().1).1;
        let recipe_shape = format!("({},)", recipe.len());
        let mut expected = expected.to_vec();
        expected.push(("recipe", "|u1", &recipe_shape));
        let header = |descr, shape| {
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
        };
        let expected = expected
            .iter()
            .map(|(name, descr, shape)| (format!("{name}.npy"), header(descr, shape)));
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert!(serde_json::from_slice::<Value>(recipe).unwrap().is_object());
    };
    check(
        &surface(),
        &[
            ("x", "<f8", "(3,)"),
            ("y", "<f8", "(2,)"),
            ("train_loss", "<f8", "(2, 3)"),
            ("train_accuracy", "<f8", "(2, 3)"),
            ("computed", "|b1", "(2, 3)"),
            ("proj_x", "<f8", "(2,)"),
            ("proj_y", "<f8", "(2,)"),
        ],
    );
    let names = [
        "alpha",
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
    ];
    let mut expected = names.map(|name| (name, "<f8", "(2,)")).to_vec();
    expected.push(("computed", "|b1", "(2,)"));
    check(&line(), &expected);
    let names = ["proj_x", "proj_y", "distance", "outside"];
    let mut expected = names.map(|name| (name, "<f8", "(2,)")).to_vec();
    expected.push(("explained", "<f8", "(3,)"));
    check(&trajectory(), &expected);

    let members = members(&scratch.npz(&surface()));
    let (_, loss) = members
        .iter()
        .find(|(name, _)| name == "train_loss.npy")
        .unwrap();
    assert_eq!(npy(loss).1[16..24], INF.to_le_bytes());
    let (_, computed) = members
        .iter()
        .find(|(name, _)| name == "computed.npy")
        .unwrap();
    assert_eq!(npy(computed).1, [1, 1, 1, 1, 1, 0]);
}

#[test]
fn a_recipe_says_what_json_cannot() {
    let scratch = Scratch::new();
    let mut outcome = surface();
    outcome.header.job.setup_mut().unwrap().seed = u64::MAX;
    let members = members(&scratch.npz(&outcome));
    let recipe: Value = serde_json::from_slice(npy(&members.last().unwrap().1).1).unwrap();
    assert_eq!(
        recipe["geometry"],
        json!({"norms": [1.5, "inf"], "cosine": "nan"})
    );
    assert_eq!(recipe["exact_numbers"]["/geometry/norms/1"], "inf");
    assert_eq!(recipe["exact_numbers"]["/geometry/cosine"], "nan");
    assert_eq!(recipe["exact_numbers"]["/barriers/0/1/height"], "inf");
    // A text that looks like a number stays a text.
    assert_eq!(recipe["warnings"], json!(["inf"]));
    assert_eq!(recipe["exact_numbers"].get("/warnings/0"), None);
    assert_eq!(recipe["job"]["command"], "surface");
    assert_eq!(recipe["job"]["seed"], u64::MAX);
    assert_same(&npz::read(&scratch.npz(&outcome)).unwrap(), &outcome);
}

#[test]
fn a_file_that_is_no_result_says_so() {
    let scratch = Scratch::new();
    let foreign = complaint(npz::read(&fixture("mlps.npz")));
    assert_says(
        &foreign,
        &[
            "no result of Losscope",
            "no array `recipe`",
            "`1.weight` [24, 64]",
            "mlps.npz",
        ],
    );
    for name in ["mlps.h5", "formats.json", "resnet8.safetensors"] {
        assert_says(
            &complaint(npz::read(&fixture(name))),
            &["no result of Losscope", name],
        );
    }
    assert_says(
        &complaint(npz::read(&scratch.at("none.npz"))),
        &["can't read the result", "none.npz"],
    );
    assert_says(&complaint(npz::read(scratch.0.path())), &["can't read"]);
    for (name, array, words) in [
        ("x", None, &["`x` is missing", "`y` [2]"][..]),
        (
            "x",
            Some(npy_of("<f8", "(1, 1)", &[0; 8])),
            &["`x` has shape [1, 1], expected one axis"],
        ),
        (
            "x",
            Some(npy_of("<f8", "(3,)", &[0xff; 24])),
            &["`x` holds NaN", "finite"],
        ),
        ("y", Some(npy_of("<f8", "(0,)", &[])), &["expected [0, 3]"]),
        ("computed", None, &["`computed` is missing"]),
        (
            "computed",
            Some(npy_of("|b1", "(6,)", &[1; 6])),
            &["`computed` has shape [6], expected [2, 3]"],
        ),
        (
            "computed",
            Some(npy_of("|u1", "(2, 3)", &[1, 1, 1, 1, 1, 7])),
            &["`computed` holds 7"],
        ),
        ("train_loss", None, &["`train_loss` is missing"]),
        ("train_accuracy", None, &["`train_accuracy` is missing"]),
        (
            "train_loss",
            Some(npy_of("<f8", "(3, 2)", &[0; 48])),
            &["`train_loss` has shape [3, 2], expected [2, 3]"],
        ),
        (
            "train_loss",
            Some(npy_of("<i8", "(2, 3)", &[0; 48])),
            &["`train_loss` is int64", "expected float64"],
        ),
        (
            "validation_loss",
            Some(npy_of("<f8", "(2, 3)", &[0; 48])),
            &["`validation_accuracy` is missing"],
        ),
        (
            "proj_x",
            Some(npy_of("<f8", "(2,)", &[0; 16])),
            &["`proj_x` isn't the one in the recipe"],
        ),
        (
            "recipe",
            Some(npy_of("<f8", "(1,)", &[0; 8])),
            &["`recipe` is float64 [1]", "bytes of JSON"],
        ),
        (
            "recipe",
            Some(npy_of("|u1", "(3,)", b"{\"a")),
            &["`recipe` isn't JSON"],
        ),
        (
            "recipe",
            Some(npy_of("|u1", "(2,)", b"[]")),
            &["isn't a JSON object"],
        ),
        (
            "recipe",
            Some(npy_of("|u1", "(2,)", b"{}")),
            &["missing field"],
        ),
    ] {
        assert_says(&complaint(with_array(name, array)), words);
    }
}

#[test]
fn a_recipe_that_this_version_cannot_read_names_the_field() {
    type Change = fn(&mut Value);
    let cases: [(Change, &[&str]); 10] = [
        (
            |r| r["curvature"] = json!(1),
            &["`curvature`", "doesn't know"],
        ),
        (|r| r["job"]["zoom"] = json!({"x": 1}), &["`job.zoom`"]),
        (|r| r["marks"][0]["size"] = json!(2), &["`marks.0.size`"]),
        (
            |r| {
                r["losscope"] = json!("9.9.9");
                r["curvature"] = json!(1);
            },
            &[
                "`curvature`",
                "made by Losscope 9.9.9",
                env!("CARGO_PKG_VERSION"),
            ],
        ),
        (
            |r| r["job"]["command"] = json!("volume"),
            &["`volume`", "surface", "in `job.command`"],
        ),
        (|r| r["job"]["seed"] = json!(-1), &["`job.seed`", "-1"]),
        (
            |r| r["model"]["parameters"] = json!("many"),
            &["many", "model.parameters"],
        ),
        (
            |r| r["geometry"]["norms"][0] = json!(null),
            &["`geometry.norms.0` is null"],
        ),
        (
            |r| r["exact_numbers"]["/geometry/cosine"] = json!("one"),
            &["`exact_numbers`", "`geometry.cosine`"],
        ),
        (
            |r| r["trajectory"]["names"] = json!(["one"]),
            &["1 names", "2 values of `x`"],
        ),
    ];
    for (change, words) in cases {
        assert_says(&complaint(with_recipe(change)), words);
    }
    // Fields that older versions didn't write have defaults.
    let older = |r: &mut Value| {
        for field in ["marks", "barriers", "elapsed_seconds"] {
            r.as_object_mut().unwrap().remove(field);
        }
        r["device"] = json!("other");
    };
    assert_eq!(with_recipe(older).unwrap().header.device, "other");
}

#[test]
fn a_damaged_result_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.npz(&surface());
    let whole = fs::read(&path).unwrap();
    let cut = scratch.at("cut.npz");
    for length in (0..whole.len()).step_by(7) {
        fs::write(&cut, &whole[..length]).unwrap();
        assert_says(&complaint(npz::read(&cut)), &["cut.npz"]);
    }
    for at in (0..whole.len()).step_by(5) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&cut, &bytes).unwrap();
        // A flag of the archive may change without harm; numbers may not.
        if let Ok(outcome) = npz::read(&cut) {
            assert_same(&outcome, &surface());
        }
    }
}

#[test]
fn a_result_that_contradicts_itself_is_not_written() {
    let scratch = Scratch::new();
    let path = scratch.at("result.npz");
    let mut short = surface();
    if let Numbers::Surface(surface) = &mut short.numbers {
        surface.table.computed.pop();
    }
    let other = Outcome {
        numbers: line().numbers,
        ..surface()
    };
    for (outcome, words) in [
        (short, "`computed` has 5 values, expected 6"),
        (other, "those of a line"),
    ] {
        for write in [
            npz::write,
            csv::write,
            vtk::write,
            json::write,
            hdf5::write_surface,
        ] {
            assert_says(&complaint(write(&path, &outcome)), &[words]);
        }
    }
    assert!(!path.exists());
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let missing = scratch.at("no/such/result.npz");
    let folder = scratch.at("folder");
    fs::create_dir(&folder).unwrap();
    for write in [
        npz::write,
        csv::write,
        vtk::write,
        json::write,
        hdf5::write_surface,
    ] {
        assert_says(
            &complaint(write(&missing, &line())),
            &["folder", "doesn't exist", "result.npz"],
        );
        assert_says(&complaint(write(&folder, &line())), &["folder"]);
    }
    assert_eq!(fs::read_dir(scratch.0.path()).unwrap().count(), 1);
}

/// The rows of a CSV apart from its last column, which says how they were made: when, where, in what time.
fn numbers(csv: &str) -> String {
    let row = |line: &str| {
        let end = line.find(",\"{").or(line.rfind(',')).unwrap();
        format!("{}\n", &line[..end])
    };
    csv.lines().map(row).collect()
}

#[test]
fn csv_is_what_pandas_reads() {
    let scratch = Scratch::new();
    let text = |outcome: &Outcome| {
        let path = scratch.at("result.csv");
        csv::write(&path, outcome).unwrap();
        let text = fs::read_to_string(path).unwrap();
        // As a reader of CSV takes the quoted cell apart.
        let recipe = text.lines().nth(1).unwrap().split_once(",\"{").unwrap().1;
        let recipe = format!(
            "{{{}",
            recipe.strip_suffix('"').unwrap().replace("\"\"", "\"")
        );
        let header = header::from_value(serde_json::from_str(&recipe).unwrap()).unwrap();
        assert_eq!(header.job, outcome.header.job);
        assert!(text.lines().next().unwrap().ends_with(",recipe"));
        numbers(&text)
    };
    assert_eq!(
        text(&surface()),
        "x,y,train_loss,train_accuracy,computed\n\
         -1.0,0.0,0.1,1.0,true\n\
         0.0,0.0,2.0,0.5,true\n\
         1.0,0.0,inf,0.25,true\n\
         -1.0,0.5,nan,0.1,true\n\
         0.0,0.5,1e-300,0.3333333333333333,true\n\
         1.0,0.5,nan,nan,false\n"
    );
    assert_eq!(
        text(&line()),
        "alpha,train_loss,train_accuracy,validation_loss,validation_accuracy,computed\n\
         0.0,0.5,0.75,0.7,0.75,true\n\
         1.0,-inf,0.0,-inf,0.0,true\n"
    );
    assert_eq!(
        text(&trajectory()),
        "name,x,y,distance,outside\n\
         epoch 0,3.25,-1.0,0.5,0.125\n\
         \"a,\"\"b\"\"\",0.0,0.0,0.0,0.0\n"
    );
}

#[test]
fn json_holds_everything() {
    let value = json::to_value(&surface()).unwrap();
    assert_eq!(value["kind"], "surface");
    assert_eq!(value["y"], json!([0.0, 0.5]));
    assert_eq!(
        value["train_loss"],
        json!([[0.1, 2.0, "inf"], ["nan", 1e-300, "nan"]])
    );
    assert_eq!(
        value["computed"],
        json!([[true, true, true], [true, true, false]])
    );
    assert_eq!(
        value["recipe"]["trajectory"]["explained"],
        json!([0.75, 0.2, 0.05])
    );
    let value = json::to_value(&line()).unwrap();
    assert_eq!(value["validation_loss"], json!([0.7, "-inf"]));
    let scratch = Scratch::new();
    let path = scratch.at("result.json");
    json::write(&path, &trajectory()).unwrap();
    let read: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(read, json::to_value(&trajectory()).unwrap());
}

/// The next line as text.
fn vtk_line<'a>(rest: &mut &'a [u8]) -> &'a str {
    let end = rest.iter().position(|b| *b == b'\n').unwrap();
    let line = std::str::from_utf8(&rest[..end]).unwrap();
    *rest = &rest[end + 1..];
    line
}

fn vtk_doubles(rest: &mut &[u8], count: usize) -> Vec<f64> {
    let (numbers, after) = rest.split_at(8 * count);
    *rest = after.strip_prefix(b"\n").unwrap();
    numbers
        .chunks(8)
        .map(|b| f64::from_be_bytes(b.try_into().unwrap()))
        .collect()
}

/// The job in the recipe that lies among the data of the whole set.
fn vtk_recipe(rest: &mut &[u8]) -> Job {
    let name = vtk_line(rest);
    let length = name.strip_prefix("recipe 1 ").unwrap();
    let length = length.strip_suffix(" unsigned_char").unwrap();
    let (bytes, after) = rest.split_at(length.parse().unwrap());
    *rest = after.strip_prefix(b"\n").unwrap();
    header::from_value(serde_json::from_slice(bytes).unwrap())
        .unwrap()
        .job
}

#[test]
fn vtk_is_a_grid_that_paraview_raises() {
    let scratch = Scratch::new();
    let path = scratch.at("result.vtk");
    vtk::write(&path, &surface()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let rest = &mut &bytes[..];
    for line in [
        "# vtk DataFile Version 3.0",
        "Losscope: surface of MLP, \"64-10\"",
        "BINARY",
        "DATASET RECTILINEAR_GRID",
        "FIELD FieldData 1",
    ] {
        assert_eq!(vtk_line(rest), line);
    }
    assert_eq!(vtk_recipe(rest), surface().header.job);
    assert_eq!(vtk_line(rest), "DIMENSIONS 3 2 1");
    for (name, values) in [
        ("X", &[-1.0, 0.0, 1.0][..]),
        ("Y", &[0.0, 0.5]),
        ("Z", &[0.0]),
    ] {
        assert_eq!(
            vtk_line(rest),
            format!("{name}_COORDINATES {} double", values.len())
        );
        assert_eq!(vtk_doubles(rest, values.len()), values);
    }
    let header: Vec<&str> = (0..3).map(|_| vtk_line(rest)).collect();
    assert_eq!(
        header,
        [
            "POINT_DATA 6",
            "SCALARS train_loss double 1",
            "LOOKUP_TABLE default"
        ]
    );
    let loss = [0.1, 2.0, INF, NAN, 1e-300, NAN];
    assert_eq!(format!("{:?}", vtk_doubles(rest, 6)), format!("{loss:?}"));
    assert_eq!(vtk_line(rest), "FIELD FieldData 3");
    for (name, expected) in [
        ("train_accuracy", [1.0, 0.5, 0.25, 0.1, 1.0 / 3.0, NAN]),
        ("height", [0.1, 2.0, 2.0, 2.0, 1e-300, 2.0]),
    ] {
        assert_eq!(vtk_line(rest), format!("{name} 1 6 double"));
        assert_eq!(
            format!("{:?}", vtk_doubles(rest, 6)),
            format!("{expected:?}")
        );
    }
    assert_eq!(vtk_line(rest), "valid 1 6 unsigned_char");
    assert_eq!(*rest, b"\x01\x01\x00\x00\x01\x00\n");

    for (outcome, points) in [
        (line(), vec![0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        (trajectory(), vec![3.25, -1.0, 0.0, 0.0, 0.0, 0.0]),
    ] {
        vtk::write(&path, &outcome).unwrap();
        let bytes = fs::read(&path).unwrap();
        let rest = &mut &bytes[..];
        let header: Vec<&str> = (0..5).map(|_| vtk_line(rest)).collect();
        assert_eq!(header[3..], ["DATASET POLYDATA", "FIELD FieldData 1"]);
        assert_eq!(vtk_recipe(rest), outcome.header.job);
        assert_eq!(vtk_line(rest), "POINTS 2 double");
        assert_eq!(vtk_doubles(rest, 6), points);
        assert_eq!(vtk_line(rest), "LINES 1 3");
        assert_eq!(rest[..13], [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, b'\n']);
    }
}

#[test]
fn a_surface_of_li_et_al_opens_and_is_written_back() {
    let read = hdf5::read_surface(&fixture("li_style_surface.h5")).unwrap();
    let Numbers::Surface(surface) = &read.numbers else {
        panic!("{:?}", read.numbers)
    };
    assert_eq!(
        (
            surface.x.len(),
            surface.y.len(),
            surface.x[0],
            surface.y[24]
        ),
        (25, 25, -1.0, 1.0)
    );
    assert_eq!(
        (surface.table.missing(), surface.table.validation.is_none()),
        (0, true)
    );
    let train = surface.table.train.as_ref().unwrap();
    // From the reference surface: the centre, and the cell at x = −1 + 1/12, y = −1.
    assert!((train.loss[12 * 25 + 12] - 0.019_841_258_155_022_575).abs() < 1e-15);
    assert!(
        (train.loss[1] - 2.239_729_609_307_625_3).abs() < 1e-15,
        "row = y"
    );
    assert!(
        train.score.iter().all(|a| (0.35..1.0).contains(a)),
        "fractions"
    );
    assert!(read.header.warnings[0].contains("another program"));
    assert_eq!(read.header.data.name, "unknown");

    let scratch = Scratch::new();
    let path = scratch.at("again.h5");
    hdf5::write_surface(&path, &read).unwrap();
    let again = hdf5::read_surface(&path).unwrap();
    let Numbers::Surface(back) = &again.numbers else {
        panic!("{:?}", again.numbers)
    };
    assert_eq!(
        (&back.x, &back.y, &back.table.computed),
        (&surface.x, &surface.y, &surface.table.computed)
    );
    let column = back.table.train.as_ref().unwrap();
    assert_eq!(column.loss, train.loss);
    // Per cent and back is two roundings.
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 2.0 * f64::EPSILON;
    assert!(column.score.iter().zip(&train.score).all(close));
    let path = scratch.npz(&read);
    assert_same(&npz::read(&path).unwrap(), &read);
}

type Dataset<'a> = (&'a str, &'a [u64], &'a [f64]);

fn save_h5(path: &Path, datasets: &[Dataset]) {
    let mut file = hdf5_pure::FileBuilder::new();
    for (name, shape, values) in datasets {
        file.create_dataset(name)
            .with_f64_data(values)
            .with_shape(shape);
    }
    fs::write(path, file.finish().unwrap()).unwrap();
}

#[test]
fn surfaces_of_li_et_al_are_read_in_the_order_they_are_filled() {
    let scratch = Scratch::new();
    let path = scratch.at("surface.h5");
    let values = [0.5, 1.0, 2.0, -1.0, 4.0, 5.0];
    let (x, y): (&[f64], &[f64]) = (&[0.0, 1.0, 2.0], &[0.0, 1.0]);
    // Their code creates [nx, ny] and fills it as [ny, nx].
    for shape in [[2, 3], [3, 2]] {
        save_h5(
            &path,
            &[
                ("xcoordinates", &[3], x),
                ("ycoordinates", &[2], y),
                ("test_loss", &shape, &values),
            ],
        );
        let read = hdf5::read_surface(&path).unwrap();
        let Numbers::Surface(surface) = &read.numbers else {
            panic!("{:?}", read.numbers)
        };
        assert_eq!(
            surface.table.computed,
            [true, true, true, false, true, true]
        );
        let test = surface.table.validation.as_ref().unwrap();
        assert_eq!(format!("{:?}", test.loss), "[0.5, 1.0, 2.0, NaN, 4.0, 5.0]");
        assert!(test.score.iter().all(|a| a.is_nan()));
        assert_says(&read.header.warnings.join("; "), &["no `test_acc`"]);
    }
    save_h5(
        &path,
        &[
            ("xcoordinates", &[3], x),
            ("train_loss", &[3], &values[..3]),
            ("train_acc", &[3], &[50.0, 25.0, 0.0]),
        ],
    );
    let read = hdf5::read_surface(&path).unwrap();
    let Numbers::Line(line) = &read.numbers else {
        panic!("{:?}", read.numbers)
    };
    assert_eq!(
        (
            line.alpha.as_slice(),
            &line.table.train.as_ref().unwrap().score
        ),
        (x, &vec![0.5, 0.25, 0.0])
    );

    // A half-done surface of ours, with its path.
    hdf5::write_surface(&path, &surface()).unwrap();
    let arrays = checkpoint::hdf5::read_arrays(&path).unwrap();
    let find = |name: &str| {
        arrays
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, a)| (a.shape().to_vec(), format!("{:?}", a.to_f64())))
            .unwrap()
    };
    assert_eq!(
        find("train_loss"),
        (vec![2, 3], "[0.1, 2.0, inf, NaN, 1e-300, -1.0]".into())
    );
    assert_eq!(
        find("train_acc").1,
        "[100.0, 50.0, 25.0, 10.0, 33.33333333333333, -1.0]"
    );
    assert_eq!(find("proj_xcoord"), (vec![2], "[3.25, 0.0]".into()));
    let read = hdf5::read_surface(&path).unwrap();
    assert_eq!(read.missing(), 1);
    assert_eq!(read.header.trajectory.unwrap().y, [-1.0, 0.0]);
    hdf5::write_surface(&path, &trajectory()).unwrap();
    assert_says(
        &complaint(hdf5::read_surface(&path)),
        &["`xcoordinates`", "`proj_xcoord` [2]"],
    );
}

#[test]
fn a_file_that_is_no_surface_of_li_et_al_says_so() {
    let scratch = Scratch::new();
    let path = scratch.at("surface.h5");
    let cases: [(&[Dataset], &[&str]); 6] = [
        (&[("w", &[1], &[1.0])], &["no `xcoordinates`", "`w` [1]"]),
        (
            &[("xcoordinates", &[1, 1], &[1.0])],
            &["`xcoordinates` has shape [1, 1]"],
        ),
        (
            &[("xcoordinates", &[1], &[1.0])],
            &["neither `train_loss` nor `test_loss`"],
        ),
        (
            &[
                ("xcoordinates", &[1], &[1.0]),
                ("train_loss", &[2], &[1.0, 2.0]),
            ],
            &["`train_loss` has shape [2], expected [1]"],
        ),
        (
            &[
                ("xcoordinates", &[1], &[1.0]),
                ("train_loss", &[1], &[-1.0]),
            ],
            &["no point", "−1"],
        ),
        (
            &[("xcoordinates", &[1], &[NAN]), ("train_loss", &[1], &[1.0])],
            &["`x", "NaN", "finite"],
        ),
    ];
    for (datasets, words) in cases {
        save_h5(&path, datasets);
        let message = complaint(hdf5::read_surface(&path)).replace("`alpha`", "`x`");
        assert_says(&message, words);
    }
    assert_says(
        &complaint(hdf5::read_surface(&fixture("mlps.h5"))),
        &["no `xcoordinates`"],
    );
    let whole = fs::read(fixture("li_style_surface.h5")).unwrap();
    for length in (0..whole.len()).step_by(997) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_says(&complaint(hdf5::read_surface(&path)), &["surface.h5"]);
    }
}

fn layout() -> Layout {
    let spec = |name: &str, shape: &[usize], role| TensorSpec {
        name: name.into(),
        shape: shape.to_vec(),
        role,
    };
    let weight = Role::Trainable {
        output_axis: Some(0),
    };
    let bias = Role::Trainable { output_axis: None };
    vec![
        spec("fc.weight", &[2, 3], weight),
        spec("bn.running_var", &[2], Role::RunningVar),
        spec("fc.bias", &[2], bias),
    ]
    .into()
}

fn direction(scale: f64) -> Params {
    let values = vec![
        (1..=6).map(|i| scale * f64::from(i)).collect(),
        vec![0.0; 2],
        vec![-scale, scale],
    ];
    Params::new(layout(), values).unwrap()
}

#[test]
fn directions_are_written_as_they_are_read() {
    let scratch = Scratch::new();
    let zero = Params::zeros(&layout());
    // Quarters fit into single precision, tenths don't.
    for (pair, single) in [
        ([direction(0.25), direction(-0.5)], true),
        ([direction(0.1), direction(1.0)], false),
    ] {
        let (h5, safe) = (scratch.at("d.h5"), scratch.at("d.safetensors"));
        hdf5::write_directions(&h5, &pair).unwrap();
        hdf5::directions(&safe, &pair).unwrap();
        for file in [&h5, &safe] {
            assert_eq!(
                directions::read(std::slice::from_ref(file), &zero).unwrap(),
                pair
            );
        }
        let named = checkpoint::hdf5::read_arrays(&h5).unwrap();
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "xdirection/0",
                "xdirection/1",
                "ydirection/0",
                "ydirection/1"
            ]
        );
        let is_single = |(_, array): &(String, Array)| matches!(array.values(), Values::F32(_));
        assert_eq!(named.iter().all(is_single), single);
        assert_eq!(
            checkpoint::open(&safe)
                .unwrap()
                .tensors
                .iter()
                .all(is_single),
            single
        );

        let [one, two] = [scratch.at("x.safetensors"), scratch.at("y.safetensors")];
        hdf5::directions(&one, &pair[..1]).unwrap();
        hdf5::directions(&two, &pair[1..]).unwrap();
        assert_eq!(directions::read(&[one, two], &zero).unwrap(), pair);
    }
    for write in [hdf5::write_directions, hdf5::directions] {
        assert_says(&complaint(write(&scratch.at("d"), &[])), &["1 or 2, not 0"]);
        assert_says(
            &complaint(write(&scratch.at("d"), &[direction(NAN)])),
            &["fc.weight", "finite"],
        );
        assert_says(
            &complaint(write(&scratch.at("no/d"), &[direction(1.0)])),
            &["no/d"],
        );
    }
    assert!(checkpoint::hdf5::read_arrays(&fixture("li_style_direction.h5")).is_ok());
}

fn any_f64() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(NAN),
        Just(INF),
        Just(-INF),
        Just(-0.0),
        -2.0..2.0
    ]
}

fn floats(count: usize) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(any_f64(), count)
}

fn any_path() -> impl Strategy<Value = TrajectoryFacts> {
    (1..5_usize).prop_flat_map(|n| {
        let names = proptest::collection::vec(any::<String>(), n);
        (names, floats(n), floats(n), floats(n), floats(n), floats(3)).prop_map(
            |(names, x, y, distance, outside, explained)| TrajectoryFacts {
                names,
                x,
                y,
                distance,
                outside,
                explained,
            },
        )
    })
}

fn any_recipe(job: Job) -> impl Strategy<Value = Header> {
    let texts = proptest::collection::vec(any::<String>(), 6);
    let found = (
        floats(8),
        proptest::option::of(any_f64()),
        proptest::option::of(any_path()),
    );
    (texts, found, any::<u64>()).prop_map(move |(texts, (numbers, cosine, trajectory), seed)| {
        let mut recipe = recipe(job.clone());
        if let Some(setup) = recipe.job.setup_mut() {
            setup.seed = seed;
        }
        if let Job::Surface(SurfaceJob { alpha, .. }) = &mut recipe.job {
            *alpha = cosine;
        }
        recipe.model.name.clone_from(&texts[0]);
        recipe.checkpoints[0].path = texts[1].clone().into();
        recipe.data.description.clone_from(&texts[2]);
        recipe.warnings = texts[3..].to_vec();
        recipe.geometry = Geometry {
            norms: numbers[..2].to_vec(),
            cosine,
        };
        recipe.marks[0].coordinate = numbers[2..4].to_vec();
        recipe.marks[0].outside = numbers[4];
        recipe.barriers[0].1 = Barrier {
            alpha: numbers[5],
            height: numbers[6],
        };
        recipe.elapsed_seconds = numbers[7];
        recipe.trajectory = trajectory;
        recipe
    })
}

fn any_table(points: usize) -> impl Strategy<Value = Table> {
    let column =
        move || (floats(points), floats(points)).prop_map(|(loss, score)| Column { loss, score });
    let computed = proptest::collection::vec(any::<bool>(), points);
    (column(), column(), 0..3, computed).prop_map(|(a, b, which, computed)| match which {
        0 => Table {
            train: Some(a),
            validation: None,
            computed,
            interpolated: Vec::new(),
            score: Score::Accuracy,
        },
        1 => Table {
            train: None,
            validation: Some(b),
            computed,
            interpolated: Vec::new(),
            score: Score::Accuracy,
        },
        _ => Table {
            train: Some(a),
            validation: Some(b),
            computed,
            interpolated: Vec::new(),
            score: Score::Accuracy,
        },
    })
}

fn any_axis() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(any::<f64>().prop_filter("finite", |v| v.is_finite()), 1..6)
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let surface = (any_axis(), any_axis()).prop_flat_map(|(x, y)| {
        let table = any_table(x.len() * y.len());
        let recipe = any_recipe(Job::Surface(job(&[
            "--data-normalize=scale:0.3",
            "--x=auto:7",
        ])));
        (recipe, table).prop_map(move |(recipe, table)| {
            let (x, y) = (x.clone(), y.clone());
            Outcome {
                header: recipe,
                numbers: Numbers::Surface(Surface { x, y, table }),
            }
        })
    });
    let line = any_axis().prop_flat_map(|alpha| {
        let recipe = any_recipe(Job::Line(job(&[
            "--data-normalize=given:0.1,0.2,0.7:1,2,3",
            "--image-size=32x16",
        ])));
        (recipe, any_table(alpha.len())).prop_map(move |(recipe, table)| {
            let alpha = alpha.clone();
            Outcome {
                header: recipe,
                numbers: Numbers::Line(Line { alpha, table }),
            }
        })
    });
    let trajectory =
        (any_recipe(Job::Trajectory(job(&["runs"]))), any_path()).prop_map(|(mut recipe, path)| {
            recipe.trajectory = Some(path);
            Outcome {
                header: recipe,
                numbers: Numbers::Trajectory,
            }
        });
    let complete = |mut outcome: Outcome| {
        outcome.header.complete = outcome.missing() == 0;
        outcome
    };
    prop_oneof![surface, line, trajectory].prop_map(complete)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_result_reads_back_to_the_last_bit(outcome in any_outcome()) {
        let scratch = Scratch::new();
        assert_same(&npz::read(&scratch.npz(&outcome)).unwrap(), &outcome);
    }

    #[test]
    fn every_format_takes_any_result(outcome in any_outcome()) {
        let scratch = Scratch::new();
        csv::write(&scratch.at("r.csv"), &outcome).unwrap();
        vtk::write(&scratch.at("r.vtk"), &outcome).unwrap();
        json::write(&scratch.at("r.json"), &outcome).unwrap();
        hdf5::write_surface(&scratch.at("r.h5"), &outcome).unwrap();
        let text: Value = serde_json::from_slice(&fs::read(scratch.at("r.json")).unwrap()).unwrap();
        prop_assert!(text["recipe"].is_object());
        // Losses of −1 stand for points not computed, so not every result survives this format.
        let _ = hdf5::read_surface(&scratch.at("r.h5"));
    }
}

/// A regression's second number is R², which can be below 0 and is no share.
fn regression() -> Outcome {
    let mut outcome = surface();
    let Numbers::Surface(found) = &mut outcome.numbers else {
        panic!("no surface")
    };
    found.table.score = Score::R2;
    found.table.train.as_mut().unwrap().score[1] = -3.5;
    outcome.header.model.criterion = "huber:delta=0.5".parse().unwrap();
    outcome
}

#[test]
fn a_regression_s_files_hold_r2_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = regression();
    let path = dir.path().join("r.npz");
    npz::write(&path, &outcome).unwrap();
    let read = npz::read(&path).unwrap();
    assert_eq!(read.header.model.criterion, outcome.header.model.criterion);
    let Numbers::Surface(found) = &read.numbers else {
        panic!("{:?}", read.numbers)
    };
    assert_eq!(found.table.score, Score::R2);
    assert_eq!(found.table.train.as_ref().unwrap().score[1], -3.5);
    let table = dir.path().join("r.csv");
    csv::write(&table, &outcome).unwrap();
    let text = fs::read_to_string(table).unwrap();
    assert!(
        text.starts_with("x,y,train_loss,train_r2,computed,recipe\n"),
        "{text}"
    );
    let h5 = dir.path().join("r.h5");
    hdf5::write_surface(&h5, &outcome).unwrap();
    let arrays = checkpoint::hdf5::read_arrays(&h5).unwrap();
    let r2 = arrays.iter().find(|(name, _)| name == "train_r2").unwrap();
    assert_eq!(r2.1.to_f64()[1], -3.5, "not in per cent");
    assert!(arrays.iter().all(|(name, _)| name != "train_acc"));
}

/// They came back as accuracies of a loss in nats, and an R² of −1 as a point not computed.
#[test]
fn r2_survives_the_files_of_li_et_al() {
    let scratch = Scratch::new();
    let path = scratch.at("r.h5");
    let mut outcome = regression();
    let Numbers::Surface(made) = &mut outcome.numbers else {
        panic!("no surface")
    };
    made.table.train.as_mut().unwrap().score[0] = -1.0;
    let (computed, scores) = (
        made.table.computed.clone(),
        made.table.train.as_ref().unwrap().score.clone(),
    );
    hdf5::write_surface(&path, &outcome).unwrap();
    let read = hdf5::read_surface(&path).unwrap();
    assert_eq!(read.header.model.criterion.score(), Score::R2);
    assert_eq!(read.header.model.criterion.unit(), "");
    let Numbers::Surface(found) = &read.numbers else {
        panic!("no surface")
    };
    assert_eq!(found.table.score, Score::R2);
    assert_eq!(found.table.computed, computed);
    let own = &found.table.train.as_ref().unwrap().score;
    for ((own, made), done) in own.iter().zip(&scores).zip(&computed) {
        assert!(own == made || made.is_nan() && own.is_nan() || !done && own.is_nan());
    }
    let warnings = read.header.warnings.join("; ");
    assert!(!warnings.contains("_acc"), "{warnings}");
}

#[test]
fn results_of_before_losses_could_be_chosen_hold_accuracies() {
    let mut recipe = surface().header;
    // What isn't a number has no place in plain JSON.
    recipe.geometry = Geometry {
        norms: vec![1.5],
        cosine: None,
    };
    recipe.marks.clear();
    recipe.barriers.clear();
    let mut value = serde_json::to_value(&recipe).unwrap();
    let model = value["model"].as_object_mut().unwrap();
    assert!(model.remove("criterion").is_some());
    let recipe: Header = serde_json::from_value(value).unwrap();
    assert_eq!(recipe.model.criterion.score(), Score::Accuracy);
}

#[test]
fn hdf5_keeps_the_header_that_another_program_passes_over() {
    let scratch = Scratch::new();
    for (name, outcome) in [("s.h5", surface()), ("l.h5", line())] {
        let path = scratch.at(name);
        hdf5::write_surface(&path, &outcome).unwrap();
        let read = hdf5::read_surface(&path).unwrap();
        let (found, expected) = (&read.header, &outcome.header);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name}");
    }
}

/// A file of Losscope 0.1.0, of before every kind of result had one header.
fn older(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/older")
        .join(name)
}

#[test]
fn surfaces_lines_and_trajectories_of_the_first_version_open() {
    for (name, points) in [("surface.npz", 9), ("line.npz", 3), ("trajectory.npz", 0)] {
        let read = npz::read(&older(name)).unwrap();
        assert_eq!((read.points(), read.missing()), (points, 0), "{name}");
        assert!(
            read.header.complete && read.header.losscope == "0.1.0",
            "{name}"
        );
        assert_eq!(read.header.model.name, "MLP 64-128-64-10");
        // Written again, it is a file of today with the same numbers.
        let scratch = Scratch::new();
        assert_same(&npz::read(&scratch.npz(&read)).unwrap(), &read);
    }
    let read = npz::read(&older("surface.npz")).unwrap();
    assert_eq!(read.header.job.setup().unwrap().seed, u64::MAX);
}

#[test]
fn headers_of_the_first_version_open_whatever_their_file_measured() {
    for (kind, suffixes) in [
        ("surface", &["npz", "json"][..]),
        ("line", &["npz", "json"]),
        ("trajectory", &["npz"]),
        ("sharpness", &["npz", "json"]),
        ("curvature", &["npz", "json"]),
        ("noise", &["npz", "json"]),
        ("report", &["json"]),
    ] {
        for suffix in suffixes {
            let name = format!("{kind}.{suffix}");
            let found = header::read(&older(&name)).unwrap();
            assert_eq!(found.job.command(), kind, "{name}");
            assert_eq!(found.model.parameters, 17_226, "{name}");
            let of_measure = ["sharpness", "curvature", "noise", "report"].contains(&kind);
            assert_eq!(
                found.split,
                if of_measure { "training" } else { "" },
                "{name}"
            );
            // What is read of the job is what was asked for.
            let samples = found.job.setup().and_then(|setup| setup.samples);
            let expected = match kind {
                "trajectory" => None,
                "report" => Some(8),
                _ => Some(24),
            };
            assert_eq!(samples, expected, "{name}");
            assert!(
                !found.checkpoints.is_empty() && found.job.check().is_ok(),
                "{name}"
            );
        }
    }
    let found = header::read(&older("sharpness.npz")).unwrap();
    let Job::Sharpness(job) = found.job else {
        panic!("another job")
    };
    assert_eq!((job.epsilon, job.subspace), (vec![1e-3], Some(4)));
    assert!(complaint(header::read(&older("../README.md"))).contains("README.md"));
}
