//! The job of `losscope distance`.

use super::paths::lossy;
use super::request::Request;
use super::setup::{Setup, without_options};
use super::values::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::{Error, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How far checkpoints are from where they started, or from each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct DistanceJob {
    /// Checkpoints, or one or two folders of them [default: both minimizers of the built-in experiment]
    #[arg(value_name = "FILE|DIR")]
    #[serde(default, serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// Where distances are measured from, such as the initial weights [default: the first FILE]
    #[arg(long, value_name = "INIT")]
    #[serde(default, serialize_with = "lossy")]
    pub from: Option<PathBuf>,
    /// The network: auto, a family's name, a model.toml, or a file with a graph (.pt2)
    #[arg(long, default_value = "auto")]
    pub model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Default for DistanceJob {
    fn default() -> Self {
        without_options()
    }
}

impl DistanceJob {
    /// The checkpoint that distances are measured from, and those measured.
    ///
    /// # Errors
    /// Where there is none to measure.
    pub fn pairs(&self) -> Result<(PathBuf, Vec<PathBuf>)> {
        match (&self.from, self.files.as_slice()) {
            (None, []) => Ok((
                BUILTIN_INIT.into(),
                vec![BUILTIN_SMALL.into(), BUILTIN_LARGE.into()],
            )),
            (Some(from), files @ [_, ..]) => Ok((from.clone(), files.to_vec())),
            (None, [first, others @ ..]) if !others.is_empty() => {
                Ok((first.clone(), others.to_vec()))
            }
            _ => Err(Error::Usage(
                "a distance takes two checkpoints: name another, or --from the initial weights"
                    .into(),
            )),
        }
    }
}

impl Request for DistanceJob {
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
        let named = self.files.iter().chain(&self.from).cloned();
        named.chain([PathBuf::from(&self.model)]).collect()
    }
}
