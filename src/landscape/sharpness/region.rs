//! The box around a point of parameter space that a sharpness looks at.

use super::basis::Basis;
use crate::error::{Error, Result};
use crate::landscape::objective::Objective;
use crate::model::params::Params;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// A family of boxes { z ∈ ℝᵖ : |zᵢ| ≤ ε rᵢ } mapped into parameter space by θ + A z.
#[derive(Debug, Clone)]
pub struct Region {
    origin: Vec<f64>,
    /// `None`: A = I, p = n.
    basis: Option<Arc<Basis>>,
    reach: Vec<f64>,
    /// Where each filter ends that lies in one piece; empty in a subspace.
    filters: Vec<usize>,
}

impl Region {
    /// Keskar et al.'s box in full space: rᵢ = |θᵢ| + 1.
    pub fn full(theta: &[f64]) -> Self {
        Self {
            origin: theta.to_vec(),
            basis: None,
            reach: theta.iter().map(|t| t.abs() + 1.0).collect(),
            filters: Vec::new(),
        }
    }

    /// The same around a network's parameters, knowing where their filters are: starts that push
    /// whole filters one way find maxima that random corners don't.
    pub fn of_network(theta: &Params) -> Self {
        let mut filters = Vec::new();
        let mut offset = 0;
        for (spec, values) in theta.trainable() {
            // An output axis that isn't the first leaves filters in pieces; rows do as well.
            let rows = spec.shape.first().copied().unwrap_or(1).max(1);
            let each = (values.len() / rows).max(1);
            filters.extend((1..=rows).map(|row| offset + row * each));
            offset += values.len();
        }
        Self {
            filters,
            ..Self::full(&theta.flatten())
        }
    }

    /// Keskar et al.'s box in a random manifold: rᵢ = |(A⁺θ)ᵢ| + 1, p entries.
    ///
    /// # Errors
    /// Where the basis belongs to another number of parameters or its columns are dependent.
    pub fn subspace(theta: &[f64], basis: Arc<Basis>) -> Result<Self> {
        let coordinates = basis.coordinates(theta)?;
        Ok(Self {
            origin: theta.to_vec(),
            basis: Some(basis),
            reach: coordinates.iter().map(|c| c.abs() + 1.0).collect(),
            filters: Vec::new(),
        })
    }

    /// The adaptive box rᵢ = |θᵢ|, which doesn't change when a layer's scale moves to another
    /// (Kwon et al. 2021, arXiv 2102.11600; Andriushchenko et al. 2023, arXiv 2302.07011).
    pub fn adaptive(theta: &[f64]) -> Self {
        Self {
            origin: theta.to_vec(),
            basis: None,
            reach: theta.iter().map(|t| t.abs()).collect(),
            filters: Vec::new(),
        }
    }

    /// A random corner of the box: each coordinate at one of its ends, or each filter as a whole.
    pub fn corner(
        &self,
        half_widths: &[f64],
        whole_filters: bool,
        rng: &mut ChaCha8Rng,
    ) -> Vec<f64> {
        let mut positive = rng.random::<bool>();
        let mut filters = self.filters.iter().peekable();
        let mut corner = Vec::with_capacity(half_widths.len());
        for (i, b) in half_widths.iter().enumerate() {
            let at_a_filter = filters.next_if(|end| **end == i).is_some();
            if at_a_filter || !whole_filters || self.filters.is_empty() {
                positive = rng.random::<bool>();
            }
            corner.push(if positive { *b } else { -b });
        }
        corner
    }

    /// p: the number of entries of z.
    pub fn dimension(&self) -> usize {
        self.reach.len()
    }

    /// ε rᵢ, p entries.
    ///
    /// # Errors
    /// Unless `epsilon` is a positive number.
    pub fn half_widths(&self, epsilon: f64) -> Result<Vec<f64>> {
        check_epsilon(epsilon)?;
        Ok(self.reach.iter().map(|r| epsilon * r).collect())
    }

    /// θ + A z, n entries.
    pub fn point(&self, z: &[f64]) -> Vec<f64> {
        let mut point = self.origin.clone();
        match &self.basis {
            None => point.iter_mut().zip(z).for_each(|(p, z)| *p += z),
            Some(basis) => basis.add_to(&mut point, z),
        }
        point
    }

    /// f(θ + A z) and its derivative Aᵀ∇f with respect to z.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn gradient(&self, objective: &mut dyn Objective, z: &[f64]) -> Result<(f64, Vec<f64>)> {
        let (value, gradient) = objective.gradient(&self.point(z))?;
        Ok((value, self.pull_back(gradient)))
    }

    /// Aᵀ g: a derivative with respect to the parameters, n entries, as one with respect to z.
    pub fn pull_back(&self, gradient: Vec<f64>) -> Vec<f64> {
        match &self.basis {
            None => gradient,
            Some(basis) => basis.transposed(&gradient),
        }
    }

    /// f(θ + A z).
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn value(&self, objective: &mut dyn Objective, z: &[f64]) -> Result<f64> {
        objective.value(&self.point(z))
    }
}

/// ε as it is read and typed: in plain digits where they are few, else as a power of ten.
pub fn epsilon_text(epsilon: f64) -> String {
    if (1e-4..=10.0).contains(&epsilon) {
        return epsilon.to_string();
    }
    format!("{epsilon:e}")
}

/// Refuses a half-width that makes no box.
///
/// # Errors
/// Unless `epsilon` is a positive number.
pub fn check_epsilon(epsilon: f64) -> Result<()> {
    if epsilon.is_finite() && epsilon > 0.0 {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "ε must be a positive number such as 1e-3, not {epsilon}"
    )))
}

/// The fraction of entries that lie on the box's surface.
pub fn active_fraction(z: &[f64], half_widths: &[f64]) -> f64 {
    let active = z
        .iter()
        .zip(half_widths)
        .filter(|(z, b)| z.abs() >= **b * (1.0 - 1e-9))
        .count();
    active as f64 / z.len().max(1) as f64
}
