//! NumPy's `.npy`: one array after a small header in Python's notation.
//!
//! The header is the text of a dictionary with three known keys. A general parser of Python's literals
//! recurses as deep as a hostile file tells it to; looking the three keys up can't. Arrays of Python
//! objects are pickles and are never read. It knows no archive: `.npz` is [`super::npz`]'s.

use super::Parsed;
use super::array::Array;
use super::bytes::collect;
use super::decode::{self, View};
use super::element::{ByteOrder, Dtype, Element, byte_count};
use std::io::{self, Read, Write};

/// What a file starts with.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// NumPy itself refuses headers beyond 10,000 bytes.
const LARGEST_HEADER: u64 = 1 << 20;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// Floating point, integers or booleans.
    Numbers(Layout),
    /// Numbers that aren't read: their shape and type.
    Listed(Vec<usize>, Dtype),
    /// Text, dates, records, Python objects; their type as NumPy wrote it.
    Other(String),
}

/// How the numbers of an array lie behind its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Type of each number.
    pub element: Element,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    order: ByteOrder,
    /// True where the first axis varies fastest.
    columns: bool,
    /// Bytes of the header before them.
    header: u64,
}

/// Reads the header and leaves `reader` at the first number.
///
/// # Errors
/// Where the bytes are no `.npy`, the header is longer than any, or a key is missing or damaged.
pub fn header(reader: &mut dyn Read) -> Parsed<Header> {
    let mut start = [0; 8];
    let whole = reader.read_exact(&mut start);
    let ([b'\x93', b'N', b'U', b'M', b'P', b'Y', version, _], Ok(())) = (start, whole) else {
        return Err("it doesn't start as an array of NumPy's".into());
    };
    let width = match version {
        1 => 2,
        2 | 3 => 4,
        _ => {
            return Err(format!(
                "it is .npy of version {version}, where 1 to 3 are read"
            ));
        }
    };
    let short = |_| "its header is cut off".to_owned();
    let mut length = [0; 4];
    let (known, _) = length.split_at_mut(width);
    reader.read_exact(known).map_err(|e| short(e.to_string()))?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > LARGEST_HEADER {
        return Err(format!(
            "its header claims {length} bytes, where at most {LARGEST_HEADER} are read"
        ));
    }
    let text = collect(reader, length).map_err(short)?;
    let before = (start.len() + width) as u64 + length;
    described(&String::from_utf8_lossy(&text), before)
}

/// What the text of a header says; the numbers start after `before` bytes.
fn described(text: &str, before: u64) -> Parsed<Header> {
    let descr = value_of(text, "descr").ok_or("its header has no `descr`")?;
    let columns = match value_of(text, "fortran_order") {
        Some(value) if value.starts_with("True") => true,
        Some(value) if value.starts_with("False") => false,
        _ => return Err("its header has no `fortran_order`".into()),
    };
    let shape = value_of(text, "shape")
        .and_then(sizes)
        .ok_or("its header has no `shape`")?;
    let code = code(descr);
    if let Some((element, order)) = code.and_then(element) {
        return Ok(Header::Numbers(Layout {
            element,
            shape,
            order,
            columns,
            header: before,
        }));
    }
    let complex = match code.map(|code| code.trim_start_matches(['<', '>', '='])) {
        Some("c8") => "complex64",
        Some("c16") => "complex128",
        Some("c32") => "complex256",
        _ => {
            let shown = descr.chars().take_while(|c| *c != ',').take(40);
            return Ok(Header::Other(shown.collect()));
        }
    };
    Ok(Header::Listed(shape, Dtype::unreadable(complex)))
}

/// The layout of numbers of the type `descr` (`<f4`) without a header; an error for types not read.
pub fn in_pickle(descr: &str, shape: Vec<usize>, columns: bool) -> Parsed<Layout> {
    let (element, order) = element(descr).ok_or("its type isn't numeric")?;
    Ok(Layout {
        element,
        shape,
        order,
        columns,
        header: 0,
    })
}

impl Header {
    /// The layout of numbers.
    ///
    /// # Errors
    /// Where they are of a type that isn't read.
    pub fn numbers(self) -> Parsed<Layout> {
        let found = match self {
            Self::Numbers(layout) => return Ok(layout),
            Self::Listed(_, dtype) => format!("is {}", dtype.name()),
            Self::Other(descr) => format!("{descr} isn't numeric"),
        };
        Err(format!(
            "its type {found}; booleans, integers and floats of 16 to 64 bits are read"
        ))
    }
}

impl Layout {
    /// Holds what the header promises against the `held` bytes of the whole `.npy`, which are the
    /// most it may have where they aren't `exact`. Gives the bytes of the numbers.
    ///
    /// # Errors
    /// Where there are others than promised.
    pub fn check(&self, held: u64, exact: bool) -> Parsed<u64> {
        let promised = byte_count(&self.shape, self.element)? as u64;
        let found = held.saturating_sub(self.header);
        if promised == found || (promised < found && !exact) {
            return Ok(promised);
        }
        let most = if exact { "" } else { "at most " };
        Err(format!(
            "its header promises {} numbers of type {}, which take {promised} bytes, found {most}{found}: it is cut off or damaged",
            times(&self.shape),
            self.element.name()
        ))
    }

