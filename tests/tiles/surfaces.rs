//! Surfaces of the four trained networks: numbers, and what the device was given to do.

use crate::common::{Bench, FLEX_F64, GPU_F32, Model, bench, bench_within, model, ok};
use crate::{TOLERANCE, alone, off};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::Metrics;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::lower::{Statistics, lower};
use losscope::model::run::tiles::{Cost, GPUS};
use losscope::model::run::{Varying, tiles};
use losscope::model::simplify::{along, fold, fuse};

const MODELS: [&str; 4] = ["mlp", "lenet", "vgg", "resnet20"];

fn slice(model: &Model, buffers: Buffers) -> Slice {
    let theta = model.at("sb");
    let direction = |seed| {
        let d = random(theta.layout(), 0, seed);
        normalise(&d, theta, Normalization::Filter, OneDim::Zero)
    };
    let directions = vec![direction(0), direction(1)];
    ok(Slice::new(theta.clone(), directions, buffers))
}

fn grid(side: usize, reach: f64) -> Vec<Vec<f64>> {
    let at = |i: usize| reach * (2.0 * i as f64 / (side - 1) as f64 - 1.0);
    (0..side * side)
        .map(|i| vec![at(i % side), at(i / side)])
        .collect()
}

fn losses(all: &[Vec<Metrics>], split: usize) -> Vec<f64> {
    all.iter().map(|row| row[split].loss).collect()
}

fn close(what: &str, found: &[Vec<Metrics>], expected: &[Vec<Metrics>]) {
    for split in 0..expected[0].len() {
        let pairs = losses(found, split)
            .into_iter()
            .zip(losses(expected, split));
        for (a, b) in pairs {
            assert!(off(&[a], &[b]) <= TOLERANCE, "{what}: {a} for {b}");
        }
        for (a, b) in found.iter().zip(expected) {
            // Two outputs that are nearly equal may change places in f32.
            let off = (a[split].score - b[split].score).abs();
            assert!(off <= 1.0 / 300.0, "{what}: {a:?} for {b:?}");
        }
    }
}

/// All points of a call pass through together, and each chunk is one submission.
#[test]
fn a_surface_is_few_dispatches_and_right() {
    let (_alone, gpu) = alone();
    for name in MODELS {
        let model = model(name, &["sb"]);
        let slice = slice(&model, Buffers::Frozen);
        let points = grid(3, 0.6);
        let on_gpu = bench(&model, GPU_F32);
        let before = gpu.counts();
        let found = on_gpu.evaluate(&slice, &points);
        let after = gpu.counts();
        drop(on_gpu);
        let expected = bench(&model, FLEX_F64).evaluate(&slice, &points);
        close(name, &found, &expected);
        let submissions = after.submissions - before.submissions;
        let dispatches = after.dispatches - before.dispatches;
        let read_backs = after.read_backs - before.read_backs;
        let lowered = ok(lower(&model.network, Statistics::Running));
        let program = lowered.program(vec![lowered.loss, lowered.right]);
        let program = fuse(&along(&fold(&program, true), 2, false, true));
        let steps = program.steps().len();
        assert!(
            dispatches <= submissions * (steps + 2),
            "{name}: {dispatches}"
        );
        assert_eq!(
            read_backs, 2,
            "{name}: one a call, and there are two splits"
        );
        // A loss and a number of right answers a point and split.
        let bytes = after.bytes_read - before.bytes_read;
        assert_eq!(bytes, 2 * points.len() * 2 * 4, "{name}");
        // Coordinates are sent, never weights: what is written doesn't grow with the points.
        let count = model.at("sb").count();
        let inputs = model.data.train.inputs.len() * 4;
        let written = after.bytes_written - before.bytes_written;
        assert!(
            written < 2 * (3 * 4 * count) + 3 * inputs + (2 << 20),
            "{name}: {written} bytes for {count} parameters"
        );
        assert!(after.bytes_held <= 1 << 30);
        let kernels = tiles::kernels(&program, Varying::Slice { buffers: false });
        assert!(kernels.len() <= 12, "{name}: {} kernels", kernels.len());
    }
}

/// Samples pass in several submissions where memory is short; the numbers stay, and memory is bounded.
#[test]
fn little_memory_costs_submissions_not_numbers() {
    let (_alone, gpu) = alone();
    for (name, memory) in [("mlp", 3 << 20), ("lenet", 3 << 20)] {
        let model = model(name, &["sb"]);
        let slice = slice(&model, Buffers::Frozen);
        let points = grid(2, 0.6);
        let before = gpu.counts();
        let found = bench_within(&model, GPU_F32, memory).evaluate(&slice, &points);
        let after = gpu.counts();
        assert!(after.submissions - before.submissions > 4, "{name}");
        close(
            name,
            &found,
            &bench(&model, FLEX_F64).evaluate(&slice, &points),
        );
    }
}

/// Recomputed statistics and interpolated buffers, on the device as on the processor.
#[test]
fn running_statistics_follow_the_weights() {
    let (_alone, _) = alone();
    let model = model("resnet20", &["sb"]);
    for buffers in [Buffers::Recompute, Buffers::Interpolate] {
        let slice = slice(&model, buffers);
        let points = vec![vec![0.0, 0.0], vec![0.2, -0.1]];
        let found = bench(&model, GPU_F32).evaluate(&slice, &points);
        let expected = bench(&model, FLEX_F64).evaluate(&slice, &points);
        close("resnet20", &found, &expected);
    }
}

