//! safetensors: a table in JSON, then the numbers; read through its own crate, written here.
//!
//! Written here because the crate orders tensors by name, and directions keep the network's order.

use super::element::{self, ByteOrder, Element};
use super::files::{Output, replace_file};
use super::{Array, Parsed, Values};
use crate::error::{Error, Result};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The tensors in the order of their bytes.
pub(super) fn read(bytes: &[u8]) -> Parsed<Vec<(String, Array)>> {
    check_header(bytes)?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| explain(&e, bytes))?;
    let mut views: Vec<_> = file.iter().collect();
    // Empty tensors share their position with the next one; the name makes the order certain.
    views.sort_by(|(a, x), (b, y)| x.data().as_ptr().cmp(&y.data().as_ptr()).then(a.cmp(b)));
    let read = |(name, view): (&str, safetensors::tensor::TensorView)| {
        let array = element(view.dtype())
            .and_then(|e| element::array(view.shape().to_vec(), e, view.data(), ByteOrder::Little));
        array
            .map(|a| (name.to_owned(), a))
            .map_err(|e| format!("tensor `{name}`: {e}"))
    };
    views.into_iter().map(read).collect()
}

/// Writes `tensors` to `path`: integers as I64, the rest in their own types. Tensors of one type keep
/// their order. An existing file is replaced at once or not at all.
///
/// # Errors
/// Where a name occurs twice, or the operating system refuses.
pub fn write(path: &Path, tensors: &[(String, Array)]) -> Result<()> {
    let mut ordered: Vec<_> = tensors.iter().collect();
    // Wide elements first keeps every tensor aligned for readers that map the file into memory.
    ordered.sort_by_key(|(_, array)| std::cmp::Reverse(width(array.values())));
    let header = header(&ordered).map_err(|message| Error::file(path, message))?;
    replace_file(path, |file| {
        write_all(file, &header, &ordered).map_err(|e| Error::io("write the tensors", path, e))
    })
}

fn header(tensors: &[&(String, Array)]) -> Parsed<String> {
    let (mut table, mut names, mut at) = (Map::new(), HashSet::new(), 0);
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

fn write_all(file: &mut Output, header: &str, tensors: &[&(String, Array)]) -> std::io::Result<()> {
    let mut out = BufWriter::new(file);
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for (_, array) in tensors {
        match array.values() {
            Values::F16(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::BF16(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::F32(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::F64(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            Values::I64(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
        }
    }
    out.flush()
}

fn width(values: &Values) -> usize {
    match values {
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
        Values::I64(_) => "I64",
    }
}

fn element(dtype: Dtype) -> Parsed<Element> {
    Ok(match dtype {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::BF16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        Dtype::I8 => Element::I8,
        Dtype::I16 => Element::I16,
        Dtype::I32 => Element::I32,
        Dtype::I64 => Element::I64,
        Dtype::U8 => Element::U8,
        Dtype::U16 => Element::U16,
        Dtype::U32 => Element::U32,
        Dtype::U64 => Element::U64,
        Dtype::BOOL => Element::Bool,
        other => return Err(format!("the type {other} isn't supported")),
    })
}

fn check_header(bytes: &[u8]) -> Parsed<()> {
    let (length, rest) = bytes
        .split_at_checked(8)
        .ok_or("the safetensors header is cut off")?;
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if length > rest.len() as u64 {
        return Err(format!(
            "the safetensors header declares {length} bytes but {} follow: the file is cut off or damaged",
            rest.len()
        ));
    }
    Ok(())
}

/// The crate doesn't always say which tensor is at fault; the header does.
fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    let found = || {
        let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
        let header = bytes.get(8..)?.get(..usize::try_from(length).ok()?)?;
        let table: Map<String, Value> = serde_json::from_slice(header).ok()?;
        let held = bytes.len() - 8 - header.len();
        table
            .iter()
            .filter(|(name, _)| *name != "__metadata__")
            .find_map(|(name, entry)| {
                let fault = entry_fault(entry, held)?;
                Some(format!("tensor `{name}`: {fault}"))
            })
    };
    match error {
        SafeTensorError::MetadataIncompleteBuffer
        | SafeTensorError::TensorInvalidInfo
        | SafeTensorError::ValidationOverflow => found(),
        SafeTensorError::InvalidOffset(name) => Some(format!(
            "tensor `{name}`: its bytes overlap another tensor's or leave a gap"
        )),
        _ => None,
    }
    .unwrap_or_else(|| format!("the safetensors header is damaged: {error}"))
}

fn entry_fault(entry: &Value, held: usize) -> Option<String> {
    let shape = entry.get("shape")?;
    let sizes = shape
        .as_array()?
        .iter()
        .map(Value::as_u64)
        .collect::<Option<Vec<_>>>()?;
    let offsets = entry.get("data_offsets")?.as_array()?;
    let (start, end) = (offsets.first()?.as_u64()?, offsets.get(1)?.as_u64()?);
    let dtype: Dtype = serde_json::from_value(entry.get("dtype")?.clone()).ok()?;
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
    (end > held as u64).then(|| {
        format!("its bytes {start} to {end} reach beyond the {held} in the file: it is cut off or damaged")
    })
}
