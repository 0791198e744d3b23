//! The program as a user meets it: commands, files, messages, exit codes.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/memory.rs"]
mod memory;
#[path = "common/named.rs"]
mod named;
#[cfg(unix)]
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/readings.rs"]
mod readings;
#[path = "cli/resumed.rs"]
mod resumed;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A finished run of the program.
struct Run(Output);

/// The program as it has just been built, or another build of it that `LOSSCOPE_PROGRAM` names.
fn program() -> PathBuf {
    let other = std::env::var_os("LOSSCOPE_PROGRAM").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_losscope").into())
}

fn losscope(folder: &Path, args: &[&str]) -> Run {
    let output = Command::new(program())
        .args(named::named(args))
        .current_dir(folder)
        .output()
        .unwrap();
    Run(output)
}

impl Run {
    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    fn succeeds(self) -> Self {
        assert_eq!(self.0.status.code(), Some(0), "{}", self.stderr());
        self
    }

    /// Fails with an exit code and one error that contains every word.
    #[track_caller]
    fn fails(self, code: i32, words: &[&str]) -> Self {
        let stderr = self.stderr();
        assert_eq!(self.0.status.code(), Some(code), "{stderr}");
        assert_eq!(
            stderr.matches("error:").count(),
            1,
            "one error, said once: {stderr}"
        );
        for word in words {
            assert!(stderr.contains(word), "{word:?} is missing in: {stderr}");
        }
        assert!(!stderr.contains("panicked"), "{stderr}");
        self
    }
}

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The rows of a CSV apart from its last column, which says how they were made: when, where, in what time.
fn numbers(csv: &str) -> String {
    let row = |line: &str| {
        let end = line.find(",\"{").or(line.rfind(',')).unwrap();
        format!("{}\n", &line[..end])
    };
    csv.lines().map(row).collect()
}

/// A CSV but for the seconds that its recipe says the work took; whole to its last cell.
#[cfg(unix)]
fn timeless(csv: &[u8]) -> String {
    let csv = std::str::from_utf8(csv).unwrap();
    let (start, rest) = csv.split_once("\"{").unwrap();
    let (recipe, rows) = rest.split_once("}\"").unwrap();
    let mut recipe: serde_json::Value =
        serde_json::from_str(&format!("{{{}}}", recipe.replace("\"\"", "\""))).unwrap();
    assert!(recipe["elapsed_seconds"].take().is_number(), "{recipe}");
    // More decimals of its numbers, those seconds among them.
    recipe["exact_numbers"].take();
    format!("{start}{recipe}{rows}")
}

