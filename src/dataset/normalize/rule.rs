//! The rule that says how stored numbers become inputs, as it is written and read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::named::{NAMED, Named};
use crate::error::{Error, Result};

/// How stored numbers become inputs. Written as text: `auto`, `none`, `per-channel`, `scale:16`,
/// `given:0.5,0.5,0.5:0.25,0.25,0.25` (means, then deviations), or a name: `cifar10`, `0-1`.
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
    /// A usual scaling of pixels, by its name.
    Named(Named),
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
            Self::Named(named) => f.write_str(named.name()),
        }
    }
}

impl FromStr for Normalize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            let names: Vec<&str> = NAMED.iter().map(|named| named.name()).collect();
            Error::Usage(format!(
                "unknown normalisation `{text}`; one of auto, none, {}, per-channel, scale:NUMBER, \
                 given:MEAN,…:DEVIATION,…",
                names.join(", ")
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
            [name] => Self::Named(Named::of(name).ok_or_else(unknown)?),
            _ => return Err(unknown()),
        };
        normalize.check()?;
        Ok(normalize)
    }
}

/// Numbers with commas, as [`Normalize`] is written.
pub(super) fn list(numbers: &[f64]) -> String {
    numbers
        .iter()
        .map(f64::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
