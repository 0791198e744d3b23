//! Eigenvalues, traces, densities, curvature along lines and over planes.

use crate::known::{Quadratic, Rosenbrock};
use losscope::landscape::curvature::density::{DensityOptions, Quadrature};
use losscope::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use losscope::landscape::curvature::line::LineCurvature;
use losscope::landscape::curvature::ratio::RatioMap;
use losscope::landscape::curvature::trace::{ExactTrace, Hutchinson, TraceOptions};
use losscope::landscape::curvature::variation::Variation;
use losscope::landscape::objective::Objective;
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
        prop_assert!(found.exhausted);
        // Only what is zero beside the largest can't be known by its own size.
        let known = exact[0].abs() > 1e-9 * size;
        prop_assert!(found.converged || !known || found.top.iter().any(|e| e.value.abs() < 1e-9 * size));
        prop_assert_eq!(found.products, objective.products);
        // Where the start has next to nothing of the last one, a close neighbour is found in its place, which
        // its own residual can't tell.
        let largest = exact[exact.len() - 1];
        prop_assert!((found.top[0].value - largest).abs() <= 5e-2 * largest.abs() + 1e-9 * size);
        prop_assert!((found.smallest.value - exact[0]).abs() <= 5e-2 * exact[0].abs() + 1e-9 * size, "{:?} of {exact:?}", found.smallest);
        for pair in found.top.iter().chain([&found.smallest]) {
            let nearest = exact.iter().map(|e| (e - pair.value).abs()).fold(f64::INFINITY, f64::min);
            prop_assert!(nearest <= pair.residual + 1e-9 * size, "{pair:?} in {exact:?}");
        }
        for (vector, pair) in lanczos.eigenvectors(3).iter().zip(&found.top) {
            let product = objective.hessian_vector(&[], vector).unwrap();
            let left: f64 = product.iter().zip(vector).map(|(p, v)| (p - pair.value * v).powi(2)).sum();
            // A step this short beside the largest is taken for the end of the basis, and counts in neither.
            let (left, said) = (left.sqrt(), pair.residual);
            prop_assert!((left - said).abs() <= 1e-7 * size, "{left} is left, not {said}, of {size}");
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
    let options = LanczosOptions {
        smallest: false,
        ..LanczosOptions::default()
    };
    let mut lanczos = Lanczos::new(vec![0.0; spectrum.len()], options);
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

/// It used to be judged beside a tenth of the largest: half a per cent off, and "converged".
#[test]
fn the_smallest_eigenvalue_converges_by_its_own_size() {
    // A dense bulk about zero and a few large ones, as of a large-batch minimizer.
    let mut spectrum: Vec<f64> = (0..500)
        .map(|i| 0.04 * (f64::from(i) / 499.0).powi(3) - 0.012)
        .collect();
    spectrum.extend([60.0, 41.0, 23.0, 9.0, 4.0, 2.0, 1.0]);
    for seed in 0..3 {
        let mut objective = Quadratic::new(&spectrum, seed);
        let options = LanczosOptions {
            seed,
            ..LanczosOptions::default()
        };
        let found = Lanczos::new(vec![0.0; spectrum.len()], options)
            .finish(&mut objective)
            .unwrap();
        let smallest = found.smallest;
        assert!(found.converged && smallest.converged, "{found:?}");
        assert!(smallest.residual <= 1e-3 * smallest.value.abs());
        assert!(
            (smallest.value / -0.012 - 1.0).abs() <= 1e-3,
            "{smallest:?}"
        );
    }
}

/// Where products are rounded to 1e-6 of the largest eigenvalue, one of 1e-5 of it has no residual of
/// 1e-3 of itself: that is said, at once, instead of after every product allowed.
#[test]
fn an_eigenvalue_below_the_rounding_of_the_products_is_not_called_converged() {
    let mut spectrum: Vec<f64> = (0..100).map(|i| 1e-5 * f64::from(i) - 5e-4).collect();
    spectrum.extend([50.0, 40.0]);
    let mut objective = Quadratic::new(&spectrum, 4);
    let options = LanczosOptions {
        top: 2,
        rounding: 1e-6,
        ..LanczosOptions::default()
    };
    let found = Lanczos::new(vec![0.0; spectrum.len()], options)
        .finish(&mut objective)
        .unwrap();
    assert!(found.top.iter().all(|e| e.converged), "{found:?}");
    assert!(!found.converged && !found.smallest.converged, "{found:?}");
    assert!(
        found.exhausted && found.smallest.residual >= 5e-5,
        "{found:?}"
    );
}

/// A basis that would take too much memory starts again from its best vectors and finds the same.
#[test]
fn a_basis_of_few_vectors_finds_the_same_eigenvalues() {
    let mut spectrum: Vec<f64> = (0..300)
        .map(|i| 0.1 * (f64::from(i) / 299.0).powi(2) - 0.05)
        .collect();
    spectrum.extend([30.0, 20.0, 10.0, 5.0, 2.5]);
    spectrum.push(-0.054);
    let exact = sorted(&spectrum);
    let mut objective = Quadratic::new(&spectrum, 9);
    let options = LanczosOptions {
        most_vectors: 30,
        tolerance: 1e-6,
        ..LanczosOptions::default()
    };
    let mut lanczos = Lanczos::new(vec![0.0; spectrum.len()], options);
    let found = lanczos.finish(&mut objective).unwrap();
    assert!(found.converged && found.products > 30, "{found:?}");
    assert!((found.smallest.value - exact[0]).abs() < 1e-7);
    for (pair, exact) in found.top.iter().zip(exact.iter().rev()) {
        assert!((pair.value - exact).abs() < 1e-7, "{pair:?} for {exact}");
    }
    for (vector, pair) in lanczos.eigenvectors(5).iter().zip(&found.top) {
        let product = objective.hessian_vector(&[], vector).unwrap();
        let left = product
            .iter()
            .zip(vector)
            .map(|(p, v)| (p - pair.value * v).powi(2));
        assert!(left.sum::<f64>().sqrt() <= 1e-5 * pair.value, "{pair:?}");
    }
}

/// Two rows of the eigenvectors, carried along, are those of all of them.
#[test]
fn a_tridiagonal_matrix_has_the_eigenvalues_of_the_whole_method() {
    use losscope::landscape::curvature::tridiagonal::eigen;
    let wave = |i: usize, rate: f64| (rate * i as f64 + 0.3).sin();
    for n in [1, 2, 3, 40] {
        let diagonal: Vec<f64> = (0..n).map(|i| 3.0 * wave(i, 1.7)).collect();
        // One coupling is zero: two matrices in one.
        let beside: Vec<f64> = (0..n)
            .map(|i| if i == 20 { 0.0 } else { wave(i, 0.9) })
            .collect();
        let whole = nalgebra::DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
            0 => diagonal[i],
            1 => beside[i.min(j)],
            _ => 0.0,
        });
        let expected = whole.symmetric_eigen();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| expected.eigenvalues[a].total_cmp(&expected.eigenvalues[b]));
        let found = eigen(&diagonal, &beside, &[0, n - 1]);
        for (i, &place) in order.iter().enumerate() {
            assert!((found.values[i] - expected.eigenvalues[place]).abs() < 1e-13);
            for (row, at) in found.rows.iter().zip([0, n - 1]) {
                let entry = expected.eigenvectors[(at, place)].abs();
                assert!(
                    (row[i].abs() - entry).abs() < 1e-10,
                    "{} for {entry}",
                    row[i]
                );
            }
        }
    }
}