#[test]
fn without_any_input_surface_draws_the_built_in_minimizer() {
    let dir = folder();
    let run = losscope(
        dir.path(),
        &[
            "surface",
            "--x=-1:1:9",
            "-o",
            "surface.png",
            "-o",
            "surface.npz",
        ],
    );
    let out = run.succeeds().stdout();
    assert!(
        out.contains("9 × 9 points") && out.contains("MLP 64-128-64-10"),
        "{out}"
    );
    assert_eq!(
        names(dir.path()),
        ["surface.npz", "surface.png"],
        "and nothing half-written beside"
    );
    let png = std::fs::read(dir.path().join("surface.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn the_line_between_the_built_in_minimizers_reports_its_barrier() {
    let dir = folder();
    let run = losscope(
        dir.path(),
        &[
            "line",
            "--alpha=-1:2:31",
            "-o",
            "line.svg",
            "-o",
            "line.pdf",
            "-o",
            "line.csv",
        ],
    )
    .succeeds();
    assert!(
        run.stdout().contains("training barrier"),
        "{}",
        run.stdout()
    );
    let csv = std::fs::read_to_string(dir.path().join("line.csv")).unwrap();
    assert!(
        csv.starts_with("alpha,train_loss,train_accuracy,validation_loss,validation_accuracy"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 32);
    assert!(
        std::fs::read_to_string(dir.path().join("line.svg"))
            .unwrap()
            .contains("small batch")
    );
    assert!(
        std::fs::read(dir.path().join("line.pdf"))
            .unwrap()
            .starts_with(b"%PDF")
    );
}

#[test]
fn the_same_command_gives_the_same_numbers() {
    let dir = folder();
    let args = |name| {
        [
            "surface",
            "--x=-1:1:5",
            "--split",
            "train",
            "--device",
            "flex",
            "-q",
            "-o",
            name,
        ]
    };
    losscope(dir.path(), &args("a.csv")).succeeds();
    losscope(dir.path(), &args("b.csv")).succeeds();
    let read = |name| numbers(&std::fs::read_to_string(dir.path().join(name)).unwrap());
    assert_eq!(read("a.csv"), read("b.csv"));
}

#[test]
fn distances_from_the_initial_weights_are_listed_by_module() {
    let dir = folder();
    let run = losscope(
        dir.path(),
        &[
            "distance",
            &fixture("models/mlp/sb.pt"),
            &fixture("models/mlp/lb.pt"),
            "--from",
            &fixture("models/mlp/init.pt"),
            "--json",
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&run.succeeds().stdout()).unwrap();
    assert_eq!(
        (&json["kind"], &json["recipe"]["job"]["command"]),
        (&"distance".into(), &"distance".into())
    );
    let found = &json["distances"];
    assert_eq!(found[0]["distance"]["layers"].as_array().unwrap().len(), 3);
    assert!(found[1]["distance"]["total"].as_f64().unwrap() > 1.0);
}

#[test]
fn inspect_says_what_was_recognised_and_writes_a_model_that_can_be_used() {
    let dir = folder();
    let sb = fixture("models/lenet/sb.pt");
    let out = losscope(
        dir.path(),
        &[
            "inspect",
            &sb,
            "--data",
            "digits",
            "--write-model",
            "lenet.toml",
        ],
    )
    .succeeds()
    .stdout();
    for word in ["conv1.weight", "LeNet", "assumed", "softmax cross-entropy"] {
        assert!(out.contains(word), "{word:?} is missing in {out}");
    }
    let recognised = losscope(
        dir.path(),
        &["surface", "--at", &sb, "--x=-1:1:3", "-q", "-o", "a.csv"],
    );
    recognised.succeeds();
    let described = losscope(
        dir.path(),
        &[
            "surface",
            "--at",
            &sb,
            "--model",
            "lenet.toml",
            "--x=-1:1:3",
            "-q",
            "-o",
            "b.csv",
        ],
    );
    described.succeeds();
    let read = |name| numbers(&std::fs::read_to_string(dir.path().join(name)).unwrap());
    assert_eq!(read("a.csv"), read("b.csv"));
}

#[test]
fn a_result_can_be_plotted_and_converted() {
    let dir = folder();
    losscope(dir.path(), &["surface", "--x=-1:1:5", "-q", "-o", "s.npz"]).succeeds();
    losscope(
        dir.path(),
        &[
            "plot",
            "s.npz",
            "-o",
            "s.svg",
            "--metric",
            "validation-accuracy",
            "--colormap",
            "cividis",
        ],
    )
    .succeeds();
    assert!(
        std::fs::read_to_string(dir.path().join("s.svg"))
            .unwrap()
            .contains("Validation accuracy")
    );
    losscope(
        dir.path(),
        &[
            "convert", "s.npz", "-o", "s.csv", "-o", "s.vtk", "-o", "s.h5", "-o", "s.json",
        ],
    )
    .succeeds();
    losscope(dir.path(), &["plot", "s.h5", "-o", "from-h5.png"]).succeeds();
    losscope(
        dir.path(),
        &[
            "plot",
            &fixture("formats/li_style_surface.h5"),
            "-o",
            "li.pdf",
        ],
    )
    .succeeds();
    losscope(dir.path(), &["plot", "s.npz", "-o", "s.csv"]).fails(2, &["convert writes data"]);
}

#[test]
fn a_seed_gives_the_same_surface_whichever_file_the_network_came_from() {
    let dir = folder();
    let run = |at: &str, out: &str| {
        let args = [
            "surface",
            "--at",
            at,
            "--x=-1:1:4",
            "--split",
            "train",
            "-q",
            "-o",
            out,
        ];
        losscope(dir.path(), &args).succeeds();
        numbers(&std::fs::read_to_string(dir.path().join(out)).unwrap())
    };
    // These formats keep the same tensors in three different orders.
    let pytorch = run(&fixture("models/mlps/sb.pt"), "pt.csv");
    assert_eq!(run(&fixture("formats/mlps.npz"), "npz.csv"), pytorch);
    assert_eq!(run(&fixture("formats/mlps.h5"), "h5.csv"), pytorch);
}

#[test]
fn an_output_never_replaces_an_input() {
    let dir = folder();
    let copy = |from: &str, to: &str| std::fs::copy(fixture(from), dir.path().join(to)).unwrap();
    copy("formats/mlps.npz", "weights.npz");
    let args = [
        "surface",
        "--at",
        "weights.npz",
        "--x=0:0:1",
        "-o",
        "weights.npz",
    ];
    losscope(dir.path(), &args).fails(2, &["overwrite the input", "weights.npz"]);
    losscope(dir.path(), &["inspect", "weights.npz"]).succeeds();
}

/// Whichever option names the output, and whichever the input, shards of a checkpoint included.
#[test]
fn no_option_replaces_an_input() {
    let dir = folder();
    let copy = |from: &str, to: &str| {
        std::fs::copy(fixture(&format!("formats/{from}")), dir.path().join(to)).unwrap();
    };
    let index = "model.safetensors.index.json";
    let shards = [1, 2].map(|n| format!("model-0000{n}-of-00002.safetensors"));
    for name in [index, &shards[0], &shards[1]] {
        copy(&format!("resnet8_sharded/{name}"), name);
    }
    for name in ["a.safetensors", "q-2-0.0005.safetensors"] {
        copy("resnet8.safetensors", name);
    }
    copy("mlps.npz", "part.npz");
    let of_npz = r#"{"weight_map": {"weight": "part.npz"}}"#;
    std::fs::write(dir.path().join("npz.json"), of_npz).unwrap();
    let contents = || {
        let read = |name: &String| std::fs::read(dir.path().join(name)).unwrap();
        names(dir.path()).iter().map(read).collect::<Vec<_>>()
    };
    let before = contents();
    let (a, q) = ("a.safetensors", "q-2-0.0005.safetensors");
    let rows: [&[&str]; 11] = [
        &["surface", "--at", a, "--save-directions", a],
        &[
            "surface",
            "--small",
            q,
            "--large",
            a,
            "--save-directions",
            a,
        ],
        &["surface", "--directions", a, "--save-directions", a],
        &["surface", "--at", index, "--save-directions", &shards[1]],
        &["inspect", a, "--write-model", a],
        &["inspect", index, "--write-model", &shards[0]],
        &["sharpness", a, q, "--save-worst", "q.safetensors"],
        &[
            "sharpness",
            index,
            "--epsilon",
            "1e-3",
            "--save-worst",
            &shards[0],
        ],
        &["sharpness", "npz.json", "-o", "part.npz"],
        &["curvature", "npz.json", "-o", "part.npz"],
        &[
            "line", "--small", "npz.json", "--large", a, "-o", "part.npz",
        ],
    ];
    for args in rows {
        losscope(dir.path(), args).fails(2, &["overwrite the input"]);
        assert!(contents() == before, "{args:?}");
    }
}

/// In a folder that is read, figures may be replaced, images of the data not.
#[test]
fn an_image_of_the_data_is_no_figure() {
    let dir = folder();
    std::fs::create_dir_all(dir.path().join("images/cats")).unwrap();
    let image = "images/cats/1.png";
    let pixels = image::RgbImage::new(8, 8);
    pixels.save(dir.path().join(image)).unwrap();
    let before = std::fs::read(dir.path().join(image)).unwrap();
    let args = ["noise", "--data", "images", "-o", image];
    losscope(dir.path(), &args).fails(2, &["overwrite the input"]);
    assert_eq!(std::fs::read(dir.path().join(image)).unwrap(), before);
    let figure = "images/line.png";
    let args = ["line", "--alpha=0:1:2", "--samples", "20", "-o", figure];
    losscope(dir.path(), &args).succeeds();
    let inputs = [dir.path().join("images")];
    losscope::export::check_spares(&dir.path().join(figure), &inputs).unwrap();
}

/// Of two results under one name only one would be left.
#[test]
fn no_two_outputs_share_a_file() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let result = "nowhere.npz";
    // Were anything opened, this network would be what is complained of.
    let nowhere = ["--model", "nowhere.toml"];
    let rows: [&[&str]; 7] = [
        &["surface", "-o", "z.npz", "-o", "z.npz"],
        &["line", "-o", "z.npz", "-o", "sub/../z.npz"],
        &["surface", "-o", "d.h5", "--save-directions", "./d.h5"],
        &["sharpness", "-o", "s.json", "-o", "s.json"],
        &[
            "sharpness",
            "--epsilon",
            "1e-3,0.001",
            "--save-worst",
            "w.safetensors",
        ],
        &["curvature", "-o", "c.csv", "-o", "./c.csv"],
        &["noise", "-o", "n.json", "-o", "n.partial.json"],
    ];
    for args in rows {
        losscope(dir.path(), &[args, &nowhere].concat()).fails(2, &["same file"]);
    }
    for (command, name) in [("plot", "z.png"), ("convert", "z.csv")] {
        let args = [command, result, "-o", name, "-o", name];
        losscope(dir.path(), &args).fails(2, &["same file"]);
    }
    assert_eq!(names(dir.path()), ["sub"]);
}

/// What is written beside the result is checked before the work as well.
#[test]
fn worst_points_and_directions_that_cannot_be_written_are_refused_at_once() {
    let dir = folder();
    let rows: [(&str, &str, &str, i32, &str); 5] = [
        (
            "sharpness",
            "--save-worst",
            "w.npz",
            2,
            ".safetensors: w.npz",
        ),
        ("sharpness", "--save-worst", "w.pt", 2, ".safetensors: w.pt"),
        (
            "sharpness",
            "--save-worst",
            "no/w.safetensors",
            1,
            "the folder no doesn't exist",
        ),
        (
            "surface",
            "--save-directions",
            "no/d.h5",
            1,
            "the folder no doesn't exist",
        ),
        (
            "surface",
            "--save-directions",
            "d.npz",
            2,
            ".safetensors or .h5",
        ),
    ];
    for (command, option, name, code, words) in rows {
        // Were anything opened, this network would be what is complained of.
        let args = [command, "--model", "nowhere.toml", option, name];
        losscope(dir.path(), &args).fails(code, &[words]);
    }
}

#[test]
fn distances_are_taken_from_the_first_file_unless_told_otherwise() {
    let dir = folder();
    let (small, large) = (fixture("models/mlp/sb.pt"), fixture("models/mlp/lb.pt"));
    let out = losscope(dir.path(), &["distance", &small, &large])
        .succeeds()
        .stdout();
    assert!(
        out.starts_with(&format!("L2 distance from {small}")),
        "{out}"
    );
    losscope(dir.path(), &["distance", &small]).fails(2, &["two checkpoints"]);
}

#[test]
fn saved_directions_give_the_same_surface() {
    let dir = folder();
    let base = [
        "surface",
        "--x=-1:1:5",
        "--split",
        "train",
        "--seed",
        "5",
        "-q",
    ];
    let run = |more: &[&str]| {
        losscope(dir.path(), &[&base[..], more].concat()).succeeds();
    };
    run(&["-o", "a.csv", "--save-directions", "d.safetensors"]);
    run(&[
        "--directions",
        "d.safetensors",
        "-o",
        "b.csv",
        "--save-directions",
        "d.h5",
    ]);
    run(&["--directions", "d.h5", "-o", "c.csv"]);
    let read = |name| numbers(&std::fs::read_to_string(dir.path().join(name)).unwrap());
    assert_eq!(read("a.csv"), read("b.csv"));
    assert_eq!(read("a.csv"), read("c.csv"));
}

#[test]
fn a_stopped_job_goes_on_where_it_was() {
    let dir = folder();
    let args = [
        "surface",
        "--x=-1:1:21",
        "--split",
        "train",
        "-o",
        "s.npz",
        "-o",
        "s.csv",
    ];
    losscope(dir.path(), &args).succeeds();
    let read = || numbers(&std::fs::read_to_string(dir.path().join("s.csv")).unwrap());
    let whole = read();
    // A result of which only a part is computed, as a stop would leave it.
    let mut outcome = losscope::export::npz::read(&dir.path().join("s.npz")).unwrap();
    if let losscope::engine::result::Numbers::Surface(surface) = &mut outcome.numbers {
        for i in (0..441).filter(|i| i % 3 != 0) {
            surface.table.computed[i] = false;
        }
    }
    losscope::export::npz::write(&dir.path().join("s.npz.partial.npz"), &outcome).unwrap();
    // A finished result would be gone on from first.
    std::fs::remove_file(dir.path().join("s.npz")).unwrap();
    let resumed = losscope(dir.path(), &[&args[..], &["--resume"]].concat()).succeeds();
    assert!(
        resumed.stderr().contains("147 of 441 points are in"),
        "{}",
        resumed.stderr()
    );
    assert_eq!(read(), whole);
    assert_eq!(
        names(dir.path()),
        ["s.csv", "s.npz"],
        "the partial result is gone"
    );
    // Other options are another job.
    let other = losscope(
        dir.path(),
        &[
            "surface",
            "--x=-1:1:21",
            "--split",
            "train",
            "--seed",
            "1",
            "-o",
            "s.npz",
            "--resume",
        ],
    );
    other.fails(2, &["other options"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_computed() {
    let dir = folder();
    let mut child = Command::new(program())
        .args([
            "surface",
            "--at",
            &fixture("models/resnet20/sb.pt.gz"),
            "--x=-1:1:101",
            "--split",
            "train",
            "-o",
            "s.png",
        ])
        .current_dir(dir.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert_eq!(names(dir.path()), ["s.png.partial.npz"]);
    let kept = losscope::export::npz::read(&dir.path().join("s.png.partial.npz")).unwrap();
    assert!(kept.missing() > 0 && kept.missing() < kept.points());
}

/// One row: arguments, exit code, words of the error.
type Fault<'a> = (Vec<&'a str>, i32, &'a [&'a str]);

#[test]
fn bad_input_gives_one_clear_error() {
    let dir = folder();
    let file = |name: &str| fixture(name);
    let broken = |name: &str| file(&format!("formats/broken/{name}"));
    let (missing_key, shape, truncated, text) = (
        broken("missing_key.pt"),
        broken("shape_mismatch.pt"),
        broken("truncated.pt"),
        broken("text.pt"),
    );
    let (bad_label, partial) = (
        file("data/broken/cifar_bad_label.bin"),
        file("data/broken/cifar_partial_record.bin"),
    );
    let (mlp, lenet, resnet) = (
        file("models/mlp/sb.pt"),
        file("models/lenet/sb.pt"),
        file("models/resnet20c/sb.pt.gz"),
    );
    std::fs::write(dir.path().join("bad.toml"), "name = 'x'\ninput = [64]\n[loss]\nkind = 'cross-entropy'\n[[layer]]\nname = 'a'\nkind = 'linaer'\n").unwrap();
    let head = "name = 'x'\n[loss]\nkind = 'cross-entropy'\n";
    let huge = "[[layer]]\nname = 'f'\nkind = 'flatten'\nfrom = 1\n";
    let still = "[[layer]]\nname = 'p'\nkind = 'max-pool'\nsize = [2, 2]\nstride = [0, 0]\npadding = [0, 0]\ndilation = [1, 1]\n";
    let model = |input: &str, layers: &str| format!("input = {input}\n{head}{layers}");
    std::fs::write(
        dir.path().join("huge.toml"),
        model("[9999999999, 9999999999]", huge),
    )
    .unwrap();
    std::fs::write(dir.path().join("still.toml"), model("[1, 8, 8]", still)).unwrap();
    let small = vec!["surface", "--x=0:0:1"];
    let with = |more: &[&'static str]| [small.clone(), more.to_vec()].concat();
    let at = |path: &'_ str| -> Vec<String> {
        ["surface", "--x=0:0:1", "--at", path]
            .map(String::from)
            .to_vec()
    };
    let at_faults: [(&str, &[&str]); 5] = [
        (&missing_key, &["3.bias", "missing_key.pt"]),
        (&shape, &["1.weight", "64", "63"]),
        (&truncated, &["truncated.pt"]),
        (&text, &["text.pt"]),
        ("no-such-file.pt", &["no-such-file.pt", "No such file"]),
    ];
    for (path, words) in at_faults {
        let args = at(path);
        losscope(
            dir.path(),
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .fails(1, words);
    }
    let faults: Vec<Fault<'_>> = vec![
        (
            with(&["--data", "no-such-data"]),
            2,
            &["no-such-data", "digits"],
        ),
        (
            vec!["surface", "--x=0:0:1", "--data", &bad_label],
            1,
            &["label", "200"],
        ),
        (
            vec!["surface", "--x=0:0:1", "--data", &partial],
            1,
            &["3001"],
        ),
        (
            vec!["surface", "--x=0:0:1", "--at", &resnet],
            1,
            &["[1, 8, 8]"],
        ),
        (
            vec!["surface", "--x=0:0:1", "--at", &mlp, "--model", "bad.toml"],
            1,
            &["linaer", "bad.toml"],
        ),
        (
            vec![
                "surface",
                "--x=0:0:1",
                "--at",
                &mlp,
                "--model",
                "no-such-family",
            ],
            2,
            &["no-such-family", "mlp"],
        ),
        (
            vec!["line", "--small", &mlp, "--large", &lenet],
            1,
            &["1.weight", "lenet"],
        ),
        (
            vec!["line", "--small", &mlp, "--large", &mlp],
            1,
            &["same weights"],
        ),
        (vec!["line", "--small", &mlp], 2, &["--large"]),
        (vec!["surface", "--small", &mlp], 2, &["--large"]),
        (
            vec!["surface", "--at", &mlp, "--alpha", "0.5"],
            2,
            &["--alpha"],
        ),
        (
            with(&["--directions", "three:a.pt"]),
            2,
            &["three:FILE,FILE"],
        ),
        (
            with(&["--directions", "no-directions.safetensors"]),
            1,
            &["no-directions.safetensors"],
        ),
        (with(&["--isometric"]), 2, &["three checkpoints"]),
        (
            with(&["--device", "gpu", "--precision", "f64"]),
            2,
            &["single precision", "flex"],
        ),
        (
            with(&["--device", "flex,cuda"]),
            2,
            &["cuda", "gpu:NUMBER", "losscope devices"],
        ),
        (with(&["--tolerance", "0"]), 2, &["0.001%", "such as 1%"]),
        (with(&["--memory", "lots"]), 2, &["lots", "500M"]),
        (with(&["--samples", "0"]), 2, &["--samples"]),
        (vec!["surface", "--x=1:-1:5"], 2, &["FROM:TO:POINTS"]),
        (
            vec!["surface", "--x=-1:1:10001"],
            2,
            &["--x and --y", "4,000,000"],
        ),
        (
            with(&["--model", "huge.toml"]),
            1,
            &["the input", "values a sample"],
        ),
        (
            with(&["--model", "still.toml"]),
            1,
            &["\"p\"", "stride", "at least 1"],
        ),
        (with(&["-o", "picture.bmp"]), 2, &[".png", "picture.bmp"]),
        (
            with(&["-o", "no/such/folder/s.png"]),
            1,
            &["no/such/folder/s.png"],
        ),
        (vec!["trajectory", "no-such-folder"], 1, &["no-such-folder"]),
        (vec!["plot", &mlp, "-o", "a.png"], 1, &["sb.pt"]),
        (vec!["no-such-command"], 2, &["no-such-command"]),
    ];
    for (args, code, words) in faults {
        losscope(dir.path(), &args).fails(code, words);
    }
    assert_eq!(
        names(dir.path()),
        ["bad.toml", "huge.toml", "still.toml"],
        "a failed command leaves nothing behind"
    );
}

#[test]
fn a_non_finite_weight_is_a_warning_and_its_loss_is_counted() {
    let dir = folder();
    let run = losscope(
        dir.path(),
        &[
            "surface",
            "--at",
            &fixture("formats/broken/nan_weight.pt"),
            "--x=-1:1:3",
            "-o",
            "s.svg",
        ],
    )
    .succeeds();
    assert!(
        run.stderr().contains("warning:") && run.stderr().contains("not finite")
            || run.stderr().contains("NaN"),
        "{}",
        run.stderr()
    );
    assert!(
        run.stdout().contains("9 points have no finite loss"),
        "{}",
        run.stdout()
    );
    assert!(
        std::fs::read_to_string(dir.path().join("s.svg"))
            .unwrap()
            .contains("non-finite")
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let program = program().display().to_string();
    let script = format!(
        "set -o pipefail; {program} inspect {} | head -n 1 >/dev/null",
        fixture("models/resnet20/sb.pt.gz")
    );
    let status = Command::new("bash").args(["-c", &script]).status().unwrap();
    assert!(status.success());
}

#[test]
fn every_command_has_help_with_its_defaults() {
    let dir = folder();
    for command in [
        "inspect",
        "line",
        "surface",
        "distance",
        "trajectory",
        "plot",
        "convert",
        "devices",
    ] {
        let help = losscope(dir.path(), &[command, "--help"])
            .succeeds()
            .stdout();
        assert!(help.contains("Usage: losscope"), "{help}");
    }
    let devices = losscope(dir.path(), &["devices"]).succeeds().stdout();
    assert!(
        devices.contains("flex") && devices.contains("ndarray") && devices.contains("gpu"),
        "{devices}"
    );
}

/// As one line, however the terminal's width breaks it.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn measures_say_their_formulas_units_and_sources_in_the_help() {
    use losscope::landscape::measures::{definitions_of, entry::Group};
    let dir = folder();
    for (command, list) in [
        ("sharpness", definitions_of(Group::Sharpness)),
        ("curvature", definitions_of(Group::Curvature)),
        ("noise", definitions_of(Group::Noise)),
    ] {
        let help = losscope(dir.path(), &[command, "--help"]).succeeds();
        let help = flowing(&help.stdout());
        for definition in list {
            let mut words = vec![definition.formula, definition.unit, definition.meaning];
            words.extend(definition.sources.iter().map(|source| source.paper));
            words.extend(definition.sources.iter().map(|source| source.arxiv));
            for words in words {
                assert!(help.contains(&flowing(words)), "{command}: {words}");
            }
        }
        let brief = losscope(dir.path(), &[command, "-h"]).succeeds().stdout();
        assert!(brief.lines().count() < 80, "{brief}");
    }
}

/// What used to be unsaid: which mean a PCA is taken about, and how statistics are measured.
#[test]
fn centring_and_recomputed_statistics_stand_in_the_help_and_on_the_result() {
    let dir = folder();
    let help = |command: &str| {
        let run = losscope(dir.path(), &[command, "--help"]).succeeds();
        flowing(&run.stdout())
    };
    for command in ["trajectory", "surface"] {
        for words in [
            "--centring",
            "- li:",
            "- final:",
            "- mean:",
            "zero, counts too",
        ] {
            assert!(help(command).contains(words), "{command}: {words}");
        }
    }
    for command in ["line", "surface", "report"] {
        for words in [
            "--statistics-batch",
            "[default: 128]",
            "--statistics-weights",
            "update_bn",
        ] {
            assert!(help(command).contains(words), "{command}: {words}");
        }
    }
    let epochs = fixture("trajectory/epochs");
    for (rule, words) in [
        ("mean", "about the mean of all checkpoints but the last"),
        ("li", "zero row counted (Li et al. 2018)"),
        (
            "final",
            "of the offsets from the last checkpoint, uncentred",
        ),
        ("none", "of the offsets from the last checkpoint, uncentred"),
    ] {
        let args = [
            "trajectory",
            &epochs,
            "--centring",
            rule,
            "-o",
            "t.json",
            "-o",
            "t.svg",
        ];
        losscope(dir.path(), &args).succeeds();
        for file in ["t.json", "t.svg"] {
            let text = std::fs::read_to_string(dir.path().join(file)).unwrap();
            assert!(text.contains(words), "{rule} in {file}");
        }
    }
    let (small, large) = (
        fixture("models/resnet8/sb.pt"),
        fixture("models/resnet8/lb.pt"),
    );
    let line = |more: &[&str]| {
        let args = [
            "line",
            "--small",
            &small,
            "--large",
            &large,
            "--alpha=0:1:3",
            "--buffers",
            "recompute",
            "--samples",
            "64",
            "--device",
            "flex",
            "--json",
        ];
        let run = losscope(dir.path(), &[&args[..], more].concat()).succeeds();
        let value: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
        let words = value["recipe"]["statistics"].as_str().unwrap().to_owned();
        (value["train_loss"].clone(), words)
    };
    let usual = line(&[]);
    let words = "(1437 samples in batches of 128, each of equal weight, unbiased variances)";
    assert!(usual.1.contains(words), "{}", usual.1);
    let weighted = line(&[
        "--statistics-batch",
        "500",
        "--statistics-weights",
        "sample",
    ]);
    let words = "in batches of 500, weighted by their samples";
    assert!(weighted.1.contains(words), "{}", weighted.1);
    let whole = line(&["--statistics-batch", "all"]);
    assert!(whole.1.contains("in one batch"), "{}", whole.1);
    assert!(usual.0 != weighted.0 && weighted.0 != whole.0);
    let refused = losscope(dir.path(), &["line", "--statistics-batch", "1"]);
    refused.fails(2, &["from 2 up, or all"]);
}

#[test]
fn man_pages_and_completions_know_every_command_that_help_lists() {
    let dir = folder();
    let help = losscope(dir.path(), &["--help"]).succeeds().stdout();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // What goes on from the line before stands farther in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(
        commands.len() > 10 && !commands.contains(&"generate"),
        "{help}"
    );
    losscope(dir.path(), &["generate", "man", "man"]).succeeds();
    let mut pages: Vec<String> = commands
        .iter()
        .map(|name| format!("losscope-{name}.1"))
        .chain(["losscope.1".to_owned()])
        .collect();
    pages.sort();
    assert_eq!(names(&dir.path().join("man")), pages);
    losscope(dir.path(), &["generate", "completions", "shells"]).succeeds();
    for file in ["losscope.bash", "_losscope", "losscope.fish"] {
        let text = std::fs::read_to_string(dir.path().join("shells").join(file)).unwrap();
        for name in &commands {
            assert!(text.contains(name), "{file} doesn't know {name}");
        }
        assert!(!text.contains("generate"), "{file} offers what is hidden");
    }
    losscope(dir.path(), &["generate", "man", "man/losscope.1"]).fails(1, &["losscope.1"]);
}

#[test]
fn a_trajectory_is_projected_and_a_surface_drawn_under_it() {
    let dir = folder();
    let epochs = PathBuf::from(fixture("trajectory/epochs"));
    let epochs = epochs.to_str().unwrap();
    let out = losscope(
        dir.path(),
        &["trajectory", epochs, "-o", "t.svg", "-o", "t.csv"],
    )
    .succeeds()
    .stdout();
    assert!(out.contains("explained variance"), "{out}");
    let run = losscope(
        dir.path(),
        &[
            "surface",
            "--directions",
            &format!("pca:{epochs}"),
            "--x=-2:12:5",
            "--y=-3:3:5",
            "-o",
            "s.svg",
        ],
    );
    run.succeeds();
    let svg = std::fs::read_to_string(dir.path().join("s.svg")).unwrap();
    assert!(
        svg.contains("PCA 1"),
        "the axis names its share of the variance"
    );
}

/// A checkpoint of the same family with one layer more: it has every tensor of `mlp/lb.pt`.
fn deeper(folder: &Path) -> String {
    let path = folder.join("deeper.safetensors");
    let mut tensors = losscope::checkpoint::open(Path::new(&fixture("models/mlp/lb.pt")))
        .unwrap()
        .tensors;
    let values = losscope::checkpoint::Values::F32(vec![0.1; 100]);
    let weight = losscope::checkpoint::Array::new(vec![10, 10], values).unwrap();
    tensors.push(("extra.weight".into(), weight));
    losscope::checkpoint::safetensors::write(&path, &tensors).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_checkpoint_of_a_deeper_network_is_no_other_end_of_a_line() {
    let dir = folder();
    let (small, deeper) = (fixture("models/mlp/sb.pt"), deeper(dir.path()));
    let three = format!("three:{},{deeper}", fixture("models/mlp/lb.pt"));
    std::fs::create_dir(dir.path().join("run")).unwrap();
    for (from, to) in [(&small, "1"), (&deeper, "2"), (&small, "3")] {
        std::fs::copy(from, dir.path().join("run").join(to)).unwrap();
    }
    for args in [
        vec!["line", "--small", &small, "--large", &deeper],
        vec![
            "surface",
            "--x=0:0:1",
            "--small",
            &small,
            "--large",
            &deeper,
        ],
        vec![
            "surface",
            "--x=0:0:1",
            "--at",
            &small,
            "--directions",
            &three,
        ],
        vec!["sharpness", &small, &deeper],
        vec!["distance", &small, &deeper],
        vec!["distance", &deeper, "--from", &small],
        vec!["report", &small, &deeper, "-o", "report.html"],
        vec!["trajectory", "run", "--model", "mlp"],
        vec!["distance", "run"],
    ] {
        losscope(dir.path(), &args).fails(1, &["another network", "extra.weight", "[10, 10]"]);
    }
    let resnets = ["models/resnet8/sb.pt", "models/resnet20/sb.pt.gz"].map(fixture);
    let args = ["line", "--small", &resnets[0], "--large", &resnets[1]];
    losscope(dir.path(), &args).fails(1, &["conv1.weight", "[8, 1, 3, 3]", "[4, 1, 3, 3]"]);
}

#[test]
fn a_path_is_known_by_its_content() {
    use losscope::engine::recognise::{Kind, Sorted, kind};
    let dir = folder();
    let file = |name: &str| PathBuf::from(fixture(name));
    let here = |name: &str| dir.path().join(name);
    losscope(
        dir.path(),
        &["surface", "--x=0:0:1", "-q", "-o", "result.npz"],
    )
    .succeeds();
    std::fs::copy(file("data/digits.npz"), here("named-as.pt")).unwrap();
    std::fs::copy(file("models/mlp/sb.pt"), here("weights.npz")).unwrap();
    std::fs::write(here("session"), "{\"losscope\": \"1\", \"wish\": {}}").unwrap();
    std::fs::write(here("network"), "name = 'x'\n[[layer]]\nname = 'a'\n").unwrap();
    std::fs::create_dir_all(here("images/cat")).unwrap();
    image::GrayImage::new(2, 2)
        .save(here("images/cat/1.png"))
        .unwrap();
    for (path, expected) in [
        (file("models/mlp/sb.pt"), Kind::Checkpoint),
        (file("models/resnet20/sb.pt.gz"), Kind::Checkpoint),
        (file("formats/mlps.npz"), Kind::Checkpoint),
        (file("formats/mlps.h5"), Kind::Checkpoint),
        (file("formats/resnet8_checkpoint.pth.tar"), Kind::Checkpoint),
        (
            file("formats/resnet8_sharded/model.safetensors.index.json"),
            Kind::Checkpoint,
        ),
        (file("formats/resnet8_sharded"), Kind::Checkpoint),
        (here("weights.npz"), Kind::Checkpoint),
        (PathBuf::from("builtin:small"), Kind::Checkpoint),
        (file("data/digits.npz"), Kind::Data),
        (here("named-as.pt"), Kind::Data),
        (file("data/digits80.safetensors"), Kind::Data),
        (file("data/idx/t10k-images-idx3-ubyte"), Kind::Data),
        (file("data/idx/train-images-idx3-ubyte.gz"), Kind::Data),
        (file("data/idx"), Kind::Data),
        (file("data/cifar10-like-bin"), Kind::Data),
        (
            file("data/cifar10-like-bin/data_batch_1.bin.gz"),
            Kind::Data,
        ),
        (here("images"), Kind::Data),
        (PathBuf::from("moons"), Kind::Data),
        (here("result.npz"), Kind::Result),
        (file("formats/li_style_surface.h5"), Kind::Result),
        (file("formats/li_style_direction.h5"), Kind::Directions),
        (file("trajectory/epochs"), Kind::Run),
        (here("session"), Kind::Session),
        (here("network"), Kind::Model),
    ] {
        let found = kind(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found, expected, "{}", path.display());
    }
    let idx = [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    let idx: Vec<PathBuf> = idx.iter().map(|n| file(&format!("data/idx/{n}"))).collect();
    let sorted = Sorted::of(&idx).unwrap();
    assert_eq!(sorted.data, Some(file("data/idx")), "files of one set");
}

#[test]
fn what_the_window_cannot_open_is_said_in_the_terminal() {
    let dir = folder();
    std::fs::write(dir.path().join("notes.txt"), "some words").unwrap();
    let small = fixture("models/mlp/sb.pt");
    if std::env::var_os("LOSSCOPE_PROGRAM").is_some() {
        // The build for cluster nodes.
        losscope(dir.path(), &[&small]).fails(2, &["without its window", "losscope report"]);
        return;
    }
    let [npz, idx] = ["data/digits.npz", "data/idx/t10k-images-idx3-ubyte"].map(fixture);
    losscope(dir.path(), &[&small, "notes.txt"]).fails(1, &["notes.txt", "some words"]);
    losscope(dir.path(), &[&small, &npz, &idx]).fails(2, &["digits.npz", "t10k", "data"]);
    losscope(dir.path(), &[&small, &small, &small, &small]).fails(2, &["4 checkpoints"]);
    losscope(dir.path(), &["nowhere.pt"]).fails(2, &["nowhere.pt", "--help"]);
}
