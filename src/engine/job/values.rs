//! Values of options with a written form of their own: how each is typed, and how it is saved.

use crate::error::{Error, Result};
use crate::landscape::grid::Axis;
use crate::landscape::sharpness::region::epsilon_text;
use crate::model::losses::{Loss, Target};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Stands for the small-batch minimizer of the built-in digits experiment.
pub const BUILTIN_SMALL: &str = "builtin:small";
/// Stands for the large-batch minimizer of the built-in digits experiment.
pub const BUILTIN_LARGE: &str = "builtin:large";
/// Stands for the weights both started from.
pub const BUILTIN_INIT: &str = "builtin:init";
/// Stands for the run to the small-batch minimizer.
pub const BUILTIN_RUN: &str = "builtin:run";

/// An error that is good enough, as a share of a range: `1%` or `0.01`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tolerance(pub f64);

impl FromStr for Tolerance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (number, unit) = match text.trim().strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let number: Option<f64> = number.trim().parse().ok();
        let share = number.map(|number| number / unit);
        // Single precision has no more digits; coarser than this is no surface.
        let share = share.filter(|share| (1e-5..=0.2).contains(share));
        share.map(Self).ok_or_else(|| {
            Error::Usage(format!(
                "{text:?} is no tolerance: expected a share of the loss's range from 0.001% to 20%, such as 1%"
            ))
        })
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 100 × 0.07 has a digit too many.
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

impl From<Tolerance> for String {
    fn from(tolerance: Tolerance) -> Self {
        tolerance.to_string()
    }
}

impl TryFrom<String> for Tolerance {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// Where a plane's directions come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Directions {
    /// Two Gaussian draws from the seed.
    #[default]
    Random,
    /// One file with both (`x.NAME`, `y.NAME`, or Li et al.'s HDF5), or two files of `NAME`.
    Files(Vec<PathBuf>),
    /// The plane through the centre and two more checkpoints.
    Three(PathBuf, PathBuf),
    /// The PCA plane of a folder of checkpoints.
    Pca(PathBuf),
    /// The eigenvectors of the two largest eigenvalues of the Hessian at the centre.
    Hessian,
    /// Towards the worst point of the box of this ε around the centre, and towards a random corner
    /// of the same box (Keskar et al. 2017, metric 2.1).
    Worst(f64),
}

impl Directions {
    /// Whether they are searched for at the centre, which takes gradients.
    pub fn are_found(&self) -> bool {
        matches!(self, Self::Hessian | Self::Worst(_))
    }

    /// The files and the folder they come from.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Random | Self::Hessian | Self::Worst(_) => Vec::new(),
            Self::Files(files) => files.clone(),
            Self::Three(a, b) => vec![a.clone(), b.clone()],
            Self::Pca(folder) => vec![folder.clone()],
        }
    }
}

impl FromStr for Directions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let two = |list: &str| -> Option<(PathBuf, PathBuf)> {
            let (a, b) = list.split_once(',')?;
            (!a.is_empty() && !b.is_empty() && !b.contains(',')).then(|| (a.into(), b.into()))
        };
        if text == "random" {
            return Ok(Self::Random);
        }
        if let Some(list) = text.strip_prefix("three:") {
            let (a, b) = two(list).ok_or_else(|| {
                Error::Usage(format!(
                    "{text:?} should name two checkpoints: three:FILE,FILE"
                ))
            })?;
            return Ok(Self::Three(a, b));
        }
        if let Some(folder) = text.strip_prefix("pca:") {
            if folder.is_empty() {
                return Err(Error::Usage(
                    "pca: should name a folder of checkpoints: pca:FOLDER".into(),
                ));
            }
            return Ok(Self::Pca(folder.into()));
        }
        if text == "hessian" {
            return Ok(Self::Hessian);
        }
        if let Some(epsilon) = text.strip_prefix("worst:") {
            let number = epsilon
                .parse()
                .ok()
                .filter(|e: &f64| e.is_finite() && *e > 0.0);
            return number.map(Self::Worst).ok_or_else(|| {
                Error::Usage(format!(
                    "{text:?} should name the size of a box, a positive number: worst:1e-3"
                ))
            });
        }
        match two(text) {
            Some((a, b)) => Ok(Self::Files(vec![a, b])),
            None if !text.is_empty() && !text.contains(',') => Ok(Self::Files(vec![text.into()])),
            None => Err(Error::Usage(format!(
                "{text:?} names no directions: write random, hessian, worst:EPSILON, FILE, FILE,FILE, three:FILE,FILE or pca:FOLDER"
            ))),
        }
    }
}

impl fmt::Display for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Hessian => f.write_str("hessian"),
            Self::Worst(epsilon) => write!(f, "worst:{}", epsilon_text(*epsilon)),
            Self::Files(files) => {
                let names: Vec<String> = files.iter().map(|p| p.display().to_string()).collect();
                f.write_str(&names.join(","))
            }
            Self::Three(a, b) => write!(f, "three:{},{}", a.display(), b.display()),
            Self::Pca(folder) => write!(f, "pca:{}", folder.display()),
        }
    }
}

