//! Exact Hessian-vector products of every kind of layer against central differences of the gradient.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::checkpoint::{self, Array, Source, StateDict, Values, npz};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective as _;
use losscope::model::graph::{Graph, Loss};
use losscope::model::layers::{
    Add, BatchNorm, Conv, Flatten, GlobalAveragePool, Linear, MaxPool, Relu, Reshape, Silu, Tanh,
};
use losscope::model::{Network, file};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// burn's GPU device takes the calls of one thread at a time.
static GPU: Mutex<()> = Mutex::new(());

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn norm(a: &[f64]) -> f64 {
    distance(a, &vec![0.0; a.len()])
}

/// A network described in a model file, at the stored point, with the stored inputs.
struct Case {
    network: Arc<Network>,
    theta: losscope::model::params::Params,
    samples: Arc<Samples>,
}

fn stored(name: &str) -> Case {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layers");
    let arrays = npz::read_arrays(&folder.join(format!("{name}.npz"))).unwrap();
    let x = &arrays.iter().find(|(n, _)| n == "x").unwrap().1;
    let state = checkpoint::open(&folder.join(format!("{name}.npz"))).unwrap();
    let graph = file::read(folder.join(format!("{name}.toml"))).unwrap();
    let network = Network::new(graph, &state).unwrap();
    let (theta, _) = network.params(&state).unwrap();
    let count = x.shape()[0];
    let samples = Samples::labelled(
        x.shape()[1..].to_vec(),
        x.to_f64().into_iter().map(|v| v as f32).collect(),
        (0..count as u32).map(|i| i % 2).collect(),
    );
    Case {
        network: Arc::new(network),
        theta,
        samples: Arc::new(samples),
    }
}

