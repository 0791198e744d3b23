//! What a file holds, as far as its first bytes and its list of contents tell.
//!
//! Nothing is decoded: this is for telling weights from whatever else comes in the same containers.

#![expect(
    clippy::zero_sized_map_values,
    reason = "that is what reads the keys of an object alone"
)]

use super::bytes::Bytes;
use super::recognise::{self, Format};
use super::{gzip, hdf5, open_file};
use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use zip::ZipArchive;

/// No table of contents is longer: that of a model of a trillion parameters has some megabytes.
const LONGEST_TABLE: u64 = 256 << 20;

/// An object of JSON whose values don't matter.
#[expect(
    clippy::zero_sized_map_values,
    reason = "that is what reads keys alone"
)]
type Object = BTreeMap<String, IgnoredAny>;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glimpse {
    /// A container of arrays (npz, safetensors, HDF5), by the names at its top.
    Arrays(Vec<String>),
    /// Weights in a format that holds nothing else.
    Weights,
    /// A JSON object with these keys; none where it is damaged.
    Json(Vec<String>),
    /// Something else: why it is no checkpoint.
    Other(String),
}

/// Looks at the file at `path`.
///
/// # Errors
/// The operating system's refusal.
pub fn peek(path: &Path) -> Result<Glimpse> {
    let start = start_of(path)?;
    let packed = gzip::is_gzip(&start);
    let head = if packed {
        gzip::head(&Bytes::in_memory(start), recognise::HEAD as u64)
    } else {
        start
    };
    let json = head.trim_ascii_start().starts_with(b"{");
    let glimpse = match recognise::format(&head) {
        Err(_) | Ok(Format::ShardIndex) if json => {
            Some(Glimpse::Json(keys(path, packed).unwrap_or_default()))
        }
        Err(reason) => Some(Glimpse::Other(reason)),
        Ok(Format::Safetensors) => tensors(path, packed).map(Glimpse::Arrays),
        // Only the end of an archive tells what is in it, and weights alone are ever packed twice.
        Ok(Format::Zip) if !packed => members(path),
        Ok(Format::Hdf5) if !packed => open_file(path, "look into the file")
            .and_then(|bytes| hdf5::names(Arc::new(bytes)).map_err(|m| Error::file(path, m)))
            .ok()
            .map(Glimpse::Arrays),
        Ok(_) => None,
    };
    // A damaged table is for whoever reads the file to complain of.
    Ok(glimpse.unwrap_or(Glimpse::Weights))
}

/// The first bytes as they lie on the disk.
fn start_of(path: &Path) -> Result<Vec<u8>> {
    let refused = |reason| Error::io("look into the file", path, reason);
    let mut start = Vec::new();
    let file = File::open(path).map_err(refused)?;
    if !file.metadata().map_err(refused)?.is_file() {
        return Err(Error::file(path, "this isn't a regular file"));
    }
    file.take(recognise::HEAD as u64)
        .read_to_end(&mut start)
        .map_err(refused)?;
    Ok(start)
}

fn reader(path: &Path, packed: bool) -> Option<Box<dyn Read>> {
    let file = BufReader::new(File::open(path).ok()?);
    Some(if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// The keys of an object of JSON.
fn keys(path: &Path, packed: bool) -> Option<Vec<String>> {
    let text = reader(path, packed)?.take(LONGEST_TABLE);
    let table: Object = serde_json::from_reader(BufReader::new(text)).ok()?;
    Some(table.into_keys().collect())
}

/// The names in the header of a safetensors file.
fn tensors(path: &Path, packed: bool) -> Option<Vec<String>> {
    let mut file = reader(path, packed)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_TABLE {
        return None;
    }
    let header = BufReader::new(file.take(length));
    let table: Object = serde_json::from_reader(header).ok()?;
    let names = table.into_keys().filter(|name| name != "__metadata__");
    Some(names.collect())
}

/// What a zip archive is: NumPy's arrays, or else PyTorch's business.
fn members(path: &Path) -> Option<Glimpse> {
    let archive = ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
    let names: Vec<&str> = archive.file_names().collect();
    let is_torch = names.iter().any(|name| name.ends_with("data.pkl"));
    let arrays: Vec<String> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".npy"))
        .map(str::to_owned)
        .collect();
    (!is_torch && !arrays.is_empty()).then_some(Glimpse::Arrays(arrays))
}
