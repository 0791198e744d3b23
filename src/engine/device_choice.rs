//! Which devices a job asks for, as it is typed and saved: `auto`, `gpu:1`, `flex,gpu`, `all`.
//!
//! A choice says nothing of this machine: a recipe that names a GPU can be opened where there is none.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// GPUs that can be told apart by their numbers.
pub const MOST_GPUS: u8 = 30;

/// The device a job asks for, or several of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DeviceChoice {
    /// A real GPU where there is one (and single precision is asked for), and `flex`.
    #[default]
    Auto,
    /// Any wgpu adapter: a real GPU first, else software Vulkan.
    Gpu,
    /// The adapter of this number in the list of `losscope devices`.
    Numbered(u8),
    /// The processor itself.
    Flex,
    /// burn's older CPU device, on ndarray.
    Ndarray,
    /// Every real GPU, and the processor.
    All,
    /// These together.
    Several(Several),
}

/// Two or more devices that share the points of a slice; each takes the next few when it has done its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Several(u32);

/// The devices that aren't GPUs, in the order of their bits.
const OTHERS: [DeviceChoice; 2] = [DeviceChoice::Flex, DeviceChoice::Ndarray];

impl Several {
    /// Each device, GPUs first.
    pub fn each(self) -> Vec<DeviceChoice> {
        let has = |bit: usize| self.0 >> bit & 1 == 1;
        let others = OTHERS.len();
        let gpus = (0..usize::from(MOST_GPUS)).filter(|i| has(others + i));
        let gpus = gpus.map(|i| DeviceChoice::Numbered(i as u8));
        let rest = (0..others).filter(|i| has(*i)).map(|i| OTHERS[i]);
        gpus.chain(rest).collect()
    }
}

impl DeviceChoice {
    /// Whether it names a graphics device, alone.
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::Gpu | Self::Numbered(_))
    }

    /// Whether a graphics device may be among them.
    pub fn may_be_gpu(self) -> bool {
        match self {
            Self::Flex | Self::Ndarray => false,
            Self::Several(several) => several.each().into_iter().any(Self::is_gpu),
            Self::Auto | Self::Gpu | Self::Numbered(_) | Self::All => true,
        }
    }

    /// These together.
    ///
    /// # Errors
    /// Where there is none, or one of them stands for several already.
    pub fn of(devices: &[Self]) -> Result<Self> {
        if let [one] = devices {
            return Ok(*one);
        }
        let mut bits = 0;
        for device in devices {
            let bit = match device {
                Self::Gpu => OTHERS.len(),
                Self::Numbered(number) if *number < MOST_GPUS => {
                    OTHERS.len() + usize::from(*number)
                }
                Self::Flex => 0,
                Self::Ndarray => 1,
                other => {
                    return Err(Error::Usage(format!(
                        "{other} stands for a device, or for several, already: name it alone, or list gpu, gpu:NUMBER, flex and ndarray"
                    )));
                }
            };
            bits |= 1 << bit;
        }
        let several = Several(bits);
        match several.each().as_slice() {
            [] => Err(Error::Usage("no device is named".into())),
            [one] => Ok(*one),
            _ => Ok(Self::Several(several)),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let one = |name: &str| match name.trim() {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "flex" => Ok(Self::Flex),
            "ndarray" => Ok(Self::Ndarray),
            "all" => Ok(Self::All),
            other => {
                let number = other.strip_prefix("gpu:").and_then(|n| n.parse().ok());
                let number = number.filter(|n| *n < MOST_GPUS).map(Self::Numbered);
                number.ok_or_else(|| {
                    Error::Usage(format!(
                        "{other:?} is no device: expected auto, gpu, gpu:NUMBER, flex, ndarray or all, or some of them with commas between; losscope devices lists them"
                    ))
                })
            }
        };
        let devices: Vec<Self> = text.split(',').map(one).collect::<Result<_>>()?;
        Self::of(&devices)
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Gpu => f.write_str("gpu"),
            Self::Numbered(number) => write!(f, "gpu:{number}"),
            Self::Flex => f.write_str("flex"),
            Self::Ndarray => f.write_str("ndarray"),
            Self::All => f.write_str("all"),
            Self::Several(several) => {
                let names: Vec<String> = several.each().iter().map(Self::to_string).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_written_as_they_are_read() {
        for (text, written) in [
            ("auto", "auto"),
            ("gpu", "gpu"),
            ("gpu:3", "gpu:3"),
            ("flex,gpu", "gpu:0,flex"),
            ("gpu:1,gpu:0", "gpu:0,gpu:1"),
            ("flex,flex", "flex"),
            ("ndarray, flex", "flex,ndarray"),
            ("all", "all"),
        ] {
            let choice: DeviceChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), written);
            assert_eq!(written.parse::<DeviceChoice>().unwrap(), choice);
        }
    }

    #[test]
    fn what_is_no_device_is_told_what_is_one() {
        for text in ["", "cuda", "gpu:", "gpu:-1", "gpu:30", "flex,", "gpu;flex"] {
            let message = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(message.contains("expected auto, gpu"), "{message}");
        }
        for text in ["auto,gpu", "flex,all"] {
            let message = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(message.contains("name it alone"), "{message}");
        }
    }
}