/// ½ Σ λᵢ xᵢ², so large that only the bookkeeping of a method takes time.
struct Diagonal(Vec<f64>);

impl Objective for Diagonal {
    fn dimension(&self) -> usize {
        self.0.len()
    }

    fn value(&mut self, x: &[f64]) -> losscope::error::Result<f64> {
        Ok(x.iter().zip(&self.0).map(|(x, l)| 0.5 * l * x * x).sum())
    }

    fn gradient(&mut self, x: &[f64]) -> losscope::error::Result<(f64, Vec<f64>)> {
        Ok((self.value(x)?, self.hessian_vector(&[], x)?))
    }

    fn hessian_vector(&mut self, _: &[f64], v: &[f64]) -> losscope::error::Result<Vec<f64>> {
        Ok(v.iter().zip(&self.0).map(|(v, l)| v * l).collect())
    }
}

/// A thousand steps took minutes: the whole eigenproblem was solved after each of them. One or two
/// seconds now; the bound leaves room for a busy machine.
#[test]
fn a_thousand_steps_of_a_density_take_seconds() {
    let n = 2000;
    let mut objective = Diagonal((0..n).map(|i| f64::from(i) / f64::from(n)).collect());
    let options = DensityOptions {
        probes: 1,
        steps: 1000,
        seed: 0,
    };
    let start = std::time::Instant::now();
    let mut quadrature = Quadrature::new(vec![0.0; 2000], options);
    let mut last = None;
    while let Some(now) = quadrature.step(&mut objective).unwrap() {
        last = Some(now);
    }
    let found = last.unwrap();
    assert_eq!((found.nodes.len(), found.products), (1000, 1000));
    // The mean of i/n, to the rounding of a thousand steps: signs have vᵢ² = 1.
    assert!(
        (found.moment(1) - 0.49975).abs() < 1e-9,
        "{}",
        found.moment(1)
    );
    let took = start.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
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
