//! The Lanczos recurrence (Lanczos 1950; Golub and Van Loan 2013, section 10.1) with full
//! reorthogonalisation: an orthonormal basis in which a symmetric operator is tridiagonal.
//!
//! Without reorthogonalisation rounding lets eigenvalues appear twice; with it the cost is m² n for
//! m products of size n, which is nothing beside m passes through a network.

use super::vector::{add_scaled, dot, gaussian, norm, orthogonalise, scale};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, SymmetricEigen};
use rand_chacha::ChaCha8Rng;

/// A growing basis q₁ … q_m and the tridiagonal matrix T = QᵀHQ.
#[derive(Debug, Clone)]
pub struct Krylov {
    basis: Vec<Vec<f64>>,
    /// Diagonal of T.
    alpha: Vec<f64>,
    /// Off-diagonal of T, then the norm of what was left after the last product.
    beta: Vec<f64>,
    /// The next basis vector; `None` where the basis spans the whole space.
    next: Option<Vec<f64>>,
    /// Products taken in before the first invariant subspace was met.
    closed_at: Option<usize>,
    rng: ChaCha8Rng,
}

/// Eigenpairs of T in ascending order.
#[derive(Debug, Clone)]
pub struct Ritz {
    /// Ritz values: approximations of eigenvalues of H.
    pub values: Vec<f64>,
    /// Column i: the coordinates of Ritz vector i in the basis.
    pub vectors: DMatrix<f64>,
    /// ‖H y − θ y‖₂ of each pair, known from T alone.
    pub residuals: Vec<f64>,
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
            next: (length > 0.0).then_some(start),
            closed_at: None,
            rng,
        }
    }

    /// Products taken in since the first invariant subspace was met, or since the start: a closed
    /// subspace shows nothing of what lies outside it.
    pub fn since_closed(&self) -> usize {
        self.len() - self.closed_at.unwrap_or(0)
    }

    /// The vector whose product is wanted next; `None` where the basis spans the whole space.
    pub fn wanted(&self) -> Option<&[f64]> {
        self.next.as_deref()
    }

    /// Number of products taken in.
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
        if !along.is_finite() {
            return Err(Error::Slice(format!(
                "a Hessian-vector product isn't finite (product {}): the loss overflows here, or its curvature does",
                self.len() + 1
            )));
        }
        add_scaled(&mut product, -along, &current);
        if let (Some(previous), Some(beta)) = (self.basis.last(), self.beta.last()) {
            add_scaled(&mut product, -beta, previous);
        }
        self.basis.push(current);
        self.alpha.push(along);
        orthogonalise(&mut product, &self.basis);
        let left = norm(&product);
        let size = self.size();
        if left > BREAKDOWN * size.max(f64::MIN_POSITIVE) && self.len() < n {
            scale(&mut product, 1.0 / left);
            self.beta.push(left);
            self.next = Some(product);
        } else {
            // An invariant subspace: what else there is lies at a right angle to all of it.
            self.closed_at.get_or_insert(self.len());
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
        let entries = self.alpha.iter().chain(&self.beta);
        entries.fold(0.0, |most: f64, v| most.max(v.abs()))
    }

    /// Eigenpairs of T.
    pub fn ritz(&self) -> Ritz {
        let m = self.len();
        let mut tridiagonal = DMatrix::zeros(m, m);
        for i in 0..m {
            tridiagonal[(i, i)] = self.alpha[i];
            if i + 1 < m {
                tridiagonal[(i, i + 1)] = self.beta[i];
                tridiagonal[(i + 1, i)] = self.beta[i];
            }
        }
        let eigen = SymmetricEigen::new(tridiagonal);
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
        let last = self.beta.last().copied().unwrap_or(0.0);
        Ritz {
            values: order.iter().map(|&i| eigen.eigenvalues[i]).collect(),
            residuals: order
                .iter()
                .map(|&i| (last * eigen.eigenvectors[(m - 1, i)]).abs())
                .collect(),
            vectors: eigen.eigenvectors.select_columns(&order),
        }
    }

    /// The Ritz vector with the given coordinates, in the whole space.
    pub fn vector(&self, ritz: &Ritz, index: usize) -> Vec<f64> {
        let mut vector = vec![0.0; self.basis.first().map_or(0, Vec::len)];
        for (q, &c) in self.basis.iter().zip(ritz.vectors.column(index).iter()) {
            add_scaled(&mut vector, c, q);
        }
        let length = norm(&vector);
        if length > 0.0 {
            scale(&mut vector, 1.0 / length);
        }
        vector
    }
}
