//! Measures as a user meets them: `losscope sharpness`, its tables, files and refusals.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "common/named.rs"]
mod named;

use losscope::checkpoint::{self, Array, Values, npz, safetensors};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

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

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = losscope(folder, args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn fails(args: &[&str], code: i32, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let output = losscope(folder.path(), args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is missing in: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// Refuses to start, and says all of `words`.
#[track_caller]
fn fails_in(folder: &Path, args: &[&str], words: &[&str]) {
    let output = losscope(folder, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is missing in: {stderr}");
    }
}

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let mut all = vec!["sharpness", "--json", "-q"];
    all.extend(args);
    serde_json::from_str(&succeeds(folder, &all)).unwrap()
}

#[test]
fn without_any_input_the_built_in_minimizers_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let out = succeeds(dir.path(), &["sharpness"]);
    for words in [
        "builtin:small",
        "builtin:large",
        "sign ascent",
        "L-BFGS-B",
        "random points",
        "10⁻³",
        "5×10⁻⁴",
        "C2 8.68/925",
        "ASAM",
        "CPU",
        "Dinh et al. 2017",
        "Andriushchenko",
        "lower bound",
    ] {
        assert!(out.contains(words), "{words:?} is missing in: {out}");
    }
}

#[test]
fn the_report_is_written_as_json_and_as_arrays() {
    let dir = tempfile::tempdir().unwrap();
    let (sb, lb) = (fixture("models/mlps/sb.pt"), fixture("models/mlps/lb.pt"));
    succeeds(
        dir.path(),
        &[
            "sharpness",
            &sb,
            &lb,
            "--epsilon",
            "1e-4,1e-3,1e-2",
            "--method",
            "sign",
            "--iterations",
            "5",
            "--restarts",
            "2",
            "--measures",
            "sam,filter-average",
            "--draws",
            "4",
            "--seed",
            "18446744073709551615",
            "-o",
            "s.json",
            "-o",
            "s.npz",
        ],
    );
    let report: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("s.json")).unwrap()).unwrap();
    assert_eq!(report["kind"], "sharpness");
    assert_eq!(report["recipe"]["complete"], true);
    assert_eq!(report["recipe"]["job"]["seed"], u64::MAX);
    assert_eq!(report["recipe"]["checkpoints"].as_array().unwrap().len(), 2);
    assert_eq!(
        report["recipe"]["checkpoints"][0]["sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    let results = report["results"].as_array().unwrap();
    let arrays = npz::read_arrays(&dir.path().join("s.npz")).unwrap();
    let array = |name: &str| &arrays.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(array("epsilon").to_f64(), [1e-4, 1e-3, 1e-2]);
    assert_eq!(array("phi").shape(), [2, 3]);
    assert_eq!(array("rise").shape(), [2, 2]);
    let phi = array("phi").to_f64();
    for (c, result) in results.iter().enumerate() {
        for e in 0..3 {
            let found = &result["boxes"][e];
            // JSON's parser here may miss the last bit.
            let read = found["phi"].as_f64().unwrap();
            assert!((read - phi[3 * c + e]).abs() <= 1e-15 * read);
            assert!(found["phi"].as_f64() >= found["random_floor"].as_f64());
            assert!(found["gradients"].as_u64().unwrap() > 5);
        }
        assert_eq!(result["measures"].as_array().unwrap().len(), 2);
        assert!(result["measures"][0]["standard_error"].is_null());
        assert!(result["measures"][1]["standard_error"].as_f64().unwrap() > 0.0);
    }
    // A method that wasn't asked for has no numbers.
    assert!(array("phi_lbfgsb").to_f64().iter().all(|v| v.is_nan()));
    assert_eq!(array("phi_sign").to_f64(), phi);
}

#[test]
fn the_same_command_gives_the_same_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let mut report = json(dir.path(), &["--epsilon", "1e-3", "--subspace", "10"]);
        report["recipe"]["elapsed_seconds"] = Value::Null;
        // Which digits of them JSON alone would lose.
        report["recipe"]["exact_numbers"] = Value::Null;
        report
    };
    assert_eq!(run(), run());
}

