//! A file whose tensors are listed first and read when they are asked for.
//!
//! Every format gives the same, its [`Content`]. What is common to all of them is done here: which
//! entries are meant, what they are called, and that a library's panic ends as an error of its file.

use super::content::Content;
use super::load::{Loaded, load};
use super::state::{Listed, Listing, Set, Source, StateDict, listed};
use super::told::Told;
use super::{derived, names, shards};
use crate::error::{Error, Result, caught};
use crate::store::bytes::Bytes;
use crate::store::container::{Arrays, read_one};
use crate::store::limits::Allowance;
use crate::store::{Array, Entry};
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
    /// What the file tells of its network beside the tensors.
    pub told: Told,
    entries: Vec<Entry>,
    /// Where each entry stands among the reader's.
    places: Vec<usize>,
    /// Where each name stands among the entries.
    by_name: HashMap<String, usize>,
    tensors: Box<dyn Arrays>,
    allowance: Allowance,
}

impl Listing for Checkpoint {
    fn source(&self) -> &Source {
        &self.source
    }

    fn told(&self) -> &Told {
        &self.told
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
            let bytes = Bytes::open(path, "read the checkpoint")?;
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
        let Content {
            mut container,
            mut at,
            sets,
            key,
            mut told,
        } = match loaded {
            Loaded::Content(content) => content,
            Loaded::Index(index) => {
                // The hash is that of the weights; the index only says where they are.
                hash = Sha256::new();
                let container;
                (container, stored) = shards::read(path, &index, &mut hash)?;
                Content {
                    key: key.map(str::to_owned),
                    ..container.into()
                }
            }
        };
        let fault = |message| Error::file(path, message);
        let mut allowance = Allowance::for_file(stored);
        allowance.take(container.held).map_err(fault)?;
        let entries = std::mem::take(&mut container.entries);
        let given: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let mut entries: Vec<(Entry, usize)> = entries.into_iter().zip(0..).collect();
        if let Some(key) = key {
            names::choose(&mut entries, &key, &sets).map_err(fault)?;
            told.enter(&key);
            at = if at.is_empty() {
                key
            } else {
                format!("{at}.{key}")
            };
        }
        names::drop_bookkeeping(&mut entries);
        let mut warnings = container.warnings;
        warnings.extend(names::drop_losses(&mut entries));
        names::check_distinct(&entries).map_err(fault)?;
        // Layers of Keras may be called anything, and its configuration knows them by their names.
        let prefix = match told.channels_last {
            Some(_) => String::new(),
            None => names::remove_prefix(&mut entries),
        };
        let (entries, arrays) = derived::pruned(entries, container.arrays, &mut warnings);
        if entries.is_empty() {
            return Err(fault(format!("the {} holds no tensors", container.format)));
        }
        warnings.extend(names::unread(&entries));
        let now: HashMap<&str, &str> = entries
            .iter()
            .filter_map(|(entry, place)| Some((given.get(*place)?.as_str(), &*entry.name)))
            .collect();
        told.rename(&|old| now.get(old).map(|&name| name.to_owned()));
        let (entries, places): (Vec<Entry>, _) = entries.into_iter().unzip();
        let names = entries.iter().map(|entry| entry.name.clone());
        Ok(Self {
            by_name: names.zip(0..).collect(),
            source: Source {
                path: path.to_owned(),
                format: container.format,
                state_dict_at: at,
                prefix,
                sha256: format!("{:x}", hash.finalize()),
            },
            sets,
            warnings,
            told,
            entries,
            places,
            tensors: arrays,
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
        warnings.extend(
            tensors
                .iter()
                .filter_map(|(name, a)| names::non_finite(name, a)),
        );
        let unreadable = self
            .entries
            .into_iter()
            .filter(|entry| !entry.is_readable());
        Ok(StateDict {
            unreadable: unreadable.collect(),
            tensors,
            source: self.source,
            told: self.told,
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

/// Does some work on the file at `path`; a panic inside a library becomes an error that names it.
fn inside_libraries<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| {
        let message = format!(
            "the file is damaged, or of a kind that the library which reads it doesn't know ({text})"
        );
        Err(Error::file(path, message))
    })
}
