//! The catalogue's measures layer by layer and of whole networks, against blocks that PyTorch formed
//! entry by entry.

use crate::common::{Bench, FLEX_F64, Model, bench, golden, model};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::measures::find;
use losscope::landscape::measures::found::Value;
use losscope::landscape::measures::measurable::Measurable;
use losscope::landscape::measures::part::By;
use losscope::landscape::measures::spot::{Settings, Spot};
use losscope::landscape::permutation::aligned;
use losscope::model::params::Params;
use std::sync::Arc;

fn objective(bench: &Bench, theta: &Params) -> NetworkObjective {
    let (split, mode) = (&bench.train, StatisticsMode::Running);
    NetworkObjective::new(&bench.evaluator, theta, split, mode)
}

fn spot(model: &Model, theta: Params, other: Option<Params>) -> Spot {
    Spot {
        theta,
        samples: 1437,
        other,
        network: Arc::clone(&model.network),
    }
}

/// All numbers of a measure, once nothing is left to do.
#[track_caller]
fn measured(key: &str, spot: Spot, settings: &Settings, of: &mut dyn Measurable) -> Vec<Value> {
    let entry = find(key).unwrap();
    let mut measuring = (entry.begin)(spot, settings).unwrap();
    let mut last = None;
    while let Some(found) = measuring.step(of).unwrap() {
        last = found.or(last);
    }
    let values = (entry.read)(&last.unwrap());
    let missing = Value::exact(f64::NAN);
    assert_eq!(values.len(), entry.rows.len(), "{key}: a value a row");
    values.into_iter().map(|v| v.unwrap_or(missing)).collect()
}

#[track_caller]
fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found / expected - 1.0).abs();
    assert!(off <= tolerance, "{what}: {found} for {expected}");
}

/// The names of layers in the file of a model.
const LAYERS: [(&str, &[(&str, &str)]); 2] = [
    ("mlps", &[("1", "fc1"), ("3", "fc2")]),
    (
        "lenet",
        &[("conv1", "conv1"), ("conv2", "conv2"), ("fc3", "fc3")],
    ),
];

#[test]
fn measures_of_layers_are_those_of_the_blocks() {
    let settings = Settings {
        top: 3,
        ..Settings::default()
    };
    for (name, layers) in LAYERS {
        // Blocks of a convolutional network take long: one checkpoint of it, one of its layers of each kind.
        let (checkpoints, layers): (&[&str], _) = match name {
            "lenet" => (&["sb"], &layers[1..]),
            _ => (&["sb", "lb"], layers),
        };
        for &checkpoint in checkpoints {
            let model = model(name, &[checkpoint]);
            let stored = golden(&format!("results/{name}/by_layer_{checkpoint}.npz"));
            let theta = model.at(checkpoint);
            let (bench, point) = (bench(&model, FLEX_F64), theta.flatten());
            let mut whole = objective(&bench, theta);
            for (layer, stored_as) in layers {
                let parts = By::Layer.parts(theta.layout());
                let part = parts.iter().find(|part| part.name == *layer).unwrap();
                let at = |what: &str| format!("{name}/{checkpoint}/{layer}: {what}");
                let expected = |what: &str| stored.values(&format!("{stored_as}_{what}"));
                let mut of = |key: &str| {
                    let mut within = part.within(&mut whole, &point);
                    measured(
                        key,
                        spot(&model, part.of(theta), None),
                        &settings,
                        &mut within,
                    )
                };
                // A residual of 1e-3 of an eigenvalue: its error is no larger.
                let eigenvalues = of("eigenvalues");
                let gauss_newton = of("gauss-newton");
                for i in 0..3 {
                    near(
                        &at("λ"),
                        eigenvalues[i].number,
                        expected("eigenvalues")[i],
                        1e-3,
                    );
                    near(
                        &at("GGN"),
                        gauss_newton[i].number,
                        expected("gauss_newton")[i],
                        1e-3,
                    );
                }
                let trace = of("trace")[0];
                let off = (trace.number - expected("trace")[0]).abs();
                assert!(off < 5.0 * trace.error, "{}", at("trace"));
                // Both in float64: sums over 1,437 samples in another order.
                near(&at("SAM"), of("sam")[0].number, expected("sam")[0], 1e-9);
                near(
                    &at("noise"),
                    of("noise")[0].number,
                    expected("noise")[0],
                    1e-9,
                );
                if stored.has(&format!("{stored_as}_flatness")) {
                    let flatness = of("relative-flatness")[0];
                    let off = (flatness.number - expected("flatness")[0]).abs();
                    assert!(
                        off < 5.0 * flatness.error,
                        "{}: {flatness:?}",
                        at("flatness")
                    );
                }
            }
        }
    }
}

