//! How many points of a surface a second, by network and device.
//!
//! `cargo bench` evaluates a 25 × 25 surface over the 1,437 training digits for every network on
//! every device, each for at most `SECONDS` seconds, and prints one table. Arguments choose:
//! `cargo bench -- mlp flex` times one network on one device. First calls, which compile kernels on
//! a GPU, are timed apart. `gpu-burn` is the same adapter through burn's own kernels, point after point.
//!
//! The last table is no measurement: it says what a 51 × 51 surface must cost on named GPUs.

#![expect(clippy::print_stdout, reason = "the table is the point")]

use losscope::checkpoint;
use losscope::dataset::{self, DataOptions, Dataset};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::grid::{Axis, coarse_first};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use losscope::model::lower::{Statistics, lower};
use losscope::model::params::Params;
use losscope::model::run::tiles::{Cost, GPUS};
use losscope::model::run::{Device, Kind, Varying};
use losscope::model::simplify::{along, fold, fuse};
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
const DEVICES: [(&str, DeviceChoice); 4] = [
    ("flex", DeviceChoice::Flex),
    ("ndarray", DeviceChoice::Ndarray),
    ("gpu", DeviceChoice::Gpu),
    ("gpu-burn", DeviceChoice::Gpu),
];
/// Points a side of the surface that costs are predicted for, and points a submission.
const PREDICTED: usize = 51;
const TOGETHER: usize = 64;

/// What was measured of one network on one device.
struct Timing {
    /// Until the first point was there.
    first_seconds: f64,
    /// Afterwards.
    points_per_second: f64,
    /// Points timed.
    points: usize,
    /// Processor time a point, all threads together; where there is no /proc, 0.
    processor_seconds: f64,
}

/// Seconds that the processor worked for this process, in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: user time is the 12th, system time the 13th.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// What surfaces must cost on GPUs that aren't here.
fn predict(networks: &[(&str, &str)]) -> Result<(), losscope::error::Error> {
    println!("\npredicted milliseconds of a {PREDICTED} × {PREDICTED} surface, not measured");
    print!(
        "{:<10}{:>12}{:>12}{:>12}",
        "network", "GFLOP", "GB", "dispatches"
    );
    println!("{}", GPUS.map(|gpu| format!("{:>10}", gpu.name)).concat());
    for (name, path) in networks {
        let (network, _, data) = open(path)?;
        let lowered = lower(&network, Statistics::Running)?;
        let program = lowered.program(vec![lowered.loss, lowered.right]);
        let program = fuse(&along(&fold(&program, true), 2, false, true));
        let varying = Varying::Slice { buffers: false };
        let points = PREDICTED * PREDICTED;
        let cost = Cost::of(&program, varying, data.train.len(), points, TOGETHER);
        let times = GPUS.map(|gpu| format!("{:>10.1}", 1e3 * cost.seconds(&gpu)));
        println!(
            "{name:<10}{:>12.1}{:>12.2}{:>12}{}",
            1e-9 * cost.flop,
            1e-9 * cost.bytes,
            cost.dispatches,
            times.concat()
        );
    }
    Ok(())
}

fn open(path: &str) -> Result<(Arc<Network>, Params, Dataset), losscope::error::Error> {
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
    Ok((network, theta, data))
}

fn measure(
    path: &str,
    name: &str,
    choice: DeviceChoice,
) -> Result<(Timing, String), losscope::error::Error> {
    let (network, theta, data) = open(path)?;
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
    let device = match opened.device {
        Device::Tiles { gpu, device } if name == "gpu-burn" => Device::Burn {
            device,
            kind: if gpu.software {
                Kind::Software
            } else {
                Kind::Graphics
            },
        },
        own => own,
    };
    let evaluator = Evaluator::new(network, device, Precision::F32, 1 << 30)?;
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
    let (mut done, start, busy) = (0, Instant::now(), processor_seconds());
    for chunk in points.chunks(TOGETHER) {
        evaluator.evaluate(&slice, chunk, &[&split])?;
        done += chunk.len();
        if start.elapsed().as_secs_f64() > SECONDS {
            break;
        }
    }
    let points_per_second = done as f64 / start.elapsed().as_secs_f64();
    let processor_seconds = (processor_seconds() - busy) / done as f64;
    Ok((
        Timing {
            first_seconds,
            points_per_second,
            points: done,
            processor_seconds,
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
        "{:<10}{:<10}{:>12}{:>16}{:>18}{:>10}{:>14}",
        "network", "device", "points/s", "ms/point", "processor ms", "points", "first point s"
    );
    let mut names = Vec::new();
    for (network, path) in NETWORKS {
        for (device, choice) in DEVICES {
            if !chosen(network, &networks) || !chosen(device, &devices) {
                continue;
            }
            match measure(path, device, choice) {
                Ok((t, name)) => {
                    println!(
                        "{network:<10}{device:<10}{:>12.1}{:>16.3}{:>18.3}{:>10}{:>14.3}",
                        t.points_per_second,
                        1e3 / t.points_per_second,
                        1e3 * t.processor_seconds,
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
    let all: Vec<(&str, &str)> = NETWORKS
        .into_iter()
        .filter(|(name, _)| chosen(name, &networks))
        .collect();
    if let Err(error) = predict(&all) {
        println!("{error}");
    }
}
