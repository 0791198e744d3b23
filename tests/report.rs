//! The report: one page that needs nothing else, the files beside it, and what it says when a part is
//! missing.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use clap::{Args, FromArgMatches as _};
use losscope::checkpoint::npz::read_arrays;
use losscope::checkpoint::{Array, Values, safetensors};
use losscope::engine::Flow;
use losscope::engine::job::ReportJob;
use losscope::engine::local::curvature;
use losscope::engine::report::{self, Part, Report};
use losscope::export::{self, png, report as page};
use losscope::plot::number::format_value;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn losscope(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/digits-mlp")
        .join(name)
}

/// What the options of `losscope report` make of `args`.
fn job(args: &[&str]) -> ReportJob {
    let command = ReportJob::augment_args(clap::Command::new("report"));
    let all = ["report"].iter().chain(args);
    ReportJob::from_arg_matches(&command.get_matches_from(all)).unwrap()
}

/// A report that is stopped once `at` begins.
fn stopped_at(job: &ReportJob, at: Part) -> Report {
    report::run(job, &mut |report, _| {
        if report.coming.front() == Some(&at) {
            Flow::Stop
        } else {
            Flow::Continue
        }
    })
    .unwrap()
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every value of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

/// Every element is closed, in order; returns how many there are.
#[track_caller]
fn balanced(html: &str) -> usize {
    const VOID: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut count = 0;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '/'])
            .next()
            .unwrap();
        count += 1;
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "near {rest:.200}");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        if name == "style" && !tag.starts_with('/') {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    count
}

