//! Stored numbers → [`Values`]: element types, byte orders and strides, whatever format they came in.
//!
//! The one place where raw bytes become numbers. It knows nothing of files or names; the complaints
//! it makes are completed by the format that calls it.

use super::{Array, Parsed, Values};
use half::{bf16, f16};

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

    /// Bytes per element in memory: integers are widened.
    pub fn size_in_memory(self) -> usize {
        match self {
            Self::F16 | Self::BF16 | Self::F32 | Self::F64 => self.size(),
            _ => 8,
        }
    }
}

/// The array of `shape` whose row-major elements fill `bytes`.
///
/// # Errors
/// Where the bytes are not exactly as many as the shape asks for, or an unsigned number exceeds `i64`.
pub fn array(shape: Vec<usize>, element: Element, bytes: &[u8], order: ByteOrder) -> Parsed<Array> {
    let expected = byte_count(&shape, element)?;
    if bytes.len() != expected {
        return Err(format!(
            "shape {shape:?} takes {expected} bytes, found {}",
            bytes.len()
        ));
    }
    let values = decode(element, bytes, order)?;
    Array::new(shape, values).ok_or_else(|| "values don't fill the shape".into())
}

/// The bytes that `shape` takes.
///
/// # Errors
/// Where the product overflows.
pub fn byte_count(shape: &[usize], element: Element) -> Parsed<usize> {
    count(shape)
        .and_then(|n| n.checked_mul(element.size()))
        .ok_or_else(|| format!("shape {shape:?} is larger than any memory"))
}

fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))
}

/// A window on a storage: where it starts and how far apart neighbours are, in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Index of the first element in the storage.
    pub offset: usize,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// Distance between neighbours along each axis.
    pub strides: Vec<usize>,
}

impl View {
    /// The last element's index plus one: what the storage must hold at least.
    pub fn end(&self) -> Option<usize> {
        if self.shape.len() != self.strides.len() {
            return None;
        }
        if self.shape.contains(&0) {
            return Some(self.offset);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (&d, &s)| {
                at.checked_add((d - 1).checked_mul(s)?)
            })?;
        last.checked_add(1)
    }

    fn is_row_major(&self) -> bool {
        let mut step = 1_usize;
        self.shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&extent, &stride)| {
                let fits = extent <= 1 || stride == step;
                step = step.saturating_mul(extent);
                fits
            })
    }
}

/// The array that `view` shows of a `storage`.
///
/// # Errors
/// Where the view reaches beyond the storage, or shows its elements more often than they are there:
/// a shape of a terabyte over one stored number would cost a terabyte.
pub fn view(storage: &[u8], element: Element, view: View, order: ByteOrder) -> Parsed<Array> {
    let size = element.size();
    let held = storage.len() / size;
    let end = view.end().ok_or("its strides don't fit its shape")?;
    if end > held {
        return Err(format!(
            "shape {:?} with strides {:?} from element {} reaches to element {end} of a storage of {held}",
            view.shape, view.strides, view.offset
        ));
    }
    let bytes = byte_count(&view.shape, element)?;
    if bytes / size > held {
        return Err(format!(
            "shape {:?} repeats the elements of a storage of {held} (save `tensor.contiguous()`)",
            view.shape
        ));
    }
    if bytes == 0 || view.is_row_major() {
        let start = view.offset * size;
        let window = if bytes == 0 {
            Some(&[][..])
        } else {
            storage.get(start..start + bytes)
        };
        return array(
            view.shape,
            element,
            window.ok_or("it reaches beyond its storage")?,
            order,
        );
    }
    let mut gathered = Vec::with_capacity(bytes);
    let mut index = vec![0_usize; view.shape.len()];
    let mut at = view.offset;
    while gathered.len() < bytes {
        let one = storage.get(at * size..at * size + size);
        gathered.extend_from_slice(one.ok_or("it reaches beyond its storage")?);
        // Count up the last axis first, carrying over as an odometer does.
        for ((i, &extent), &stride) in index.iter_mut().zip(&view.shape).zip(&view.strides).rev() {
            *i += 1;
            // An axis of extent 1 may carry any stride; it is added and taken away again.
            at = at.wrapping_add(stride);
            if *i < extent {
                break;
            }
            at = at.wrapping_sub(extent.wrapping_mul(stride));
            *i = 0;
        }
    }
    array(view.shape, element, &gathered, order)
}

