//! What a tensor is to the layer that uses it.
//!
//! Directions, distances and norms go by this alone: they know no layers.

use serde::{Deserialize, Serialize};

/// What a tensor is to its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Trained; `output_axis` counts the filters of a weight.
    Trainable {
        /// The axis whose entries are the filters; `None` for tensors without filters.
        output_axis: Option<usize>,
    },
    /// A trained weight in equal groups along its first axis, in each of which the entries of another axis are the
    /// filters: as many filters as there are pairs of both.
    Grouped {
        /// The axis that counts the filters of a group, not the first.
        axis: usize,
        /// How many groups the first axis has.
        groups: usize,
    },
    /// Running mean of a normalisation layer.
    RunningMean,
    /// Running variance of a normalisation layer.
    RunningVar,
    /// A buffer that isn't measured on data: the vectors of a spectral norm, which keep their length.
    Fixed,
}

impl Role {
    /// A weight whose first axis counts the filters.
    pub const WEIGHT: Self = Self::Trainable {
        output_axis: Some(0),
    };
    /// A trained tensor without filters: a bias, a scale.
    pub const PLAIN: Self = Self::Trainable { output_axis: None };

    /// Whether training changes it.
    pub fn is_trainable(self) -> bool {
        matches!(self, Self::Trainable { .. } | Self::Grouped { .. })
    }

    /// The axis that counts filters, and in how many groups along the first axis it does; `None` without filters.
    pub fn filters(self) -> Option<(usize, usize)> {
        match self {
            Self::Trainable { output_axis } => output_axis.map(|axis| (axis, 1)),
            Self::Grouped { axis, groups } => Some((axis, groups)),
            _ => None,
        }
    }

    /// Whether it is measured on data as these pass through.
    pub fn is_statistic(self) -> bool {
        matches!(self, Self::RunningMean | Self::RunningVar)
    }

    /// The one role of a tensor that has both; `None` where there is none.
    ///
    /// Of two axes that count filters the first is kept, for filters can be counted only once.
    pub fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            _ if self.is_trainable() && other.is_trainable() => {
                Some(if self == Self::PLAIN { other } else { self })
            }
            _ => (self == other).then_some(self),
        }
    }

    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Trainable { .. } | Self::Grouped { .. } => "a trained tensor",
            Self::RunningMean => "a running mean",
            Self::RunningVar => "a running variance",
            Self::Fixed => "a fixed buffer",
        }
    }
}