/// What the stored networks lack: batch normalisation with and without γ and β, ReLU, padded max
/// pooling, a sum of unequal shapes, an activation of the input itself, one output.
fn made() -> Case {
    let mut graph = Graph::new("made", vec![2, 6, 6], Loss::binary(1));
    let mut state = StateDict {
        tensors: Vec::new(),
        source: Source {
            path: "made".into(),
            format: String::new(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        told: losscope::checkpoint::Told::default(),
        unreadable: Vec::new(),
        warnings: Vec::new(),
    };
    let mut tensor = |name: &str, shape: &[usize], positive: bool| {
        let count = shape.iter().product();
        let values = gaussian(count, 11 + state.tensors.len() as u64);
        let values = values
            .into_iter()
            .map(|v| if positive { 0.5 + v * v } else { 0.4 * v });
        let array = Array::new(shape.to_vec(), Values::F64(values.collect())).unwrap();
        state.tensors.push((name.to_owned(), array));
        name.to_owned()
    };
    let pair = |v: usize| vec![v, v];
    graph.push("t", Tanh {});
    let conv = Conv {
        weight: tensor("c.weight", &[4, 2, 3, 3], false),
        bias: Some(tensor("c.bias", &[4], false)),
        stride: pair(1),
        padding: pair(1),
        dilation: pair(1),
        groups: 1,
    };
    graph.push("c", conv);
    let norm = BatchNorm {
        weight: Some(tensor("b.weight", &[4], true)),
        bias: Some(tensor("b.bias", &[4], false)),
        running_mean: tensor("b.running_mean", &[4], false),
        running_var: tensor("b.running_var", &[4], true),
        epsilon: 1e-5,
    };
    graph.push("b", norm);
    graph.push("r", Relu {});
    let pool = MaxPool {
        size: pair(3),
        stride: pair(2),
        padding: pair(1),
        dilation: pair(1),
        ceil: true,
    };
    graph.push("p", pool);
    let plain = BatchNorm {
        weight: None,
        bias: None,
        running_mean: tensor("n.running_mean", &[4], false),
        running_var: tensor("n.running_var", &[4], true),
        epsilon: 1e-3,
    };
    graph.push("n", plain);
    graph.push("g", GlobalAveragePool {});
    graph.push(
        "g4",
        Reshape {
            shape: vec![4, 1, 1],
        },
    );
    graph.push_from("s", &["n", "g4"], Add {});
    graph.push("silu", Silu {});
    graph.push("f", Flatten { from: 1 });
    let head = Linear {
        weight: tensor("h.weight", &[4 * 4 * 4, 1], false),
        bias: Some(tensor("h.bias", &[1], false)),
        output_axis: 1,
    };
    graph.push("h", head);
    let network = Network::new(graph, &state).unwrap();
    let (theta, _) = network.params(&state).unwrap();
    let samples = Samples::labelled(
        vec![2, 6, 6],
        gaussian(12 * 72, 3).into_iter().map(|v| v as f32).collect(),
        (0..12).map(|i| i % 2).collect(),
    );
    Case {
        network: Arc::new(network),
        theta,
        samples: Arc::new(samples),
    }
}

/// H v by exact product on `choice`, and by central differences in double precision.
fn products(
    case: &Case,
    choice: DeviceChoice,
    precision: Precision,
    mode: StatisticsMode,
) -> (Vec<f64>, Vec<f64>) {
    let theta: Vec<f64> = case
        .theta
        .trainable()
        .flat_map(|(_, v)| v.to_vec())
        .collect();
    let v = gaussian(theta.len(), 7);
    let run = |choice, precision, exact: bool| {
        let alone = || GPU.lock().unwrap_or_else(PoisonError::into_inner);
        let _alone = (choice == DeviceChoice::Gpu).then(alone);
        let opened = device::open(choice, precision).unwrap();
        let evaluator = Evaluator::new(
            Arc::clone(&case.network),
            opened.device,
            precision,
            64 << 20,
        )
        .unwrap();
        let split = evaluator.upload(&case.samples, 2).unwrap();
        let mut objective = NetworkObjective::new(&evaluator, &case.theta, &split, mode);
        if exact {
            let alone = objective.gradient(&theta).unwrap();
            let product = objective.hessian_vector(&theta, &v).unwrap();
            let left_behind = objective.gradient(&theta).unwrap();
            let rounding = if precision == Precision::F64 {
                1e-12
            } else {
                1e-4
            };
            assert!((alone.0 - left_behind.0).abs() <= rounding * alone.0.abs());
            assert!(distance(&alone.1, &left_behind.1) <= rounding * norm(&alone.1));
            return product;
        }
        // Near 1e-5 truncation (h²) and rounding (ε/h) are both far below the tolerance.
        let h = 1e-5;
        let mut at = |sign: f64| {
            let x: Vec<f64> = theta
                .iter()
                .zip(&v)
                .map(|(t, v)| t + sign * h * v)
                .collect();
            objective.gradient(&x).unwrap().1
        };
        let (ahead, behind) = (at(1.0), at(-1.0));
        ahead
            .iter()
            .zip(&behind)
            .map(|(a, b)| (a - b) / (2.0 * h))
            .collect()
    };
    (
        run(choice, precision, true),
        run(DeviceChoice::Flex, Precision::F64, false),
    )
}

#[track_caller]
fn check(
    name: &str,
    case: &Case,
    choice: DeviceChoice,
    precision: Precision,
    mode: StatisticsMode,
    tolerance: f64,
) {
    let (exact, differences) = products(case, choice, precision, mode);
    let off = distance(&exact, &differences) / norm(&differences);
    assert!(
        norm(&differences) > 1e-6,
        "{name}: a Hessian of zero tests nothing"
    );
    assert!(
        off <= tolerance,
        "{name} on {choice:?} {precision:?} {mode:?}: off by {off:e}"
    );
}

const STORED: [&str; 5] = [
    "one-dimensional",
    "two-dimensional",
    "transformer",
    "causal-transformer",
    "tokens",
];

#[test]
fn products_are_those_of_central_differences_in_double_precision() {
    for name in STORED {
        for device in [DeviceChoice::Flex, DeviceChoice::Ndarray] {
            for mode in [StatisticsMode::Running, StatisticsMode::Batch] {
                check(name, &stored(name), device, Precision::F64, mode, 1e-6);
            }
        }
    }
}

/// Train mode counts twelve samples as one batch; ReLU and max pooling have kinks, of which none
/// happens to lie within the differences' step.
#[test]
fn products_through_batch_normalisation_and_kinks_are_those_of_central_differences() {
    for device in [DeviceChoice::Flex, DeviceChoice::Ndarray] {
        for mode in [StatisticsMode::Running, StatisticsMode::Batch] {
            check("made", &made(), device, Precision::F64, mode, 1e-6);
        }
    }
    check(
        "made",
        &made(),
        DeviceChoice::Gpu,
        Precision::F32,
        StatisticsMode::Running,
        1e-3,
    );
    check(
        "made",
        &made(),
        DeviceChoice::Flex,
        Precision::F32,
        StatisticsMode::Batch,
        1e-3,
    );
}

#[test]
fn products_agree_in_single_precision_on_every_device() {
    for name in STORED {
        for device in [DeviceChoice::Flex, DeviceChoice::Ndarray, DeviceChoice::Gpu] {
            check(
                name,
                &stored(name),
                device,
                Precision::F32,
                StatisticsMode::Running,
                1e-3,
            );
        }
    }
}
