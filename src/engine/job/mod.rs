//! Jobs: plain structs that are at once a subcommand's flags, a saved recipe and the header of
//! every result.
//!
//! A job says what is wanted and nothing of how far it got. Defaults stand here and nowhere else.

pub mod bounds;
mod curvature;
pub mod help;
mod identity;
mod noise;
mod paths;
mod report;
mod sharpness;
mod values;

use crate::dataset;
use crate::engine::device::DeviceChoice;
use crate::landscape::direction::{Normalization, OneDim};
use crate::landscape::evaluate::Precision;
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::grid::Axis;
use crate::landscape::slice::Buffers;
use crate::landscape::trajectory::Centring;
use clap::Args;
pub use curvature::CurvatureJob;
pub use identity::differing;
pub use noise::{NoiseJob, Reached};
pub use paths::lossy;
pub use report::{CENTRES, ReportJob, command_line, quoted};
use serde::{Deserialize, Serialize};
pub use sharpness::{Measures, SharpnessJob};
use std::path::PathBuf;
pub use values::{
    AxisChoice, DEFAULT_POINTS, Directions, ImageSize, LossChoice, MemorySize, SplitChoice,
};

/// Stands for the small-batch minimizer of the built-in digits experiment.
pub const BUILTIN_SMALL: &str = "builtin:small";
/// Stands for the large-batch minimizer of the built-in digits experiment.
pub const BUILTIN_LARGE: &str = "builtin:large";
/// Stands for the weights both started from.
pub const BUILTIN_INIT: &str = "builtin:init";

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

/// Which network, which data, where computed: what every job has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct Setup {
    /// The network: auto (recognised from names and shapes), a family's name, or a model.toml
    #[arg(long, default_value = "auto", help_heading = "Network and data")]
    pub model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME", help_heading = "Network and data")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The loss: cross-entropy, binary-cross-entropy, mean-squared-error, mean-absolute-error, huber or smooth-l1, with options such as cross-entropy:label-smoothing=0.1,ignore=-100 [default: as the targets ask]
    #[arg(
        long,
        value_name = "NAME[:OPTION=VALUE,…]",
        help_heading = "Network and data"
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossChoice>,
    /// The data: digits, spirals, moons, blobs, a file or a folder
    #[arg(long, default_value = "digits", help_heading = "Network and data")]
    pub data: String,
    /// How inputs are scaled: auto, none, per-channel, scale:255, given:MEAN,…:STD,…
    #[arg(
        long,
        default_value = "auto",
        value_name = "RULE",
        help_heading = "Network and data"
    )]
    pub data_normalize: dataset::Normalize,
    /// Which axis of an array counts the channels
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        help_heading = "Network and data"
    )]
    pub data_channels: dataset::Channels,
    /// Colours of an image folder
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        help_heading = "Network and data"
    )]
    pub data_color: dataset::Color,
    /// Size images are scaled to, such as 32x32 [default: the first image's]
    #[arg(long, value_name = "HEIGHTxWIDTH", help_heading = "Network and data")]
    pub image_size: Option<ImageSize>,
    /// Which samples the metrics are taken over
    #[arg(
        long,
        value_enum,
        default_value = "both",
        help_heading = "Network and data"
    )]
    pub split: SplitChoice,
    /// Take a stratified subset of N samples of each split [default: all]
    #[arg(long, value_name = "N", value_parser = bounds::SAMPLES, help_heading = "Network and data")]
    pub samples: Option<usize>,
    /// Seed of directions, subsets and synthetic data
    #[arg(long, default_value_t = 0, help_heading = "Network and data")]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value = "auto", help_heading = "Computing")]
    pub device: DeviceChoice,
    /// Number type of the computation (f64 on CPU devices)
    #[arg(long, value_enum, default_value = "f32", help_heading = "Computing")]
    pub precision: Precision,
    /// Memory that data and activations may take, such as 500M or 2G
    #[arg(
        long,
        default_value = "1G",
        value_name = "SIZE",
        help_heading = "Computing"
    )]
    pub memory: MemorySize,
}

