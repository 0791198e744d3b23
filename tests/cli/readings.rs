//! Which network is measured: said by every command, in every file, and asked where nothing tells.

use super::{fixture, folder, losscope};
use losscope::checkpoint::{self, Array, Values, safetensors};
use losscope::export;
use std::path::Path;

/// What a standard error says of the network, a line each.
fn assumed(stderr: &str) -> Vec<&str> {
    let lines = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("assumed: "));
    lines.collect()
}

#[test]
fn every_command_that_computes_says_what_it_assumed_and_marks_what_nothing_confirmed() {
    let dir = folder();
    let [sb, lb] = ["sb", "lb"].map(|name| fixture(&format!("models/resnet8/{name}.pt")));
    std::fs::create_dir(dir.path().join("run")).unwrap();
    let init = fixture("models/resnet8/init.pt");
    for (from, to) in [(&init, "1.pt"), (&sb, "2.pt"), (&lb, "3.pt")] {
        std::fs::copy(from, dir.path().join("run").join(to)).unwrap();
    }
    let few = ["--samples", "40", "--device", "flex"];
    let quick = ["--restarts", "0", "--iterations", "1", "--measures", "none"];
    let animated = [
        "--x=0:0:1",
        "--frames=0:1:2",
        "--pixels",
        "80",
        "-o",
        "a.gif",
    ];
    for args in [
        vec!["surface", "--x=0:0:1", "--at", &sb],
        vec!["line", "--alpha=0:1:2", "--small", &sb, "--large", &lb],
        // It takes no data.
        vec!["trajectory", "run", "--centring", "li"],
        [&["sharpness", sb.as_str()][..], &quick].concat(),
        vec!["curvature", &sb, "--top", "0", "--trace", "--probes", "1"],
        vec!["noise", &sb],
        vec!["measure", &sb, "--measures", "sam"],
        [&["animate", "--small", &sb, "--large", &lb][..], &animated].concat(),
    ] {
        let few = if args[0] == "trajectory" {
            &[][..]
        } else {
            &few
        };
        let all = [&args[..], few, &["--model", "resnet-cifar"]].concat();
        let said = losscope(dir.path(), &all).succeeds().stderr();
        let lines = assumed(&said);
        assert!(!lines.is_empty(), "{args:?}: {said}");
        for line in &lines {
            let marked = line.ends_with("(unconfirmed)");
            assert!(
                marked || line.contains("(confirmed by "),
                "{args:?}: {line}"
            );
        }
        let epsilon = lines.iter().find(|line| line.contains("1e-5"));
        let epsilon = epsilon.unwrap_or_else(|| panic!("{args:?}: {said}"));
        assert!(epsilon.ends_with("(unconfirmed)"), "{epsilon}");
    }
}

#[test]
fn every_file_says_how_the_network_was_read() {
    let dir = folder();
    let args = [
        "surface",
        "--at",
        &fixture("models/resnet8/sb.pt"),
        "--model",
        "resnet-cifar",
        "--samples",
        "40",
        "--x=-1:1:3",
        "--device",
        "flex",
    ];
    let outputs = ["s.npz", "s.json", "s.svg", "s.csv", "s.vtk"];
    let out = outputs.iter().flat_map(|name| ["-o", name]);
    let args: Vec<&str> = args.into_iter().chain(out).collect();
    losscope(dir.path(), &args).succeeds();
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let stored = export::read(&dir.path().join("s.npz")).unwrap();
    let reading = &stored.header.model.reading;
    assert!(reading.unconfirmed() > 0);
    let json: serde_json::Value = serde_json::from_str(&text("s.json")).unwrap();
    let own = &json["recipe"]["model"]["reading"];
    assert_eq!(own["key"], reading.key.as_str());
    let all = own["assumptions"].as_array().unwrap();
    assert_eq!(all.len(), reading.assumptions.len());
    assert!(all.iter().any(|one| one["confirmed"].is_null()));
    // A figure's caption is broken into lines.
    let svg = text("s.svg").replace(['\n', '\r'], " ");
    assert!(svg.contains("unconfirmed"), "the caption marks it");
    let told = export::caption::inputs(&stored.header).concat();
    assert!(told.contains("assumed, unconfirmed"), "{told}");
    let report = [
        "report",
        &fixture("models/resnet8/sb.pt"),
        &fixture("models/resnet8/lb.pt"),
        "--quick",
        "--samples",
        "40",
        "--model",
        "resnet-cifar",
        "--device",
        "flex",
        "-o",
        "r.html",
    ];
    losscope(dir.path(), &report).succeeds();
    let html = text("r.html");
    assert!(html.contains("Read as") && html.contains("(unconfirmed)"));
}

