//! The density of all eigenvalues by stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017;
//! Ghorbani et al. 2019, arXiv 1901.10159; Papyan 2018, arXiv 1811.07062).
//!
//! For a random unit vector v, the m-point Gaussian quadrature whose nodes are the eigenvalues of
//! the Lanczos matrix T and whose weights are the squared first entries of its eigenvectors
//! integrates vᵀ p(H) v exactly for polynomials p up to degree 2m − 1. Averaged over probes that is
//! tr p(H)/n. The picture is those nodes, each drawn as a Gaussian.

use super::krylov::Krylov;
use super::vector::{generator, rademacher};
use crate::error::Result;
use crate::landscape::objective::Objective;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How finely the density is taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DensityOptions {
    /// Random start vectors.
    pub probes: usize,
    /// Lanczos steps each: the number of nodes, and of products.
    pub steps: usize,
    /// Seed of the start vectors.
    pub seed: u64,
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            probes: 8,
            steps: 80,
            seed: 0,
        }
    }
}

/// Quadrature nodes and weights: a discrete density of eigenvalues of mass 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Density {
    /// Nodes (eigenvalues) with their weights; the weights add up to 1.
    pub nodes: Vec<[f64; 2]>,
    /// Probes averaged.
    pub probes: usize,
    /// Products so far.
    pub products: usize,
}

/// A density at one point, advanced by [`Quadrature::step`].
#[derive(Debug, Clone)]
pub struct Quadrature {
    point: Vec<f64>,
    options: DensityOptions,
    rng: ChaCha8Rng,
    krylov: Option<Krylov>,
    /// Nodes of the finished probes.
    finished: Vec<[f64; 2]>,
    /// What is shown.
    latest: Density,
    /// Products of the current probe at which it was last shown.
    shown_at: usize,
}

/// As [`super::trace`]'s: another one than theirs.
const STREAM: u64 = 2;
/// Width of the Gaussians relative to the range of the nodes, after Ghorbani et al., who scale the
/// range to [−1, 1] and take σ² = 1e-5.
const RELATIVE_WIDTH: f64 = 1.58e-3;

impl Quadrature {
    /// Starts at `point`.
    pub fn new(point: Vec<f64>, options: DensityOptions) -> Self {
        Self {
            rng: generator(options.seed, STREAM),
            point,
            options,
            krylov: None,
            finished: Vec::new(),
            latest: Density::default(),
            shown_at: 0,
        }
    }

    /// One product more, with the density of the probes finished until now; while there is none, with
    /// that of the first as far as it is. `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails, or a product isn't finite.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<Density>> {
        if self.latest.probes >= self.options.probes || self.point.is_empty() {
            return Ok(None);
        }
        let krylov = self.krylov.get_or_insert_with(|| {
            let start = rademacher(self.point.len(), &mut self.rng);
            Krylov::new(start, self.rng.clone())
        });
        if let Some(wanted) = krylov.wanted() {
            let product = objective.hessian_vector(&self.point, wanted)?;
            krylov.take(product)?;
            self.latest.products += 1;
        }
        let steps = krylov.len();
        if steps >= self.options.steps || krylov.wanted().is_none() {
            self.finished.extend(nodes(krylov));
            self.krylov = None;
            let probes = self.latest.probes + 1;
            self.latest.show(&self.finished, probes);
            self.latest.probes = probes;
        } else if self.latest.probes == 0 && steps >= self.shown_at + (steps / 16).max(1) {
            // A probe half done has wrong tails: it is shown only while there is no other. Its
            // eigenproblem costs m² and isn't solved after every product.
            self.shown_at = steps;
            let nodes = nodes(krylov);
            self.latest.show(&nodes, 1);
        }
        Ok(Some(self.latest.clone()))
    }
}

fn nodes(krylov: &Krylov) -> Vec<[f64; 2]> {
    let ritz = krylov.ritz();
    let pairs = ritz.values.into_iter().zip(ritz.weights);
    pairs.map(|(value, weight)| [value, weight]).collect()
}

impl Density {
    /// Takes the nodes of so many probes.
    fn show(&mut self, nodes: &[[f64; 2]], probes: usize) {
        let share = 1.0 / probes as f64;
        self.nodes = nodes.iter().map(|[v, w]| [*v, w * share]).collect();
        self.nodes.sort_by(|a, b| a[0].total_cmp(&b[0]));
    }

    /// Σ weight · value^power: tr H^power / n.
    pub fn moment(&self, power: i32) -> f64 {
        self.nodes.iter().map(|[v, w]| w * v.powi(power)).sum()
    }

    /// A width of the Gaussians that shows single eigenvalues apart.
    pub fn width(&self) -> f64 {
        let low = self.nodes.first().map_or(0.0, |n| n[0]);
        let high = self.nodes.last().map_or(0.0, |n| n[0]);
        (RELATIVE_WIDTH * (high - low)).max(1e-12 * high.abs().max(low.abs()).max(1.0))
    }

    /// The density at each of `at`, every node a Gaussian of standard deviation `width`; per unit of
    /// eigenvalue, so that it integrates to 1.
    pub fn at(&self, at: &[f64], width: f64) -> Vec<f64> {
        let peak = 1.0 / (width * (2.0 * std::f64::consts::PI).sqrt());
        at.iter()
            .map(|x| {
                let gaussian = |[v, w]: &[f64; 2]| w * (-0.5 * ((x - v) / width).powi(2)).exp();
                peak * self.nodes.iter().map(gaussian).sum::<f64>()
            })
            .collect()
    }

    /// Evenly spaced eigenvalues from below the smallest node to above the largest, five widths more
    /// on each side.
    pub fn range(&self, points: usize, width: f64) -> Vec<f64> {
        let low = self.nodes.first().map_or(0.0, |n| n[0]) - 5.0 * width;
        let high = self.nodes.last().map_or(0.0, |n| n[0]) + 5.0 * width;
        let last = points.max(2) - 1;
        (0..=last)
            .map(|i| low + (high - low) * i as f64 / last as f64)
            .collect()
    }
}
