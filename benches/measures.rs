//! tmp
#![allow(clippy::print_stdout)]
use losscope::checkpoint;
use losscope::dataset::{self, DataOptions};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective;
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    for path in ["mlp/sb.pt", "lenet/sb.pt", "resnet20/sb.pt.gz"] {
        for (device, precision) in [
            (DeviceChoice::Flex, Precision::F32),
            (DeviceChoice::Ndarray, Precision::F32),
            (DeviceChoice::Flex, Precision::F64),
        ] {
            let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/models", path]
                .iter()
                .collect();
            let state = checkpoint::open(&file).unwrap();
            let data = dataset::open(&DataOptions::default()).unwrap();
            let hints = Hints {
                input: Some(&data.train.shape),
                classes: Some(data.classes),
            };
            let network = Arc::new(
                Network::new(family::recognise(&state, &hints).unwrap().graph, &state).unwrap(),
            );
            let (theta, _) = network.params(&state).unwrap();
            let opened = device::open(device, precision).unwrap();
            let evaluator = Evaluator::new(network, opened.device, precision, 1 << 30).unwrap();
            let train = Arc::new(data.train);
            let split = evaluator.upload(&train, data.classes).unwrap();
            let mut o = NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
            let x = theta.flatten();
            let (f, g) = o.gradient(&x).unwrap();
            let mut best = f64::INFINITY;
            let mut bestv = f64::INFINITY;
            for _ in 0..10 {
                let t = Instant::now();
                o.gradient(&x).unwrap();
                best = best.min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                o.value(&x).unwrap();
                bestv = bestv.min(t.elapsed().as_secs_f64());
            }
            println!(
                "{path} {device:?} {precision:?}: f {f} |g| {:.8} gradient {:.2} ms value {:.2} ms",
                g.iter().map(|g| g * g).sum::<f64>().sqrt(),
                best * 1e3,
                bestv * 1e3
            );
        }
    }
}
