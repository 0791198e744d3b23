//! Safetensors files that hold data under the keys of `keyed`. Weights are not its subject.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::container::Opened;
use super::source::Source;
use super::{DataOptions, files, keyed};
use crate::error::{Error, Result};
use crate::store::bytes::Bytes;
use crate::store::safetensors;

/// The arrays of a safetensors file.
pub(super) fn source(path: &Path, options: &DataOptions) -> Result<Source> {
    let bytes = Arc::new(Bytes::open(path, "open the data")?);
    let stored = bytes.len();
    let container = safetensors::container(bytes)
        .map_err(|e| Error::file(path, format!("not a readable safetensors file ({e})")))?;
    let mut sha = Sha256::new();
    files::hash(&mut sha, path)?;
    let mut store = Opened::new(container, path, stored);
    keyed::source(&mut store, path, "safetensors", files::hex(sha), options)
}
