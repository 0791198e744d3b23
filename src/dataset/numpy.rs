//! NumPy files: an `.npz` archive, or `.npy` arrays side by side in a folder.
//!
//! What the arrays mean is said in `keyed`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::DataOptions;
use super::array::{self, Array};
use super::container::Opened;
use super::files::{self, Input};
use super::keyed::{self, Store};
use super::source::Source;
use crate::error::{Error, Result};
use crate::store::archive::Archive;
use crate::store::bytes::Bytes;
use crate::store::limits::Allowance;
use crate::store::npy::{self, Header};
use crate::store::npz::Damaged;
use crate::store::{Entry, npz};

/// An `.npz` archive.
pub(super) fn npz(path: &Path, options: &DataOptions) -> Result<Source> {
    let bytes = Arc::new(Bytes::open(path, "open the data")?);
    let archive = Archive::open(&bytes).map_err(|e| {
        Error::file(
            path,
            format!("not a readable .npz archive ({e}); it may be cut short"),
        )
    })?;
    if !npz::is_npz(&archive) {
        return Err(Error::file(
            path,
            "a zip archive without .npy arrays; if it is a PyTorch checkpoint, it holds weights, \
             not data",
        ));
    }
    let container =
        npz::container(archive, Damaged::PassedOver).map_err(|e| Error::file(path, e))?;
    let mut sha = Sha256::new();
    files::hash(&mut sha, path)?;
    let mut store = Opened::new(container, path, bytes.len());
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
        let Input {
            mut reader,
            limit,
            exact,
            stored,
        } = files::input(path)?;
        let mut read = || {
            let layout = npy::header(&mut *reader).and_then(Header::numbers)?;
            layout.check(limit, exact)?;
            let entry = Entry::new(name.to_owned(), layout.shape.clone(), layout.element)?;
            let entry = entry.beside(layout.beside()?);
            Allowance::for_file(stored).check(array::memory(&entry))?;
            let array = layout.read(&mut *reader)?;
            match reader.read(&mut [0]) {
                Ok(0) => Ok(Array::new(&entry, array)),
                Ok(_) => Err("it goes on after what its header promises".to_owned()),
                Err(e) => Err(format!("it can't be read to its end: {e}")),
            }
        };
        read().map_err(|e| Error::file(path, format!("array {name}: {e}")))
    }
}