/// An axis given, or proposed by probing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AxisChoice {
    /// Wide enough for the loss to grow fivefold; the number of points, 51 unless `auto:POINTS`.
    Auto(usize),
    /// As written.
    Given(Axis),
}

/// Points an axis has unless told otherwise.
pub const DEFAULT_POINTS: usize = 51;

impl FromStr for AxisChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "auto" {
            return Ok(Self::Auto(DEFAULT_POINTS));
        }
        if let Some(points) = text.strip_prefix("auto:") {
            return match points.parse() {
                Ok(points @ 1..=10_001) => Ok(Self::Auto(points)),
                _ => Err(Error::Usage(format!(
                    "{points:?} is no number of points; write auto:51"
                ))),
            };
        }
        text.parse().map(Self::Given)
    }
}

impl fmt::Display for AxisChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto(DEFAULT_POINTS) => f.write_str("auto"),
            Self::Auto(points) => write!(f, "auto:{points}"),
            Self::Given(axis) => axis.fmt(f),
        }
    }
}

/// A loss by its name and options; an option that says what holds without it is left out, so that equal
/// losses are equal however they were written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LossChoice(pub Loss);

impl LossChoice {
    /// The choice of a loss without the options that say nothing.
    pub fn new(mut loss: Loss) -> Self {
        let target = match &mut loss {
            Loss::CrossEntropy(own) => {
                own.label_smoothing.take_if(|share| *share == 0.0);
                None
            }
            Loss::BinaryCrossEntropy(_) => None,
            Loss::MeanSquaredError(own) => Some(&mut own.target),
            Loss::MeanAbsoluteError(own) => Some(&mut own.target),
            Loss::Huber(own) => {
                own.delta.take_if(|delta| *delta == 1.0);
                Some(&mut own.target)
            }
            Loss::SmoothL1(own) => {
                own.beta.take_if(|beta| *beta == 1.0);
                Some(&mut own.target)
            }
        };
        if let Some(target) = target {
            target.take_if(|target| *target == Target::Data);
        }
        Self(loss)
    }
}

impl FromStr for LossChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self::new)
    }
}

impl fmt::Display for LossChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which samples metrics are taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum SplitChoice {
    /// Training samples.
    Train,
    /// Validation samples.
    Validation,
    /// Both, where the data has validation samples.
    #[default]
    Both,
}

/// Height and width in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ImageSize(pub [usize; 2]);

impl FromStr for ImageSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let size = text
            .split_once('x')
            .and_then(|(h, w)| Some([h.parse().ok()?, w.parse().ok()?]));
        match size {
            Some([h @ 1..=4096, w @ 1..=4096]) => Ok(Self([h, w])),
            _ => Err(Error::Usage(format!(
                "{text:?} is no image size: write HEIGHTxWIDTH, such as 32x32"
            ))),
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.0[0], self.0[1])
    }
}

/// A number of bytes, written with K, M or G (powers of 1,024).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MemorySize(pub usize);

impl FromStr for MemorySize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Usage(format!(
                "{text:?} is no memory size: write 500M or 2G (at least 16M)"
            ))
        };
        let upper = text.trim().to_uppercase();
        let upper = upper.strip_suffix('B').unwrap_or(&upper);
        let upper = upper.strip_suffix('I').unwrap_or(upper);
        let (digits, unit) = match upper.chars().last() {
            Some('K') => (&upper[..upper.len() - 1], 1_u32 << 10),
            Some('M') => (&upper[..upper.len() - 1], 1 << 20),
            Some('G') => (&upper[..upper.len() - 1], 1 << 30),
            _ => (upper, 1),
        };
        let number: f64 = digits.trim().parse().map_err(|_| wrong())?;
        let bytes = number * f64::from(unit);
        if !(16.0 * 1024.0 * 1024.0..1e15).contains(&bytes) {
            return Err(wrong());
        }
        Ok(Self(bytes as usize))
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1 << 30) {
            write!(f, "{}G", self.0 >> 30)
        } else {
            write!(f, "{}M", self.0 >> 20)
        }
    }
}

/// A string form through `Display` and `FromStr`, for serde.
macro_rules! by_string {
    ($($type:ty),*) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }
    )*};
}
by_string!(Directions, AxisChoice, ImageSize, LossChoice, MemorySize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_written_as_they_are_read() {
        for text in [
            "random",
            "hessian",
            "d.safetensors",
            "a.h5,b.h5",
            "three:a.pt,b.pt",
            "pca:runs/1",
        ] {
            assert_eq!(text.parse::<Directions>().unwrap().to_string(), text);
        }
        for text in ["", "a,b,c", "three:a", "pca:"] {
            assert!(text.parse::<Directions>().is_err(), "{text}");
        }
    }

    #[test]
    fn memory_sizes_take_the_usual_units() {
        assert_eq!("1G".parse::<MemorySize>().unwrap().0, 1 << 30);
        assert_eq!("500MiB".parse::<MemorySize>().unwrap().0, 500 << 20);
        assert_eq!("1.5g".parse::<MemorySize>().unwrap().to_string(), "1536M");
        for text in ["", "1", "-1G", "nanG", "G"] {
            assert!(text.parse::<MemorySize>().is_err(), "{text}");
        }
    }
}
