//! The simple noise scale B_simple = tr Σ/‖G‖² exactly, from the gradients of all samples
//! (McCandlish et al. 2018, equation 2.9).
//!
//! tr Σ = mean ‖gₙ‖² − ‖G‖², so that norms suffice and no two gradients are held at once.

use super::Sampled;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Noise of one tensor, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Name of the tensor; empty for all together.
    pub name: String,
    /// ‖G‖²
    pub gradient_squared: f64,
    /// tr Σ, the population covariance (divided by N).
    pub covariance_trace: f64,
    /// tr Σ/‖G‖²
    pub scale: f64,
}

/// The noise at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExactNoise {
    /// f(x), the mean loss.
    pub loss: f64,
    /// N
    pub samples: usize,
    /// Over all parameters.
    pub total: Noise,
    /// Tensor by tensor, in the order of the parameters.
    pub tensors: Vec<Noise>,
    /// ‖gₙ‖ of every sample.
    #[serde(skip)]
    pub sample_norms: Vec<f64>,
}

/// How far the pass over the samples is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassProgress {
    /// Samples seen.
    pub done: usize,
    /// N
    pub total: usize,
}

/// A pass over all samples, advanced by [`ExactPass::step`].
#[derive(Debug, Clone)]
pub struct ExactPass {
    point: Vec<f64>,
    loss: f64,
    gradient: Option<Vec<f64>>,
    /// Σ ‖∂fₙ/∂w‖² by tensor.
    squares: Vec<f64>,
    sample_norms: Vec<f64>,
}

/// Samples a step.
const CHUNK: usize = 128;

impl ExactPass {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>) -> Self {
        Self {
            point,
            loss: f64::NAN,
            gradient: None,
            squares: Vec::new(),
            sample_norms: Vec::new(),
        }
    }

    /// Some samples more (the first step takes the mean gradient); `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails, or the loss, a gradient or the square of its norm isn't finite.
    pub fn step(&mut self, objective: &mut dyn Sampled) -> Result<Option<PassProgress>> {
        let total = objective.samples();
        let done = self.sample_norms.len();
        if self.gradient.is_none() {
            let (loss, gradient) = objective.gradient(&self.point)?;
            let square: f64 = gradient.iter().map(|g| g * g).sum();
            if !(loss.is_finite() && square.is_finite()) {
                return Err(not_finite("the loss or its gradient"));
            }
            self.loss = loss;
            self.squares = vec![0.0; objective.tensors().len()];
            self.gradient = Some(gradient);
        } else if done < total {
            let range = done..(done + CHUNK).min(total);
            for row in objective.squared_norms(&self.point, range)? {
                for (sum, square) in self.squares.iter_mut().zip(&row) {
                    *sum += square;
                }
                self.sample_norms.push(row.iter().sum::<f64>().sqrt());
            }
            if !self.squares.iter().sum::<f64>().is_finite() {
                return Err(not_finite("the squared norm of a sample's gradient"));
            }
        } else {
            return Ok(None);
        }
        Ok(Some(PassProgress {
            done: self.sample_norms.len(),
            total,
        }))
    }

    /// The mean gradient G, once the first step has taken it.
    pub fn gradient(&self) -> Option<&[f64]> {
        self.gradient.as_deref()
    }

    /// What the samples seen so far say; `None` before the first of them.
    pub fn noise(&self, tensors: &[(String, usize)]) -> Option<ExactNoise> {
        let gradient = self.gradient.as_ref()?;
        let seen = self.sample_norms.len();
        if seen == 0 {
            return None;
        }
        let mut offset = 0;
        let mut parts = Vec::with_capacity(tensors.len());
        for ((name, count), squares) in tensors.iter().zip(&self.squares) {
            let own = &gradient[offset..offset + count];
            let gradient_squared: f64 = own.iter().map(|g| g * g).sum();
            parts.push(noise(name, gradient_squared, squares / seen as f64));
            offset += count;
        }
        let all = parts.iter().map(|p| p.gradient_squared).sum();
        let mean: f64 = self.squares.iter().sum::<f64>() / seen as f64;
        Some(ExactNoise {
            loss: self.loss,
            samples: seen,
            total: noise("", all, mean),
            tensors: parts,
            sample_norms: self.sample_norms.clone(),
        })
    }
}

impl ExactNoise {
    /// Whether the gradient of every sample is zero, so that nothing here is a ratio of two numbers.
    pub fn is_zero(&self) -> bool {
        self.total.gradient_squared == 0.0 && self.total.covariance_trace == 0.0
    }

    /// Whether ‖G‖² is no more than what rounding, `relative` to the mean ‖gₙ‖², may leave of a zero.
    pub fn is_rounding(&self, relative: f64) -> bool {
        let mean = self.total.covariance_trace + self.total.gradient_squared;
        !self.is_zero() && self.total.gradient_squared <= relative * mean
    }

    /// Standard error of B_simple when the samples seen are a random choice of `total`: that of a
    /// mean without replacement, so that it ends at 0; NaN for fewer than two samples.
    ///
    /// ‖G‖² is known exactly; what varies is the mean of ‖gₙ‖² (Cochran 1977, theorem 2.2).
    pub fn standard_error(&self, total: usize) -> f64 {
        let n = self.sample_norms.len() as f64;
        let mean = self.sample_norms.iter().map(|g| g * g).sum::<f64>() / n;
        let square = |g: &f64| (g * g - mean).powi(2);
        let variance = self.sample_norms.iter().map(square).sum::<f64>() / (n - 1.0);
        let left = 1.0 - n / total as f64;
        (variance / n * left.max(0.0)).sqrt() / self.total.gradient_squared
    }
}

fn not_finite(what: &str) -> Error {
    Error::Slice(format!(
        "{what} isn't finite here: there is no noise to measure; check the weights and the data's normalisation, or compute in --precision f64"
    ))
}

fn noise(name: &str, gradient_squared: f64, mean_square: f64) -> Noise {
    // Rounding may leave a difference below zero where all samples agree.
    let covariance_trace = (mean_square - gradient_squared).max(0.0);
    Noise {
        name: name.to_owned(),
        gradient_squared,
        covariance_trace,
        scale: covariance_trace / gradient_squared,
    }
}
