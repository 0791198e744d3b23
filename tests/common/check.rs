//! Comparisons with the reference, and how close is close enough.

use super::{Golden, On};
use losscope::landscape::evaluate::Metrics;
use losscope::landscape::grid::Coordinate;

/// The precision of a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Double,
    Single,
}

/// In f64 two right programs differ only by the order of their sums, some 1e-14; 1e-9 leaves room
/// for points where the loss is steep and still shows any difference in the formulas.
const DOUBLE: f64 = 1e-9;

/// In f32 PyTorch strays up to 5e-6 from its own f64; devices add up in other orders and have their
/// own exponential.
const SINGLE: f64 = 2e-4;

impl Kind {
    /// The largest relative deviation of a loss.
    pub fn tolerance(self) -> f64 {
        match self {
            Self::Double => DOUBLE,
            Self::Single => SINGLE,
        }
    }
}

/// |found − expected| over |expected|: 0 for equal infinities, infinite where one isn't finite.
pub fn relative(found: f64, expected: f64) -> f64 {
    if found == expected {
        return 0.0;
    }
    let deviation = (found - expected).abs() / expected.abs();
    if deviation.is_nan() {
        f64::INFINITY
    } else {
        deviation
    }
}

/// What the reference found at one point over one split.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub loss: f64,
    pub accuracy: f64,
    /// The loss the reference itself finds in f32, where it is stored.
    pub single: Option<f64>,
    /// Number of samples of the split.
    pub samples: usize,
}

impl Expected {
    /// Compares and returns the relative deviation of the loss.
    ///
    /// Losses of 1e48 exist in f64 (variances extrapolated to nearly 0), and f32 has no such number.
    /// So where the reference's own f32 strays from its f64, a device may stray twice as far; and
    /// where it isn't even finite, a device must be right or not finite either.
    fn compare(&self, found: Metrics, kind: Kind) -> Result<f64, String> {
        let mut tolerance = kind.tolerance();
        if let (Kind::Single, Some(single)) = (kind, self.single) {
            if single.is_finite() {
                tolerance = tolerance.max(2.0 * relative(single, self.loss));
            } else if !found.loss.is_finite() {
                return Ok(0.0);
            }
        }
        let deviation = relative(found.loss, self.loss);
        // Two outputs that are nearly equal may change places in f32, never in f64.
        let wrong = ((found.score - self.accuracy) * self.samples as f64).abs();
        let allowed = if kind == Kind::Single { 1.0 } else { 0.0 };
        if deviation <= tolerance && wrong <= allowed + 1e-6 {
            return Ok(deviation);
        }
        Err(format!(
            "{found:?}, expected {self:?}: loss off by {deviation:.1e}, {wrong:.0} samples"
        ))
    }
}

/// Compares the metrics of points with the reference's and says where they differ.
///
/// `expected`: one row a point, one entry a split; splits the reference lacks are left out.
#[expect(
    clippy::print_stdout,
    reason = "cargo test -- --nocapture shows how close it was"
)]
pub fn check(
    what: &str,
    on: On,
    points: &[Coordinate],
    found: &[Vec<Metrics>],
    expected: &[Vec<Expected>],
) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let (mut worst, mut compared, mut faults) = (0.0_f64, 0, Vec::new());
    for ((point, found), expected) in points.iter().zip(found).zip(expected) {
        assert!(found.len() >= expected.len(), "{what}: a split is missing");
        for (&found, expected) in found.iter().zip(expected) {
            compared += 1;
            match expected.compare(found, on.kind()) {
                Ok(deviation) => worst = worst.max(deviation),
                Err(fault) => faults.push(format!("at {point:.3?}: {fault}")),
            }
        }
    }
    println!("{what} on {on:?}: {compared} values, loss off by at most {worst:.1e}");
    assert!(compared > 0, "{what}: nothing was compared");
    let shown = faults
        .iter()
        .take(8)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        faults.is_empty(),
        "{what} on {on:?}: {} of {compared} values differ:\n{shown}",
        faults.len()
    );
}

/// Compares numbers by their difference relative to the largest of the expected ones.
#[expect(
    clippy::print_stdout,
    reason = "cargo test -- --nocapture shows how close it was"
)]
pub fn check_values(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let worst = found.iter().zip(expected).fold(0.0_f64, |worst, (f, e)| {
        let deviation = (f - e).abs();
        // NaN isn't close to anything.
        if deviation.is_nan() {
            f64::INFINITY
        } else {
            worst.max(deviation)
        }
    });
    println!("{what}: off by {:.1e}", worst / scale);
    assert!(
        worst <= tolerance * scale,
        "{what}: off by {:.1e} of the largest, {scale}; at most {tolerance:.0e} is allowed",
        worst / scale
    );
}

impl Golden {
    /// What the arrays `{prefix}{train|val}_{loss|acc}{suffix}` hold at these indices.
    pub fn expected(
        &self,
        prefix: &str,
        suffix: &str,
        indices: &[usize],
        samples: &[usize],
    ) -> Vec<Vec<Expected>> {
        let split = |name: &str, samples: usize| -> Vec<Expected> {
            let loss = self.values(&format!("{prefix}{name}_loss{suffix}"));
            let accuracy = self.values(&format!("{prefix}{name}_acc{suffix}"));
            let single = format!("{prefix}{name}_loss_f32");
            let single = self.has(&single).then(|| self.values(&single));
            let at = |&i: &usize| Expected {
                loss: loss[i],
                accuracy: accuracy[i],
                single: single.as_ref().map(|s| s[i]),
                samples,
            };
            indices.iter().map(at).collect()
        };
        let splits: Vec<_> = ["train", "val"]
            .iter()
            .zip(samples)
            .map(|(name, &n)| split(name, n))
            .collect();
        (0..indices.len())
            .map(|i| splits.iter().map(|s| s[i]).collect())
            .collect()
    }
}