/// The weights written are those the largest loss was found at.
#[test]
fn the_worst_weights_are_saved_as_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let sb = fixture("models/mlps/sb.pt");
    let common = ["--restarts", "1", "--measures", "none", "--epsilon", "1e-3"];
    let mut args = vec![sb.as_str(), "--save-worst", "worst.safetensors"];
    args.extend(common);
    let report = json(dir.path(), &args);
    let worst = dir.path().join("worst.safetensors");
    let expected = report["results"][0]["boxes"][0]["worst_loss"]
        .as_f64()
        .unwrap();
    let again = json(
        dir.path(),
        &[
            worst.to_str().unwrap(),
            "--model",
            "mlp",
            "--measures",
            "none",
            "--iterations",
            "1",
            "--restarts",
            "0",
        ],
    );
    let loss = again["results"][0]["loss"].as_f64().unwrap();
    assert!(
        (loss - expected).abs() < 1e-6 * expected,
        "{loss} {expected}"
    );
    // Several boxes make several files.
    let lb = fixture("models/mlps/lb.pt");
    succeeds(
        dir.path(),
        &[
            "sharpness",
            "-q",
            &sb,
            &lb,
            "--restarts",
            "0",
            "--measures",
            "none",
            "--save-worst",
            "w.safetensors",
        ],
    );
    for name in ["w-1-0.001", "w-1-0.0005", "w-2-0.001", "w-2-0.0005"] {
        let file = dir.path().join(format!("{name}.safetensors"));
        assert_eq!(checkpoint::open(&file).unwrap().tensors.len(), 4, "{name}");
    }
}

#[test]
fn a_stored_subspace_is_searched() {
    let dir = tempfile::tempdir().unwrap();
    let (sb, basis) = (
        fixture("models/mlps/sb.pt"),
        fixture("results/mlps/subspace_A.safetensors"),
    );
    let report = json(
        dir.path(),
        &[
            &sb,
            "--basis",
            &basis,
            "--epsilon",
            "1e-3",
            "--measures",
            "none",
            "--precision",
            "f64",
        ],
    );
    let phi = report["results"][0]["boxes"][0]["phi"].as_f64().unwrap();
    // PyTorch's best: 0.7256. The stored basis is rounded to half precision.
    assert!((phi - 0.7256).abs() < 0.02, "{phi}");
    fails(
        &["sharpness", "--basis", &basis],
        1,
        &["[1810, 100]", "17226 parameters", "subspace_A"],
    );
    fails(&["sharpness", &sb, "--basis", &sb], 1, &["one tensor", "4"]);
    fails(
        &["sharpness", &sb, "--basis", &basis, "--subspace", "3"],
        2,
        &["cannot be used with"],
    );
}

/// The first `count` training digits as a file.
fn first_digits(folder: &Path, count: usize) -> String {
    let arrays = npz::read_arrays(Path::new(&fixture("data/digits.npz"))).unwrap();
    let first = |name: &str| {
        let (name, array) = arrays.iter().find(|(n, _)| n == name).unwrap();
        let mut shape = array.shape().to_vec();
        let width: usize = shape[1..].iter().product();
        shape[0] = count;
        let values = array.to_f64()[..count * width].to_vec();
        let array = Array::new(shape, Values::F64(values)).unwrap();
        (name.clone(), array)
    };
    let (inputs, (name, labels)) = (first("x_train"), first("y_train"));
    let whole = labels.to_f64().iter().map(|l| *l as i64).collect();
    let labels = Array::new(labels.shape().to_vec(), Values::I64(whole)).unwrap();
    safetensors::write(&folder.join("first.safetensors"), &[inputs, (name, labels)]).unwrap();
    "first.safetensors".to_owned()
}

