//! Files of `curvature` and `noise`: arrays and tables hold the numbers of the JSON, and pictures show
//! what was asked for.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::checkpoint::{Array, npz};
use losscope::export;
use losscope::plot::text;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};
use svg2pdf::usvg;

fn losscope(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) {
    let output = losscope(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&text_of(path)).unwrap()
}

fn arrays(path: &Path) -> HashMap<String, Array> {
    npz::read_arrays(path).unwrap().into_iter().collect()
}

/// The field `key` of every row.
fn column(rows: &Value, key: &str) -> Vec<f64> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| number(row.pointer(&format!("/{key}")).unwrap()))
        .collect()
}

/// A number of the JSON, in which those that aren't finite are null.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(number).collect()
}

#[track_caller]
fn same(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        // JSON's parser here may miss the last bit, and has no word for infinity.
        let close = (a - b).abs() <= 1e-15 * b.abs() || !a.is_finite() && b.is_nan();
        assert!(close, "{what}: {a} for {b}");
    }
}

/// The cells of a line, quotes taken off: a cell with a comma or a quote in it is quoted (RFC 4180).
fn cells_of(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let last = cells.last_mut().unwrap();
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => last.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => last.push(c),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

/// The rows of one table of a CSV, each by the names of its columns; empty cells are left out.
fn table(csv: &str, name: &str) -> Vec<HashMap<String, String>> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(names[0], "table");
    let row = |line: &str| -> Option<HashMap<String, String>> {
        let cells = cells_of(line);
        assert_eq!(cells.len(), names.len(), "{line}");
        let filled = names
            .iter()
            .zip(&cells)
            .filter(|(_, cell)| !cell.is_empty());
        let row = filled.map(|(n, cell)| ((*n).to_owned(), (*cell).clone()));
        (cells[0] == name).then(|| row.collect())
    };
    lines.filter_map(row).collect()
}

fn cells(rows: &[HashMap<String, String>], name: &str) -> Vec<f64> {
    rows.iter().map(|r| r[name].parse().unwrap()).collect()
}

/// The size of a picture in points, as a viewer lays it out with the bundled font.
fn size(svg: &str) -> (f32, f32) {
    let mut options = usvg::Options {
        dpi: 72.0,
        ..usvg::Options::default()
    };
    options.fontdb_mut().load_font_data(text::FONT.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).unwrap();
    // Nothing is drawn off the page.
    let (page, drawn) = (tree.size(), tree.root().abs_bounding_box());
    assert!(
        drawn.left() > -0.5 && drawn.right() < page.width() + 0.5,
        "{drawn:?}"
    );
    assert!(
        drawn.top() > -0.5 && drawn.bottom() < page.height() + 0.5,
        "{drawn:?}"
    );
    (page.width(), page.height())
}

const CURVATURE: [&str; 24] = [
    "curvature",
    "builtin:large",
    "--samples",
    "60",
    "--top",
    "3",
    "--trace",
    "--probes",
    "6",
    "--density",
    "--density-probes",
    "2",
    "--density-steps",
    "12",
    "--along-gradient",
    "0.01:1:4",
    "--to",
    "builtin:small",
    "--alpha=-0.5:1.5:5",
    "--map=-1:1:3",
    "--most-products",
    "60",
    "--seed",
    "3",
];

