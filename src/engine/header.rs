//! How a result was made: the job, and everything found while doing it.
//!
//! A [`Header`] stands in every result file, as `recipe`: enough to trust a picture, to draw its caption,
//! to go on where a job stopped, and to make it again. It is the same for every kind of job; what a kind
//! doesn't have is empty.

use crate::engine::job::{Directions, Job, Setup, SplitChoice, lossy};
use crate::engine::names;
use crate::engine::reading::Reading;
use crate::landscape::line::Barrier;
use crate::landscape::slice::Geometry;
use crate::model::losses::Loss;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The header of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of Losscope that made it.
    pub losscope: String,
    /// What was asked for, seeds included.
    pub job: Job,
    /// The network.
    pub model: ModelFacts,
    /// Every checkpoint read, in the order of its role.
    pub checkpoints: Vec<FileFacts>,
    /// The data.
    pub data: DataFacts,
    /// The samples that a measure is a mean over: "training" or "validation"; empty where both splits have
    /// numbers of their own, or none has.
    #[serde(default)]
    pub split: String,
    /// Number of those samples.
    #[serde(default)]
    pub samples: usize,
    /// The device that computed it: "flex: CPU, 2 threads".
    pub device: String,
    /// What a later sitting compares, to go on with the same numbers.
    #[serde(default)]
    pub fingerprints: Fingerprints,
    /// The axes of the slice.
    pub axes: Vec<AxisFacts>,
    /// Norms and cosine of the directions.
    pub geometry: Geometry,
    /// What running statistics did, in words; empty where the network has none.
    pub statistics: String,
    /// Variances that turned negative off the segment and were clamped.
    #[serde(default)]
    pub clamped_variances: usize,
    /// Points worth a mark, seen in the slice.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// The path of a training run, seen in the plane.
    #[serde(default)]
    pub trajectory: Option<TrajectoryFacts>,
    /// Paths of further runs, seen in the plane.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathFacts>,
    /// The barrier of a line on each split, in the unit of the loss.
    #[serde(default)]
    pub barriers: Vec<(String, Barrier)>,
    /// Points whose loss is infinite or NaN.
    #[serde(default)]
    pub non_finite: usize,
    /// How a surface was interpolated between computed points, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<InterpolationFacts>,
    /// Time spent computing, seconds, all sittings together.
    #[serde(default)]
    pub elapsed_seconds: f64,
    /// Whether everything asked for is there; false: stopped before.
    #[serde(default)]
    pub complete: bool,
    /// What must be kept in mind of every number of the kind.
    #[serde(default)]
    pub caution: String,
    /// What a reader should know.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Header {
    /// The header of a job of which nothing is known yet but these.
    pub fn new(job: Job, model: ModelFacts, data: DataFacts) -> Self {
        Self {
            losscope: env!("CARGO_PKG_VERSION").to_owned(),
            caution: job.caution().to_owned(),
            job,
            model,
            checkpoints: Vec::new(),
            data,
            split: String::new(),
            samples: 0,
            device: String::new(),
            fingerprints: Fingerprints::default(),
            axes: Vec::new(),
            geometry: Geometry::default(),
            statistics: String::new(),
            clamped_variances: 0,
            marks: Vec::new(),
            trajectory: None,
            paths: Vec::new(),
            barriers: Vec::new(),
            non_finite: 0,
            interpolation: None,
            elapsed_seconds: 0.0,
            complete: false,
            warnings: Vec::new(),
        }
    }

    /// Notes the split that a measure is taken over: the training split, the one whose loss was minimised,
    /// unless the other alone was asked for.
    pub fn measured_over(&mut self, setup: &Setup) {
        let validation = setup.split == SplitChoice::Validation;
        (self.split, self.samples) = if validation {
            ("validation".to_owned(), self.data.validation_samples)
        } else {
            ("training".to_owned(), self.data.train_samples)
        };
    }

    /// Every path through the plane with the name of its run, that of the run which chose the plane first; one
    /// alone needs no name.
    pub fn all_paths(&self) -> Vec<(String, &TrajectoryFacts)> {
        let own = match &self.job {
            Job::Surface(job) if !self.paths.is_empty() => match &job.directions {
                Directions::Pca(folder) => {
                    let all = std::iter::once(folder).chain(&job.paths);
                    let all: Vec<PathBuf> = all.cloned().collect();
                    names::distinct(&all).swap_remove(0)
                }
                _ => String::new(),
            },
            _ => String::new(),
        };
        let others = self.paths.iter().map(|path| (path.run.clone(), &path.seen));
        let own = self.trajectory.iter().map(|path| (own.clone(), path));
        own.chain(others).collect()
    }

    /// Adds what a reader should know, once.
    pub fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

