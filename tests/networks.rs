//! Whole networks against PyTorch in float64: transformers, a language model, depthwise and normalised
//! convolutions, a U-Net, an autoencoder, a recurrent network.
//!
//! Every folder of `tests/fixtures/networks` is one network; `make.py` there wrote them and says what the
//! arrays of `results.npz` are. A new folder is tested without a word here. Each is read as a user's files
//! are: the model, the weights and the data from their own files.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;

use common::check::{Kind, check_values, relative};
use common::{
    FLEX_F32, FLEX_F64, Golden, NDARRAY_F32, NDARRAY_F64, On, evaluator, fixture, golden, ok,
};
use losscope::checkpoint;
use losscope::dataset::{self, Channels, DataOptions, Dataset, Normalize, Samples};
use losscope::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Metrics, Split};
use losscope::landscape::noise::Sampled;
use losscope::landscape::objective::Objective;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The processor's own executor first, then burn's.
const DEVICES: [On; 4] = [FLEX_F64, NDARRAY_F64, FLEX_F32, NDARRAY_F32];

/// One folder.
struct Case {
    name: String,
    network: Arc<Network>,
    theta: Params,
    train: Arc<Samples>,
    classes: usize,
    stored: Golden,
}

fn open(name: &str) -> Case {
    let folder = fixture("networks").join(name);
    let state = ok(checkpoint::open(&folder.join("weights.safetensors")));
    let network = ok(Network::new(
        ok(file::read(folder.join("model.toml"))),
        &state,
    ));
    let (theta, warnings) = ok(network.params(&state));
    assert!(warnings.is_empty(), "{warnings:?}");
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
        stored: golden(&format!("networks/{name}/results.npz")),
    }
}

