//! Random small networks that differ only in padding, pooling, order, activation or skips. The program
//! decides right or asks, never wrong.
//!
//! A network is made of one of all readings that fit its tensors: weights are random, running statistics
//! are those that the data give, and the labels are its own answers, so that there is as much evidence as
//! a perfectly trained network would leave.

use super::keys::state;
use losscope::checkpoint::{Array, StateDict, Values};
use losscope::dataset::normalize::Facts;
use losscope::dataset::{DataOptions, Dataset, Samples};
use losscope::engine::reading::{Chosen, Scene, choose};
use losscope::error::Error;
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{Hints, Recognised, readings};
use losscope::model::params::Params;
use losscope::model::run::Device;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

type Shapes = &'static [(&'static str, &'static [usize])];

const SAMPLES: usize = 256;
const CLASSES: usize = 6;

/// Named layers of equal width: activations and skips are open.
const PLAIN: Shapes = &[
    ("inp.weight", &[16, 64]),
    ("inp.bias", &[16]),
    ("one.weight", &[16, 16]),
    ("one.bias", &[16]),
    ("two.weight", &[16, 16]),
    ("two.bias", &[16]),
    ("out.weight", &[6, 16]),
    ("out.bias", &[6]),
];

/// The same with norms, whose order is open, too.
const NORMED: Shapes = &[
    ("fc1.weight", &[16, 64]),
    ("fc1.bias", &[16]),
    ("bn1.weight", &[16]),
    ("bn1.bias", &[16]),
    ("bn1.running_mean", &[16]),
    ("bn1.running_var", &[16]),
    ("fc2.weight", &[16, 16]),
    ("fc2.bias", &[16]),
    ("bn2.weight", &[16]),
    ("bn2.bias", &[16]),
    ("bn2.running_mean", &[16]),
    ("bn2.running_var", &[16]),
    ("fc3.weight", &[6, 16]),
    ("fc3.bias", &[6]),
];

/// Pools, strides and paddings are open.
const LENET: Shapes = &[
    ("conv1.weight", &[4, 1, 3, 3]),
    ("conv1.bias", &[4]),
    ("conv2.weight", &[8, 4, 3, 3]),
    ("conv2.bias", &[8]),
    ("fc1.weight", &[12, 32]),
    ("fc1.bias", &[12]),
    ("fc2.weight", &[6, 12]),
    ("fc2.bias", &[6]),
];

/// The same with norms.
const NORMED_LENET: Shapes = &[
    ("conv1.weight", &[4, 1, 3, 3]),
    ("conv1.bias", &[4]),
    ("bn1.weight", &[4]),
    ("bn1.bias", &[4]),
    ("bn1.running_mean", &[4]),
    ("bn1.running_var", &[4]),
    ("conv2.weight", &[8, 4, 3, 3]),
    ("conv2.bias", &[8]),
    ("bn2.weight", &[8]),
    ("bn2.bias", &[8]),
    ("bn2.running_mean", &[8]),
    ("bn2.running_var", &[8]),
    ("fc1.weight", &[12, 32]),
    ("fc1.bias", &[12]),
    ("fc2.weight", &[6, 12]),
    ("fc2.bias", &[6]),
];

/// Only a mean over maps makes the sizes meet, under any padding.
const MEAN: Shapes = &[
    ("f1.0.weight", &[6, 1, 3, 3]),
    ("f1.0.bias", &[6]),
    ("f1.1.weight", &[6]),
    ("f1.1.bias", &[6]),
    ("f1.1.running_mean", &[6]),
    ("f1.1.running_var", &[6]),
    ("f2.0.weight", &[6, 6, 3, 3]),
    ("f2.0.bias", &[6]),
    ("f2.1.weight", &[6]),
    ("f2.1.bias", &[6]),
    ("f2.1.running_mean", &[6]),
    ("f2.1.running_var", &[6]),
    ("fc.weight", &[6, 6]),
    ("fc.bias", &[6]),
];

/// One `nn.Sequential`, in which dropout takes a place like a pool's.
const NUMBERED: Shapes = &[
    ("0.weight", &[4, 1, 3, 3]),
    ("0.bias", &[4]),
    ("1.weight", &[4]),
    ("1.bias", &[4]),
    ("1.running_mean", &[4]),
    ("1.running_var", &[4]),
    ("4.weight", &[8, 4, 3, 3]),
    ("4.bias", &[8]),
    ("5.weight", &[8]),
    ("5.bias", &[8]),
    ("5.running_mean", &[8]),
    ("5.running_var", &[8]),
    ("9.weight", &[6, 32]),
    ("9.bias", &[6]),
];

