//! Which values of a pickle are tensors, and what they say: type, storage, offset, shape, strides.
//!
//! A tensor is pickled as a call of one of PyTorch's `_rebuild_…` functions. The calls are read, not
//! made; parameters and tensor subclasses wrap such a call and are unwrapped.

use crate::checkpoint::pickle::{Id, Node, Pickle};
use crate::store::decode::View;
use crate::store::element::Element;
use crate::store::{Dtype, Parsed};
use std::borrow::Cow;

/// Nothing wraps a tensor more often.
const WRAPPED: usize = 4;

/// What a pickle says of a tensor.
#[derive(Debug)]
pub enum Described {
    /// A dense tensor of a known type.
    Dense(TensorRef),
    /// A tensor that isn't read: its extents, empty where they aren't told, and its type.
    Listed {
        /// Extent of each axis.
        shape: Vec<usize>,
        /// Its true type.
        dtype: Dtype,
    },
}

/// A tensor as its pickle describes it; the numbers lie in its storage.
#[derive(Debug)]
pub struct TensorRef {
    /// Type of the elements.
    pub element: Element,
    /// Where the bytes are.
    pub storage: StorageId,
    /// Which of the storage's elements the tensor shows.
    pub view: View,
}

/// A block of bytes outside of the pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageId {
    /// Its name in the file.
    pub key: String,
    /// What its elements are; `None` for storages of plain bytes.
    pub stored: Option<Stored>,
    /// Bytes it is declared to hold.
    pub bytes: u64,
    /// Elements to skip: legacy files know storages that are windows on others.
    pub skip: usize,
}

/// The elements of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The type that is read, or the name of another.
    pub element: Result<Element, Cow<'static, str>>,
    /// Bytes of each; `None` where the type isn't known.
    pub width: Option<usize>,
}

impl StorageId {
    /// Bytes of each element, where its type is known.
    pub fn width(&self) -> Option<usize> {
        self.stored.as_ref().map_or(Some(1), |stored| stored.width)
    }
}

/// Reads the descriptions of the chosen tensors.
///
/// # Errors
/// Names the tensor at fault.
pub fn described(pickle: &Pickle, entries: Vec<(String, Id)>) -> Parsed<Vec<(String, Described)>> {
    let describe = |(name, id): (String, _)| match tensor_at(pickle, id) {
        Ok(tensor) => Ok((name, tensor)),
        Err(e) => Err(format!("tensor `{name}`: {e}")),
    };
    entries.into_iter().map(describe).collect()
}

/// True where the value at `id` is a tensor of any kind, readable or not.
pub fn is_tensor(pickle: &Pickle, id: Id) -> bool {
    let class = class_of(pickle, id);
    let rebuilt = class
        .is_some_and(|(module, name)| module.starts_with("torch") && name.starts_with("_rebuild_"));
    rebuilt || class.is_some_and(wraps) || tensor_key(pickle, id).is_some()
}

/// What PyTorch up to 0.3 called on a tensor to make a parameter of it.
fn wraps(class: (&str, &str)) -> bool {
    matches!(
        class,
        ("torch.nn.parameter", "Parameter") | ("torch.autograd.variable", "Variable")
    )
}

/// The key of the tensor at `id` where it lies outside of the pickle, as in files of 2016: such a tensor is
/// named by a number in words, a storage by a tuple.
pub fn tensor_key<'a>(pickle: &Pickle<'a>, mut id: Id) -> Option<&'a str> {
    for _ in 0..WRAPPED {
        match pickle.node(id) {
            Node::Persistent(key) => return pickle.text(*key),
            Node::Object(object) if class_of(pickle, id).is_some_and(wraps) => {
                id = *pickle.elements(object.args)?.first()?;
            }
            _ => return None,
        }
    }
    None
}

/// Module and name of the class of the object at `id`, or of the function whose result it is.
pub fn class_of<'a>(pickle: &Pickle<'a>, id: Id) -> Option<(&'a str, &'a str)> {
    let class = pickle.object(id)?.class;
    // PyTorch up to 1.5 kept the source of a class beside it: ("module", class, file, source).
    let class = match pickle.node(class) {
        Node::Persistent(parts) => match pickle.elements(*parts)? {
            &[kind, class, ..] if pickle.text(kind) == Some("module") => class,
            _ => return None,
        },
        _ => class,
    };
    pickle.global(class)
}

