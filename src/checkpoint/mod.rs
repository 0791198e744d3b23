//! Checkpoints: bytes → named tensors.
//!
//! [`Checkpoint::open`] recognises a file by its content, never by its suffix, and lists its tensors;
//! their values are read one tensor at a time, or all at once into a [`StateDict`] ([`open`]).
//! Nothing stored in a file is ever executed, and no allocation is larger than the file justifies.
//! This floor knows nothing of networks: which tensor is a weight is the model's business.

pub(crate) mod archive;
mod burnpack;
pub(crate) mod bytes;
mod element;
mod file;
pub mod files;
mod gzip;
pub mod hdf5;
pub(crate) mod limits;
mod names;
pub mod npz;
pub mod peek;
mod pickle;
pub(crate) mod recognise;
pub mod safetensors;
mod shards;
pub mod tensor;
mod torch;

use crate::error::{Error, Result};
use bytes::Bytes;
pub use file::{Checkpoint, unreadable};
use file::{Content, Tensors};
pub use names::non_finite;
use recognise::Format;
use sha2::Sha256;
use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub use tensor::{Array, Dtype, Entry, Kind, Values};

/// What a reader of bytes gives: its complaints don't name the file, [`open`] adds it.
type Parsed<T> = std::result::Result<T, String>;

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
}

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

fn listed(entry: &Entry) -> Listed<'_> {
    Listed {
        name: &entry.name,
        shape: &entry.shape,
        dtype: entry.dtype.name(),
        kind: entry.dtype.kind,
    }
}

/// Opens a checkpoint of any supported format and reads all of it: PyTorch (`torch.save` since its
/// beginnings, whole modules, `TorchScript`, exported programs), safetensors alone or in shards,
/// burnpack, npz, HDF5, and each of them gzipped.
///
/// # Errors
/// Names the file and the tensor, field or offset at fault, what was found and what was expected.
pub fn open(path: &Path) -> Result<StateDict> {
    Checkpoint::open(path, None)?.read_all()
}

/// As [`open`], for bytes that are in memory; `path` only names them in errors and provenance.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<StateDict> {
    Checkpoint::from_bytes(bytes, path, None)?.read_all()
}

/// The files that opening the checkpoint at `path` reads beside it: the shards, where it is an index.
/// Of a file that can't be read there are none; opening it will say why.
pub fn shards(path: &Path) -> Vec<PathBuf> {
    let read = || {
        let bytes = open_file(path, "read the index of shards").ok()?;
        let index = recognise::of(&bytes).ok()? == Format::ShardIndex;
        let whole = index.then(|| bytes.get(0, bytes.len()).ok()).flatten()?;
        Some(shards::files(path, &whole))
    };
    read().unwrap_or_default()
}

/// The checkpoints of a folder, in the order of the numbers in their names: `epoch_2` before
/// `epoch_10`. Files whose names start with a dot are passed over, and so are records that trainers
/// write beside their checkpoints (`.json`, `.jsonl`, `.toml`, `.yaml`, `.txt`, `.csv`, `.log`).
///
/// # Errors
/// Where the folder can't be read or holds no checkpoint.
pub fn series(folder: &Path) -> Result<Vec<PathBuf>> {
    const RECORDS: [&str; 8] = ["json", "jsonl", "toml", "yaml", "yml", "txt", "csv", "log"];
    let refused = |source| Error::io("read the folder of checkpoints", folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        let hidden = path
            .file_name()
            .is_none_or(|n| n.to_string_lossy().starts_with('.'));
        let record = path
            .extension()
            .is_some_and(|e| RECORDS.iter().any(|r| e.eq_ignore_ascii_case(r)));
        if path.is_file() && !hidden && !record {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::file(folder, "no checkpoints in the folder"));
    }
    files.sort_by_cached_key(|path| {
        natural_order(&path.file_name().unwrap_or_default().to_string_lossy())
    });
    Ok(files)
}

/// A sort key in which runs of digits count as numbers.
fn natural_order(name: &str) -> Vec<(u64, String)> {
    let mut key = vec![(0, String::new())];
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (before, tail) = rest.split_at(text);
        let digits = tail
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        if let Some(last) = key.last_mut() {
            last.1 = before.to_owned();
        }
        key.push((number.parse().unwrap_or(u64::MAX), String::new()));
        rest = tail;
    }
    key
}

