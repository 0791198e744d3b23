//! Functions with known derivatives.

use losscope::error::Result;
use losscope::landscape::objective::Objective;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// ½ xᵀ H x with H = Q diag(λ) Qᵀ for a random orthogonal Q.
pub struct Quadratic {
    pub hessian: DMatrix<f64>,
    pub products: usize,
}

impl Quadratic {
    pub fn new(spectrum: &[f64], seed: u64) -> Self {
        let n = spectrum.len();
        // Far from the seeds of the methods, whose draws would be this basis' first column.
        let mut rng = ChaCha8Rng::seed_from_u64(seed + (1 << 40));
        let random: DMatrix<f64> = DMatrix::from_fn(n, n, |_, _| StandardNormal.sample(&mut rng));
        let q = random.qr().q();
        let hessian: DMatrix<f64> =
            &q * DMatrix::from_diagonal(&DVector::from_row_slice(spectrum)) * q.transpose();
        Self {
            hessian: (&hessian + hessian.transpose()) * 0.5,
            products: 0,
        }
    }
}

impl Objective for Quadratic {
    fn dimension(&self) -> usize {
        self.hessian.nrows()
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok(self.gradient(x)?.0)
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        let x = DVector::from_row_slice(x);
        let gradient = &self.hessian * &x;
        Ok((0.5 * x.dot(&gradient), gradient.iter().copied().collect()))
    }

    fn hessian_vector(&mut self, _: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        self.products += 1;
        let product = &self.hessian * DVector::from_row_slice(v);
        Ok(product.iter().copied().collect())
    }
}

/// (1 − x)² + 100 (y − x²)²: its Hessian changes from place to place and is indefinite in some.
pub struct Rosenbrock;

impl Rosenbrock {
    pub fn hessian(x: &[f64]) -> [[f64; 2]; 2] {
        [
            [2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0]), -400.0 * x[0]],
            [-400.0 * x[0], 200.0],
        ]
    }
}

impl Objective for Rosenbrock {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        Ok((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2))
    }

    fn gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        let rest = x[1] - x[0] * x[0];
        let gradient = vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * rest, 200.0 * rest];
        Ok((self.value(x)?, gradient))
    }

    fn hessian_vector(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        let h = Self::hessian(x);
        Ok(h.iter().map(|row| row[0] * v[0] + row[1] * v[1]).collect())
    }
}
