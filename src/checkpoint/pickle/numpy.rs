//! NumPy's arrays as they stand in a pickle: a call that would rebuild them, and their bytes.
//!
//! Every protocol has its own way to write bytes: text of the same code points (0 to 2), bytes (3 and
//! later), and a call of `_frombuffer` (5). Numbers of NumPy's own (`numpy.float64(0.93)`) are their type and bytes.

use super::{Id, Node, Pickle};
use crate::store::array::Array;
use crate::store::{Parsed, npy};
use std::borrow::Cow;

/// The text at `id`: text, or bytes that are UTF-8, or either of them written as a call.
pub fn text<'p>(pickle: &'p Pickle<'_>, id: Id) -> Option<Cow<'p, str>> {
    match bytes(pickle, id)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The bytes at `id`; text of Python 2 is bytes.
pub fn bytes<'p>(pickle: &'p Pickle<'_>, id: Id) -> Option<Cow<'p, [u8]>> {
    match pickle.node(id) {
        Node::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
        Node::Text(text) => Some(Cow::Borrowed(text.as_bytes())),
        // Python 3 writes bytes for Python 2 as `_codecs.encode(text, "latin1")`.
        Node::Object(call) => match (pickle.global(call.class)?, pickle.elements(call.args)?) {
            (("_codecs", "encode"), &[text, ..]) => {
                let codes = pickle.text(text)?.chars();
                let codes: Result<Vec<u8>, _> = codes.map(|c| u8::try_from(u32::from(c))).collect();
                codes.ok().map(Cow::Owned)
            }
            (("__builtin__" | "builtins", "bytes" | "bytearray"), []) => Some(Cow::Borrowed(&[])),
            (("__builtin__" | "builtins", "bytes" | "bytearray"), &[inner, ..]) => {
                match pickle.node(inner) {
                    Node::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}

/// The array at `id`; `None` where there is something else.
///
/// # Errors
/// What is damaged about it, or which type it has that isn't read.
pub fn array(pickle: &Pickle<'_>, id: Id) -> Option<Parsed<Array>> {
    let call = pickle.object(id)?;
    let (module, name) = pickle.global(call.class)?;
    if !module.starts_with("numpy") {
        return None;
    }
    match (name, pickle.elements(call.args)?) {
        // The state: version, shape, type, whether columns come first, bytes.
        ("_reconstruct", _) => match *pickle.elements(call.state?)? {
            [_, shape, dtype, columns, data] => {
                let columns = matches!(pickle.node(columns), Node::Bool(true));
                Some(read(pickle, [shape, dtype, data], columns))
            }
            _ => Some(Err("its state isn't an array's".into())),
        },
        ("_frombuffer", &[data, dtype, shape, order, ..]) => {
            let columns = text(pickle, order).as_deref() == Some("F");
            Some(read(pickle, [shape, dtype, data], columns))
        }
        _ => None,
    }
}

/// The number at `id`: one of NumPy's own, or an array without axes. `None` where there is something else, or where it
/// is damaged.
pub fn single(pickle: &Pickle<'_>, id: Id) -> Option<Array> {
    let call = pickle.object(id)?;
    let (module, name) = pickle.global(call.class)?;
    let found = match (name, pickle.elements(call.args)?) {
        ("scalar", &[dtype, data]) if module.starts_with("numpy") => {
            typed(pickle, [dtype, data], Vec::new(), false).ok()?
        }
        _ => array(pickle, id)?.ok()?,
    };
    found.shape().is_empty().then_some(found)
}

fn read(pickle: &Pickle<'_>, [shape, dtype, data]: [Id; 3], columns: bool) -> Parsed<Array> {
    let extents = pickle.elements(shape).ok_or("its shape isn't a tuple")?;
    let extent = |&id: &Id| pickle.int(id).and_then(|n| usize::try_from(n).ok());
    let shape: Option<Vec<usize>> = extents.iter().map(extent).collect();
    let shape = shape.ok_or("its shape isn't a tuple of sizes")?;
    typed(pickle, [dtype, data], shape, columns)
}

/// Numbers of a type, which a call of `numpy.dtype` says.
fn typed(
    pickle: &Pickle<'_>,
    [dtype, data]: [Id; 2],
    shape: Vec<usize>,
    columns: bool,
) -> Parsed<Array> {
    let call = pickle.object(dtype).ok_or("its type isn't known")?;
    let code = pickle.elements(call.args).and_then(|args| args.first());
    let code = code.and_then(|code| text(pickle, *code));
    let code = code.ok_or("its type isn't known")?;
    // The state of a type: version, byte order, …
    let order = call.state.and_then(|state| pickle.elements(state)?.get(1));
    let order = order.and_then(|order| text(pickle, *order));
    let descr = format!("{}{code}", order.as_deref().unwrap_or("="));
    let layout = npy::in_pickle(&descr, shape, columns)?;
    let bytes = bytes(pickle, data).ok_or("its numbers aren't bytes")?;
    layout.check(bytes.len() as u64, true)?;
    layout.read(&mut &*bytes)
}
