//! Sharpness where the answer is known: quadratics, Rosenbrock's function, constants, saddles, and
//! objectives that fail.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::error::{Error, Result};
use losscope::landscape::objective::Objective;
use losscope::landscape::sharpness::ascent::{SignAscent, Start};
use losscope::landscape::sharpness::basis::{Basis, Columns};
use losscope::landscape::sharpness::curve::Curve;
use losscope::landscape::sharpness::other::{Measure, Measurement};
use losscope::landscape::sharpness::region::Region;
use losscope::landscape::sharpness::search::{Effort, Method, Search, Sharpness};
use losscope::landscape::sharpness::{lbfgsb, phi};
use losscope::model::graph::Role;
use losscope::model::params::{Layout, Params, TensorSpec};
use proptest::prelude::*;
use std::sync::Arc;

/// A function and its gradient.
struct Known<F: FnMut(&[f64]) -> Result<(f64, Vec<f64>)>>(usize, F);

impl<F: FnMut(&[f64]) -> Result<(f64, Vec<f64>)>> Objective for Known<F> {
    fn dimension(&self) -> usize {
        self.0
    }
    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.1(x)?.0)
    }
    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        self.1(x)
    }
    fn hessian_vector(&mut self, _: &[f64], _: &[f64]) -> Result<Vec<f64>> {
        unreachable!("sharpness needs no second derivatives")
    }
}

/// ½ Σ aᵢ xᵢ² + Σ bᵢ xᵢ + 1
fn quadratic(a: Vec<f64>, b: Vec<f64>) -> impl Objective {
    Known(a.len(), move |x: &[f64]| {
        let value: f64 = x
            .iter()
            .zip(a.iter().zip(&b))
            .map(|(x, (a, b))| (0.5 * a * x + b) * x)
            .sum();
        let gradient = x.iter().zip(a.iter().zip(&b)).map(|(x, (a, b))| a * x + b);
        Ok((1.0 + value, gradient.collect()))
    })
}

fn rosenbrock(n: usize) -> impl Objective {
    Known(n, move |x: &[f64]| {
        let (mut value, mut gradient) = (0.0, vec![0.0; n]);
        for i in 0..n - 1 {
            let (bend, away) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            value += 100.0 * bend * bend + away * away;
            gradient[i] += -400.0 * x[i] * bend - 2.0 * away;
            gradient[i + 1] += 200.0 * bend;
        }
        Ok((value, gradient))
    })
}

fn search(objective: &mut dyn Objective, region: &Region, epsilon: f64, seed: u64) -> Sharpness {
    let effort = Effort {
        seed,
        ..Effort::default()
    };
    Search::new(Arc::new(region.clone()), epsilon, effort, None)
        .unwrap()
        .run(objective)
        .unwrap()
}

