//! `measure`: the catalogue at the terminal and in files, whole networks and layer by layer.

use super::{fails, fixture, losscope, number, prints, text};
use losscope::checkpoint::npz;
use serde_json::Value;

/// Few samples, so that all of them together take a moment.
const QUICK: [&str; 5] = ["measure", "--samples", "200", "--draws", "4"];

#[test]
fn layers_are_ranked_and_written_in_the_networks_order() {
    let dir = tempfile::tempdir().unwrap();
    let small = fixture("models/lenet/sb.pt");
    let args = [
        "--measures",
        "trace,eigenvalues,sam",
        "--by",
        "layer",
        "--probes",
        "8",
    ];
    let outputs = ["-o", "m.json", "-o", "m.npz", "-o", "m.csv"];
    let all = [&QUICK[..], &[&small], &args, &outputs].concat();
    let run = losscope(dir.path(), &all);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let said = text(&run.stdout);
    for words in [
        "layer",
        "conv1",
        "fc3",
        "λ₁, largest",
        "Trace",
        "SAM",
        "Dinh",
    ] {
        assert!(said.contains(words), "{words:?} is missing in: {said}");
    }
    let json = std::fs::read(dir.path().join("m.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["kind"], "measure");
    assert_eq!(json["recipe"]["job"]["by"], "layer");
    let results = json["results"].as_array().unwrap();
    let layers = ["conv1", "conv2", "fc1", "fc2", "fc3"];
    assert_eq!(results.len(), 3 * layers.len());
    for (i, result) in results.iter().enumerate() {
        assert_eq!(result["part"], layers[i % layers.len()]);
        assert_eq!(result["finished"], true);
    }
    // The largest eigenvalue of a block stands first in the terminal's table.
    let eigenvalues = results.iter().filter(|r| r["measure"] == "eigenvalues");
    let largest = eigenvalues
        .max_by(|a, b| {
            let of = |r: &Value| number(&r["numbers"][0]["value"]);
            of(a).total_cmp(&of(b))
        })
        .unwrap();
    let table = said.split("Eigenvalues\n").nth(1).unwrap();
    let first = table.lines().nth(1).unwrap();
    assert!(
        first.starts_with(largest["part"].as_str().unwrap()),
        "{first}"
    );
    // One row for each number, in every format the same.
    let count: usize = results
        .iter()
        .map(|r| r["numbers"].as_array().unwrap().len())
        .sum();
    let arrays = npz::read_arrays(&dir.path().join("m.npz")).unwrap();
    let values = arrays
        .iter()
        .find(|(name, _)| name == "value")
        .unwrap()
        .1
        .to_f64();
    assert_eq!(values.len(), count);
    let csv = std::fs::read_to_string(dir.path().join("m.csv")).unwrap();
    let rows = csv.lines().filter(|line| line.starts_with("measures,"));
    assert_eq!(rows.count(), count, "{csv}");
}

#[test]
fn every_measure_of_the_catalogue_runs_at_the_terminal() {
    let (small, large) = (fixture("models/mlps/sb.pt"), fixture("models/mlps/lb.pt"));
    let more = [
        "--measures",
        "all",
        "--to",
        &large,
        "--learning-rate",
        "0.1",
    ];
    let less = ["--chain", "50", "--probes", "8", "--json", "-q"];
    let found = prints(&[&QUICK[..], &[&small], &more, &less].concat());
    let found: Value = serde_json::from_str(&found).unwrap();
    let results = found["results"].as_array().unwrap();
    for entry in losscope::landscape::measures::CATALOGUE {
        if entry.rows.is_empty() {
            continue;
        }
        let own = results.iter().find(|r| r["measure"] == entry.key);
        let own = own.unwrap_or_else(|| panic!("{} is missing", entry.key));
        assert_eq!(own["problem"], Value::Null, "{own}");
        assert!(!own["numbers"].as_array().unwrap().is_empty(), "{own}");
    }
    let value = |measure: &str, row: usize| {
        let own = results.iter().find(|r| r["measure"] == measure).unwrap();
        number(&own["numbers"][row]["value"])
    };
    for key in ["critical-sharpness", "update-sharpness"] {
        assert!((value(key, 0) * value(key, 1) - 2.0).abs() < 1e-3, "{key}");
    }
    assert!((value("edge-of-stability", 0) / (0.05 * value("eigenvalues", 0)) - 1.0).abs() < 1e-2);
    assert_eq!(value("edge-of-stability", 1), 20.0);
    assert!(value("gauss-newton", 0) > 0.0);
}

#[test]
fn what_a_measure_lacks_is_said_before_anything_is_opened() {
    let measure = |more: &[&'static str]| [&["measure"][..], more].concat();
    fails(
        &measure(&["--measures", "barrier"]),
        2,
        &["barrier", "--to FILE"],
    );
    fails(
        &measure(&["--measures", "edge-of-stability"]),
        2,
        &["edge-of-stability", "--learning-rate"],
    );
    fails(&measure(&["--only", "fc1"]), 2, &["--by layer"]);
    fails(
        &measure(&["--by", "layer", "--only", "fc9", "--measures", "sam"]),
        2,
        &["--only fc9", "it has"],
    );
    let pair = [
        "--measures",
        "barrier",
        "--to",
        "builtin:large",
        "--by",
        "layer",
    ];
    fails(&measure(&pair), 2, &["whole network alone"]);
    fails(&measure(&["-o", "m.png"]), 2, &[".json, .npz or .csv"]);
}

#[test]
fn a_surface_and_a_line_may_move_one_layer_alone() {
    let dir = tempfile::tempdir().unwrap();
    let small = fixture("models/lenet/sb.pt");
    let args = [
        "surface",
        "--at",
        &small,
        "--only",
        "conv2",
        "--x=-1:1:3",
        "--samples",
        "50",
        "-o",
        "s.json",
    ];
    let run = losscope(dir.path(), &args);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let json = std::fs::read(dir.path().join("s.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    let axis = &json["recipe"]["axes"][0];
    assert_eq!(axis["label"], "direction 1 of conv2");
    assert!(axis["rule"].as_str().unwrap().contains("conv2 moved alone"));
    // Of 16 filters of 54 numbers each: much shorter than a direction of the whole network.
    let norm = number(&json["recipe"]["geometry"]["norms"][0]);
    let whole = prints(&[
        "surface",
        "--at",
        &small,
        "--x=-1:1:3",
        "--samples",
        "50",
        "--json",
        "-q",
    ]);
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert!(norm > 0.0 && norm < 0.7 * number(&whole["recipe"]["geometry"]["norms"][0]));

    let large = fixture("models/lenet/lb.pt");
    let args = [
        "line",
        "--small",
        &small,
        "--large",
        &large,
        "--only",
        "fc1",
        "--alpha=0:1:3",
        "--samples",
        "50",
        "--json",
        "-q",
    ];
    let line: Value = serde_json::from_str(&prints(&args)).unwrap();
    let mark = line["recipe"]["marks"][1]["label"].as_str().unwrap();
    assert_eq!(mark, "small batch with fc1 of large batch");
    fails(
        &["surface", "--only", "fc9", "--x=-1:1:3"],
        2,
        &["--only fc9", "it has"],
    );
}