/// What has to be true of any page.
#[track_caller]
fn well_made(html: &str) {
    balanced(html);
    for word in [
        "<script",
        "<img",
        "<link",
        "<iframe",
        "@import",
        "url(http",
        "javascript:",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    for address in attributes(html, "href")
        .into_iter()
        .chain(attributes(html, "src"))
    {
        let known = address.starts_with('#')
            || address.starts_with("data:")
            || address.starts_with("https://arxiv.org/abs/")
            || !address.contains(':');
        assert!(known, "{address}");
    }
    // One name, one element: clips and anchors of different figures never meet.
    let ids = attributes(html, "id");
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    let names = html
        .split("url(#")
        .skip(1)
        .map(|r| r.split(')').next().unwrap());
    let anchors = attributes(html, "href")
        .into_iter()
        .filter_map(|a| a.strip_prefix('#'));
    for name in names.chain(anchors) {
        assert!(unique.contains(name), "#{name} leads nowhere");
    }
    for id in [
        "summary",
        "line",
        "contours",
        "sharpness",
        "curvature",
        "distances",
        "noise",
        "methods",
    ] {
        assert!(unique.contains(id), "no section {id}");
    }
    assert!(html.contains("@media print") && html.len() < 3 << 20);
}

/// The figures of a page, by the heading of their names.
fn figures(html: &str) -> Vec<&str> {
    html.split("<figure")
        .skip(1)
        .map(|rest| {
            let rest = rest.split("</figure>").next().unwrap();
            &rest[rest.find("<svg").unwrap()..rest.rfind("</svg>").unwrap() + 6]
        })
        .collect()
}

/// The values of an array.
fn floats(path: &Path, name: &str) -> Vec<f64> {
    let arrays = read_arrays(path).unwrap();
    let (_, array) = arrays.into_iter().find(|(n, _)| n == name).unwrap();
    array.to_f64()
}

/// The number at a pointer, or the numbers of a list.
fn column(json: &Value, pointer: &str) -> Vec<f64> {
    match json.pointer(pointer).unwrap() {
        Value::Array(all) => all.iter().map(|v| v.as_f64().unwrap()).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// But for the last bit, which parsing JSON may miss.
#[track_caller]
fn same(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-15 * b.abs(), "{a} for {b}");
    }
}

/// Ratios of both checkpoints in a file of `losscope sharpness`: of φ, and of the other measures with
/// whether they differ by more than two standard errors.
fn ratios(file: &Path) -> Vec<(f64, bool)> {
    let value = read_json(file);
    let of = |i: usize, list: &str| value["results"][i][list].as_array().unwrap().clone();
    let number = |v: &Value| v.as_f64().unwrap_or(0.0);
    let mut found = Vec::new();
    for (list, key) in [("boxes", "phi"), ("measures", "rise")] {
        for (a, b) in of(0, list).iter().zip(&of(1, list)) {
            let error = number(&a["standard_error"]).hypot(number(&b["standard_error"]));
            let (small, large) = (number(&a[key]), number(&b[key]));
            found.push((large / small, large - small > 2.0 * error));
        }
    }
    found
}

#[test]
fn a_report_is_one_page_with_its_files_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let names = [
        "s<mall> & co.safetensors",
        "large.safetensors",
        "init.safetensors",
    ];
    for (name, from) in names.iter().zip([
        "small-batch.safetensors",
        "large-batch.safetensors",
        "initial.safetensors",
    ]) {
        fs::copy(asset(from), dir.path().join(name)).unwrap();
    }
    let mut args = vec!["report"];
    args.extend(names);
    args.extend([
        "--model",
        "mlp",
        "--quick",
        "--seed",
        "3",
        "-o",
        "r & d.html",
    ]);
    let output = losscope(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let html = fs::read_to_string(dir.path().join("r & d.html")).unwrap();
    well_made(&html);
    assert!(html.contains("s&lt;mall&gt; &amp; co.safetensors") && !html.contains("s<mall>"));
    assert!(
        html.contains("'s&lt;mall&gt; &amp; co.safetensors'"),
        "no quoted command"
    );
    for words in [
        "seed 3",
        "flex: CPU",
        "f32",
        "Dinh et al. 2017",
        "Andriushchenko et al. 2023",
        "L-BFGS-B",
        "17,226 parameters",
        "360 validation samples",
        "barrier of",
        "losscope noise large.safetensors",
        "B<sub>simple</sub>",
        "Losscope 0.1.0",
    ] {
        assert!(html.contains(words), "{words:?} is missing");
    }
    let drawn = figures(&html);
    assert_eq!(drawn.len(), 7);
    for svg in drawn {
        // The renderer fails on a broken document.
        assert!(png::bytes(svg, 60.0).unwrap().len() > 2_000);
    }

    let folder = dir.path().join("r & d-files");
    let there: HashSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there.len(), 38);
    for link in attributes(&html, "href")
        .iter()
        .filter(|a| !a.contains([':', '#']))
    {
        let name = link.strip_prefix("r%20%26%20d-files/").unwrap();
        assert!(there.contains(name), "{link} leads nowhere");
    }
    for name in &there {
        let path = folder.join(name);
        match path.extension().unwrap().to_str().unwrap() {
            "json" => assert!(read_json(&path).is_object(), "{name}"),
            "npz" if name.starts_with("sharpness") => {
                assert!(read_arrays(&path).unwrap().iter().any(|(n, _)| n == "phi"));
            }
            "npz" if name.starts_with("curvature") => {
                let json = read_json(&path.with_extension("json"));
                let smoothness = column(&json, "/variation/effective_smoothness");
                same(&floats(&path, "effective_smoothness"), &smoothness);
                assert_eq!(floats(&path, "variation_loss").len(), 10);
            }
            "npz" if name.starts_with("noise") => {
                let json = read_json(&path.with_extension("json"));
                same(
                    &floats(&path, "b_simple"),
                    &column(&json, "/exact/total/scale"),
                );
            }
            "csv" => {
                let text = fs::read_to_string(&path).unwrap();
                assert!(
                    text.starts_with("table,") && text.lines().count() > 10,
                    "{name}"
                );
            }
            "npz" => assert_eq!(export::read(&path).unwrap().missing(), 0, "{name}"),
            "svg" => assert!(
                fs::read_to_string(&path).unwrap().contains("<svg"),
                "{name}"
            ),
            "pdf" => assert!(fs::read(&path).unwrap().starts_with(b"%PDF"), "{name}"),
            other => panic!("{other}"),
        }
    }

    // The sentence, from the numbers beside it.
    let mut all = ratios(&folder.join("sharpness.json"));
    all.extend(ratios(&folder.join("sharpness-subspace.json")));
    assert_eq!(all.len(), 9);
    let flatter: Vec<f64> = all.iter().filter(|r| r.1).map(|r| r.0).collect();
    let low = flatter.iter().copied().fold(f64::INFINITY, f64::min);
    let high = flatter.iter().copied().fold(0.0, f64::max);
    assert_eq!(flatter.len(), 9, "{all:?}");
    let expected = format!(
        "The small-batch minimizer is flatter by every one of 9 sharpnesses: × {} to × {}.",
        format_value(low),
        format_value(high)
    );
    let summary = read_json(&folder.join("summary.json"));
    assert_eq!(summary["sentence"], expected.as_str());
    assert_eq!(summary["recipe"]["complete"], true);
    assert_eq!(text(&output.stdout).trim(), expected);
    assert!(html.contains(&expected.replace("× ", "×\u{a0}")));

    // Two more rows of the summary, from theirs.
    let row = |key: &str| {
        let rows = summary["rows"].as_array().unwrap();
        let row = rows.iter().find(|r| r["key"] == key).unwrap();
        ["small", "large"].map(|side| row[side].as_f64().unwrap())
    };
    let largest = ["small", "large"].map(|side| {
        let found = read_json(&folder.join(format!("curvature-{side}-batch.json")));
        found["eigenvalues"]["top"][0]["value"].as_f64().unwrap()
    });
    assert_eq!(row("lambda_max"), largest);
    let line = read_json(&folder.join("line.json"));
    let at = |alpha: f64| {
        let all = line["alpha"].as_array().unwrap();
        let close = |v: &Value| (v.as_f64().unwrap() - alpha).abs() < 1e-9;
        let index = all.iter().position(close).unwrap();
        line["validation_loss"][index].as_f64().unwrap()
    };
    assert_eq!(row("validation_loss"), [at(0.0), at(1.0)]);

    // What the page says of curvature and noise, from their files.
    let both = |pointer: &str, name: &str| {
        let file = |side: &str| read_json(&folder.join(format!("{name}-{side}-batch.json")));
        ["small", "large"].map(|side| column(&file(side), pointer)[0])
    };
    assert_eq!(
        row("effective_smoothness"),
        both("/variation/effective_smoothness", "curvature")
    );
    let listed = |[small, large]: [f64; 2]| {
        let (small, large) = (format_value(small), format_value(large));
        format!("{small} (small batch) and {large} (large batch)")
    };
    let smoothness = both("/variation/effective_smoothness", "curvature");
    let scales = both("/exact/total/scale", "noise");
    let bent = read_json(&folder.join("curvature-small-batch.json"));
    let line = bent["line"].as_array().unwrap();
    let at = |i: usize, key: &str| format_value(line[i][key].as_f64().unwrap());
    let least = (0..line.len())
        .min_by(|a, b| {
            let of = |i: usize| line[i]["curvature"].as_f64().unwrap();
            of(*a).total_cmp(&of(*b))
        })
        .unwrap();
    assert_eq!(line.len(), 11);
    for words in [
        format!("per distance moved is {}.", listed(smoothness)),
        format!("= {} stands for the critical one", listed(scales)),
        format!(
            "the curvature dᵀHd is {} at α = 0 and {} at α = 1; it is least, {}, at α = {}.",
            at(0, "curvature"),
            at(10, "curvature"),
            at(least, "curvature"),
            at(least, "t")
        ),
    ] {
        assert!(html.contains(&words), "{words:?} is missing");
    }

    // A command of the page makes its part again.
    let commands: Vec<String> = html
        .split("<code>")
        .skip(1)
        .flat_map(|rest| rest.split("</code>").next().unwrap().lines())
        .map(|line| {
            line.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .collect();
    assert_eq!(commands.len(), 13);
    for command in &commands {
        let shell = format!(
            "{} --help >/dev/null",
            command.replacen("losscope", env!("CARGO_BIN_EXE_losscope"), 1)
        );
        let status = Command::new("sh").args(["-c", &shell]).status().unwrap();
        assert!(status.success(), "{command}");
    }
    let again = commands
        .iter()
        .find(|c| c.ends_with("-o sharpness.json"))
        .unwrap();
    let shell = again.replacen("losscope", env!("CARGO_BIN_EXE_losscope"), 1) + " -q";
    let mut sh = Command::new("sh");
    assert!(
        sh.args(["-c", &shell])
            .current_dir(dir.path())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        ratios(&dir.path().join("sharpness.json")),
        ratios(&folder.join("sharpness.json"))
    );
}

#[test]
fn a_report_that_is_stopped_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("part.html");
    let report = stopped_at(&job(&["--quick"]), Part::Contour(0));
    let parts = Part::asked(&report.job).len();
    assert!(report.line.is_some() && report.gaps.len() == parts - 1);
    page::check(&path, &[]).unwrap();
    let said = page::write(&path, &report).unwrap();
    let html = fs::read_to_string(&path).unwrap();
    well_made(&html);
    assert_eq!(figures(&html).len(), 1);
    for words in [
        "This report is not complete. Missing: contour around small batch; ",
        "Not here: gradient noise, large batch: stopped before it was finished.",
        "validation loss",
        "Distance from the start",
        "No sharpness of both was measured.",
    ] {
        assert!(html.contains(words), "{words:?} is missing");
    }
    let summary = read_json(&dir.path().join("part-files/summary.json"));
    // Parsing JSON may miss the last bit of a number.
    for key in ["missing", "sentence", "files"] {
        assert_eq!(summary[key], said[key], "{key}");
    }
    assert_eq!(summary["recipe"]["job"], said["recipe"]["job"]);
    assert_eq!(summary["recipe"]["complete"], false);
    assert_eq!(summary["missing"].as_array().unwrap().len(), parts - 1);
    assert!(!dir.path().join("part-files/sharpness.json").exists());
    // A page of the program may be replaced by the next one, even within a folder of data.
    page::check(&path, &[dir.path().to_owned()]).unwrap();
}

/// The maps alone, coarser than a report takes them.
#[test]
fn maps_of_both_stand_side_by_side_on_one_scale() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("maps.html");
    let mut report = stopped_at(&job(&["--samples", "60"]), Part::Line);
    assert_eq!(report.gaps.len(), Part::ALL.len());
    for which in [0, 1] {
        let mut job = report.job.map(which).unwrap();
        job.map.as_mut().unwrap().points = 3;
        let found = curvature::run(&job, &mut |_, _| Flow::Continue).unwrap();
        report.maps[which] = Some(found);
    }
    page::write(&path, &report).unwrap();
    let html = fs::read_to_string(&path).unwrap();
    well_made(&html);
    let drawn = figures(&html);
    assert_eq!(drawn.len(), 1);
    assert!(png::bytes(drawn[0], 60.0).unwrap().len() > 2_000);
    // One scale of colours: the bars of both panels have the same numbers at the same heights.
    let panels: Vec<Vec<&str>> = drawn[0]
        .split("<svg x=")
        .skip(1)
        .map(|panel| {
            let texts = panel.split("<text ").map(|t| t.split('<').next().unwrap());
            texts
                .filter(|t| t.contains(r#"font-size="7" fill="#))
                .collect()
        })
        .collect();
    assert!(panels.len() == 2 && panels[0].len() > 2, "{panels:?}");
    assert_eq!(panels[0], panels[1]);
    assert!(drawn[0].contains("small batch") && drawn[0].contains("large batch"));

    let folder = dir.path().join("maps-files");
    let range = |side: &str| {
        let name = format!("curvature-map-{side}-batch");
        let ratios = column(
            &read_json(&folder.join(format!("{name}.json"))),
            "/map/ratio",
        );
        same(
            &floats(&folder.join(format!("{name}.npz")), "ratio"),
            &ratios,
        );
        assert!(folder.join(format!("{name}.csv")).exists() && ratios.len() == 9);
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        format!(
            "{} to {} ({side} batch)",
            format_value(low),
            format_value(high)
        )
    };
    let words = format!(
        "3 × 3 points, {} and {}, by Lanczos",
        range("small"),
        range("large")
    );
    assert!(html.contains(&words), "{words:?} is missing");
    assert!(folder.join("curvature-map.svg").exists() && folder.join("curvature-map.pdf").exists());
    assert!(html.contains("curvature builtin:large --samples=60 --top=0 --map=-1:1:9 -o curvature-map-large-batch.json"));
}

#[test]
fn without_initial_weights_the_page_says_how_to_name_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("two.html");
    let fixture = |name: &str| {
        let folder = env!("CARGO_MANIFEST_DIR");
        format!("{folder}/tests/fixtures/models/resnet8/{name}")
    };
    let data = format!(
        "{}/tests/fixtures/data/digits.npz",
        env!("CARGO_MANIFEST_DIR")
    );
    let files = [&fixture("sb.pt"), &fixture("lb.pt"), "--data", &data];
    let mut report = stopped_at(&job(&files), Part::Line);
    let mut bent = report.job.curvature(0).unwrap();
    (bent.setup.samples, bent.top, bent.alpha.points) = (Some(10), 0, 3);
    (bent.trace, bent.density, bent.along_gradient) = (false, false, None);
    report.curvature[0] = Some(curvature::run(&bent, &mut |_, _| Flow::Continue).unwrap());
    page::write(&path, &report).unwrap();
    let html = fs::read_to_string(&path).unwrap();
    well_made(&html);
    // The statistics of one end belong to its weights alone.
    assert!(html.contains("with the running statistics of small batch, the curvature"));
    assert!(html.contains("stay those of small batch all along"));
    assert_eq!(figures(&html).len(), 1);
    assert!(html.contains("losscope report SB LB INIT"));
    assert!(html.contains("Distance between both, by module"));
    assert!(html.contains("running means and variances: interpolate along the line"));
}

/// A network too wide for its subspace to fit into the least memory.
fn wide(path: &Path, turn: f64) {
    let tensor = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        let wave = |i: usize| (0.1 * ((i as f64 + 1.0) * turn).sin()) as f32;
        let values = Values::F32((0..count).map(wave).collect());
        (name.to_owned(), Array::new(shape.to_vec(), values).unwrap())
    };
    let tensors = [
        tensor("0.weight", &[2048, 64]),
        tensor("0.bias", &[2048]),
        tensor("2.weight", &[64, 2048]),
        tensor("2.bias", &[64]),
        tensor("4.weight", &[10, 64]),
        tensor("4.bias", &[10]),
    ];
    safetensors::write(path, &tensors).unwrap();
}

