//! Files of `torch.save` of 2016 (PyTorch 0.1): a tar archive of four members.
//!
//! `sys_info` says whose byte order it is. `storages` is a count, then for each storage a pickle of key,
//! place and class, its number of elements and their bytes, and last a pickle of windows on them. `tensors`
//! is a count, then for each tensor a pickle of key, storage and class, its number of axes, extents, strides
//! and offset. `pickle` is the object, in which a tensor is named by its key.

use super::select::{self, CONVERT};
use super::storages::{Storages, Views};
use super::tensors::{Described, StorageId, Stored, TensorRef, stored_by, tensor_key};
use crate::checkpoint::content::Content;
use crate::checkpoint::pickle::{self, Id, Node, Pickle};
use crate::store::bytes::Bytes;
use crate::store::decode::View;
use crate::store::{Dtype, Parsed};
use std::collections::HashMap;
use std::sync::Arc;

const MEMBERS: [&str; 4] = ["sys_info", "storages", "tensors", "pickle"];
const BLOCK: u64 = 512;
/// The pickles between the numbers are short; those of the object and of the windows may be long.
const SHORT: u64 = 4096;
/// No tensor has more axes.
const MOST_AXES: usize = 64;

/// True where a file starts as these archives do: with the header of one of their members.
pub fn is_tar(head: &[u8]) -> bool {
    let name = head.get(..100).unwrap_or_default();
    head.get(257..262) == Some(b"ustar") && MEMBERS.contains(&text(name))
}

/// Text up to the first zero.
fn text(field: &[u8]) -> &str {
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    let text = std::str::from_utf8(field.get(..end).unwrap_or_default());
    text.unwrap_or_default().trim_start_matches("./").trim()
}

/// Lists such a file.
///
/// # Errors
/// Names the member or the tensor at fault.
pub fn read_tar(bytes: &Arc<Bytes>, key: Option<&str>) -> Parsed<Content> {
    let members = members(bytes)?;
    let member = |name: &str| {
        let place = members.get(name).copied();
        place.ok_or_else(|| {
            format!("the tar archive has no member `{name}`: it is cut off or damaged")
        })
    };
    let (at, length) = member("sys_info")?;
    let system = bytes.get(at, length.min(SHORT))?;
    let system = parse(&system)?;
    let little = system.get(system.root(), "little_endian");
    if little.is_some_and(|id| matches!(system.node(id), Node::Bool(false))) {
        return Err(format!(
            "the numbers are stored big-endian, which isn't supported; {CONVERT} on a little-endian machine"
        ));
    }
    let storages = Reader::new(bytes, member("storages")?).storages()?;
    let tensors = Reader::new(bytes, member("tensors")?).tensors(&storages)?;
    let (at, length) = member("pickle")?;
    let object = bytes.get(at, length)?;
    let object = parse(&object)?;
    let mut found = select::state_dict(&object, key)?;
    let describe = |(name, id): (String, Id)| {
        let key = tensor_key(&object, id).and_then(|key| key.parse::<i64>().ok());
        let tensor = key.and_then(|key| tensors.get(&key));
        match tensor {
            Some(tensor) => Ok((name, tensor.described())),
            None => Err(format!(
                "tensor `{name}`: it isn't among the tensors of the file"
            )),
        }
    };
    let entries = std::mem::take(&mut found.entries);
    let described = entries.into_iter().map(describe).collect::<Parsed<_>>()?;
    let places = storages
        .into_iter()
        .map(|(key, storage)| (key.to_string(), (storage.at, storage.bytes)));
    let storages = Storages::Stretches {
        bytes: Arc::clone(bytes),
        places: places.collect(),
    };
    let container = Views::container("PyTorch tar file of 2016", storages, described)?;
    Ok(found.content(container))
}

fn parse(bytes: &[u8]) -> Parsed<Pickle<'_>> {
    pickle::parse(bytes).map_err(|e| e.to_string())
}

/// The members: first byte and length.
fn members(bytes: &Bytes) -> Parsed<HashMap<String, (u64, u64)>> {
    let mut members = HashMap::new();
    let mut at = 0;
    while let Ok(header) = bytes.get(at, BLOCK) {
        if header.iter().all(|&b| b == 0) {
            break;
        }
        let name = text(header.get(..100).unwrap_or_default()).to_owned();
        let digits = text(header.get(124..136).unwrap_or_default());
        let length = u64::from_str_radix(digits, 8)
            .ok()
            .filter(|&length| bytes.piece(at + BLOCK, length).is_ok())
            .ok_or_else(|| {
                format!("the member `{name}` of the tar archive is cut off or damaged")
            })?;
        // Names come once; folders and extended headers have names of their own.
        members.entry(name).or_insert((at + BLOCK, length));
        at += BLOCK + length.div_ceil(BLOCK) * BLOCK;
    }
    Ok(members)
}

/// A storage: its class, its first byte and its length in bytes.
struct Block {
    stored: Stored,
    at: u64,
    bytes: u64,
}

/// A tensor: its storage and what it shows of it.
struct Shown {
    storage: i64,
    stored: Stored,
    bytes: u64,
    view: View,
}

impl Shown {
    fn described(&self) -> Described {
        match &self.stored.element {
            Ok(element) => Described::Dense(TensorRef {
                element: *element,
                storage: StorageId {
                    key: self.storage.to_string(),
                    stored: Some(self.stored.clone()),
                    bytes: self.bytes,
                    skip: 0,
                },
                view: self.view.clone(),
            }),
            Err(name) => Described::Listed {
                shape: self.view.shape.clone(),
                dtype: Dtype::unreadable(name.clone()),
            },
        }
    }
}

