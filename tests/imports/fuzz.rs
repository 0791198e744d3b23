//! Hostile files for as long as one likes, and those that were once read wrongly.
//!
//! `LOSSCOPE_FUZZ="pt2 25 1"` (kind, minutes, first number) with `--ignored --exact fuzz::hostile` changes the fixtures in
//! ever new ways, each a number, and opens them in a process of its own with 4 GB of address space. What panics,
//! takes longer than twenty seconds or ends the process is printed with its number, for `KEPT`.

use crate::mutation::Kind;
use losscope::checkpoint;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::model::graph::Loss;
use losscope::model::losses::MeanSquaredError;
use losscope::model::{Network, file, import};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// No file takes longer.
const LONGEST: Duration = Duration::from_secs(20);
/// Address space in kilobytes: what the program itself maps, and room for files of some hundred kilobytes.
const MEMORY: &str = "4000000";

/// Where the numbers are kept of files that made the reader panic.
const PANICKED: &str = "panicked";

/// Everything that opening a file does.
fn opened(path: &Path) {
    for sample in [None, Some(&[6, 6][..])] {
        let _ = import::open_for(path, sample);
    }
    let state = checkpoint::open(path);
    for sample in [None, Some(&[3, 8, 8][..]), Some(&[5]), Some(&[6])] {
        let (Ok(Some(imported)), Ok(state)) = (import::open_for(path, sample), &state) else {
            continue;
        };
        let mut graph = imported.graph;
        let _ = file::write(&graph, &imported.notes);
        graph.loss = Loss::from(MeanSquaredError::default());
        let Ok(network) = Network::new(graph, state) else {
            continue;
        };
        let _ = network.params(state);
        let device = device::open(DeviceChoice::Flex, Precision::F32).unwrap();
        let _ = Evaluator::new(Arc::new(network), device.device, Precision::F32, 64 << 20);
        break;
    }
}

/// Numbers of files that were once read wrongly.
const KEPT: [(Kind, &[u64]); 3] = [
    (Kind::Exported, &[1, 2, 3, 4]),
    (Kind::Onnx, &[1, 2, 3, 4]),
    (Kind::Script, &[1, 2, 3, 4]),
];

#[test]
fn files_that_were_once_read_wrongly_are_read_or_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (kind, numbers) in KEPT {
        for number in numbers {
            fs::write(file.path(), kind.made(*number)).unwrap();
            opened(file.path());
        }
    }
}

fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The kind, how long, and the first number.
fn asked() -> (&'static str, Kind, Duration, u64) {
    let text = told("LOSSCOPE_FUZZ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let [kind, minutes, first] = words[..] else {
        panic!("LOSSCOPE_FUZZ is {text:?}, expected a kind, minutes and a number");
    };
    let (word, kind) = Kind::ALL
        .into_iter()
        .find(|(word, _)| *word == kind)
        .unwrap();
    let minutes: f64 = minutes.parse().unwrap();
    let time = Duration::from_secs_f64(60.0 * minutes);
    (word, kind, time, first.parse().unwrap())
}

#[test]
#[ignore = "runs for as long as an environment variable says"]
#[expect(clippy::print_stdout, reason = "a person reads it")]
fn hostile() {
    let (word, _, time, mut next) = asked();
    let start = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("number");
    let mut died = Vec::new();
    while start.elapsed() < time && died.len() < 50 {
        let left = (time.saturating_sub(start.elapsed())).as_secs_f64() / 60.0;
        let limited =
            format!("ulimit -v {MEMORY}; exec \"$0\" --ignored --exact fuzz::child --nocapture");
        let status = Command::new("sh")
            .args(["-c", &limited])
            .arg(std::env::current_exe().unwrap())
            .env("LOSSCOPE_FUZZ", format!("{word} {left} {next}"))
            .env("LOSSCOPE_FUZZ_AT", &at)
            .status()
            .unwrap();
        let number: u64 = fs::read_to_string(&at).unwrap().trim().parse().unwrap();
        if status.success() {
            next = number;
            break;
        }
        println!("{word} {number}: {status}");
        died.push(number);
        next = number + 1;
    }
    let panicked = fs::read_to_string(folder.path().join(PANICKED)).unwrap_or_default();
    let took = start.elapsed();
    println!("{word}: up to {next} in {took:?}, died at {died:?}, panicked at {panicked}");
    assert!(died.is_empty() && panicked.is_empty());
}

#[test]
#[ignore = "the process that `hostile` starts"]
#[expect(clippy::print_stdout, reason = "a person reads it")]
fn child() {
    static NOW: AtomicU64 = AtomicU64::new(0);
    let (word, kind, time, first) = asked();
    let (start, at) = (Instant::now(), told("LOSSCOPE_FUZZ_AT"));
    std::thread::spawn(|| {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let now = NOW.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > LONGEST {
                println!("{now} takes longer than {LONGEST:?}");
                std::process::abort();
            }
        }
    });
    let path = Path::new(&at).with_file_name("made");
    let panicked = Path::new(&at).with_file_name(PANICKED);
    let mut number = first;
    while start.elapsed() < time {
        NOW.store(number, Ordering::Relaxed);
        fs::write(&at, number.to_string()).unwrap();
        fs::write(&path, kind.made(number)).unwrap();
        if catch_unwind(AssertUnwindSafe(|| opened(&path))).is_err() {
            println!("{word} {number}: panicked");
            let mut all = fs::read_to_string(&panicked).unwrap_or_default();
            all += &format!("{number} ");
            fs::write(&panicked, all).unwrap();
        }
        number += 1;
    }
}
