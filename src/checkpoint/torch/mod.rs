//! What `torch.save`, `torch.jit.save` and `torch.export.save` write.
//!
//! All of them keep the numbers as plain bytes ("storages") beside a description of the tensors: a
//! pickle, or JSON in exported programs. The description is read as inert values, the tensors that
//! make the state dict are chosen, and only their storages are decoded. Python is never run and no
//! class is ever looked up; optimizers and other content are skipped unread.

mod exported;
mod legacy;
mod select;
mod tensors;
#[cfg(test)]
mod tests;
mod tree;

use super::archive::{Archive, Checksum};
use super::element::{self, ByteOrder};
use super::limits::Allowance;
use super::pickle::{self, Pickle};
use super::{Array, Content, Parsed};
pub use legacy::{is_legacy, read_legacy};
use std::borrow::Cow;
use std::collections::HashMap;
use tensors::{StorageId, TensorRef};

/// What to do with a file that can't be read as it is.
const CONVERT: &str =
    "save the weights alone with `torch.save(model.state_dict(), \"weights.pt\")`";

/// The folder inside the archive that holds `data.pkl`, with its slash; `None` where this is no
/// archive of PyTorch's.
pub fn archive_folder(archive: &Archive) -> Option<String> {
    let mut folders = archive.names().filter_map(|name| {
        let folder = name.strip_suffix("data.pkl")?;
        let plain = folder.is_empty() || folder.find('/') == Some(folder.len() - 1);
        plain.then(|| folder.to_owned())
    });
    folders.next()
}

/// True for the archive of `torch.export.save`.
pub fn is_exported(archive: &Archive) -> bool {
    exported::weights_config(archive).is_some()
        || archive
            .names()
            .any(|n| n.ends_with("serialized_exported_program.json"))
}

/// Reads the archive of `torch.export.save`.
///
/// # Errors
/// Names the tensor or member at fault.
pub fn read_exported(archive: &Archive, file_length: usize) -> Parsed<Content> {
    exported::read(archive, file_length)
}

/// Reads the archive of `torch.save` or `torch.jit.save`, whose members lie in `folder`.
///
/// # Errors
/// Names the tensor or member at fault; lists what the file holds where that is no state dict.
pub fn read_archive(archive: &Archive, folder: &str, file_length: usize) -> Parsed<Content> {
    let mut unpacking = Allowance::to_expand(file_length);
    let mut member =
        |name: &str| archive.read(&format!("{folder}{name}"), Checksum::Ignore, &mut unpacking);
    check_byte_order(
        archive
            .contains(&format!("{folder}byteorder"))
            .then(|| member("byteorder")),
    )?;
    let bytes = member("data.pkl")?;
    let pickle = pickle::parse(&bytes).map_err(|e| e.to_string())?;
    let found = select::state_dict(&pickle)?;
    let mut storages = HashMap::new();
    let mut tensors = Vec::with_capacity(found.entries.len());
    for (name, id) in found.entries {
        let tensor =
            tensors::tensor_at(&pickle, id).map_err(|e| format!("tensor `{name}`: {e}"))?;
        let key = &tensor.storage.key;
        if !storages.contains_key(key) {
            // A name from the pickle is only ever looked up in the directory, never on the disk.
            let bytes =
                member(&format!("data/{key}")).map_err(|e| format!("tensor `{name}`: {e}"))?;
            storages.insert(key.clone(), bytes);
        }
        tensors.push((name, tensor));
    }
    let script = archive.contains(&format!("{folder}constants.pkl"));
    Ok(Content {
        format: if script {
            "TorchScript archive"
        } else {
            "PyTorch zip archive"
        }
        .into(),
        at: found.at,
        tensors: materialise(tensors, &storages, file_length)?,
        warnings: found.warnings,
    })
}

fn check_byte_order(member: Option<Parsed<Cow<[u8]>>>) -> Parsed<()> {
    match member.transpose()?.as_deref() {
        Some(b"big") => Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        )),
        _ => Ok(()),
    }
}

/// Decodes the chosen tensors from their storages.
fn materialise(
    tensors: Vec<(String, TensorRef)>,
    storages: &HashMap<String, Cow<[u8]>>,
    file_length: usize,
) -> Parsed<Vec<(String, Array)>> {
    let mut allowance = Allowance::to_view(file_length);
    let decode = |(name, tensor): (String, TensorRef)| {
        let array = decode_one(&tensor, storages, &mut allowance);
        array
            .map(|a| (name.clone(), a))
            .map_err(|e| format!("tensor `{name}`: {e}"))
    };
    tensors.into_iter().map(decode).collect()
}

fn decode_one(
    tensor: &TensorRef,
    storages: &HashMap<String, Cow<[u8]>>,
    allowance: &mut Allowance,
) -> Parsed<Array> {
    let StorageId {
        key,
        bytes: declared,
        ..
    } = &tensor.storage;
    let storage = storages
        .get(key)
        .ok_or_else(|| format!("its storage `{key}` is missing"))?;
    let held = storage.get(..*declared).ok_or_else(|| {
        format!(
            "its storage `{key}` holds {} bytes where {declared} are declared",
            storage.len()
        )
    })?;
    let elements = element::byte_count(&tensor.view.shape, tensor.element)? / tensor.element.size();
    allowance.take((elements as u64).saturating_mul(tensor.element.size_in_memory() as u64))?;
    element::view(held, tensor.element, tensor.view.clone(), ByteOrder::Little)
}

/// The keys at the top of a dictionary, for messages about files without a state dict.
fn keys_at_top(pickle: &Pickle) -> Option<String> {
    const SHOWN: usize = 12;
    let pairs = pickle.pairs(pickle.root())?;
    let mut keys: Vec<_> = pairs.iter().filter_map(|(k, _)| pickle.text(*k)).collect();
    let hidden = keys.len().saturating_sub(SHOWN);
    keys.truncate(SHOWN);
    let more = if hidden > 0 {
        format!(" and {hidden} more")
    } else {
        String::new()
    };
    (!keys.is_empty()).then(|| format!("`{}`{more}", keys.join("`, `")))
}
