//! What `torch.save`, `torch.jit.save` and `torch.export.save` write.
//!
//! All of them keep the numbers as plain bytes ("storages") beside a description of the tensors: a
//! pickle, or JSON in exported programs. The description is read as inert values, the tensors that
//! make the state dict are chosen, and only their storages are decoded, when they are asked for.
//! Python is never run and no class is ever looked up; optimizers and other content are skipped unread.

mod exported;
mod legacy;
mod select;
mod storages;
mod tensors;
#[cfg(test)]
mod tests;
mod tree;

use super::archive::{Archive, Checksum};
use super::limits::Allowance;
use super::pickle::{self, Pickle};
use super::{Content, Parsed};
pub use legacy::{legacy_start, read_legacy};
use std::borrow::Cow;
use storages::{Storages, Views};

/// What to do with a file that can't be read as it is.
const CONVERT: &str =
    "save the weights alone with `torch.save(model.state_dict(), \"weights.pt\")`";

/// A description becomes up to so many times as large in memory.
const PICKLED: u64 = 32;

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

/// Lists the archive of `torch.export.save`.
///
/// # Errors
/// Names the tensor or member at fault.
pub fn read_exported(archive: Archive) -> Parsed<Content> {
    exported::read(archive)
}

/// Lists the archive of `torch.save` or `torch.jit.save`, whose members lie in `folder`.
///
/// # Errors
/// Names the tensor or member at fault; lists what the file holds where that is no state dict.
pub fn read_archive(archive: Archive, folder: &str, key: Option<&str>) -> Parsed<Content> {
    let allowance = Allowance::for_file(archive.file_length());
    let member =
        |name: &str| archive.read(&format!("{folder}{name}"), Checksum::Ignore, &allowance);
    check_byte_order(
        archive
            .contains(&format!("{folder}byteorder"))
            .then(|| member("byteorder")),
    )?;
    let description = format!("{folder}data.pkl");
    if archive.place(&description)?.is_none() {
        allowance
            .check(archive.size(&description)?.saturating_mul(PICKLED))
            .map_err(|e| format!("the description `data.pkl` is too large: {e}"))?;
    }
    let bytes = member("data.pkl")?;
    let pickle = pickle::parse(&bytes).map_err(|e| e.to_string())?;
    let found = select::state_dict(&pickle, key)?;
    let described = described(&pickle, found.entries)?;
    drop(pickle);
    drop(bytes);
    let script = archive.contains(&format!("{folder}constants.pkl"));
    let format = if script {
        "TorchScript archive"
    } else {
        "PyTorch zip archive"
    };
    // A name from the pickle is only ever looked up in the directory, never on the disk.
    let folder = format!("{folder}data/");
    let mut content = Views::content(format, Storages::Members { archive, folder }, described)?;
    (content.at, content.sets) = (found.at, found.sets);
    (content.key, content.warnings) = (found.key, found.warnings);
    Ok(content)
}

/// Reads the descriptions of the chosen tensors.
fn described(
    pickle: &Pickle,
    entries: Vec<(String, pickle::Id)>,
) -> Parsed<Vec<(String, tensors::Described)>> {
    let describe = |(name, id): (String, _)| match tensors::tensor_at(pickle, id) {
        Ok(tensor) => Ok((name, tensor)),
        Err(e) => Err(format!("tensor `{name}`: {e}")),
    };
    entries.into_iter().map(describe).collect()
}

fn check_byte_order(member: Option<Parsed<Cow<[u8]>>>) -> Parsed<()> {
    match member.transpose()?.as_deref() {
        Some(b"big") => Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        )),
        _ => Ok(()),
    }
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