#[test]
fn a_part_that_fails_is_named_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let files = ["small.safetensors", "large.safetensors"].map(|n| dir.path().join(n));
    wide(&files[0], 1.3);
    wide(&files[1], 2.7);
    let [small, large] = files.each_ref().map(|f| f.to_str().unwrap());
    let job = job(&[
        small,
        large,
        "--quick",
        "--samples",
        "16",
        "--memory",
        "16M",
        "--model",
        "mlp",
    ]);
    let report = stopped_at(&job, Part::Curve(0));
    let gap = &report.gaps[0];
    assert_eq!((gap.part, gap.stopped), (Part::Subspace, false));
    assert!(gap.reason.contains("--memory"), "{}", gap.reason);
    assert!(report.sharpness.is_some() && report.surfaces.iter().all(Option::is_some));
    let path = dir.path().join("report.html");
    page::write(&path, &report).unwrap();
    let html = fs::read_to_string(&path).unwrap();
    well_made(&html);
    assert!(html.contains("Not here: sharpness in a random subspace: 20 directions"));
    assert!(html.contains("stratified subset of 16 of each split"));
    assert!(html.contains("full space") && html.contains("of 7 sharpnesses"));
}

#[test]
fn an_interrupt_keeps_what_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    // A finished report is left alone.
    fs::create_dir(file("report-files")).unwrap();
    for name in ["report.html", "report-files/line.npz"] {
        fs::write(file(name), "finished").unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(["report", "-v"])
        .current_dir(dir.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = |line: std::io::Result<String>| line.unwrap().starts_with("part 2 of 14");
    assert!(lines.by_ref().any(begun));
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().unwrap();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:?}");
    assert!(said.iter().any(|l| l.contains("stopped with")), "{said:?}");
    let html = fs::read_to_string(file("report.partial.html")).unwrap();
    assert!(
        html.contains("This report is not complete")
            && html.contains("built-in digits, batches of 16")
    );
    assert!(html.contains("report.partial-files/line.npz"));
    assert!(file("report.partial-files/line.npz").exists());
    for name in ["report.html", "report-files/line.npz"] {
        assert_eq!(fs::read(file(name)).unwrap(), b"finished", "{name}");
    }
    // Another isn't begun while it lies there.
    let quick = ["report", "--quick", "--samples", "60"];
    let output = losscope(dir.path(), &quick);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in ["report.partial.html", "a report stopped after", "--quick"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    fs::remove_file(file("report.partial.html")).unwrap();
    let output = losscope(dir.path(), &quick);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        fs::read_to_string(file("report.html"))
            .unwrap()
            .contains("built-in digits, batches of 16")
    );
    assert!(!file("report.partial.html").exists() && !file("report.partial-files").exists());
}