proptest! {
    /// A separable convex quadratic has its maximum in the corner that each coordinate chooses alone.
    #[test]
    fn the_corner_of_a_separable_quadratic_is_found(
        terms in prop::collection::vec((0.0..3.0_f64, -1.0..1.0_f64, -2.0..2.0_f64), 1..20),
        epsilon in 1e-4..0.5_f64,
        seed in 0..100_u64,
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = terms.iter().map(|t| (t.0, t.1)).unzip();
        let theta: Vec<f64> = terms.iter().map(|t| t.2).collect();
        let mut objective = quadratic(a.clone(), b.clone());
        let region = Region::full(&theta);
        let found = search(&mut objective, &region, epsilon, seed);
        let rise: f64 = (0..theta.len())
            .map(|i| {
                let reach = epsilon * (theta[i].abs() + 1.0);
                let at = |z: f64| (0.5 * a[i] * (theta[i] + z) + b[i]) * (theta[i] + z);
                at(reach).max(at(-reach)) - at(0.0)
            })
            .sum();
        let loss = objective.value(&theta).unwrap();
        prop_assume!(loss > -0.5);
        let exact = phi(loss, loss + rise);
        prop_assert!((found.phi - exact).abs() <= 1e-9 * exact.abs().max(1.0), "{} {exact}", found.phi);
        prop_assert_eq!(found.active_bounds, 1.0);
    }

    /// Whatever the function: points stay in the box, no random point is worse, the answer is the
    /// loss at the point reported, and the same seed finds it again.
    #[test]
    fn what_is_reported_is_a_point_of_the_box(
        theta in prop::collection::vec(-1.5..1.5_f64, 2..12),
        epsilon in 1e-5..1.0_f64,
        seed in 0..100_u64,
    ) {
        let mut objective = rosenbrock(theta.len());
        let region = Region::full(&theta);
        let found = search(&mut objective, &region, epsilon, seed);
        let half_widths = region.half_widths(epsilon).unwrap();
        prop_assert!(found.z.iter().zip(&half_widths).all(|(z, b)| z.abs() <= *b));
        prop_assert!(found.phi >= found.random_floor.unwrap());
        prop_assert!(found.methods.iter().all(|m| m.phi <= found.phi && m.phi >= 0.0));
        let at = objective.value(&region.point(&found.z)).unwrap();
        prop_assert_eq!(at, found.worst_loss);
        prop_assert_eq!(&found, &search(&mut objective, &region, epsilon, seed));
    }

    #[test]
    fn a_curve_never_falls_and_counts_its_gradients(
        theta in prop::collection::vec(-1.5..1.5_f64, 2..12),
        epsilons in prop::collection::vec(1e-5..1.0_f64, 1..8),
        iterations in 0..12_usize,
    ) {
        let mut count = 0;
        let mut inner = rosenbrock(theta.len());
        let mut counted = Known(theta.len(), |x: &[f64]| {
            count += 1;
            inner.gradient(x)
        });
        let mut curve = Curve::new(Arc::new(Region::full(&theta)), &epsilons, iterations).unwrap();
        let mut last = (0.0, 0.0);
        let mut gradients = 0;
        while let Some(point) = curve.next(&mut counted).unwrap() {
            prop_assert!(point.epsilon > last.0 && point.phi >= last.1);
            last = (point.epsilon, point.phi);
            gradients = point.gradients;
        }
        drop(curve);
        prop_assert_eq!(gradients, count);
    }

    /// A⁺ undoes A.
    #[test]
    fn coordinates_are_those_of_the_point(
        (n, p) in (1..40_usize).prop_flat_map(|n| (Just(n), 1..=n.min(8))),
        seed in 0..50_u64,
        norm in prop::bool::ANY,
    ) {
        let rule = if norm { Columns::UnitNorm } else { Columns::UnitVariance };
        let basis = Basis::random(n, p, seed, rule).unwrap();
        let z: Vec<f64> = (0..p).map(|i| (i as f64 - 2.5) * 0.3).collect();
        let mut point = vec![0.0; n];
        basis.add_to(&mut point, &z);
        // Square matrices of random numbers may be close to singular.
        if let Ok(back) = basis.coordinates(&point) {
            for (a, b) in back.iter().zip(&z) {
                prop_assert!((a - b).abs() < 1e-4, "{back:?} {z:?}");
            }
        } else {
            prop_assert!(2 * p > n);
        }
        if norm {
            for j in 0..p {
                let mut column = vec![0.0; n];
                let unit: Vec<f64> = (0..p).map(|i| f64::from(u8::from(i == j))).collect();
                basis.add_to(&mut column, &unit);
                let length: f64 = column.iter().map(|v| v * v).sum();
                prop_assert!((length - 1.0).abs() < 1e-9);
            }
        }
    }
}

/// In a subspace the derivative along z is Aᵀ∇f, and the whole space is a subspace of itself.
#[test]
fn a_subspace_that_is_everything_has_the_sharpness_of_everything() {
    let theta = [0.5, -1.0, 2.0];
    let mut objective = quadratic(vec![1.0, 2.0, 3.0], vec![0.1, -0.3, 0.2]);
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let basis = Basis::from_matrix(&[3, 3], &identity, 3, Columns::UnitVariance).unwrap();
    let subspace = Region::subspace(&theta, Arc::new(basis)).unwrap();
    let (here, there) = (
        search(&mut objective, &Region::full(&theta), 0.01, 0),
        search(&mut objective, &subspace, 0.01, 0),
    );
    assert!(
        (here.phi - there.phi).abs() < 1e-9,
        "{} {}",
        here.phi,
        there.phi
    );
}

#[test]
fn a_wider_basis_begins_with_the_narrower_one() {
    let point = |p: usize| {
        let basis = Basis::random(20, p, 7, Columns::UnitVariance).unwrap();
        let mut point = vec![0.0; 20];
        let mut z = vec![0.0; p];
        z[..2].copy_from_slice(&[1.0, -2.0]);
        basis.add_to(&mut point, &z);
        point
    };
    assert_eq!(point(2), point(9));
}

