//! The noise scale with curvature, B_noise = tr(HΣ)/(GᵀHG) (McCandlish et al. 2018, equation 2.8).
//!
//! tr(HΣ) = E zᵀHz with z = Σ (εₙ − ε̄) gₙ/√N for independent signs εₙ: cov z = Σ. So each probe
//! costs one gradient, weighted by signs, and one Hessian-vector product, however many samples.

use super::Sampled;
use crate::error::Result;
use crate::landscape::curvature::trace::Estimate;
use crate::landscape::curvature::vector::{Running, dot, generator, rademacher};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The estimate after some probes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bend {
    /// tr(HΣ)
    pub noise: Estimate,
    /// GᵀHG
    pub gradient: f64,
    /// tr(HΣ)/(GᵀHG); negative or infinite where the loss doesn't curve upwards along its gradient.
    pub scale: f64,
    /// Standard error of the scale, from that of tr(HΣ).
    pub standard_error: f64,
    /// Probes behind it.
    pub probes: usize,
}

/// A running estimate, advanced by [`BendedNoise::step`].
#[derive(Debug, Clone)]
pub struct BendedNoise {
    point: Vec<f64>,
    probes: usize,
    rng: ChaCha8Rng,
    along: Option<f64>,
    values: Running,
}

const STREAM: u64 = 11;

impl BendedNoise {
    /// Starts at `point`; `probes` products are averaged.
    pub fn new(point: Vec<f64>, probes: usize, seed: u64) -> Self {
        Self {
            point,
            probes,
            rng: generator(seed, STREAM),
            along: None,
            values: Running::default(),
        }
    }

    /// One probe more; `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Sampled) -> Result<Option<Bend>> {
        if self.values.count() >= self.probes {
            return Ok(None);
        }
        let along = match self.along {
            Some(along) => along,
            None => {
                let (_, gradient) = objective.gradient(&self.point)?;
                let product = objective.hessian_vector(&self.point, &gradient)?;
                dot(&gradient, &product)
            }
        };
        self.along = Some(along);
        let n = objective.samples();
        let mut weights = rademacher(n, &mut self.rng);
        let mean = weights.iter().sum::<f64>() / n as f64;
        let root = (n as f64).sqrt();
        for w in &mut weights {
            *w = (*w - mean) / root;
        }
        let all: Vec<usize> = (0..n).collect();
        let z = objective.weighted_gradient(&self.point, &all, &weights)?;
        let product = objective.hessian_vector(&self.point, &z)?;
        self.values.add(dot(&z, &product));
        let noise = Estimate {
            mean: self.values.mean(),
            standard_error: self.values.standard_error(),
        };
        Ok(Some(Bend {
            noise,
            gradient: along,
            scale: noise.mean / along,
            standard_error: (noise.standard_error / along).abs(),
            probes: self.values.count(),
        }))
    }
}