/// `results/lenet_sharpness.py` looked for the maxima in other ways; its values are lower bounds, so
/// that ours may be larger, and must not be much smaller.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "cargo test -- --nocapture shows how close it was"
)]
fn the_sharpness_of_a_convolutional_network_reaches_the_best_known() {
    let dir = tempfile::tempdir().unwrap();
    let data = first_digits(dir.path(), 300);
    let text = std::fs::read_to_string(fixture("results/lenet/sharpness.json")).unwrap();
    let stored: Value = serde_json::from_str(&text).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    for (more, share) in [
        (&[][..], 0.9),
        (&["--method", "sign", "--iterations", "200"][..], 0.98),
    ] {
        let (sb, lb) = (fixture("models/lenet/sb.pt"), fixture("models/lenet/lb.pt"));
        let mut args = vec![sb.as_str(), lb.as_str(), "--data", &data];
        args.extend(["--split", "train", "--epsilon", "5e-4,1e-3"]);
        args.extend(["--measures", "none"]);
        args.extend(more);
        let report = json(dir.path(), &args);
        let results = report["results"].as_array().unwrap();
        for (checkpoint, result) in ["sb", "lb"].into_iter().zip(results) {
            let expected = &stored[checkpoint];
            let (loss, f0) = (number(&result["loss"]), number(&expected["f0"]));
            assert!((loss / f0 - 1.0).abs() < 1e-4, "{loss} {f0}");
            let points = expected["points"].as_array().unwrap();
            assert_eq!(points.len(), 2);
            for (found, point) in result["boxes"].as_array().unwrap().iter().zip(points) {
                let (phi, best) = (number(&found["phi"]), number(&point["phi_best"]));
                assert_eq!(found["epsilon"], point["eps"]);
                println!("lenet/{checkpoint} {more:?}: {phi:.4} of {best:.4}");
                assert!(phi >= share * best, "{checkpoint}: {phi} of {best}");
                // A lower bound of the same maximum: far more would be another quantity.
                assert!(phi <= 1.02 * best, "{checkpoint}: {phi} of {best}");
            }
        }
    }
}

#[test]
fn train_mode_measures_another_loss_where_there_is_batch_normalisation() {
    let dir = tempfile::tempdir().unwrap();
    let resnet = fixture("models/resnet8/sb.pt");
    let loss = |mode: &str| {
        let report = json(
            dir.path(),
            &[
                &resnet,
                "--statistics",
                mode,
                "--samples",
                "200",
                "--epsilon",
                "1e-3",
                "--restarts",
                "0",
                "--iterations",
                "2",
                "--method",
                "sign",
                "--measures",
                "none",
            ],
        );
        report["results"][0]["loss"].as_f64().unwrap()
    };
    let (eval, train) = (loss("eval"), loss("train"));
    assert!(
        eval > 0.0 && train > 0.0 && (eval - train).abs() > 1e-5,
        "{eval} {train}"
    );
    let output = losscope(
        dir.path(),
        &[
            "sharpness",
            "--statistics",
            "train",
            "--epsilon",
            "1e-3",
            "--restarts",
            "0",
        ],
    );
    assert!(text(&output.stderr).contains("no running statistics"));
}

