//! The curvature job: what `losscope curvature` may ask for.

use super::bounds;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use crate::error::Result;
use crate::landscape::curvature::lanczos::MOST_PRODUCTS;
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::grid::Axis;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Second derivatives of the loss at a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct CurvatureJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// The checkpoint [default: the built-in small-batch minimizer]
    #[arg(value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub file: Option<PathBuf>,
    /// Largest eigenvalues, with the smallest one beside them; 0: none
    #[arg(long, default_value_t = 5, value_parser = bounds::TOP, value_name = "N")]
    pub top: usize,
    /// Residual, relative to the eigenvalue's own size, at which it counts as found
    #[arg(long, default_value_t = 1e-3, value_parser = bounds::TOLERANCE, hide_short_help = true)]
    pub tolerance: f64,
    /// Hessian-vector products after which the best so far is the answer
    #[arg(long, default_value_t = MOST_PRODUCTS, value_parser = bounds::MOST_PRODUCTS, value_name = "N", hide_short_help = true)]
    pub most_products: usize,
    /// Estimate the trace (Hutchinson)
    #[arg(long)]
    #[serde(default)]
    pub trace: bool,
    /// Random vectors for the trace, one product each
    #[arg(long, default_value_t = 100, value_parser = bounds::PROBES, value_name = "N", hide_short_help = true)]
    pub probes: usize,
    /// Estimate the density of all eigenvalues (stochastic Lanczos quadrature)
    #[arg(long)]
    #[serde(default)]
    pub density: bool,
    /// Random vectors for the density
    #[arg(long, default_value_t = 8, value_parser = bounds::DENSITY_PROBES, value_name = "N", hide_short_help = true)]
    pub density_probes: usize,
    /// Products for each of them
    #[arg(long, default_value_t = 80, value_parser = bounds::DENSITY_STEPS, value_name = "N", hide_short_help = true)]
    pub density_steps: usize,
    /// Loss and gradient along the gradient direction, at these learning rates: FROM:TO:POINTS
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub along_gradient: Option<Axis>,
    /// Slope and curvature along the line to this checkpoint
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub to: Option<PathBuf>,
    /// Where on that line: 0 is here, 1 there
    #[arg(
        long,
        default_value = "0:1:21",
        value_name = "RANGE",
        allow_hyphen_values = true,
        requires = "to"
    )]
    pub alpha: Axis,
    /// |λ_min/λ_max| over a random filter-normalised plane with these coordinates on both axes
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub map: Option<Axis>,
    /// Where normalisation layers take their statistics from
    #[arg(long, value_enum, default_value = "eval")]
    #[serde(default)]
    pub statistics: StatisticsMode,
}

impl Default for CurvatureJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for CurvatureJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.file.iter().chain(&self.to).cloned().collect()
    }

    fn caution(&self) -> &'static str {
        crate::landscape::curvature::CAUTION
    }

    fn check(&self) -> Result<()> {
        bounds::TOP.check(self.top)?;
        bounds::TOLERANCE.check(self.tolerance)?;
        bounds::MOST_PRODUCTS.check(self.most_products)?;
        bounds::PROBES.check(self.probes)?;
        bounds::DENSITY_PROBES.check(self.density_probes)?;
        bounds::DENSITY_STEPS.check(self.density_steps)?;
        if let Some(axis) = self.map {
            bounds::MAP_POINTS.check(axis.points)?;
        }
        Ok(())
    }
}
