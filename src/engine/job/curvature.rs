//! The curvature job: what `losscope curvature` may ask for.

use super::Setup;
use crate::error::{Error, Result};
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
    pub file: Option<PathBuf>,
    /// Largest eigenvalues, with the smallest one beside them; 0: none
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub top: usize,
    /// Residual, relative to the eigenvalue's own size, at which it counts as found
    #[arg(long, default_value_t = 1e-3)]
    pub tolerance: f64,
    /// Hessian-vector products after which the best so far is the answer
    #[arg(long, default_value_t = MOST_PRODUCTS, value_name = "N")]
    pub most_products: usize,
    /// Estimate the trace (Hutchinson)
    #[arg(long)]
    #[serde(default)]
    pub trace: bool,
    /// Random vectors for the trace, one product each
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub probes: usize,
    /// Estimate the density of all eigenvalues (stochastic Lanczos quadrature)
    #[arg(long)]
    #[serde(default)]
    pub density: bool,
    /// Random vectors for the density
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub density_probes: usize,
    /// Products for each of them
    #[arg(long, default_value_t = 80, value_name = "N")]
    pub density_steps: usize,
    /// Loss and gradient along the gradient direction, at these learning rates: FROM:TO:POINTS
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub along_gradient: Option<Axis>,
    /// Slope and curvature along the line to this checkpoint
    #[arg(long, value_name = "FILE")]
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

impl CurvatureJob {
    /// Refuses numbers that make no sense before anything is opened.
    ///
    /// # Errors
    /// Says which.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::Usage(message));
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return wrong(format!(
                "--tolerance {} must lie between 0 and 1",
                self.tolerance
            ));
        }
        if self.most_products == 0
            || self.probes == 0
            || self.density_probes == 0
            || self.density_steps == 0
        {
            return wrong(
            "--most-products, --probes, --density-probes and --density-steps must be at least 1"
                .into(),
        );
        }
        if let Some(axis) = self.map
            && axis.points > 201
        {
            return wrong(format!(
                "{} × {} points of two eigenvalues each are days of work; choose a coarser --map",
                axis.points, axis.points
            ));
        }
        Ok(())
    }
}
