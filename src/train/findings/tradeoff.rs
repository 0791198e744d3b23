//! The trade-off between steps and samples (McCandlish et al. 2018, equation 2.11):
//! (S/S_min − 1)(E/E_min − 1) = 1.
//!
//! With E = B S it says S = S_min + E_min/B: two numbers, fitted to ln S, since errors are relative.

use super::interval::reach;

/// A fitted trade-off; intervals are 95 % ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tradeoff {
    /// Fewest steps, at the largest batch, with its interval.
    pub steps: [f64; 3],
    /// Fewest samples, at the smallest batch, with its interval.
    pub samples: [f64; 3],
    /// B_crit = E_min/S_min, with its interval.
    pub critical: [f64; 3],
    /// Root mean square of ln S around the fit.
    pub residual: f64,
}

/// Most iterations of Gauss and Newton.
const ITERATIONS: usize = 200;

/// Fits (B, S): batch size and steps to a loss. `None` with fewer than three points, or where the steps don't
/// fall with B.
pub fn fit(points: &[[f64; 2]]) -> Option<Tradeoff> {
    let fits = |p: &&[f64; 2]| p.iter().all(|v| v.is_finite() && *v > 0.0);
    let points: Vec<[f64; 2]> = points.iter().filter(fits).copied().collect();
    let sizes = points.iter().map(|p| p[0]);
    let least = sizes.clone().fold(f64::INFINITY, f64::min);
    let most = sizes.fold(0.0, f64::max);
    if points.len() < 3 || most <= least {
        return None;
    }
    let at = |size: f64| {
        let own = points.iter().filter(|p| p[0] == size).map(|p| p[1]);
        let (sum, count) = own.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
        sum / count
    };
    // Both ends as the start: E_min from the smallest batch, S_min from the largest.
    let mut place = [(0.7 * at(most)).ln(), (0.7 * least * at(least)).ln()];
    let mut best = square(&points, place);
    let mut damping = 1e-3;
    for _ in 0..ITERATIONS {
        let (normal, slope) = normal(&points, place);
        let [a, b, d] = [
            normal[0] * (1.0 + damping),
            normal[1],
            normal[2] * (1.0 + damping),
        ];
        let det = a * d - b * b;
        if !(det.is_finite() && det > 0.0) {
            return None;
        }
        let step = [
            (d * slope[0] - b * slope[1]) / det,
            (a * slope[1] - b * slope[0]) / det,
        ];
        let next = [place[0] + step[0], place[1] + step[1]];
        let found = square(&points, next);
        if found <= best {
            let done = step.iter().all(|s| s.abs() < 1e-12);
            (place, best) = (next, found);
            damping /= 10.0;
            if done {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    let freedom = points.len() - 2;
    let ([a, b, d], _) = normal(&points, place);
    let det = a * d - b * b;
    // A batch far below or above B_crit everywhere leaves one of the two unknown.
    if !(det.is_finite() && det > 1e-12 * a * d) {
        return None;
    }
    let variance = best / freedom as f64;
    let t = reach(freedom);
    let around = |value: f64, variance: f64| {
        let half = t * variance.max(0.0).sqrt();
        [value.exp(), (value - half).exp(), (value + half).exp()]
    };
    let (vs, ve, cov) = (variance * d / det, variance * a / det, -variance * b / det);
    Some(Tradeoff {
        steps: around(place[0], vs),
        samples: around(place[1], ve),
        critical: around(place[1] - place[0], vs + ve - 2.0 * cov),
        residual: (best / points.len() as f64).sqrt(),
    })
}

fn square(points: &[[f64; 2]], place: [f64; 2]) -> f64 {
    let [s, e] = place.map(f64::exp);
    let own = |[batch, steps]: &[f64; 2]| (steps.ln() - (s + e / batch).ln()).powi(2);
    points.iter().map(own).sum()
}

/// JᵀJ as its three numbers, and Jᵀr.
fn normal(points: &[[f64; 2]], place: [f64; 2]) -> ([f64; 3], [f64; 2]) {
    let [s, e] = place.map(f64::exp);
    let (mut normal, mut slope) = ([0.0; 3], [0.0; 2]);
    for [batch, steps] in points {
        let fitted = s + e / batch;
        let [js, je] = [s / fitted, e / batch / fitted];
        let rest = steps.ln() - fitted.ln();
        normal[0] += js * js;
        normal[1] += js * je;
        normal[2] += je * je;
        slope[0] += js * rest;
        slope[1] += je * rest;
    }
    (normal, slope)
}

impl Tradeoff {
    /// Steps at a batch size.
    pub fn at(&self, batch: f64) -> f64 {
        self.steps[0] + self.samples[0] / batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCHES: [f64; 7] = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

    #[test]
    fn a_trade_off_comes_back_from_its_points() {
        let points = BATCHES.map(|b| [b, 40.0 + 3000.0 / b]);
        let found = fit(&points).unwrap();
        assert!((found.steps[0] / 40.0 - 1.0).abs() < 1e-8, "{found:?}");
        assert!((found.samples[0] / 3000.0 - 1.0).abs() < 1e-8);
        assert!((found.critical[0] / 75.0 - 1.0).abs() < 1e-8);
        let of = |b: f64| (found.at(b) / 40.0 - 1.0) * (b * found.at(b) / 3000.0 - 1.0);
        assert!((of(8.0) - 1.0).abs() < 1e-6 && (of(512.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn intervals_hold_the_truth_where_points_scatter() {
        // A fixed scatter of ± 5 %.
        let signs = [1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0];
        let mut points = Vec::new();
        for (b, sign) in BATCHES.iter().zip(signs) {
            points.push([*b, (40.0 + 3000.0 / b) * (1.0 + 0.05 * sign)]);
        }
        let found = fit(&points).unwrap();
        for (value, truth) in [
            (found.steps, 40.0),
            (found.samples, 3000.0),
            (found.critical, 75.0),
        ] {
            assert!(value[1] < truth && truth < value[2], "{value:?} {truth}");
            assert!(value[2] / value[1] < 2.0, "{value:?}");
        }
    }

    #[test]
    fn too_few_points_and_one_batch_size_have_no_fit() {
        assert_eq!(fit(&[[8.0, 100.0], [16.0, 60.0]]), None);
        assert_eq!(fit(&[[8.0, 100.0], [8.0, 101.0], [8.0, 99.0]]), None);
    }
}
