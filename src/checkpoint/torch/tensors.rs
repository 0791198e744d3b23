//! Which values of a pickle are tensors, and what they say: type, storage, offset, shape, strides.
//!
//! A tensor is pickled as a call of one of PyTorch's `_rebuild_…` functions. The calls are read, not
//! made; parameters and tensor subclasses wrap such a call and are unwrapped.

use crate::checkpoint::Parsed;
use crate::checkpoint::element::{Element, View};
use crate::checkpoint::pickle::{Id, Node, Pickle};

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
    /// Type of the elements; `None` for storages of plain bytes.
    pub element: Option<Element>,
    /// Bytes it is declared to hold.
    pub bytes: usize,
    /// Elements to skip: legacy files know storages that are windows on others.
    pub skip: usize,
}

/// True where the value at `id` is a tensor of any kind, readable or not.
pub fn is_tensor(pickle: &Pickle, id: Id) -> bool {
    called(pickle, id)
        .is_some_and(|(module, name)| module.starts_with("torch") && name.starts_with("_rebuild_"))
}

/// The tensor at `id`.
///
/// # Errors
/// What is unusual about it, where it isn't a dense tensor of a known type.
pub fn tensor_at(pickle: &Pickle, mut id: Id) -> Parsed<TensorRef> {
    // A parameter wraps a tensor, and a subclass may wrap a parameter; nothing nests deeper.
    for _ in 0..4 {
        let (_, name) = called(pickle, id).ok_or("it isn't a tensor")?;
        let args = pickle
            .object(id)
            .and_then(|o| pickle.elements(o.args))
            .unwrap_or_default();
        match (name, args) {
            ("_rebuild_parameter" | "_rebuild_parameter_with_state", [inner, ..]) => id = *inner,
            ("_rebuild_from_type_v2", [function, _, args, ..]) => {
                let (_, function) = pickle.global(*function).ok_or("its subclass isn't known")?;
                return rebuilt(pickle, function, pickle.elements(*args).unwrap_or_default());
            }
            _ => return rebuilt(pickle, name, args),
        }
    }
    Err("it is wrapped too often".into())
}

fn called<'a>(pickle: &Pickle<'a>, id: Id) -> Option<(&'a str, &'a str)> {
    pickle.global(pickle.object(id)?.class)
}

fn rebuilt(pickle: &Pickle, function: &str, args: &[Id]) -> Parsed<TensorRef> {
    let (
        &[storage, offset, shape, strides, ..],
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3",
    ) = (args, function)
    else {
        let kind = function.trim_start_matches("_rebuild_");
        return Err(format!(
            "tensors of the kind `{kind}` aren't supported, only dense ones (save `tensor.dequantize()` or `tensor.to_dense()`)"
        ));
    };
    let storage = match pickle.node(storage) {
        Node::Persistent(id) => storage_at(pickle, *id)?,
        _ => return Err("its storage isn't in the file".into()),
    };
    let element = match args.get(6).and_then(|id| pickle.global(*id)) {
        Some((_, dtype)) if function == "_rebuild_tensor_v3" => element_from_dtype(dtype)?,
        _ => storage.element.ok_or("its type isn't given")?,
    };
    let offset = size(pickle, offset).ok_or("its offset isn't a number")?;
    let offset = offset
        .checked_add(storage.skip)
        .ok_or("its offset is beyond any storage")?;
    let shape = sizes(pickle, shape).ok_or("its shape isn't a list of sizes")?;
    let strides = sizes(pickle, strides).ok_or("its strides aren't a list of sizes")?;
    Ok(TensorRef {
        element,
        storage,
        view: View {
            offset,
            shape,
            strides,
        },
    })
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
    let element = element_from_storage(class)?;
    // Names are numbers; a long one would only be copied over and over.
    let key = pickle
        .text(key)
        .filter(|key| key.len() <= 256)
        .ok_or("its storage has no name")?;
    let key = key.to_owned();
    let elements = size(pickle, elements).ok_or("the size of its storage isn't a number")?;
    let width = element.map_or(1, Element::size);
    let bytes = elements
        .checked_mul(width)
        .ok_or("its storage is larger than any memory")?;
    let Some(window) = parts.get(5).and_then(|id| pickle.elements(*id)) else {
        return Ok(StorageId {
            key,
            element,
            bytes,
            skip: 0,
        });
    };
    // A window (its own key, offset, size) on the storage named above, which is written whole.
    let skip = window.get(1).and_then(|id| size(pickle, *id));
    Ok(StorageId {
        key,
        element,
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

fn element_from_storage(class: &str) -> Parsed<Option<Element>> {
    Ok(Some(match class.trim_end_matches("Storage") {
        "Untyped" => return Ok(None),
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
        _ => return Err(format!("the type `{class}` isn't supported")),
    }))
}

fn element_from_dtype(dtype: &str) -> Parsed<Element> {
    Ok(match dtype {
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
        _ => return Err(format!("the type `{dtype}` isn't supported")),
    })
}
