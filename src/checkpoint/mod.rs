//! Checkpoints: bytes → named tensors.
//!
//! [`Checkpoint::open`] recognises a file by its content, never by its suffix, and lists its tensors;
//! their values are read one tensor at a time, or all at once into a [`StateDict`] ([`open`]).
//! Nothing stored in a file is ever executed, and no allocation is larger than the file justifies.
//! This floor knows nothing of networks: which tensor is a weight is the model's business.

mod burnpack;
mod content;
mod derived;
mod file;
mod keras;
mod load;
mod modules;
mod names;
pub mod onnx;
pub mod peek;
pub(crate) mod pickle;
mod recognise;
mod series;
mod shards;
mod state;
mod told;
pub(crate) mod torch;

use crate::error::Result;
use crate::store::bytes::Bytes;
pub use crate::store::container::unreadable;
pub use crate::store::{Array, Dtype, Entry, Kind, Values};
pub use crate::store::{files, hdf5, npz, safetensors};
pub use file::Checkpoint;
pub use modules::{Attribute, Module};
pub use names::non_finite;
use recognise::Format;
pub use series::series;
pub use state::{Listed, Listing, Set, Source, StateDict};
use std::path::{Path, PathBuf};
pub use told::{Architecture, DATA_TEXT, MODEL_TEXT, Told};
pub use torch::script;
pub(crate) use torch::{Program, open_program};

/// Opens a checkpoint of any supported format and reads all of it: PyTorch (`torch.save` since its
/// beginnings, whole modules, `TorchScript`, exported programs), safetensors alone or in shards,
/// burnpack, npz, HDF5, ONNX, and each of them gzipped.
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

/// The files that opening the checkpoint at `path` reads beside it: the shards, where it is an index, and
/// those that the tensors of an ONNX file lie in.
/// Of a file that can't be read there are none; opening it will say why.
pub fn shards(path: &Path) -> Vec<PathBuf> {
    let read = || {
        let bytes = Bytes::open(path, "read the index of shards").ok()?;
        match recognise::of(&bytes).ok()? {
            Format::ShardIndex => Some(shards::files(path, &bytes.get(0, bytes.len()).ok()?)),
            Format::Onnx => Some(onnx::beside(path)),
            _ => None,
        }
    };
    read().unwrap_or_default()
}