    /// Bytes that lie beside the values while they are read: numbers in columns are gathered from all
    /// of theirs.
    ///
    /// # Errors
    /// Where the shape is larger than any memory.
    pub fn beside(&self) -> Parsed<u64> {
        let bytes = byte_count(&self.shape, self.element)? as u64;
        Ok(if self.in_rows() {
            0
        } else {
            bytes.saturating_mul(2)
        })
    }

    /// The array whose first number `reader` is at; what follows the last one is left there.
    ///
    /// # Errors
    /// Where the bytes end before, don't fit into memory, or a number exceeds `i64`.
    pub fn read(&self, mut reader: &mut dyn Read) -> Parsed<Array> {
        let (element, order) = (self.element, self.order);
        if self.in_rows() {
            return decode::array(self.shape.clone(), element, reader, order);
        }
        let bytes = byte_count(&self.shape, element)? as u64;
        let columns = collect(&mut reader, bytes)?;
        decode::view(&columns, element, turned(&self.shape), order)
    }

    /// Whether the numbers lie in row-major order; with one long axis both orders are the same.
    fn in_rows(&self) -> bool {
        !self.columns || turned(&self.shape).is_row_major()
    }
}

/// Column-major order is a row-major array seen with reversed strides.
fn turned(shape: &[usize]) -> View {
    let steps = shape.iter().scan(1_usize, |step, &d| {
        Some(std::mem::replace(step, step.saturating_mul(d)))
    });
    View {
        offset: 0,
        strides: steps.collect(),
        shape: shape.to_vec(),
    }
}

/// `3 × 8 × 8`, or 1 for a scalar.
fn times(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "1".to_owned();
    }
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    extents.join(" × ")
}

/// What follows `'key':` in the header.
fn value_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let after = |quote: char| header.split_once(&format!("{quote}{key}{quote}"));
    let (_, rest) = after('\'').or_else(|| after('"'))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// `(10, 24)`, `(10,)`, `()`.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let parts = inside
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| part.trim_end_matches('L').parse().ok())
        .collect()
}

/// The text between the quotes of `'<f4'`; `None` for the list of a record.
fn code(descr: &str) -> Option<&str> {
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    descr.get(1..)?.split_once(quote).map(|(code, _)| code)
}

