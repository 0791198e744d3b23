//! Stored numbers → inputs: one affine map per channel, computed in f64 and rounded once to f32.
//!
//! A network sees what it was trained on only if the map is the same, so it is never silent: the
//! plan carries the words and numbers that a result records. It knows no file format.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::array::Values;
use super::split::Split;
use crate::error::{Error, Result};

/// How stored numbers become inputs. Written as text: `auto`, `none`, `per-channel`, `scale:16`,
/// `given:0.5,0.5,0.5:0.25,0.25,0.25` (means, then deviations).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalize {
    /// The source's usual way: digits divided by 16; CIFAR by 255, then its published mean and
    /// deviation; other bytes (IDX, images, uint8 arrays) by 255; anything else as stored.
    #[default]
    Auto,
    /// As stored.
    None,
    /// Minus the mean and divided by the deviation of each channel (axis 0 of an input), both
    /// measured on the training split (the deviation with divisor n).
    PerChannel,
    /// Minus a mean and divided by a deviation, one of each for every channel or one for all. They
    /// refer to bytes already divided by 255 (digits by 16), as is usual, and to other numbers as
    /// stored.
    Given {
        /// Mean of each channel.
        mean: Vec<f64>,
        /// Deviation of each channel, above 0.
        std: Vec<f64>,
    },
    /// Divided by this number.
    Scale(f64),
}

impl Normalize {
    /// Refuses numbers that can't normalise anything.
    ///
    /// # Errors
    /// [`Error::Usage`] for a scale or deviation that is not a positive number, a mean that is not
    /// finite, or different numbers of means and deviations.
    pub fn check(&self) -> Result<()> {
        let positive = |x: &f64| x.is_finite() && *x > 0.0;
        let message = match self {
            Self::Scale(scale) if !positive(scale) => {
                format!("normalisation scale:{scale} divides by {scale}; give a number above 0")
            }
            Self::Given { mean, std } if mean.len() != std.len() || mean.is_empty() => format!(
                "normalisation has {} means and {} deviations; give as many of both, at least one",
                mean.len(),
                std.len()
            ),
            Self::Given { mean, std }
                if !mean.iter().all(|x| x.is_finite()) || !std.iter().all(positive) =>
            {
                format!("normalisation {self} needs finite means and deviations above 0")
            }
            _ => return Ok(()),
        };
        Err(Error::Usage(message))
    }
}

impl fmt::Display for Normalize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::PerChannel => f.write_str("per-channel"),
            Self::Given { mean, std } => write!(f, "given:{}:{}", list(mean), list(std)),
            Self::Scale(scale) => write!(f, "scale:{scale}"),
        }
    }
}

impl FromStr for Normalize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            Error::Usage(format!(
                "unknown normalisation `{text}`; one of auto, none, per-channel, scale:NUMBER, \
                 given:MEAN,…:DEVIATION,…"
            ))
        };
        let numbers = |list: &str| -> Result<Vec<f64>> {
            list.split(',')
                .map(|x| x.trim().parse().map_err(|_| unknown()))
                .collect()
        };
        let parts: Vec<&str> = text.trim().split(':').collect();
        let normalize = match parts.as_slice() {
            ["auto"] => Self::Auto,
            ["none"] => Self::None,
            ["per-channel"] => Self::PerChannel,
            ["scale", scale] => Self::Scale(scale.trim().parse().map_err(|_| unknown())?),
            ["given", mean, std] => Self::Given {
                mean: numbers(mean)?,
                std: numbers(std)?,
            },
            _ => return Err(unknown()),
        };
        normalize.check()?;
        Ok(normalize)
    }
}

/// What [`Normalize::Auto`] means for a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Auto {
    /// As stored.
    Stored,
    /// Divided by the source's unit.
    Unit,
    /// Divided by the unit, minus a published mean, divided by a published deviation.
    Published { mean: [f64; 3], std: [f64; 3] },
}

