//! Terminals, pipes, disks and names as they are in bad hours: nothing computed is lost to them, and
//! nothing untrue or unreadable reaches a person.

use super::{Run, fixture, folder, losscope, names, numbers, timeless};
use losscope::checkpoint::{Array, Values, safetensors};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SURFACE: [&str; 4] = ["surface", "--x=-1:1:3", "--samples", "20"];
const SHARPNESS: [&str; 7] = [
    "sharpness",
    "--samples",
    "20",
    "--restarts",
    "0",
    "--measures",
    "none",
];

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(super::program());
    command.args(args).current_dir(folder);
    command
}

/// Where nothing can be written: a pipe that nobody reads, a disk that is full.
fn refusing() -> [Stdio; 2] {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    [writer.into(), full()]
}

fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

#[track_caller]
fn ends(command: &mut Command, code: i32) -> Run {
    let run = Run(command.output().unwrap());
    assert_eq!(
        run.0.status.code(),
        Some(code),
        "{command:?}: {}",
        run.stderr()
    );
    run
}

#[test]
fn a_standard_error_that_cannot_be_written_costs_no_output() {
    let rows: [(&[&str], &[&str]); 3] = [
        (&SURFACE, &["a.npz", "b.png", "c.csv"]),
        (&SHARPNESS, &["s.json", "s.npz"]),
        (&["noise", "--samples", "20"], &["n.csv", "n.json"]),
    ];
    for (args, files) in rows {
        for stream in refusing() {
            let dir = folder();
            let outputs = files.iter().flat_map(|file| ["-o", file]);
            let args: Vec<&str> = args.iter().copied().chain(outputs).collect();
            ends(command(dir.path(), &args).stderr(stream), 0);
            assert_eq!(names(dir.path()), files);
        }
    }
}

#[test]
fn a_standard_output_matters_only_where_it_is_the_result() {
    let dir = folder();
    let kept = [&SURFACE[..], &["-o", "a.npz"]].concat();
    for stream in refusing() {
        ends(command(dir.path(), &kept).stdout(stream), 0);
    }
    let results: [&[&str]; 4] = [
        &SURFACE,
        &["inspect", "builtin:small"],
        &["noise", "--samples", "20", "--json", "-o", "n.json"],
        &["surface", "--help"],
    ];
    for args in results {
        let [gone, full] = refusing();
        let run = ends(command(dir.path(), args).stdout(gone), 0);
        assert!(
            !run.stderr().contains("error"),
            "{args:?}: {}",
            run.stderr()
        );
        let run = ends(command(dir.path(), args).stdout(full), 1);
        let said = run.stderr();
        assert!(
            said.contains("can't write to standard output: No space left on device"),
            "{args:?}: {said}"
        );
    }
    assert!(dir.path().join("n.json").exists());
}

fn started(folder: &Path, args: &[&str]) -> Child {
    let mut command = command(folder, args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    child
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([name, &id]).status();
    assert!(status.unwrap().success());
}

/// Every polite way to end a program keeps what it has, and no later run replaces that by less.
#[test]
fn a_partial_result_is_kept_by_every_signal_and_replaced_by_none() {
    let dir = folder();
    let resnet = fixture("models/resnet20/sb.pt.gz");
    let of = |more: &[&'static str]| -> Vec<String> {
        let base = [
            "surface",
            "--at",
            &resnet,
            "--x=-1:1:101",
            "--split",
            "train",
        ];
        let args = base.iter().chain(more).chain(&["-o", "s.png"]);
        args.map(|a| (*a).to_owned()).collect()
    };
    let run = |args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        losscope(dir.path(), &args)
    };
    let same = of(&[]);
    let partial = dir.path().join("s.png.partial.npz");
    let mut before = None;
    for name in ["-QUIT", "-TERM"] {
        let mut args: Vec<&str> = same.iter().map(String::as_str).collect();
        if before.is_some() {
            args.push("--resume");
        }
        let mut child = started(dir.path(), &args);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{name}");
        let kept = losscope::export::npz::read(&partial).unwrap().missing();
        assert!(before.is_none_or(|missing| kept < missing));
        before = Some(kept);
    }
    let held = std::fs::read(&partial).unwrap();
    let words = [
        "s.png.partial.npz",
        "of 10201 points",
        "very job",
        "--resume",
        "remove it",
    ];
    run(&same).fails(2, &words);
    run(&of(&["--seed", "1"])).fails(2, &["another job", "--seed", "remove it"]);
    let resumed = of(&["--seed", "1", "--resume"]);
    run(&resumed).fails(2, &["other options", "--seed"]);
    assert_eq!(std::fs::read(&partial).unwrap(), held);
    assert_eq!(names(dir.path()), ["s.png.partial.npz"]);
}

