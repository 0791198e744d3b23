//! Numbers on their way from a file to samples.
//!
//! Values keep their precision (`float32` stays bit for bit what it was); the half precisions become
//! single, which holds them exactly. How bytes become numbers is [`crate::store`]'s business, which
//! array means what that of `keyed`.

use half::{bf16, f16};

use crate::store::{self, Dtype, Entry, Kind};

/// Numbers in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// Bytes and booleans.
    U8(Vec<u8>),
    /// Every other integer.
    I64(Vec<i64>),
    /// Single precision, and the half precisions, which it holds exactly.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

/// An array as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    /// Type in the file.
    pub dtype: Dtype,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// As many values as the product of the shape.
    pub values: Values,
}

impl Array {
    /// The array that was read as `entry` says.
    pub fn new(entry: &Entry, array: store::Array) -> Self {
        let (shape, values) = array.into_parts();
        Self {
            dtype: entry.dtype.clone(),
            shape,
            values: values.into(),
        }
    }
}

/// Bytes that an array takes in memory until it is samples: its values, and beside them either what
/// reading needs, or the inputs they become, or themselves in another order.
pub(super) fn memory(entry: &Entry) -> u64 {
    let singles = (entry.len() as u64).saturating_mul(size_of::<f32>() as u64);
    let kept = match entry.dtype.kind {
        Kind::Float => entry.memory.max(singles),
        _ => entry.memory,
    };
    kept.saturating_add(kept.max(singles).max(entry.beside))
}

impl From<store::Values> for Values {
    fn from(values: store::Values) -> Self {
        match values {
            store::Values::F16(v) => Self::F32(v.into_iter().map(f16::to_f32).collect()),
            store::Values::BF16(v) => Self::F32(v.into_iter().map(bf16::to_f32).collect()),
            store::Values::F32(v) => Self::F32(v),
            store::Values::F64(v) => Self::F64(v),
            store::Values::U8(v) => Self::U8(v),
            store::Values::I64(v) => Self::I64(v),
        }
    }
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether they are stored as floating-point numbers.
    pub fn is_float(&self) -> bool {
        matches!(self, Self::F32(_) | Self::F64(_))
    }

    /// Whether all are whole numbers from 0 to below `end`.
    pub fn all_below(&self, end: usize) -> bool {
        let below = |v: f64| v.fract() == 0.0 && (0.0..end as f64).contains(&v);
        (0..self.len()).all(|index| below(self.at(index)))
    }

    /// One value, of an integer beyond 2⁵³ the nearest double.
    ///
    /// # Panics
    /// Beyond the end.
    pub fn at(&self, index: usize) -> f64 {
        match self {
            Self::U8(v) => v[index].into(),
            Self::I64(v) => v[index] as f64,
            Self::F32(v) => v[index].into(),
            Self::F64(v) => v[index],
        }
    }

    /// Each block of `width` values in the order of `positions`, which count from its start.
    pub fn reordered(self, width: usize, positions: &[usize]) -> Self {
        fn pick<T: Copy>(values: &[T], width: usize, positions: &[usize]) -> Vec<T> {
            let mut reordered = Vec::with_capacity(values.len());
            for block in values.chunks(width) {
                reordered.extend(positions.iter().filter_map(|&i| block.get(i)));
            }
            reordered
        }
        if width == 0 {
            return self;
        }
        match &self {
            Self::U8(v) => Self::U8(pick(v, width, positions)),
            Self::I64(v) => Self::I64(pick(v, width, positions)),
            Self::F32(v) => Self::F32(pick(v, width, positions)),
            Self::F64(v) => Self::F64(pick(v, width, positions)),
        }
    }

    /// The rows (of `width` values) at `indexes`, in that order.
    pub fn rows(&self, width: usize, indexes: &[usize]) -> Self {
        fn pick<T: Copy>(values: &[T], width: usize, indexes: &[usize]) -> Vec<T> {
            let mut rows = Vec::with_capacity(indexes.len() * width);
            for &index in indexes {
                rows.extend(values.iter().skip(index * width).take(width));
            }
            rows
        }
        match self {
            Self::U8(v) => Self::U8(pick(v, width, indexes)),
            Self::I64(v) => Self::I64(pick(v, width, indexes)),
            Self::F32(v) => Self::F32(pick(v, width, indexes)),
            Self::F64(v) => Self::F64(pick(v, width, indexes)),
        }
    }

    /// Every `[height, width, channels]` block as `[channels, height, width]`.
    pub fn channels_first(self, [height, width, channels]: [usize; 3]) -> Self {
        let plane = height * width;
        let positions: Vec<usize> = (0..channels)
            .flat_map(|channel| (0..plane).map(move |pixel| pixel * channels + channel))
            .collect();
        self.reordered(plane * channels, &positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_move_before_height_and_width() {
        let values = Values::U8((0..12).collect());
        // np.arange(12).reshape(1, 2, 2, 3).transpose(0, 3, 1, 2).ravel()
        let expected = vec![0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11];
        assert_eq!(values.channels_first([2, 2, 3]), Values::U8(expected));
    }

    #[test]
    fn half_precisions_become_single() {
        let halves = store::Values::F16(vec![f16::from_f32(0.1)]);
        assert_eq!(
            Values::from(halves),
            Values::F32(vec![f16::from_f32(0.1).to_f32()])
        );
        let brains = store::Values::BF16(vec![bf16::from_f32(0.1)]);
        assert_eq!(
            Values::from(brains),
            Values::F32(vec![bf16::from_f32(0.1).to_f32()])
        );
    }
}
