//! Eigenvalues and traces against PyTorch's double backward in float64.

use crate::common::{
    FLEX_F32, FLEX_F64, GPU_F32, Model, NDARRAY_F32, NDARRAY_F64, On, bench, fixture, golden, model,
};
use losscope::landscape::curvature::density::{DensityOptions, Quadrature};
use losscope::landscape::curvature::lanczos::{Eigenvalues, Lanczos, LanczosOptions};
use losscope::landscape::curvature::trace::{ExactTrace, Hutchinson, TraceOptions};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::objective::Objective;

/// What a test does with the loss of a checkpoint on a device.
fn at<T>(
    model: &Model,
    checkpoint: &str,
    on: On,
    work: impl FnOnce(Vec<f64>, &mut dyn Objective) -> T,
) -> T {
    let bench = bench(model, on);
    let theta = model.at(checkpoint);
    let mut objective = NetworkObjective::new(
        &bench.evaluator,
        theta,
        &bench.train,
        StatisticsMode::Running,
    );
    work(theta.flatten(), &mut objective)
}

fn eigenvalues(model: &Model, checkpoint: &str, on: On) -> (Eigenvalues, Vec<Vec<f64>>) {
    at(model, checkpoint, on, |point, objective| {
        let mut lanczos = Lanczos::new(point, LanczosOptions::default());
        let found = lanczos.finish(objective).unwrap();
        (found, lanczos.eigenvectors(1))
    })
}

/// A residual of 1e-3 λ means an error of about its square over the gap to the next eigenvalue; the
/// stored values are exact. Single precision is the f32 rounding of sums over the samples.
#[track_caller]
fn check(model: &Model, checkpoint: &str, on: On, tolerance: f64) {
    let stored = golden(&format!(
        "results/{}/hessian_eigs_{checkpoint}.npz",
        model.name
    ));
    let (found, vectors) = eigenvalues(model, checkpoint, on);
    let name = format!("{}/{checkpoint} on {on:?}", model.name);
    assert!(found.converged, "{name}: {found:?}");
    for (pair, expected) in found.top.iter().zip(stored.values("top5")) {
        let off = (pair.value / expected - 1.0).abs();
        assert!(off <= tolerance, "{name}: {} for {expected}", pair.value);
    }
    // Converged by its own size: a residual of 1e-3 of it, and the error is no larger.
    let smallest = stored.values("min_eig")[0];
    let off = (found.smallest.value / smallest - 1.0).abs();
    assert!(
        off <= tolerance,
        "{name}: {} for {smallest}",
        found.smallest.value
    );
    if stored.has("eigenvector") {
        let expected = stored.values("eigenvector");
        let cosine: f64 = vectors[0].iter().zip(&expected).map(|(a, b)| a * b).sum();
        assert!(cosine.abs() > 1.0 - 1e-5, "{name}: cosine {cosine}");
    }
}

#[test]
fn eigenvalues_agree_in_double_precision() {
    for name in ["mlp", "lenet"] {
        let model = model(name, &["sb", "lb"]);
        for checkpoint in ["sb", "lb"] {
            check(&model, checkpoint, FLEX_F64, 1e-3);
        }
    }
    check(&model("vgg", &["sb"]), "sb", FLEX_F64, 1e-3);
    check(&model("mlp", &["sb"]), "sb", NDARRAY_F64, 1e-3);
}

#[test]
fn eigenvalues_agree_in_single_precision() {
    for name in ["mlp", "lenet"] {
        let model = model(name, &["sb", "lb"]);
        for checkpoint in ["sb", "lb"] {
            check(&model, checkpoint, FLEX_F32, 1e-2);
        }
    }
    check(&model("vgg", &["lb"]), "lb", FLEX_F32, 1e-2);
    let mlp = model("mlp", &["sb", "lb"]);
    for on in [NDARRAY_F32, GPU_F32] {
        check(&mlp, "sb", on, 1e-2);
    }
    check(&model("lenet", &["sb"]), "sb", GPU_F32, 1e-2);
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap()
}

/// The stored traces are exact: all unit vectors, or the Gauss–Newton trace, which is the same for
/// networks that are piecewise linear in every weight.
#[test]
fn traces_lie_within_their_standard_errors() {
    for name in ["mlp", "lenet"] {
        let model = model(name, &["sb", "lb"]);
        let text = std::fs::read_to_string(fixture(&format!("results/{name}/hessian_trace.json")));
        let stored: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
        for checkpoint in ["sb", "lb"] {
            let exact = number(&stored[checkpoint]["hessian_trace_reference"]);
            let squares = &stored[checkpoint]["hutchinson"];
            let found = at(&model, checkpoint, FLEX_F32, |point, objective| {
                let mut trace = Hutchinson::new(point, TraceOptions::default());
                let mut last = None;
                while let Some(now) = trace.step(objective).unwrap() {
                    last = Some(now);
                }
                last.unwrap()
            });
            // Two standard errors for 100 probes of a fixed seed.
            let off = (found.trace.mean - exact).abs();
            assert!(
                off <= 2.0 * found.trace.standard_error,
                "{name}/{checkpoint}: {found:?}, {exact}"
            );
            let both = found
                .squares
                .standard_error
                .hypot(number(&squares["fro_norm_sq_stderr"]));
            let off = (found.squares.mean - number(&squares["fro_norm_sq_mean"])).abs();
            assert!(
                off <= 3.0 * both,
                "{name}/{checkpoint}: {found:?}, {squares}"
            );
        }
    }
}

/// Every diagonal entry by a product with its own unit vector, 17,226 of them, in single precision.
#[test]
fn the_exact_trace_is_the_reference() {
    let text = std::fs::read_to_string(fixture("results/mlp/hessian_trace.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(stored["sb"]["hessian_trace_reference_kind"], "exact");
    let expected = number(&stored["sb"]["hessian_trace_reference"]);
    let (products, found) = at(
        &model("mlp", &["sb"]),
        "sb",
        FLEX_F32,
        |point, objective| {
            let mut trace = ExactTrace::new(point);
            let mut last = (0, 0.0);
            while let Some(sum) = trace.step(objective).unwrap() {
                last = (last.0 + 1, sum);
            }
            last
        },
    );
    assert_eq!(products, 17_226);
    assert!(
        (found / expected - 1.0).abs() < 1e-5,
        "{found} for {expected}"
    );
}

/// Mass 1, the trace as its mean, and the stored extremes as its ends.
#[test]
fn the_density_of_a_network_has_the_reference_moments() {
    let model = model("mlp", &["sb"]);
    let density = at(&model, "sb", FLEX_F32, |point, objective| {
        let n = point.len() as f64;
        let options = DensityOptions {
            probes: 20,
            steps: 40,
            seed: 0,
        };
        let mut quadrature = Quadrature::new(point, options);
        let mut last = None;
        while let Some(now) = quadrature.step(objective).unwrap() {
            last = Some(now);
        }
        (last.unwrap(), n)
    });
    let (density, n) = density;
    assert!((density.moment(0) - 1.0).abs() < 1e-9);
    // tr H = 15.99 and ‖H‖_F² = 22.97: Var vᵀHv ≤ 2 ‖H‖_F², so 20 probes have a standard error of at
    // most 1.5; four of them.
    let trace = n * density.moment(1);
    assert!((trace - 15.988).abs() < 6.0, "{trace}");
    let largest = density.nodes.last().unwrap()[0];
    assert!((largest - 2.741_38).abs() < 0.01, "{largest}");
}
