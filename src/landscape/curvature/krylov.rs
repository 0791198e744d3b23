//! The Lanczos recurrence (Lanczos 1950; Golub and Van Loan 2013, section 10.1) with full
//! reorthogonalisation: an orthonormal basis in which a symmetric operator is tridiagonal.
//!
//! Without reorthogonalisation rounding lets eigenvalues appear twice; with it the cost is m² n for
//! m products of size n. A basis that has grown too large starts again from its best vectors (thick
//! restart: Wu and Simon 2000), which couples each of those with the next one: T is an arrow first and
//! tridiagonal after.

use super::orthogonal::orthogonalise;
use super::tridiagonal;
use super::vector::{add_scaled, dot, gaussian, norm, scale};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, SymmetricEigen};
use rand_chacha::ChaCha8Rng;

/// A growing basis q₁ … q_m and the matrix T = QᵀHQ.
#[derive(Debug, Clone)]
pub struct Krylov {
    basis: Vec<Vec<f64>>,
    /// Diagonal of T.
    alpha: Vec<f64>,
    /// Off-diagonal of T, then the norm of what was left after the last product.
    beta: Vec<f64>,
    /// Couplings of the vectors kept by the last restart with the one after them.
    arrow: Vec<f64>,
    /// The next basis vector; `None` where the basis spans the whole space.
    next: Option<Vec<f64>>,
    products: usize,
    /// Products taken in before the first invariant subspace was met.
    closed_at: Option<usize>,
    rng: ChaCha8Rng,
}

/// Eigenvalues of T in ascending order, and what is known of their vectors.
#[derive(Debug, Clone)]
pub struct Ritz {
    /// Ritz values: approximations of eigenvalues of H.
    pub values: Vec<f64>,
    /// ‖H y − θ y‖₂ of each pair, known from T alone.
    pub residuals: Vec<f64>,
    /// Squared first coordinate of each Ritz vector in the basis: the weights of the Gaussian
    /// quadrature of the start vector.
    pub weights: Vec<f64>,
}

/// Left-overs smaller than this share of the operator's size are rounding.
const BREAKDOWN: f64 = 1e-13;

impl Krylov {
    /// Starts from `start` (scaled to length 1); `rng` makes new starts where the space is exhausted.
    pub fn new(mut start: Vec<f64>, rng: ChaCha8Rng) -> Self {
        let length = norm(&start);
        scale(&mut start, 1.0 / length);
        Self {
            basis: Vec::new(),
            alpha: Vec::new(),
            beta: Vec::new(),
            arrow: Vec::new(),
            next: (length > 0.0).then_some(start),
            products: 0,
            closed_at: None,
            rng,
        }
    }

    /// Products taken in since the first invariant subspace was met, or since the start: a closed
    /// subspace shows nothing of what lies outside it.
    pub fn since_closed(&self) -> usize {
        self.products - self.closed_at.unwrap_or(0)
    }

    /// The vector whose product is wanted next; `None` where the basis spans the whole space.
    pub fn wanted(&self) -> Option<&[f64]> {
        self.next.as_deref()
    }

    /// Number of products taken in.
    pub fn products(&self) -> usize {
        self.products
    }

    /// Number of vectors of the basis.
    pub fn len(&self) -> usize {
        self.alpha.len()
    }

    /// Whether no product was taken in yet.
    pub fn is_empty(&self) -> bool {
        self.alpha.is_empty()
    }

    /// Takes in H times the wanted vector.
    ///
    /// # Errors
    /// Where the product isn't finite.
    pub fn take(&mut self, mut product: Vec<f64>) -> Result<()> {
        let Some(current) = self.next.take() else {
            return Ok(());
        };
        let n = current.len();
        let along = dot(&product, &current);
        add_scaled(&mut product, -along, &current);
        if let (Some(previous), Some(beta)) = (self.basis.last(), self.beta.last()) {
            add_scaled(&mut product, -beta, previous);
        }
        self.basis.push(current);
        self.alpha.push(along);
        self.products += 1;
        orthogonalise(&mut product, &self.basis);
        let left = norm(&product);
        if !(along.is_finite() && left.is_finite()) {
            return Err(Error::Slice(format!(
                "a Hessian-vector product isn't finite (product {}): the loss overflows here, or its curvature does",
                self.products
            )));
        }
        let size = self.size();
        if left > BREAKDOWN * size.max(f64::MIN_POSITIVE) && self.len() < n {
            scale(&mut product, 1.0 / left);
            self.beta.push(left);
            self.next = Some(product);
        } else {
            // An invariant subspace: what else there is lies at a right angle to all of it.
            self.closed_at.get_or_insert(self.products);
            self.beta.push(0.0);
            self.next = self.fresh(n);
        }
        Ok(())
    }

