//! NumPy's `.npz`: a zip archive of arrays, each with a small header in Python's notation.
//!
//! The header is three known keys; it is read by a scanner of its own, so that neither nesting nor
//! sizes in it can do harm. Arrays of Python objects are pickles and are never read.

use super::archive::{Archive, Checksum};
use super::element::{self, ByteOrder, Element, View};
use super::limits::Allowance;
use super::{Array, Content, Parsed, read_bytes};
use crate::error::{Error, Result};
use std::path::Path;

/// The numeric arrays of the `.npz` at `path`, in the order of the archive; others are left out.
///
/// # Errors
/// Where the file can't be read or isn't an `.npz`, with the array at fault.
pub fn read_arrays(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = read_bytes(path, "read the arrays")?;
    let read = || Ok(content(&Archive::open(&bytes)?, bytes.len())?.tensors);
    read().map_err(|message: String| Error::file(path, message))
}

/// True where an archive holds arrays of NumPy's.
pub(super) fn is_npz(archive: &Archive) -> bool {
    archive.names().any(|name| name.ends_with(".npy"))
}

/// The numeric arrays of an archive, by their names without `.npy`.
pub(super) fn content(archive: &Archive, file_length: usize) -> Parsed<Content> {
    let mut unpacking = Allowance::to_expand(file_length);
    let mut content = Content::flat("NumPy npz archive", Vec::new());
    for member in archive.names() {
        let Some(name) = member.strip_suffix(".npy") else {
            continue;
        };
        let bytes = archive.read(member, Checksum::Check, &mut unpacking)?;
        match array(&bytes).map_err(|e| format!("array `{name}`: {e}"))? {
            Npy::Numbers(array) => content.tensors.push((name.to_owned(), array)),
            Npy::Other(descr) => {
                content
                    .warnings
                    .push(format!("ignored `{name}`: its type {descr} isn't numeric"));
            }
        }
    }
    Ok(content)
}

enum Npy {
    Numbers(Array),
    /// Text, dates, records, Python objects; their type as NumPy wrote it.
    Other(String),
}

fn array(bytes: &[u8]) -> Parsed<Npy> {
    let (header, data) = split(bytes).ok_or("it doesn't start as an array of NumPy's")?;
    let descr = value_of(header, "descr").ok_or("its header has no `descr`")?;
    let fortran = match value_of(header, "fortran_order") {
        Some(value) if value.starts_with("True") => true,
        Some(value) if value.starts_with("False") => false,
        _ => return Err("its header has no `fortran_order`".into()),
    };
    let shape = value_of(header, "shape")
        .and_then(sizes)
        .ok_or("its header has no `shape`")?;
    let Some((element, order)) = element(descr) else {
        return Ok(Npy::Other(
            descr.chars().take_while(|c| *c != ',').take(40).collect(),
        ));
    };
    let expected = element::byte_count(&shape, element)?;
    if data.len() != expected {
        return Err(format!(
            "shape {shape:?} takes {expected} bytes, found {}",
            data.len()
        ));
    }
    if !fortran {
        return element::array(shape, element, data, order).map(Npy::Numbers);
    }
    // Column-major order is a row-major array seen with reversed strides.
    let steps = shape.iter().scan(1_usize, |step, &d| {
        Some(std::mem::replace(step, step.saturating_mul(d)))
    });
    let view = View {
        offset: 0,
        strides: steps.collect(),
        shape,
    };
    element::view(data, element, view, order).map(Npy::Numbers)
}

/// Header text and data of a `.npy`.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let [major, _, rest @ ..] = bytes.strip_prefix(b"\x93NUMPY")? else {
        return None;
    };
    let (length, rest) = if *major == 1 {
        let (length, rest) = rest.split_at_checked(2)?;
        (u32::from(u16::from_le_bytes(length.try_into().ok()?)), rest)
    } else {
        let (length, rest) = rest.split_at_checked(4)?;
        (u32::from_le_bytes(length.try_into().ok()?), rest)
    };
    let (header, data) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((std::str::from_utf8(header).ok()?, data))
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
