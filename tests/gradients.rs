//! Gradients of every kind of layer against central differences, and of whole networks on every
//! device against double precision.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;

use common::{FLEX_F64, NDARRAY_F64, OTHERS, On, bench, fixture, model};
use losscope::checkpoint::{self, npz};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::direction::random;
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective;
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::sync::Arc;

/// A network of `tests/fixtures/layers` with labels that go round its outputs.
fn layers(name: &str, on: On, statistics: StatisticsMode) -> (NetworkObjective, Params) {
    let folder = fixture("layers");
    let arrays = npz::read_arrays(&folder.join(format!("{name}.npz"))).unwrap();
    let x = &arrays.iter().find(|(n, _)| n == "x").unwrap().1;
    let state = checkpoint::open(&folder.join(format!("{name}.npz"))).unwrap();
    let graph = file::read(folder.join(format!("{name}.toml"))).unwrap();
    let network = Arc::new(Network::new(graph, &state).unwrap());
    let (theta, _) = network.params(&state).unwrap();
    let samples = Arc::new(Samples::labelled(
        x.shape()[1..].to_vec(),
        x.to_f64().into_iter().map(|v| v as f32).collect(),
        (0..x.shape()[0] as u32)
            .map(|i| i % network.outputs() as u32)
            .collect(),
    ));
    let opened = device::open(on.0, on.1).unwrap();
    let evaluator = Evaluator::new(network, opened.device, on.1, 64 << 20).unwrap();
    let split = evaluator.upload(&samples, 2).unwrap();
    let objective = NetworkObjective::new(&evaluator, &theta, &split, statistics);
    (objective, theta)
}

const LAYERS: [&str; 5] = [
    "one-dimensional",
    "two-dimensional",
    "transformer",
    "causal-transformer",
    "tokens",
];

/// The slope along a random direction of each tensor alone agrees with a central difference.
///
/// Differences over two steps of 10⁻⁵ neglect terms of about 10⁻¹⁰ of the loss; what rounding takes
/// from them, and so what is allowed, grows as the step shrinks.
#[track_caller]
fn every_tensor_agrees(what: &str, objective: &mut NetworkObjective, theta: &Params, step: f64) {
    let x = theta.flatten();
    let (value, gradient) = objective.gradient(&x).unwrap();
    let alone = objective.value(&x).unwrap();
    assert!(
        (value - alone).abs() <= 1e-12 * value,
        "{what}: {value} {alone}"
    );
    let gradient = Params::zeros(theta.layout()).with_trainable(&gradient);
    let directions = random(theta.layout(), 3, 0);
    let scale = gradient.norm();
    assert!(scale > 1e-6, "{what} has a slope");
    for (wanted, _) in theta.trainable() {
        let direction = directions.map(|spec, d| {
            if spec.name == wanted.name {
                d.to_vec()
            } else {
                vec![0.0; d.len()]
            }
        });
        let direction = direction.scaled(1.0 / direction.norm());
        let at = |objective: &mut NetworkObjective, step: f64| {
            objective
                .value(&theta.plus(step, &direction).flatten())
                .unwrap()
        };
        let difference = (at(objective, step) - at(objective, -step)) / (2.0 * step);
        let slope = gradient.dot(&direction);
        assert!(
            (difference - slope).abs() <= 1e-12 / step * scale.max(value),
            "{what}, {}: the slope is {slope}, differences say {difference}",
            wanted.name
        );
    }
}

#[test]
fn every_kind_of_layer_has_a_right_gradient() {
    for name in LAYERS {
        for on in [FLEX_F64, NDARRAY_F64] {
            let (mut objective, theta) = layers(name, on, StatisticsMode::Running);
            every_tensor_agrees(&format!("{name} on {on:?}"), &mut objective, &theta, 1e-5);
        }
    }
}