#[test]
fn what_makes_no_sense_is_refused_before_any_work() {
    for (args, words) in [
        (vec!["--epsilon", "0"], vec!["--epsilon", "from 10⁻¹²"]),
        (vec!["--epsilon=-1e-3"], vec!["--epsilon", "from 10⁻¹²"]),
        (vec!["--epsilon", "nan"], vec!["--epsilon", "from 10⁻¹²"]),
        (vec!["--iterations", "0"], vec!["from 1 to 1,000,000"]),
        (vec!["--method", "sign,sign"], vec!["sign ascent twice"]),
        (
            vec!["--subspace", "20000"],
            vec!["20000 directions", "17226 parameters"],
        ),
        (
            vec!["--subspace", "17000", "--memory", "64M"],
            vec!["17000 directions", "--memory"],
        ),
        (
            vec!["--measures", "flatness"],
            vec!["flatness", "adaptive-worst"],
        ),
        (vec!["--rho", "0"], vec!["--rho", "from 10⁻¹²"]),
        (vec!["--draws", "1"], vec!["--draws", "2"]),
        (vec!["-o", "s.png"], vec![".json or .npz"]),
        (
            vec!["--columns", "unit-norm"],
            vec!["required", "--subspace", "--basis"],
        ),
    ] {
        let mut all = vec!["sharpness"];
        all.extend(&args);
        fails(&all, 2, &words);
    }
    fails(&["sharpness", "nowhere.pt"], 1, &["nowhere.pt"]);
    let (sb, other) = (fixture("models/mlps/sb.pt"), fixture("models/lenet/sb.pt"));
    fails(&["sharpness", &sb, &other], 1, &["lenet/sb.pt"]);
}

#[test]
fn a_checkpoint_without_a_finite_loss_has_no_sharpness() {
    let nan = fixture("formats/broken/nan_weight.pt");
    let words = ["nan_weight.pt", "\"1.weight\"", "aren't finite"];
    fails(&["sharpness", &nan], 1, &words);
}

/// A box so wide that single precision overflows everywhere in it.
#[test]
fn a_box_in_which_the_loss_overflows_has_no_sharpness() {
    let dir = tempfile::tempdir().unwrap();
    let sb = fixture("models/mlps/sb.pt");
    let args = ["sharpness", &sb, "--epsilon", "1e30", "--rho", "1e30"];
    let output = losscope(dir.path(), &args);
    let (out, warnings) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{warnings}");
    assert!(out.contains("isn't finite at any of the"), "{out}");
    assert!(!out.contains("rounding"), "{out}");
    let worst = out.lines().find(|l| l.starts_with("worst within")).unwrap();
    assert!(worst.ends_with('–'), "{worst}");
    for measure in ["worst within ρ|w|", "average, noise ρ|w|"] {
        assert!(warnings.contains(measure), "{measure}: {warnings}");
    }
    let report = json(dir.path(), &args[1..]);
    assert!(report["results"][0]["boxes"][0]["phi"].is_null());
    let measures = report["results"][0]["measures"].as_array().unwrap();
    assert_eq!(measures.len(), 5);
    assert_eq!(measures[2]["measure"], "adaptive-worst");
    assert!(measures[2]["rise"].is_null(), "{measures:?}");
    fails(
        &["surface", "--directions", "worst:1e30", "--at", &sb],
        1,
        &["overflows", "1e30", "isn't finite"],
    );
}

/// Runs `losscope sharpness` and stops it after three seconds; returns what it said and printed.
#[cfg(unix)]
fn stopped(folder: &Path, args: &[&str]) -> [String; 2] {
    let child = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .arg("sharpness")
        .args(args)
        .current_dir(folder)
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    [said, text(&output.stdout)]
}

