//! Losscope's side of `benches/compare.py`: seconds of four kinds of work on one network, as JSON.
//!
//! `cargo bench --bench compare -- FOLDER` reads `model.toml`, `weights.safetensors` and `data.npz` of the
//! folder and prints one line: seconds a point of a surface, a gradient of the mean loss, a
//! Hessian-vector product at a point where one was taken before, and the squared norms of all samples'
//! gradients. Each is the fastest of some passes, in single precision on the device that `auto` takes.

#![expect(clippy::print_stdout, reason = "the numbers are the point")]

use losscope::checkpoint;
use losscope::dataset::{self, Channels, DataOptions, Dataset, Normalize};
use losscope::engine::device::{self, DeviceChoice};
use losscope::error::{Error, Result};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::noise::Sampled as _;
use losscope::landscape::objective::Objective as _;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::{Network, file};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seconds for each kind of work, and passes at least.
const SECONDS: f64 = 2.5;
const FEWEST: usize = 3;
/// Points evaluated together, where that takes no longer than this many seconds.
const TOGETHER: usize = 25;
const PATIENCE: f64 = 1.5;
/// Bytes for batches and what is kept between passes.
const MEMORY: usize = 1 << 30;

fn evaluator(network: Network) -> Result<Evaluator> {
    let opened = device::open(DeviceChoice::Auto, Precision::F32)?;
    Evaluator::new(Arc::new(network), opened.device, Precision::F32, MEMORY)
}

/// The fastest of some passes after one that isn't timed.
fn fastest(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let (mut best, mut passes, start) = (f64::INFINITY, 0, Instant::now());
    while passes < FEWEST || start.elapsed().as_secs_f64() < SECONDS {
        let pass = Instant::now();
        work()?;
        best = best.min(pass.elapsed().as_secs_f64());
        passes += 1;
    }
    Ok(best)
}

fn measure(folder: &Path) -> Result<[(&'static str, f64); 4]> {
    let state = checkpoint::open(&folder.join("weights.safetensors"))?;
    let network = Network::new(file::read(folder.join("model.toml"))?, &state)?;
    let (theta, _) = network.params(&state)?;
    let Dataset { train, classes, .. } = dataset::open(&DataOptions {
        data: folder.join("data.npz").display().to_string(),
        normalize: Normalize::None,
        channels: Channels::First,
        ..DataOptions::default()
    })?;
    let samples = train.len();
    let evaluator = evaluator(network)?;
    let split = evaluator.upload(&Arc::new(train), classes)?;

    let direction = |stream| {
        let raw = random(theta.layout(), 0, stream);
        normalise(&raw, &theta, Normalization::Filter, OneDim::Zero)
    };
    let directions = vec![direction(0), direction(1)];
    let slice = Slice::new(theta.clone(), directions, Buffers::Frozen)?;
    let loaded = evaluator.load(slice, None)?;
    let places = |i: usize| vec![0.01 * i as f64, -0.02 * i as f64];
    let points: Vec<Vec<f64>> = (0..TOGETHER).map(places).collect();
    let surface = |count: usize| {
        let work = || {
            evaluator
                .evaluate(&loaded, &points[..count], &[&split])
                .map(drop)
        };
        fastest(work).map(|seconds| seconds / count as f64)
    };
    let one = surface(1)?;
    let together = (PATIENCE / one).clamp(1.0, TOGETHER as f64) as usize;
    let surface = if together > 1 {
        surface(together)?.min(one)
    } else {
        one
    };

    let mut objective = NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
    let x = theta.flatten();
    Ok([
        ("surface", surface),
        ("gradient", fastest(|| objective.gradient(&x).map(drop))?),
        (
            "product",
            fastest(|| objective.hessian_vector(&x, &x).map(drop))?,
        ),
        (
            "norms",
            fastest(|| objective.squared_norms(&x, 0..samples).map(drop))?,
        ),
    ])
}

fn main() -> ExitCode {
    let folder = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let usage = || {
        Error::Usage("name a folder with model.toml, weights.safetensors and data.npz; benches/compare.py writes them".into())
    };
    let found = folder
        .map(PathBuf::from)
        .ok_or_else(usage)
        .and_then(|folder| measure(&folder));
    match found {
        Ok(times) => {
            let numbers: Vec<String> = times
                .iter()
                .map(|(work, seconds)| format!("\"{work}\": {seconds:e}"))
                .collect();
            println!("{{{}}}", numbers.join(", "));
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
