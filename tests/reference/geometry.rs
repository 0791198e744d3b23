//! Distances, planes through checkpoints, and PCA of a run.

use crate::common::check::{check, check_values};
use crate::common::{FLEX_F64, bench, fixture, golden, model, ok};
use losscope::checkpoint;
use losscope::landscape::direction::through;
use losscope::landscape::distance::{self, Distance};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::landscape::trajectory::{self, Centring};
use losscope::model::params::Params;
use serde_json::Value;

/// Sums of squares of the same f64 numbers, in another order.
const SUMS: f64 = 1e-9;

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The stored norms of one module, a weight and its bias together.
fn module_norm(parameters: &Value, module: &str, key: &str) -> f64 {
    let of = |(name, facts): (&String, &Value)| {
        (name.rsplit_once('.').map(|(m, _)| m) == Some(module)).then(|| number(&facts[key]).powi(2))
    };
    parameters
        .as_object()
        .expect("one entry a parameter")
        .iter()
        .filter_map(of)
        .sum::<f64>()
        .sqrt()
}

fn check_distance(what: &str, found: &Distance, stored: &Value) {
    let expected =
        ["total", "total_relative", "norm_final", "norm_init"].map(|key| number(&stored[key]));
    let totals = [found.total, found.relative, found.norm_a, found.norm_b];
    for (found, expected) in totals.iter().zip(&expected) {
        check_values(what, &[*found], &[*expected], SUMS);
    }
    for layer in &found.layers {
        let what = format!("{what} {}", layer.name);
        let norm = |key| module_norm(&stored["per_param"], &layer.name, key);
        check_values(&what, &[layer.total], &[norm("distance")], SUMS);
        check_values(
            &what,
            &[layer.relative],
            &[norm("distance") / norm("norm_init")],
            SUMS,
        );
    }
}

#[test]
fn distances_agree_in_total_and_by_layer() {
    for name in ["mlp", "resnet8"] {
        let model = model(name, &["init", "sb", "lb"]);
        let text =
            std::fs::read_to_string(fixture(&format!("results/{name}/distance.json"))).unwrap();
        let stored: Value = serde_json::from_str(&text).unwrap();
        for checkpoint in ["sb", "lb"] {
            let found = distance::between(model.at(checkpoint), model.at("init"));
            check_distance(
                &format!("{name} init to {checkpoint}"),
                &found,
                &stored[checkpoint],
            );
        }
        let apart = distance::between(model.at("sb"), model.at("lb")).total;
        check_values(
            &format!("{name} sb to lb"),
            &[apart],
            &[number(&stored["sb_to_lb_total"])],
            SUMS,
        );
    }
}

/// A Gram–Schmidt frame through three checkpoints: coordinates are L2 distances.
#[test]
fn the_plane_through_three_checkpoints_agrees() {
    let model = model("mlp", &["init", "sb", "lb"]);
    let stored = golden("results/mlp/plane_init_sb_lb.npz");
    let directions = through(model.at("init"), model.at("sb"), model.at("lb"), true).unwrap();
    let plane = Slice::new(model.at("init").clone(), directions, Buffers::Frozen).unwrap();
    let points = ["init", "sb", "lb"].map(|c| plane.project(model.at(c)));
    let coordinates: Vec<f64> = points.iter().flat_map(|p| p.coordinate.clone()).collect();
    check_values(
        "corners of the plane",
        &coordinates,
        &stored.values("points"),
        SUMS,
    );
    for point in &points {
        assert!(point.outside < 1e-9, "{point:?} spans the plane");
    }

    let (x, y) = (stored.values("x"), stored.values("y"));
    let cells: Vec<_> = x
        .iter()
        .flat_map(|&x| y.iter().map(move |&y| vec![x, y]))
        .collect();
    let indices: Vec<usize> = (0..cells.len()).collect();
    let expected = stored.expected("", "_f64", &indices, &[1437, 360]);
    let found = bench(&model, FLEX_F64).evaluate(&plane, &cells);
    check(
        "plane through init, sb, lb",
        FLEX_F64,
        &cells,
        &found,
        &expected,
    );
}

/// The stored run of the mlp, in its order.
fn run() -> Vec<Params> {
    let model = model("mlp", &["init", "sb"]);
    let files = ok(checkpoint::series(&fixture("trajectory/epochs")));
    let params =
        |path: &std::path::PathBuf| ok(model.network.params(&ok(checkpoint::open(path)))).0;
    let points: Vec<Params> = files.iter().map(params).collect();
    assert_eq!(points.first(), Some(model.at("init")));
    assert_eq!(points.last(), Some(model.at("sb")));
    points
}

