//! CIFAR-10 and CIFAR-100 as they are downloaded: binary records, and pickled batches for Python.

mod binary;
mod python;
mod set;
mod tar;

use std::path::{Path, PathBuf};

use super::DataOptions;
use super::files;
use super::source::Source;
use crate::error::Result;

pub(super) use binary::{file, fits};
pub(super) use python::{file as batch, is_folder as is_python, packed};

/// The set in a folder, in either version.
pub(super) fn folder(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    match python::folder(path, entries, options)? {
        Some(source) => Ok(Some(source)),
        None => binary::folder(path, entries),
    }
}

/// Whether a folder is one that torchvision makes beside others.
pub(super) fn is_python_folder(path: &Path) -> bool {
    ["cifar-10-batches-py", "cifar-100-python"].contains(&files::name(path).as_str())
        && path.is_dir()
}

/// Whether a file that starts so is a batch for Python: a pickled dictionary that names its labels.
pub(super) fn is_batch(start: &[u8]) -> bool {
    let holds = |word: &[u8]| start.windows(word.len()).any(|w| w == word);
    let words: [&[u8]; 4] = [
        b"batch_label",
        b"fine_labels",
        b"coarse_labels",
        b"filenames",
    ];
    start.first() == Some(&0x80) && words.into_iter().any(holds)
}

/// Whether a file that unpacks to this start is the archive of the version for Python.
pub(super) fn is_packed(start: &[u8]) -> bool {
    let folders: [&[u8]; 2] = [b"cifar-10-batches-py", b"cifar-100-python"];
    tar::is_header(start) && folders.into_iter().any(|folder| start.starts_with(folder))
}
