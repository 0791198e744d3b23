//! safetensors: a table in JSON, then the numbers; read through its own crate, written here.
//!
//! Written here because the crate orders tensors by name, and directions keep the network's order.

use super::Parsed;
use super::array::{Array, Values};
use super::bytes::Bytes;
use super::container::{Arrays, Container, Entry};
use super::decode;
use super::element::{ByteOrder, Dtype, Element, byte_count};
use super::files::stream;
use super::limits::Allowance;
use crate::error::{Error, Result};
use safetensors::Dtype as Stype;
use safetensors::tensor::Metadata;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// As the format's own crate and Python's read it.
const LARGEST_HEADER: u64 = 100_000_000;

/// True where a file starts as safetensors do: the length of a table below 4 GiB (the crate allows
/// 100 MB) in eight bytes, then the table. No other format has four zeros and a brace there: text has
/// no zeros, and a zip archive, a gzip stream and an IDX file keep a method, flags or a size at that
/// place, which are never 0x7b.
pub(crate) fn is_safetensors(head: &[u8]) -> bool {
    matches!(head, [_, _, _, _, 0, 0, 0, 0, b'{', ..]) && !head.starts_with(&[0, 0, 0, 0])
}

/// The tensors in the order of their bytes.
pub(crate) fn container(bytes: Arc<Bytes>) -> Parsed<Container> {
    let header = table(&bytes)?;
    let start = 8 + header.len() as u64;
    let held = bytes.len() - start;
    let damaged = |e: serde_json::Error| {
        explain(&header, held).unwrap_or_else(|| format!("the safetensors header is damaged: {e}"))
    };
    let table: Metadata = serde_json::from_slice(&header).map_err(damaged)?;
    if table.data_len() as u64 != held {
        return Err(explain(&header, held).unwrap_or_else(|| {
            format!(
                "the tensors of the safetensors file take {} bytes but {held} are there: it is cut off or damaged",
                table.data_len()
            )
        }));
    }
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    // Empty tensors share their position with the next one; the name makes the order certain.
    let mut named: Vec<_> = table.tensors().into_iter().collect();
    named.sort_by(|(a, x), (b, y)| x.data_offsets.0.cmp(&y.data_offsets.0).then(a.cmp(b)));
    for (name, info) in named {
        let shape = info.shape.clone();
        match element(info.dtype) {
            Ok(element) => {
                let entry = Entry::new(name.clone(), shape, element);
                entries.push(entry.map_err(|e| format!("tensor `{name}`: {e}"))?);
                places.push((
                    element,
                    info.shape.clone(),
                    start + info.data_offsets.0 as u64,
                ));
            }
            Err(dtype) => {
                entries.push(Entry::unreadable(name, shape, dtype));
                places.push((Element::U8, vec![0], start));
            }
        }
    }
    let in_use = bytes.in_use();
    let tensors = Box::new(Stored { bytes, places });
    Ok(Container::new("safetensors", entries, tensors, in_use))
}

/// A text that stands beside the tensors under a key.
pub(crate) fn text(bytes: &Bytes, key: &str) -> Option<String> {
    let header = table(bytes).ok()?;
    let table: Metadata = serde_json::from_slice(&header).ok()?;
    table.metadata().as_ref()?.get(key).cloned()
}

/// Tensors as they lie in a file, in row-major order: type, shape and first byte of each.
struct Stored {
    bytes: Arc<Bytes>,
    places: Vec<(Element, Vec<usize>, u64)>,
}

impl Arrays for Stored {
    fn read(&self, index: usize) -> Parsed<Array> {
        let place = self.places.get(index).ok_or("it isn't in the file")?;
        let (element, shape, start) = place.clone();
        let length = byte_count(&shape, element)? as u64;
        let mut piece = self.bytes.piece(start, length)?;
        decode::array(shape, element, &mut piece, ByteOrder::Little)
    }
}

/// All tensors of the file at `path` by name, in the order of their bytes, and nothing made of the names.
///
/// # Errors
/// Where the file can't be read or is damaged.
pub fn read(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = Arc::new(Bytes::open(path, "read the tensors")?);
    let allowance = Allowance::for_file(bytes.len());
    let all = container(bytes).and_then(|container| container.read_all(allowance));
    all.map_err(|message| Error::file(path, message))
}

/// Writes `tensors` to `path` in the types they have in memory: integers beyond a byte as I64. Tensors of one type keep
/// their order. An existing file is replaced at once or not at all.
///
/// # Errors
/// Where a name occurs twice, or the operating system refuses.
pub fn write(path: &Path, tensors: &[(String, Array)]) -> Result<()> {
    write_with(path, tensors, &[])
}

/// As [`write()`], with texts beside the tensors, each by a key.
///
/// # Errors
/// As [`write()`].
pub fn write_with(path: &Path, tensors: &[(String, Array)], texts: &[(&str, &str)]) -> Result<()> {
    let mut ordered: Vec<_> = tensors.iter().collect();
    // Wide elements first keeps every tensor aligned for readers that map the file into memory.
    ordered.sort_by_key(|(_, array)| std::cmp::Reverse(width(array.values())));
    let header = header(&ordered, texts).map_err(|message| Error::file(path, message))?;
    stream(path, "write the tensors", |out| {
        write_all(out, &header, &ordered)
    })
}

