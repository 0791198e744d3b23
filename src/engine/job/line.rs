//! The job of `losscope line`.

use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use super::values::{BUILTIN_LARGE, BUILTIN_SMALL};
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::grid::Axis;
use crate::landscape::slice::Buffers;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The line between two minimizers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct LineJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Small-batch minimizer, at α = 0
    #[arg(long, value_name = "FILE", default_value = BUILTIN_SMALL, requires = "large")]
    #[serde(serialize_with = "lossy")]
    pub small: PathBuf,
    /// Large-batch minimizer, at α = 1
    #[arg(long, value_name = "FILE", default_value = BUILTIN_LARGE, requires = "small")]
    #[serde(serialize_with = "lossy")]
    pub large: PathBuf,
    /// Where on the line: FROM:TO:POINTS
    #[arg(long, default_value = "-1:2:61", allow_hyphen_values = true)]
    pub alpha: Axis,
    /// Move only these layers or modules towards the large-batch minimizer; all other weights stay those of
    /// the small-batch one
    #[arg(long, value_delimiter = ',', value_name = "LAYER,…")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// What running means and variances do as the weights move
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
}

impl Default for LineJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for LineJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        vec![self.small.clone(), self.large.clone()]
    }
}