/// Singular vectors have no sign of their own; the reference, too, makes the first checkpoint's
/// coordinates positive.
#[test]
fn principal_components_of_a_run_agree() {
    let points = run();
    let stored = golden("trajectory/golden.npz");
    for (name, centring) in [("centred", Centring::Mean), ("uncentred", Centring::Final)] {
        let found = trajectory::pca(&points, centring).unwrap();
        let coordinates: Vec<f64> = found
            .points
            .iter()
            .flat_map(|p| p.coordinate.clone())
            .collect();
        let expected = stored.values(&format!("{name}_coordinates"));
        check_values(
            &format!("{name} coordinates"),
            &coordinates,
            &expected,
            SUMS,
        );
        let explained = stored.values(&format!("{name}_explained"));
        check_values(
            &format!("{name} variance"),
            &found.explained,
            &explained,
            SUMS,
        );
        let [x, y] = found.directions.as_slice() else {
            panic!("two directions")
        };
        check_values(
            &format!("{name} frame"),
            &[x.norm(), y.norm()],
            &[1.0, 1.0],
            SUMS,
        );
        assert!(x.dot(y).abs() < SUMS);
    }
}

/// Li et al.'s code hands every checkpoint's offset to scikit-learn's PCA, the last one's zero row too:
/// the same from the singular values of that matrix, taken apart in full.
#[test]
fn li_et_als_rule_counts_the_last_checkpoint() {
    let points = run();
    let last = points.last().unwrap();
    let rows: Vec<Vec<f64>> = points.iter().map(|p| p.minus(last).flatten()).collect();
    let (m, n) = (rows.len(), rows[0].len());
    let mut matrix = nalgebra::DMatrix::from_fn(m, n, |i, j| rows[i][j]);
    for mut column in matrix.column_iter_mut() {
        let mean = column.sum() / m as f64;
        column.add_scalar_mut(-mean);
    }
    let svd = matrix.svd(false, true);
    let directions = svd.v_t.unwrap();
    let total: f64 = svd.singular_values.iter().map(|s| s * s).sum();
    let found = trajectory::pca(&points, Centring::Li).unwrap();
    let usual = trajectory::pca(&points, Centring::Mean).unwrap();
    for k in 0..2 {
        let share = svd.singular_values[k].powi(2) / total;
        assert!((found.explained[k] - share).abs() < 1e-9, "{share}");
        let own = found.directions[k].flatten();
        let cosine: f64 = own
            .iter()
            .zip(directions.row(k).iter())
            .map(|(a, b)| a * b)
            .sum();
        assert!((cosine.abs() - 1.0).abs() < 1e-9, "{cosine}");
    }
    // Another rule, other numbers.
    assert!((found.explained[0] - usual.explained[0]).abs() > 1e-4);
}

/// Three checkpoints span a plane by Li et al.'s rule and from the last one, but not about the mean of
/// the two others; what was `none` is `final` now.
#[test]
fn rules_of_centring_have_their_names_and_their_fewest_checkpoints() {
    use clap::ValueEnum as _;
    let points: Vec<Params> = run().into_iter().step_by(2).take(3).collect();
    assert!(trajectory::pca(&points, Centring::Li).is_ok());
    assert!(trajectory::pca(&points, Centring::Final).is_ok());
    let message = trajectory::pca(&points, Centring::Mean)
        .unwrap_err()
        .to_string();
    assert!(message.contains("--centring li or final"), "{message}");
    assert_eq!(Centring::from_str("none", false), Ok(Centring::Final));
    let stored: Centring = serde_json::from_str("\"none\"").unwrap();
    assert_eq!(stored, Centring::Final);
}

/// The stored run has every fourth epoch, the reference the distances of all of them.
#[test]
fn distances_along_a_run_agree() {
    let points = run();
    let text = std::fs::read_to_string(fixture("results/mlp/distance.json"));
    let stored: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let totals = stored["epochs"]["sb"]["total"].as_array().unwrap();
    let expected: Vec<f64> = totals
        .iter()
        .step_by(4)
        .map(|t| t.as_f64().unwrap())
        .collect();
    let found = distance::curve(&points, &points[0]);
    // The reference took them from weights in single precision.
    check_values(
        "distances from the start",
        &found.from_start,
        &expected,
        1e-6,
    );
    let last = points.len() - 1;
    assert_eq!(found.step[0], 0.0);
    assert_eq!(
        found.step[last],
        points[last].minus(&points[last - 1]).norm()
    );
    let way: f64 = found.step.iter().sum();
    assert!((found.path[last] - way).abs() < 1e-12 * way && way > found.from_start[last]);
    let same = distance::ratios(&found.from_start, &found.from_start);
    assert!(same[0].is_nan() && same[1..].iter().all(|r| *r == 1.0));
}
