//! Sharpnesses of other papers: rises of the loss, in nats, under perturbations of a given size.
//!
//! Symbols: w the trained parameters, g = ∇f(w), ρ the size of the perturbation, ∘ element by element.

use super::ascent::{SignAscent, Start};
use super::effort::Unfinished;
use super::region::Region;
use crate::error::{Error, Result};
use crate::landscape::direction::{Normalization, OneDim, normalise, random};
use crate::landscape::objective::Objective;
use crate::model::params::Params;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A sharpness by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// SAM (Foret et al. 2021).
    Sam,
    /// ASAM (Kwon et al. 2021), with the element-wise operator T = |w|.
    Asam,
    /// Adaptive worst-case ℓ∞ sharpness (Andriushchenko et al. 2023).
    AdaptiveWorst,
    /// Adaptive average-case sharpness (ibid.).
    AdaptiveAverage,
    /// The average over random filter-normalised directions (Li et al. 2018).
    FilterAverage,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sam,
        Self::Asam,
        Self::AdaptiveWorst,
        Self::AdaptiveAverage,
        Self::FilterAverage,
    ];

    /// The name in tables.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Sam => "SAM, ball of radius ρ",
            Self::Asam => "ASAM, ball scaled by |w|",
            Self::AdaptiveWorst => "worst within ρ|w|",
            Self::AdaptiveAverage => "average, noise ρ|w|",
            Self::FilterAverage => "average, filter-normalised",
        }
    }
}

/// A measured sharpness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which one.
    pub measure: Measure,
    /// ρ
    pub rho: f64,
    /// Rise of the loss, nats; not finite where the loss overflows at every point tried.
    pub rise: f64,
    /// Standard error of the rise, where it is a mean over random draws.
    pub standard_error: Option<f64>,
    /// Draws with a finite loss, or steps of the ascent.
    pub samples: usize,
    /// How far it came, where that isn't at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
}

/// Keeps a gradient of zero from being divided by; as in the papers' code.
const TINY: f64 = 1e-12;

/// A measurement that is stepped: about one evaluation a step.
#[derive(Debug)]
pub struct Measurement {
    measure: Measure,
    theta: Params,
    flat: Vec<f64>,
    rho: f64,
    draws: usize,
    seed: u64,
    origin: (f64, Vec<f64>),
    ascent: Option<SignAscent>,
    rises: Vec<f64>,
    taken: usize,
    finished: bool,
}

/// Streams of one seed below this are the directions of surfaces.
const FIRST_STREAM: u64 = 1 << 16;

impl Measurement {
    /// `draws`: random draws of an average, or steps of the ascent. `origin`: f(w) and g.
    ///
    /// # Errors
    /// Unless ρ is positive and an average has at least two draws.
    pub fn new(
        measure: Measure,
        theta: &Params,
        origin: (f64, Vec<f64>),
        rho: f64,
        draws: usize,
        seed: u64,
    ) -> Result<Self> {
        if !(rho.is_finite() && rho > 0.0) {
            return Err(Error::Usage(format!(
                "ρ must be a positive number such as 0.05, not {rho}"
            )));
        }
        let average = matches!(measure, Measure::AdaptiveAverage | Measure::FilterAverage);
        if average && draws < 2 {
            return Err(Error::Usage(
                "an average needs at least two draws for its standard error".into(),
            ));
        }
        Ok(Self {
            measure,
            flat: theta.flatten(),
            theta: theta.clone(),
            rho,
            draws,
            seed,
            origin,
            ascent: None,
            rises: Vec::new(),
            taken: 0,
            finished: false,
        })
    }

    /// Steps in all, at most.
    pub fn steps(&self) -> usize {
        match self.measure {
            Measure::Sam | Measure::Asam => 1,
            _ => self.draws,
        }
    }

    /// Does one step; `false` when there is nothing left to do.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        match self.measure {
            Measure::Sam | Measure::Asam => {
                let z = self.first_order();
                let rise = objective.value(&self.moved(&z))? - self.origin.0;
                self.rises.push(rise);
            }
            Measure::AdaptiveWorst => self.climb(objective)?,
            Measure::AdaptiveAverage | Measure::FilterAverage => {
                let z = self.draw();
                let rise = objective.value(&self.moved(&z))? - self.origin.0;
                if rise.is_finite() {
                    self.rises.push(rise);
                }
            }
        }
        self.taken += 1;
        self.finished |= self.taken >= self.steps();
        Ok(true)
    }

    /// What was measured until now; `None` before the first step.
    pub fn result(&self) -> Option<Measured> {
        let n = self.rises.len() as f64;
        let (rise, standard_error, samples) = match self.measure {
            Measure::Sam | Measure::Asam => (*self.rises.first()?, None, 1),
            Measure::AdaptiveWorst => (*self.rises.last()?, None, self.taken),
            Measure::AdaptiveAverage | Measure::FilterAverage => {
                if self.taken == 0 {
                    return None;
                }
                let mean = self.rises.iter().sum::<f64>() / n;
                let square: f64 = self.rises.iter().map(|r| (r - mean).powi(2)).sum();
                let error = (n > 1.0).then(|| (square / (n - 1.0) / n).sqrt());
                (mean, error, self.rises.len())
            }
        };
        Some(Measured {
            measure: self.measure,
            rho: self.rho,
            rise,
            standard_error,
            samples,
            unfinished: (!self.finished).then(|| Unfinished {
                evaluations: self.taken,
                expected: self.steps(),
            }),
        })
    }

    fn moved(&self, z: &[f64]) -> Vec<f64> {
        self.flat.iter().zip(z).map(|(w, z)| w + z).collect()
    }

    /// ε̂ of SAM or ASAM.
    fn first_order(&self) -> Vec<f64> {
        let g = &self.origin.1;
        let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
        if self.measure == Measure::Sam {
            let length = norm(&mut g.iter().copied()) + TINY;
            return g.iter().map(|g| self.rho * g / length).collect();
        }
        let scaled = || self.flat.iter().zip(g);
        let length = norm(&mut scaled().map(|(w, g)| w.abs() * g)) + TINY;
        scaled()
            .map(|(w, g)| self.rho * w * w * g / length)
            .collect()
    }

    fn draw(&self) -> Vec<f64> {
        let stream = FIRST_STREAM + self.taken as u64;
        let noise = random(self.theta.layout(), self.seed, stream);
        if self.measure == Measure::AdaptiveAverage {
            let noise = noise.flatten();
            let scale = |(w, d): (&f64, &f64)| self.rho * w.abs() * d;
            return self.flat.iter().zip(&noise).map(scale).collect();
        }
        normalise(&noise, &self.theta, Normalization::Filter, OneDim::Zero)
            .scaled(self.rho)
            .flatten()
    }

    fn climb(&mut self, objective: &mut dyn Objective) -> Result<()> {
        if self.ascent.is_none() {
            let region = Region::adaptive(&self.flat);
            let half_widths = region.half_widths(self.rho)?;
            let start = Start::Known {
                z: vec![0.0; self.flat.len()],
                value: self.origin.0,
                gradient: self.origin.1.clone(),
            };
            self.ascent = Some(SignAscent::new(Arc::new(region), half_widths, start));
        }
        if let Some(ascent) = &mut self.ascent {
            self.finished = ascent.step(objective)?.is_none();
            let best = ascent.best().map_or(self.origin.0, |(value, _)| value);
            let nothing = ascent.gradients() > 0 && ascent.overflows() == ascent.gradients();
            self.rises.push(if nothing {
                f64::NAN
            } else {
                best - self.origin.0
            });
        }
        Ok(())
    }
}
