//! Checkpoints: bytes → named tensors.
//!
//! [`Checkpoint::open`] recognises a file by its content, never by its suffix, and lists its tensors;
//! their values are read one tensor at a time, or all at once into a [`StateDict`] ([`open`]).
//! Nothing stored in a file is ever executed, and no allocation is larger than the file justifies.
//! This floor knows nothing of networks: which tensor is a weight is the model's business.

mod burnpack;
mod content;
mod file;
mod load;
mod names;
pub mod peek;
pub(crate) mod pickle;
mod recognise;
mod series;
mod shards;
mod state;
pub(crate) mod torch;

use crate::error::Result;
use crate::store::bytes::Bytes;
pub use crate::store::container::unreadable;
pub use crate::store::{Array, Dtype, Entry, Kind, Values};
pub use crate::store::{files, hdf5, npz, safetensors};
pub use file::Checkpoint;
pub use names::non_finite;
use recognise::Format;
pub use series::series;
pub use state::{Listed, Listing, Set, Source, StateDict};
use std::path::{Path, PathBuf};

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
        let bytes = Bytes::open(path, "read the index of shards").ok()?;
        let index = recognise::of(&bytes).ok()? == Format::ShardIndex;
        let whole = index.then(|| bytes.get(0, bytes.len()).ok()).flatten()?;
        Some(shards::files(path, &whole))
    };
    read().unwrap_or_default()
}
