//! A file whose tensors are listed first and read when they are asked for.
//!
//! Every format gives the same two things: what it holds, as [`Content`], and a way to its values, as
//! [`Tensors`]. What is common to all of them is done here: which entries are meant, what they are
//! called, how much memory they may take, and that a library's panic ends as an error of its file.

use super::bytes::Bytes;
use super::limits::Allowance;
use super::{
    Array, Entry, Listed, Listing, Loaded, Parsed, Set, Source, StateDict, listed, load, names,
    non_finite, open_file, shards,
};
use crate::error::{Error, Result, caught};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// A file whose tensors are listed and read when they are asked for.
pub struct Checkpoint {
    /// Where and how the tensors were found.
    pub source: Source,
    /// Every set of tensors in the file, the one that is read among them.
    pub sets: Vec<Set>,
    /// What a reader should know: ignored entries, other sets of weights.
    pub warnings: Vec<String>,
    entries: Vec<Entry>,
    /// Where each entry stands among the reader's.
    places: Vec<usize>,
    /// Where each name stands among the entries.
    by_name: HashMap<String, usize>,
    tensors: Box<dyn Tensors>,
    allowance: Allowance,
}

/// The values behind a file's entries.
pub(super) trait Tensors {
    /// The values of the entry at `index`, which is a readable one.
    fn read(&self, index: usize) -> Parsed<Array>;
}

/// What one file holds, before names are cleaned.
pub(super) struct Content {
    /// The format in words.
    pub format: String,
    /// Where in a nested file the entries lay.
    pub at: String,
    /// Every tensor.
    pub entries: Vec<Entry>,
    /// The way to their values.
    pub tensors: Box<dyn Tensors>,
    /// Every dictionary and module of tensors, where they are nested.
    pub sets: Vec<Set>,
    /// What of the caller's key is left to be found among the names.
    pub key: Option<String>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Bytes in memory for as long as tensors are read.
    pub held: u64,
}

impl Content {
    /// Content that isn't nested and needs no remarks.
    pub fn flat(format: &str, entries: Vec<Entry>, tensors: Box<dyn Tensors>, held: u64) -> Self {
        Self {
            format: format.into(),
            at: String::new(),
            entries,
            tensors,
            sets: Vec::new(),
            key: None,
            warnings: Vec::new(),
            held,
        }
    }

    /// The values of every readable entry, and the others.
    pub fn read_all(self, mut allowance: Allowance) -> Parsed<Vec<(String, Array)>> {
        allowance.take(self.held)?;
        let mut arrays = Vec::with_capacity(self.entries.len());
        for (index, entry) in self.entries.into_iter().enumerate() {
            if entry.is_readable() {
                let array = read_one(&*self.tensors, index, &entry, &mut allowance)?;
                arrays.push((entry.name, array));
            }
        }
        Ok(arrays)
    }
}

impl Listing for Checkpoint {
    fn source(&self) -> &Source {
        &self.source
    }

    fn list(&self) -> Vec<Listed<'_>> {
        self.entries.iter().map(listed).collect()
    }
}

impl Checkpoint {
    /// Lists what the file at `path` holds. `key` leads to one of several dictionaries in it, as
    /// `state_dict.ema`, or to the tensors whose names start so; without it the weights are found by
    /// well-known names.
    ///
    /// # Errors
    /// As [`super::open`]; where nothing lies at `key`, with what there is.
    pub fn open(path: &Path, key: Option<&str>) -> Result<Self> {
        inside_libraries(path, || {
            let mut hash = Sha256::new();
            let bytes = open_file(path, "read the checkpoint")?;
            let (loaded, stored) = load(path, bytes, key, &mut hash)?;
            Self::finish(path, loaded, stored, key, hash)
        })
    }

