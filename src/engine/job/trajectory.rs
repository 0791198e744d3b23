//! The job of `losscope trajectory`.

use super::paths::lossy;
use super::request::Request;
use super::setup::Setup;
use super::values::BUILTIN_RUN;
use crate::landscape::trajectory::Centring;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A folder of checkpoints seen in its PCA plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct TrajectoryJob {
    /// The network: auto (the checkpoint's own graph, or recognised from names and shapes), a family's name, a model.toml, or a file with a graph (.pt2)
    #[arg(long, default_value = "auto", help_heading = "Network and data")]
    pub model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME", help_heading = "Network and data")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Folder of checkpoints; their order is that of the numbers in their names [default: the built-in run]
    #[arg(value_name = "DIR", default_value = BUILTIN_RUN, hide_default_value = true)]
    #[serde(serialize_with = "lossy")]
    pub folder: PathBuf,
    /// What the principal directions are taken about: the mean of all checkpoints but the last; all of them, as Li et al.'s code (li); or the last one (final)
    #[arg(long, value_enum, default_value = "mean")]
    #[serde(default)]
    pub centring: Centring,
}

impl Request for TrajectoryJob {
    fn setup(&self) -> Option<&Setup> {
        None
    }

    fn setup_mut(&mut self) -> Option<&mut Setup> {
        None
    }

    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![PathBuf::from(&self.model), self.folder.clone()]
    }
}
