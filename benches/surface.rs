//! How many points of a surface a second, by network and device.
//!
//! `cargo bench` evaluates a 25 × 25 surface over the 1,437 training digits for every network on
//! every device, each for at most `SECONDS` seconds, and prints one table. Arguments choose:
//! `cargo bench -- mlp flex` times one network on one device. First calls, which compile kernels on
//! a GPU, are timed apart.

#![expect(clippy::print_stdout, reason = "the table is the point")]

use losscope::checkpoint;
use losscope::dataset::{self, DataOptions};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::grid::{Axis, coarse_first};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SECONDS: f64 = 10.0;
const GRID: usize = 25;
const NETWORKS: [(&str, &str); 4] = [
    ("mlp", "mlp/sb.pt"),
    ("lenet", "lenet/sb.pt"),
    ("vgg", "vgg/sb.pt"),
    ("resnet20", "resnet20/sb.pt.gz"),
];
const DEVICES: [(&str, DeviceChoice); 3] = [
    ("flex", DeviceChoice::Flex),
    ("ndarray", DeviceChoice::Ndarray),
    ("gpu", DeviceChoice::Gpu),
];

/// What was measured of one network on one device.
struct Timing {
    /// Until the first point was there.
    first_seconds: f64,
    /// Afterwards.
    points_per_second: f64,
    /// Points timed.
    points: usize,
}

fn measure(path: &str, choice: DeviceChoice) -> Result<(Timing, String), losscope::error::Error> {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/models", path]
        .iter()
        .collect();
    let state = checkpoint::open(&file)?;
    let data = dataset::open(&DataOptions::default())?;
    let hints = Hints {
        input: Some(&data.train.shape),
        classes: Some(data.classes),
        ..Hints::default()
    };
    let network = Arc::new(Network::new(
        family::recognise(&state, &hints)?.graph,
        &state,
    )?);
    let (theta, _) = network.params(&state)?;
    let directions = (0..2)
        .map(|s| {
            normalise(
                &random(theta.layout(), 0, s),
                &theta,
                Normalization::Filter,
                OneDim::Zero,
            )
        })
        .collect();
    let opened = device::open(choice, Precision::F32)?;
    let evaluator = Evaluator::new(network, opened.device, Precision::F32, 1 << 30)?;
    let train = Arc::new(data.train);
    let split = evaluator.upload(&train, data.classes)?;
    let slice = evaluator.load(
        Slice::new(theta, directions, Buffers::Frozen)?,
        Some(&train),
    )?;
    let axis = Axis {
        from: -1.0,
        to: 1.0,
        points: GRID,
    }
    .values();
    let points: Vec<Vec<f64>> = coarse_first(GRID, GRID)
        .into_iter()
        .map(|i| vec![axis[i % GRID], axis[i / GRID]])
        .collect();

    let start = Instant::now();
    evaluator.evaluate(&slice, &points[..1], &[&split])?;
    let first_seconds = start.elapsed().as_secs_f64();
    let (mut done, start) = (0, Instant::now());
    for chunk in points.chunks(5) {
        evaluator.evaluate(&slice, chunk, &[&split])?;
        done += chunk.len();
        if start.elapsed().as_secs_f64() > SECONDS {
            break;
        }
    }
    let points_per_second = done as f64 / start.elapsed().as_secs_f64();
    Ok((
        Timing {
            first_seconds,
            points_per_second,
            points: done,
        },
        opened.name,
    ))
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let chosen = |name: &str, all: &[&str]| {
        !wanted.iter().any(|w| all.contains(&w.as_str())) || wanted.iter().any(|w| w == name)
    };
    let networks: Vec<&str> = NETWORKS.iter().map(|(n, _)| *n).collect();
    let devices: Vec<&str> = DEVICES.iter().map(|(n, _)| *n).collect();
    println!(
        "{:<10}{:<10}{:>12}{:>16}{:>10}{:>14}",
        "network", "device", "points/s", "ms/point", "points", "first point s"
    );
    let mut names = Vec::new();
    for (network, path) in NETWORKS {
        for (device, choice) in DEVICES {
            if !chosen(network, &networks) || !chosen(device, &devices) {
                continue;
            }
            match measure(path, choice) {
                Ok((t, name)) => {
                    println!(
                        "{network:<10}{device:<10}{:>12.1}{:>16.3}{:>10}{:>14.3}",
                        t.points_per_second,
                        1e3 / t.points_per_second,
                        t.points,
                        t.first_seconds
                    );
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                Err(error) => println!("{network:<10}{device:<10}  {error}"),
            }
        }
    }
    println!("\n{}", names.join("\n"));
}