    /// As [`Checkpoint::open`], for bytes that are in memory.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn from_bytes(bytes: Vec<u8>, path: &Path, key: Option<&str>) -> Result<Self> {
        inside_libraries(path, || {
            let mut hash = Sha256::new();
            let (loaded, stored) = load(path, Bytes::in_memory(bytes), key, &mut hash)?;
            Self::finish(path, loaded, stored, key, hash)
        })
    }

    fn finish(
        path: &Path,
        loaded: Loaded,
        mut stored: u64,
        key: Option<&str>,
        mut hash: Sha256,
    ) -> Result<Self> {
        let content = match loaded {
            Loaded::Content(content) => content,
            Loaded::Index(index) => {
                // The hash is that of the weights; the index only says where they are.
                hash = Sha256::new();
                let content;
                (content, stored) = shards::read(path, &index, &mut hash)?;
                Content {
                    key: key.map(str::to_owned),
                    ..content
                }
            }
        };
        let fault = |message| Error::file(path, message);
        let mut allowance = Allowance::for_file(stored);
        allowance.take(content.held).map_err(fault)?;
        let mut entries: Vec<(Entry, usize)> = content.entries.into_iter().zip(0..).collect();
        let mut at = content.at;
        if let Some(key) = content.key {
            names::choose(&mut entries, &key, &content.sets).map_err(fault)?;
            at = if at.is_empty() {
                key
            } else {
                format!("{at}.{key}")
            };
        }
        names::drop_bookkeeping(&mut entries);
        names::check_distinct(&entries).map_err(fault)?;
        let prefix = names::remove_prefix(&mut entries);
        if entries.is_empty() {
            return Err(fault(format!("the {} holds no tensors", content.format)));
        }
        let (entries, places): (Vec<Entry>, _) = entries.into_iter().unzip();
        let names = entries.iter().map(|entry| entry.name.clone());
        Ok(Self {
            by_name: names.zip(0..).collect(),
            source: Source {
                path: path.to_owned(),
                format: content.format,
                state_dict_at: at,
                prefix,
                sha256: format!("{:x}", hash.finalize()),
            },
            sets: content.sets,
            warnings: content.warnings,
            entries,
            places,
            tensors: content.tensors,
            allowance,
        })
    }

    /// What is known of every tensor without reading it, in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The tensor called `name`.
    ///
    /// # Errors
    /// Where there is none, its type isn't read, or its bytes are damaged.
    pub fn read(&self, name: &str) -> Result<Array> {
        let index = self.by_name.get(name);
        let found = index.and_then(|&i| self.entries.get(i).zip(self.places.get(i)));
        let Some((entry, &place)) = found else {
            let message = format!("no tensor is called {name:?}");
            return Err(Error::file(&self.source.path, message));
        };
        self.one(entry, place, &mut self.allowance.clone())
    }

    /// All tensors at once.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn read_all(self) -> Result<StateDict> {
        let mut allowance = self.allowance;
        let mut tensors = Vec::with_capacity(self.entries.len());
        for (entry, &place) in self.entries.iter().zip(&self.places) {
            if entry.is_readable() {
                tensors.push((entry.name.clone(), self.one(entry, place, &mut allowance)?));
            }
        }
        let mut warnings = self.warnings;
        warnings.extend(tensors.iter().filter_map(|(name, a)| non_finite(name, a)));
        let unreadable = self
            .entries
            .into_iter()
            .filter(|entry| !entry.is_readable());
        Ok(StateDict {
            unreadable: unreadable.collect(),
            tensors,
            source: self.source,
            warnings,
        })
    }

    fn one(&self, entry: &Entry, place: usize, allowance: &mut Allowance) -> Result<Array> {
        let path = &self.source.path;
        inside_libraries(path, || {
            read_one(&*self.tensors, place, entry, allowance).map_err(|e| Error::file(path, e))
        })
    }
}

/// Reads one tensor within what is left of the memory.
fn read_one(
    tensors: &dyn Tensors,
    place: usize,
    entry: &Entry,
    allowance: &mut Allowance,
) -> Parsed<Array> {
    let mut read = || {
        if !entry.is_readable() {
            return Err(unreadable(entry.dtype.name()));
        }
        allowance.check(entry.memory.saturating_add(entry.beside))?;
        allowance.take(entry.memory)?;
        tensors.read(place)
    };
    read().map_err(|e: String| format!("tensor `{}`: {e}", entry.name))
}

/// Why a tensor of such a type can't be used, and what to do.
pub fn unreadable(dtype: &str) -> String {
    format!(
        "its type is {dtype}, and only dense tensors of floating point, integers and booleans are read (save `tensor.dequantize()`, `tensor.to_dense()` or `tensor.float()`)"
    )
}

/// Does some work on the file at `path`; a panic inside a library becomes an error that names it.
fn inside_libraries<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| {
        let message = format!(
            "the file is damaged, or of a kind that the library which reads it doesn't know ({text})"
        );
        Err(Error::file(path, message))
    })
}
