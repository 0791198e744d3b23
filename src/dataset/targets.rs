//! What a network is held against: classes or numbers, one or many a sample; or nothing, where a loss holds
//! outputs against inputs.
//!
//! Nothing here knows losses: which of them takes which targets is said where they meet a network.

use std::ops::Range;

/// Stands for a label that counts nowhere: PyTorch's −100, as files have it.
pub const IGNORED: u32 = u32::MAX;

/// The targets of a split, sample after sample, each sample's in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Classes counted from 0, or [`IGNORED`].
    Classes(Vec<u32>),
    /// Numbers, as stored, rounded once to f32.
    Values(Vec<f32>),
    /// None, of so many samples: for an autoencoder.
    Missing(usize),
}

/// Borrowed targets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TargetSlice<'a> {
    /// Classes.
    Classes(&'a [u32]),
    /// Numbers.
    Values(&'a [f32]),
    /// None, of so many samples.
    Missing(usize),
}

impl Targets {
    /// Number of targets of all samples together, a missing one of each sample counted.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(labels) => labels.len(),
            Self::Values(values) => values.len(),
            Self::Missing(samples) => *samples,
        }
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    pub fn as_slice(&self) -> TargetSlice<'_> {
        match self {
            Self::Classes(labels) => TargetSlice::Classes(labels),
            Self::Values(values) => TargetSlice::Values(values),
            Self::Missing(samples) => TargetSlice::Missing(*samples),
        }
    }

    /// Those of the samples at `indexes`, `each` a sample; what lies beyond the end is left out.
    #[must_use]
    pub fn select(&self, each: usize, indexes: &[usize]) -> Self {
        fn pick<T: Copy>(all: &[T], each: usize, indexes: &[usize]) -> Vec<T> {
            let rows = indexes
                .iter()
                .filter_map(|i| all.get(i.checked_mul(each)?..i.checked_add(1)? * each));
            rows.flatten().copied().collect()
        }
        match self {
            Self::Classes(labels) => Self::Classes(pick(labels, each, indexes)),
            Self::Values(values) => Self::Values(pick(values, each, indexes)),
            Self::Missing(samples) => {
                Self::Missing(indexes.iter().filter(|i| *i < samples).count())
            }
        }
    }
}

impl TargetSlice<'_> {
    /// Number of targets, missing ones counted.
    pub fn len(self) -> usize {
        match self {
            Self::Classes(labels) => labels.len(),
            Self::Values(values) => values.len(),
            Self::Missing(samples) => samples,
        }
    }

    /// True where there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Part of them.
    ///
    /// # Panics
    /// Where the range goes beyond the end.
    #[must_use]
    pub fn range(self, range: Range<usize>) -> Self {
        match self {
            Self::Classes(labels) => Self::Classes(&labels[range]),
            Self::Values(values) => Self::Values(&values[range]),
            Self::Missing(samples) => {
                assert!(range.end <= samples, "{range:?} of {samples} samples");
                Self::Missing(range.len())
            }
        }
    }

    /// One target as a number; NaN where it is missing.
    ///
    /// # Panics
    /// Beyond the end.
    pub fn at(self, index: usize) -> f64 {
        match self {
            Self::Classes(labels) => f64::from(labels[index]),
            Self::Values(values) => f64::from(values[index]),
            Self::Missing(_) => f64::NAN,
        }
    }
}