#[test]
fn measures_of_whole_networks_are_the_reference() {
    let settings = Settings {
        top: 3,
        learning_rate: Some(0.1),
        ..Settings::default()
    };
    for name in ["mlps", "lenet"] {
        for checkpoint in ["sb", "lb"] {
            let model = model(name, &[checkpoint]);
            let stored = golden(&format!("results/{name}/by_layer_{checkpoint}.npz"));
            let theta = model.at(checkpoint);
            let bench = bench(&model, FLEX_F64);
            let mut whole = objective(&bench, theta);
            let mut of = |key: &str| {
                measured(
                    key,
                    spot(&model, theta.clone(), None),
                    &settings,
                    &mut whole,
                )
            };
            if stored.has("gauss_newton") {
                let (found, expected) = (of("gauss-newton"), stored.values("gauss_newton"));
                for i in 0..3 {
                    near("GGN", found[i].number, expected[i], 1e-3);
                }
            }
            // Both brackets are a per cent wide.
            let critical = of("critical-sharpness");
            near(
                "η_c",
                critical[1].number,
                stored.values("critical")[0],
                0.02,
            );
            near(
                "λ_c η_c",
                critical[0].number * critical[1].number,
                2.0,
                1e-3,
            );
            let found = of("predictiveness");
            for (i, what) in ["change", "smoothness", "cosine"].into_iter().enumerate() {
                near(what, found[i].number, stored.values(what)[0], 1e-9);
            }
            let [edge, limit, ..] = of("edge-of-stability")[..] else {
                panic!("two rows")
            };
            let largest = of("eigenvalues")[0].number;
            near("η λ_max/2", edge.number, 0.05 * largest, 2e-3);
            assert_eq!(limit.number, 20.0);
        }
    }
}

/// A layer, the number of its units, and the weights that read them: how many numbers a unit has there.
type Hidden<'a> = (&'a str, usize, &'a [(&'a str, usize)]);

/// Hidden units renumbered at random, which changes no output.
fn shuffled(model: &Model, theta: &Params) -> Params {
    let reversed = |values: &[f64], before: usize, count: usize, piece: usize| -> Vec<f64> {
        let mut new = values.to_vec();
        for outer in 0..before {
            for unit in 0..count {
                // 7 divides none of the counts: an order in which every unit stands once.
                let from = (unit * 7 + 3) % count;
                let start = outer * count * piece;
                new[start + unit * piece..start + (unit + 1) * piece]
                    .copy_from_slice(&values[start + from * piece..start + (from + 1) * piece]);
            }
        }
        new
    };
    // Each layer's units as its own rows and as the columns of the next; of lenet's second convolution
    // four values belong to each channel.
    let units: &[Hidden<'_>] = match model.name {
        "mlps" => &[("1", 24, &[("3.weight", 1)])],
        _ => &[
            ("conv1", 6, &[("conv2.weight", 9)]),
            ("conv2", 16, &[("fc1.weight", 4)]),
            ("fc1", 120, &[("fc2.weight", 1)]),
        ],
    };
    let mut new = theta.clone();
    for (layer, count, readers) in units {
        new = new.map(|spec, values| {
            if spec.module() == *layer {
                return reversed(values, 1, *count, values.len() / count);
            }
            match readers.iter().find(|(name, _)| *name == spec.name) {
                Some((_, piece)) => reversed(values, spec.shape[0], *count, *piece),
                None => values.to_vec(),
            }
        });
    }
    new
}

#[test]
fn a_renumbered_network_is_aligned_again_without_a_barrier() {
    let settings = Settings::default();
    for name in ["mlps", "lenet"] {
        let model = model(name, &["sb"]);
        let theta = model.at("sb");
        let bench = bench(&model, FLEX_F64);
        let mut whole = objective(&bench, theta);
        let other = shuffled(&model, theta);
        let same = whole.value_at(theta).unwrap();
        let there = whole.value_at(&other).unwrap();
        assert!((same - there).abs() < 1e-12, "the same function");
        let spot = || spot(&model, theta.clone(), Some(other.clone()));
        let plain = measured("barrier", spot(), &settings, &mut whole)[0].number;
        assert!(plain > 0.1, "{name}: {plain} between two numberings");
        let aligned = aligned(&model.network, theta, &other, 0).unwrap();
        let (before, after) = (other.minus(theta).norm(), aligned.minus(theta).norm());
        assert!(after < before, "{name}: {after} of {before}");
        if name == "mlps" {
            // One hidden layer is one assignment: every unit is found again, and no way is left.
            assert!(aligned == *theta);
            let mut begun = (find("aligned-barrier").unwrap().begin)(spot(), &settings).unwrap();
            let refused = loop {
                if let Err(refused) = begun.step(&mut whole) {
                    break refused.to_string();
                }
            };
            assert!(refused.contains("same weights"), "{refused}");
        }
    }
}

#[test]
fn alignment_never_raises_the_distance_and_refuses_paths_that_meet() {
    let pair = model("mlps", &["sb", "lb"]);
    let (sb, lb) = (pair.at("sb"), pair.at("lb"));
    let nearer = aligned(&pair.network, sb, lb, 0).unwrap();
    assert!(nearer.minus(sb).norm() <= lb.minus(sb).norm());
    let bench = bench(&pair, FLEX_F64);
    let mut whole = objective(&bench, lb);
    let (own, theirs) = (whole.value_at(lb), whole.value_at(&nearer));
    assert!(
        (own.unwrap() - theirs.unwrap()).abs() < 1e-12,
        "the same function"
    );

    let residual = model("resnet8", &["sb", "lb"]);
    let (sb, lb) = (residual.at("sb"), residual.at("lb"));
    let refused = aligned(&residual.network, sb, lb, 0);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("one after another"), "{refused}");
}