/// A member of pickles and numbers in turn.
struct Reader<'b> {
    bytes: &'b Bytes,
    at: u64,
    end: u64,
}

impl<'b> Reader<'b> {
    fn new(bytes: &'b Bytes, (at, length): (u64, u64)) -> Self {
        Self {
            bytes,
            at,
            end: at.saturating_add(length),
        }
    }

    /// What `read` makes of the next pickle, which takes no more than `most` bytes.
    fn pickle<T>(&mut self, most: u64, read: impl FnOnce(&Pickle) -> Option<T>) -> Parsed<T> {
        let left = self.end.saturating_sub(self.at);
        let piece = self.bytes.peek(self.at, left.min(most));
        let at = self.at;
        let found = parse(&piece).map_err(|e| format!("after byte {at}, {e}"))?;
        self.at += found.length as u64;
        read(&found)
            .ok_or_else(|| format!("the description at byte {at} isn't as PyTorch writes it"))
    }

    fn number(&mut self) -> Parsed<i64> {
        let cut = || format!("the file is cut off at byte {}", self.at);
        let bytes = self.bytes.get(self.at, 8).map_err(|_| cut())?;
        let number = <[u8; 8]>::try_from(&*bytes).map_err(|_| cut())?;
        self.at += 8;
        Ok(i64::from_le_bytes(number))
    }

    fn size(&mut self) -> Parsed<usize> {
        let at = self.at;
        usize::try_from(self.number()?).map_err(|_| format!("a negative size at byte {at}"))
    }

    fn count(&mut self) -> Parsed<i64> {
        self.pickle(SHORT, |p| p.int(p.root()))
    }

    fn storages(mut self) -> Parsed<HashMap<i64, Block>> {
        let mut blocks = HashMap::new();
        for _ in 0..self.count()? {
            let (key, class) = self.pickle(SHORT, |p| {
                let &[key, _, class] = p.elements(p.root())? else {
                    return None;
                };
                Some((p.int(key)?, p.global(class)?.1.to_owned()))
            })?;
            let stored = stored_by(&class)
                .filter(|stored| stored.width.is_some())
                .ok_or_else(|| format!("the type of storage `{key}` isn't known; {CONVERT}"))?;
            let elements = self.size()? as u64;
            let bytes = elements.checked_mul(stored.width.unwrap_or(1) as u64);
            let end = bytes.and_then(|bytes| self.at.checked_add(bytes));
            let (Some(bytes), Some(end)) = (bytes, end.filter(|end| *end <= self.end)) else {
                return Err(format!(
                    "storage `{key}` at byte {} is cut off: {} bytes are left",
                    self.at,
                    self.end.saturating_sub(self.at)
                ));
            };
            let at = self.at;
            blocks.insert(key, Block { stored, at, bytes });
            self.at = end;
        }
        self.windows(&mut blocks)?;
        Ok(blocks)
    }

    /// Storages that are windows on others: key, key of the other, first element, elements.
    fn windows(&mut self, blocks: &mut HashMap<i64, Block>) -> Parsed<()> {
        let windows = self.pickle(u64::MAX, |p| {
            let list = p.elements(p.root())?.iter();
            list.map(|&window| {
                let &[key, of, first, count] = p.elements(window)? else {
                    return None;
                };
                let size = |id| u64::try_from(p.int(id)?).ok();
                Some((p.int(key)?, p.int(of)?, size(first)?, size(count)?))
            })
            .collect::<Option<Vec<_>>>()
        })?;
        for (key, of, first, count) in windows {
            let window = blocks.get(&of).and_then(|block| {
                let width = block.stored.width? as u64;
                let skip = first.checked_mul(width)?;
                let bytes = count.checked_mul(width)?;
                (skip.checked_add(bytes)? <= block.bytes).then(|| Block {
                    stored: block.stored.clone(),
                    at: block.at + skip,
                    bytes,
                })
            });
            let window =
                window.ok_or_else(|| format!("storage `{key}` reaches beyond storage `{of}`"))?;
            blocks.insert(key, window);
        }
        Ok(())
    }

    fn tensors(mut self, storages: &HashMap<i64, Block>) -> Parsed<HashMap<i64, Shown>> {
        let mut tensors = HashMap::new();
        for _ in 0..self.count()? {
            let (key, storage) = self.pickle(SHORT, |p| {
                let &[key, storage, _] = p.elements(p.root())? else {
                    return None;
                };
                // A tensor without elements has no storage.
                Some((p.int(key)?, p.int(storage)))
            })?;
            // Four bytes of four zeros more.
            let axes = self.size()? & 0xffff_ffff;
            if axes > MOST_AXES {
                return Err(format!("tensor {key} claims {axes} axes"));
            }
            let shape = (0..axes).map(|_| self.size()).collect::<Parsed<Vec<_>>>()?;
            let strides = (0..axes).map(|_| self.size()).collect::<Parsed<Vec<_>>>()?;
            let offset = self.size()?;
            let Some((storage, block)) = storage.and_then(|s| Some((s, storages.get(&s)?))) else {
                continue;
            };
            let shown = Shown {
                storage,
                stored: block.stored.clone(),
                bytes: block.bytes,
                view: View {
                    offset,
                    shape,
                    strides,
                },
            };
            tensors.insert(key, shown);
        }
        Ok(tensors)
    }
}
