//! Files of `torch.save` inside of an archive: how exported programs kept their tensors before PyTorch 2.9.
//!
//! Each is a dictionary of tensors by name, in an archive of its own.

use super::archive;
use super::select::Found;
use super::tensors::{Described, is_tensor, tensor_at};
use super::tree::Bounds;
use crate::checkpoint::pickle::Pickle;
use crate::store::Parsed;
use crate::store::archive::{Archive, Checksum};
use crate::store::bytes::Bytes;
use crate::store::container::Container;
use crate::store::limits::Allowance;
use std::collections::HashMap;
use std::sync::Arc;

/// The tensors of the dictionary in the member called `name`, and the place of each: tensors with equal places are
/// one under several names.
///
/// # Errors
/// Where the member isn't an archive of `torch.save`; names the tensor at fault.
pub fn pickled(outer: &Archive, name: &str) -> Parsed<(Container, HashMap<String, String>)> {
    let mut allowance = Allowance::for_file(outer.file_length());
    allowance.take(outer.size(name)?)?;
    let bytes = outer.read(name, Checksum::Ignore, &allowance)?.into_owned();
    let archive = Archive::open(&Arc::new(Bytes::in_memory(bytes)))?;
    let folder = archive::archive_folder(&archive).ok_or("it has no `data.pkl`")?;
    let mut places = HashMap::new();
    let content = archive::read_chosen(archive, &folder, |pickle| {
        let found = dictionary(pickle)?;
        for (name, id) in &found.entries {
            if let Ok(Described::Dense(tensor)) = tensor_at(pickle, *id) {
                let place = format!("{} {:?}", tensor.storage.key, tensor.view);
                places.insert(name.clone(), place);
            }
        }
        Ok(found)
    })?;
    let mut container = content.container;
    container.format = "PyTorch exported program".into();
    Ok((container, places))
}

/// The tensors of the dictionary that a pickle is; there may be none, and other things beside.
fn dictionary(pickle: &Pickle) -> Parsed<Found> {
    let mut bounds = Bounds::default();
    let mut entries = Vec::new();
    for (key, id) in bounds.entries(pickle, Some(pickle.root()))? {
        if is_tensor(pickle, id) {
            entries.push((bounds.joined("", key)?, id));
        }
    }
    Ok(Found::plain(entries))
}