#[track_caller]
fn refused<T>(result: Result<T>, words: &[&str]) {
    let Err(error) = result else {
        panic!("expected an error about {words:?}")
    };
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} in {error}");
    }
}

#[test]
fn what_makes_no_box_is_refused_with_its_reason() {
    let region = Arc::new(Region::full(&[1.0, 2.0]));
    for epsilon in [0.0, -1e-3, f64::NAN, f64::INFINITY] {
        refused(
            Search::new(Arc::clone(&region), epsilon, Effort::default(), None),
            &["positive"],
        );
        refused(
            Curve::new(Arc::clone(&region), &[1e-3, epsilon], 5),
            &["positive"],
        );
    }
    refused(Curve::new(Arc::clone(&region), &[], 5), &["at least one"]);
    let none = Effort {
        methods: Vec::new(),
        ..Effort::default()
    };
    refused(Search::new(region, 0.1, none, None), &["method"]);
    refused(
        Basis::random(5, 6, 0, Columns::UnitNorm),
        &["6", "5 parameters"],
    );
    refused(Basis::random(5, 0, 0, Columns::UnitNorm), &["0 directions"]);
    let matrix = |shape: &[usize], values: &[f64], rule| Basis::from_matrix(shape, values, 2, rule);
    let plain = Columns::UnitVariance;
    refused(matrix(&[4], &[1.0; 4], plain), &["matrix"]);
    refused(
        matrix(&[3, 1], &[1.0; 3], plain),
        &["2 parameters", "[2, p]"],
    );
    refused(matrix(&[2, 1], &[1.0, f64::NAN], plain), &["NaN", "row 1"]);
    refused(
        matrix(&[2, 1], &[0.0, 0.0], Columns::UnitNorm),
        &["column 0", "zero"],
    );
    let twins = matrix(&[2, 2], &[1.0, 1.0, 2.0, 2.0], plain).unwrap();
    refused(
        Region::subspace(&[1.0, 2.0], Arc::new(twins)),
        &["dependent"],
    );
    let basis = Arc::new(matrix(&[2, 1], &[1.0, 2.0], plain).unwrap());
    refused(
        Region::subspace(&[1.0, 2.0, 3.0], basis),
        &["2 parameters", "3"],
    );
}

#[test]
fn a_constant_loss_has_no_sharpness_and_says_why() {
    let mut constant = Known(3, |_: &[f64]| Ok((0.5, vec![0.0; 3])));
    let found = search(&mut constant, &Region::full(&[1.0; 3]), 0.1, 0);
    assert_eq!((found.phi, found.gradient_norm), (0.0, 0.0));
    assert!(found.reason.unwrap().contains("constant"));
}

/// The gradient vanishes, so that ascent from the centre and L-BFGS-B there would stay where they are.
#[test]
fn a_saddle_is_left_by_its_rising_sides() {
    let mut saddle = quadratic(vec![2.0, -2.0], vec![0.0, 0.0]);
    let region = Region::full(&[0.0, 0.0]);
    for methods in [vec![Method::Sign], vec![Method::Lbfgsb]] {
        let effort = Effort {
            methods,
            ..Effort::default()
        };
        let found = Search::new(Arc::new(region.clone()), 0.1, effort, None)
            .unwrap()
            .run(&mut saddle)
            .unwrap();
        // f = 1 + x² − y², at (±0.1, 0) 0.01 above the centre.
        assert!((found.phi - phi(1.0, 1.01)).abs() < 1e-6, "{found:?}");
        assert!(found.reason.is_none());
    }
}

#[test]
fn a_failing_objective_is_an_error_of_every_method() {
    for method in [Method::Sign, Method::Lbfgsb] {
        let mut calls = 0;
        let mut failing = Known(2, |x: &[f64]| {
            calls += 1;
            if calls > 3 {
                return Err(Error::Device("the device was lost".into()));
            }
            Ok((x[0] * x[0] + x[1], vec![2.0 * x[0], 1.0]))
        });
        let effort = Effort {
            methods: vec![method],
            ..Effort::default()
        };
        let region = Arc::new(Region::full(&[0.3, 0.4]));
        let result = Search::new(region, 0.5, effort, None)
            .unwrap()
            .run(&mut failing);
        refused(result, &["the device was lost"]);
    }
}