/// `<f4` and its like; `None` for what isn't a number that is read.
fn element(code: &str) -> Option<(Element, ByteOrder)> {
    let (order, name) = match code.split_at_checked(1)? {
        (order @ ("<" | ">" | "|" | "="), name) => (order, name),
        _ => ("=", code),
    };
    let element = match name {
        "f2" => Element::F16,
        "f4" => Element::F32,
        "f8" => Element::F64,
        "i1" => Element::I8,
        "i2" => Element::I16,
        "i4" => Element::I32,
        "i8" => Element::I64,
        "u1" => Element::U8,
        "u2" => Element::U16,
        "u4" => Element::U32,
        "u8" => Element::U64,
        "b1" => Element::Bool,
        _ => return None,
    };
    let big = order == ">" || (order == "=" && cfg!(target_endian = "big"));
    let order = if big {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    Some((element, order))
}

/// Writes one array, version 1.0: `bytes` are its row-major numbers of the type `descr`.
///
/// # Errors
/// The operating system's refusal.
pub fn write(out: &mut impl Write, descr: &str, shape: &[usize], bytes: &[u8]) -> io::Result<()> {
    let shape = match shape {
        [length] => format!("({length},)"),
        _ => format!(
            "({})",
            shape
                .iter()
                .map(usize::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 11;
    header.push_str(&" ".repeat(padded - header.len()));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(io::Error::other)?;
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    out.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Values;

    /// A `.npy` of these bytes, as NumPy or anything else may write it.
    fn npy(version: u8, text: &str, bytes: &[u8]) -> Vec<u8> {
        let length = (text.len() as u32).to_le_bytes();
        let width = if version == 1 { 2 } else { 4 };
        [
            &MAGIC[..],
            &[version, 0],
            &length[..width],
            text.as_bytes(),
            bytes,
        ]
        .concat()
    }

    /// What reading all of a `.npy` gives, as both readers of files do it.
    fn read(file: &[u8]) -> Parsed<Array> {
        let mut rest = file;
        let layout = header(&mut rest)?.numbers()?;
        layout.check(file.len() as u64, true)?;
        layout.read(&mut rest)
    }

    fn text(descr: &str, columns: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': {columns}, 'shape': {shape}, }}\n")
    }

    #[test]
    fn headers_of_every_form_are_read() {
        let ones = Values::I64(vec![1, 1]);
        let little = [1, 0, 1, 0];
        let cases: [(u8, String, &[u8], Values); 9] = [
            (1, text("'<i2'", "False", "(2,)"), &little, ones.clone()),
            (2, text("'<i2'", "False", "(2, 1)"), &little, ones.clone()),
            (3, text("'<i2'", "False", "(2, 1)"), &little, ones.clone()),
            (
                1,
                text("'>i2'", "False", "(2L,)"),
                &[0, 1, 0, 1],
                ones.clone(),
            ),
            (
                1,
                text("'|u1'", "False", "(1, 2)"),
                &[7, 9],
                Values::U8(vec![7, 9]),
            ),
            // Anything but zero is true.
            (
                1,
                text("'|b1'", "False", "(3,)"),
                &[0, 1, 2],
                Values::U8(vec![0, 1, 1]),
            ),
            (
                1,
                text("'>f4'", "False", "()"),
                &[0x3f, 0x80, 0, 0],
                Values::F32(vec![1.0]),
            ),
            (
                1,
                text("'<f8'", "False", "(0, 3)"),
                &[],
                Values::F64(vec![]),
            ),
            // Other writers have other quotes, another order of the keys, no order of bytes.
            (
                1,
                "{\"shape\": (2,), \"fortran_order\": False, \"descr\": \"|i1\"}".into(),
                &[1, 255],
                Values::I64(vec![1, -1]),
            ),
        ];
        for (version, text, bytes, expected) in cases {
            let found = read(&npy(version, &text, bytes));
            assert_eq!(found.as_ref().map(Array::values), Ok(&expected), "{text}");
        }
    }

    /// `np.asfortranarray(np.arange(6, dtype=">u2").reshape(2, 3))` is stored 0 3 1 4 2 5.
    #[test]
    fn columns_become_rows() {
        let bytes = [0, 3, 1, 4, 2, 5].map(|n: u16| n.to_be_bytes()).concat();
        let found = read(&npy(1, &text("'>u2'", "True", "(2, 3)"), &bytes)).unwrap();
        assert_eq!(found.shape(), [2, 3]);
        assert_eq!(found.to_f64(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let layout = |shape: &str| {
            let file = npy(1, &text("'>u2'", "True", shape), &[]);
            header(&mut file.as_slice()).and_then(Header::numbers)
        };
        // Their bytes, and those gathered from them; one long axis needs neither.
        assert_eq!(layout("(2, 3)").and_then(|l| l.beside()), Ok(24));
        assert_eq!(layout("(1, 6)").and_then(|l| l.beside()), Ok(0));
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_name() {
        for (descr, words) in [
            ("'<c8'", "its type is complex64"),
            ("'>c16'", "its type is complex128"),
            ("'|O'", "its type '|O' isn't numeric"),
            ("'<U2'", "its type '<U2' isn't numeric"),
            ("'é'", "its type 'é' isn't numeric"),
            ("[('a', '<f4')]", "its type [('a' isn't numeric"),
        ] {
            let message = read(&npy(1, &text(descr, "False", "(1,)"), &[0; 8])).unwrap_err();
            assert!(message.starts_with(words), "no \"{words}\" in: {message}");
        }
    }

    #[test]
    fn hostile_headers_are_refused_before_anything_is_allocated() {
        let floats = |shape: &str| npy(1, &text("'<f4'", "False", shape), &[0; 8]);
        for (file, words) in [
            (
                floats("(2, 9)"),
                "promises 2 × 9 numbers of type float32, which take 72 bytes, found 8",
            ),
            (floats("(1,)"), "which take 4 bytes, found 8"),
            (floats("(4611686018427387905, 4)"), "larger than any memory"),
            (floats("(-1,)"), "no `shape`"),
            (floats("(1e3,)"), "no `shape`"),
            (npy(1, "((((((((", &[]), "no `descr`"),
            (npy(1, "{'descr': '<f4'}", &[]), "no `fortran_order`"),
            (npy(4, "", &[]), "version 4"),
            (
                b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
                "claims 4294967295 bytes",
            ),
            (b"\x93NUMPY\x01\x00\xff\x00{".to_vec(), "cut off"),
            (b"\x93NUM".to_vec(), "doesn't start as an array"),
            (
                b"PK\x03\x04\0\0\0\0\0\0".to_vec(),
                "doesn't start as an array",
            ),
        ] {
            let message = read(&file).unwrap_err();
            assert!(message.contains(words), "no \"{words}\" in: {message}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut file = Vec::new();
        let bytes = [1.5_f64, -2.0].map(f64::to_le_bytes).concat();
        write(&mut file, "<f8", &[2, 1], &bytes).unwrap();
        // Readers that map files into memory want the numbers at a multiple of 64.
        assert_eq!((file.len() - bytes.len()) % 64, 0);
        let found = read(&file).unwrap();
        assert_eq!(
            (found.shape(), found.to_f64()),
            (&[2, 1][..], vec![1.5, -2.0])
        );
    }
}