/// The options may be the same, and what they name another.
#[test]
fn resuming_checks_what_the_options_name() {
    let dir = folder();
    let make = |seed| {
        let args = ["surface", "--x=0:0:1", "--seed", seed, "-q"];
        let save = ["--save-directions", "d.safetensors"];
        losscope(dir.path(), &[&args[..], &save].concat()).succeeds();
    };
    make("1");
    let args = [
        "surface",
        "--x=-1:1:5",
        "--directions",
        "d.safetensors",
        "-o",
        "s.npz",
    ];
    losscope(dir.path(), &args).succeeds();
    let path = dir.path().join("s.npz");
    let mut outcome = losscope::export::npz::read(&path).unwrap();
    if let losscope::engine::result::Numbers::Surface(surface) = &mut outcome.numbers {
        surface.table.computed[3] = false;
    }
    losscope::export::npz::write(&path, &outcome).unwrap();
    make("2");
    let resume = [&args[..], &["--resume"]].concat();
    losscope(dir.path(), &resume).fails(2, &["the directions have changed"]);
    make("1");
    let run = losscope(dir.path(), &resume).succeeds();
    assert!(run.stderr().contains("24 of 25 points"), "{}", run.stderr());
}

/// A name that isn't Unicode is written as far as it can be, and never after the work is done.
#[test]
fn any_file_name_may_be_measured() {
    let dir = folder();
    let bytes = std::fs::read(fixture("models/mlp/sb.pt")).unwrap();
    let bad = OsString::from_vec(b"bad\xff.pt".to_vec());
    std::fs::write(dir.path().join(&bad), bytes).unwrap();
    let few = ["--samples", "20", "--model", "mlp"];
    let pair = fixture("models/mlp/lb.pt");
    let rows: [&[&str]; 7] = [
        &["inspect", "--json"],
        &["distance", "--json", &pair],
        &[&SHARPNESS[..], &["-o", "s.npz", "-o", "s.json"], &few[2..]].concat(),
        &[
            &["curvature", "--top", "1", "-o", "c.npz", "-o", "c.json"],
            &few[..],
        ]
        .concat(),
        &[&["noise", "-o", "n.npz", "-o", "n.csv"], &few[..]].concat(),
        &[&["report", &pair, "--quick"], &few[..]].concat(),
        &[
            &["surface"],
            &few[2..],
            &["--x=0:0:1", "-o", "a.npz", "--at"],
        ]
        .concat(),
    ];
    for args in rows {
        let mut command = command(dir.path(), args);
        let run = ends(command.arg(&bad), 0);
        assert!(
            !run.stderr().contains("UTF-8"),
            "{args:?}: {}",
            run.stderr()
        );
    }
    assert!(dir.path().join("report.html").exists());
}

/// As long as a file system takes them, and one byte longer.
#[test]
fn long_names_are_written_or_refused_at_once() {
    let dir = folder();
    let name = |length: usize| format!("{}.npz", "n".repeat(length - 4));
    let longest = name(255);
    losscope(dir.path(), &[&SURFACE[..], &["-o", &longest]].concat()).succeeds();
    assert_eq!(names(dir.path()), std::slice::from_ref(&longest));
    let too_long = ["surface", "--model", "nowhere.toml", "-o", &name(256)];
    losscope(dir.path(), &too_long).fails(1, &["File name too long"]);
    let page = format!("{}.html", "p".repeat(250));
    let report = ["report", "--quick", "--samples", "20", "-o", &page];
    losscope(dir.path(), &report).succeeds();
}