/// At the terminal the answers stand with the flags that give them, and each of them is taken.
#[test]
fn what_nothing_tells_is_asked_with_the_flags_that_answer() {
    let dir = folder();
    let [model, data] =
        ["model.pt", "data.npz"].map(|f| fixture(&format!("cases/silent-average-pool/{f}")));
    let args = ["surface", "--x=0:0:1", "--at", &model, "--data", &data];
    let run = losscope(dir.path(), &args).fails(2, &["choose one with", "loss", "accuracy"]);
    let said = run.stderr();
    let flags: Vec<&str> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--model "))
        .collect();
    assert!(flags.len() > 1, "{said}");
    let key = flags[0].split_whitespace().next().unwrap();
    losscope(dir.path(), &[&args[..], &["--model", key]].concat()).succeeds();
    // The same evidence, without an error, for whoever looks.
    let shown = losscope(dir.path(), &["inspect", &model, "--data", &data])
        .succeeds()
        .stdout();
    for words in ["open", "tried", "--model lenet", "accuracy"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// The accuracy in a checkpoint was ignored: what the file tells of itself decides between networks, or says that none of
/// them is the right one.
#[test]
fn what_a_file_records_of_itself_is_held_against_the_measured() {
    let dir = folder();
    let [model, data] = ["model.pt", "data.npz"].map(|f| fixture(&format!("cases/recorded/{f}")));
    let args = [
        "surface",
        "--x=0:0:1",
        "--at",
        &model,
        "--data",
        &data,
        "--json",
    ];
    let run = losscope(dir.path(), &args).succeeds();
    let json: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let reading = &json["recipe"]["model"]["reading"];
    let by = reading["confirmed"].as_str().unwrap();
    assert!(by.contains("the file records val_acc"), "{by}");
    assert!(
        reading["key"].as_str().unwrap().contains("silu"),
        "{reading}"
    );
}

/// Data that were scaled otherwise than in training went unnoticed where only one network fits.
#[test]
fn the_scaling_of_the_data_is_asked_where_the_network_does_no_better_than_chance() {
    let dir = folder();
    let state = checkpoint::open(Path::new(&fixture("models/mlps/sb.pt"))).unwrap();
    // The first layer takes pixels from 0 to 255.
    let scaled = state.tensors.iter().map(|(name, array)| {
        let first = name == "1.weight";
        let factor = if first { 1.0 / 255.0 } else { 1.0 };
        let values = array.to_f64().iter().map(|v| (factor * v) as f32).collect();
        (
            name.clone(),
            Array::new(array.shape().to_vec(), Values::F32(values)).unwrap(),
        )
    });
    let scaled: Vec<_> = scaled.collect();
    safetensors::write(&dir.path().join("raw.safetensors"), &scaled).unwrap();
    let digits = losscope::dataset::open(&losscope::dataset::DataOptions::default())
        .unwrap()
        .train;
    let count = digits.len();
    let pixels: Vec<u8> = digits
        .inputs
        .iter()
        .map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8)
        .collect();
    let labels: Vec<i64> = digits
        .labels()
        .unwrap()
        .iter()
        .map(|l| i64::from(*l))
        .collect();
    let data = [
        (
            "x".to_owned(),
            Array::new(vec![count, 1, 8, 8], Values::U8(pixels)).unwrap(),
        ),
        (
            "y".to_owned(),
            Array::new(vec![count], Values::I64(labels)).unwrap(),
        ),
    ];
    safetensors::write(&dir.path().join("data.safetensors"), &data).unwrap();
    let args = [
        "surface",
        "--x=0:0:1",
        "--at",
        "raw.safetensors",
        "--data",
        "data.safetensors",
        "--model",
        "mlp",
    ];
    let run =
        losscope(dir.path(), &args).fails(2, &["no better than chance", "--data-normalize none"]);
    assert!(run.stderr().contains("accuracy"));
    losscope(
        dir.path(),
        &[&args[..], &["--data-normalize", "none"]].concat(),
    )
    .succeeds();
}
