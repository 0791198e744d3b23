//! Every network of the fixtures, transformers and recurrent ones included, against the processor in f64.

use crate::common::{FLEX_F64, GPU_F32, On, evaluator, fixture, ok};
use crate::{TOLERANCE, alone, off};
use losscope::checkpoint;
use losscope::dataset::{self, Channels, DataOptions, Dataset, Normalize, Samples};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::Split;
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::noise::Sampled;
use losscope::landscape::objective::Objective;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::sync::Arc;

struct Case {
    name: String,
    network: Arc<Network>,
    theta: Params,
    train: Arc<Samples>,
    classes: usize,
}

fn open(name: &str) -> Case {
    let folder = fixture("networks").join(name);
    let state = ok(checkpoint::open(&folder.join("weights.safetensors")));
    let graph = ok(file::read(folder.join("model.toml")));
    let network = ok(Network::new(graph, &state));
    let theta = ok(network.params(&state)).0;
    let options = DataOptions {
        data: folder.join("data.npz").display().to_string(),
        normalize: Normalize::None,
        channels: Channels::First,
        ..DataOptions::default()
    };
    let Dataset { train, classes, .. } = ok(dataset::open(&options));
    Case {
        name: name.to_owned(),
        network: Arc::new(network),
        theta,
        train: Arc::new(train),
        classes,
    }
}

fn every(work: impl Fn(&Case)) {
    let folders = std::fs::read_dir(fixture("networks")).unwrap();
    let mut names: Vec<String> = folders
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("model.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "only {names:?}");
    for name in names {
        work(&open(&name));
    }
}

impl Case {
    fn split(&self, on: On) -> (losscope::landscape::evaluate::Evaluator, Split) {
        let evaluator = evaluator(&self.network, on, 256 << 20);
        let split = ok(evaluator.upload(&self.train, self.classes));
        (evaluator, split)
    }

    fn slice(&self) -> Slice {
        let direction = |seed| {
            let d = random(self.theta.layout(), 0, seed);
            normalise(&d, &self.theta, Normalization::Filter, OneDim::Zero)
        };
        let directions = vec![direction(0), direction(1)];
        ok(Slice::new(self.theta.clone(), directions, Buffers::Frozen))
    }

    fn surface(&self, on: On, points: &[Vec<f64>]) -> [Vec<f64>; 2] {
        let (evaluator, split) = self.split(on);
        let loaded = ok(evaluator.load(self.slice(), None));
        let found = ok(evaluator.evaluate(&loaded, points, &[&split]));
        let losses = found.iter().map(|row| row[0].loss).collect();
        let outputs = ok(evaluator.logits(&loaded, &points[1], &split));
        assert_eq!(evaluator.trouble(), None, "another device computed it");
        [losses, outputs]
    }

    fn objective(&self, on: On, statistics: StatisticsMode) -> NetworkObjective {
        let (evaluator, split) = self.split(on);
        NetworkObjective::new(&evaluator, &self.theta, &split, statistics)
    }

    fn close(&self, what: &str, found: &[f64], expected: &[f64]) {
        let off = off(found, expected);
        assert!(
            off <= TOLERANCE,
            "{what} of {}: off by {off:.1e}",
            self.name
        );
    }
}

#[test]
fn surfaces_and_outputs_agree() {
    let (_alone, gpu) = alone();
    every(|case| {
        let points: Vec<Vec<f64>> = (0..9)
            .map(|i| vec![f64::from(i % 3) * 0.4 - 0.4, f64::from(i / 3) * 0.4 - 0.4])
            .collect();
        let before = gpu.counts();
        let found = case.surface(GPU_F32, &points);
        // Not on burn's kernels.
        assert!(gpu.counts().dispatches > before.dispatches, "{}", case.name);
        let expected = case.surface(FLEX_F64, &points);
        case.close("losses", &found[0], &expected[0]);
        case.close("outputs", &found[1], &expected[1]);
    });
}

#[test]
fn gradients_products_and_norms_agree() {
    let (_alone, _) = alone();
    every(|case| {
        let x = case.theta.flatten();
        let v: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(i, _)| ((i * 7 % 13) as f64 - 6.0) / 10.0)
            .collect();
        for statistics in [StatisticsMode::Running, StatisticsMode::Batch] {
            if statistics == StatisticsMode::Batch && !case.network.has_statistics() {
                continue;
            }
            let mut gpu = case.objective(GPU_F32, statistics);
            let mut cpu = case.objective(FLEX_F64, statistics);
            let (found, expected) = (ok(gpu.gradient(&x)), ok(cpu.gradient(&x)));
            case.close("loss", &[found.0], &[expected.0]);
            case.close("gradient", &found.1, &expected.1);
            let found = ok(gpu.hessian_vector(&x, &v));
            case.close("product", &found, &ok(cpu.hessian_vector(&x, &v)));
            assert_eq!(gpu.trouble(), None, "another device computed it");
        }
        let norms = |on| -> Vec<f64> {
            let mut objective = case.objective(on, StatisticsMode::Running);
            let norms = ok(objective.squared_norms(&x, 0..case.train.len().min(12)));
            assert_eq!(objective.trouble(), None, "another device computed it");
            norms.concat()
        };
        case.close("norms", &norms(GPU_F32), &norms(FLEX_F64));
    });
}