#[test]
fn a_curvature_is_the_same_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = CURVATURE.to_vec();
    args.extend(["-o", "c.json", "-o", "c.npz", "-o", "c.csv", "-o", "c.svg"]);
    args.extend(["-o", "c.png", "-o", "c.pdf", "--dpi", "100"]);
    succeeds(dir.path(), &args);
    let report = json(&dir.path().join("c.json"));
    assert_eq!(report["kind"], "curvature");
    let arrays = arrays(&dir.path().join("c.npz"));
    let array = |name: &str| {
        let found = arrays.get(name);
        found
            .unwrap_or_else(|| panic!("{name} is missing"))
            .to_f64()
    };
    let eigenvalues = &report["eigenvalues"];
    let (trace, density) = (&report["trace"], &report["density"]);
    let nodes = density["nodes"].as_array().unwrap();
    let node = |i: usize| nodes.iter().map(|n| number(&n[i])).collect::<Vec<_>>();
    let (line, steps) = (&report["line"], &report["along_gradient"]);
    let map = &report["map"];
    for (name, expected) in [
        ("loss", vec![number(&report["loss"])]),
        ("eigenvalues", column(&eigenvalues["top"], "value")),
        ("residuals", column(&eigenvalues["top"], "residual")),
        ("smallest", vec![number(&eigenvalues["smallest"]["value"])]),
        ("trace", vec![number(&trace["trace"]["mean"])]),
        (
            "trace_error",
            vec![number(&trace["trace"]["standard_error"])],
        ),
        ("nodes", node(0)),
        ("weights", node(1)),
        ("line_alpha", column(line, "t")),
        ("line_loss", column(line, "value")),
        ("line_slope", column(line, "slope")),
        ("line_curvature", column(line, "curvature")),
        ("line_gradient_norm", column(line, "gradient_norm")),
        ("variation_rate", column(steps, "step")),
        ("variation_loss", column(steps, "value")),
        (
            "variation_gradient_change",
            column(steps, "gradient_change"),
        ),
        ("variation_smoothness", column(steps, "smoothness")),
        (
            "effective_smoothness",
            vec![number(&report["variation"]["effective_smoothness"])],
        ),
        ("x", numbers(&map["x"])),
        ("y", numbers(&map["y"])),
        ("ratio", numbers(&map["ratio"])),
        ("lambda_max", numbers(&map["largest"])),
        ("lambda_min", numbers(&map["smallest"])),
    ] {
        same(name, &array(name), &expected);
    }
    assert_eq!(arrays["trace"].shape(), [0_usize; 0]);
    assert_eq!(arrays["ratio"].shape(), [3, 3]);
    assert_eq!(array("computed"), [1.0; 9]);
    // The density integrates to 1 over its grid.
    let (lambda, values) = (array("lambda"), array("density"));
    let step = lambda[1] - lambda[0];
    let mass = values.iter().sum::<f64>() * step;
    assert!((mass - 1.0).abs() < 1e-3, "{mass}");
    let recipe: Vec<u8> = array("recipe").iter().map(|b| *b as u8).collect();
    let recipe: Value = serde_json::from_slice(&recipe).unwrap();
    assert_eq!(recipe, report["recipe"]);
    assert_eq!(recipe["job"]["command"], "curvature");
    assert!(
        recipe["caution"]
            .as_str()
            .is_some_and(|words| !words.is_empty())
    );

    let csv = text_of(&dir.path().join("c.csv"));
    let summary = table(&csv, "summary");
    let found = summary.iter().find(|r| r["quantity"] == "trace").unwrap();
    same("trace", &[found["value"].parse().unwrap()], &array("trace"));
    same(
        "curvature",
        &cells(&table(&csv, "line"), "curvature"),
        &array("line_curvature"),
    );
    let rows = table(&csv, "map");
    same("ratio", &cells(&rows, "ratio"), &array("ratio"));
    same("x", &cells(&rows[..3], "x"), &array("x"));
    assert!(cells(&rows[..3], "y").iter().all(|y| *y == -1.0));
    assert_eq!(table(&csv, "density").len(), 2001);
    assert_eq!(table(&csv, "eigenvalues").len(), 3);
    assert_eq!(table(&csv, "nodes").len(), 24);
    assert_eq!(table(&csv, "variation").len(), 4);

    let svg = text_of(&dir.path().join("c.svg"));
    for words in [
        "curvature at built-in digits, batches of 512",
        "Density of eigenvalues",
        "|λ_min/λ_max|",
        "Slope along the line",
        "Curvature along the line",
        "Change of the gradient",
        "Learning rate η",
        "stratified subset, seed 3",
        "Dinh et al. 2017",
    ] {
        assert!(svg.contains(words), "{words:?} is missing");
    }
    // The largest eigenvalue stands over its triangle.
    let largest = losscope::plot::number::format_value(array("eigenvalues")[0]);
    assert!(svg.contains(&format!(">{largest}</text>")), "{largest}");
    // Three pictures of 80 mm in a row.
    let (width, _) = size(&svg);
    assert!((width - 240.0 * 72.0 / 25.4).abs() < 0.5, "{width}");
    let png = image::open(dir.path().join("c.png")).unwrap();
    assert!((f64::from(png.width()) - 240.0 / 25.4 * 100.0).abs() < 1.5);
    assert!(text_of_bytes(&dir.path().join("c.pdf")).starts_with("%PDF"));
}

