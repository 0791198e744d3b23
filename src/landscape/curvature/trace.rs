//! The trace of a Hessian from products with random signs (Hutchinson 1990), with its standard error.
//!
//! E vᵀHv = tr H for independent signs v, with variance 2 Σ_{i≠j} H²ᵢⱼ. The same products give the
//! Frobenius norm: E ‖Hv‖² = ‖H‖_F² = Σ λ².

use super::vector::{Running, dot, generator, rademacher};
use crate::error::Result;
use crate::landscape::objective::Objective;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How long the trace is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TraceOptions {
    /// Probes, each one product.
    pub probes: usize,
    /// Stop once the standard error is this share of the trace; 0: take all probes.
    pub tolerance: f64,
    /// Seed of the signs.
    pub seed: u64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            probes: 100,
            tolerance: 0.0,
            seed: 0,
        }
    }
}

/// A mean over probes and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// Standard error of the mean; infinite after one probe.
    pub standard_error: f64,
}

/// The trace after some probes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// tr H = Σ λ
    pub trace: Estimate,
    /// ‖H‖_F² = Σ λ²
    pub squares: Estimate,
    /// Products so far.
    pub products: usize,
}

/// A running trace at one point, advanced by [`Hutchinson::step`].
#[derive(Debug, Clone)]
pub struct Hutchinson {
    point: Vec<f64>,
    options: TraceOptions,
    rng: ChaCha8Rng,
    trace: Running,
    squares: Running,
    done: bool,
}

/// The signs of a seed are other than the start vectors of the same seed.
const STREAM: u64 = 1;
/// A standard error from fewer probes says little.
const FEWEST: usize = 8;

impl Hutchinson {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>, options: TraceOptions) -> Self {
        Self {
            rng: generator(options.seed, STREAM),
            point,
            options,
            trace: Running::default(),
            squares: Running::default(),
            done: false,
        }
    }

    /// One probe more; `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<Trace>> {
        if self.done || self.trace.count() >= self.options.probes {
            return Ok(None);
        }
        let signs = rademacher(self.point.len(), &mut self.rng);
        let product = objective.hessian_vector(&self.point, &signs)?;
        self.trace.add(dot(&signs, &product));
        self.squares.add(dot(&product, &product));
        let found = self.current();
        let Estimate {
            mean,
            standard_error,
        } = found.trace;
        self.done = found.products >= FEWEST
            && standard_error <= self.options.tolerance * mean.abs()
            && self.options.tolerance > 0.0;
        Ok(Some(found))
    }

    fn current(&self) -> Trace {
        Trace {
            trace: estimate(&self.trace),
            squares: estimate(&self.squares),
            products: self.trace.count(),
        }
    }
}

fn estimate(values: &Running) -> Estimate {
    Estimate {
        mean: values.mean(),
        standard_error: values.standard_error(),
    }
}

/// The exact trace by products with all unit vectors, one a step: for small networks and for tests.
#[derive(Debug, Clone)]
pub struct ExactTrace {
    point: Vec<f64>,
    next: usize,
    sum: f64,
}

impl ExactTrace {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>) -> Self {
        Self {
            point,
            next: 0,
            sum: 0.0,
        }
    }

    /// One diagonal entry more; the sum so far, `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<f64>> {
        if self.next >= self.point.len() {
            return Ok(None);
        }
        let mut unit = vec![0.0; self.point.len()];
        unit[self.next] = 1.0;
        let column = objective.hessian_vector(&self.point, &unit)?;
        self.sum += column[self.next];
        self.next += 1;
        Ok(Some(self.sum))
    }
}