/// `inspect` is for files one doesn't trust.
#[test]
fn no_name_reaches_the_terminal_raw() {
    let dir = folder();
    let hostile = "\u{1b}[31mfc\u{9b}2J\nerror: fake\u{202e}.weight";
    let file = "\u{1b}]0;title\u{7}\nx.safetensors";
    let tensor = Array::new(vec![2, 2], Values::F32(vec![1.0; 4])).unwrap();
    safetensors::write(&dir.path().join(file), &[(hostile.to_owned(), tensor)]).unwrap();
    let model = format!("name = {hostile:?}\n").replace("\\u{1b}", "\\u001b");
    std::fs::write(dir.path().join("m.toml"), model).unwrap();
    let rows: [&[&str]; 7] = [
        &["inspect", file],
        &["inspect", file, "--json"],
        &["inspect", file, "--model", "m.toml"],
        &["distance", file, file],
        &["surface", "--at", file],
        &["surface", "--at", "\u{1b}[2Jmissing\n.pt"],
        &["surface", "--x=\u{1b}[2J\nerror: fake"],
    ];
    for args in rows {
        let run = losscope(dir.path(), args);
        for text in [run.stdout(), run.stderr()] {
            let raw = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
            assert!(!text.contains(raw), "{args:?}: {text:?}");
            assert!(!text.contains("\nerror: fake"), "{args:?}: {text:?}");
        }
    }
    let shown = losscope(dir.path(), &["inspect", file]).stdout();
    assert!(shown.contains("\\u{1b}[31mfc\\u{9b}2J\\nerror"), "{shown}");
    let json = losscope(dir.path(), &["inspect", file, "--json"]).stdout();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["tensors"][0]["name"], hostile);
}

#[test]
fn outputs_that_are_links_pipes_or_devices_are_written_as_cp_does() {
    let dir = folder();
    let here = |name: &str| dir.path().join(name);
    let run = |name: &str| losscope(dir.path(), &[&SURFACE[..], &["-o", name]].concat());
    run("real.csv").succeeds();
    let whole = timeless(&std::fs::read(here("real.csv")).unwrap());
    std::fs::write(here("real.csv"), "old").unwrap();
    std::os::unix::fs::symlink("real.csv", here("link.csv")).unwrap();
    run("link.csv").succeeds();
    assert!(here("link.csv").is_symlink());
    let linked = std::fs::read(here("real.csv")).unwrap();
    assert_eq!(timeless(&linked), whole);

    assert!(
        Command::new("mkfifo")
            .arg(here("pipe.csv"))
            .status()
            .unwrap()
            .success()
    );
    let pipe = here("pipe.csv");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        File::open(pipe).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    });
    run("pipe.csv").succeeds();
    assert_eq!(timeless(&reader.join().unwrap()), whole);

    for device in ["null", "full"] {
        let link = here(&format!("{device}.npz"));
        std::os::unix::fs::symlink(format!("/dev/{device}"), link).unwrap();
    }
    run("null.npz").succeeds();
    let words = [
        "No space left on device",
        "full.npz",
        "the numbers are kept in",
    ];
    let said = run("full.npz").fails(1, &words[..2]).stderr();
    assert!(said.contains(words[2]) && !said.contains("Zip"), "{said}");

    std::fs::create_dir(here("folder.npz")).unwrap();
    let nothing = ["surface", "--model", "nowhere.toml", "-o"];
    for (name, words) in [
        ("folder.npz", "this is a folder"),
        ("lost.npz", "doesn't exist"),
    ] {
        std::os::unix::fs::symlink("nowhere", here("lost.npz")).ok();
        losscope(dir.path(), &[&nothing[..], &[name]].concat()).fails(1, &[words]);
    }
    // The system lets its administrator write anyway.
    std::fs::write(here("fixed.npz"), "old").unwrap();
    let mut fixed = here("fixed.npz").metadata().unwrap().permissions();
    fixed.set_readonly(true);
    std::fs::set_permissions(here("fixed.npz"), fixed).unwrap();
    if File::options().write(true).open(here("fixed.npz")).is_err() {
        let args = [&nothing[..], &["fixed.npz"]].concat();
        losscope(dir.path(), &args).fails(1, &["Permission denied", "fixed.npz"]);
    }
}

