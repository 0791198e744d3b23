//! The largest and the smallest eigenvalues of a Hessian, by Lanczos.
//!
//! Extreme eigenvalues converge first (Golub and Van Loan 2013, section 10.1.5), in some tens of
//! products for the Hessians of networks, whose few large eigenvalues stand apart from a bulk near
//! zero (Sagun et al. 2017, arXiv 1706.04454).

use super::krylov::{Krylov, Ritz};
use super::vector::{gaussian, generator, scale};
use crate::error::Result;
use crate::landscape::objective::Objective;
use serde::{Deserialize, Serialize};

/// What is looked for, and how exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LanczosOptions {
    /// Number of largest (algebraic) eigenvalues, at least 1.
    pub top: usize,
    /// Whether the smallest eigenvalue must converge too.
    pub smallest: bool,
    /// Where only the ratio |λ_min/λ_max| is wanted: the residual of the smallest is judged against
    /// this share of |λ_max| if that is more than |λ_min|. 0: against its own size alone.
    pub smallest_share: f64,
    /// ‖H v − λ v‖₂ / |λ| at which an eigenpair counts as found.
    pub tolerance: f64,
    /// Products after which the best so far is the answer.
    pub most_products: usize,
    /// Vectors kept at once; with more products than that the basis starts again from its best.
    pub most_vectors: usize,
    /// Seed of the start vector.
    pub seed: u64,
    /// Relative rounding of one product, below which no residual can be known: about 1e-6 where
    /// networks are computed in single precision.
    pub rounding: f64,
}

/// The smallest eigenvalue ends a dense bulk about zero: to know it by its own size takes some
/// hundreds of products where the largest ones take some tens.
pub const MOST_PRODUCTS: usize = 1000;

impl LanczosOptions {
    /// Vectors with which a restart still gets anywhere: those wanted from both ends, some to guard
    /// them, and room for new ones.
    pub fn fewest_vectors(&self) -> usize {
        2 * self.top + 16
    }
}

impl Default for LanczosOptions {
    fn default() -> Self {
        Self {
            top: 5,
            smallest: true,
            smallest_share: 0.0,
            tolerance: 1e-3,
            most_products: MOST_PRODUCTS,
            most_vectors: usize::MAX,
            seed: 0,
            rounding: 1e-15,
        }
    }
}

/// An eigenvalue as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalue {
    /// λ
    pub value: f64,
    /// ‖H v − λ v‖₂ for its unit vector v, but no less than the rounding of the products: some
    /// eigenvalue lies within this of λ.
    pub residual: f64,
    /// Whether the residual is within the tolerance of the eigenvalue's own size.
    pub converged: bool,
    /// Whether more products would tell no more: converged, or known to the rounding of the products,
    /// beside which the eigenvalue itself is too small for the tolerance.
    #[serde(default)]
    pub exhausted: bool,
}

/// Eigenvalues after some products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalues {
    /// The largest, in descending order; fewer than asked for while products are few.
    pub top: Vec<Eigenvalue>,
    /// The smallest (most negative).
    pub smallest: Eigenvalue,
    /// Hessian-vector products behind these numbers.
    pub products: usize,
    /// All that was asked for is within the tolerance.
    pub converged: bool,
    /// More products would tell no more.
    #[serde(default)]
    pub exhausted: bool,
}

/// A computation of extreme eigenvalues at one point, advanced by [`Lanczos::step`].
#[derive(Debug, Clone)]
pub struct Lanczos {
    point: Vec<f64>,
    options: LanczosOptions,
    krylov: Krylov,
    latest: Option<Eigenvalues>,
    done: bool,
}

impl Lanczos {
    /// Starts at `point` from a Gaussian vector.
    pub fn new(point: Vec<f64>, options: LanczosOptions) -> Self {
        let mut rng = generator(options.seed, 0);
        let start = gaussian(point.len(), &mut rng);
        Self {
            krylov: Krylov::new(start, rng),
            latest: None,
            done: point.is_empty(),
            point,
            options,
        }
    }