/// How a surface was interpolated, and what is known of the error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InterpolationFacts {
    /// The error asked for, a share of the range of each loss, and of its logarithm.
    pub tolerance: f64,
    /// Points computed.
    pub computed: usize,
    /// Points interpolated between them.
    pub interpolated: usize,
    /// Points drawn at random and computed to be held against what would have been interpolated there.
    pub checked: usize,
    /// How many of those were off by more than the tolerance.
    pub off: usize,
    /// The largest error among them, a share of the range.
    pub worst: f64,
    /// The largest error of the score among them.
    pub worst_score: f64,
}

/// SHA-256 of what a job's options and the files it names don't settle alone; empty in files of older
/// versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    /// The network as it was read: layers, order, loss.
    pub network: String,
    /// The values of each direction of a plane.
    pub directions: Vec<String>,
}

/// The network of a result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Its name.
    pub name: String,
    /// How it was found: the family, or the file.
    pub source: String,
    /// Number of trained values.
    pub parameters: usize,
    /// The loss in words.
    pub loss: String,
    /// The loss: its unit, and what the second number is. Files of older versions all hold accuracies.
    #[serde(default)]
    pub criterion: Loss,
    /// What names and shapes couldn't tell.
    pub assumptions: Vec<String>,
    /// How it was read, and how far that is confirmed. Files of older versions don't say.
    #[serde(default)]
    pub reading: Reading,
}

/// A checkpoint of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What it is to the job: "small batch", "centre", "origin".
    pub role: String,
    /// As it was named.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// The data of a result; without a name where there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// Its name.
    pub name: String,
    /// Layout and normalisation in words and numbers.
    pub description: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Training samples used; 0: none.
    pub train_samples: usize,
    /// Validation samples used; 0: none.
    pub validation_samples: usize,
}

/// One axis of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AxisFacts {
    /// What the direction is, for a figure's axis.
    pub label: String,
    /// How it was made: rule, seed, file.
    pub rule: String,
}

/// A point worth a mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// What it is: "small batch".
    pub label: String,
    /// Coordinates in the slice.
    pub coordinate: Vec<f64>,
    /// Fraction of its offset from the origin that lies outside the slice, 0 to 1.
    pub outside: f64,
}

/// The path of a run in a plane that wasn't chosen by it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathFacts {
    /// What the run is called: its folder's name, told apart from the others'.
    pub run: String,
    /// Its checkpoints in the plane; nothing is explained of its variance.
    #[serde(flatten)]
    pub seen: TrajectoryFacts,
}

/// The path of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrajectoryFacts {
    /// Name of each checkpoint, in order.
    pub names: Vec<String>,
    /// Coordinates in the plane, L2 distances from the last.
    pub x: Vec<f64>,
    /// Coordinates in the plane, L2 distances from the last.
    pub y: Vec<f64>,
    /// L2 distance of each out of the plane.
    pub distance: Vec<f64>,
    /// Fraction of each one's offset from the origin that lies outside, 0 to 1.
    pub outside: Vec<f64>,
    /// Share of the variance along every principal direction, largest first.
    pub explained: Vec<f64>,
}
