//! Tensors and where they came from, as the floors above see them.
//!
//! A [`StateDict`] has the values, a [`super::Checkpoint`] reads them when they are asked for; a
//! [`Listing`] is what both of them are to whoever only looks at names and shapes.

use super::told::Told;
use crate::store::{Array, Entry, Kind};
use std::path::PathBuf;

/// Named tensors in file order, and where they came from.
#[derive(Debug, Clone)]
pub struct StateDict {
    /// Names as the network knows them (wrapping prefixes such as `module.` removed), in file order.
    ///
    /// Counters beside an average of weights, such as `n_averaged`, are left out.
    pub tensors: Vec<(String, Array)>,
    /// Tensors of types that aren't read: complex, sparse, quantised and of eight bits and fewer.
    pub unreadable: Vec<Entry>,
    /// Where and how the tensors were found.
    pub source: Source,
    /// What a reader should know: ignored entries, other sets of weights, non-finite values.
    pub warnings: Vec<String>,
    /// What the file tells of its network beside the tensors.
    pub told: Told,
}

/// Provenance of a [`StateDict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file as it was named by the caller.
    pub path: PathBuf,
    /// The format in words: "PyTorch zip archive", "safetensors, 2 shards", "gzipped PyTorch zip archive".
    pub format: String,
    /// Where in a nested file the tensors lay, dotted: `state_dict`, `model`; empty at the top.
    pub state_dict_at: String,
    /// The prefix removed from every name: `module.`; empty for none.
    pub prefix: String,
    /// SHA-256 of the file's bytes (of all shards in order), lower-case hex.
    pub sha256: String,
}

/// One of the dictionaries and modules of tensors that a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The keys that lead to it, dotted; empty at the top.
    pub at: String,
    /// How many tensors it has.
    pub tensors: usize,
}

/// Names, shapes and types: all that recognising a network needs.
pub trait Listing {
    /// Where the tensors come from.
    fn source(&self) -> &Source;
    /// Every tensor, in file order; the unreadable ones may come last.
    fn list(&self) -> Vec<Listed<'_>>;
    /// What the file tells of its network beside them; nothing unless it is said.
    fn told(&self) -> &Told {
        &NOTHING
    }
}

static NOTHING: Told = Told {
    architecture: None,
    numbers: Vec::new(),
    channels_last: None,
    data: None,
};

/// A tensor as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Name as the network knows it.
    pub name: &'a str,
    /// Extent of each axis.
    pub shape: &'a [usize],
    /// Name of its type.
    pub dtype: &'a str,
    /// What can be done with its values.
    pub kind: Kind,
}

impl StateDict {
    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.tensors.iter().find(|(n, _)| n == name).map(|(_, a)| a)
    }
}

impl Listing for StateDict {
    fn source(&self) -> &Source {
        &self.source
    }

    fn told(&self) -> &Told {
        &self.told
    }

    fn list(&self) -> Vec<Listed<'_>> {
        let read = self.tensors.iter().map(|(name, array)| Listed {
            name,
            shape: array.shape(),
            dtype: array.values().type_name(),
            kind: if array.values().is_float() {
                Kind::Float
            } else {
                Kind::Integer
            },
        });
        read.chain(self.unreadable.iter().map(listed)).collect()
    }
}

/// An entry as it is listed.
pub(super) fn listed(entry: &Entry) -> Listed<'_> {
    Listed {
        name: &entry.name,
        shape: &entry.shape,
        dtype: entry.dtype.name(),
        kind: entry.dtype.kind,
    }
}