/// Numbers that no machine finishes, and products that overflow, are slips of the keyboard.
#[test]
fn numbers_without_meaning_are_wrong_usage() {
    let dir = folder();
    let rows: [(&str, &[&str]); 22] = [
        (
            "surface",
            &["--samples=0", "--samples=5000000000", "--samples=-1"],
        ),
        (
            "surface",
            &["--x=-1:1:99999999999", "--x=0:nan:3", "--x=-1e300:1e300:3"],
        ),
        (
            "surface",
            &["--alpha=inf", "--memory=1", "--image-size=0x9"],
        ),
        (
            "surface",
            &[
                "--levels=-1",
                "--levels=-0.5,x",
                "--levels=0",
                "--levels=nan",
            ],
        ),
        (
            "surface",
            &["--width=0", "--dpi=-300", "--directions=worst:-1"],
        ),
        ("line", &["--alpha=0:1:0", "--alpha=1:0:5"]),
        (
            "sharpness",
            &["--epsilon=-1e-3", "--epsilon=0", "--epsilon=1e-3,nan"],
        ),
        ("sharpness", &["--iterations=0", "--iterations=4000000000"]),
        (
            "sharpness",
            &["--restarts=18446744073709551615", "--restarts=-1"],
        ),
        ("sharpness", &["--draws=1", "--draws=18446744073709551615"]),
        (
            "sharpness",
            &["--rho=0", "--rho=-1", "--rho=inf", "--subspace=0"],
        ),
        (
            "curvature",
            &["--top=1000000000", "--tolerance=0", "--tolerance=nan"],
        ),
        (
            "curvature",
            &["--most-products=0", "--most-products=9999999999"],
        ),
        ("curvature", &["--probes=0", "--probes=9999999999"]),
        (
            "curvature",
            &["--density-probes=0", "--density-steps=1000000000"],
        ),
        (
            "curvature",
            &["--map=-1:1:10001", "--along-gradient=0:inf:3"],
        ),
        (
            "noise",
            &["--batches=0", "--batches=1,18446744073709551615"],
        ),
        (
            "noise",
            &["--small-batch=18446744073709551615", "--parts=1"],
        ),
        ("noise", &["--repeats=2", "--curvature-probes=9999999999"]),
        ("noise", &["--learning-rate=-0.1", "--learning-rate=nan"]),
        ("noise", &["--reached=0:5", "--reached=99999999999999999:1"]),
        ("noise", &["--alignment-repeats=9999999999"]),
    ];
    for (command, options) in rows {
        for option in options {
            // Were anything opened, this network would be what is complained of.
            let run = losscope(dir.path(), &[command, "--model", "nowhere.toml", option]);
            assert_eq!(run.0.status.code(), Some(2), "{option}: {}", run.stderr());
            let name = option.split('=').next().unwrap();
            assert!(
                run.stderr().contains(name.trim_start_matches('-')),
                "{}",
                run.stderr()
            );
        }
    }
    let grid = ["surface", "--model", "nowhere.toml", "--x=-1:1:10001"];
    losscope(dir.path(), &grid).fails(2, &["--x and --y", "4,000,000"]);
    for more in [
        ["--frames=-1:2:10001", "--pixels=80"],
        ["--frames=-1:2:900", "--pixels=4096"],
    ] {
        let args = [&["animate", "-o", "a.gif"][..], &more].concat();
        losscope(dir.path(), &args).fails(2, &["frames"]);
    }
    let wide = ["surface", "--width=1000", "--dpi=1200", "-o", "a.png"];
    losscope(dir.path(), &wide).fails(2, &["--width", "--dpi"]);
    assert!(names(dir.path()).is_empty());
}

