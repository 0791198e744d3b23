//! Sharpness against the best values that several methods and restarts found in PyTorch.
//!
//! Those are lower bounds of the true maxima, so ours may be larger, and must not be much smaller:
//! 90 % with the default effort, 98 % with 200 iterations.

use crate::common::{FLEX_F32, FLEX_F64, On, bench, fixture, model, ok};
use losscope::checkpoint;
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::objective::Objective;
use losscope::landscape::sharpness::basis::{Basis, Columns};
use losscope::landscape::sharpness::curve::Curve;
use losscope::landscape::sharpness::region::Region;
use losscope::landscape::sharpness::search::{Effort, Method, Search};
use serde_json::Value;
use std::sync::Arc;

const BOTH: [Method; 2] = [Method::Sign, Method::Lbfgsb];

/// Name, loss, and ε with the best φ known.
type Stored = (&'static str, f64, Vec<(f64, f64)>);

/// Every checkpoint stored.
fn stored(file: &str) -> Vec<Stored> {
    let text = std::fs::read_to_string(fixture(&format!("results/{file}"))).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let number = |v: &Value| v.as_f64().unwrap();
    let points = |c: &Value| {
        let points = c["points"].as_array().unwrap().iter();
        points
            .map(|p| (number(&p["eps"]), number(&p["phi_best"])))
            .collect()
    };
    ["sb", "lb"]
        .into_iter()
        .filter(|c| all.get(c).is_some())
        .map(|c| (c, number(&all[c]["f0"]), points(&all[c])))
        .collect()
}

fn subspace_basis() -> Arc<Basis> {
    let state = ok(checkpoint::open(&fixture(
        "results/mlps/subspace_A.safetensors",
    )));
    let (_, array) = &state.tensors[0];
    let rows = array.shape()[0];
    Arc::new(ok(Basis::from_matrix(
        array.shape(),
        &array.to_f64(),
        rows,
        Columns::UnitVariance,
    )))
}

/// Every ε reaches its share of the best known value, and beats random points.
#[expect(
    clippy::print_stdout,
    reason = "cargo test -- --nocapture shows how close it was"
)]
fn reaches(
    name: &'static str,
    file: &str,
    on: On,
    (iterations, share): (usize, f64),
    methods: &[Method],
) {
    for (c, loss, points) in stored(file) {
        let model = model(name, &[c]);
        let bench = bench(&model, on);
        let theta = model.at(c);
        let mut objective = NetworkObjective::new(
            &bench.evaluator,
            theta,
            &bench.train,
            StatisticsMode::Running,
        );
        let flat = theta.flatten();
        let region = Arc::new(if file.contains("subspace") {
            ok(Region::subspace(&flat, subspace_basis()))
        } else {
            Region::of_network(theta)
        });
        let origin = ok(region.gradient(&mut objective, &vec![0.0; region.dimension()]));
        assert!((origin.0 - loss).abs() < 1e-5 * loss, "{} {loss}", origin.0);
        for (epsilon, best) in points {
            let effort = Effort {
                iterations,
                methods: methods.to_vec(),
                ..Effort::default()
            };
            let search = ok(Search::new(
                Arc::clone(&region),
                epsilon,
                effort,
                Some(origin.clone()),
            ));
            let before = objective.gradients();
            let found = ok(search.run(&mut objective));
            println!(
                "{name}/{c} {file} ε {epsilon}, {iterations} iterations: {:.4} of {best:.4} = {:.3}, {} gradients, floor {:.4}, {:?}",
                found.phi,
                found.phi / best,
                found.gradients,
                found.random_floor.unwrap(),
                found.methods
            );
            assert_eq!(found.gradients, objective.gradients() - before);
            assert!(
                found.phi >= share * best,
                "{name}/{c}, ε = {epsilon}: {} of {best}",
                found.phi
            );
            assert!(found.phi >= found.random_floor.unwrap());
            // What is reported is the loss at a point of the box.
            let half_widths = ok(region.half_widths(epsilon));
            assert!(found.z.iter().zip(&half_widths).all(|(z, b)| z.abs() <= *b));
            let at = ok(objective.value(&region.point(&found.z)));
            assert!((at - found.worst_loss).abs() <= 1e-5 * at);
        }
    }
}

#[test]
fn the_default_effort_reaches_nine_tenths_of_the_best_known() {
    reaches("mlp", "mlp/sharpness.json", FLEX_F32, (10, 0.9), &BOTH);
    reaches("vgg", "vgg/sharpness.json", FLEX_F32, (10, 0.9), &BOTH);
}

#[test]
fn the_default_effort_reaches_nine_tenths_in_a_stored_subspace() {
    reaches(
        "mlps",
        "mlps/sharpness_subspace.json",
        FLEX_F64,
        (10, 0.9),
        &BOTH,
    );
    reaches(
        "mlps",
        "mlps/sharpness_subspace.json",
        FLEX_F32,
        (10, 0.9),
        &BOTH,
    );
}

#[test]
fn two_hundred_iterations_reach_the_best_known() {
    reaches("mlp", "mlp/sharpness.json", FLEX_F32, (200, 0.98), &BOTH);
    reaches(
        "vgg",
        "vgg/sharpness.json",
        FLEX_F32,
        (200, 0.98),
        &[Method::Sign],
    ); // the other one takes a minute
    reaches(
        "mlps",
        "mlps/sharpness_subspace.json",
        FLEX_F64,
        (200, 0.98),
        &BOTH,
    );
}

/// The curve along ε is as good as a search of each box alone, without restarts, and never falls.
#[test]
fn a_warm_started_curve_rises_through_the_known_values() {
    for (c, _, points) in stored("mlp/sharpness.json") {
        let model = model("mlp", &[c]);
        let bench = bench(&model, FLEX_F32);
        let theta = model.at(c);
        let mut objective = NetworkObjective::new(
            &bench.evaluator,
            theta,
            &bench.train,
            StatisticsMode::Running,
        );
        let region = Arc::new(Region::full(&theta.flatten()));
        let epsilons: Vec<f64> = points.iter().map(|p| p.0).collect();
        let mut curve = ok(Curve::new(region, &epsilons, 10));
        let mut last = 0.0;
        for (epsilon, best) in points {
            let point = ok(curve.next(&mut objective)).unwrap();
            assert_eq!(point.epsilon, epsilon);
            assert!(point.phi >= last);
            // One start finds one of the maxima: seven tenths of the best in the widest box.
            assert!(
                point.phi > 0.6 * best,
                "{c}, ε = {epsilon}: {} of {best}",
                point.phi
            );
            last = point.phi;
        }
        assert!(ok(curve.next(&mut objective)).is_none());
    }
}