/// A filter-normalised (or other) plane around a point of parameter space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct SurfaceJob {
    /// Network, data and device.
    #[command(flatten)]
    #[serde(flatten)]
    pub setup: Setup,
    /// The checkpoint at the centre [default: the built-in small-batch minimizer]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["small", "large", "alpha"])]
    #[serde(serialize_with = "lossy")]
    pub at: Option<PathBuf>,
    /// Small-batch minimizer, for a centre between two
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub small: Option<PathBuf>,
    /// Large-batch minimizer, for a centre between two
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy")]
    pub large: Option<PathBuf>,
    /// Where between the two the centre lies: 0 small batch, 1 large batch
    #[arg(long, allow_negative_numbers = true, value_parser = bounds::ALPHA)]
    pub alpha: Option<f64>,
    /// random, hessian, worst:EPSILON, FILE, FILE,FILE, three:FILE,FILE or pca:FOLDER
    #[arg(long, default_value = "random")]
    pub directions: Directions,
    /// How directions are scaled to the weights [default: filter for random ones; stored ones as stored]
    #[arg(long, value_enum, value_name = "RULE")]
    pub normalize: Option<Normalization>,
    /// What biases and other one-axis tensors do [default: zero for random directions; as stored for stored ones]
    #[arg(long, value_enum, value_name = "RULE")]
    pub one_dim: Option<OneDim>,
    /// Make the second direction orthogonal to the first
    #[arg(long)]
    #[serde(default)]
    pub orthogonal: bool,
    /// Gram–Schmidt frame in L2 distances instead of plain differences (three:…)
    #[arg(long)]
    #[serde(default)]
    pub isometric: bool,
    /// What the principal directions are taken about (pca:…): the mean of all checkpoints but the last; all of them, as Li et al.'s code (li); or the last one (final)
    #[arg(long, value_enum, default_value = "mean")]
    #[serde(default)]
    pub centring: Centring,
    /// Coordinates along the first direction, FROM:TO:POINTS or auto [default: -1:1:51, or around the marked checkpoints]
    #[arg(long, allow_hyphen_values = true)]
    pub x: Option<AxisChoice>,
    /// Coordinates along the second direction, FROM:TO:POINTS or auto [default: as x]
    #[arg(long, allow_hyphen_values = true)]
    pub y: Option<AxisChoice>,
    /// What running means and variances do as the weights move
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
}

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
    /// What running means and variances do as the weights move
    #[arg(long, value_enum, default_value = "interpolate")]
    #[serde(default)]
    pub buffers: Buffers,
    /// How they are recomputed.
    #[command(flatten)]
    #[serde(flatten)]
    pub remeasure: Remeasure,
}

/// A folder of checkpoints seen in its PCA plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct TrajectoryJob {
    /// The network: auto (recognised from names and shapes), a family's name, or a model.toml
    #[arg(long, default_value = "auto", help_heading = "Network and data")]
    pub model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME", help_heading = "Network and data")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Folder of checkpoints; their order is that of the numbers in their names
    #[arg(value_name = "DIR")]
    #[serde(serialize_with = "lossy")]
    pub folder: PathBuf,
    /// What the principal directions are taken about: the mean of all checkpoints but the last; all of them, as Li et al.'s code (li); or the last one (final)
    #[arg(long, value_enum, default_value = "mean")]
    #[serde(default)]
    pub centring: Centring,
}

/// What a command without options asks for: defaults stand in the attributes above alone.
fn without_options<T: Args>() -> T {
    let command = T::augment_args(clap::Command::new("job"));
    let matches = command.get_matches_from(["job"]);
    T::from_arg_matches(&matches).expect("every option has a default")
}

impl Default for SurfaceJob {
    fn default() -> Self {
        without_options()
    }
}

impl Default for LineJob {
    fn default() -> Self {
        without_options()
    }
}

impl Default for SharpnessJob {
    fn default() -> Self {
        without_options()
    }
}

impl Default for CurvatureJob {
    fn default() -> Self {
        without_options()
    }
}

impl Default for NoiseJob {
    fn default() -> Self {
        without_options()
    }
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
}

impl Job {
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

impl Setup {
    /// The data set's options in the data floor's own terms.
    pub fn data_options(&self) -> dataset::DataOptions {
        dataset::DataOptions {
            data: self.data.clone(),
            normalize: self.data_normalize.clone(),
            channels: self.data_channels,
            color: self.data_color,
            image_size: self.image_size.map(|s| s.0),
            seed: self.seed,
        }
    }

    /// Whether training and validation metrics are wanted.
    pub fn wants(&self) -> (bool, bool) {
        (
            self.split != SplitChoice::Validation,
            self.split != SplitChoice::Train,
        )
    }
}