/// What one file turned out to be.
enum Loaded {
    Content(Content),
    /// The bytes of an index of shards.
    Index(Vec<u8>),
}

/// Lists what a file holds and adds its bytes to `hash`; gives their number, too.
fn load(path: &Path, bytes: Bytes, key: Option<&str>, hash: &mut Sha256) -> Result<(Loaded, u64)> {
    let fault = |message| Error::file(path, message);
    let stored = bytes.len();
    // The start is looked at first, so that naming a film by mistake doesn't read all of it.
    let format = recognise::of(&bytes).map_err(fault)?;
    if format == Format::Gzip {
        recognise::format(&gzip::head(&bytes, recognise::HEAD as u64)).map_err(fault)?;
    }
    std::io::copy(&mut bytes.whole(), hash)
        .map_err(|e| Error::io("read the checkpoint", path, e))?;
    if format != Format::Gzip {
        return Ok((decode(format, bytes, key).map_err(fault)?, stored));
    }
    let inner = Bytes::in_memory(gzip::unpack(&bytes).map_err(fault)?);
    let format = recognise::of(&inner).map_err(fault)?;
    match decode(format, inner, key).map_err(fault)? {
        Loaded::Content(mut content) => {
            content.format = format!("gzipped {}", content.format);
            Ok((Loaded::Content(content), stored))
        }
        Loaded::Index(_) => Err(fault(
            "an index of shards can't be gzipped; unpack it first".into(),
        )),
    }
}

/// A regular file, opened.
///
/// `action` is what the caller is about, for the operating system's refusals.
fn open_file(path: &Path, action: &'static str) -> Result<Bytes> {
    let refused = |source| Error::io(action, path, source);
    // A pipe would keep whoever opens it waiting, so its kind is looked at before.
    let facts = path.metadata().map_err(refused)?;
    if facts.is_dir() {
        return Err(Error::file(
            path,
            "this is a folder; name one of the files in it",
        ));
    }
    if !facts.is_file() {
        return Err(Error::file(path, "this isn't a regular file"));
    }
    let file = File::open(path).map_err(refused)?;
    let length = file.metadata().map_err(refused)?.len();
    Ok(Bytes::of_file(file, length))
}

fn decode(format: Format, bytes: Bytes, key: Option<&str>) -> Parsed<Loaded> {
    let bytes = Arc::new(bytes);
    let mut content = match format {
        Format::Gzip => return Err("this is gzipped twice; unpack it once".into()),
        Format::ShardIndex => {
            let whole = bytes.get(0, bytes.len()).map(Cow::into_owned)?;
            return Ok(Loaded::Index(whole));
        }
        Format::Zip => {
            let archive = archive::Archive::open(&bytes)?;
            if torch::is_exported(&archive) {
                torch::read_exported(archive)?
            } else if let Some(folder) = torch::archive_folder(&archive) {
                return torch::read_archive(archive, &folder, key).map(Loaded::Content);
            } else if npz::is_npz(&archive) {
                npz::content(archive)?
            } else {
                return Err(unknown_archive(&archive));
            }
        }
        Format::TorchLegacy => return torch::read_legacy(bytes, key).map(Loaded::Content),
        Format::Safetensors => safetensors::content(bytes)?,
        Format::Burnpack => burnpack::content(&bytes)?,
        Format::Hdf5 => hdf5::content(bytes)?,
    };
    // Where nothing is nested, the key is a beginning of names.
    content.key = key.map(str::to_owned);
    Ok(Loaded::Content(content))
}

/// PyTorch and NumPy both write zip archives; their members tell them apart.
fn unknown_archive(archive: &archive::Archive) -> String {
    let mut members: Vec<_> = archive.names().take(6).collect();
    if archive.names().count() > members.len() {
        members.push("…");
    }
    format!(
        "this zip archive is neither of PyTorch (no `data.pkl`) nor of NumPy (no `.npy`); it holds {}",
        if members.is_empty() {
            "nothing".into()
        } else {
            members.join(", ")
        }
    )
}
