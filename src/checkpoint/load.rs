//! One file → its [`Content`]: the format is recognised, and its reader lists the tensors.
//!
//! It looks at no other file: an index of shards is handed back for `shards`.

use super::content::Content;
use super::recognise::{self, Format};
use super::told::{Architecture, DATA_TEXT, MODEL_TEXT};
use super::{burnpack, keras, onnx, torch};
use crate::error::{Error, Result};
use crate::store::archive::Archive;
use crate::store::bytes::Bytes;
use crate::store::container::Container;
use crate::store::{Parsed, gzip, hdf5, npz, safetensors};
use sha2::Sha256;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// What one file turned out to be.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it for a file, for as long as it is opened"
)]
pub enum Loaded {
    /// Tensors.
    Content(Content),
    /// The bytes of an index of shards.
    Index(Vec<u8>),
}

/// Lists what a file holds and adds its bytes to `hash`; gives their number, too.
pub fn load(
    path: &Path,
    bytes: Bytes,
    key: Option<&str>,
    hash: &mut Sha256,
) -> Result<(Loaded, u64)> {
    let fault = |message| Error::file(path, message);
    let stored = bytes.len();
    // The start is looked at first, so that naming a film by mistake doesn't read all of it.
    let format = recognise::of(&bytes).map_err(fault)?;
    if format == Format::Gzip {
        recognise::format(&gzip::head(&bytes, recognise::HEAD as u64)).map_err(fault)?;
    }
    std::io::copy(&mut bytes.whole(), hash)
        .map_err(|e| Error::io("read the checkpoint", path, e))?;
    if format == Format::Onnx {
        return onnx_file(path, &bytes, key, hash);
    }
    if format != Format::Gzip {
        return Ok((decode(format, bytes, key).map_err(fault)?, stored));
    }
    let inner = Bytes::in_memory(gzip::unpack(&bytes).map_err(fault)?);
    let format = recognise::of(&inner).map_err(fault)?;
    if format == Format::Onnx {
        return onnx_file(path, &inner, key, hash);
    }
    match decode(format, inner, key).map_err(fault)? {
        Loaded::Content(mut content) => {
            let format = &mut content.container.format;
            *format = format!("gzipped {format}");
            Ok((Loaded::Content(content), stored))
        }
        Loaded::Index(_) => Err(fault(
            "an index of shards can't be gzipped; unpack it first".into(),
        )),
    }
}

fn onnx_file(
    path: &Path,
    bytes: &Bytes,
    key: Option<&str>,
    hash: &mut Sha256,
) -> Result<(Loaded, u64)> {
    let (container, stored) = onnx::container(path, bytes, hash)?;
    let mut content = Content::from(container);
    content.key = key.map(str::to_owned);
    Ok((Loaded::Content(content), stored))
}

fn decode(format: Format, bytes: Bytes, key: Option<&str>) -> Parsed<Loaded> {
    let bytes = Arc::new(bytes);
    let mut content: Content = match format {
        Format::Gzip => return Err("this is gzipped twice; unpack it once".into()),
        Format::Onnx => return Err("an ONNX file lies in another; take it out".into()),
        Format::ShardIndex => {
            let whole = bytes.get(0, bytes.len()).map(Cow::into_owned)?;
            return Ok(Loaded::Index(whole));
        }
        Format::Zip => {
            let archive = Archive::open(&bytes)?;
            if torch::is_exported(&archive) {
                Content::from(torch::read_exported(archive)?)
            } else if let Some(folder) = torch::archive_folder(&archive) {
                return torch::read_archive(archive, &folder, key).map(Loaded::Content);
            } else if keras::is_archive(&archive) {
                keras::read_archive(&archive)?
            } else if npz::is_npz(&archive) {
                plain(npz::container(archive, npz::Damaged::Refused)?)
            } else {
                return Err(unknown_archive(&archive));
            }
        }
        Format::TorchLegacy => return torch::read_legacy(bytes, key).map(Loaded::Content),
        Format::TorchTar => return torch::read_tar(&bytes, key).map(Loaded::Content),
        Format::Safetensors => {
            let [described, data] =
                [MODEL_TEXT, DATA_TEXT].map(|key| safetensors::text(&bytes, key));
            let mut content = plain(safetensors::container(bytes)?);
            content.told.data = data;
            if let Some(text) = described {
                content.told.architecture = Some(Architecture::Described(text));
            }
            content
        }
        Format::Burnpack => burnpack::container(&bytes)?.into(),
        Format::Hdf5 => {
            let container = hdf5::container(Arc::clone(&bytes))?;
            match keras::read_hdf5(&bytes, container)? {
                Ok(content) => content,
                Err(other) => plain(dotted(other)),
            }
        }
    };
    // Where nothing is nested, the key is a beginning of names.
    content.key = key.map(str::to_owned);
    Ok(Loaded::Content(content))
}

/// Named arrays, which may be Flax's.
fn plain(container: Container) -> Content {
    if keras::is_flax(&container) {
        keras::flax(container)
    } else {
        container.into()
    }
}

/// Datasets as tensors: the slashes in their paths become dots.
fn dotted(mut container: Container) -> Container {
    for entry in &mut container.entries {
        entry.name = entry.name.replace('/', ".");
    }
    container
}

/// PyTorch and NumPy both write zip archives; their members tell them apart.
fn unknown_archive(archive: &Archive) -> String {
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