/// Where the loss overflows in part of the box, the largest finite value counts.
#[test]
fn overflow_in_the_box_is_stepped_around() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut cliff = Known(1, move |x: &[f64]| {
            let value = if x[0] > 0.05 { bad } else { x[0] };
            Ok((value, vec![if value.is_finite() { 1.0 } else { f64::NAN }]))
        });
        let found = search(&mut cliff, &Region::full(&[0.0]), 0.1, 0);
        assert!(
            found.worst_loss > 0.04 && found.worst_loss <= 0.05,
            "{found:?}"
        );
    }
    let mut nowhere = Known(1, |_: &[f64]| Ok((f64::NAN, vec![f64::NAN])));
    let region = Arc::new(Region::full(&[0.0]));
    let result = Search::new(Arc::clone(&region), 0.1, Effort::default(), None)
        .unwrap()
        .run(&mut nowhere);
    refused(result, &["isn't finite"]);
    refused(
        Curve::new(region, &[0.1], 3).unwrap().next(&mut nowhere),
        &["isn't finite"],
    );
}

/// Where it overflows everywhere, not even a lower bound is known.
#[test]
fn overflow_everywhere_in_the_box_is_no_sharpness_of_zero() {
    let mut ledge = Known(1, |x: &[f64]| {
        let value = if x[0] == 0.0 { 1.0 } else { f64::NAN };
        Ok((value, vec![1e-3]))
    });
    let region = Region::full(&[0.0]);
    let found = search(&mut ledge, &region, 0.1, 0);
    assert!(
        found.phi.is_nan() && found.worst_loss.is_nan() && found.random_floor.is_none(),
        "{found:?}"
    );
    assert!(found.methods.iter().all(|m| m.phi.is_nan()), "{found:?}");
    let reason = found.reason.unwrap();
    assert!(
        reason.contains("isn't finite at any") && !reason.contains("rounding"),
        "{reason}"
    );
    // One point of the box lower than θ is finite: φ is no less than zero, and that is all.
    let mut pit = Known(1, |x: &[f64]| {
        let value = if x[0] <= 0.0 { 1.0 + x[0] } else { f64::NAN };
        Ok((value, vec![1e-3]))
    });
    let found = search(&mut pit, &region, 0.1, 0);
    assert_eq!(found.phi, 0.0);
    let reason = found.reason.unwrap();
    assert!(reason.contains("but at"), "{reason}");
    let mut curve = Curve::new(Arc::new(region), &[0.1], 3).unwrap();
    while curve.next(&mut ledge).unwrap().is_some() {}
    assert!(curve.overflows() > 0 && curve.worst() == Some(&[0.0][..]));
}

/// One gradient a step, and an answer after each: what a window needs to stay alive.
#[test]
fn searches_and_ascents_are_taken_in_steps() {
    let theta = [0.5, -0.5, 1.0];
    let region = Arc::new(Region::full(&theta));
    let mut objective = rosenbrock(3);
    let mut search = Search::new(Arc::clone(&region), 0.1, Effort::default(), None).unwrap();
    assert!(search.result().is_none());
    let (mut last, mut spent, mut ended) = (0.0, 0, false);
    while search.step(&mut objective).unwrap() {
        let now = search.result().unwrap();
        assert!(now.phi >= last);
        assert!(!ended, "what is finished has no further step");
        match now.unfinished {
            Some(at) => {
                assert!(at.evaluations == search.evaluations() && at.evaluations < at.expected);
            }
            None => ended = true,
        }
        last = now.phi;
        let lbfgsb = now.methods.len() > 1;
        assert!(lbfgsb || search.gradients() <= spent + 1);
        spent = search.gradients();
    }
    assert!(last > 0.0 && ended);

    let half_widths = region.half_widths(0.1).unwrap();
    let outside = vec![9.0; 3];
    let mut ascent = SignAscent::new(region, half_widths.clone(), Start::At(outside));
    assert!(ascent.best().is_none());
    while let Some(step) = ascent.step(&mut objective).unwrap() {
        let (value, z) = ascent.best().unwrap();
        assert_eq!(value, step.best);
        assert!(z.iter().zip(&half_widths).all(|(z, b)| z.abs() <= *b));
    }
}

/// Ten iterations of L-BFGS-B climb a coupled quadratic most of the way to its best corner.
#[test]
fn lbfgsb_climbs_within_its_bounds() {
    let mut objective = quadratic(vec![1.0, 4.0, 0.5], vec![0.3, -0.2, 0.7]);
    let region = Region::full(&[0.0, 0.0, 0.0]);
    let half_widths = region.half_widths(0.5).unwrap();
    let found = lbfgsb::maximise(
        &region,
        &half_widths,
        vec![0.01, -0.01, 0.01],
        10,
        &mut objective,
    )
    .unwrap();
    let corner: Vec<f64> = [0.5, -0.5, 0.5].to_vec();
    assert_eq!(found.z, corner);
    assert!(found.gradients >= 2 && found.gradients < 30);
}

