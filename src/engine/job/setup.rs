//! Which network, which data, where computed: the options that every job has.

use super::bounds;
use super::values::{ImageSize, LossChoice, MemorySize, SplitChoice};
use crate::dataset;
use crate::engine::device_choice::DeviceChoice;
use crate::landscape::evaluate::Precision;
use crate::model::losses::Loss;
use clap::{Args, Command};
use serde::{Deserialize, Serialize};

/// Which network, which data, where computed: what every job has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct Setup {
    /// The network: auto (the checkpoint's own graph, or recognised from names and shapes), a family's name, a model.toml, or a file with a graph (.pt2)
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
    /// How inputs are scaled: auto, none, 0-1, -1-1, cifar10, cifar100, imagenet, mnist, fashion-mnist, per-channel, scale:255, given:MEAN,…:STD,…
    #[arg(
        long,
        default_value = "auto",
        value_name = "RULE",
        allow_hyphen_values = true,
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
    /// Which arrays or columns are inputs and targets, such as x=images,y=labels,x_test=NAME,y_test=NAME; of a table x=COLUMN+COLUMN [default: found by usual names]
    #[arg(long, value_name = "x=NAME,y=NAME", help_heading = "Network and data")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_keys: Option<dataset::Keys>,
    /// What numbers of targets stand for
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        hide_short_help = true,
        help_heading = "Network and data"
    )]
    #[serde(default, skip_serializing_if = "is_usual")]
    pub data_targets: dataset::TargetKind,
    /// Tokens in one sample of a file of tokens
    #[arg(long, value_name = "N", value_parser = bounds::SAMPLES, help_heading = "Network and data", hide_short_help = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_size: Option<usize>,
    /// Colours of an image folder
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        help_heading = "Network and data",
        hide_short_help = true
    )]
    pub data_color: dataset::Color,
    /// Size images are scaled to, such as 32x32 [default: the first image's]
    #[arg(
        long,
        value_name = "HEIGHTxWIDTH",
        help_heading = "Network and data",
        hide_short_help = true
    )]
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
    /// Where to compute: auto, gpu, gpu:NUMBER, flex, ndarray, all, or several with commas between, which share the points of a surface or a line
    #[arg(
        long,
        default_value = "auto",
        value_name = "DEVICE[,DEVICE…]",
        help_heading = "Computing"
    )]
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

impl Setup {
    /// The data set's options in the data floor's own terms.
    pub fn data_options(&self) -> dataset::DataOptions {
        dataset::DataOptions {
            data: self.data.clone(),
            normalize: self.data_normalize.clone(),
            channels: self.data_channels,
            color: self.data_color,
            image_size: self.image_size.map(|s| s.0),
            keys: self.data_keys.clone().unwrap_or_default(),
            targets: self.targets(),
            block_size: self.block_size,
            seed: self.seed,
        }
    }

    /// What targets stand for: as said, or as the loss that was chosen takes them.
    fn targets(&self) -> dataset::TargetKind {
        match (self.data_targets, &self.loss) {
            (dataset::TargetKind::Auto, Some(loss)) => match &loss.0 {
                Loss::CrossEntropy(_) => dataset::TargetKind::Auto,
                Loss::BinaryCrossEntropy(_) => dataset::TargetKind::Answers,
                _ if !loss.0.needs_targets() => dataset::TargetKind::Auto,
                _ => dataset::TargetKind::Wanted,
            },
            (kind, _) => kind,
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

/// Whether the kind of targets is the usual one, which files of older versions don't name.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_usual(kind: &dataset::TargetKind) -> bool {
    *kind == dataset::TargetKind::Auto
}

/// What a command without options asks for: defaults stand in the attributes above alone. A file that must
/// be named is called `-`.
pub(super) fn without_options<T: Args>() -> T {
    let command = T::augment_args(Command::new("job"));
    let needed = command.get_positionals().filter(|a| a.is_required_set());
    let words = vec!["-"; 1 + needed.count()];
    let matches = command.get_matches_from(words);
    T::from_arg_matches(&matches).expect("every option has a default")
}
