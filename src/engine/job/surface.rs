//! The job of `losscope surface`.

use super::bounds;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use super::values::{AxisChoice, DEFAULT_POINTS, Directions, Tolerance};
use crate::error::{Error, Result};
use crate::landscape::direction::{Normalization, OneDim};
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::slice::Buffers;
use crate::landscape::trajectory::Centring;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A filter-normalised (or other) plane around a point of parameter space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct SurfaceJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// The checkpoint at the centre [default: the built-in small-batch minimizer]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["small", "large", "alpha"])]
    #[serde(serialize_with = "lossy")]
    pub at: Option<PathBuf>,
    /// Small-batch minimizer, for a centre between two
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub small: Option<PathBuf>,
    /// Large-batch minimizer, for a centre between two
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub large: Option<PathBuf>,
    /// Where between the two the centre lies: 0 small batch, 1 large batch
    #[arg(long, allow_negative_numbers = true, value_parser = bounds::ALPHA)]
    pub alpha: Option<f64>,
    /// random, hessian, worst:EPSILON, FILE, FILE,FILE, three:FILE,FILE or pca:FOLDER
    #[arg(long, default_value = "random")]
    pub directions: Directions,
    /// How directions are scaled to the weights [default: filter for random ones; stored ones as stored]
    #[arg(long, value_enum, value_name = "RULE")]
    pub normalize: Option<Normalization>,
    /// What biases and other one-axis tensors do [default: zero for random directions; as stored for stored ones]
    #[arg(long, value_enum, value_name = "RULE")]
    pub one_dim: Option<OneDim>,
    /// Make the second direction orthogonal to the first
    #[arg(long)]
    #[serde(default)]
    pub orthogonal: bool,
    /// Move only these layers or modules, all other weights stay (random and stored directions)
    #[arg(long, value_delimiter = ',', value_name = "LAYER,…")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Gram–Schmidt frame in L2 distances instead of plain differences (three:…)
    #[arg(long)]
    #[serde(default)]
    pub isometric: bool,
    /// A folder of checkpoints whose path is drawn in the plane too, may be repeated: several runs over one plane
    #[arg(long, value_name = "FOLDER")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(serialize_with = "lossy")]
    pub paths: Vec<PathBuf>,
    /// What the principal directions are taken about (pca:…): the mean of all checkpoints but the last; all of them, as Li et al.'s code (li); or the last one (final)
    #[arg(long, value_enum, default_value = "mean")]
    #[serde(default)]
    pub centring: Centring,
    /// Coordinates along the first direction, FROM:TO:POINTS or auto [default: -1:1:51, or around the marked checkpoints]
    #[arg(long, allow_hyphen_values = true)]
    pub x: Option<AxisChoice>,
    /// Coordinates along the second direction, FROM:TO:POINTS or auto [default: as x]
    #[arg(long, allow_hyphen_values = true)]
    pub y: Option<AxisChoice>,
    /// Compute only as many points as interpolation between them needs to be this good, such as 1% of the loss's range; the others are marked as interpolated [default: every point is computed]
    #[arg(long, value_name = "SHARE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// What running means and variances do as the weights move
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
}

impl Default for SurfaceJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for SurfaceJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        let named = [&self.at, &self.small, &self.large].into_iter().flatten();
        let named = named.cloned().chain(self.directions.files());
        named.chain(self.paths.clone()).collect()
    }

    fn check(&self) -> Result<()> {
        let wrong = |message: &str| Err(Error::Usage(message.into()));
        if self.small.is_some() != self.large.is_some() {
            return wrong(
                "--small and --large go together: a centre between two checkpoints needs both",
            );
        }
        if self.alpha.is_some() && self.small.is_none() {
            return wrong(
                "--alpha says where between two checkpoints the centre lies: give --small and --large",
            );
        }
        if let Some(alpha) = self.alpha {
            bounds::ALPHA.check(alpha)?;
        }
        let points = |axis: Option<AxisChoice>| match axis {
            Some(AxisChoice::Given(axis)) => axis.points,
            Some(AxisChoice::Auto(points)) => points,
            None => DEFAULT_POINTS,
        };
        let (x, y) = (points(self.x), points(self.y.or(self.x)));
        bounds::GRID.check(x.saturating_mul(y))?;
        if let Directions::Worst(epsilon) = self.directions {
            bounds::EPSILON.check(epsilon)?;
        }
        let between_checkpoints =
            matches!(self.directions, Directions::Three(..) | Directions::Pca(_));
        if between_checkpoints && (self.normalize.is_some() || self.one_dim.is_some()) {
            return wrong(
                "directions between checkpoints are plain differences: leave --normalize and --one-dim out",
            );
        }
        if between_checkpoints && self.orthogonal {
            return wrong(
                "--orthogonal is for random and stored directions; for three checkpoints there is --isometric",
            );
        }
        if self.directions.are_found()
            && (self.normalize.is_some() || self.one_dim.is_some() || self.orthogonal)
        {
            return wrong(
                "eigenvectors and worst points are taken as they are: leave --normalize, --one-dim and --orthogonal out",
            );
        }
        if !self.only.is_empty() && (between_checkpoints || self.directions.are_found()) {
            return wrong(
                "--only is for random and stored directions: leave it out, or the other --directions",
            );
        }
        if self.isometric && !matches!(self.directions, Directions::Three(..)) {
            return wrong(
                "--isometric is for the plane through three checkpoints (--directions three:FILE,FILE)",
            );
        }
        if matches!(self.directions, Directions::Pca(_))
            && (self.at.is_some() || self.small.is_some())
        {
            return wrong(
                "a PCA plane is centred at the folder's last checkpoint: leave --at, --small and --large out",
            );
        }
        Ok(())
    }
}