fn params(values: &[f64]) -> Params {
    let layout: Layout = vec![TensorSpec {
        name: "w".into(),
        shape: vec![2, values.len() / 2],
        role: Role::Trainable {
            output_axis: Some(0),
        },
    }]
    .into();
    Params::new(layout, vec![values.to_vec()]).unwrap()
}

fn measured(
    measure: Measure,
    w: &[f64],
    rho: f64,
    draws: usize,
    objective: &mut dyn Objective,
) -> (f64, Option<f64>) {
    let theta = params(w);
    let origin = objective.gradient(w).unwrap();
    let mut measurement = Measurement::new(measure, &theta, origin, rho, draws, 1).unwrap();
    let mut steps = 0;
    while measurement.step(objective).unwrap() {
        steps += 1;
        let unfinished = measurement.result().unwrap().unfinished;
        assert!(unfinished.is_none_or(|at| at.evaluations == steps && steps < at.expected));
    }
    let result = measurement.result().unwrap();
    assert_eq!(result.unfinished, None);
    (result.rise, result.standard_error)
}

#[test]
fn the_other_sharpnesses_of_a_quadratic_are_those_of_their_formulas() {
    let (w, a, b) = (
        [0.5, -1.0, 2.0, 0.25],
        [1.0, 2.0, 0.5, 3.0],
        [0.1, 0.0, -0.2, 0.3],
    );
    let mut objective = quadratic(a.to_vec(), b.to_vec());
    let g: Vec<f64> = (0..4).map(|i| a[i] * w[i] + b[i]).collect();
    let rise = |z: &[f64]| -> f64 { (0..4).map(|i| g[i] * z[i] + 0.5 * a[i] * z[i] * z[i]).sum() };
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");

    let z: Vec<f64> = g.iter().map(|v| 0.05 * v / norm(&g)).collect();
    close(
        measured(Measure::Sam, &w, 0.05, 2, &mut objective).0,
        rise(&z),
    );
    let scaled: Vec<f64> = (0..4).map(|i| w[i].abs() * g[i]).collect();
    let z: Vec<f64> = (0..4)
        .map(|i| 0.05 * w[i] * w[i] * g[i] / norm(&scaled))
        .collect();
    close(
        measured(Measure::Asam, &w, 0.05, 2, &mut objective).0,
        rise(&z),
    );
    let z: Vec<f64> = (0..4).map(|i| 0.05 * w[i].abs() * g[i].signum()).collect();
    close(
        measured(Measure::AdaptiveWorst, &w, 0.05, 10, &mut objective).0,
        rise(&z),
    );

    // E over ξ of the rise is half the trace of the scaled Hessian.
    let expected: f64 = (0..4).map(|i| 0.5 * a[i] * (0.5 * w[i]).powi(2)).sum();
    let (mean, error) = measured(Measure::AdaptiveAverage, &w, 0.5, 2000, &mut objective);
    let error = error.unwrap();
    assert!(
        (mean - expected).abs() < 4.0 * error,
        "{mean} ± {error}, {expected}"
    );
    assert!(error > 0.0 && error < 0.1 * expected);
    // Every filter-normalised draw moves each filter by ρ of its own length.
    let mut length = Known(4, |x: &[f64]| {
        let moved: f64 = x[..2].iter().zip(&w).map(|(x, w)| (x - w).powi(2)).sum();
        Ok((moved.sqrt(), vec![0.0; 4]))
    });
    let (mean, error) = measured(Measure::FilterAverage, &w, 0.1, 50, &mut length);
    close(mean, 0.1 * norm(&w[..2]));
    assert!(error.unwrap() < 1e-9);
}

#[test]
fn perturbations_of_no_size_are_refused() {
    let theta = params(&[1.0, 2.0]);
    for rho in [0.0, -0.05, f64::NAN] {
        refused(
            Measurement::new(Measure::Sam, &theta, (0.0, vec![0.0; 2]), rho, 10, 0),
            &["positive"],
        );
    }
    refused(
        Measurement::new(
            Measure::FilterAverage,
            &theta,
            (0.0, vec![0.0; 2]),
            0.1,
            1,
            0,
        ),
        &["two draws"],
    );
}