/// A normalisation with all its numbers: input = (stored / `unit` − `mean`) / `std`.
#[derive(Debug)]
pub(super) struct Plan {
    unit: f64,
    /// One of each per channel; empty where there is nothing to take away.
    mean: Vec<f64>,
    std: Vec<f64>,
    /// For the description.
    pub words: String,
    /// What was noticed.
    pub warnings: Vec<String>,
}

/// What a source says of its numbers.
pub(super) struct Stored<'a> {
    /// The stored number that stands for 1.
    pub unit: f64,
    /// What [`Normalize::Auto`] means.
    pub auto: Auto,
    /// Training samples.
    pub train: &'a Split,
    /// Held-out samples.
    pub validation: Option<&'a Split>,
}

/// Settles the numbers of `normalize` for `source`, whose shapes were checked.
pub(super) fn plan(normalize: &Normalize, source: &Stored) -> Result<Plan> {
    let unit = source.unit;
    let channels = source.train.shape.first().copied().unwrap_or(1);
    let mut warnings = Vec::new();
    let (unit, mean, std) = match normalize {
        Normalize::None => (1.0, vec![], vec![]),
        Normalize::Scale(scale) => (*scale, vec![], vec![]),
        Normalize::Given { mean, std } => (
            unit,
            per_channel(mean, channels)?,
            per_channel(std, channels)?,
        ),
        Normalize::PerChannel => {
            let (mean, mut std) = measure(source.train, unit, channels);
            let constant = std
                .iter_mut()
                .filter(|x| **x <= 0.0)
                .map(|x| *x = 1.0)
                .count();
            if constant > 0 {
                warnings.push(format!(
                    "{constant} of {channels} channels have the same value everywhere; they are \
                     not divided by their deviation"
                ));
            }
            (unit, mean, std)
        }
        Normalize::Auto => match source.auto {
            Auto::Stored => (1.0, vec![], vec![]),
            Auto::Unit => (unit, vec![], vec![]),
            Auto::Published { mean, std } => (
                unit,
                per_channel(&mean, channels)?,
                per_channel(&std, channels)?,
            ),
        },
    };
    if normalize == &Normalize::Auto && source.auto == Auto::Unit && unit > 16.0 {
        warnings.extend(small_pixels(source, unit));
    }
    #[allow(clippy::float_cmp, reason = "1 stands for: nothing to divide by")]
    let stored = if unit == 1.0 {
        "stored number".to_owned()
    } else {
        format!("stored number/{unit}")
    };
    let measured = match normalize {
        Normalize::PerChannel => " measured on the training split",
        _ => "",
    };
    let words = if mean.is_empty() {
        format!("input = {stored}")
    } else {
        format!(
            "input = ({stored} − mean)/deviation per channel{measured}, mean [{}], deviation [{}]",
            list(&mean),
            list(&std)
        )
    };
    Ok(Plan {
        unit,
        mean,
        std,
        words,
        warnings,
    })
}

/// Bytes that all lie in 0..=16 may be on the digits' scale; dividing by 255 is then a wrong guess
/// that nobody sees.
fn small_pixels(source: &Stored, unit: f64) -> Option<String> {
    let splits = std::iter::once(source.train).chain(source.validation);
    let largest = splits.filter_map(|split| match &split.values {
        Values::U8(bytes) => bytes.iter().copied().max(),
        _ => None,
    });
    let largest = largest.max()?;
    (largest <= 16).then(|| {
        format!(
            "the largest pixel is {largest}, yet pixels are divided by {unit}; if they count from \
             0 to 16, choose --data-normalize scale:16"
        )
    })
}

/// One number for each channel; a single one serves all.
fn per_channel(numbers: &[f64], channels: usize) -> Result<Vec<f64>> {
    match numbers {
        [one] => Ok(vec![*one; channels]),
        all if all.len() == channels => Ok(all.to_vec()),
        all => Err(Error::Usage(format!(
            "normalisation has numbers for {} channels, the data has {channels}",
            all.len()
        ))),
    }
}

