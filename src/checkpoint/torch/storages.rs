//! Storages: the blocks of plain bytes that PyTorch's tensors are views of.
//!
//! They are members of an archive or stretches of an older file. A tensor whose elements follow one
//! another is read from its place; only one that takes them from here and there, or whose storage is
//! compressed, needs its storage in memory meanwhile.

use super::tensors::{Described, StorageId, TensorRef};
use crate::store::archive::{Archive, Checksum};
use crate::store::bytes::Bytes;
use crate::store::container::{Arrays, Container};
use crate::store::element::ByteOrder;
use crate::store::limits::Allowance;
use crate::store::{Array, Entry, Parsed, decode};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the storages of a file are.
pub enum Storages {
    /// Members of an archive, in this folder of it.
    Members {
        /// The archive.
        archive: Archive,
        /// With its slash.
        folder: String,
    },
    /// Stretches of a file, by key: first byte and length.
    Stretches {
        /// The file.
        bytes: Arc<Bytes>,
        /// The storages.
        places: HashMap<String, (u64, u64)>,
    },
}

/// Tensors as views of storages; `None` for those that are listed only.
pub struct Views {
    storages: Storages,
    tensors: Vec<Option<TensorRef>>,
}

impl Storages {
    fn bytes(&self) -> &Bytes {
        match self {
            Self::Members { archive, .. } => archive.bytes(),
            Self::Stretches { bytes, .. } => bytes,
        }
    }

    /// Bytes of the content of a storage.
    fn size(&self, key: &str) -> Parsed<u64> {
        match self {
            Self::Members { archive, folder } => archive.size(&format!("{folder}{key}")),
            Self::Stretches { places, .. } => match places.get(key) {
                Some((_, length)) => Ok(*length),
                None => Err(format!("its storage `{key}` is missing")),
            },
        }
    }

    /// The first byte of a storage in the file; `None` where it is compressed.
    fn start(&self, key: &str) -> Parsed<Option<u64>> {
        match self {
            Self::Members { archive, folder } => archive.place(&format!("{folder}{key}")),
            Self::Stretches { places, .. } => Ok(places.get(key).map(|(start, _)| *start)),
        }
    }

    /// The content of a compressed storage.
    fn unpacked(&self, key: &str) -> Parsed<Cow<'_, [u8]>> {
        match self {
            Self::Members { archive, folder } => {
                // What it takes was counted as lying beside the tensor.
                let allowance = Allowance::for_file(archive.file_length());
                archive.read(&format!("{folder}{key}"), Checksum::Ignore, &allowance)
            }
            Self::Stretches { .. } => Err(format!("its storage `{key}` is missing")),
        }
    }
}

impl Views {
    /// The content of a file with these tensors; every view is checked against its storage.
    ///
    /// # Errors
    /// Names the tensor at fault.
    pub fn container(
        format: &str,
        storages: Storages,
        described: Vec<(String, Described)>,
    ) -> Parsed<Container> {
        let mut allowance = Allowance::to_view(storages.bytes().len());
        let (mut entries, mut tensors) = (Vec::new(), Vec::new());
        for (name, tensor) in described {
            match tensor {
                Described::Dense(tensor) => {
                    let entry = entry(&storages, &name, &tensor, &mut allowance);
                    entries.push(entry.map_err(|e| format!("tensor `{name}`: {e}"))?);
                    tensors.push(Some(tensor));
                }
                Described::Listed { shape, dtype } => {
                    entries.push(Entry::unreadable(name, shape, dtype));
                    tensors.push(None);
                }
            }
        }
        let held = storages.bytes().in_use();
        let tensors = Box::new(Self { storages, tensors });
        Ok(Container::new(format, entries, tensors, held))
    }
}

/// What is known of a tensor, after its view was held against its storage.
fn entry(
    storages: &Storages,
    name: &str,
    tensor: &TensorRef,
    allowance: &mut Allowance,
) -> Parsed<Entry> {
    let TensorRef {
        element,
        storage,
        view,
    } = tensor;
    let StorageId { key, bytes, .. } = storage;
    let held = storages.size(key)?;
    if *bytes > held {
        return Err(format!(
            "its storage `{key}` holds {held} bytes where {bytes} are declared"
        ));
    }
    let entry = Entry::new(name.to_owned(), view.shape.clone(), *element)?;
    allowance.take(entry.memory)?;
    let shown = decode::check_view(*bytes, *element, view)? as u64;
    let beside = match storages.start(key)? {
        Some(_) if view.is_row_major() => 0,
        // The stretch that the view spans, and its elements gathered.
        Some(_) => bytes.saturating_add(shown),
        None => held.saturating_add(shown),
    };
    Ok(entry.beside(beside))
}

impl Arrays for Views {
    fn read(&self, index: usize) -> Parsed<Array> {
        let tensor = self.tensors.get(index).and_then(Option::as_ref);
        let tensor = tensor.ok_or("it isn't a dense tensor")?;
        let TensorRef {
            element,
            storage,
            view,
        } = tensor;
        let StorageId { key, bytes, .. } = storage;
        let (element, shape) = (*element, view.shape.clone());
        let order = ByteOrder::Little;
        let shown = decode::check_view(*bytes, element, view)?;
        let (start, end) = (
            view.offset * element.size(),
            view.offset * element.size() + shown,
        );
        match self.storages.start(key)? {
            Some(first) if shown == 0 || view.is_row_major() => {
                let start = if shown == 0 { 0 } else { start as u64 };
                let mut piece = self.storages.bytes().piece(first + start, shown as u64)?;
                decode::array(shape, element, &mut piece, order)
            }
            Some(first) => {
                let held = self.storages.bytes().get(first, *bytes)?;
                decode::view(&held, element, view.clone(), order)
            }
            None => {
                let whole = self.storages.unpacked(key)?;
                if shown > 0 && !view.is_row_major() {
                    return decode::view(&whole, element, view.clone(), order);
                }
                let window = if shown == 0 {
                    Some(&[][..])
                } else {
                    whole.get(start..end)
                };
                let mut window = window.ok_or("it reaches beyond its storage")?;
                decode::array(shape, element, &mut window, order)
            }
        }
    }
}
