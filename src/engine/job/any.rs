//! Any job: which command it is, and what all of them have.
//!
//! A kind of job is its struct, what it says of itself ([`Request`]), and a line in the list below.

use super::animation::AnimationJob;
use super::curvature::CurvatureJob;
use super::distance::DistanceJob;
use super::experiment::ExperimentJob;
use super::export::ExportJob;
use super::line::LineJob;
use super::measure::MeasureJob;
use super::noise::NoiseJob;
use super::report::ReportJob;
use super::request::Request;
use super::setup::Setup;
use super::sharpness::SharpnessJob;
use super::surface::SurfaceJob;
use super::training::TrainingJob;
use super::trajectory::TrajectoryJob;
use super::typed::typed;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The enum of all jobs, and what is asked of whichever it is.
macro_rules! jobs {
    ($($kind:ident($job:ty) = $command:literal),* $(,)?) => {
        /// Any job, by its command.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "command")]
        pub enum Job {
            $(
                #[doc = concat!("`losscope ", $command, "`")]
                #[serde(rename = $command)]
                $kind($job)
            ),*
        }

        $(impl From<$job> for Job {
            fn from(job: $job) -> Self {
                Self::$kind(job)
            }
        })*

        impl Job {
            /// The command that does it.
            pub fn command(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $command),*
                }
            }

            /// The job as it would be typed: what differs from the defaults, and every file.
            ///
            /// # Errors
            /// None that a job of this program could cause.
            pub fn command_line(&self) -> Result<String> {
                match self {
                    $(Self::$kind(job) => typed($command, job)),*
                }
            }

            fn request(&self) -> &dyn Request {
                match self {
                    $(Self::$kind(job) => job),*
                }
            }

            fn request_mut(&mut self) -> &mut dyn Request {
                match self {
                    $(Self::$kind(job) => job),*
                }
            }
        }
    };
}

jobs! {
    Surface(SurfaceJob) = "surface",
    Line(LineJob) = "line",
    Trajectory(TrajectoryJob) = "trajectory",
    Sharpness(SharpnessJob) = "sharpness",
    Curvature(CurvatureJob) = "curvature",
    Noise(NoiseJob) = "noise",
    Measure(MeasureJob) = "measure",
    Distance(DistanceJob) = "distance",
    Report(ReportJob) = "report",
    Animation(AnimationJob) = "animate",
    Training(TrainingJob) = "train",
    Experiment(ExperimentJob) = "experiment",
    Export(ExportJob) = "export",
}

impl Job {
    /// Network, data and device, for jobs that evaluate a network.
    pub fn setup(&self) -> Option<&Setup> {
        self.request().setup()
    }

    /// As [`Job::setup`], to change it.
    pub fn setup_mut(&mut self) -> Option<&mut Setup> {
        self.request_mut().setup_mut()
    }

    /// Where in the checkpoints the weights are, where that was said.
    pub fn key(&self) -> Option<&str> {
        self.request().key()
    }

    /// Every file and folder the job reads.
    pub fn inputs(&self) -> Vec<PathBuf> {
        self.request().inputs()
    }

    /// What must be kept in mind of every number it gives; empty where nothing must.
    pub fn caution(&self) -> &'static str {
        self.request().caution()
    }

    /// Refuses numbers that make no sense and options that contradict each other, before anything is
    /// opened.
    ///
    /// # Errors
    /// Says which.
    pub fn check(&self) -> Result<()> {
        self.request().check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_comes_back_from_what_files_hold() {
        let trajectory = TrajectoryJob {
            model: "auto".into(),
            key: None,
            folder: "runs".into(),
            centring: crate::landscape::trajectory::Centring::default(),
        };
        let jobs: Vec<Job> = vec![
            SurfaceJob::default().into(),
            LineJob::default().into(),
            trajectory.into(),
            SharpnessJob::default().into(),
            CurvatureJob::default().into(),
            NoiseJob::default().into(),
            MeasureJob::default().into(),
            DistanceJob::default().into(),
            ReportJob::default().into(),
            AnimationJob::default().into(),
            TrainingJob::default().into(),
            ExperimentJob::default().into(),
            ExportJob::default().into(),
        ];
        for job in jobs {
            let text = serde_json::to_string(&job).unwrap();
            assert!(text.contains(&format!("\"command\":\"{}\"", job.command())));
            assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job, "{text}");
            job.check().unwrap();
            let line = job.command_line().unwrap();
            let typed = line.trim_start_matches(&format!("losscope {}", job.command()));
            assert_eq!(
                typed,
                if job.key().is_none() && job.setup().is_none() && job.command() == "trajectory" {
                    " runs"
                } else {
                    ""
                }
            );
        }
    }
}
