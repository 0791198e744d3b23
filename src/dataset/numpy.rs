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
use super::keyed::names::{Listed, Part, Role, role};
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
    let stem = stem(path);
    let asked = !options.keys.is_empty();
    let Some((_, part)) = role(&stem).or(asked.then_some((Role::Inputs, Part::Whole))) else {
        return Err(Error::file(
            path,
            "a single array; name inputs and labels x.npy and y.npy (or x_train.npy, y_train.npy, \
             x_val.npy, y_val.npy) in one folder, or choose files of this folder with --data-keys \
             x=NAME,y=NAME; tokens need --block-size",
        ));
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // `x.npy` means `y.npy`, even where `x_train.npy` lies in the same folder.
    let whole = part == Part::Whole;
    let belongs =
        |name: &str| asked || role(name).is_some_and(|(_, part)| (part == Part::Whole) == whole);
    NpyFolder::new(&files::entries(folder)?, belongs).source(folder, options)
}

/// The `.npy` files of a folder, `None` where no inputs are among them.
pub(super) fn folder(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    let store = NpyFolder::new(entries, |_| true);
    let is_inputs = |name: &String| matches!(role(name), Some((Role::Inputs, _)));
    let named = options.keys.x.as_ref();
    if !store
        .files
        .keys()
        .any(|name| is_inputs(name) || named == Some(name))
    {
        return Ok(None);
    }
    store.source(path, options).map(Some)
}

/// A file's name without `.npy`, packed or not.
fn stem(path: &Path) -> String {
    let name = files::name(path);
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".npy").unwrap_or(name).to_owned()
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
            wanted(stem).then(|| (stem.to_owned(), path.clone()))
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

/// What the header of the array at `path` says.
pub(super) fn headed(path: &Path) -> Result<Header> {
    let mut input = files::input(path)?;
    npy::header(&mut *input.reader).map_err(|message| Error::file(path, message))
}

/// The whole array at `path`; `name` is what it is called in messages.
pub(super) fn read(path: &Path, name: &str) -> Result<Array> {
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

impl Store for NpyFolder {
    fn listed(&self) -> Vec<Listed> {
        let words = |path: &PathBuf| match headed(path) {
            Ok(Header::Numbers(layout)) => {
                format!("{:?} {}", layout.shape, layout.element.name())
            }
            Ok(Header::Listed(shape, dtype)) => format!("{shape:?} {}", dtype.name()),
            Ok(Header::Other(descr)) => descr,
            Err(_) => "(not readable)".to_owned(),
        };
        let files = self.files.iter();
        files
            .map(|(name, path)| Listed {
                name: name.clone(),
                words: words(path),
            })
            .collect()
    }

    fn load(&mut self, name: &str) -> Result<Array> {
        let path = self.files.get(name);
        read(path.map_or(Path::new(name), PathBuf::as_path), name)
    }
}
