//! Files of `torch.save` before 1.6, and of `_use_new_zipfile_serialization=False` since.
//!
//! Five pickles in a row (a magic number, a protocol version, facts on the machine, the object, the
//! order of the storages), then every storage as a count of elements and its bytes.

use super::tensors::{StorageId, storage_at};
use super::{CONVERT, materialise, select, tensors};
use crate::checkpoint::element::Element;
use crate::checkpoint::pickle::{self, Node, Pickle};
use crate::checkpoint::{Content, Parsed};
use std::borrow::Cow;
use std::collections::HashMap;

/// 0x1950a86a20f9469cfc6c as the first pickle of protocol 2 writes it.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
const PROTOCOL: i64 = 1001;

/// True where the file starts as `torch.save` started them before the zip archives.
pub fn is_legacy(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Reads a legacy file.
///
/// # Errors
/// Names the tensor or the byte at fault.
pub fn read_legacy(bytes: &[u8]) -> Parsed<Content> {
    let mut at = MAGIC.len();
    let mut next = || -> Parsed<Pickle> {
        let pickle = pickle::parse(bytes.get(at..).unwrap_or_default());
        let pickle = pickle.map_err(|e| format!("after byte {at}, {e}"))?;
        at += pickle.length;
        Ok(pickle)
    };
    let protocol = next()?;
    if protocol.int(protocol.root()) != Some(PROTOCOL) {
        return Err(format!(
            "the legacy format's version isn't {PROTOCOL}; {CONVERT}"
        ));
    }
    let machine = next()?;
    let little = machine.get(machine.root(), "little_endian");
    if little.is_some_and(|id| matches!(machine.node(id), Node::Bool(false))) {
        return Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        ));
    }
    let object = next()?;
    let order = next()?;
    let found = select::state_dict(&object)?;
    let storages = storages(bytes, at, &object, &order)?;
    let read = |(name, id): (String, _)| match tensors::tensor_at(&object, id) {
        Ok(tensor) => Ok((name, tensor)),
        Err(e) => Err(format!("tensor `{name}`: {e}")),
    };
    let tensors = found.entries.into_iter().map(read).collect::<Parsed<_>>()?;
    Ok(Content {
        format: "PyTorch legacy file".into(),
        at: found.at,
        tensors: materialise(tensors, &storages, bytes.len())?,
        warnings: found.warnings,
    })
}

/// The storages after the pickles, by key. Their widths are only known from the tensors' own pickle.
fn storages<'a>(
    bytes: &'a [u8],
    mut at: usize,
    object: &Pickle,
    order: &Pickle,
) -> Parsed<HashMap<String, Cow<'a, [u8]>>> {
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
        let width = known.get(key).ok_or_else(|| {
            // Without its width, nothing after it can be found.
            format!("the type of storage `{key}` isn't known; {CONVERT}")
        })?;
        let width = width.element.map_or(1, Element::size);
        let rest = bytes.get(at..).unwrap_or_default();
        let content = stored(rest, width).ok_or_else(|| {
            format!(
                "storage `{key}` at byte {at} is cut off: {} bytes are left",
                rest.len()
            )
        })?;
        at += 8 + content.len();
        storages.insert(key.to_owned(), Cow::Borrowed(content));
    }
    Ok(storages)
}

/// A count of elements of `width` bytes, and the elements.
fn stored(bytes: &[u8], width: usize) -> Option<&[u8]> {
    let (count, rest) = bytes.split_at_checked(8)?;
    let count = u64::from_le_bytes(count.try_into().ok()?);
    rest.get(..usize::try_from(count).ok()?.checked_mul(width)?)
}
