//! What one sharpness costs: gradients and seconds, by network and method.
//!
//! `cargo bench --bench measures` maximises the loss within Keskar et al.'s full-space box of
//! ε = 1e-3 around `sb` of each network, over the 1,437 training digits, with ten iterations of each
//! method, and prints one table. `benches/measures.py` does the same in PyTorch and SciPy. Arguments
//! choose: `cargo bench --bench measures -- mlp flex`.

#![expect(clippy::print_stdout, reason = "the table is the point")]

use losscope::checkpoint;
use losscope::dataset::{self, DataOptions};
use losscope::engine::device::{self, DeviceChoice};
use losscope::error::Error;
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective as _;
use losscope::landscape::sharpness::region::Region;
use losscope::landscape::sharpness::search::{Effort, Method, Search};
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use losscope::model::params::Params;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REPEATS: usize = 5;
const EPSILON: f64 = 1e-3;
const NETWORKS: [(&str, &str); 3] = [
    ("mlp", "mlp/sb.pt"),
    ("lenet", "lenet/sb.pt"),
    ("resnet20", "resnet20/sb.pt.gz"),
];
const DEVICES: [(&str, DeviceChoice); 3] = [
    ("flex", DeviceChoice::Flex),
    ("ndarray", DeviceChoice::Ndarray),
    ("gpu", DeviceChoice::Gpu),
];

/// A network's loss on a device.
fn objective(path: &str, choice: DeviceChoice) -> Result<(NetworkObjective, Params), Error> {
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
    let network = Network::new(family::recognise(&state, &hints)?.graph, &state)?;
    let (theta, _) = network.params(&state)?;
    let opened = device::open(choice, Precision::F32)?;
    let evaluator = Evaluator::new(Arc::new(network), opened.device, Precision::F32, 1 << 30)?;
    let split = evaluator.upload(&Arc::new(data.train), data.classes)?;
    let objective = NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
    Ok((objective, theta))
}

/// Seconds of the fastest of some runs.
fn fastest(mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn measure(network: &str, path: &str, device: &str, choice: DeviceChoice) -> Result<(), Error> {
    let (mut objective, theta) = objective(path, choice)?;
    let x = theta.flatten();
    objective.gradient(&x)?; // compiles kernels on a GPU
    let gradient = fastest(|| objective.gradient(&x).map(drop))?;
    let value = fastest(|| objective.value(&x).map(drop))?;
    let region = Arc::new(Region::of_network(&theta));
    for method in [Method::Sign, Method::Lbfgsb] {
        let effort = Effort {
            methods: vec![method],
            restarts: 0,
            floor: false,
            ..Effort::default()
        };
        let mut found = None;
        let seconds = fastest(|| {
            let search = Search::new(Arc::clone(&region), EPSILON, effort.clone(), None)?;
            found = Some(search.run(&mut objective)?);
            Ok(())
        })?;
        if let Some(found) = found {
            println!(
                "{network:<10}{device:<10}{:<14}{:>8.3}{:>12}{:>12.4}{:>16.2}{:>14.2}",
                method.describe(),
                found.phi,
                found.gradients,
                seconds,
                gradient * 1e3,
                value * 1e3
            );
        }
    }
    Ok(())
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
        "{:<10}{:<10}{:<14}{:>8}{:>12}{:>12}{:>16}{:>14}",
        "network", "device", "method", "phi", "gradients", "seconds", "ms/gradient", "ms/loss"
    );
    for (network, path) in NETWORKS {
        for (device, choice) in DEVICES {
            if chosen(network, &networks)
                && chosen(device, &devices)
                && let Err(error) = measure(network, path, device, choice)
            {
                println!("{network:<10}{device:<10}  {error}");
            }
        }
    }
}
