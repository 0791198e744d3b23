//! Stored numbers → inputs: one affine map per channel, computed in f64 and rounded once to f32.
//!
//! A network sees what it was trained on only if the map is the same, so it is never silent: the
//! plan carries the words and numbers that a result records. It knows no file format.

mod facts;
mod named;
mod rule;

pub use facts::{Facts, likely};
pub use named::{NAMED, Named, Scaling};
pub use rule::Normalize;
use rule::list;

use super::array::Values;
use super::split::Split;
use crate::error::{Error, Result};

/// What [`Normalize::Auto`] means for a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Auto {
    /// As stored.
    Stored,
    /// Divided by the source's unit.
    Unit,
    /// Divided by the unit, then the scaling of this name.
    Named(Named),
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
    /// What is known of the stored numbers.
    pub facts: Facts,
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
    let mut facts = facts_of(source);
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
        Normalize::Named(named) => {
            let scaling = named.scaling();
            let pixel = facts.pixel().ok_or_else(|| no_pixels(normalize, &facts))?;
            let numbers = |numbers: &[f64]| match numbers {
                [] => Ok(Vec::new()),
                numbers => per_channel(numbers, channels),
            };
            (pixel, numbers(scaling.mean)?, numbers(scaling.std)?)
        }
        Normalize::Auto => match source.auto {
            Auto::Stored => (1.0, vec![], vec![]),
            Auto::Unit => (unit, vec![], vec![]),
            Auto::Named(named) => {
                let Scaling { mean, std, .. } = named.scaling();
                (
                    unit,
                    per_channel(mean, channels)?,
                    per_channel(std, channels)?,
                )
            }
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
    let name = match normalize {
        Normalize::Named(named) => format!("{}: ", named.name()),
        _ => String::new(),
    };
    let words = if mean.is_empty() {
        format!("{name}input = {stored}")
    } else {
        format!(
            "{name}input = ({stored} − mean)/deviation per channel{measured}, mean [{}], deviation [{}]",
            few(&mean),
            few(&std)
        )
    };
    facts.used = (unit, mean.clone(), std.clone());
    Ok(Plan {
        unit,
        mean,
        std,
        words,
        facts,
        warnings,
    })
}

/// What is known of the stored inputs of both splits.
fn facts_of(source: &Stored) -> Facts {
    let (mut low, mut high, mut whole) = (f64::INFINITY, f64::NEG_INFINITY, true);
    let mut see = |value: f64| {
        (low, high) = (low.min(value), high.max(value));
        whole &= value.fract() == 0.0;
    };
    for split in std::iter::once(source.train).chain(source.validation) {
        match &split.values {
            Values::U8(v) => {
                let ends = [v.iter().min(), v.iter().max()];
                ends.into_iter().flatten().for_each(|&x| see(x.into()));
            }
            Values::I64(v) => v.iter().for_each(|&x| see(wide(x))),
            Values::F32(v) => v.iter().for_each(|&x| see(x.into())),
            Values::F64(v) => v.iter().for_each(|&x| see(x)),
        }
    }
    Facts {
        unit: source.unit,
        channels: match source.train.shape.as_slice() {
            [channels, _, _] => Some(*channels),
            _ => None,
        },
        low,
        high,
        whole,
        used: (1.0, Vec::new(), Vec::new()),
    }
}

fn no_pixels(normalize: &Normalize, facts: &Facts) -> Error {
    Error::Usage(format!(
        "the scaling {normalize} is for pixels, 0 to 1 or whole numbers 0 to 255, but the data goes \
         from {} to {}: it seems to be scaled already; choose --data-normalize none, or give the \
         numbers: scale:NUMBER, given:MEAN,…:DEVIATION,…",
        facts.low, facts.high
    ))
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

/// Numbers of channels as they are recorded: one where a single one serves more than four.
fn few(numbers: &[f64]) -> String {
    match numbers {
        [one, rest @ ..] if rest.len() > 3 && rest.iter().all(|x| x == one) => list(&[*one]),
        all => list(all),
    }
}

fn wide(x: i64) -> f64 {
    x as f64
}

fn real(x: usize) -> f64 {
    x as f64
}