    /// One product more; `None` when there is nothing left to do.
    ///
    /// # Errors
    /// Where the objective fails, or a product isn't finite.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<Eigenvalues>> {
        if self.done || self.krylov.products() >= self.options.most_products {
            return Ok(None);
        }
        let room = self.options.most_vectors.max(self.options.fewest_vectors());
        if self.krylov.len() >= room {
            // More of both ends than is wanted: their neighbours guard them.
            self.krylov
                .restart(room / 4, (room / 4).max(self.options.top + 2));
        }
        let Some(wanted) = self.krylov.wanted() else {
            self.done = true;
            return Ok(None);
        };
        let product = objective.hessian_vector(&self.point, wanted)?;
        self.krylov.take(product)?;
        let products = self.krylov.products();
        // The small eigenproblem costs m²: late in a long run it is solved every few products only.
        let stride = (products / 16).max(1);
        let last = products == self.options.most_products || self.krylov.wanted().is_none();
        let estimate = match self.latest.take() {
            Some(earlier) if !last && products < earlier.products + stride => {
                return Ok(Some({
                    self.latest = Some(earlier.clone());
                    earlier
                }));
            }
            _ => self.estimate(&self.krylov.ritz()),
        };
        self.done = estimate.converged || estimate.exhausted;
        self.latest = Some(estimate.clone());
        Ok(Some(estimate))
    }

    /// All steps.
    ///
    /// # Errors
    /// As [`Lanczos::step`].
    pub fn finish(&mut self, objective: &mut dyn Objective) -> Result<Eigenvalues> {
        while self.step(objective)?.is_some() {}
        Ok(self.estimate(&self.krylov.ritz()))
    }

    /// Unit eigenvectors of the largest `count` eigenvalues, in their order, as far as they are known.
    ///
    /// An eigenvector has no sign of its own: its largest entry is made positive.
    pub fn eigenvectors(&self, count: usize) -> Vec<Vec<f64>> {
        let m = self.krylov.len();
        let places: Vec<usize> = (0..count.min(m)).map(|i| m - 1 - i).collect();
        let mut vectors = self.krylov.vectors(&places);
        for vector in &mut vectors {
            let largest = vector
                .iter()
                .copied()
                .max_by(|a, b| a.abs().total_cmp(&b.abs()));
            if largest.is_some_and(|entry| entry < 0.0) {
                scale(vector, -1.0);
            }
        }
        vectors
    }

    fn estimate(&self, ritz: &Ritz) -> Eigenvalues {
        let m = ritz.values.len();
        let LanczosOptions {
            top,
            smallest: wants_smallest,
            tolerance,
            ..
        } = self.options;
        let whole = m >= self.point.len();
        let size = ritz.values.iter().fold(0.0, |s: f64, v| s.max(v.abs()));
        let rounding = self.options.rounding * size;
        let pair = |i: usize, least: f64| {
            let (value, known) = (ritz.values[i], ritz.residuals[i]);
            let residual = known.max(rounding);
            let converged = residual <= tolerance * value.abs().max(least * size);
            Eigenvalue {
                value,
                residual,
                converged,
                exhausted: converged || known <= rounding || whole,
            }
        };
        let largest: Vec<Eigenvalue> = (0..top.min(m)).map(|i| pair(m - 1 - i, 0.0)).collect();
        let smallest = if m == 0 {
            Eigenvalue {
                value: f64::NAN,
                residual: f64::INFINITY,
                converged: false,
                exhausted: false,
            }
        } else {
            pair(0, self.options.smallest_share)
        };
        // Early on a Ritz value may rest on an eigenvalue and another one above it be missed still.
        let settled = whole || self.krylov.since_closed() >= 2 * top + 2;
        let asked = || largest.iter().chain(wants_smallest.then_some(&smallest));
        Eigenvalues {
            converged: settled && asked().all(|e| e.converged),
            exhausted: settled && asked().all(|e| e.exhausted),
            top: largest,
            smallest,
            products: self.krylov.products(),
        }
    }
}
