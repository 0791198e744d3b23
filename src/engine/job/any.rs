//! Any job whose result is a file of its own: which command it is, and what all of them have.

use super::line::LineJob;
use super::setup::Setup;
use super::surface::SurfaceJob;
use super::trajectory::TrajectoryJob;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Any job whose result is a file of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Job {
    /// `losscope surface`
    Surface(SurfaceJob),
    /// `losscope line`
    Line(LineJob),
    /// `losscope trajectory`
    Trajectory(TrajectoryJob),
}

impl Job {
    /// Network, data and device, for jobs that compute.
    pub fn setup(&self) -> Option<&Setup> {
        match self {
            Self::Surface(job) => Some(&job.setup),
            Self::Line(job) => Some(&job.setup),
            Self::Trajectory(_) => None,
        }
    }

    /// Where in the checkpoints the weights are, where that was said.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Trajectory(job) => job.key.as_deref(),
            _ => self.setup()?.key.as_deref(),
        }
    }

    /// As [`Job::setup`], to change it.
    pub fn setup_mut(&mut self) -> Option<&mut Setup> {
        match self {
            Self::Surface(job) => Some(&mut job.setup),
            Self::Line(job) => Some(&mut job.setup),
            Self::Trajectory(_) => None,
        }
    }

    /// Every file and folder the job reads.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs: Vec<PathBuf> = Vec::new();
        if let Some(setup) = self.setup() {
            inputs.extend([PathBuf::from(&setup.data), PathBuf::from(&setup.model)]);
        }
        match self {
            Self::Surface(job) => {
                inputs.extend(
                    [&job.at, &job.small, &job.large]
                        .into_iter()
                        .flatten()
                        .cloned(),
                );
                inputs.extend(job.directions.files());
            }
            Self::Line(job) => inputs.extend([job.small.clone(), job.large.clone()]),
            Self::Trajectory(job) => {
                inputs.extend([PathBuf::from(&job.model), job.folder.clone()]);
            }
        }
        inputs
    }
}
