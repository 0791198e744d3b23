//! The simple noise scale from gradients of two batch sizes (McCandlish et al. 2018, appendix A.1).
//!
//! E ‖G_B‖² = ‖G‖² + tr Σ/B for a batch of B samples drawn with replacement, so two batch sizes give
//! unbiased estimates of ‖G‖² and of tr Σ. Here each large batch is made of the small ones, as in
//! data-parallel training. Their ratio is biased, so numerator and denominator are averaged apart;
//! its interval is Fieller's (1954), which is right for any ratio of two means, and is open above
//! where the data can't tell ‖G‖² from zero.

use super::Sampled;
use crate::error::Result;
use crate::landscape::curvature::vector::{add_scaled, dot, generator};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Batch sizes and repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoBatchOptions {
    /// B_small
    pub small: usize,
    /// Small batches in a large one, at least 2: B_big = small · parts.
    pub parts: usize,
    /// Large batches.
    pub repeats: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for TwoBatchOptions {
    fn default() -> Self {
        Self {
            small: 32,
            parts: 8,
            repeats: 40,
            seed: 0,
        }
    }
}

/// The estimate after some repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TwoBatchEstimate {
    /// ‖G‖², unbiased; may be negative while repetitions are few.
    pub gradient_squared: f64,
    /// tr Σ, unbiased.
    pub covariance_trace: f64,
    /// tr Σ/‖G‖²; infinite where the estimate of ‖G‖² isn't positive.
    pub scale: f64,
    /// 95 % interval of the scale; the upper end is infinite where ‖G‖² may be zero.
    pub interval: [f64; 2],
    /// Large batches behind it.
    pub repeats: usize,
}

/// A running estimate, advanced by [`TwoBatches::step`].
#[derive(Debug, Clone)]
pub struct TwoBatches {
    point: Vec<f64>,
    options: TwoBatchOptions,
    rng: ChaCha8Rng,
    /// (tr Σ, ‖G‖²) of every large batch.
    pairs: Vec<[f64; 2]>,
}

const STREAM: u64 = 10;

impl TwoBatches {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>, options: TwoBatchOptions) -> Self {
        Self {
            rng: generator(options.seed, STREAM),
            point,
            options,
            pairs: Vec::new(),
        }
    }

    /// One large batch more; `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Sampled) -> Result<Option<TwoBatchEstimate>> {
        let TwoBatchOptions {
            small,
            parts,
            repeats,
            ..
        } = self.options;
        if self.pairs.len() >= repeats || parts < 2 || small == 0 {
            return Ok(None);
        }
        let mut sum = vec![0.0; self.point.len()];
        let mut small_squares = 0.0;
        let weights = vec![1.0 / small as f64; small];
        for _ in 0..parts {
            let samples: Vec<usize> = (0..small)
                .map(|_| self.rng.random_range(0..objective.samples()))
                .collect();
            let gradient = objective.weighted_gradient(&self.point, &samples, &weights)?;
            small_squares += dot(&gradient, &gradient) / parts as f64;
            add_scaled(&mut sum, 1.0 / parts as f64, &gradient);
        }
        let big_squares = dot(&sum, &sum);
        let (b, big) = (small as f64, (small * parts) as f64);
        let gradient_squared = (big * big_squares - b * small_squares) / (big - b);
        let covariance_trace = (small_squares - big_squares) / (1.0 / b - 1.0 / big);
        self.pairs.push([covariance_trace, gradient_squared]);
        Ok(Some(ratio(&self.pairs)))
    }
}

/// The ratio of two means with Fieller's 95 % interval, from pairs (numerator, denominator).
fn ratio(pairs: &[[f64; 2]]) -> TwoBatchEstimate {
    let n = pairs.len() as f64;
    let mean = |i: usize| pairs.iter().map(|p| p[i]).sum::<f64>() / n;
    let [above, below] = [mean(0), mean(1)];
    let covariance = |i: usize, j: usize| {
        let product = |p: &[f64; 2]| (p[i] - [above, below][i]) * (p[j] - [above, below][j]);
        pairs.iter().map(product).sum::<f64>() / (n - 1.0) / n
    };
    let interval = if pairs.len() < 3 {
        [0.0, f64::INFINITY]
    } else {
        // All ρ with (above − ρ below)² ≤ t² Var(above − ρ below): a quadratic in ρ.
        let t2 = student_975(n - 1.0).powi(2);
        let a = below * below - t2 * covariance(1, 1);
        let b = above * below - t2 * covariance(0, 1);
        let c = above * above - t2 * covariance(0, 0);
        let root = (b * b - a * c).max(0.0).sqrt();
        match (a > 0.0, b * b >= a * c) {
            (true, _) => [((b - root) / a).max(0.0), (b + root) / a],
            // Outside two roots; of a scale, which is positive, the part above the larger.
            (false, true) => [((b - root) / a).max(0.0), f64::INFINITY],
            (false, false) => [0.0, f64::INFINITY],
        }
    };
    TwoBatchEstimate {
        gradient_squared: below,
        covariance_trace: above,
        scale: if below > 0.0 {
            above / below
        } else {
            f64::INFINITY
        },
        interval,
        repeats: pairs.len(),
    }
}

/// The 97.5 % point of Student's t with ν ≥ 2 degrees of freedom, by its expansion about the normal
/// one (Abramowitz and Stegun 26.7.5): right to 1 % from ν = 3 on.
fn student_975(degrees: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let z = Z;
    z + (z.powi(3) + z) / (4.0 * degrees)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * degrees.powi(2))
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z)
            / (384.0 * degrees.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantiles_are_those_of_tables() {
        for (degrees, table) in [(5.0, 2.571), (10.0, 2.228), (39.0, 2.023), (1e6, 1.960)] {
            assert!(
                (student_975(degrees) - table).abs() < 0.005,
                "ν = {degrees}"
            );
        }
    }

    #[test]
    fn a_denominator_that_may_be_zero_leaves_the_interval_open() {
        let pairs = [[1.0, 0.1], [1.1, -0.2], [0.9, 0.3], [1.0, -0.1]];
        assert_eq!(ratio(&pairs).interval[1], f64::INFINITY);
        let pairs = [[2.0, 1.0], [2.1, 1.0], [1.9, 1.01], [2.0, 0.99]];
        let found = ratio(&pairs);
        assert!(
            found.interval[0] > 1.5 && found.interval[1] < 2.5,
            "{found:?}"
        );
    }
}