/// The tensor at `id`.
///
/// # Errors
/// What is damaged about it.
pub fn tensor_at(pickle: &Pickle, mut id: Id) -> Parsed<Described> {
    // A parameter wraps a tensor, and a subclass may wrap a parameter.
    for _ in 0..WRAPPED {
        let (_, name) = class_of(pickle, id).ok_or("it isn't a tensor")?;
        let args = pickle
            .object(id)
            .and_then(|o| pickle.elements(o.args))
            .unwrap_or_default();
        match (name, args) {
            (
                "_rebuild_parameter" | "_rebuild_parameter_with_state" | "Parameter" | "Variable",
                [inner, ..],
            ) => id = *inner,
            ("_rebuild_from_type_v2", [function, _, args, ..]) => {
                let (_, function) = pickle.global(*function).ok_or("its subclass isn't known")?;
                return rebuilt(pickle, function, pickle.elements(*args).unwrap_or_default());
            }
            _ => return rebuilt(pickle, name, args),
        }
    }
    Err("it is wrapped too often".into())
}

fn rebuilt(pickle: &Pickle, function: &str, args: &[Id]) -> Parsed<Described> {
    let listed = |shape: Option<Vec<usize>>, dtype: Cow<'static, str>| {
        Ok(Described::Listed {
            shape: shape.unwrap_or_default(),
            dtype: Dtype::unreadable(dtype),
        })
    };
    match (function, args) {
        (
            "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3",
            &[storage, offset, shape, strides, ..],
        ) => {
            let dtype = args.get(6).filter(|_| function == "_rebuild_tensor_v3");
            dense(pickle, [storage, offset, shape, strides], dtype.copied())
        }
        // Storage, offset, shape, strides, and how the integers stand for numbers.
        ("_rebuild_qtensor", &[storage, _, shape, ..]) => {
            let dtype = storage_name(pickle, storage).unwrap_or("quantised".into());
            listed(sizes(pickle, shape), dtype)
        }
        ("_rebuild_sparse_tensor", &[layout, data, ..]) => {
            let items = pickle.elements(data).unwrap_or_default();
            // Indices, then values; the size of the whole follows them.
            let values = items.iter().rev().find(|id| is_tensor(pickle, **id));
            let name = values.map_or(String::new(), |id| dense_name(pickle, *id));
            let shape = items
                .iter()
                .rev()
                .filter(|id| !is_tensor(pickle, **id))
                .find_map(|id| sizes(pickle, *id));
            let layout = layout_name(pickle, layout).unwrap_or("sparse");
            listed(shape, format!("{layout}{name}").into())
        }
        ("_rebuild_meta_tensor_no_storage", &[dtype, shape, ..]) => {
            let name = pickle.global(dtype).map_or("", |(_, name)| name);
            listed(sizes(pickle, shape), format!("meta {name}").into())
        }
        ("_rebuild_nested_tensor", &[buffer, ..]) => {
            listed(None, format!("nested{}", dense_name(pickle, buffer)).into())
        }
        _ => {
            let kind: String = function
                .trim_start_matches("_rebuild_")
                .chars()
                .take(60)
                .collect();
            listed(None, kind.into())
        }
    }
}

/// A blank and the name of the type of the dense tensor at `id`, which another is made of; nothing for
/// any other. It looks no deeper, since such tensors could be made of each other for ever.
fn dense_name(pickle: &Pickle, id: Id) -> String {
    let args = pickle.object(id).and_then(|o| pickle.elements(o.args));
    let storage = args.and_then(|args| args.first().copied());
    let name = storage.and_then(|storage| storage_name(pickle, storage));
    name.map_or(String::new(), |name| format!(" {name}"))
}

/// A tensor of strided elements; `dtype` says what they are where its storage doesn't.
fn dense(
    pickle: &Pickle,
    [storage, offset, shape, strides]: [Id; 4],
    dtype: Option<Id>,
) -> Parsed<Described> {
    let storage = match pickle.node(storage) {
        Node::Persistent(id) => storage_at(pickle, *id)?,
        _ => return Err("its storage isn't in the file".into()),
    };
    let element = match dtype.and_then(|id| pickle.global(id)) {
        Some((_, dtype)) => element_from_dtype(dtype).ok_or_else(|| dtype.to_owned().into()),
        None => {
            storage
                .stored
                .clone()
                .ok_or("its type isn't given")?
                .element
        }
    };
    let offset = size(pickle, offset).ok_or("its offset isn't a number")?;
    let offset = offset
        .checked_add(storage.skip)
        .ok_or("its offset is beyond any storage")?;
    let shape = sizes(pickle, shape).ok_or("its shape isn't a list of sizes")?;
    let strides = sizes(pickle, strides).ok_or("its strides aren't a list of sizes")?;
    Ok(match element {
        Ok(element) => Described::Dense(TensorRef {
            element,
            storage,
            view: View {
                offset,
                shape,
                strides,
            },
        }),
        Err(dtype) => Described::Listed {
            shape,
            dtype: Dtype::unreadable(dtype),
        },
    })
}

/// The name of the type of the elements of the storage at `id`.
fn storage_name(pickle: &Pickle, id: Id) -> Option<Cow<'static, str>> {
    let Node::Persistent(id) = pickle.node(id) else {
        return None;
    };
    let stored = storage_at(pickle, *id).ok()?.stored?;
    Some(match stored.element {
        Ok(element) => element.name().into(),
        Err(name) => name,
    })
}

