//! The job of `losscope experiment`.

use super::recipe;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use crate::error::Result;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// An experiment of the literature, done again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct ExperimentJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Which one; without it they are listed
    #[arg(value_name = "NAME")]
    #[serde(default)]
    pub experiment: Option<String>,
    /// How large: minutes on two cores with the built-in digits, or of the size of the source
    #[arg(long, value_enum, default_value_t, help_heading = "Experiment")]
    pub size: Size,
    /// Change a field of every recipe it trains; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", help_heading = "Experiment")]
    #[serde(default)]
    pub set: Vec<String>,
}

/// How large an experiment is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// Small networks and few seeds: minutes on two cores.
    #[default]
    Small,
    /// Networks and lengths near the source's: hours on a GPU, with data of one's own.
    Paper,
}

impl Default for ExperimentJob {
    fn default() -> Self {
        without_options()
    }
}

impl ExperimentJob {
    /// What `set` changes, field by field.
    ///
    /// # Errors
    /// Where one changes nothing.
    pub fn changes(&self) -> Result<Map<String, Value>> {
        self.set.iter().map(|text| recipe::change(text)).collect()
    }
}

impl Request for ExperimentJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn check(&self) -> Result<()> {
        self.changes().map(drop)
    }
}