fn text_of_bytes(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

#[test]
fn a_noise_is_the_same_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    succeeds(
        dir.path(),
        &[
            "noise",
            "--samples",
            "100",
            "--batches",
            "1,8,50,100,500",
            "--estimate",
            "--small-batch",
            "8",
            "--parts",
            "4",
            "--repeats",
            "6",
            "--reached",
            "100:300,200:200,50:500",
            "-o",
            "n.json",
            "-o",
            "n.npz",
            "-o",
            "n.csv",
            "-o",
            "n.svg",
            "-o",
            "n.png",
            "-o",
            "n.pdf",
            "--title",
            "Noise & batches",
        ],
    );
    let report = json(&dir.path().join("n.json"));
    assert_eq!(report["kind"], "noise");
    let arrays = arrays(&dir.path().join("n.npz"));
    let array = |name: &str| arrays[name].to_f64();
    let (batches, layers) = (&report["batches"], &report["layers"]);
    let (exact, estimate) = (&report["exact"], &report["estimate"]);
    for (name, expected) in [
        // A batch larger than the samples is none.
        ("batches", vec![1.0, 8.0, 50.0, 100.0]),
        ("steps", column(batches, "steps")),
        ("examples", column(batches, "examples")),
        ("sgd_noise", column(batches, "sgd_noise")),
        ("alignment", column(batches, "alignment/alignment/mean")),
        (
            "alignment_error",
            column(batches, "alignment/alignment/standard_error"),
        ),
        ("b_simple", vec![number(&exact["total"]["scale"])]),
        ("estimate_high", vec![number(&estimate["interval"][1])]),
        ("estimate_b_simple", vec![number(&estimate["scale"])]),
        ("b_noise", vec![number(&report["curved"]["scale"])]),
        (
            "critical_batch",
            vec![number(&report["tradeoff"]["critical_batch"])],
        ),
        ("layer_parameters", column(layers, "parameters")),
        ("layer_ratio", column(layers, "ratio")),
        ("tensor_b_simple", column(&exact["tensors"], "scale")),
    ] {
        same(name, &array(name), &expected);
    }
    let csv = text_of(&dir.path().join("n.csv"));
    let rows = table(&csv, "layers");
    let names: Vec<&str> = rows.iter().map(|r| r["name"].as_str()).collect();
    assert_eq!(names, ["0", "2", "4"]);
    same("ratio", &cells(&rows, "ratio"), &array("layer_ratio"));
    let rows = table(&csv, "batches");
    same("alignment", &cells(&rows, "alignment"), &array("alignment"));
    assert_eq!(rows[3]["alignment_error"], "inf");

    let svg = text_of(&dir.path().join("n.svg"));
    let scale = losscope::plot::number::format_value(array("b_simple")[0]);
    for words in [
        "Noise &amp; batches",
        "B = 1<",
        "B = 50",
        "1/√B",
        "fewest steps",
        "runs given",
        "McCandlish et al. 2018",
        "bars are standard errors",
        &format!("B_simple = {scale}"),
    ] {
        assert!(svg.contains(words), "{words:?} is missing");
    }
    assert!(!svg.contains("B = 500"));
    let (width, _) = size(&svg);
    assert!((width - 160.0 * 72.0 / 25.4).abs() < 0.5, "{width}");
    assert!(image::open(dir.path().join("n.png")).unwrap().width() > 1800);
    assert!(text_of_bytes(&dir.path().join("n.pdf")).starts_with("%PDF"));
}

/// One picture alone is a page as wide as it is.
#[test]
fn a_density_alone_is_a_column_wide() {
    let dir = tempfile::tempdir().unwrap();
    succeeds(
        dir.path(),
        &[
            "curvature",
            "--samples",
            "50",
            "--top",
            "0",
            "--density",
            "--density-probes",
            "1",
            "--density-steps",
            "8",
            "--width",
            "100",
            "-o",
            "d.svg",
        ],
    );
    let svg = text_of(&dir.path().join("d.svg"));
    let (width, _) = size(&svg);
    assert!((width - 100.0 * 72.0 / 25.4).abs() < 0.5, "{width}");
    assert!(svg.contains("1 random vector,") && !svg.contains("triangles"));
}

/// Hours of work must not end in a file that can't be written.
#[test]
fn refusals_come_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let rows: [(&[&str], &[&str]); 6] = [
        (
            &["curvature", "-o", "c.png"],
            &[
                "no picture",
                "--density",
                "--map",
                "--to",
                "--along-gradient",
            ],
        ),
        (
            &["curvature", "--trace", "-o", "c.json", "-o", "c.svg"],
            &["--density"],
        ),
        (&["curvature", "-o", "c.h5"], &[".json, .npz or .csv"]),
        (&["noise", "-o", "n.txt"], &[".png, .svg or .pdf"]),
        (
            &["noise", "-o", "n.svg", "--width", "2"],
            &["--width", "40"],
        ),
        (
            &["curvature", "--density", "-o", "d.png", "--colormap", "jet"],
            &["viridis"],
        ),
    ];
    for (args, words) in rows {
        // Were anything computed, this checkpoint would be what is complained of.
        let args = [args, &["--model", "nowhere.toml"]].concat();
        let output = losscope(dir.path(), &args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{word:?} is missing in: {stderr}");
        }
    }
    let output = losscope(dir.path(), &["noise", "-o", "nowhere/n.npz"]);
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A file of a measure isn't one of the results that are drawn again.
#[test]
fn plot_and_convert_say_what_they_take() {
    let dir = tempfile::tempdir().unwrap();
    let few = ["--samples", "40", "-q", "-o", "r.npz"];
    let rows: [&[&str]; 3] = [
        &["sharpness", "--restarts", "0", "--measures", "none"],
        &["curvature", "--top", "1"],
        &["noise", "--curvature-probes", "0"],
    ];
    for args in rows {
        succeeds(dir.path(), &[args, &few].concat());
        // In a folder that is read it may be replaced all the same.
        let inputs = [dir.path().to_owned()];
        export::check_spares(&dir.path().join("r.npz"), &inputs).unwrap();
        for (command, name) in [("plot", "p.png"), ("convert", "p.csv")] {
            let output = losscope(dir.path(), &[command, "r.npz", "-o", name]);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            let holds = format!("holds a {} result", args[0]);
            for words in [&holds, "surfaces, lines and trajectories", "-o", "r.npz"] {
                assert!(stderr.contains(words), "{words:?} is missing in: {stderr}");
            }
        }
    }
}