#[test]
fn what_cannot_be_written_or_compared_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path();
    for name in ["small.html", "large.pt"] {
        fs::copy(asset("small-batch.safetensors"), here.join(name)).unwrap();
    }
    fs::create_dir(here.join("report-files")).unwrap();
    let inside = "report-files/line.npz";
    fs::copy(asset("large-batch.safetensors"), here.join(inside)).unwrap();
    fs::write(here.join("taken-files"), "text").unwrap();
    let before = fs::read(here.join("small.html")).unwrap();
    let cases: [(&[&str], i32, &str); 8] = [
        (
            &["small.html", inside, "-o", "small.html"],
            2,
            "overwrite the input",
        ),
        (&["small.html", inside], 2, "overwrite the input"),
        (&["small.html", inside, "-o", "x.pdf"], 2, ".html"),
        (&["small.html", inside, "-o", "no/x.html"], 1, "no/x.html"),
        (
            &["small.html", inside, "-o", "taken.html"],
            1,
            "it is a file",
        ),
        (&["small.html"], 2, "large-batch checkpoint"),
        (
            &["small.html", "large.pt", "--model", "mlp", "-o", "x.html"],
            1,
            "same weights",
        ),
        (
            &["small.html", "gone.pt", "--model", "mlp", "-o", "x.html"],
            1,
            "gone.pt",
        ),
    ];
    for (files, code, words) in cases {
        let output = losscope(here, &[&["report"], files].concat());
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{files:?}: {stderr}");
        assert!(stderr.contains(words), "{words:?} is missing in: {stderr}");
    }
    assert_eq!(fs::read(here.join("small.html")).unwrap(), before);
    assert!(!here.join("x.html").exists() && !here.join("x-files").exists());
}

#[test]
fn the_versions_on_the_page_are_those_of_the_lock_file() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    for (name, version) in page::LIBRARIES {
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&entry), "{name} isn't {version}");
    }
}