/// Mean and deviation of each channel of stored numbers divided by `unit`.
fn measure(split: &Split, unit: f64, channels: usize) -> (Vec<f64>, Vec<f64>) {
    /// The mean of `f(value, channel)` over each channel, planes being the channels' blocks.
    fn means<T: Copy>(
        values: &[T],
        plane: usize,
        channels: usize,
        f: impl Fn(T, usize) -> f64,
    ) -> Vec<f64> {
        let mut sums = vec![0.0; channels];
        for (block, chunk) in values.chunks(plane).enumerate() {
            let channel = block % channels;
            sums[channel] += chunk.iter().map(|&x| f(x, channel)).sum::<f64>();
        }
        let count = real(values.len() / channels);
        sums.into_iter().map(|sum| sum / count).collect()
    }
    fn both<T: Copy>(
        values: &[T],
        plane: usize,
        channels: usize,
        f: impl Fn(T) -> f64,
    ) -> (Vec<f64>, Vec<f64>) {
        let mean = means(values, plane, channels, |x, _| f(x));
        let square = means(values, plane, channels, |x, channel| {
            (f(x) - mean[channel]).powi(2)
        });
        (mean, square.into_iter().map(f64::sqrt).collect())
    }
    let plane = split.shape.iter().skip(1).product::<usize>().max(1);
    match &split.values {
        Values::U8(v) => both(v, plane, channels, |x| f64::from(x) / unit),
        Values::I64(v) => both(v, plane, channels, |x| wide(x) / unit),
        Values::F32(v) => both(v, plane, channels, |x| f64::from(x) / unit),
        Values::F64(v) => both(v, plane, channels, |x| x / unit),
    }
}

impl Plan {
    /// The inputs of a split. Consumes the stored numbers, so that both are in memory only once.
    pub fn apply(&self, values: Values, shape: &[usize]) -> Vec<f32> {
        let plane = shape.iter().skip(1).product::<usize>().max(1);
        match values {
            Values::U8(v) => {
                // A byte has 256 values: the table gives the same bits as computing each pixel.
                let tables: Vec<[f32; 256]> = (0..self.mean.len().max(1))
                    .map(|channel| {
                        let mut byte = 0.0;
                        [(); 256].map(|()| {
                            let input = self.input(byte, channel);
                            byte += 1.0;
                            input
                        })
                    })
                    .collect();
                let mut inputs = Vec::with_capacity(v.len());
                for (block, pixels) in v.chunks(plane).enumerate() {
                    let table = &tables[block % tables.len()];
                    inputs.extend(pixels.iter().map(|&x| table[usize::from(x)]));
                }
                inputs
            }
            // As stored means bit for bit, and moving costs nothing.
            Values::F32(v) if self.is_identity() => v,
            Values::F32(mut v) => {
                for (block, chunk) in v.chunks_mut(plane).enumerate() {
                    for x in chunk {
                        *x = self.input(f64::from(*x), block);
                    }
                }
                v
            }
            Values::I64(v) => self.convert(&v, plane, wide),
            Values::F64(v) => self.convert(&v, plane, |x| x),
        }
    }

    fn convert<T: Copy>(&self, values: &[T], plane: usize, f: impl Fn(T) -> f64) -> Vec<f32> {
        let mut inputs = Vec::with_capacity(values.len());
        for (block, chunk) in values.chunks(plane).enumerate() {
            inputs.extend(chunk.iter().map(|&x| self.input(f(x), block)));
        }
        inputs
    }

    /// One input of a channel; blocks count through the channels of sample after sample.
    fn input(&self, stored: f64, block: usize) -> f32 {
        let value = stored / self.unit;
        let channel = block % self.mean.len().max(1);
        match (self.mean.get(channel), self.std.get(channel)) {
            (Some(mean), Some(std)) => ((value - mean) / std) as f32,
            _ => value as f32,
        }
    }

    #[allow(clippy::float_cmp, reason = "only exactly 1 changes nothing")]
    fn is_identity(&self) -> bool {
        self.unit == 1.0 && self.mean.is_empty()
    }
}

/// Numbers with commas, as [`Normalize`] is written.
fn list(numbers: &[f64]) -> String {
    numbers
        .iter()
        .map(f64::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

fn wide(x: i64) -> f64 {
    x as f64
}

fn real(x: usize) -> f64 {
    x as f64
}