/// Smooth random images of 8×8.
fn images(rng: &mut ChaCha8Rng) -> Samples {
    let mut inputs = Vec::with_capacity(SAMPLES * 64);
    for _ in 0..SAMPLES {
        let waves: Vec<[f32; 4]> = (0..3)
            .map(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)))
            .collect();
        for y in 0..8_u8 {
            for x in 0..8_u8 {
                let (x, y) = (f32::from(x), f32::from(y));
                let wave = |w: &[f32; 4]| w[3] * (w[0] * x + w[1] * y + 3.0 * w[2]).sin();
                inputs.push(0.5 + waves.iter().map(wave).sum::<f32>());
            }
        }
    }
    Samples::labelled(vec![1, 8, 8], inputs, vec![0; SAMPLES])
}

fn set(state: &mut StateDict, name: &str, values: Vec<f32>) {
    let place = state
        .tensors
        .iter_mut()
        .find(|(own, _)| own == name)
        .unwrap();
    place.1 = Array::new(place.1.shape().to_vec(), Values::F32(values)).unwrap();
}

fn single(values: &[f64]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a checkpoint is single")]
    values.iter().map(|v| *v as f32).collect()
}

/// The truth's evaluator and a slice that stays at the checkpoint.
fn at(truth: &Recognised, state: &StateDict) -> (Evaluator, Params) {
    let network = Arc::new(Network::new(truth.graph.clone(), state).unwrap());
    let params = network.params(state).unwrap().0;
    let evaluator = Evaluator::new(network, Device::Lanes, Precision::F32, 1 << 28);
    (evaluator.unwrap(), params)
}

/// The mean loss of `samples` under a reading.
pub fn evaluated(read: &Recognised, state: &StateDict, samples: &Samples) -> f64 {
    let (evaluator, params) = at(read, state);
    let still = Params::zeros(params.layout());
    let slice = Slice::new(params, vec![still], Buffers::Frozen).unwrap();
    let slice = evaluator.load(slice, None).unwrap();
    let split = evaluator.upload(&Arc::new(samples.clone()), 10).unwrap();
    let rows = evaluator.evaluate(&slice, &[vec![0.0]], &[&split]).unwrap();
    rows[0][0].loss
}

fn logits(truth: &Recognised, state: &StateDict, samples: &Arc<Samples>) -> Vec<f64> {
    let (evaluator, params) = at(truth, state);
    let still = Params::zeros(params.layout());
    let slice = Slice::new(params, vec![still], Buffers::Frozen).unwrap();
    let slice = evaluator.load(slice, None).unwrap();
    let split = evaluator.upload(samples, CLASSES).unwrap();
    evaluator.logits(&slice, &[0.0], &split).unwrap()
}

