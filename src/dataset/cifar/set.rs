//! What is known of both sets, however they are stored.

use super::super::normalize::{Auto, Named};

/// Bytes of an image, channel after channel.
pub const PIXELS: usize = 3 * 32 * 32;
/// No file of either set is larger (CIFAR-100's training file has 153.7 MB).
pub const LARGEST_FILE: u64 = 256 << 20;

/// Which of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Ten classes.
    Ten,
    /// A hundred classes in twenty groups.
    Hundred,
}

impl Set {
    /// Number of classes for each label byte of a record; the last one is used.
    pub fn labels(self) -> &'static [u8] {
        match self {
            Self::Ten => &[10],
            Self::Hundred => &[20, 100],
        }
    }

    /// Bytes of a record.
    pub fn record(self) -> usize {
        PIXELS + self.labels().len()
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ten => "CIFAR-10",
            Self::Hundred => "CIFAR-100",
        }
    }

    /// The scaling that most training code uses.
    pub fn published(self) -> Auto {
        let name = match self {
            Self::Ten => "cifar10",
            Self::Hundred => "cifar100",
        };
        Named::of(name).map_or(Auto::Unit, Auto::Named)
    }
}
