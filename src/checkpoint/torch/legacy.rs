//! Files of `torch.save` before 1.6, and of `_use_new_zipfile_serialization=False` since.
//!
//! Five pickles in a row (a magic number, a protocol version, facts on the machine, the object, the
//! order of the storages), then every storage as a count of elements and its bytes.

use super::beside::{take_numbers, with_numbers};
use super::select::{self, CONVERT, Found};
use super::storages::{Storages, Views};
use super::tensors::{StorageId, storage_at};
use crate::checkpoint::content::Content;
use crate::checkpoint::pickle::{self, Node, Pickle};
use crate::store::Parsed;
use crate::store::bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// 0x1950a86a20f9469cfc6c as the first pickle writes it, by protocol: 0 and 1, 2, 3, 4, 5.
const STARTS: [&[u8]; 5] = [
    b"L119547037146038801333356L\n.",
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    b"\x80\x03\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    b"\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    b"\x80\x05\x95\x0d\0\0\0\0\0\0\0\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
];
const PROTOCOL: i64 = 1001;
/// The pickles are looked for in a first piece of so many bytes, then in larger ones.
const FIRST_PIECE: u64 = 1 << 20;

/// The bytes that a file starts with as `torch.save` started them before the zip archives.
pub fn legacy_start(head: &[u8]) -> Option<&'static [u8]> {
    STARTS.into_iter().find(|start| head.starts_with(start))
}

/// Lists a legacy file.
///
/// # Errors
/// Names the tensor or the byte at fault.
pub fn read_legacy(bytes: Arc<Bytes>, key: Option<&str>) -> Parsed<Content> {
    read_chosen(bytes, |pickle| select::state_dict(pickle, key))
}

/// As [`read_legacy`], where `choose` says which of the tensors are meant.
///
/// # Errors
/// As [`read_legacy`].
pub fn read_chosen(
    bytes: Arc<Bytes>,
    choose: impl FnOnce(&Pickle) -> Parsed<Found>,
) -> Parsed<Content> {
    let mut length = FIRST_PIECE;
    let mut head = bytes.peek(0, length);
    while length < bytes.len() && pickles(&head).is_err() {
        length = length.saturating_mul(8);
        head = bytes.peek(0, length);
    }
    let [protocol, machine, object, order] = pickles(&head)?;
    if protocol.int(protocol.root()) != Some(PROTOCOL) {
        return Err(format!(
            "the legacy format's version isn't {PROTOCOL}; {CONVERT}"
        ));
    }
    let little = machine.get(machine.root(), "little_endian");
    if little.is_some_and(|id| matches!(machine.node(id), Node::Bool(false))) {
        return Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        ));
    }
    let before = legacy_start(&head).map_or(0, <[u8]>::len);
    let after = [&protocol, &machine, &object, &order].map(|pickle| pickle.length);
    let at = (before + after.iter().sum::<usize>()) as u64;
    let mut found = choose(&object)?;
    let places = storages(&bytes, at, &object, &order)?;
    let (described, chosen) = with_numbers(&object, &mut found)?;
    let storages = Storages::Stretches {
        bytes: Arc::clone(&bytes),
        places,
    };
    let mut container = Views::container("PyTorch legacy file", storages, described)?;
    take_numbers(&mut container, chosen, &mut found.told)?;
    Ok(found.content(container))
}

/// The four pickles after the magic number: version, machine, object, order of the storages.
fn pickles(head: &[u8]) -> Parsed<[Pickle<'_>; 4]> {
    let mut at = legacy_start(head).map_or(0, <[u8]>::len);
    let mut next = || -> Parsed<Pickle<'_>> {
        let pickle = pickle::parse(head.get(at..).unwrap_or_default());
        let pickle = pickle.map_err(|e| format!("after byte {at}, {e}"))?;
        at += pickle.length;
        Ok(pickle)
    };
    Ok([next()?, next()?, next()?, next()?])
}

/// The storages after the pickles, by key: first byte and length. Their widths are only known from the
/// tensors' own pickle.
fn storages(
    bytes: &Bytes,
    mut at: u64,
    object: &Pickle,
    order: &Pickle,
) -> Parsed<HashMap<String, (u64, u64)>> {
    let mut known: HashMap<String, StorageId> = HashMap::new();
    for node in object.nodes() {
        if let Node::Persistent(id) = node
            && let Ok(storage) = storage_at(object, *id)
        {
            known.entry(storage.key.clone()).or_insert(storage);
        }
    }
    let mut storages = HashMap::new();
    for &key in order
        .elements(order.root())
        .ok_or("the list of storages is missing")?
    {
        let key = order.text(key).ok_or("the name of a storage isn't text")?;
        let width = known.get(key).and_then(StorageId::width).ok_or_else(|| {
            // Without its width, nothing after it can be found.
            format!("the type of storage `{key}` isn't known; {CONVERT}")
        })?;
        let count = bytes.get(at, 8).ok();
        let count = count.and_then(|c| Some(u64::from_le_bytes(<[u8; 8]>::try_from(&*c).ok()?)));
        let length = count
            .and_then(|count| count.checked_mul(width as u64))
            .filter(|&length| bytes.piece(at + 8, length).is_ok())
            .ok_or_else(|| {
                format!(
                    "storage `{key}` at byte {at} is cut off: {} bytes are left",
                    bytes.len().saturating_sub(at)
                )
            })?;
        storages.insert(key.to_owned(), (at + 8, length));
        at += 8 + length;
    }
    Ok(storages)
}
