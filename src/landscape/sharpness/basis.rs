//! The matrix A of a random manifold: n × p, its products, its pseudo-inverse.
//!
//! Entries are kept in single precision, which they are rounded to when they are drawn: p is 100 and
//! n the size of a network.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

/// How long the columns of a random manifold are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Columns {
    /// Entries N(0, 1), as drawn: columns about √n long, as in the published values.
    #[default]
    UnitVariance,
    /// Each column scaled to length 1.
    UnitNorm,
}

/// A, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    rows: usize,
    /// `[p × n]`, one column after the other.
    columns: Vec<f32>,
    /// What each column is multiplied by.
    scales: Vec<f64>,
}

/// Streams of one seed below this belong to directions.
const FIRST_STREAM: u64 = 1 << 32;

impl Basis {
    /// p columns of n draws from N(0, 1); the same seed gives the same columns everywhere, and the
    /// first ones of a wider basis.
    ///
    /// # Errors
    /// Unless 1 ≤ p ≤ n.
    pub fn random(rows: usize, count: usize, seed: u64, columns: Columns) -> Result<Self> {
        check_size(rows, count)?;
        let mut drawn = Vec::with_capacity(rows * count);
        for column in 0..count {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(FIRST_STREAM + column as u64);
            let draw = |_| -> f32 {
                let value: f64 = StandardNormal.sample(&mut rng);
                value as f32
            };
            drawn.extend((0..rows).map(draw));
        }
        Self::new(rows, drawn, columns)
    }

    /// From a stored matrix `[n, p]`, row by row, as PyTorch and NumPy keep one.
    ///
    /// # Errors
    /// Unless its shape is n × p with 1 ≤ p ≤ n and its entries are finite.
    pub fn from_matrix(
        shape: &[usize],
        values: &[f64],
        rows: usize,
        columns: Columns,
    ) -> Result<Self> {
        let &[n, p] = shape else {
            return Err(Error::Slice(format!(
                "a subspace is a matrix [parameters, p], not {shape:?}"
            )));
        };
        if n != rows || values.len() != n * p {
            return Err(Error::Slice(format!(
                "the subspace has shape {shape:?}, but the network has {rows} parameters: it should be [{rows}, p]"
            )));
        }
        check_size(n, p)?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::Slice(format!(
                "the subspace holds {} in row {}, column {}",
                values[at],
                at / p,
                at % p
            )));
        }
        let column = |j: usize| (0..n).map(move |i| values[i * p + j] as f32);
        Self::new(n, (0..p).flat_map(column).collect(), columns)
    }

    fn new(rows: usize, columns: Vec<f32>, rule: Columns) -> Result<Self> {
        let scale = |column: &[f32]| match rule {
            Columns::UnitVariance => 1.0,
            Columns::UnitNorm => 1.0 / dot(column.iter().map(|&v| f64::from(v)), column).sqrt(),
        };
        let scales: Vec<f64> = columns.chunks_exact(rows).map(scale).collect();
        if let Some(at) = scales.iter().position(|s| !s.is_finite()) {
            return Err(Error::Slice(format!(
                "column {at} of the subspace is zero: it has no direction"
            )));
        }
        Ok(Self {
            rows,
            columns,
            scales,
        })
    }

    /// p
    pub fn count(&self) -> usize {
        self.scales.len()
    }

    /// n
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn column(&self, j: usize) -> &[f32] {
        &self.columns[j * self.rows..(j + 1) * self.rows]
    }

    /// point += A z
    pub fn add_to(&self, point: &mut [f64], z: &[f64]) {
        for (j, (&z, &scale)) in z.iter().zip(&self.scales).enumerate() {
            if z != 0.0 {
                let factor = z * scale;
                for (p, &a) in point.iter_mut().zip(self.column(j)) {
                    *p += factor * f64::from(a);
                }
            }
        }
    }

    /// Aᵀ g, p entries.
    pub fn transposed(&self, gradient: &[f64]) -> Vec<f64> {
        self.scales
            .iter()
            .enumerate()
            .map(|(j, scale)| scale * dot(gradient.iter().copied(), self.column(j)))
            .collect()
    }

    /// A⁺θ = (AᵀA)⁻¹ Aᵀθ: coordinates of the point of the manifold nearest to θ.
    ///
    /// # Errors
    /// Where θ has another number of entries, or the columns are linearly dependent.
    pub fn coordinates(&self, theta: &[f64]) -> Result<Vec<f64>> {
        if theta.len() != self.rows {
            return Err(Error::Slice(format!(
                "the subspace was made for {} parameters, the network has {}",
                self.rows,
                theta.len()
            )));
        }
        let p = self.count();
        let mut gram = DMatrix::zeros(p, p);
        for i in 0..p {
            for j in 0..=i {
                let product = dot(self.column(i).iter().map(|&v| f64::from(v)), self.column(j))
                    * self.scales[i]
                    * self.scales[j];
                gram[(i, j)] = product;
                gram[(j, i)] = product;
            }
        }
        let largest = gram.diagonal().max();
        let cholesky = gram
            .cholesky()
            .filter(|c| c.l_dirty().diagonal().min().powi(2) > largest * 1e-10)
            .ok_or_else(|| {
                Error::Slice("the columns of the subspace are linearly dependent".into())
            })?;
        let right = DVector::from_vec(self.transposed(theta));
        Ok(cholesky.solve(&right).iter().copied().collect())
    }
}

fn check_size(rows: usize, count: usize) -> Result<()> {
    if (1..=rows).contains(&count) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "a subspace of {count} directions doesn't fit: the network has {rows} parameters, so take 1 to {rows}"
    )))
}

fn dot(a: impl Iterator<Item = f64>, b: &[f32]) -> f64 {
    a.zip(b).map(|(a, &b)| a * f64::from(b)).sum()
}
