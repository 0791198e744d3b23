//! What holds whatever the numbers are.

use crate::common::{
    FLEX_F32, FLEX_F64, GPU_F32, Model, NDARRAY_F32, NDARRAY_F64, bench, bench_within, model,
};
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::evaluate::Metrics;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::graph::Role;
use losscope::model::params::{Params, TensorSpec};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn plane(model: &Model, seed: u64) -> Slice {
    let origin = model.at("sb").clone();
    let direction = |stream| {
        let raw = random(model.network.layout(), seed, stream);
        normalise(&raw, &origin, Normalization::Filter, OneDim::Zero)
    };
    let directions = vec![direction(0), direction(1)];
    Slice::new(origin, directions, Buffers::Frozen).unwrap()
}

fn bits(metrics: &[Vec<Metrics>]) -> Vec<[u64; 2]> {
    metrics
        .iter()
        .flatten()
        .map(|m| [m.loss.to_bits(), m.score.to_bits()])
        .collect()
}

/// Losses within `tolerance` of each other, the same right answers.
fn same(
    found: &[Vec<Metrics>],
    expected: &[Vec<Metrics>],
    tolerance: f64,
) -> Result<(), TestCaseError> {
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        let close = (found.loss - expected.loss).abs() <= tolerance * expected.loss;
        prop_assert!(
            close && found.score == expected.score,
            "{:?}, expected {:?}",
            found,
            expected
        );
    }
    Ok(())
}

/// Norms of the slices of a tensor along its output axis.
fn filter_norms(spec: &TensorSpec, values: &[f64]) -> Vec<f64> {
    let Role::Trainable {
        output_axis: Some(axis),
    } = spec.role
    else {
        panic!("{} has no filters", spec.name)
    };
    let inner: usize = spec.shape[axis + 1..].iter().product();
    let mut squares = vec![0.0; spec.shape[axis]];
    for (i, v) in values.iter().enumerate() {
        squares[i / inner % spec.shape[axis]] += v * v;
    }
    squares.into_iter().map(f64::sqrt).collect()
}

/// Draws some values and tests them; devices are opened once, outside.
fn for_any<S: Strategy>(values: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&values, test)
        .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn the_centre_of_a_slice_is_its_origin() {
    let model = model("resnet8", &["sb"]);
    for_any(any::<u64>(), |seed| {
        let slice = plane(&model, seed);
        prop_assert_eq!(slice.at(&[0.0, 0.0]), (model.at("sb").clone(), 0));
        Ok(())
    });
}

/// Up to the 1e-10 that the rule adds to the norm of a direction.
#[test]
fn a_normalised_filter_has_the_norm_of_its_weights() {
    let models = ["mlps", "lenet", "resnet8"].map(|name| model(name, &["sb"]));
    for_any((any::<u64>(), 0..models.len()), |(seed, index)| {
        let slice = plane(&models[index], seed);
        for direction in &slice.directions {
            for ((spec, d), (_, w)) in direction.trainable().zip(slice.origin.trainable()) {
                if spec.shape.len() == 1 {
                    prop_assert!(d.iter().all(|&v| v == 0.0), "{} moves", spec.name);
                    continue;
                }
                for (found, expected) in filter_norms(spec, d).iter().zip(filter_norms(spec, w)) {
                    prop_assert!(
                        (found - expected).abs() <= 1e-9 * expected,
                        "{}: {} for {}",
                        spec.name,
                        found,
                        expected
                    );
                }
            }
        }
        Ok(())
    });
}

/// A device computes each point in the same way whatever else was asked for at once: bit for bit.
#[test]
fn many_points_at_once_equal_one_by_one() {
    let model = model("mlps", &["sb"]);
    for on in [FLEX_F64, NDARRAY_F64, FLEX_F32, NDARRAY_F32, GPU_F32] {
        let bench = bench(&model, on);
        let points = prop::collection::vec(prop::collection::vec(-1.0..1.0, 2), 2..6);
        for_any((any::<u64>(), points), |(seed, points)| {
            let slice = plane(&model, seed);
            let together = bench.evaluate(&slice, &points);
            let one_by_one: Vec<_> = points
                .iter()
                .flat_map(|p| bench.evaluate(&slice, std::slice::from_ref(p)))
                .collect();
            prop_assert_eq!(bits(&together), bits(&one_by_one), "{:?}", on);
            Ok(())
        });
    }
}

/// Whatever the budget, from batches of a few samples that are uploaded each time to one batch
/// that stays: only the order of sums changes.
#[test]
fn memory_changes_no_number() {
    let model = model("mlps", &["sb"]);
    let slice = plane(&model, 1);
    let at = [vec![0.5, -0.5]];
    for on in [FLEX_F64, FLEX_F32, GPU_F32] {
        let expected = bench(&model, on).evaluate(&slice, &at);
        for_any((1_usize << 16)..(1 << 20), |memory| {
            same(
                &bench_within(&model, on, memory).evaluate(&slice, &at),
                &expected,
                1e-6,
            )
        });
    }
}

/// Data larger than half the budget pass through in pieces, for losses and for statistics.
#[test]
fn data_larger_than_memory_give_the_same_numbers() {
    let model = model("resnet20c", &["sb", "lb"]);
    let line = Slice::line(model.at("sb").clone(), model.at("lb"), Buffers::Recompute).unwrap();
    let at = [vec![0.5]];
    for (on, memory) in [(FLEX_F64, 16 << 20), (FLEX_F32, 8 << 20)] {
        let resident = bench(&model, on).evaluate(&line, &at);
        let streamed = bench_within(&model, on, memory).evaluate(&line, &at);
        same(&streamed, &resident, 1e-6).unwrap();
    }
}

/// In f64 sb + 1·(lb − sb) is lb to the last bit, because both come from f32 files.
#[test]
fn a_line_ends_in_both_minimizers() {
    for name in ["mlp", "lenet", "resnet8"] {
        let model = model(name, &["sb", "lb"]);
        let bench = bench(&model, FLEX_F64);
        let line =
            Slice::line(model.at("sb").clone(), model.at("lb"), Buffers::Interpolate).unwrap();
        let ends: Vec<Params> = [0.0, 1.0]
            .iter()
            .map(|&alpha| line.at(&[alpha]).0)
            .collect();
        assert_eq!(
            ends,
            [model.at("sb").clone(), model.at("lb").clone()],
            "{name}"
        );
        let found = bench.evaluate(&line, &[vec![0.0], vec![1.0]]);
        let minimizers: Vec<_> = ["sb", "lb"]
            .iter()
            .flat_map(|c| bench.evaluate(&model.point(c), &[vec![0.0]]))
            .collect();
        assert_eq!(bits(&found), bits(&minimizers), "{name}");
    }
}
