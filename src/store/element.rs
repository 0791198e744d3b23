//! What the elements of a stored array are: types, their names and sizes, whatever format they came in.
//!
//! Floating point, integers and booleans are read; every other type is known by its name alone. How
//! bytes become numbers is said in `decode`.

use super::Parsed;
use std::borrow::Cow;

/// The type of a stored element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// IEEE half precision.
    F16,
    /// bfloat16.
    BF16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// A boolean in one byte.
    Bool,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

impl Element {
    /// Bytes per stored element.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// Bytes per element in memory: integers beyond a byte are widened.
    pub fn size_in_memory(self) -> usize {
        match self {
            Self::I8 | Self::I16 | Self::I32 | Self::U16 | Self::U32 => 8,
            _ => self.size(),
        }
    }

    /// True for the floating-point types.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// The type's name as PyTorch and NumPy write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::Bool => "bool",
        }
    }
}

/// What the elements of a stored array are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtype {
    name: Cow<'static, str>,
    /// What can be done with them.
    pub kind: Kind,
}

/// What can be done with the elements of an array.
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

/// The bytes that `shape` takes in memory.
///
/// # Errors
/// As [`byte_count`].
pub(crate) fn memory(shape: &[usize], element: Element) -> Parsed<u64> {
    let count = (byte_count(shape, element)? / element.size()) as u64;
    Ok(count.saturating_mul(element.size_in_memory() as u64))
}

/// The bytes that `shape` takes.
///
/// # Errors
/// Where the product overflows.
pub(crate) fn byte_count(shape: &[usize], element: Element) -> Parsed<usize> {
    count(shape)
        .and_then(|n| n.checked_mul(element.size()))
        .ok_or_else(|| format!("shape {shape:?} is larger than any memory"))
}

fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))
}
