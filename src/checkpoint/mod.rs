//! Checkpoints: bytes → named tensors.
//!
//! [`open`] recognises a file by its content, never by its suffix, and gives a [`StateDict`].
//! Nothing stored in a file is ever executed, and no allocation is larger than the file justifies.
//! This floor knows nothing of networks: which tensor is a weight is the model's business.

mod archive;
mod burnpack;
mod element;
pub mod files;
mod gzip;
pub mod hdf5;
mod limits;
mod names;
pub mod npz;
pub mod peek;
mod pickle;
mod recognise;
pub mod safetensors;
mod shards;
pub mod tensor;
mod torch;

use crate::error::{Error, Result};
use recognise::Format;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
pub use tensor::{Array, Values};

/// What a reader of bytes gives: its complaints don't name the file, [`open`] adds it.
type Parsed<T> = std::result::Result<T, String>;

/// Named tensors in file order, and where they came from.
#[derive(Debug, Clone)]
pub struct StateDict {
    /// Names as the network knows them (wrapping prefixes such as `module.` removed), in file order.
    ///
    /// Counters beside an average of weights, such as `n_averaged`, are left out.
    pub tensors: Vec<(String, Array)>,
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

impl StateDict {
    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.tensors.iter().find(|(n, _)| n == name).map(|(_, a)| a)
    }
}

/// What one file holds, before names are cleaned.
#[derive(Debug)]
struct Content {
    format: String,
    at: String,
    tensors: Vec<(String, Array)>,
    warnings: Vec<String>,
}

impl Content {
    /// Content that isn't nested and needs no remarks.
    fn flat(format: &str, tensors: Vec<(String, Array)>) -> Self {
        Self {
            format: format.into(),
            at: String::new(),
            tensors,
            warnings: Vec::new(),
        }
    }
}

/// Opens a checkpoint of any supported format: PyTorch (`torch.save` since its beginnings, whole
/// modules, `TorchScript`, exported programs), safetensors alone or in shards, burnpack, npz, HDF5, and
/// each of them gzipped.
///
/// # Errors
/// Names the file and the tensor, field or offset at fault, what was found and what was expected.
pub fn open(path: &Path) -> Result<StateDict> {
    let mut hash = Sha256::new();
    let loaded = read_file(path, &mut hash)?;
    finish(path, loaded, hash)
}

/// As [`open`], for bytes that are in memory; `path` only names them in errors and provenance.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<StateDict> {
    let mut hash = Sha256::new();
    let loaded = read_content(path, bytes, &mut hash)?;
    finish(path, loaded, hash)
}

