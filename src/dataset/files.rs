//! Files of data: their bytes within limits, their hash, their names.
//!
//! Nothing here knows what the bytes mean.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::store::bytes;
pub(super) use crate::store::input::Input;
use crate::store::limits::Allowance;

/// Opens `path` for reading from its start, through gzip where its content asks for it.
pub(super) fn input(path: &Path) -> Result<Input> {
    Input::open(path, "open the data")
}

/// Opens the file at `path`.
fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| Error::io("open the data", path, e))
}

/// Length in bytes; an error for anything but a regular file, which may have no end.
pub(super) fn length(path: &Path) -> Result<u64> {
    let facts = path
        .metadata()
        .map_err(|e| Error::io("open the data", path, e))?;
    if !facts.is_file() {
        return Err(Error::file(path, "this isn't a regular file"));
    }
    Ok(facts.len())
}

/// Up to the first 16 bytes.
pub(super) fn start_of(reader: &mut dyn Read, path: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::with_capacity(16);
    reader
        .take(16)
        .read_to_end(&mut start)
        .map_err(|e| read_error(path, e))?;
    Ok(start)
}

/// Up to the first `count` bytes of the file at `path`, unpacked.
pub(super) fn start(path: &Path, count: u64) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let reader = input(path)?.reader;
    reader
        .take(count)
        .read_to_end(&mut start)
        .map_err(|e| read_error(path, e))?;
    Ok(start)
}

/// The whole content, at most `limit` bytes; an error beyond that.
pub(super) fn all(input: Input, limit: u64, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if input.exact
        && let Ok(length) = usize::try_from(input.limit.min(limit))
    {
        bytes.reserve_exact(length);
    }
    input
        .reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| read_error(path, e))?;
    if bytes.len() as u64 > limit {
        return Err(Error::file(
            path,
            format!("holds more than the expected {limit} bytes"),
        ));
    }
    Ok(bytes)
}

/// The bytes that `pixels` of them take as samples: once as they are, once as numbers.
pub(super) fn as_samples(pixels: u64) -> u64 {
    pixels.saturating_mul(1 + size_of::<f32>() as u64)
}

/// Exactly `count` bytes, to become samples, within what a file may take.
pub(super) fn pixels(
    reader: &mut dyn Read,
    count: u64,
    allowance: &mut Allowance,
) -> Result<Vec<u8>, String> {
    allowance.take(as_samples(count))?;
    bytes::collect(reader, count)
}

/// A failed read in words: cut short, damaged, or refused by the operating system.
pub(super) fn read_error(path: &Path, error: io::Error) -> Error {
    Error::io("read the data", path, error)
}

/// Adds the bytes of the file at `path`, as they lie on disk, to a running hash.
pub(super) fn hash(sha: &mut Sha256, path: &Path) -> Result<()> {
    io::copy(&mut open(path)?, sha).map_err(|e| read_error(path, e))?;
    Ok(())
}

/// The finished hash in lower-case hex.
pub(super) fn hex(sha: Sha256) -> String {
    sha.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Entries of a folder without the hidden ones, sorted by name, so that the order is the same on
/// every file system.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = |e| Error::io("list the folder", folder, e);
    let mut entries = Vec::new();
    for entry in folder.read_dir().map_err(list)? {
        let path = entry.map_err(list)?.path();
        if !name(&path).starts_with('.') {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

/// The last part of a path as text.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The file beside `train` that holds the held-out samples of the same set: `val.bin` beside `train.bin`,
/// `test-00000.parquet` beside `train-00000.parquet`. Validation comes before test.
pub(super) fn held_out_beside(train: &Path) -> Option<PathBuf> {
    let name = name(train);
    let (from, words): (&str, [&str; 3]) = if name.starts_with("training") {
        ("training", ["validation", "valid", "test"])
    } else {
        ("train", ["val", "validation", "test"])
    };
    let rest = name.strip_prefix(from)?;
    let mut beside = words
        .iter()
        .map(|word| train.with_file_name(format!("{word}{rest}")));
    beside.find(|path| path.is_file())
}

/// A short name for figures: the last part of the path without its suffix and without `.gz`.
/// A folder such as `.` is named by where it really is.
pub(super) fn stem(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = name(if name(path).is_empty() { &full } else { path });
    let short = name.strip_suffix(".gz").unwrap_or(&name);
    // A folder's name has no suffix: `v1.5` is a name.
    let short = match short.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() && !path.is_dir() => stem,
        _ => short,
    };
    if short.is_empty() {
        "data".to_owned()
    } else {
        short.to_owned()
    }
}

/// The name of the folder that a file with a generic name (`train-images-idx3-ubyte`) lies in.
pub(super) fn stem_of_folder(file: &Path) -> String {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => stem(Path::new(".")),
        Some(folder) => stem(folder),
        None => stem(file),
    }
}
