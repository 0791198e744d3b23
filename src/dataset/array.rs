//! Arrays of numbers as NumPy and safetensors files hold them, decoded from little pieces.
//!
//! Values keep their precision (`float32` stays bit for bit what it was), integers are widened, and
//! memory is asked for only after the caller has shown that the bytes exist. Which array means what
//! is the business of `keyed`.

use std::io::{self, Read};

use half::{bf16, f16};

/// The type of one stored number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

/// How an array is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Type of each number.
    pub kind: Kind,
    /// True where the most significant byte comes first.
    pub big_endian: bool,
    /// True where the first axis varies fastest.
    pub fortran: bool,
    /// Extent of each axis.
    pub shape: Vec<usize>,
}

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

/// A decoded array.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    /// Type in the file.
    pub kind: Kind,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// As many values as the product of the shape.
    pub values: Values,
}

impl Kind {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Bytes of one number as it is kept here.
    fn size_in_memory(self) -> usize {
        match self {
            Self::Bool | Self::U8 => 1,
            Self::F16 | Self::BF16 | Self::F32 => 4,
            _ => 8,
        }
    }

    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

impl Layout {
    /// Bytes of the whole array, `None` where the number does not fit.
    pub fn bytes(&self) -> Option<u64> {
        let count = self
            .shape
            .iter()
            .try_fold(1_usize, |n, &extent| n.checked_mul(extent))?;
        u64::try_from(count.checked_mul(self.kind.size())?).ok()
    }

    /// Bytes that the array takes in memory until it is samples: its values, and beside them either the
    /// inputs they become or themselves in another order.
    pub fn memory(&self) -> u64 {
        let value = self.kind.size_in_memory();
        // Numbers in columns are put in order by a list of their places.
        let order = if self.fortran { size_of::<usize>() } else { 0 };
        let each = value + value.max(size_of::<f32>()) + order;
        let count = self.bytes().unwrap_or(u64::MAX) / self.kind.size() as u64;
        count.saturating_mul(each as u64)
    }

    /// Decodes the array from a reader that is known to hold [`Layout::bytes`].
    pub fn decode(&self, reader: &mut dyn Read) -> io::Result<Array> {
        let count = self.shape.iter().product();
        let big = self.big_endian;
        let values = match self.kind {
            Kind::Bool | Kind::U8 => Values::U8(numbers(reader, count, big, |[b]: [u8; 1]| b)?),
            Kind::I8 => Values::I64(numbers(reader, count, big, |b| {
                i8::from_le_bytes(b).into()
            })?),
            Kind::U16 => Values::I64(numbers(reader, count, big, |b| {
                u16::from_le_bytes(b).into()
            })?),
            Kind::I16 => Values::I64(numbers(reader, count, big, |b| {
                i16::from_le_bytes(b).into()
            })?),
            Kind::U32 => Values::I64(numbers(reader, count, big, |b| {
                u32::from_le_bytes(b).into()
            })?),
            Kind::I32 => Values::I64(numbers(reader, count, big, |b| {
                i32::from_le_bytes(b).into()
            })?),
            Kind::U64 => {
                let wide = numbers(reader, count, big, u64::from_le_bytes)?;
                let narrow: Result<_, _> = wide.into_iter().map(i64::try_from).collect();
                Values::I64(narrow.map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, "a uint64 value beyond 2^63")
                })?)
            }
            Kind::I64 => Values::I64(numbers(reader, count, big, i64::from_le_bytes)?),
            Kind::F16 => Values::F32(numbers(reader, count, big, |b| {
                f16::from_le_bytes(b).to_f32()
            })?),
            Kind::BF16 => Values::F32(numbers(reader, count, big, |b| {
                bf16::from_le_bytes(b).to_f32()
            })?),
            Kind::F32 => Values::F32(numbers(reader, count, big, f32::from_le_bytes)?),
            Kind::F64 => Values::F64(numbers(reader, count, big, f64::from_le_bytes)?),
        };
        // One axis reads the same in both orders.
        let values = if self.fortran && self.shape.len() > 1 {
            values.reordered(count, &row_major_from_fortran(&self.shape))
        } else {
            values
        };
        Ok(Array {
            kind: self.kind,
            shape: self.shape.clone(),
            values,
        })
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

/// `count` numbers of `W` bytes each; `value` gets them least significant byte first.
fn numbers<T, const W: usize>(
    reader: &mut dyn Read,
    count: usize,
    big_endian: bool,
    value: impl Fn([u8; W]) -> T,
) -> io::Result<Vec<T>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut buffer = [0_u8; 1 << 13];
    while values.len() < count {
        let n = (count - values.len()).min(buffer.len() / W);
        let bytes = &mut buffer[..n * W];
        reader.read_exact(bytes)?;
        values.extend(bytes.as_chunks().0.iter().map(|&(mut chunk)| {
            if big_endian {
                chunk.reverse();
            }
            value(chunk)
        }));
    }
    Ok(values)
}

/// For each row-major position, where that element lies when the first axis varies fastest.
fn row_major_from_fortran(shape: &[usize]) -> Vec<usize> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for &extent in shape {
        strides.push(stride);
        stride *= extent;
    }
    let mut positions = Vec::with_capacity(stride);
    let mut index = vec![0; shape.len()];
    for _ in 0..stride {
        positions.push(index.iter().zip(&strides).map(|(i, s)| i * s).sum());
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_becomes_row_major() {
        // np.asfortranarray(np.arange(6, dtype="u1").reshape(2, 3)) is stored 0 3 1 4 2 5.
        let layout = Layout {
            kind: Kind::U8,
            big_endian: false,
            fortran: true,
            shape: vec![2, 3],
        };
        let array = layout.decode(&mut [0, 3, 1, 4, 2, 5].as_slice()).unwrap();
        assert_eq!(array.values, Values::U8(vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn big_endian_numbers_are_turned() {
        let layout = Layout {
            kind: Kind::I16,
            big_endian: true,
            fortran: false,
            shape: vec![2],
        };
        let array = layout
            .decode(&mut [0xff, 0xfe, 0x01, 0x00].as_slice())
            .unwrap();
        assert_eq!(array.values, Values::I64(vec![-2, 256]));
    }

    #[test]
    fn channels_move_before_height_and_width() {
        let values = Values::U8((0..12).collect());
        // np.arange(12).reshape(1, 2, 2, 3).transpose(0, 3, 1, 2).ravel()
        let expected = vec![0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11];
        assert_eq!(values.channels_first([2, 2, 3]), Values::U8(expected));
    }

    #[test]
    fn a_shape_too_large_to_count_has_no_size() {
        let huge = Layout {
            kind: Kind::F64,
            big_endian: false,
            fortran: false,
            shape: vec![usize::MAX, 2],
        };
        assert_eq!(huge.bytes(), None);
    }
}
