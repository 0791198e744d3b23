//! The header of a `.npy` array.
//!
//! The header is the text of a Python dictionary with three known keys. A general parser of Python
//! literals recurses as deep as a hostile file tells it to; looking the three keys up can't.

use std::io::Read;

use super::array::{Kind, Layout};

/// NumPy itself refuses headers beyond 10,000 bytes.
const LARGEST_HEADER: usize = 1 << 16;

/// Reads the header and leaves `reader` at the first number. Gives the layout and the header's
/// length in bytes; the error is a message without a path.
pub(super) fn header(reader: &mut dyn Read) -> Result<(Layout, u64), String> {
    let mut start = [0; 8];
    reader
        .read_exact(&mut start)
        .map_err(|e| format!("no .npy header: {e}"))?;
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', major, _] = start else {
        return Err(format!(
            "not a .npy array: it starts with the bytes {start:02x?}"
        ));
    };
    let width = match major {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(format!(".npy version {major}; versions 1 to 3 are read")),
    };
    let mut length = [0; 4];
    reader
        .read_exact(&mut length[..width])
        .map_err(|e| format!("the header ends early: {e}"))?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LARGEST_HEADER {
        return Err(format!(
            "the header claims {length} bytes, at most {LARGEST_HEADER} are read"
        ));
    }
    let mut text = vec![0; length];
    reader
        .read_exact(&mut text)
        .map_err(|e| format!("the header ends early: {e}"))?;
    let text = String::from_utf8_lossy(&text);
    let layout = layout(&text).ok_or_else(|| {
        let shown: String = text.trim().chars().take(120).collect();
        format!(
            "header {shown} is not understood; plain arrays of booleans, integers and floats are \
             read"
        )
    })?;
    Ok((layout, (8 + width + length) as u64))
}

/// The layout that a header's text describes.
fn layout(text: &str) -> Option<Layout> {
    let descr = value(text, "descr")?;
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (descr, _) = descr.get(1..)?.split_once(quote)?;
    let (order, name) = match descr.split_at_checked(1)? {
        (order @ ("<" | ">" | "|" | "="), name) => (order, name),
        _ => ("=", descr),
    };
    let fortran = match value(text, "fortran_order")? {
        rest if rest.starts_with("False") => false,
        rest if rest.starts_with("True") => true,
        _ => return None,
    };
    let (shape, _) = value(text, "shape")?.strip_prefix('(')?.split_once(')')?;
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|extent| !extent.is_empty())
        .map(|extent| extent.trim_end_matches('L').parse().ok())
        .collect::<Option<Vec<usize>>>()?;
    let kind = match name {
        "b1" => Kind::Bool,
        "u1" => Kind::U8,
        "i1" => Kind::I8,
        "u2" => Kind::U16,
        "i2" => Kind::I16,
        "u4" => Kind::U32,
        "i4" => Kind::I32,
        "u8" => Kind::U64,
        "i8" => Kind::I64,
        "f2" => Kind::F16,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        _ => return None,
    };
    let big_endian = order == ">" || (order == "=" && cfg!(target_endian = "big"));
    Some(Layout {
        kind,
        big_endian,
        fortran,
        shape,
    })
}

/// What follows `'key':` in the text.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(key)?;
    let rest = rest.strip_prefix(['\'', '"'])?.trim_start();
    Some(rest.strip_prefix(':')?.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_numpy_writes_and_that_nobody_should() {
        let read = |text: &str| layout(text).map(|l| (l.kind, l.big_endian, l.fortran, l.shape));
        let cases = [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 8, 8), }",
                Some((Kind::F32, false, false, vec![3, 1, 8, 8])),
            ),
            (
                "{'descr': '>i8', 'fortran_order': True, 'shape': (5,), }",
                Some((Kind::I64, true, true, vec![5])),
            ),
            (
                "{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
                Some((Kind::U8, false, false, vec![])),
            ),
            (
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
                None,
            ),
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
                None,
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
                None,
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1e3,), }",
                None,
            ),
            (
                "{'descr': 'é', 'fortran_order': False, 'shape': (1,), }",
                None,
            ),
            ("((((((((", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_header_may_not_ask_for_gigabytes() {
        let bytes = b"\x93NUMPY\x02\x00\xff\xff\xff\xff";
        let message = header(&mut bytes.as_slice()).unwrap_err();
        assert!(message.contains("claims 4294967295 bytes"), "{message}");
    }
}
