//! Data: bytes → samples.
//!
//! A [`Samples`] is one split: inputs as `f32`, targets, and how both were made. [`open`] makes a
//! [`Dataset`] from a built-in name or from a file or folder, recognised by its content; what was
//! assumed on the way stands in [`Dataset::description`] and [`Dataset::warnings`].
//! This floor knows nothing of networks or devices; a network checks the shape when they meet.

mod array;
mod cifar;
mod claim;
mod container;
mod digits;
mod files;
mod idx;
mod images;
mod keyed;
mod keys;
pub mod normalize;
mod numpy;
mod recognise;
mod safetensors;
mod source;
mod split;
mod subset;
mod synthetic;
mod table;
mod targets;
mod tokens;
mod torch;

pub use claim::{BUILT_IN, are_samples, claims, has_named_data};
pub use keys::Keys;
pub use normalize::Normalize;
pub use recognise::{ACCEPTED, open};
pub use synthetic::{TRAIN_SAMPLES, VALIDATION_SAMPLES};
pub use table::cells;
pub use targets::{IGNORED, TargetSlice, Targets};

use serde::{Deserialize, Serialize};

/// One split of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Shape of one input, without the batch axis: `[1, 8, 8]`, `[2]`.
    pub shape: Vec<usize>,
    /// Inputs in row-major order, `[len, …shape]`, normalised, rounded once to f32.
    pub inputs: Vec<f32>,
    /// What the outputs are held against, `[len, …target_shape]`.
    pub targets: Targets,
    /// Shape of the targets of one sample: `[]` one, `[t]` one a token, `[h, w]` one a pixel.
    pub target_shape: Vec<usize>,
}

/// A data set: training and validation samples and the facts a result must record.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Short name for figures: "digits", the file's stem.
    pub name: String,
    /// Number of classes, at least 2; 0 where the targets are numbers or missing.
    pub classes: usize,
    /// Their names in order, where the source has them: folders, text labels, a list beside the data.
    pub class_names: Vec<String>,
    /// The split the network was trained on.
    pub train: Samples,
    /// Held-out samples, where the source has them.
    pub validation: Option<Samples>,
    /// Normalisation and layout in words and numbers, as recorded in every result.
    pub description: String,
    /// What is known of the numbers as they were stored, for [`normalize::likely`].
    pub stored: normalize::Facts,
    /// SHA-256 over the source's bytes, lower-case hex.
    pub sha256: String,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// What to open and how to read it: the whole recipe of a data set, so that a result that records
/// these options and the hash of the source can be made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataOptions {
    /// `digits`, `spirals`, `moons`, `blobs`, or the path of a file or folder. A built-in name
    /// wins over a file of the same name; write `./digits` for the file.
    pub data: String,
    /// How stored numbers become inputs.
    pub normalize: Normalize,
    /// Where the channel axis of a four-axis array stands (`.npz`, `.npy`, safetensors).
    pub channels: Channels,
    /// Grey or colour, for folders of images.
    pub color: Color,
    /// Height and width to which the images of a folder are resized; without it, the size of the
    /// first image.
    pub image_size: Option<[usize; 2]>,
    /// Which arrays or columns are what; where nothing is said, they are found by the usual names.
    pub keys: Keys,
    /// What integers and rows of numbers are as targets.
    pub targets: TargetKind,
    /// Tokens in one sample of a file of tokens.
    pub block_size: Option<usize>,
    /// Seed of the synthetic sets.
    pub seed: u64,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self {
            data: "digits".to_owned(),
            normalize: Normalize::Auto,
            channels: Channels::Auto,
            color: Color::Auto,
            image_size: None,
            keys: Keys::default(),
            targets: TargetKind::Auto,
            block_size: None,
            seed: 0,
        }
    }
}

/// Where the channel axis of an array with four axes stands. Samples always have it first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Last if the last axis is 1, 3 or 4 long and the second axis is neither 1 nor 3; else first.
    /// Moving an axis is said in a warning.
    #[default]
    Auto,
    /// `[samples, channels, height, width]`, PyTorch's way.
    First,
    /// `[samples, height, width, channels]`, the way of Keras and of image files.
    Last,
}

/// What the numbers of targets stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Integers are classes, and so are whole numbers `[n]` and rows that are exactly one-hot; other
    /// numbers are targets as they stand. What isn't plain is said in a warning.
    #[default]
    Auto,
    /// Classes: integers, whole numbers, or one-hot rows.
    Classes,
    /// A label of its own in every column: one-hot rows stay rows of 0 and 1.
    Answers,
    /// Numbers as they are stored.
    Numbers,
    /// Numbers that are scaled as the inputs are: pictures.
    Scaled,
    /// Numbers, because the loss takes nothing else; pictures are asked about.
    #[value(skip)]
    Wanted,
}

/// Grey or colour for a folder of images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Color {
    /// Grey if every image is stored as grey, else RGB. PNG and JPEG can be; BMP, WebP and images
    /// with a palette always count as coloured.
    #[default]
    Auto,
    /// One channel; coloured images become their luma.
    Grey,
    /// Three channels; a grey image gives three equal ones.
    Rgb,
}

impl Samples {
    /// Samples of one class each.
    pub fn labelled(shape: Vec<usize>, inputs: Vec<f32>, labels: Vec<u32>) -> Self {
        Self {
            shape,
            inputs,
            targets: Targets::Classes(labels),
            target_shape: Vec::new(),
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.targets.len() / self.targets_each()
    }

    /// True where there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Targets of one sample: the product of their shape, at least 1.
    pub fn targets_each(&self) -> usize {
        self.target_shape.iter().product::<usize>().max(1)
    }

    /// The targets of consecutive samples, one after the other.
    ///
    /// # Panics
    /// Where the range goes beyond the end.
    pub fn targets_of(&self, range: std::ops::Range<usize>) -> TargetSlice<'_> {
        let each = self.targets_each();
        let all = self.targets.as_slice();
        all.range(range.start * each..range.end * each)
    }

    /// The class of each sample, where each has exactly one.
    pub fn labels(&self) -> Option<&[u32]> {
        match &self.targets {
            Targets::Classes(labels) if self.target_shape.is_empty() => Some(labels),
            _ => None,
        }
    }

    /// Numbers in one input: the product of the shape.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// The input of sample `index` in row-major order, `None` beyond the end.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        self.rows(index..index.checked_add(1)?)
    }

    /// The inputs of consecutive samples, one after the other, `None` beyond the end.
    pub fn rows(&self, range: std::ops::Range<usize>) -> Option<&[f32]> {
        let width = self.width();
        self.inputs
            .get(range.start.checked_mul(width)?..range.end.checked_mul(width)?)
    }
}