/// Does something with every network, on to the last whichever fails.
fn every(work: impl Fn(&Case)) {
    let folders = std::fs::read_dir(fixture("networks")).unwrap();
    let mut names: Vec<String> = folders
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("model.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "only {names:?}");
    names.retain(|name| catch_unwind(AssertUnwindSafe(|| work(&open(name)))).is_err());
    assert!(names.is_empty(), "{} failed", names.join(", "));
}

/// The fraction of right answers, or R² where targets are numbers.
fn score(metrics: &Metrics) -> f64 {
    metrics.score
}

impl Case {
    fn on(&self, on: On) -> (Evaluator, Split) {
        let evaluator = evaluator(&self.network, on, 256 << 20);
        let split = ok(evaluator.upload(&self.train, self.classes));
        (evaluator, split)
    }

    fn objective(&self, on: On, statistics: StatisticsMode) -> NetworkObjective {
        let (evaluator, split) = self.on(on);
        NetworkObjective::new(&evaluator, &self.theta, &split, statistics)
    }

    /// What `PREFIX/TENSOR` hold, one after the other in the network's order of the trained tensors.
    fn vector(&self, prefix: &str) -> Vec<f64> {
        let tensors = self.theta.trainable();
        let values =
            tensors.map(|(spec, _)| self.stored.values(&format!("{prefix}/{}", spec.name)));
        values.flatten().collect()
    }

    /// Whether the arrays `PREFIX/TENSOR` are there.
    fn has(&self, prefix: &str) -> bool {
        let mut tensors = self.theta.trainable();
        tensors.any(|(spec, _)| self.stored.has(&format!("{prefix}/{}", spec.name)))
    }

    fn slice(&self, directions: Vec<Params>) -> Slice {
        ok(Slice::new(self.theta.clone(), directions, Buffers::Frozen))
    }

    /// By the largest number, to the tolerance of the precision.
    fn check(&self, what: &str, on: On, found: &[f64], expected: &[f64]) {
        let what = format!("{what} of {} on {on:?}", self.name);
        check_values(&what, found, expected, on.kind().tolerance());
    }
}

#[test]
fn outputs_agree() {
    every(|case| {
        let expected = case.stored.values("outputs");
        for on in DEVICES {
            let (evaluator, split) = case.on(on);
            let nowhere = Params::zeros(case.theta.layout());
            let loaded = ok(evaluator.load(case.slice(vec![nowhere]), None));
            let found = ok(evaluator.logits(&loaded, &[0.0], &split));
            case.check("outputs", on, &found, &expected);
        }
    });
}

/// Every cell by its own size: losses on one surface reach from 0.003 to 600.
#[test]
fn surfaces_agree() {
    every(|case| {
        let directions = ["delta", "eta"]
            .map(|prefix| Params::zeros(case.theta.layout()).with_trainable(&case.vector(prefix)));
        let slice = case.slice(directions.to_vec());
        let (axis, losses) = (case.stored.values("axis"), case.stored.values("loss"));
        let (scores, answers) = (
            case.stored.values("score"),
            case.stored.values("answers")[0],
        );
        let points: Vec<Vec<f64>> = axis
            .iter()
            .flat_map(|&a| axis.iter().map(move |&b| vec![a, b]))
            .collect();
        for on in DEVICES {
            let (evaluator, split) = case.on(on);
            let loaded = ok(evaluator.load(slice.clone(), None));
            let found = ok(evaluator.evaluate(&loaded, &points, &[&split]));
            assert_eq!(found.len(), losses.len());
            for (((point, found), loss), expected) in
                points.iter().zip(&found).zip(&losses).zip(&scores)
            {
                let (metrics, place) = (&found[0], format!("{} on {on:?} at {point:?}", case.name));
                let off = relative(metrics.loss, *loss);
                let tolerance = on.kind().tolerance();
                assert!(
                    off <= tolerance,
                    "{place}: {metrics:?}, loss {loss}, off by {off:.1e}"
                );
                // Two outputs that are nearly equal may change places in f32, never in f64.
                let allowed = match on.kind() {
                    _ if answers == 0.0 => tolerance * expected.abs().max(1.0),
                    Kind::Double => 1e-9,
                    Kind::Single => 1.0 / answers + 1e-6,
                };
                let off = (score(metrics) - expected).abs();
                assert!(
                    off <= allowed,
                    "{place}: {metrics:?}, score {expected}, off by {off:.1e}"
                );
            }
        }
    });
}

/// In eval mode and, where there is batch normalisation, in train mode.
#[test]
fn gradients_and_products_agree() {
    every(|case| {
        let (x, v) = (case.theta.flatten(), case.vector("vector"));
        for (statistics, prefix) in [
            (StatisticsMode::Running, ""),
            (StatisticsMode::Batch, "train_"),
        ] {
            let (gradient, product) = (format!("{prefix}gradient"), format!("{prefix}product"));
            assert_eq!(
                case.has(&gradient),
                prefix.is_empty() || case.network.has_statistics()
            );
            if !case.has(&gradient) {
                continue;
            }
            for on in DEVICES {
                let mut objective = case.objective(on, statistics);
                let (_, found) = ok(objective.gradient(&x));
                case.check(&gradient, on, &found, &case.vector(&gradient));
                let found = ok(objective.hessian_vector(&x, &v));
                case.check(&product, on, &found, &case.vector(&product));
            }
        }
    });
}

/// The squared length of every sample's own gradient, all tensors together.
#[test]
fn norms_of_single_samples_agree() {
    every(|case| {
        let (x, expected) = (case.theta.flatten(), case.stored.values("norms"));
        for on in DEVICES {
            let mut objective = case.objective(on, StatisticsMode::Running);
            let rows = ok(objective.squared_norms(&x, 0..expected.len()));
            let found: Vec<f64> = rows.iter().map(|row| row.iter().sum()).collect();
            case.check("norms", on, &found, &expected);
        }
    });
}

/// An eigenvalue is off by about the square of its residual, and by no more than the residual.
#[test]
fn the_largest_eigenvalue_agrees() {
    every(|case| {
        let expected = case.stored.values("eigenvalue");
        for (on, residual, rounding) in [(FLEX_F64, 1e-7, 1e-15), (FLEX_F32, 1e-3, 1e-6)] {
            let options = LanczosOptions {
                top: 1,
                smallest: false,
                tolerance: residual,
                rounding,
                ..LanczosOptions::default()
            };
            let mut objective = case.objective(on, StatisticsMode::Running);
            let found = ok(Lanczos::new(case.theta.flatten(), options).finish(&mut objective));
            assert!(found.converged, "{} on {on:?}: {found:?}", case.name);
            case.check("eigenvalue", on, &[found.top[0].value], &expected);
        }
    });
}
