//! The numbers of ONNX's tensors: in one of several fields by their type, as bytes, or in another file.

use super::proto::TensorProto;
use crate::store::bytes::Bytes;
use crate::store::element::{ByteOrder, Element, byte_count};
use crate::store::{Array, Dtype, Entry, Parsed, decode};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a tensor's numbers are.
#[derive(Debug, Clone)]
pub enum Place {
    /// In its message.
    Message(Arc<TensorProto>),
    /// In another file, from a byte on.
    File {
        /// The file's name.
        name: String,
        /// The first byte.
        offset: u64,
    },
}

/// Name, shape and type of a tensor.
///
/// # Errors
/// Where an extent is negative, or its size is beyond any memory.
pub fn entry(tensor: &TensorProto) -> Parsed<Entry> {
    let extent = |&n: &i64| {
        usize::try_from(n).map_err(|_| format!("its shape {:?} has a negative extent", tensor.dims))
    };
    if tensor.dims.len() > 16 {
        return Err(format!(
            "it has {} axes, expected at most 16",
            tensor.dims.len()
        ));
    }
    let shape = tensor
        .dims
        .iter()
        .map(extent)
        .collect::<Parsed<Vec<usize>>>()?;
    let name = tensor.name.clone();
    match element(tensor.data_type) {
        Ok(element) => Entry::new(name, shape, element),
        Err(other) => Ok(Entry::unreadable(name, shape, Dtype::unreadable(other))),
    }
}

/// Where a tensor's numbers are, before it is told them.
///
/// # Errors
/// Where another file is named without a place in it.
pub fn place(tensor: &TensorProto) -> Parsed<Place> {
    if tensor.data_location != 1 {
        return Ok(Place::Message(Arc::new(TensorProto::default())));
    }
    let value = |wanted: &str| {
        let mut entries = tensor.external_data.iter();
        entries
            .find(|entry| entry.key == wanted)
            .map(|entry| entry.value.as_str())
    };
    let name = value("location").ok_or("it lies in another file that isn't named")?;
    let offset = value("offset").unwrap_or("0").parse();
    Ok(Place::File {
        name: name.to_owned(),
        offset: offset.map_err(|_| "its place in another file isn't a number")?,
    })
}

impl Place {
    /// Hands the message over, where the numbers are in it.
    pub fn give(&mut self, tensor: TensorProto) {
        if let Self::Message(own) = self {
            *own = Arc::new(tensor);
        }
    }

    /// The other file that they are in.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Message(_) => None,
            Self::File { name, .. } => Some(name),
        }
    }

    /// The numbers of the tensor that `entry` describes.
    ///
    /// # Errors
    /// Where there are more or fewer than its shape says, or the file isn't there.
    pub fn read(&self, entry: &Entry, files: &HashMap<String, Bytes>) -> Parsed<Array> {
        let shape = entry.shape.clone();
        let order = ByteOrder::Little;
        match self {
            Self::Message(tensor) => {
                let element = element(tensor.data_type)?;
                let bytes = bytes(tensor, element);
                let expected = byte_count(&shape, element)?;
                if bytes.len() != expected {
                    return Err(format!(
                        "its shape {shape:?} takes {expected} bytes, but there are {}",
                        bytes.len()
                    ));
                }
                decode::array(shape, element, &mut &bytes[..], order)
            }
            Self::File { name, offset } => {
                let file = files.get(name);
                let file =
                    file.ok_or_else(|| format!("it lies in `{name}`, which isn't read here"))?;
                let element = stored_as(entry)?;
                let length = byte_count(&shape, element)? as u64;
                let mut piece = file.piece(*offset, length)?;
                decode::array(shape, element, &mut piece, order)
            }
        }
    }
}

/// The element of a tensor by the name of its type.
fn stored_as(entry: &Entry) -> Parsed<Element> {
    let all = (1..=16).filter_map(|code| element(code).ok());
    let mut own = all.filter(|element| element.name() == entry.dtype.name());
    own.next().ok_or_else(|| "its type isn't read".to_owned())
}

/// The bytes of a tensor's numbers, whichever field they stand in.
fn bytes(tensor: &TensorProto, element: Element) -> Cow<'_, [u8]> {
    if !tensor.raw_data.is_empty() {
        return Cow::Borrowed(&tensor.raw_data);
    }
    let narrow = |width: usize| {
        let numbers = tensor.int32_data.iter();
        numbers
            .flat_map(|n| n.to_le_bytes().into_iter().take(width))
            .collect()
    };
    Cow::Owned(match element {
        Element::F32 => tensor
            .float_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Element::F64 => tensor
            .double_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Element::I64 => tensor
            .int64_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Element::U64 => tensor
            .uint64_data
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
        Element::U32 => {
            let numbers = tensor.uint64_data.iter();
            numbers
                .flat_map(|n| n.to_le_bytes().into_iter().take(4))
                .collect()
        }
        other => narrow(other.size()),
    })
}

/// The numbers of `onnx.TensorProto.DataType`; the name of a type that isn't read.
pub fn element(code: i32) -> Result<Element, String> {
    Ok(match code {
        1 => Element::F32,
        2 => Element::U8,
        3 => Element::I8,
        4 => Element::U16,
        5 => Element::I16,
        6 => Element::I32,
        7 => Element::I64,
        9 => Element::Bool,
        10 => Element::F16,
        11 => Element::F64,
        12 => Element::U32,
        13 => Element::U64,
        16 => Element::BF16,
        8 => return Err("string".into()),
        14 => return Err("complex64".into()),
        15 => return Err("complex128".into()),
        17..=20 => return Err("float8".into()),
        21 | 22 => return Err("int4".into()),
        other => return Err(format!("type number {other}")),
    })
}
