//! The archives of `torch.save` and `torch.jit.save`: a pickle, and storages as members beside it.

use super::beside::{take_numbers, with_numbers};
use super::select::{self, CONVERT, Found};
use super::storages::{Storages, Views};
use crate::checkpoint::content::Content;
use crate::checkpoint::pickle::{self, Pickle};
use crate::store::Parsed;
use crate::store::archive::{Archive, Checksum};
use crate::store::limits::Allowance;
use std::borrow::Cow;

/// A description becomes up to so many times as large in memory.
pub(super) const PICKLED: u64 = 32;

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

/// Lists the archive of `torch.save` or `torch.jit.save`, whose members lie in `folder`.
///
/// # Errors
/// Names the tensor or member at fault; lists what the file holds where that is no state dict.
pub fn read_archive(archive: Archive, folder: &str, key: Option<&str>) -> Parsed<Content> {
    read_chosen(archive, folder, |pickle| select::state_dict(pickle, key))
}

/// As [`read_archive`], where `choose` says which of the tensors are meant.
///
/// # Errors
/// As [`read_archive`].
pub fn read_chosen(
    archive: Archive,
    folder: &str,
    choose: impl FnOnce(&Pickle) -> Parsed<Found>,
) -> Parsed<Content> {
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
    let mut found = choose(&pickle)?;
    let (described, chosen) = with_numbers(&pickle, &mut found)?;
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
    let storages = Storages::Members { archive, folder };
    let mut container = Views::container(format, storages, described)?;
    take_numbers(&mut container, chosen, &mut found.told)?;
    Ok(found.content(container))
}

fn check_byte_order(member: Option<Parsed<Cow<[u8]>>>) -> Parsed<()> {
    match member.transpose()?.as_deref() {
        Some(b"big") => Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        )),
        _ => Ok(()),
    }
}