/// Ctrl-C ends the work after the current gradient; finished boxes and their worst points are kept,
/// the report marked as incomplete, until a whole one takes its place.
#[test]
#[cfg(unix)]
fn stopping_keeps_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("s.json"), "finished").unwrap();
    let common = ["--epsilon", "1e-3,1e-4", "--restarts", "0", "-o", "s.json"];
    let long = ["--method", "sign", "--draws", "1000000"];
    let worst = ["--save-worst", "w.safetensors"];
    let [stderr, stdout] = stopped(dir.path(), &[&common[..], &long, &worst].concat());
    assert_eq!(std::fs::read(file("s.json")).unwrap(), b"finished");
    let kept = file("s.partial.json");
    let report: Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    assert_eq!(report["recipe"]["complete"], false);
    let first = &report["results"][0];
    assert!(
        first["boxes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|b| b.get("unfinished").is_none())
    );
    let last = first["measures"].as_array().unwrap().last().unwrap();
    assert_eq!(last["unfinished"]["expected"], 1_000_000, "{last}");
    assert_eq!(last["unfinished"]["evaluations"], last["samples"], "{last}");
    assert!(last["standard_error"].as_f64().unwrap() > 0.0, "{last}");
    assert!(stdout.contains("not finished, after"), "{stdout}");
    assert!(!stdout.contains('≥'), "both boxes are: {stdout}");
    for words in [
        "2 of 4 boxes measured",
        "s.partial.json",
        "wrote w-1-0.0001",
    ] {
        assert!(stderr.contains(words), "{words:?} is missing in: {stderr}");
    }
    for name in ["w-1-0.001.safetensors", "w-1-0.0001.safetensors"] {
        assert_eq!(checkpoint::open(&file(name)).unwrap().tensors.len(), 6);
    }
    assert!(!file("w-2-0.001.safetensors").exists());
    let short = ["sharpness", "--measures", "none"];
    let other = [&short[..], &common].concat();
    fails_in(
        dir.path(),
        &other,
        &["s.partial.json", "another job", "--measures"],
    );
    let same = [&["sharpness"], &common[..], &long, &worst].concat();
    fails_in(
        dir.path(),
        &same,
        &["s.partial.json", "this very job", "remove it"],
    );
    std::fs::remove_file(&kept).unwrap();
    succeeds(dir.path(), &[&short[..], &common].concat());
    assert!(!kept.exists() && std::fs::metadata(file("s.json")).unwrap().len() > 8);
}

/// Who stops within a box, however large, has the lower bound found until then, marked as one.
#[test]
#[cfg(unix)]
fn stopping_within_a_box_keeps_what_its_search_has_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let long = ["--restarts", "1000000", "-o", "s.npz", "-o", "s.json"];
    let worst = ["--epsilon", "1e-3", "--save-worst", "w.safetensors"];
    let [stderr, stdout] = stopped(dir.path(), &[&long[..], &worst].concat());
    for words in [
        "0 of 2 boxes measured and one begun, after",
        "s.partial.npz",
    ] {
        assert!(stderr.contains(words), "{words:?} is missing in: {stderr}");
    }
    let report: Value =
        serde_json::from_slice(&std::fs::read(file("s.partial.json")).unwrap()).unwrap();
    assert_eq!(report["recipe"]["complete"], false);
    let found = &report["results"][0]["boxes"][0];
    let (phi, at) = (found["phi"].as_f64().unwrap(), &found["unfinished"]);
    assert!(phi > 0.0, "{found}");
    assert!(at["evaluations"].as_u64() < at["expected"].as_u64(), "{at}");
    for words in ["≥ ", "φ at least ", " of about "] {
        assert!(stdout.contains(words), "{words:?} is missing in: {stdout}");
    }
    let arrays = npz::read_arrays(&file("s.partial.npz")).unwrap();
    let array = |name: &str| arrays.iter().find(|(n, _)| n == name).unwrap().1.to_f64();
    assert_eq!(array("phi_finished"), [0.0]);
    assert!((array("phi")[0] - phi).abs() <= 1e-15 * phi);
    // The bound is a loss that a point of the box has.
    let point = file("w-1-0.001.safetensors");
    let point = point.to_str().unwrap();
    let few = ["--iterations", "1", "--restarts", "0", "--measures", "none"];
    let again = json(dir.path(), &[&[point, "--model=mlp"][..], &few].concat());
    let loss = again["results"][0]["loss"].as_f64().unwrap();
    let expected = found["worst_loss"].as_f64().unwrap();
    // The weights are written in single precision.
    assert!(
        (loss - expected).abs() < 1e-6 * expected,
        "{loss} {expected}"
    );
}