/// `sparse_coo` of the call with the text "torch.sparse_coo".
fn layout_name<'a>(pickle: &Pickle<'a>, id: Id) -> Option<&'a str> {
    let args = pickle.elements(pickle.object(id)?.args)?;
    pickle.text(*args.first()?)?.strip_prefix("torch.")
}

/// The storage that the persistent id at `id` names:
/// `("storage", class, key, device, elements)`, in legacy files followed by a window on another.
///
/// # Errors
/// Where a part is missing or the type unknown.
pub fn storage_at(pickle: &Pickle, id: Id) -> Parsed<StorageId> {
    let parts = pickle.elements(id).unwrap_or_default();
    let &[kind, class, key, _, elements, ..] = parts else {
        return Err("its storage isn't described as PyTorch does".into());
    };
    if pickle.text(kind) != Some("storage") {
        return Err("its storage isn't described as PyTorch does".into());
    }
    let (_, class) = pickle
        .global(class)
        .ok_or("the type of its storage isn't given")?;
    let stored = stored_by(class);
    // Names are numbers; a long one would only be copied over and over.
    let key = pickle
        .text(key)
        .filter(|key| key.len() <= 256)
        .ok_or("its storage has no name")?;
    let key = key.to_owned();
    let elements = size(pickle, elements).ok_or("the size of its storage isn't a number")?;
    let width = stored.as_ref().map_or(Some(1), |stored| stored.width);
    let bytes = (elements as u64)
        .checked_mul(width.unwrap_or(1) as u64)
        .ok_or("its storage is larger than any memory")?;
    let Some(window) = parts.get(5).and_then(|id| pickle.elements(*id)) else {
        return Ok(StorageId {
            key,
            stored,
            bytes,
            skip: 0,
        });
    };
    // A window (its own key, offset, size) on the storage named above, which is written whole.
    let skip = window.get(1).and_then(|id| size(pickle, *id));
    Ok(StorageId {
        key,
        stored,
        bytes,
        skip: skip.ok_or("the window on its storage has no offset")?,
    })
}

fn size(pickle: &Pickle, id: Id) -> Option<usize> {
    pickle.int(id).and_then(|n| usize::try_from(n).ok())
}

fn sizes(pickle: &Pickle, id: Id) -> Option<Vec<usize>> {
    // `torch.Size` is a call with the tuple as its argument.
    let inner = pickle
        .object(id)
        .and_then(|o| pickle.elements(o.args)?.first().copied());
    let items = pickle.elements(inner.unwrap_or(id))?;
    items.iter().map(|&id| size(pickle, id)).collect()
}

/// The elements of a storage by the name of its class; `None` for plain bytes.
pub fn stored_by(class: &str) -> Option<Stored> {
    let class = class.trim_end_matches("Storage");
    let element = match class {
        "Untyped" => return None,
        "Half" => Element::F16,
        "BFloat16" => Element::BF16,
        "Float" => Element::F32,
        "Double" => Element::F64,
        "Char" => Element::I8,
        "Short" => Element::I16,
        "Int" => Element::I32,
        "Long" => Element::I64,
        "Byte" => Element::U8,
        "Bool" => Element::Bool,
        other => return Some(listed_by(other)),
    };
    Some(Stored {
        element: Ok(element),
        width: Some(element.size()),
    })
}

/// The same for types that aren't read.
fn listed_by(class: &str) -> Stored {
    let (name, width): (Cow<'static, str>, _) = match class {
        "ComplexHalf" => ("complex32".into(), Some(4)),
        "ComplexFloat" => ("complex64".into(), Some(8)),
        "ComplexDouble" => ("complex128".into(), Some(16)),
        "QInt32" => ("qint32".into(), Some(4)),
        // Several values share a byte in the last two.
        "QInt8" | "QUInt8" | "QUInt4x2" | "QUInt2x4" => (class.to_lowercase().into(), Some(1)),
        float8 if float8.starts_with("Float8_") => (float8.to_lowercase().into(), Some(1)),
        other => (other.chars().take(60).collect::<String>().into(), None),
    };
    Stored {
        element: Err(name),
        width,
    }
}

fn element_from_dtype(dtype: &str) -> Option<Element> {
    Some(match dtype {
        "float16" => Element::F16,
        "bfloat16" => Element::BF16,
        "float32" => Element::F32,
        "float64" => Element::F64,
        "int8" => Element::I8,
        "int16" => Element::I16,
        "int32" => Element::I32,
        "int64" => Element::I64,
        "uint8" => Element::U8,
        "uint16" => Element::U16,
        "uint32" => Element::U32,
        "uint64" => Element::U64,
        "bool" => Element::Bool,
        _ => return None,
    })
}
