//! An array of numbers as it stood in a file: shape, type and values, bit for bit.
//!
//! It deliberately knows nothing of devices or of what an array is for.

use half::{bf16, f16};
use std::ops::Range;

/// The values of an [`Array`] in row-major order, in the type the file stored.
///
/// Bytes stay bytes, booleans among them as 0 and 1; every other integer is widened to `i64`.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// IEEE half precision.
    F16(Vec<f16>),
    /// bfloat16.
    BF16(Vec<bf16>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Unsigned bytes and booleans.
    U8(Vec<u8>),
    /// Every other integer.
    I64(Vec<i64>),
}

/// A dense array: `shape` (axis 0 first) and its values in row-major order.
///
/// Invariant: the number of values is the product of `shape` (1 for an empty shape).
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Values,
}

impl Array {
    /// `None` where the number of values is not the product of the shape.
    pub fn new(shape: Vec<usize>, values: Values) -> Option<Self> {
        let expected = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))?;
        (values.len() == expected).then_some(Self { shape, values })
    }

    /// Extent of each axis; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values as stored.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True where some axis has extent 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every value as `f64`, exactly (integers beyond 2^53 are rounded).
    pub fn to_f64(&self) -> Vec<f64> {
        self.part(0..self.len())
    }

    /// The values at these places as `f64`; those beyond the end are left out.
    pub fn part(&self, range: Range<usize>) -> Vec<f64> {
        fn of<T: Copy>(values: &[T], range: Range<usize>, f: impl Fn(T) -> f64) -> Vec<f64> {
            let end = range.end.min(values.len());
            let values = values.get(range.start..end).unwrap_or_default();
            values.iter().map(|&x| f(x)).collect()
        }
        match &self.values {
            Values::F16(v) => of(v, range, f16::to_f64),
            Values::BF16(v) => of(v, range, bf16::to_f64),
            Values::F32(v) => of(v, range, f64::from),
            Values::F64(v) => of(v, range, |x| x),
            Values::U8(v) => of(v, range, f64::from),
            Values::I64(v) => of(v, range, |x| x as f64),
        }
    }

    /// Every value of an array of integers or booleans; `None` for one of floating point.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        match &self.values {
            Values::U8(v) => Some(v.iter().map(|&x| x.into()).collect()),
            Values::I64(v) => Some(v.clone()),
            _ => None,
        }
    }

    /// Its shape and its values.
    pub fn into_parts(self) -> (Vec<usize>, Values) {
        (self.shape, self.values)
    }

    /// How many values are NaN or infinite.
    pub fn non_finite(&self) -> usize {
        match &self.values {
            Values::F16(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::BF16(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::F32(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::F64(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::U8(_) | Values::I64(_) => 0,
        }
    }
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F16(v) => v.len(),
            Self::BF16(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::I64(v) => v.len(),
        }
    }

    /// True where there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type's name as PyTorch writes it: `float32`, `bfloat16`, …
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::F16(_) => "float16",
            Self::BF16(_) => "bfloat16",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
            Self::U8(_) => "uint8",
            Self::I64(_) => "int64",
        }
    }

    /// True for the floating-point types, the only ones a network trains.
    pub fn is_float(&self) -> bool {
        !matches!(self, Self::U8(_) | Self::I64(_))
    }
}
