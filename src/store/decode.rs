//! Bytes → [`Values`]: byte orders and strides, whatever format they came in.
//!
//! The one place where raw bytes become numbers. They are decoded from little pieces of a stream, so
//! that an array is in memory once. It knows nothing of files or names; the complaints it makes are
//! completed by the format that calls it.

use super::Parsed;
use super::array::{Array, Values};
use super::element::{ByteOrder, Element, byte_count};
use half::{bf16, f16};
use std::convert::identity;
use std::io::{ErrorKind, Read};

/// The array of `shape` whose row-major elements come out of `bytes`; what follows them is left there.
///
/// # Errors
/// Where the bytes end before, don't fit into memory, or an unsigned number exceeds `i64`.
pub fn array(
    shape: Vec<usize>,
    element: Element,
    bytes: &mut dyn Read,
    order: ByteOrder,
) -> Parsed<Array> {
    let count = byte_count(&shape, element)? / element.size();
    let values = decode(element, bytes, count, order)?;
    Array::new(shape, values).ok_or_else(|| "values don't fill the shape".into())
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

    /// True where its elements follow one another in the storage.
    pub fn is_row_major(&self) -> bool {
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

/// Checks that a storage of `held` bytes has what a view shows; gives the bytes that it shows.
///
/// # Errors
/// Where the view reaches beyond the storage, or shows its elements more often than they are there:
/// a shape of a terabyte over one stored number would cost a terabyte.
pub fn check_view(held: u64, element: Element, view: &View) -> Parsed<usize> {
    let size = element.size();
    let held = usize::try_from(held).unwrap_or(usize::MAX) / size;
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
    Ok(bytes)
}

/// The array that `view` shows of a `storage`, in whatever order its elements lie there.
///
/// # Errors
/// As [`check_view`].
pub fn view(storage: &[u8], element: Element, view: View, order: ByteOrder) -> Parsed<Array> {
    let size = element.size();
    let bytes = check_view(storage.len() as u64, element, &view)?;
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
    array(view.shape, element, &mut gathered.as_slice(), order)
}

fn decode(
    element: Element,
    bytes: &mut dyn Read,
    count: usize,
    order: ByteOrder,
) -> Parsed<Values> {
    // Each element type reads as an array of its own width in either byte order.
    macro_rules! numbers {
        ($t:ty, $n:literal, $as:expr) => {
            match order {
                ByteOrder::Little => {
                    numbers(bytes, count, |c: [u8; $n]| $as(<$t>::from_le_bytes(c)))?
                }
                ByteOrder::Big => numbers(bytes, count, |c: [u8; $n]| $as(<$t>::from_be_bytes(c)))?,
            }
        };
    }
    macro_rules! integers {
        ($t:ty, $n:literal) => {
            Values::I64(numbers!($t, $n, i64::from))
        };
    }
    Ok(match element {
        Element::F16 => Values::F16(numbers!(f16, 2, identity)),
        Element::BF16 => Values::BF16(numbers!(bf16, 2, identity)),
        Element::F32 => Values::F32(numbers!(f32, 4, identity)),
        Element::F64 => Values::F64(numbers!(f64, 8, identity)),
        Element::I8 => integers!(i8, 1),
        Element::I16 => integers!(i16, 2),
        Element::I32 => integers!(i32, 4),
        Element::I64 => Values::I64(numbers!(i64, 8, identity)),
        Element::U8 => Values::U8(numbers!(u8, 1, identity)),
        Element::U16 => integers!(u16, 2),
        Element::U32 => integers!(u32, 4),
        Element::U64 => {
            let mut beyond = false;
            let mut narrow = |x: u64| {
                beyond |= x > i64::MAX.cast_unsigned();
                x.cast_signed()
            };
            let values = numbers!(u64, 8, narrow);
            if beyond {
                return Err("a number beyond 2^63".into());
            }
            Values::I64(values)
        }
        Element::Bool => Values::U8(numbers!(u8, 1, truth)),
    })
}

fn truth(byte: u8) -> u8 {
    u8::from(byte != 0)
}

/// `count` numbers of `W` bytes each.
fn numbers<T, const W: usize>(
    reader: &mut dyn Read,
    count: usize,
    mut value: impl FnMut([u8; W]) -> T,
) -> Parsed<Vec<T>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| format!("its {count} numbers don't fit into memory"))?;
    let mut buffer = vec![0_u8; (count * W).min(1 << 16)];
    while values.len() < count {
        let wanted = (count - values.len()).min(buffer.len() / W);
        let piece = buffer.get_mut(..wanted * W).unwrap_or_default();
        reader.read_exact(piece).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                format!("{count} numbers are declared, but its bytes end before: it is cut off or damaged")
            }
            _ => format!("it can't be read: {e}"),
        })?;
        values.extend(piece.as_chunks().0.iter().map(|&chunk| value(chunk)));
    }
    Ok(values)
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
        let mut bytes = &[0x3f, 0x80, 0, 0][..];
        let found = array(vec![1], Element::F32, &mut bytes, ByteOrder::Big);
        assert_eq!(found.map(|a| a.to_f64()), Ok(vec![1.0]));
    }

    #[test]
    fn long_arrays_come_in_pieces() {
        let values: Vec<i16> = (0..70_000_i32).map(|i| (i % 999) as i16).collect();
        let bytes = bytes_of(&values);
        let read = |mut bytes: &[u8]| {
            let shape = vec![values.len()];
            array(shape, Element::I16, &mut bytes, ByteOrder::Little)
        };
        let wide: Vec<i64> = values.iter().map(|&v| v.into()).collect();
        assert_eq!(read(&bytes).unwrap().values(), &Values::I64(wide));
        assert!(read(&bytes[..139_999]).unwrap_err().contains("end before"));
    }
}