/// The files that opening the checkpoint at `path` reads beside it: the shards, where it is an index.
/// Of a file that can't be read there are none; opening it will say why.
pub fn shards(path: &Path) -> Vec<PathBuf> {
    let mut start = Vec::new();
    let head =
        File::open(path).and_then(|file| file.take(recognise::HEAD as u64).read_to_end(&mut start));
    if head.is_err() || !matches!(recognise::format(&start), Ok(Format::ShardIndex)) {
        return Vec::new();
    }
    read_bytes(path, "read the index of shards")
        .map_or_else(|_| Vec::new(), |bytes| shards::files(path, &bytes))
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

fn finish(path: &Path, loaded: Loaded, mut hash: Sha256) -> Result<StateDict> {
    let content = match loaded {
        Loaded::Content(content) => content,
        Loaded::Index(index) => {
            // The hash is that of the weights; the index only says where they are.
            hash = Sha256::new();
            shards::read(path, &index, &mut hash)?
        }
    };
    let fault = |message| Error::file(path, message);
    let mut tensors = content.tensors;
    names::drop_bookkeeping(&mut tensors);
    names::check_distinct(&tensors).map_err(fault)?;
    let prefix = names::remove_prefix(&mut tensors);
    if tensors.is_empty() {
        return Err(fault(format!("the {} holds no tensors", content.format)));
    }
    let mut warnings = content.warnings;
    warnings.extend(names::non_finite(&tensors));
    let source = Source {
        path: path.to_owned(),
        format: content.format,
        state_dict_at: content.at,
        prefix,
        sha256: format!("{:x}", hash.finalize()),
    };
    Ok(StateDict {
        tensors,
        source,
        warnings,
    })
}

/// What one file turned out to be.
enum Loaded {
    Content(Content),
    /// The bytes of an index of shards.
    Index(Vec<u8>),
}

/// Reads one file and adds its bytes to `hash`.
fn read_file(path: &Path, hash: &mut Sha256) -> Result<Loaded> {
    read_content(path, read_bytes(path, "read the checkpoint")?, hash)
}

/// Decodes one file's bytes and adds them to `hash`.
fn read_content(path: &Path, bytes: Vec<u8>, hash: &mut Sha256) -> Result<Loaded> {
    let fault = |message| Error::file(path, message);
    hash.update(&bytes);
    if !gzip::is_gzip(&bytes) {
        let format = recognise::format(&bytes).map_err(fault)?;
        return decode(format, bytes).map_err(fault);
    }
    recognise::format(&gzip::head(&bytes, recognise::HEAD as u64)).map_err(fault)?;
    let inner = gzip::unpack(&bytes).map_err(fault)?;
    drop(bytes);
    let format = recognise::format(&inner).map_err(fault)?;
    match decode(format, inner).map_err(fault)? {
        Loaded::Content(mut content) => {
            content.format = format!("gzipped {}", content.format);
            Ok(Loaded::Content(content))
        }
        Loaded::Index(_) => Err(fault(
            "an index of shards can't be gzipped; unpack it first".into(),
        )),
    }
}

/// The bytes of a regular file that starts like a checkpoint.
///
/// The start is looked at first, so that naming a film by mistake doesn't read all of it.
///
/// `action` is what the caller is about, for the operating system's refusals.
fn read_bytes(path: &Path, action: &'static str) -> Result<Vec<u8>> {
    let refused = |source| Error::io(action, path, source);
    let mut file = File::open(path).map_err(refused)?;
    let facts = file.metadata().map_err(refused)?;
    if facts.is_dir() {
        return Err(Error::file(
            path,
            "this is a folder; name one of the files in it",
        ));
    }
    if !facts.is_file() {
        return Err(Error::file(path, "this isn't a regular file"));
    }
    let mut bytes = Vec::new();
    (&mut file)
        .take(recognise::HEAD as u64)
        .read_to_end(&mut bytes)
        .map_err(refused)?;
    if !gzip::is_gzip(&bytes) {
        recognise::format(&bytes).map_err(|message| Error::file(path, message))?;
    }
    let rest = facts.len().saturating_sub(bytes.len() as u64);
    let reserved = usize::try_from(rest).map(|rest| bytes.try_reserve_exact(rest));
    if !matches!(reserved, Ok(Ok(()))) {
        let message = format!("its {} bytes don't fit into memory", facts.len());
        return Err(Error::file(path, message));
    }
    file.read_to_end(&mut bytes).map_err(refused)?;
    Ok(bytes)
}

fn decode(format: Format, bytes: Vec<u8>) -> Parsed<Loaded> {
    Ok(Loaded::Content(match format {
        Format::ShardIndex => return Ok(Loaded::Index(bytes)),
        Format::Zip => return decode_zip(&bytes).map(Loaded::Content),
        Format::TorchLegacy => torch::read_legacy(&bytes)?,
        Format::Safetensors => Content::flat("safetensors", safetensors::read(&bytes)?),
        Format::Burnpack => Content::flat("burnpack", burnpack::read(bytes)?),
        Format::Hdf5 => hdf5::content(bytes)?,
    }))
}

/// PyTorch and NumPy both write zip archives; their members tell them apart.
fn decode_zip(bytes: &[u8]) -> Parsed<Content> {
    let archive = archive::Archive::open(bytes)?;
    if torch::is_exported(&archive) {
        return torch::read_exported(&archive, bytes.len());
    }
    if let Some(folder) = torch::archive_folder(&archive) {
        return torch::read_archive(&archive, &folder, bytes.len());
    }
    if npz::is_npz(&archive) {
        return npz::content(&archive, bytes.len());
    }
    let mut members: Vec<_> = archive.names().take(6).collect();
    if archive.names().count() > members.len() {
        members.push("…");
    }
    Err(format!(
        "this zip archive is neither of PyTorch (no `data.pkl`) nor of NumPy (no `.npy`); it holds {}",
        if members.is_empty() {
            "nothing".into()
        } else {
            members.join(", ")
        }
    ))
}