fn header(tensors: &[&(String, Array)], texts: &[(&str, &str)]) -> Parsed<String> {
    let (mut table, mut names, mut at) = (Map::new(), HashSet::new(), 0);
    if !texts.is_empty() {
        let texts = texts.iter();
        let texts: Map<String, Value> = texts
            .map(|(key, text)| ((*key).to_owned(), (*text).into()))
            .collect();
        table.insert("__metadata__".into(), texts.into());
    }
    for (name, array) in tensors {
        if !names.insert(name) || name == "__metadata__" {
            return Err(format!(
                "a tensor can't be called `{name}`: the name is taken"
            ));
        }
        let end = at + array.len() * width(array.values());
        let entry = json!({
            "dtype": dtype_name(array.values()),
            "shape": array.shape(),
            "data_offsets": [at, end],
        });
        table.insert(name.clone(), entry);
        at = end;
    }
    let mut header = Value::Object(table).to_string();
    let padding = header.len().next_multiple_of(8) - header.len();
    header.push_str(&" ".repeat(padding));
    Ok(header)
}

fn write_all(
    out: &mut impl Write,
    header: &str,
    tensors: &[&(String, Array)],
) -> std::io::Result<()> {
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for (_, array) in tensors {
        match array.values() {
            Values::F16(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::BF16(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::F32(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::F64(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::U8(v) => out.write_all(v)?,
            Values::I64(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
        }
    }
    Ok(())
}

fn width(values: &Values) -> usize {
    match values {
        Values::U8(_) => 1,
        Values::F16(_) | Values::BF16(_) => 2,
        Values::F32(_) => 4,
        Values::F64(_) | Values::I64(_) => 8,
    }
}

fn dtype_name(values: &Values) -> &'static str {
    match values {
        Values::F16(_) => "F16",
        Values::BF16(_) => "BF16",
        Values::F32(_) => "F32",
        Values::F64(_) => "F64",
        Values::U8(_) => "U8",
        Values::I64(_) => "I64",
    }
}

fn element(dtype: Stype) -> Result<Element, Dtype> {
    Ok(match dtype {
        Stype::F16 => Element::F16,
        Stype::BF16 => Element::BF16,
        Stype::F32 => Element::F32,
        Stype::F64 => Element::F64,
        Stype::I8 => Element::I8,
        Stype::I16 => Element::I16,
        Stype::I32 => Element::I32,
        Stype::I64 => Element::I64,
        Stype::U8 => Element::U8,
        Stype::U16 => Element::U16,
        Stype::U32 => Element::U32,
        Stype::U64 => Element::U64,
        Stype::BOOL => Element::Bool,
        Stype::C64 => return Err(Dtype::unreadable("complex64")),
        Stype::F8_E4M3 => return Err(Dtype::unreadable("float8_e4m3fn")),
        // float8_e5m2, float8_e8m0, float4 and their like.
        other => {
            let name = other.to_string().to_lowercase();
            let digits = name.strip_prefix('f').map(|rest| format!("float{rest}"));
            return Err(Dtype::unreadable(digits.unwrap_or(name)));
        }
    })
}

/// The table in JSON at the start of the file.
fn table(bytes: &Bytes) -> Parsed<Cow<'_, [u8]>> {
    let length = bytes
        .get(0, 8)
        .map_err(|_| "the safetensors header is cut off")?;
    let length = u64::from_le_bytes(<[u8; 8]>::try_from(&*length).unwrap_or_default());
    let rest = bytes.len() - 8;
    if length > rest {
        return Err(format!(
            "the safetensors header declares {length} bytes but {rest} follow: the file is cut off or damaged"
        ));
    }
    if length > LARGEST_HEADER {
        return Err(format!(
            "the safetensors header has {length} bytes, where the format allows {LARGEST_HEADER}"
        ));
    }
    bytes.get(8, length)
}

/// The crate doesn't say which tensor is at fault; the header does.
fn explain(header: &[u8], held: u64) -> Option<String> {
    let table: Map<String, Value> = serde_json::from_slice(header).ok()?;
    let mut named: Vec<_> = table
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .collect();
    let fault = named
        .iter()
        .find_map(|(name, entry)| Some(format!("tensor `{name}`: {}", entry_fault(entry, held)?)));
    if fault.is_some() {
        return fault;
    }
    let offsets = |entry: &Value| {
        let offsets = entry.get("data_offsets")?.as_array()?;
        Some((offsets.first()?.as_u64()?, offsets.get(1)?.as_u64()?))
    };
    named.sort_by_key(|(_, entry)| offsets(entry));
    let mut next = 0;
    named.into_iter().find_map(|(name, entry)| {
        let (start, end) = offsets(entry)?;
        let apart = start != next;
        next = end;
        apart.then(|| format!("tensor `{name}`: its bytes overlap another tensor's or leave a gap"))
    })
}

fn entry_fault(entry: &Value, held: u64) -> Option<String> {
    let shape = entry.get("shape")?;
    let sizes = shape
        .as_array()?
        .iter()
        .map(Value::as_u64)
        .collect::<Option<Vec<_>>>()?;
    let offsets = entry.get("data_offsets")?.as_array()?;
    let (start, end) = (offsets.first()?.as_u64()?, offsets.get(1)?.as_u64()?);
    let dtype: Stype = serde_json::from_value(entry.get("dtype")?.clone()).ok()?;
    let bits = sizes
        .iter()
        .try_fold(dtype.bitsize() as u64, |n, &d| n.checked_mul(d));
    let declared = end.checked_sub(start);
    if bits.is_none() || bits.map(|b| b / 8) != declared {
        let declared = declared.map_or_else(|| "a negative number of".into(), |n| n.to_string());
        return Some(format!(
            "shape {shape} of {dtype} doesn't take the {declared} bytes declared"
        ));
    }
    (end > held).then(|| {
        format!("its bytes {start} to {end} reach beyond the {held} in the file: it is cut off or damaged")
    })
}