#[test]
fn gradients_in_train_mode_go_through_the_statistics() {
    for name in ["one-dimensional", "two-dimensional"] {
        let (mut objective, theta) = layers(name, FLEX_F64, StatisticsMode::Batch);
        every_tensor_agrees(&format!("{name}, train mode"), &mut objective, &theta, 1e-5);
    }
    let model = model("resnet8", &["sb"]);
    let bench = bench(&model, FLEX_F64);
    let theta = model.at("sb");
    let mut objective =
        NetworkObjective::new(&bench.evaluator, theta, &bench.train, StatisticsMode::Batch);
    // Half a million rectifiers: shorter steps pass fewer of their bends.
    every_tensor_agrees("resnet8, train mode", &mut objective, theta, 1e-6);
}

/// Relative distance of two vectors.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

#[test]
fn single_precision_gives_the_same_gradients_on_every_device() {
    for name in LAYERS {
        let (mut exact, theta) = layers(name, FLEX_F64, StatisticsMode::Running);
        let (_, expected) = exact.gradient(&theta.flatten()).unwrap();
        for device in [DeviceChoice::Flex, DeviceChoice::Ndarray, DeviceChoice::Gpu] {
            let on = On(device, Precision::F32);
            let (mut objective, theta) = layers(name, on, StatisticsMode::Running);
            let (_, found) = objective.gradient(&theta.flatten()).unwrap();
            let off = apart(&found, &expected);
            // Seven digits, less what a dozen layers lose.
            assert!(off < 2e-5, "{name} on {on:?}: off by {off:e}");
        }
    }
}

#[test]
fn whole_networks_have_the_same_gradients_on_every_device() {
    for name in ["mlp", "lenet", "vgg", "resnet8"] {
        let model = model(name, &["sb"]);
        let theta = model.at("sb");
        let gradient = |on: On| {
            let bench = bench(&model, on);
            let mut objective = NetworkObjective::new(
                &bench.evaluator,
                theta,
                &bench.train,
                StatisticsMode::Running,
            );
            objective.gradient(&theta.flatten()).unwrap()
        };
        let (loss, expected) = gradient(FLEX_F64);
        for on in OTHERS {
            let (value, found) = gradient(on);
            // At a minimizer the samples' gradients nearly cancel: their sum keeps fewer digits.
            let (allowed, tolerance) = match on.1 {
                Precision::F64 => (1e-10, 1e-12),
                Precision::F32 => (1e-4, 1e-5),
            };
            let off = apart(&found, &expected);
            assert!(off < allowed, "{name} on {on:?}: off by {off:e}");
            assert!((value - loss).abs() <= tolerance * loss, "{name} on {on:?}");
        }
    }
}

/// However a split is cut into batches, the gradient is the same.
#[test]
fn the_memory_allowed_changes_no_gradient() {
    let model = model("lenet", &["lb"]);
    let theta = model.at("lb");
    let gradient = |memory: usize| {
        let bench = common::bench_within(&model, FLEX_F64, memory);
        let mut objective = NetworkObjective::new(
            &bench.evaluator,
            theta,
            &bench.train,
            StatisticsMode::Running,
        );
        objective.gradient(&theta.flatten()).unwrap().1
    };
    let (roomy, tight) = (gradient(1 << 30), gradient(1 << 20));
    assert!(apart(&tight, &roomy) < 1e-12);
}

/// Products with the Hessian are symmetric to the digits differences keep.
#[test]
fn products_with_the_hessian_are_those_of_a_symmetric_matrix() {
    // Its activations have second derivatives everywhere.
    let (mut objective, theta) = layers("transformer", FLEX_F64, StatisticsMode::Running);
    let x = theta.flatten();
    let draw = |stream| random(theta.layout(), 5, stream).flatten();
    let (u, v) = (draw(0), draw(1));
    let (hu, hv) = (
        objective.hessian_vector(&x, &u).unwrap(),
        objective.hessian_vector(&x, &v).unwrap(),
    );
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale = dot(&hu, &hu).sqrt() * dot(&v, &v).sqrt();
    assert!((dot(&hu, &v) - dot(&hv, &u)).abs() < 1e-6 * scale);
    let nowhere = objective.hessian_vector(&x, &vec![0.0; x.len()]).unwrap();
    assert!(nowhere.iter().all(|v| *v == 0.0));
}
