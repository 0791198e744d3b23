//! What a file holds, as far as its first bytes and its list of contents tell.
//!
//! Nothing is decoded: this is for telling weights from whatever else comes in the same containers.

#![expect(
    clippy::zero_sized_map_values,
    reason = "that is what reads the keys of an object alone"
)]

use super::recognise::{self, Format};
use crate::error::{Error, Result};
use crate::store::bytes::Bytes;
use crate::store::hdf5;
use crate::store::input::Input;
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
    let input = Input::open(path, "look into the file")?;
    let packed = !input.exact;
    let mut head = Vec::new();
    // A damaged stream gives what came before the damage; reading all of it will complain.
    let mut start = input.reader.take(recognise::HEAD as u64);
    let _ = start.read_to_end(&mut head);
    let json = head.trim_ascii_start().starts_with(b"{");
    let glimpse = match recognise::format(&head) {
        Err(_) | Ok(Format::ShardIndex) if json => {
            Some(Glimpse::Json(keys(path).unwrap_or_default()))
        }
        Err(reason) => Some(Glimpse::Other(reason)),
        Ok(Format::Safetensors) => tensors(path).map(Glimpse::Arrays),
        // Only the end of an archive tells what is in it, and weights alone are ever packed twice.
        Ok(Format::Zip) if !packed => members(path),
        Ok(Format::Hdf5) if !packed => Bytes::open(path, "look into the file")
            .and_then(|bytes| hdf5::names(Arc::new(bytes)).map_err(|m| Error::file(path, m)))
            .ok()
            .map(Glimpse::Arrays),
        Ok(_) => None,
    };
    // A damaged table is for whoever reads the file to complain of.
    Ok(glimpse.unwrap_or(Glimpse::Weights))
}

fn reader(path: &Path) -> Option<Box<dyn Read>> {
    Some(Input::open(path, "look into the file").ok()?.reader)
}

/// The keys of an object of JSON.
fn keys(path: &Path) -> Option<Vec<String>> {
    let text = reader(path)?.take(LONGEST_TABLE);
    let table: Object = serde_json::from_reader(BufReader::new(text)).ok()?;
    Some(table.into_keys().collect())
}

/// The names in the header of a safetensors file.
fn tensors(path: &Path) -> Option<Vec<String>> {
    let mut file = reader(path)?;
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