/// The boxes of the checkpoints before are kept, and so are their worst points.
#[test]
fn a_failure_keeps_the_worst_points_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad) = (
        fixture("models/mlps/sb.pt"),
        dir.path().join("huge.safetensors"),
    );
    let mut state = checkpoint::open(Path::new(&good)).unwrap();
    for (_, array) in &mut state.tensors {
        let huge = Values::F32(vec![f32::MAX; array.len()]);
        *array = Array::new(array.shape().to_vec(), huge).unwrap();
    }
    safetensors::write(&bad, &state.tensors).unwrap();
    let output = losscope(
        dir.path(),
        &[
            "sharpness",
            &good,
            bad.to_str().unwrap(),
            "--epsilon",
            "1e-3",
            "--restarts",
            "0",
            "--measures",
            "none",
            "-o",
            "s.json",
            "--save-worst",
            "w.safetensors",
        ],
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("isn't finite"), "{said}");
    assert!(dir.path().join("s.partial.json").exists(), "{said}");
    let worst = dir.path().join("w-1-0.001.safetensors");
    assert_eq!(checkpoint::open(&worst).unwrap().tensors.len(), 4);
}

/// The built-in experiment shows what it is there for: by every sharpness, and at every size of the
/// box, the small-batch minimizer is the flatter of two that fit the data equally well.
#[test]
fn the_built_in_small_batch_minimizer_is_flatter_by_every_sharpness() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = "1e-5,1e-4,5e-4,1e-3,5e-3,1e-2,1e-1";
    let report = json(dir.path(), &["--epsilon", sizes]);
    let (small, large) = (&report["results"][0], &report["results"][1]);
    let number = |of: &Value, key: &str| of[key].as_f64().unwrap();
    let losses = [number(small, "loss"), number(large, "loss")];
    assert!(losses.iter().all(|loss| *loss <= 0.01) && (losses[0] / losses[1] - 1.0).abs() < 0.02);
    let compare = |key: &str, value: &str, factor: f64| {
        let (a, b) = (
            small[key].as_array().unwrap(),
            large[key].as_array().unwrap(),
        );
        assert!(!a.is_empty() && a.len() == b.len());
        for (a, b) in a.iter().zip(b) {
            assert!(number(b, value) > factor * number(a, value), "{a} {b}");
        }
    };
    compare("boxes", "phi", 1.1);
    compare("measures", "rise", 1.5);
    let subspace = json(
        dir.path(),
        &[
            "--epsilon",
            "5e-4,1e-3",
            "--subspace",
            "100",
            "--measures",
            "none",
        ],
    );
    for (a, b) in subspace["results"][0]["boxes"]
        .as_array()
        .unwrap()
        .iter()
        .zip(subspace["results"][1]["boxes"].as_array().unwrap())
    {
        assert!(number(b, "phi") > 1.2 * number(a, "phi"), "{a} {b}");
    }
}

#[test]
fn sizes_and_counts_read_well() {
    let dir = tempfile::tempdir().unwrap();
    let data = first_digits(dir.path(), 1);
    let sb = fixture("models/mlps/sb.pt");
    let mut args = vec![
        "sharpness",
        &sb,
        "--data",
        &data,
        "--epsilon",
        "1e-12,1e-3,1e30",
    ];
    args.extend(["--subspace", "1", "--measures", "none", "--iterations", "1"]);
    args.extend(["--restarts", "0", "--save-worst", "w.safetensors"]);
    let out = succeeds(dir.path(), &args);
    for words in [
        ": 1 training sample,",
        "within 1 random direction,",
        "ε = 10³⁰: ",
    ] {
        assert!(out.contains(words), "{words:?} is missing in: {out}");
    }
    for name in ["w-1-1e-12", "w-1-0.001", "w-1-1e30"] {
        let file = dir.path().join(format!("{name}.safetensors"));
        assert!(file.exists(), "{name}");
    }
}
