//! The job of `losscope export`: what views of the window show of an experiment.

use super::bounds;
use super::paths::lossy;
use super::request::Request;
use super::setup::{Setup, without_options};
use super::surface::SurfaceJob;
use crate::error::{Error, Result};
use crate::landscape::grid::Axis;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Views of an experiment: the two minimizers, a plane around a point of their line, a size of neighbourhoods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct ExportJob {
    /// Which views: contour, surface, compare, line, sharpness, measures, density, convexity, layers, sections
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
    /// A point of the plane that sections go through: X,Y [default: its centre]
    #[arg(
        long,
        value_name = "X,Y",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    #[serde(default)]
    pub through: Vec<f64>,
    /// A further minimizer that the comparison shows beside those of the line, may be repeated
    #[arg(long, value_name = "FILE")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(serialize_with = "lossy")]
    pub beside: Vec<PathBuf>,
    /// Points of the line that the comparison leaves out
    #[arg(long, value_enum, value_name = "POINT,…", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<OnLine>,
    /// How large a neighbourhood counts for sharpness
    #[arg(long, default_value_t = 1e-3, value_parser = bounds::EPSILON)]
    pub epsilon: f64,
}

/// A point of the line that has a surface of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OnLine {
    /// The small-batch minimizer.
    Small,
    /// θ(α).
    Here,
    /// The large-batch minimizer.
    Large,
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
            .chain(self.beside.clone())
            .collect()
    }

    fn check(&self) -> Result<()> {
        if !matches!(self.through.len(), 0 | 2) {
            return Err(Error::Usage(format!(
                "--through takes the two coordinates of a point, not {}",
                self.through.len()
            )));
        }
        bounds::EPSILON.check(self.epsilon)
    }
}
