//! NumPy's `.npz`: a zip archive of arrays, each with a small header in Python's notation.
//!
//! The header is three known keys; it is read by a scanner of its own, so that neither nesting nor
//! sizes in it can do harm. Arrays of Python objects are pickles and are never read.

use super::archive::{Archive, Checksum};
use super::bytes;
use super::element::{self, ByteOrder, Element, View};
use super::limits::Allowance;
use super::{Array, Content, Dtype, Entry, Parsed, Tensors, open_file};
use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// NumPy itself refuses headers beyond 10,000 bytes.
const LARGEST_HEADER: u32 = 1 << 20;

/// The numeric arrays of the `.npz` at `path`, in the order of the archive; others are left out.
///
/// # Errors
/// Where the file can't be read or isn't an `.npz`, with the array at fault.
pub fn read_arrays(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = Arc::new(open_file(path, "read the arrays")?);
    let allowance = Allowance::for_file(bytes.len());
    let read = || content(Archive::open(&bytes)?)?.read_all(allowance);
    read().map_err(|message: String| Error::file(path, message))
}

/// True where an archive holds arrays of NumPy's.
pub(super) fn is_npz(archive: &Archive) -> bool {
    archive.names().any(|name| name.ends_with(".npy"))
}

/// The numeric arrays of an archive, by their names without `.npy`.
pub(super) fn content(archive: Archive) -> Parsed<Content> {
    let (mut entries, mut headers, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for member in archive.names() {
        let Some(name) = member.strip_suffix(".npy") else {
            continue;
        };
        match header(&archive, member).map_err(|e| format!("array `{name}`: {e}"))? {
            Npy::Numbers(header) => {
                let entry = Entry::new(name.to_owned(), header.shape.clone(), header.element)?;
                // Numbers in columns are gathered from all of their bytes.
                entries.push(entry.beside(if header.fortran { header.bytes } else { 0 }));
                headers.push(Some(header));
            }
            Npy::Listed(shape, dtype) => {
                entries.push(Entry::unreadable(name.to_owned(), shape, dtype));
                headers.push(None);
            }
            Npy::Other(descr) => {
                warnings.push(format!("ignored `{name}`: its type {descr} isn't numeric"));
            }
        }
    }
    let held = archive.bytes().in_use();
    let tensors = Box::new(Arrays { archive, headers });
    let mut content = Content::flat("NumPy npz archive", entries, tensors, held);
    content.warnings = warnings;
    Ok(content)
}

/// The arrays of an archive with their headers, `None` for those that aren't read.
struct Arrays {
    archive: Archive,
    headers: Vec<Option<Header>>,
}

impl Tensors for Arrays {
    fn read(&self, index: usize) -> Parsed<Array> {
        let header = self.headers.get(index).and_then(Option::as_ref);
        let header = header.ok_or("it isn't numeric")?;
        let mut content = self.archive.content(&header.member, Checksum::Check)?;
        let start = content.size().saturating_sub(header.bytes);
        bytes::collect(&mut content, start)?;
        let (shape, element, order) = (header.shape.clone(), header.element, header.order);
        let array = if header.fortran {
            let data = bytes::collect(&mut content, header.bytes)?;
            element::view(&data, element, columns(shape), order)?
        } else {
            element::array(shape, element, &mut content, order)?
        };
        content.finish()?;
        Ok(array)
    }
}

/// Column-major order is a row-major array seen with reversed strides.
fn columns(shape: Vec<usize>) -> View {
    let steps = shape.iter().scan(1_usize, |step, &d| {
        Some(std::mem::replace(step, step.saturating_mul(d)))
    });
    View {
        offset: 0,
        strides: steps.collect(),
        shape,
    }
}

enum Npy {
    Numbers(Header),
    /// Complex numbers.
    Listed(Vec<usize>, Dtype),
    /// Text, dates, records, Python objects; their type as NumPy wrote it.
    Other(String),
}

struct Header {
    member: String,
    element: Element,
    order: ByteOrder,
    fortran: bool,
    shape: Vec<usize>,
    /// Of the numbers, which stand at the member's end.
    bytes: u64,
}

/// Reads the header of a member and holds what it promises against the member's size.
fn header(archive: &Archive, member: &str) -> Parsed<Npy> {
    let mut content = archive.content(member, Checksum::Check)?;
    let (text, before) = text(&mut content).ok_or("it doesn't start as an array of NumPy's")?;
    let descr = value_of(&text, "descr").ok_or("its header has no `descr`")?;
    let fortran = match value_of(&text, "fortran_order") {
        Some(value) if value.starts_with("True") => true,
        Some(value) if value.starts_with("False") => false,
        _ => return Err("its header has no `fortran_order`".into()),
    };
    let shape = value_of(&text, "shape")
        .and_then(sizes)
        .ok_or("its header has no `shape`")?;
    let Some((element, order)) = element(descr) else {
        return Ok(match complex(descr) {
            Some(dtype) => Npy::Listed(shape, dtype),
            None => Npy::Other(descr.chars().take_while(|c| *c != ',').take(40).collect()),
        });
    };
    let expected = element::byte_count(&shape, element)? as u64;
    let found = content.size().saturating_sub(before);
    if found != expected {
        return Err(format!(
            "shape {shape:?} takes {expected} bytes, found {found}"
        ));
    }
    Ok(Npy::Numbers(Header {
        member: member.to_owned(),
        element,
        order,
        fortran,
        shape,
        bytes: expected,
    }))
}

/// The text of the header at the start of a `.npy`, and the bytes that both take.
fn text(reader: &mut dyn Read) -> Option<(String, u64)> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).ok()?;
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, _] = start else {
        return None;
    };
    let mut length = [0; 4];
    let width = if version == 1 { 2 } else { 4 };
    reader.read_exact(length.get_mut(..width)?).ok()?;
    let length = u32::from_le_bytes(length);
    if length > LARGEST_HEADER {
        return None;
    }
    let text = bytes::collect(reader, length.into()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let before = (start.len() + width + text.len()) as u64;
    Some((text, before))
}

/// What follows `'key':` in the header.
fn value_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let at = header.find(&format!("'{key}'"))?;
    let rest = header
        .get(at + key.len() + 2..)?
        .trim_start()
        .strip_prefix(':')?;
    Some(rest.trim_start())
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

/// `'<f4'` and its like; `None` for what isn't a number.
fn element(descr: &str) -> Option<(Element, ByteOrder)> {
    let (code, _) = descr.strip_prefix('\'')?.split_once('\'')?;
    let order = if code.starts_with('>') {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let element = match code.get(1..)? {
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
    Some((element, order))
}

/// `'<c8'`: complex numbers, which are listed only.
fn complex(descr: &str) -> Option<Dtype> {
    let (code, _) = descr.strip_prefix('\'')?.split_once('\'')?;
    match code.get(1..)? {
        "c8" => Some(Dtype::unreadable("complex64")),
        "c16" => Some(Dtype::unreadable("complex128")),
        _ => None,
    }
}
