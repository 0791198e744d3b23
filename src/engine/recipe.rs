//! How a result was made: the job, and everything found while doing it.
//!
//! A [`Recipe`] is the header of every result file: enough to trust a picture, to draw its caption,
//! to go on where a job stopped, and to make it again.

use crate::engine::job::{Job, lossy};
use crate::engine::reading::Reading;
use crate::landscape::line::Barrier;
use crate::landscape::slice::Geometry;
use crate::model::losses::Loss;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The header of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Version of Losscope that made it.
    pub losscope: String,
    /// What was asked for.
    pub job: Job,
    /// The network.
    pub model: ModelFacts,
    /// Every checkpoint read, in the order of its role.
    pub checkpoints: Vec<FileFacts>,
    /// The data.
    pub data: DataFacts,
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
    /// The barrier of a line on each split, in the unit of the loss.
    #[serde(default)]
    pub barriers: Vec<(String, Barrier)>,
    /// Points whose loss is infinite or NaN.
    #[serde(default)]
    pub non_finite: usize,
    /// Time spent computing, seconds, all sittings together.
    #[serde(default)]
    pub elapsed_seconds: f64,
    /// What a reader should know.
    #[serde(default)]
    pub warnings: Vec<String>,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// The data of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
