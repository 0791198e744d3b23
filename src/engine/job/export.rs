//! The job of `losscope export`: what views of the window show of an experiment.

use super::bounds;
use super::paths::lossy;
use super::request::Request;
use super::setup::{Setup, without_options};
use super::surface::SurfaceJob;
use crate::error::Result;
use crate::landscape::grid::Axis;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Views of an experiment: the two minimizers, a plane around a point of their line, a size of neighbourhoods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct ExportJob {
    /// Which views: contour, surface, compare, line, sharpness, measures, density, convexity, layers
    #[arg(value_name = "VIEW")]
    #[serde(default)]
    pub views: Vec<String>,
    /// The plane, and the minimizers.
    #[command(flatten)]
    #[serde(flatten)]
    pub surface: SurfaceJob,
    /// The weights that training started from
    #[arg(long, value_name = "FILE")]
    #[serde(default, serialize_with = "lossy")]
    pub initial: Option<PathBuf>,
    /// Where on the line between the minimizers metrics are taken: FROM:TO:POINTS
    #[arg(
        long,
        default_value = "-1:2:61",
        value_name = "RANGE",
        allow_hyphen_values = true
    )]
    pub line: Axis,
    /// How large a neighbourhood counts for sharpness
    #[arg(long, default_value_t = 1e-3, value_parser = bounds::EPSILON)]
    pub epsilon: f64,
}

impl Default for ExportJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for ExportJob {
    fn setup(&self) -> Option<&Setup> {
        self.surface.setup()
    }

    fn setup_mut(&mut self) -> Option<&mut Setup> {
        self.surface.setup_mut()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.surface
            .files()
            .into_iter()
            .chain(self.initial.clone())
            .collect()
    }

    fn check(&self) -> Result<()> {
        bounds::EPSILON.check(self.epsilon)
    }
}
