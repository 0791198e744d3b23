//! The affine slice θ(c) = θ₀ + Σ cₖ dₖ: the one idea under every picture.
//!
//! The line between two minimizers, a random plane, the plane through three checkpoints and a PCA
//! plane differ only in who made the directions. Points are always formed from the origin and the
//! directions, never by adding steps to a running copy.

use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::model::graph::Role;
use crate::model::params::Params;
use serde::{Deserialize, Serialize};

/// What running means and variances do while the weights move.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Buffers {
    /// They stay those of the origin
    Frozen,
    /// They follow the same affine formula as the weights; a variance that would turn negative is
    /// clamped, and how many were is said
    #[default]
    Interpolate,
    /// They are measured on the training split at every point: train-mode passes over batches of
    /// --statistics-batch samples, the mean over batches of their means and unbiased variances
    Recompute,
}

/// An origin, one to three directions, and what the buffers do.
#[derive(Debug, Clone)]
pub struct Slice {
    /// θ₀
    pub origin: Params,
    /// d₁ … dₖ
    pub directions: Vec<Params>,
    /// How running statistics are chosen.
    pub buffers: Buffers,
}

/// A variance below zero, which extrapolation can reach, becomes this: positive, and nothing beside
/// the ε that every normalisation layer adds.
const SMALLEST_VARIANCE: f64 = 1e-30;

/// Lengths of unit vectors that were stored in single precision differ by less.
const SAME_LENGTH: f64 = 1e-6;

impl Slice {
    /// # Errors
    /// Unless there are one to three directions over the origin's tensors.
    pub fn new(origin: Params, directions: Vec<Params>, buffers: Buffers) -> Result<Self> {
        if !(1..=3).contains(&directions.len()) {
            return Err(Error::Slice(format!(
                "a slice has 1 to 3 directions, not {}",
                directions.len()
            )));
        }
        if directions.iter().any(|d| d.layout() != origin.layout()) {
            return Err(Error::Slice(
                "a direction belongs to another network than the origin".into(),
            ));
        }
        Ok(Self {
            origin,
            directions,
            buffers,
        })
    }

    /// The line from `small` (0) to `large` (1), Keskar et al. 2017: θ(α) = (1−α) θ_s + α θ_l.
    ///
    /// # Errors
    /// Where the two belong to different networks.
    pub fn line(small: Params, large: &Params, buffers: Buffers) -> Result<Self> {
        if small.layout() != large.layout() {
            return Err(Error::Slice(
                "the two checkpoints belong to different networks".into(),
            ));
        }
        let direction = large.minus(&small);
        Self::new(small, vec![direction], buffers)
    }

    /// θ(c), buffers included, and how many variances had to be clamped.
    ///
    /// Under [`Buffers::Frozen`] and [`Buffers::Recompute`] the running statistics are the origin's.
    pub fn at(&self, coordinate: &[f64]) -> (Params, usize) {
        let mut clamped = 0;
        let mut index = 0;
        let point = self.origin.map(|spec, _| {
            let mut moved = self.tensor(index, coordinate);
            index += 1;
            if spec.role == Role::RunningVar {
                for v in moved.iter_mut().filter(|v| **v < 0.0) {
                    clamped += 1;
                    *v = SMALLEST_VARIANCE;
                }
            }
            moved
        });
        (point, clamped)
    }

    /// A tensor of θ(c) by its place in the layout, variances not clamped.
    ///
    /// The vectors of a spectral norm follow the affine formula too unless buffers are frozen, measured statistics
    /// or not: weights that move under vectors that stay would be divided by anything but their largest singular
    /// value. Between two unit vectors lie shorter ones, so they are brought back to the origin's length, all but
    /// those that have it to single precision's rounding: a checkpoint's own stay as they are.
    pub fn tensor(&self, index: usize, coordinate: &[f64]) -> Vec<f64> {
        let (role, origin) = (self.origin.layout()[index].role, self.origin.at(index));
        let follows = match role {
            Role::Trainable { .. } | Role::Grouped { .. } => true,
            Role::RunningMean | Role::RunningVar => self.buffers == Buffers::Interpolate,
            Role::Fixed => self.buffers != Buffers::Frozen,
        };
        if !follows {
            return origin.to_vec();
        }
        let mut moved = self.origin.combine(index, &self.directions, coordinate);
        if role == Role::Fixed {
            let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            let longer = length(origin) / length(&moved);
            if (longer - 1.0).abs() > SAME_LENGTH {
                for v in &mut moved {
                    *v *= longer;
                }
            }
        }
        moved
    }

    /// How many variances turn negative and are clamped at any of `coordinates`, summed.
    pub fn clamped_variances(&self, coordinates: &[Coordinate]) -> usize {
        if self.buffers != Buffers::Interpolate {
            return 0;
        }
        let mut clamped = 0;
        for (index, spec) in self.origin.layout().iter().enumerate() {
            if spec.role == Role::RunningVar {
                for c in coordinates {
                    let values = self.origin.combine(index, &self.directions, c);
                    clamped += values.iter().filter(|v| **v < 0.0).count();
                }
            }
        }
        clamped
    }

    /// Norms of the directions and, for two, their cosine.
    pub fn geometry(&self) -> Geometry {
        let norms = self.directions.iter().map(Params::norm).collect();
        let cosine = match self.directions.as_slice() {
            [x, y] => Some(x.cosine(y)),
            _ => None,
        };
        Geometry { norms, cosine }
    }

    /// Coordinates of the point of the slice nearest to `point`, and the fraction of its offset
    /// from the origin that lies outside (0: in the slice, 1: at a right angle to it).
    ///
    /// Solves the normal equations of the directions; a direction that adds nothing gets 0. Where a
    /// weight isn't finite, coordinates are 0 and distances NaN.
    pub fn project(&self, point: &Params) -> Projection {
        let offset = point.minus(&self.origin);
        let k = self.directions.len();
        let gram =
            nalgebra::DMatrix::from_fn(k, k, |i, j| self.directions[i].dot(&self.directions[j]));
        let right = nalgebra::DVector::from_fn(k, |i, _| self.directions[i].dot(&offset));
        if !gram.iter().chain(right.iter()).all(|v| v.is_finite()) {
            return Projection {
                coordinate: vec![0.0; k],
                distance: f64::NAN,
                outside: f64::NAN,
            };
        }
        let svd = gram.svd(true, true);
        let tolerance = svd.singular_values.max() * 1e-12;
        let coordinate: Vec<f64> = svd
            .solve(&right, tolerance)
            .map_or_else(|_| vec![0.0; k], |c| c.iter().copied().collect());
        let mut rest = offset.clone();
        for (direction, &c) in self.directions.iter().zip(&coordinate) {
            rest = rest.plus(-c, direction);
        }
        let (distance, length) = (rest.norm(), offset.norm());
        let outside = if length == 0.0 {
            0.0
        } else {
            distance / length
        };
        Projection {
            coordinate,
            distance,
            outside,
        }
    }
}

/// Facts about a slice's directions that a reader needs to trust a picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// L2 norm of each direction: what one unit of its coordinate means.
    pub norms: Vec<f64>,
    /// Cosine of the angle between the two directions of a plane.
    pub cosine: Option<f64>,
}

/// A point seen from a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Coordinates of the nearest point of the slice.
    pub coordinate: Coordinate,
    /// L2 distance from the slice.
    pub distance: f64,
    /// That distance over the offset from the origin, 0 to 1.
    pub outside: f64,
}
