//! A named array of numbers as it stood in a file: shape, type and values, bit for bit.
//!
//! It deliberately knows nothing of devices or of what a tensor is for.

use super::Parsed;
use super::element::{self, Element};
use half::{bf16, f16};
use std::borrow::Cow;
use std::ops::Range;

/// What the elements of a stored tensor are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtype {
    name: Cow<'static, str>,
    /// What can be done with them.
    pub kind: Kind,
}

/// What can be done with the elements of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Floating point: the only types a network trains.
    Float,
    /// Integers and booleans.
    Integer,
    /// Complex, sparse, quantised, of eight bits and fewer: listed, but never read.
    Unreadable,
}

impl Dtype {
    /// A type that is listed only.
    pub fn unreadable(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Unreadable,
        }
    }

    /// The type's name as PyTorch and NumPy write it: `bfloat16`, `complex64`, `sparse_coo float32`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<Element> for Dtype {
    fn from(element: Element) -> Self {
        Self {
            name: element.name().into(),
            kind: if element.is_float() {
                Kind::Float
            } else {
                Kind::Integer
            },
        }
    }
}

/// What is known of a stored tensor before its values are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name as the network knows it.
    pub name: String,
    /// Extent of each axis; empty for a scalar, and where an unreadable one doesn't tell.
    pub shape: Vec<usize>,
    /// Type in the file.
    pub dtype: Dtype,
    /// Bytes that its values take once they are read.
    pub(super) memory: u64,
    /// Bytes that lie beside them while they are read.
    pub(super) beside: u64,
}

impl Entry {
    /// A tensor whose values come from a stream.
    pub(super) fn new(name: String, shape: Vec<usize>, element: Element) -> Parsed<Self> {
        Ok(Self {
            memory: element::memory(&shape, element)?,
            name,
            shape,
            dtype: element.into(),
            beside: 0,
        })
    }

    /// A tensor that is listed only.
    pub(super) fn unreadable(name: String, shape: Vec<usize>, dtype: Dtype) -> Self {
        Self {
            name,
            shape,
            dtype,
            memory: 0,
            beside: 0,
        }
    }

    /// The same where reading needs `bytes` beside the values.
    pub(super) fn beside(mut self, bytes: u64) -> Self {
        self.beside = bytes;
        self
    }

    /// Number of values, as far as the shape tells.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |n, &d| n.saturating_mul(d))
    }

    /// True where some axis has extent 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its values can be read.
    pub fn is_readable(&self) -> bool {
        self.dtype.kind != Kind::Unreadable
    }
}

/// The values of an [`Array`] in row-major order, in the type the file stored.
///
/// Integers of every width are widened to `i64`, booleans become 0 and 1.
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
    /// Integers and booleans.
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
            Values::I64(v) => of(v, range, |x| x as f64),
        }
    }

    /// How many values are NaN or infinite.
    pub fn non_finite(&self) -> usize {
        match &self.values {
            Values::F16(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::BF16(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::F32(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::F64(v) => v.iter().filter(|x| !x.is_finite()).count(),
            Values::I64(_) => 0,
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
            Self::I64(_) => "int64",
        }
    }

    /// True for the floating-point types, the only ones a network trains.
    pub fn is_float(&self) -> bool {
        !matches!(self, Self::I64(_))
    }
}
