//! The trace of a Hessian from products with random signs (Hutchinson 1990), with its standard error.
//!
//! E vᵀHv = tr H for independent signs v, with variance 2 Σ_{i≠j} H²ᵢⱼ. The same products give the
//! Frobenius norm: E ‖Hv‖² = ‖H‖_F² = Σ λ².

use super::vector::{Running, dot, generator, rademacher};
use crate::error::Result;
use crate::landscape::objective::Objective;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

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
    /// Products taken together.
    together: usize,
    rng: ChaCha8Rng,
    /// Signs whose products are computed and not counted yet, with them.
    ahead: VecDeque<(Vec<f64>, Vec<f64>)>,
    trace: Running,
    squares: Running,
    done: bool,
}

/// More products taken together bring nothing.
const TOGETHER: usize = 8;
/// Numbers that the vectors of products taken together may have: 64 MB.
const ROOM: usize = 8 << 20;

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
            together: 1,
            ahead: VecDeque::new(),
            trace: Running::default(),
            squares: Running::default(),
            done: false,
        }
    }

    /// Takes products several at a time, which is faster; then some steps are long and the ones after
    /// them short. The numbers are the same.
    #[must_use]
    pub fn several_at_a_time(self) -> Self {
        Self {
            together: TOGETHER,
            ..self
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
        if self.ahead.is_empty() {
            self.compute(objective)?;
        }
        let Some((signs, product)) = self.ahead.pop_front() else {
            return Ok(None);
        };
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

    /// Products with the next few vectors of signs.
    fn compute(&mut self, objective: &mut dyn Objective) -> Result<()> {
        let size = self.point.len();
        let left = self.options.probes - self.trace.count();
        let count = left.min(together(size, self.together));
        let signs: Vec<_> = (0..count)
            .map(|_| rademacher(size, &mut self.rng))
            .collect();
        let directions: Vec<&[f64]> = signs.iter().map(Vec::as_slice).collect();
        let products = objective.hessian_vectors(&self.point, &directions)?;
        self.ahead = signs.into_iter().zip(products).collect();
        Ok(())
    }

    fn current(&self) -> Trace {
        Trace {
            trace: estimate(&self.trace),
            squares: estimate(&self.squares),
            products: self.trace.count(),
        }
    }
}

/// How many products of vectors of so many numbers are taken at a time, `most` at most.
fn together(size: usize, most: usize) -> usize {
    (ROOM / size.max(1)).clamp(1, most)
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
    /// Entries that are computed and not counted yet.
    ahead: VecDeque<f64>,
    sum: f64,
}

impl ExactTrace {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>) -> Self {
        Self {
            point,
            next: 0,
            ahead: VecDeque::new(),
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
        if self.ahead.is_empty() {
            self.compute(objective)?;
        }
        self.sum += self.ahead.pop_front().unwrap_or(0.0);
        self.next += 1;
        Ok(Some(self.sum))
    }

    /// The next few entries.
    fn compute(&mut self, objective: &mut dyn Objective) -> Result<()> {
        let size = self.point.len();
        let some = self.next..size.min(self.next + together(size, TOGETHER));
        let unit = |at: usize| {
            let mut unit = vec![0.0; size];
            unit[at] = 1.0;
            unit
        };
        let units: Vec<Vec<f64>> = some.clone().map(unit).collect();
        let directions: Vec<&[f64]> = units.iter().map(Vec::as_slice).collect();
        let columns = objective.hessian_vectors(&self.point, &directions)?;
        self.ahead = some.zip(&columns).map(|(at, column)| column[at]).collect();
        Ok(())
    }
}
