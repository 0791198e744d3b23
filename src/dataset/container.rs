//! A container of named arrays (`.npz`, safetensors), opened as data.
//!
//! Arrays are read one at a time, within what is left of the memory that the file's size justifies.
//! What they mean is said in `keyed`.

use std::path::Path;

use super::array::{self, Array};
use super::keyed::Store;
use super::keyed::names::Listed;
use crate::error::{Error, Result};
use crate::store::container::{Container, Entry};
use crate::store::limits::Allowance;

/// A container, and the memory that is left to what is made of it.
pub(super) struct Opened<'a> {
    container: Container,
    path: &'a Path,
    allowance: Allowance,
}

impl<'a> Opened<'a> {
    /// The container at `path`, whose file has `stored` bytes.
    pub fn new(container: Container, path: &'a Path, stored: u64) -> Self {
        Self {
            container,
            path,
            allowance: Allowance::for_file(stored),
        }
    }
}

/// An array in words.
pub(super) fn listed(entry: &Entry) -> Listed {
    Listed {
        name: entry.name.clone(),
        words: format!("{:?} {}", entry.shape, entry.dtype.name()),
    }
}

impl Store for Opened<'_> {
    fn listed(&self) -> Vec<Listed> {
        self.container.entries.iter().map(listed).collect()
    }

    fn remarks(&self) -> &[String] {
        &self.container.warnings
    }

    fn load(&mut self, name: &str) -> Result<Array> {
        let mut read = || {
            let mut entries = self.container.entries.iter().enumerate();
            let found = entries.find(|(_, entry)| entry.name == name);
            let (index, entry) = found.ok_or("it isn't there")?;
            if !entry.is_readable() {
                return Err(format!(
                    "its type is {}; booleans, integers and floats of 16 to 64 bits are read",
                    entry.dtype.name()
                ));
            }
            self.allowance.take(array::memory(entry))?;
            let array = self.container.arrays.read(index)?;
            Ok(Array::new(entry, array))
        };
        read().map_err(|e: String| Error::file(self.path, format!("array {name}: {e}")))
    }
}