    /// A random unit vector orthogonal to the basis.
    fn fresh(&mut self, n: usize) -> Option<Vec<f64>> {
        if self.len() >= n {
            return None;
        }
        let mut start = gaussian(n, &mut self.rng);
        let before = norm(&start);
        orthogonalise(&mut start, &self.basis);
        let left = norm(&start);
        (left > 1e-8 * before).then(|| {
            scale(&mut start, 1.0 / left);
            start
        })
    }

    /// A bound of ‖T‖: the size against which rounding is judged.
    fn size(&self) -> f64 {
        let entries = self.alpha.iter().chain(&self.beta).chain(&self.arrow);
        entries.fold(0.0, |most: f64, v| most.max(v.abs()))
    }

    /// Eigenvalues of T, their residuals and weights. Weights are those of the start vector only as
    /// long as there was no restart.
    pub fn ritz(&self) -> Ritz {
        let m = self.len();
        if m == 0 {
            return Ritz {
                values: Vec::new(),
                residuals: Vec::new(),
                weights: Vec::new(),
            };
        }
        let (values, first, last) = if self.arrow.is_empty() {
            let found = tridiagonal::eigen(&self.alpha, &self.beta, &[0, m - 1]);
            let mut rows = found.rows.into_iter();
            let mut row = || rows.next().unwrap_or_default();
            (found.values, row(), row())
        } else {
            let (values, vectors) = self.dense();
            let row = |i: usize| -> Vec<f64> { vectors.row(i).iter().copied().collect() };
            (values, row(0), row(m - 1))
        };
        let left = self.beta.last().copied().unwrap_or(0.0);
        Ritz {
            values,
            residuals: last.iter().map(|s| (left * s).abs()).collect(),
            weights: first.iter().map(|s| s * s).collect(),
        }
    }

    /// All of T's eigenvectors, one a column, in ascending order of the values.
    fn dense(&self) -> (Vec<f64>, DMatrix<f64>) {
        let (m, kept) = (self.len(), self.arrow.len());
        let mut matrix = DMatrix::zeros(m, m);
        for i in 0..m {
            matrix[(i, i)] = self.alpha[i];
            // Of the vectors kept, each is coupled with the first new one instead of its neighbour.
            if i >= kept && i + 1 < m {
                matrix[(i, i + 1)] = self.beta[i];
                matrix[(i + 1, i)] = self.beta[i];
            }
        }
        if kept < m {
            for (i, &coupling) in self.arrow.iter().enumerate() {
                matrix[(i, kept)] = coupling;
                matrix[(kept, i)] = coupling;
            }
        }
        let eigen = SymmetricEigen::new(matrix);
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
        let values = order.iter().map(|&i| eigen.eigenvalues[i]).collect();
        (values, eigen.eigenvectors.select_columns(&order))
    }

    /// Unit Ritz vectors in the whole space, by their places in [`Ritz::values`].
    pub fn vectors(&self, places: &[usize]) -> Vec<Vec<f64>> {
        let (_, coordinates) = self.dense();
        let n = self.basis.first().map_or(0, Vec::len);
        let made = |&place: &usize| {
            let mut vector = vec![0.0; n];
            for (q, &c) in self.basis.iter().zip(coordinates.column(place).iter()) {
                add_scaled(&mut vector, c, q);
            }
            let length = norm(&vector);
            if length > 0.0 {
                scale(&mut vector, 1.0 / length);
            }
            vector
        };
        places.iter().map(made).collect()
    }

    /// Starts again from the Ritz vectors of the `low` smallest and `high` largest values; nothing
    /// happens where that would keep everything.
    pub fn restart(&mut self, low: usize, high: usize) {
        let m = self.len();
        if low + high >= m {
            return;
        }
        let (values, coordinates) = self.dense();
        let kept: Vec<usize> = (0..low).chain(m - high..m).collect();
        let left = self.beta.last().copied().unwrap_or(0.0);
        // A few entries of all vectors at a time, in place: there are never two bases.
        let n = self.basis.first().map_or(0, Vec::len);
        let mut mixed = vec![0.0; kept.len()];
        for entry in 0..n {
            mixed.fill(0.0);
            for (j, q) in self.basis.iter().enumerate() {
                let value = q[entry];
                for (mixed, &place) in mixed.iter_mut().zip(&kept) {
                    *mixed += coordinates[(j, place)] * value;
                }
            }
            for (q, &value) in self.basis.iter_mut().zip(&mixed) {
                q[entry] = value;
            }
        }
        self.basis.truncate(kept.len());
        self.alpha = kept.iter().map(|&place| values[place]).collect();
        self.arrow = kept
            .iter()
            .map(|&place| left * coordinates[(m - 1, place)])
            .collect();
        self.beta = vec![0.0; kept.len()];
    }
}
