//! The path of a training run, seen in the plane in which it varies most (Li et al. 2018, section 7).

use crate::error::{Error, Result};
use crate::landscape::slice::Buffers;
use crate::landscape::slice::{Projection, Slice};
use crate::model::params::Params;
use serde::{Deserialize, Serialize};

/// A PCA plane of a series of checkpoints and the series seen in it.
#[derive(Debug, Clone)]
pub struct Trajectory {
    /// Two unit directions, the first with the larger variance.
    pub directions: Vec<Params>,
    /// Share of the total variance along every principal direction, largest first.
    pub explained: Vec<f64>,
    /// Each checkpoint's coordinates in the plane (L2 distances from the last one) and its distance
    /// out of it, in the series' order.
    pub points: Vec<Projection>,
}

/// Which rows the principal directions are found from, and what is taken off them. A row is
/// w_t − w_last, the offset of a checkpoint from the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Centring {
    /// The offsets w_t − w_last of all checkpoints but the last, less their mean: directions of the
    /// variance about the mean
    #[default]
    Mean,
    /// Exactly as Li et al.'s code: the last checkpoint's own row, which is zero, counts too, in the
    /// mean and in the variance
    Li,
    /// The offsets w_t − w_last themselves, uncentred: directions of the distance from the last
    /// checkpoint
    #[serde(alias = "none")]
    #[value(alias = "none")]
    Final,
}

impl Centring {
    /// The rule in words, for figures and files.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Mean => "about the mean of all checkpoints but the last",
            Self::Li => {
                "about the mean of all checkpoints, the last one's zero row counted (Li et al. 2018)"
            }
            Self::Final => "of the offsets from the last checkpoint, uncentred",
        }
    }

    /// Checkpoints it takes to span a plane.
    fn fewest(self) -> usize {
        match self {
            Self::Mean => 4,
            Self::Li | Self::Final => 3,
        }
    }
}

/// Principal directions of the offsets w_t − w_last of a series.
///
/// Works on the m × m matrix of inner products, so that m checkpoints of n parameters cost m² n.
/// The sign of a direction is chosen so that the first checkpoint has a positive coordinate.
///
/// # Errors
/// With fewer than three checkpoints, or where they span no plane.
pub fn pca(series: &[Params], centring: Centring) -> Result<Trajectory> {
    let [first, .., last] = series else {
        return Err(Error::Slice(
            "a trajectory needs at least three checkpoints".into(),
        ));
    };
    if series.len() < 3 || series.iter().any(|p| p.layout() != first.layout()) {
        return Err(Error::Slice(
            "a trajectory needs at least three checkpoints of one network".into(),
        ));
    }
    if series.len() < centring.fewest() {
        return Err(Error::Slice(
            "three checkpoints span no plane about the mean of the first two; give four, or use --centring li or final"
                .into(),
        ));
    }
    // The last checkpoint's offset is zero; whether that is a row of its own is a matter of the rule.
    let count = series.len() - usize::from(centring != Centring::Li);
    let mut rows: Vec<Params> = series
        .iter()
        .take(count)
        .map(|p| without_buffers(&p.minus(last)))
        .collect();
    if centring != Centring::Final {
        let share = 1.0 / rows.len() as f64;
        let mean = rows
            .iter()
            .skip(1)
            .fold(rows[0].clone(), |sum, row| sum.plus(1.0, row))
            .scaled(share);
        rows = rows.iter().map(|row| row.minus(&mean)).collect();
    }
    let gram = nalgebra::DMatrix::from_fn(rows.len(), rows.len(), |i, j| rows[i].dot(&rows[j]));
    let eigen = gram.symmetric_eigen();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let total: f64 = eigen.eigenvalues.iter().map(|v| v.max(0.0)).sum();
    let explained: Vec<f64> = order
        .iter()
        .map(|&i| eigen.eigenvalues[i].max(0.0) / total)
        .collect();
    let mut directions = Vec::with_capacity(2);
    for &k in order.iter().take(2) {
        if eigen.eigenvalues[k] <= total * 1e-12 || !total.is_finite() || total == 0.0 {
            return Err(Error::Slice(
                "the checkpoints lie on a line (or are all the same): they span no plane".into(),
            ));
        }
        let column = eigen.eigenvectors.column(k);
        let zero = Params::zeros(first.layout());
        let combined = rows
            .iter()
            .zip(column.iter())
            .fold(zero, |sum, (row, &c)| sum.plus(c, row));
        directions.push(combined.scaled(1.0 / combined.norm()));
    }
    let start = first.minus(last);
    for direction in &mut directions {
        if direction.dot(&start) < 0.0 {
            *direction = direction.scaled(-1.0);
        }
    }
    let plane = Slice::new(last.clone(), directions.clone(), Buffers::Frozen)?;
    let points = series.iter().map(|p| plane.project(p)).collect();
    Ok(Trajectory {
        directions,
        explained,
        points,
    })
}

fn without_buffers(params: &Params) -> Params {
    params.map(|spec, values| {
        if spec.is_trainable() {
            values.to_vec()
        } else {
            vec![0.0; values.len()]
        }
    })
}
