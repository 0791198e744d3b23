//! NumPy files: an `.npz` archive, or `.npy` arrays side by side in a folder.
//!
//! An array is decoded straight from the archive, so that beside its numbers no copy of its bytes
//! is held. What the arrays mean is said in `keyed`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::array::Array;
use super::keyed::{self, Store};
use super::source::Source;
use super::{DataOptions, files, npy};
use crate::checkpoint::archive::{Archive, Checksum};
use crate::checkpoint::bytes::Bytes;
use crate::checkpoint::limits::Allowance;
use crate::error::{Error, Result};

/// An `.npz` archive.
pub(super) fn npz(path: &Path, options: &DataOptions) -> Result<Source> {
    let length = files::length(path)?;
    let bytes = Arc::new(Bytes::of_file(files::open(path)?, length));
    let archive = Archive::open(&bytes).map_err(|e| {
        Error::file(
            path,
            format!("not a readable .npz archive ({e}); it may be cut short"),
        )
    })?;
    let mut sha = Sha256::new();
    files::hash(&mut sha, path)?;
    let mut store = Npz {
        archive,
        path,
        allowance: Allowance::for_file(length),
    };
    if store.names().is_empty() {
        return Err(Error::file(
            path,
            "a zip archive without .npy arrays; if it is a PyTorch checkpoint, it holds weights, \
             not data",
        ));
    }
    keyed::source(&mut store, path, ".npz", files::hex(sha), options)
}

/// A `.npy` file with the arrays beside it that belong to it.
pub(super) fn npy(path: &Path, options: &DataOptions) -> Result<Source> {
    let stem = files::stem(path).to_lowercase();
    let plain = ["x", "y", "split"];
    let is_key = |name: &str| name.starts_with("x_") || name.starts_with("y_");
    if !plain.contains(&stem.as_str()) && !is_key(&stem) {
        return Err(Error::file(
            path,
            "a single array; name inputs and labels x.npy and y.npy (or x_train.npy, y_train.npy, \
             x_val.npy, y_val.npy) in one folder",
        ));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // `x.npy` means `y.npy`, even where `x_train.npy` lies in the same folder.
    let belongs = |name: &str| plain.contains(&name) == plain.contains(&stem.as_str());
    let entries = files::entries(folder)?;
    let store = NpyFolder::new(&entries, |name| {
        belongs(name) && (is_key(name) || plain.contains(&name))
    });
    store.source(folder, options)
}

/// The `.npy` files of a folder, `None` where no inputs are among them.
pub(super) fn folder(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    let store = NpyFolder::new(entries, |_| true);
    let has = |name: &str| store.files.keys().any(|key| key.to_lowercase() == name);
    if !has("x") && !has("x_train") {
        return Ok(None);
    }
    store.source(path, options).map(Some)
}

/// Reads the array whose file starts at `reader` and has at most `limit` bytes (exactly, where
/// `exact`), within what is left of the memory.
fn array(
    reader: &mut dyn Read,
    (limit, exact): (u64, bool),
    allowance: &mut Allowance,
    path: &Path,
    name: &str,
) -> Result<Array> {
    let error = |message: String| Error::file(path, format!("array {name}: {message}"));
    let (layout, header) = npy::header(reader).map_err(error)?;
    let held = limit.saturating_sub(header);
    let promised = format!(
        "{} numbers of type {}",
        shape(&layout.shape),
        layout.kind.name()
    );
    match layout.bytes() {
        Some(bytes) if bytes <= held && (bytes == held || !exact) => {}
        _ => {
            let most = if exact { "" } else { "at most " };
            return Err(error(format!(
                "the header promises {promised}, the file holds {most}{held} bytes"
            )));
        }
    }
    allowance.take(layout.memory()).map_err(error)?;
    let array = layout
        .decode(reader)
        .map_err(|e| error(format!("{promised} can't be read: {e}")))?;
    // Reading to the end makes an archive check the array's checksum.
    match reader.read(&mut [0]) {
        Ok(0) => Ok(array),
        Ok(_) => Err(error(format!("goes on after {promised}"))),
        Err(e) => Err(error(e.to_string())),
    }
}

/// `3 × 8 × 8`, or 1 for a scalar.
fn shape(shape: &[usize]) -> String {
    match shape {
        [] => "1".to_owned(),
        shape => shape
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(" × "),
    }
}

struct Npz<'a> {
    archive: Archive,
    path: &'a Path,
    allowance: Allowance,
}

impl Store for Npz<'_> {
    fn names(&self) -> Vec<String> {
        let stems = self
            .archive
            .names()
            .filter_map(|name| name.strip_suffix(".npy"));
        stems.map(str::to_owned).collect()
    }

    fn load(&mut self, name: &str) -> Result<Array> {
        let error = |e: String| Error::file(self.path, format!("array {name}: {e}"));
        let content = self
            .archive
            .content(&format!("{name}.npy"), Checksum::Check);
        let mut content = content.map_err(error)?;
        let size = (content.size(), true);
        let array = array(&mut content, size, &mut self.allowance, self.path, name)?;
        content.finish().map_err(error)?;
        Ok(array)
    }
}

/// `.npy` files by their names.
struct NpyFolder {
    files: BTreeMap<String, PathBuf>,
}

impl NpyFolder {
    fn new(entries: &[PathBuf], wanted: impl Fn(&str) -> bool) -> Self {
        let files = entries.iter().filter_map(|path| {
            let name = files::name(path);
            let stem = name.strip_suffix(".npy")?;
            wanted(&stem.to_lowercase()).then(|| (stem.to_owned(), path.clone()))
        });
        Self {
            files: files.collect(),
        }
    }

    fn source(mut self, folder: &Path, options: &DataOptions) -> Result<Source> {
        let mut sha = Sha256::new();
        for path in self.files.values() {
            files::hash(&mut sha, path)?;
        }
        keyed::source(&mut self, folder, ".npy", files::hex(sha), options)
    }
}

impl Store for NpyFolder {
    fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    fn load(&mut self, name: &str) -> Result<Array> {
        let path = self
            .files
            .get(name)
            .map_or(Path::new(name), PathBuf::as_path);
        let mut input = files::input(path)?;
        let mut allowance = Allowance::for_file(input.stored);
        let size = (input.limit, input.exact);
        array(&mut *input.reader, size, &mut allowance, path, name)
    }
}