/// A call of many points is still one read-back a split, and what a submission takes is bounded by time.
#[test]
fn many_points_are_read_back_at_once() {
    let (_alone, gpu) = alone();
    let model = model("mlp", &["sb"]);
    let slice = slice(&model, Buffers::Frozen);
    let points = grid(18, 0.6);
    let on_gpu = bench(&model, GPU_F32);
    on_gpu.evaluate(&slice, &points[..4]);
    let before = gpu.counts();
    let found = on_gpu.evaluate(&slice, &points);
    let after = gpu.counts();
    assert!(found.iter().flatten().all(|m| m.loss.is_finite()));
    assert_eq!(after.read_backs - before.read_backs, 2);
    assert_eq!(
        after.bytes_read - before.bytes_read,
        2 * 2 * 4 * points.len()
    );
    let submissions = after.submissions - before.submissions;
    assert!(submissions <= points.len() / 2, "{submissions} submissions");
    assert_eq!(
        after.pipelines, before.pipelines,
        "kernels are compiled once"
    );
}

/// The model of costs, which the README quotes: the built-in network's 51 × 51 surface is a matter of
/// milliseconds on any GPU, and a faster one never takes longer.
#[test]
fn a_surface_is_predicted_to_take_milliseconds() {
    for name in MODELS {
        let model = model(name, &["sb"]);
        let lowered = ok(lower(&model.network, Statistics::Running));
        let program = lowered.program(vec![lowered.loss, lowered.right]);
        let program = fuse(&along(&fold(&program, true), 2, false, true));
        let varying = Varying::Slice { buffers: false };
        let cost = Cost::of(&program, varying, 1437, 51 * 51, 1024);
        let times = GPUS.map(|gpu| 1e3 * cost.seconds(&gpu));
        println!(
            "{name}: {:.0} GFLOP, {:.1} GB, {} dispatches: {times:.1?} ms",
            1e-9 * cost.flop,
            1e-9 * cost.bytes,
            cost.dispatches
        );
        let of = |own: &str| times[GPUS.iter().position(|gpu| gpu.name == own).unwrap()];
        assert!(of("H100") < of("RTX 3060") && of("RTX 4090") < of("M2"));
        if name == "mlp" {
            let said = format!(
                "{:.0} ms on an H100, {:.0} on an RTX 4090, {:.0} on an A100, {:.0} on an RTX 3060, {:.0} on an M2",
                of("H100"),
                of("RTX 4090"),
                of("A100"),
                of("RTX 3060"),
                of("M2")
            );
            let readme = include_str!("../../README.md");
            assert!(readme.contains(&said), "the README should say: {said}");
        }
    }
}

fn bits(all: &[Vec<Metrics>]) -> Vec<u64> {
    let numbers = all.iter().flatten().flat_map(|m| [m.loss, m.score]);
    let canonical = |v: f64| if v.is_nan() { f64::NAN } else { v };
    numbers.map(|v| canonical(v).to_bits()).collect()
}

/// Whatever points pass beside a point, and however often.
#[test]
fn the_same_bits_every_time() {
    let (_alone, _) = alone();
    for name in ["lenet", "resnet20"] {
        let model = model(name, &["sb"]);
        let slice = slice(&model, Buffers::Frozen);
        let points = grid(2, 0.5);
        let on_gpu: Bench = bench(&model, GPU_F32);
        let together = on_gpu.evaluate(&slice, &points);
        let alone: Vec<Vec<Metrics>> = points
            .iter()
            .flat_map(|point| on_gpu.evaluate(&slice, std::slice::from_ref(point)))
            .collect();
        assert_eq!(bits(&together), bits(&alone), "{name}");
        assert_eq!(
            bits(&together),
            bits(&on_gpu.evaluate(&slice, &points)),
            "{name}"
        );
    }
}

/// Weights that overflow give no loss that looks like one: rectifiers and maxima keep NaN.
#[test]
fn what_overflows_is_never_a_loss() {
    let (_alone, _) = alone();
    for name in MODELS {
        let model = model(name, &["sb"]);
        let slice = slice(&model, Buffers::Frozen);
        let far: Vec<Vec<f64>> = [1e12, 1e20, 1e30, 1e38].map(|v| vec![v, -v]).to_vec();
        let found = bench(&model, GPU_F32).evaluate(&slice, &far);
        let exact = bench(&model, FLEX_F64).evaluate(&slice, &far);
        for (point, (found, exact)) in far.iter().zip(found.iter().zip(&exact)) {
            let (a, b) = (found[0].loss, exact[0].loss);
            // Either right or not finite.
            let right = (a - b).abs() <= 1e-3 * b.abs();
            assert!(right || !a.is_finite(), "{name} at {point:?}: {a} for {b}");
        }
        assert!(
            found.iter().any(|row| !row[0].loss.is_finite()),
            "{name}: nothing overflowed"
        );
    }
}
