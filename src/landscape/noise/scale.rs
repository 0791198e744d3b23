//! What a noise scale says of training: the noise of SGD, and steps against examples.

use super::alignment::Aligned;
use serde::{Deserialize, Serialize};

/// The noise scale of SGD, g = η (N/B − 1) ≈ η N/B (Smith and Le 2017, equation 15, without momentum).
pub fn sgd_noise(learning_rate: f64, samples: usize, batch: usize) -> f64 {
    learning_rate * (samples as f64 / batch as f64 - 1.0)
}

/// The trade between optimisation steps S and examples E of McCandlish et al. 2018, equation 2.11:
/// (S/S_min − 1)(E/E_min − 1) = 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tradeoff {
    /// Steps that even the largest batch needs.
    pub fewest_steps: f64,
    /// Examples that even the smallest batch needs.
    pub fewest_examples: f64,
}

impl Tradeoff {
    /// B_crit = E_min/S_min: twice the fewest steps and twice the fewest examples.
    pub fn critical_batch(&self) -> f64 {
        self.fewest_examples / self.fewest_steps
    }

    /// Steps and examples with batches of `batch`: S = S_min (1 + B_crit/B), E = E_min (1 + B/B_crit).
    pub fn at(&self, batch: f64) -> [f64; 2] {
        let critical = self.critical_batch();
        [
            self.fewest_steps * (1.0 + critical / batch),
            self.fewest_examples * (1.0 + batch / critical),
        ]
    }

    /// The trade of runs that reached the same loss with `batch` in `steps`: S = S_min + E_min/B is a
    /// straight line in 1/B, fitted by least squares. `None` unless two batch sizes give a line with
    /// positive ends.
    pub fn fit(runs: &[(f64, f64)]) -> Option<Self> {
        let n = runs.len() as f64;
        let mean_x = runs.iter().map(|(b, _)| 1.0 / b).sum::<f64>() / n;
        let mean_y = runs.iter().map(|(_, s)| s).sum::<f64>() / n;
        let spread: f64 = runs.iter().map(|(b, _)| (1.0 / b - mean_x).powi(2)).sum();
        let slope = runs
            .iter()
            .map(|(b, s)| (1.0 / b - mean_x) * (s - mean_y))
            .sum::<f64>()
            / spread;
        let fewest_steps = mean_y - slope * mean_x;
        (spread > 0.0 && slope > 0.0 && fewest_steps > 0.0).then_some(Self {
            fewest_steps,
            fewest_examples: slope,
        })
    }
}

/// Steps over S_min and examples over E_min at a batch size, where the noise scale stands for B_crit:
/// 1 + 𝓑/B and 1 + B/𝓑.
pub fn relative_costs(noise_scale: f64, batch: f64) -> [f64; 2] {
    [1.0 + noise_scale / batch, 1.0 + batch / noise_scale]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_of_exact_runs_gives_the_trade_back() {
        let trade = Tradeoff {
            fewest_steps: 300.0,
            fewest_examples: 60_000.0,
        };
        assert_eq!(trade.critical_batch(), 200.0);
        let runs: Vec<(f64, f64)> = [16.0, 64.0, 512.0]
            .iter()
            .map(|&b| (b, trade.at(b)[0]))
            .collect();
        let found = Tradeoff::fit(&runs).unwrap();
        assert!((found.critical_batch() - 200.0).abs() < 1e-9);
        let [steps, examples] = trade.at(64.0);
        assert!((examples - 64.0 * steps).abs() < 1e-6);
        let product = (steps / 300.0 - 1.0) * (examples / 60_000.0 - 1.0);
        assert!((product - 1.0).abs() < 1e-12);
    }

    #[test]
    fn runs_of_one_batch_size_have_no_trade() {
        assert_eq!(Tradeoff::fit(&[(32.0, 10.0), (32.0, 12.0)]), None);
        assert_eq!(Tradeoff::fit(&[]), None);
    }

    #[test]
    fn the_noise_of_full_batches_is_zero() {
        assert_eq!(sgd_noise(0.1, 1437, 1437), 0.0);
        assert!((sgd_noise(0.1, 1440, 16) - 8.9).abs() < 1e-12);
    }
}

/// Costs and noise of training at one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtBatch {
    /// B
    pub batch: usize,
    /// Steps over the fewest possible, 1 + B_simple/B.
    pub steps: f64,
    /// Examples over the fewest possible, 1 + B/B_simple.
    pub examples: f64,
    /// g = η (N/B − 1)
    pub sgd_noise: f64,
    /// ‖Σ gₙ‖/Σ ‖gₙ‖ within a batch.
    pub alignment: Option<Aligned>,
}

/// What runs that reached the same loss say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Critical {
    /// S_min and E_min.
    #[serde(flatten)]
    pub tradeoff: Tradeoff,
    /// B_crit = E_min/S_min
    pub critical_batch: f64,
}

impl AtBatch {
    /// At a batch size, where the noise scale stands for B_crit; alignment isn't known yet.
    pub fn new(batch: usize, noise_scale: f64, learning_rate: f64, samples: usize) -> Self {
        let [steps, examples] = relative_costs(noise_scale, batch as f64);
        Self {
            batch,
            steps,
            examples,
            sgd_noise: sgd_noise(learning_rate, samples, batch),
            alignment: None,
        }
    }
}
