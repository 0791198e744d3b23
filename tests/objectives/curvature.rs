//! Eigenvalues, traces, densities, curvature along lines and over planes.

use crate::known::{Quadratic, Rosenbrock};
use losscope::landscape::curvature::density::{DensityOptions, Quadrature};
use losscope::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use losscope::landscape::curvature::line::LineCurvature;
use losscope::landscape::curvature::ratio::RatioMap;
use losscope::landscape::curvature::trace::{ExactTrace, Hutchinson, TraceOptions};
use losscope::landscape::curvature::variation::Variation;
use losscope::landscape::objective::Objective as _;
use proptest::prelude::*;

fn sorted(spectrum: &[f64]) -> Vec<f64> {
    let mut values = spectrum.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn spectrum() -> impl Strategy<Value = Vec<f64>> {
    // Like a network's: a bulk about zero and a few large ones, sometimes repeated.
    let bulk = prop::collection::vec(-0.3..0.3f64, 1..60);
    let outliers = prop::collection::vec(prop_oneof![1.0..50.0f64, Just(7.0)], 0..6);
    (bulk, outliers).prop_map(|(bulk, outliers)| [bulk, outliers].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// With a tolerance near rounding, repeated eigenvalues are found as often as they occur only
    /// where the basis breaks down; so distinct values are compared, and residuals with all.
    #[test]
    fn lanczos_finds_extreme_eigenvalues(spectrum in spectrum(), seed in 0u64..1000) {
        let mut objective = Quadratic::new(&spectrum, seed);
        let options = LanczosOptions { top: 3, tolerance: 1e-4, seed, ..LanczosOptions::default() };
        let mut lanczos = Lanczos::new(vec![0.0; spectrum.len()], options);
        let found = lanczos.finish(&mut objective).unwrap();
        let exact = sorted(&spectrum);
        let size = exact.iter().fold(0.0f64, |s, v| s.max(v.abs()));
        prop_assert!(found.converged);
        prop_assert_eq!(found.products, objective.products);
        prop_assert!((found.top[0].value - exact[exact.len() - 1]).abs() <= 1e-5 * size);
        // Its residual is judged against the largest, and in a dense bulk the one found may be a
        // neighbour of the last.
        prop_assert!((found.smallest.value - exact[0]).abs() <= 1e-3 * size);
        for pair in found.top.iter().chain([&found.smallest]) {
            let nearest = exact.iter().map(|e| (e - pair.value).abs()).fold(f64::INFINITY, f64::min);
            prop_assert!(nearest <= pair.residual + 1e-9 * size, "{pair:?} in {exact:?}");
        }
        for (vector, pair) in lanczos.eigenvectors(3).iter().zip(&found.top) {
            let product = objective.hessian_vector(&[], vector).unwrap();
            let left: f64 = product.iter().zip(vector).map(|(p, v)| (p - pair.value * v).powi(2)).sum();
            prop_assert!((left.sqrt() - pair.residual).abs() <= 1e-8 * size);
        }
    }

    /// As many products as dimensions give every eigenvalue, repeated ones as often as they occur.
    #[test]
    fn a_full_basis_gives_the_whole_spectrum(values in prop::collection::vec(-3..4i32, 1..12), seed in 0u64..1000) {
        let spectrum: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
        let mut objective = Quadratic::new(&spectrum, seed);
        let options = LanczosOptions { top: spectrum.len(), tolerance: 0.0, seed, ..LanczosOptions::default() };
        let found = Lanczos::new(vec![0.0; spectrum.len()], options).finish(&mut objective).unwrap();
        let mut exact = sorted(&spectrum);
        exact.reverse();
        prop_assert_eq!(found.top.len(), exact.len());
        for (pair, exact) in found.top.iter().zip(exact) {
            prop_assert!((pair.value - exact).abs() < 1e-9, "{pair:?} is not {exact}");
        }
    }

    #[test]
    fn the_trace_lies_within_its_standard_errors(spectrum in spectrum(), seed in 0u64..1000) {
        let mut objective = Quadratic::new(&spectrum, seed);
        let mut hutchinson = Hutchinson::new(vec![0.0; spectrum.len()], TraceOptions { seed, ..TraceOptions::default() });
        let mut found = None;
        while let Some(now) = hutchinson.step(&mut objective).unwrap() {
            found = Some(now);
        }
        let found = found.unwrap();
        let (trace, squares): (f64, f64) = (spectrum.iter().sum(), spectrum.iter().map(|v| v * v).sum());
        prop_assert_eq!(found.products, 100);
        // Six standard errors: with 64 cases of 100 probes a false alarm is a chance of 1e-7.
        prop_assert!((found.trace.mean - trace).abs() <= 6.0 * found.trace.standard_error + 1e-9);
        prop_assert!((found.squares.mean - squares).abs() <= 6.0 * found.squares.standard_error + 1e-9);
    }

    /// With as many steps as dimensions the quadrature of one probe v is exact: its moments are
    /// vᵀHᵖv. Averaged over probes they come near tr Hᵖ/n; the mass is 1 always.
    #[test]
    fn the_density_has_mass_one_and_the_right_moments(spectrum in spectrum(), seed in 0u64..1000) {
        let n = spectrum.len();
        let mut objective = Quadratic::new(&spectrum, seed);
        let options = DensityOptions { probes: 30, steps: 40, seed };
        let mut quadrature = Quadrature::new(vec![0.0; n], options);
        let mut density = None;
        while let Some(now) = quadrature.step(&mut objective).unwrap() {
            prop_assert!((now.moment(0) - 1.0).abs() < 1e-9);
            density = Some(now);
        }
        let density = density.unwrap();
        prop_assert_eq!(density.probes, 30);
        let moment = |p: i32| spectrum.iter().map(|v| v.powi(p)).sum::<f64>() / n as f64;
        // Var vᵀAv = 2 Σ_{i≠j} A²ᵢⱼ ≤ 2 ‖A‖_F² for signs: six standard deviations of 30 probes.
        for p in 1..=2 {
            let bound = 6.0 * (2.0 * moment(2 * p) / n as f64 / 30.0).sqrt();
            prop_assert!((density.moment(p) - moment(p)).abs() <= bound + 1e-9, "moment {p}");
        }
        let exact = sorted(&spectrum);
        let slack = 1e-8 * (1.0 + exact[n - 1].abs());
        prop_assert!(density.nodes.iter().all(|[v, _]| (exact[0] - slack..=exact[n - 1] + slack).contains(v)));
        let width = density.width();
        let at = density.range(20_001, width);
        let curve = density.at(&at, width);
        let mass: f64 = curve.iter().sum::<f64>() * (at[1] - at[0]);
        prop_assert!((mass - 1.0).abs() < 1e-3, "mass {mass}");
    }

    /// The curvature of Rosenbrock's function along any line is that of finite differences of its
    /// slope, and the slope that of its values.
    #[test]
    fn derivatives_along_a_line_are_those_of_the_curve(
        origin in prop::array::uniform2(-2.0..2.0f64),
        direction in prop::array::uniform2(-1.0..1.0f64),
    ) {
        let t = [-1e-4, 0.0, 1e-4];
        let mut line = LineCurvature::new(origin.to_vec(), direction.to_vec(), t.to_vec());
        let points: Vec<_> = std::iter::from_fn(|| line.step(&mut Rosenbrock).unwrap()).collect();
        let slope = (points[2].value - points[0].value) / 2e-4;
        let curvature = (points[2].slope - points[0].slope) / 2e-4;
        // Central differences err by h² f‴/6 and h² f⁗/6 with derivatives up to about 2400·‖d‖⁴.
        prop_assert!((points[1].slope - slope).abs() <= 1e-4 * (1.0 + slope.abs()));
        prop_assert!((points[1].curvature - curvature).abs() <= 1e-4 * (1.0 + curvature.abs()));
    }

    /// On a quadratic the gradient changes by H g per step: the smoothness is ‖Hg‖/‖g‖ at every
    /// step, and never more than the largest |λ|.
    #[test]
    fn effective_smoothness_of_a_quadratic_is_its_curvature_along_the_gradient(spectrum in spectrum(), seed in 0u64..1000) {
        let mut objective = Quadratic::new(&spectrum, seed);
        let x = vec![1.0; spectrum.len()];
        let (_, g) = objective.gradient(&x).unwrap();
        let hg = objective.hessian_vector(&x, &g).unwrap();
        let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        prop_assume!(norm(&g) > 1e-6);
        let mut variation = Variation::new(x, vec![0.01, 0.1, 0.5]);
        while variation.step(&mut objective).unwrap().is_some() {}
        let found = variation.summary().unwrap();
        let expected = norm(&hg) / norm(&g);
        let largest = spectrum.iter().fold(0.0f64, |s, v| s.max(v.abs()));
        prop_assert!((found.effective_smoothness - expected).abs() <= 1e-8 * (1.0 + expected));
        prop_assert!(found.effective_smoothness <= largest * (1.0 + 1e-9));
        prop_assert!((found.gradient_norm - norm(&g)).abs() <= 1e-12 * norm(&g));
    }
}

#[test]
fn few_outliers_are_found_in_few_products() {
    let mut spectrum: Vec<f64> = (0..400)
        .map(|i| 0.01 * (f64::from(i) / 400.0 - 0.1))
        .collect();
    spectrum.extend([5.0, 4.0, 3.0, 2.0, 1.0]);
    let mut objective = Quadratic::new(&spectrum, 3);
    let mut lanczos = Lanczos::new(vec![0.0; spectrum.len()], LanczosOptions::default());
    let found = lanczos.finish(&mut objective).unwrap();
    let values: Vec<f64> = found
        .top
        .iter()
        .map(|e| (e.value * 1e6).round() / 1e6)
        .collect();
    assert_eq!(values, [5.0, 4.0, 3.0, 2.0, 1.0]);
    assert!(found.products < 30, "{}", found.products);
    assert!(found.top.iter().all(|e| e.residual <= 1e-3 * e.value));
}

#[test]
fn a_budget_of_products_is_kept_and_what_is_known_is_returned() {
    let spectrum: Vec<f64> = (0..200).map(f64::from).collect();
    let mut objective = Quadratic::new(&spectrum, 5);
    let options = LanczosOptions {
        most_products: 7,
        tolerance: 1e-12,
        ..LanczosOptions::default()
    };
    let found = Lanczos::new(vec![0.0; 200], options)
        .finish(&mut objective)
        .unwrap();
    assert_eq!(
        (found.products, objective.products, found.converged),
        (7, 7, false)
    );
    assert_eq!(found.top.len(), 5);
}

/// A zero Hessian, one dimension, and products that overflow.
#[test]
fn degenerate_functions_have_answers_or_say_why_not() {
    let one = |spectrum: &[f64]| {
        Lanczos::new(vec![0.0; spectrum.len()], LanczosOptions::default())
            .finish(&mut Quadratic::new(spectrum, 0))
    };
    let zero = one(&[0.0; 6]).unwrap();
    assert!(
        zero.converged && zero.top.iter().all(|e| e.value == 0.0),
        "{zero:?}"
    );
    let single = one(&[3.0]).unwrap();
    assert_eq!(
        (single.top.len(), single.top[0].value, single.smallest.value),
        (1, 3.0, 3.0)
    );
    let message = one(&[1.0, f64::INFINITY]).unwrap_err().to_string();
    assert!(message.contains("isn't finite"), "{message}");
}

#[test]
fn the_exact_trace_is_the_sum_of_the_diagonal() {
    let mut exact = ExactTrace::new(vec![0.5, 2.0]);
    let sums: Vec<f64> = std::iter::from_fn(|| exact.step(&mut Rosenbrock).unwrap()).collect();
    let h = Rosenbrock::hessian(&[0.5, 2.0]);
    assert_eq!(sums, [h[0][0], h[0][0] + h[1][1]]);
}

#[test]
fn a_map_of_rosenbrock_shows_where_it_isnt_convex() {
    let coordinates: Vec<Vec<f64>> = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5]]
        .iter()
        .map(|c| c.to_vec())
        .collect();
    let order = vec![2, 0, 3, 1];
    let axes = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
    let options = LanczosOptions::default();
    let mut map = RatioMap::new(
        vec![0.0, 0.0],
        axes,
        coordinates.clone(),
        order.clone(),
        options,
    );
    let mut cells = Vec::new();
    while let Some(step) = map.step(&mut Rosenbrock).unwrap() {
        cells.extend(step.finished);
        assert_eq!(step.done, cells.len());
        assert_eq!(step.total, 4);
    }
    assert_eq!(cells.iter().map(|c| c.index).collect::<Vec<_>>(), order);
    for cell in cells {
        let [[a, b], [_, d]] = Rosenbrock::hessian(&coordinates[cell.index]);
        let (half, root) = ((a + d) / 2.0, (((a - d) / 2.0).powi(2) + b * b).sqrt());
        assert!((cell.largest - half - root).abs() < 1e-9 * (half + root));
        assert!((cell.ratio - ((half - root) / (half + root)).abs()).abs() < 1e-9);
    }
}
