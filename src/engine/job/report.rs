//! The report job: what `losscope report` measures, as the jobs of the other commands.

use super::curvature::CurvatureJob;
use super::line::LineJob;
use super::noise::NoiseJob;
use super::paths::lossy;
use super::request::{Request, own_setup};
use super::setup::{Setup, without_options};
use super::sharpness::{Measures, SharpnessJob};
use super::surface::SurfaceJob;
use super::values::{AxisChoice, BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::error::{Error, Result};
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::grid::Axis;
use crate::landscape::slice::Buffers;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the contours of a report are centred: small batch, half way, large batch.
pub const CENTRES: [f64; 3] = [0.0, 0.5, 1.0];

/// Everything for two checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct ReportJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// Small-batch checkpoint, large-batch checkpoint and, for distances, the weights both started from [default: the built-in experiment]
    #[arg(value_name = "FILE")]
    #[serde(default)]
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// What running means and variances do as the weights move along the line and over planes
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
    /// Coarser grids, fewer probes and no map of curvature: a first look in a fraction of the time
    #[arg(long)]
    #[serde(default)]
    pub quick: bool,
}

impl Default for ReportJob {
    fn default() -> Self {
        without_options()
    }
}

impl Request for ReportJob {
    own_setup!();

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    fn check(&self) -> Result<()> {
        self.pair().map(drop)
    }
}

impl ReportJob {
    /// Small batch and large batch.
    ///
    /// # Errors
    /// Unless there are two files, three, or none.
    pub fn pair(&self) -> Result<[PathBuf; 2]> {
        match self.files.as_slice() {
            [] => Ok([BUILTIN_SMALL.into(), BUILTIN_LARGE.into()]),
            [small, large] | [small, large, _] => Ok([small.clone(), large.clone()]),
            files => Err(Error::Usage(format!(
                "a report takes a small-batch and a large-batch checkpoint and, where there are any, the initial weights, not {} files",
                files.len()
            ))),
        }
    }

    /// The weights both started from.
    pub fn start(&self) -> Option<PathBuf> {
        match self.files.as_slice() {
            [] => Some(BUILTIN_INIT.into()),
            files => files.get(2).cloned(),
        }
    }

    /// The line between both.
    ///
    /// # Errors
    /// As [`ReportJob::pair`], as all that follow.
    pub fn line(&self) -> Result<LineJob> {
        let [small, large] = self.pair()?;
        Ok(LineJob {
            only: Vec::new(),
            setup: self.setup.clone(),
            small,
            large,
            buffers: self.buffers,
            remeasure: self.remeasure,
            alpha: axis(-1.0, 2.0, if self.quick { 31 } else { 61 }),
        })
    }

    /// The plane around one of [`CENTRES`].
    ///
    /// # Errors
    /// As above.
    pub fn surface(&self, alpha: f64) -> Result<SurfaceJob> {
        let [small, large] = self.pair()?;
        let points = if self.quick { 15 } else { 31 };
        Ok(SurfaceJob {
            setup: self.setup.clone(),
            small: Some(small),
            large: Some(large),
            alpha: Some(alpha),
            x: Some(AxisChoice::Given(axis(-1.0, 1.0, points))),
            buffers: self.buffers,
            remeasure: self.remeasure,
            ..SurfaceJob::default()
        })
    }

    /// φ in full space, and the sharpnesses of other papers.
    ///
    /// # Errors
    /// As above.
    pub fn sharpness(&self) -> Result<SharpnessJob> {
        let mut job = SharpnessJob {
            setup: self.setup.clone(),
            files: self.pair()?.to_vec(),
            ..SharpnessJob::default()
        };
        if self.quick {
            (job.iterations, job.restarts, job.draws) = (5, 2, 8);
        }
        Ok(job)
    }

    /// φ in a random subspace.
    ///
    /// # Errors
    /// As above.
    pub fn subspace(&self) -> Result<SharpnessJob> {
        Ok(SharpnessJob {
            subspace: Some(if self.quick { 20 } else { 100 }),
            measures: Measures(Vec::new()),
            ..self.sharpness()?
        })
    }

    /// Eigenvalues, trace, density and steps along the gradient at one of the pair; at the small-batch
    /// one slope and curvature along the line to the other, too.
    ///
    /// # Errors
    /// As above.
    pub fn curvature(&self, which: usize) -> Result<CurvatureJob> {
        let [small, large] = self.pair()?;
        let mut job = CurvatureJob {
            setup: self.setup.clone(),
            ..CurvatureJob::default()
        };
        (job.trace, job.density) = (true, true);
        job.along_gradient = Some(axis(0.01, 1.0, if self.quick { 10 } else { 20 }));
        if self.quick {
            (job.probes, job.density_probes, job.density_steps) = (20, 2, 40);
            job.alpha.points = 11;
        }
        if which == 0 {
            (job.file, job.to) = (Some(small), Some(large));
        } else {
            job.file = Some(large);
        }
        Ok(job)
    }

    /// |λ_min/λ_max| over the plane around one of the pair.
    ///
    /// # Errors
    /// As above.
    pub fn map(&self, which: usize) -> Result<CurvatureJob> {
        Ok(CurvatureJob {
            setup: self.setup.clone(),
            file: self.pair()?.get(which).cloned(),
            top: 0,
            map: Some(axis(-1.0, 1.0, 9)),
            ..CurvatureJob::default()
        })
    }

    /// Gradient noise at one of the pair.
    ///
    /// # Errors
    /// As above.
    pub fn noise(&self, which: usize) -> Result<NoiseJob> {
        let mut job = NoiseJob {
            setup: self.setup.clone(),
            file: self.pair()?.get(which).cloned(),
            ..NoiseJob::default()
        };
        if self.quick {
            (job.curvature_probes, job.alignment_repeats) = (5, 4);
        }
        Ok(job)
    }
}

fn axis(from: f64, to: f64, points: usize) -> Axis {
    Axis { from, to, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_or_four_are_refused() {
        for count in [1, 4] {
            let job = ReportJob {
                files: vec!["a.pt".into(); count],
                ..ReportJob::default()
            };
            assert!(job.pair().is_err() && job.check().is_err());
        }
    }
}