/// Drivers talk of what is missing where there is no desktop.
#[test]
fn drivers_do_not_talk_to_the_terminal() {
    let dir = folder();
    for runtime in [None, Some("/nonexistent")] {
        let mut command = command(dir.path(), &["devices"]);
        command.env_remove("XDG_RUNTIME_DIR");
        command.envs(runtime.map(|folder| ("XDG_RUNTIME_DIR", OsStr::new(folder))));
        let run = ends(&mut command, 0);
        assert_eq!(run.stderr(), "");
    }
}

/// A link to standard output has no file of its own to be replaced.
#[test]
fn a_link_to_standard_output_is_written_into_the_pipe() {
    let dir = folder();
    std::os::unix::fs::symlink("/dev/stdout", dir.path().join("o.csv")).unwrap();
    let args = ["surface", "--x=-1:1:2", "-q", "-o", "o.csv"];
    let table = losscope(dir.path(), &args).succeeds().stdout();
    assert!(table.lines().count() > 4, "{table}");
}

#[test]
fn a_folder_that_is_not_there_is_named_before_the_work() {
    let dir = folder();
    let run = losscope(
        dir.path(),
        &["surface", "--x=-1:1:2", "-o", "no/such/d.npz"],
    );
    run.fails(1, &["the folder no/such doesn't exist", "no/such/d.npz"]);
    let args = [
        "noise",
        "--estimate",
        "--parts",
        "100000",
        "--small-batch",
        "1000",
    ];
    losscope(dir.path(), &args).fails(2, &["--small-batch times --parts"]);
}