fn decode(element: Element, bytes: &[u8], order: ByteOrder) -> Parsed<Values> {
    // Each element type reads as an array of its own width in either byte order.
    macro_rules! numbers {
        ($t:ty, $n:literal) => {{
            let chunks = bytes
                .chunks_exact($n)
                .map(|c| <[u8; $n]>::try_from(c).unwrap_or([0; $n]));
            match order {
                ByteOrder::Little => chunks.map(<$t>::from_le_bytes).collect::<Vec<$t>>(),
                ByteOrder::Big => chunks.map(<$t>::from_be_bytes).collect::<Vec<$t>>(),
            }
        }};
    }
    macro_rules! integers {
        ($t:ty, $n:literal) => {
            Values::I64(numbers!($t, $n).into_iter().map(i64::from).collect())
        };
    }
    Ok(match element {
        Element::F16 => Values::F16(numbers!(f16, 2)),
        Element::BF16 => Values::BF16(numbers!(bf16, 2)),
        Element::F32 => Values::F32(numbers!(f32, 4)),
        Element::F64 => Values::F64(numbers!(f64, 8)),
        Element::I8 => integers!(i8, 1),
        Element::I16 => integers!(i16, 2),
        Element::I32 => integers!(i32, 4),
        Element::I64 => Values::I64(numbers!(i64, 8)),
        Element::U8 => Values::I64(bytes.iter().map(|&b| b.into()).collect()),
        Element::U16 => integers!(u16, 2),
        Element::U32 => integers!(u32, 4),
        Element::U64 => {
            let wide = numbers!(u64, 8).into_iter().map(i64::try_from);
            Values::I64(
                wide.collect::<Result<_, _>>()
                    .map_err(|_| "a number beyond 2^63")?,
            )
        }
        Element::Bool => Values::I64(bytes.iter().map(|&b| i64::from(b != 0)).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(values: &[i16]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn views_resolve_offsets_and_strides() {
        let storage = bytes_of(&[9, 0, 1, 2, 3, 4, 5]);
        let check = |offset, shape: &[usize], strides: &[usize], expected: Option<&[i64]>| {
            let window = View {
                offset,
                shape: shape.to_vec(),
                strides: strides.to_vec(),
            };
            let found = view(&storage, Element::I16, window, ByteOrder::Little).ok();
            assert_eq!(
                found.map(|a| a.values().clone()),
                expected.map(|v| Values::I64(v.into()))
            );
        };
        check(1, &[2, 3], &[3, 1], Some(&[0, 1, 2, 3, 4, 5]));
        check(
            1,
            &[3, 1, 2],
            &[1, usize::MAX, 3],
            Some(&[0, 3, 1, 4, 2, 5]),
        );
        check(
            1,
            &[2, 1, 3],
            &[3, usize::MAX, 1],
            Some(&[0, 1, 2, 3, 4, 5]),
        );
        check(6, &[], &[], Some(&[5]));
        check(0, &[0, 3], &[3, 1], Some(&[]));
        check(0, &[2, 2], &[0, 1], Some(&[9, 0, 9, 0]));
        check(1, &[3, 3], &[3, 1], None);
        check(0, &[1 << 40], &[0], None);
        check(0, &[2], &[usize::MAX], None);
        check(usize::MAX, &[1], &[1], None);
        check(0, &[2], &[1, 1], None);
    }

    #[test]
    fn big_endian_numbers_are_turned_around() {
        let found = array(vec![1], Element::F32, &[0x3f, 0x80, 0, 0], ByteOrder::Big);
        assert_eq!(found.map(|a| a.to_f64()), Ok(vec![1.0]));
    }
}