/// Random weights with the statistics and answers of `truth`.
fn made(truth: &Recognised, shapes: Shapes, rng: &mut ChaCha8Rng) -> (StateDict, Dataset) {
    let mut samples = images(rng);
    let mut state = state(shapes);
    for (name, shape) in shapes {
        let fan: usize = shape.iter().skip(1).product();
        let spread = (3.0 * 1.8 / fan.max(1) as f32).sqrt();
        let count = shape.iter().product();
        let mut own =
            |low: f32, high: f32| (0..count).map(|_| rng.random_range(low..high)).collect();
        let values: Vec<f32> = match (name.rsplit('.').next().unwrap(), shape.len()) {
            ("weight", 1) => own(0.6, 1.4),
            ("running_var", _) => vec![1.0; count],
            ("weight", _) => own(-spread, spread),
            _ => own(-0.3, 0.3),
        };
        set(&mut state, name, values);
    }
    let (evaluator, params) = at(truth, &state);
    let still = Params::zeros(params.layout());
    let slice = Slice::new(params, vec![still], Buffers::Recompute).unwrap();
    let unlabelled = Arc::new(samples.clone());
    let slice = evaluator.load(slice, Some(&unlabelled)).unwrap();
    for layer in evaluator.statistics(&slice).unwrap() {
        set(&mut state, &layer.name, single(&layer.measured[0]));
        let variance = layer.name.replace("running_mean", "running_var");
        set(&mut state, &variance, single(&layer.measured[1]));
    }
    // Outputs around zero and far apart, so that classes are mixed and answers certain.
    let (last, _) = shapes[shapes.len() - 1];
    let weight = last.replace("bias", "weight");
    let found = logits(truth, &state, &unlabelled);
    let mean =
        |class: usize| found.iter().skip(class).step_by(CLASSES).sum::<f64>() / SAMPLES as f64;
    let means: Vec<f64> = (0..CLASSES).map(mean).collect();
    let size = (found
        .iter()
        .zip(means.iter().cycle())
        .map(|(v, m)| (v - m).powi(2))
        .sum::<f64>()
        / found.len() as f64)
        .sqrt();
    let scale = 8.0 / size.max(1e-9);
    let own = |state: &StateDict, name: &str| state.get(name).unwrap().to_f64();
    let weights: Vec<f64> = own(&state, &weight).iter().map(|w| scale * w).collect();
    let biases: Vec<f64> = own(&state, last)
        .iter()
        .zip(&means)
        .map(|(b, m)| scale * (b - m))
        .collect();
    set(&mut state, &weight, single(&weights));
    set(&mut state, last, single(&biases));
    let found = logits(truth, &state, &unlabelled);
    let answer = |row: &[f64]| {
        let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        u32::try_from(best.unwrap().0).unwrap()
    };
    samples.targets =
        losscope::dataset::Targets::Classes(found.chunks(CLASSES).map(answer).collect());
    let data = Dataset {
        name: "waves".into(),
        classes: CLASSES,
        class_names: Vec::new(),
        stored: Facts {
            unit: 1.0,
            channels: None,
            low: -1.0,
            high: 1.0,
            whole: false,
            used: (1.0, Vec::new(), Vec::new()),
        },
        train: samples,
        validation: None,
        description: String::new(),
        sha256: String::new(),
        warnings: Vec::new(),
    };
    (state, data)
}

/// Whether two readings are the same but for activations that hardly differ.
fn is_same(a: &Recognised, b: &Recognised) -> bool {
    let near = |x: &str, y: &str| {
        let all: [&[&str]; 2] = [&["relu", "leaky-relu", "relu6"], &["gelu", "gelu-tanh"]];
        x == y || all.iter().any(|set| set.contains(&x) && set.contains(&y))
    };
    a.choices.iter().all(|c| {
        let other = &b.choice(c.name).unwrap().value;
        if c.name == "activation" {
            near(&c.value, other)
        } else {
            &c.value == other
        }
    })
}

/// Decided right, asked, and in all.
fn outcome(shapes: Shapes, seeds: std::ops::Range<u64>) -> [usize; 2] {
    let mut counts = [0, 0];
    for seed in seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let hints = Hints {
            input: Some(&[1, 8, 8]),
            classes: Some(CLASSES),
            modules: &[],
        };
        let all = readings("auto", &state(shapes), &hints).unwrap();
        let truth = &all[rng.random_range(0..all.len())];
        let (state, data) = made(truth, shapes, &mut rng);
        let options = DataOptions::default();
        let scene = Scene {
            model: "auto",
            loss: None,
            state: &state,
            data: &data,
            options: &options,
            watch: &|_| {},
        };
        match choose(&all, &scene) {
            Ok(Chosen { found, reading }) => {
                assert!(
                    is_same(&found, truth),
                    "seed {seed}: {} was read as {}, {reading:#?}",
                    truth.key(),
                    found.key()
                );
                assert!(reading.confirmed.is_some());
                counts[0] += 1;
            }
            Err(Error::Undecided(question)) => {
                assert!(question.answers.len() > 1, "{}", question.text);
                counts[1] += 1;
            }
            Err(other) => panic!("{}: {other}", truth.key()),
        }
    }
    counts
}

#[test]
fn without_norms_it_is_decided_right_or_asked() {
    for shapes in [PLAIN, LENET] {
        let [right, asked] = outcome(shapes, 0..6);
        assert_eq!(right + asked, 6);
    }
}

#[test]
fn with_norms_statistics_decide_most_and_never_wrong() {
    let mut all = [0, 0];
    for shapes in [NORMED, NORMED_LENET, MEAN, NUMBERED] {
        let [right, asked] = outcome(shapes, 0..6);
        all = [all[0] + right, all[1] + asked];
    }
    assert!(all[0] >= 8, "{} decided, {} asked", all[0], all[1]);
}