/// The exit status, or `None` where it goes on for five seconds; then it is ended.
fn ended(child: &mut Child) -> Option<i32> {
    for _ in 0..100 {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// As `cp` does, but what took hours to compute is still there afterwards.
#[test]
fn a_pipe_that_nobody_reads_is_waited_for_until_the_first_signal() {
    let dir = folder();
    let here = |name: &str| dir.path().join(name);
    let pipes = ["a.csv", "b.json", "c.gif"].map(here);
    assert!(
        Command::new("mkfifo")
            .args(&pipes)
            .status()
            .unwrap()
            .success()
    );
    let surface = [&SURFACE[..], &["-o", "a.csv"]].concat();
    let noise = ["noise", "--samples", "20", "-o", "b.json"];
    let animate = ["animate", "--x=-1:1:2", "--frames=0:1:2", "--samples", "20"];
    let animate = [&animate[..], &["--pixels", "80", "-o", "c.gif"]].concat();
    let rows: [(&[&str], &str, &str); 3] = [
        (&surface, "-TERM", "a.csv.partial.npz"),
        (&noise, "-INT", "b.partial.json"),
        (&animate, "-QUIT", "c.partial.gif"),
    ];
    for (args, name, kept) in rows {
        let mut child = started(dir.path(), args);
        signal(&child, name);
        assert_eq!(ended(&mut child), Some(130), "{args:?}");
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(said.contains("nobody reads it"), "{said}");
        assert!(said.contains(&format!("kept in {kept}")), "{said}");
    }
    let outcome = losscope::export::npz::read(&here("a.csv.partial.npz")).unwrap();
    assert_eq!(outcome.missing(), 0);
    let measured = std::fs::read(here("b.partial.json")).unwrap();
    let measured: serde_json::Value = serde_json::from_slice(&measured).unwrap();
    assert_eq!(measured["recipe"]["complete"], true);
    let words = ["a whole noise", "very job", "move it", "b.partial.json"];
    losscope(dir.path(), &noise).fails(2, &words);
    // With a reader it is only written, and nothing is computed anew.
    let pipe = here("a.csv");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let run = losscope(dir.path(), &[&surface[..], &["--resume"]].concat()).succeeds();
    assert!(run.stderr().contains("9 of 9 points"), "{}", run.stderr());
    losscope(dir.path(), &[&SURFACE[..], &["-o", "whole.csv"]].concat()).succeeds();
    let whole = std::fs::read_to_string(here("whole.csv")).unwrap();
    let piped = String::from_utf8(reader.join().unwrap()).unwrap();
    assert_eq!(numbers(&piped), numbers(&whole));
    assert!(!here("a.csv.partial.npz").exists());
}

/// A reader that stops reading holds the writer up in the middle.
#[test]
fn a_pipe_whose_reader_sleeps_is_let_go_of_at_the_first_signal() {
    let dir = folder();
    let pipe = dir.path().join("long.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let opened = std::thread::spawn(move || File::open(pipe).unwrap());
    // More than the 64 KiB that a pipe holds.
    let args = ["surface", "--x=-1:1:51", "--samples", "1", "-o", "long.csv"];
    let mut child = started(dir.path(), &args);
    assert!(
        child.try_wait().unwrap().is_none(),
        "it waits for its reader"
    );
    signal(&child, "-TERM");
    assert_eq!(ended(&mut child), Some(130));
    drop(opened.join().unwrap());
    assert!(dir.path().join("long.csv.partial.npz").exists());
}

#[test]
fn a_name_with_a_line_break_is_shown_on_one_line() {
    let dir = folder();
    let name = "a\nwarning: b.pt";
    let rows: [&[&str]; 4] = [
        &[name],
        &["inspect", name],
        &["surface", "--at", name],
        &["surface", "--x=-1:1:2", "-o", "no\nwarning: b.pt/s.npz"],
    ];
    for args in rows {
        let said = losscope(dir.path(), args).stderr();
        assert!(said.contains("\\nwarning: b.pt"), "{args:?}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{args:?}: {said}");
    }
}

/// A disk that takes no byte: what a report made in vain goes again.
#[test]
fn a_report_that_cannot_be_written_leaves_no_empty_folder() {
    let dir = folder();
    let program = super::program();
    let limited = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited]).arg(program);
    shell.args(["report", "--quick", "--samples", "20", "-o", "rep.html"]);
    let run = ends(shell.current_dir(dir.path()), 1);
    assert!(run.stderr().contains("File too large"), "{}", run.stderr());
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
}

/// Whoever looked what lies in them waited for somebody to write, for ever.
#[test]
fn pipes_are_no_results_to_go_on_from() {
    let dir = folder();
    let here = |name: &str| dir.path().join(name);
    let pipes = ["s.npz", "other.partial.npz"].map(here);
    assert!(
        Command::new("mkfifo")
            .args(&pipes)
            .status()
            .unwrap()
            .success()
    );
    let mut child = started(dir.path(), &[&SURFACE[..], &["-o", "s.csv"]].concat());
    assert_eq!(ended(&mut child), Some(0));
    let pipe = here("s.npz");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let resumed = [&SURFACE[..], &["-o", "s.npz", "--resume"]].concat();
    let mut child = started(dir.path(), &resumed);
    assert_eq!(ended(&mut child), Some(0));
    assert!(reader.join().unwrap().starts_with(b"PK"));
    losscope(dir.path(), &["plot", "other.partial.npz", "-o", "p.svg"])
        .fails(1, &["regular file", "other.partial.npz"]);
}

/// As every other output of a pipe, the page is kept beside it.
#[test]
fn a_report_that_no_pipe_takes_lies_beside_it() {
    let dir = folder();
    let pipe = dir.path().join("rep.html");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let args = ["report", "--quick", "--samples", "20", "-o", "rep.html"];
    let mut child = started(dir.path(), &args);
    // Until it waits for a reader: its folder is written before its page.
    let written = || dir.path().join("rep-files").exists();
    for _ in 0..600 {
        if written() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    std::thread::sleep(std::time::Duration::from_secs(3));
    signal(&child, "-TERM");
    assert_eq!(ended(&mut child), Some(130));
    assert!(dir.path().join("rep.partial.html").is_file());
}
