//! Top five Hessian eigenvalues: products and seconds, by network and device.
//!
//! `cargo bench --bench curvature` runs Lanczos to a relative residual of 1e-3 over the 1,437
//! training digits at the small-batch minimizers; `benches/curvature.py` does the same with
//! PyTorch's double backward. Arguments choose networks and devices.

#![expect(clippy::print_stdout, reason = "the table is the point")]

use losscope::checkpoint;
use losscope::dataset::{self, DataOptions};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective as _;
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
/// Products are timed this often; the fastest counts.
const REPEATS: usize = 7;

fn measure(path: &str, choice: DeviceChoice) -> Result<String, losscope::error::Error> {
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
    let opened = device::open(choice, Precision::F32)?;
    let evaluator = Evaluator::new(network, opened.device, Precision::F32, 1 << 30)?;
    let split = evaluator.upload(&Arc::new(data.train), data.classes)?;
    let mut objective = NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
    let point = theta.flatten();

    let fastest = |work: &mut dyn FnMut() -> Result<(), losscope::error::Error>| {
        let mut best = f64::INFINITY;
        for _ in 0..REPEATS {
            let start = Instant::now();
            work()?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok::<f64, losscope::error::Error>(best)
    };
    let gradient = fastest(&mut || objective.gradient(&point).map(|_| ()))?;
    let product = fastest(&mut || objective.hessian_vector(&point, &point).map(|_| ()))?;
    let start = Instant::now();
    let found = Lanczos::new(point, LanczosOptions::default()).finish(&mut objective)?;
    let seconds = start.elapsed().as_secs_f64();
    let values: Vec<String> = found
        .top
        .iter()
        .map(|e| format!("{:.4}", e.value))
        .collect();
    Ok(format!(
        "{:>12.2}{:>12.2}{:>10}{:>10.3}   {}",
        gradient * 1e3,
        product * 1e3,
        found.products,
        seconds,
        values.join(" ")
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
        "{:<10}{:<10}{:>12}{:>12}{:>10}{:>10}   eigenvalues",
        "network", "device", "gradient ms", "product ms", "products", "seconds"
    );
    for (network, path) in NETWORKS {
        for (device, choice) in DEVICES {
            if chosen(network, &networks) && chosen(device, &devices) {
                match measure(path, choice) {
                    Ok(row) => println!("{network:<10}{device:<10}{row}"),
                    Err(error) => println!("{network:<10}{device:<10}  {error}"),
                }
            }
        }
    }
}
