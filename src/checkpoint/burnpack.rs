//! burnpack, the format of the burn framework, through burn's own crate.
//!
//! burn stores a `Linear` weight as `[in, out]`, the transpose of PyTorch's; what that means for a
//! network is not this floor's business, the file is given as it is.

use super::element::{self, ByteOrder, Element};
use super::{Array, Parsed};
use burn_pack::{Bytes, DType, Reader};

/// The tensors in the order of the crate: by name.
pub(super) fn read(bytes: Vec<u8>) -> Parsed<Vec<(String, Array)>> {
    let file = Reader::from_bytes(Bytes::from_bytes_vec(bytes));
    let tensors = file
        .and_then(Reader::into_tensors)
        .map_err(|e| format!("burnpack: {e}"))?;
    let read = |tensor: burn_pack::Tensor| {
        let name = tensor.name.clone();
        decode(tensor)
            .map(|a| (name.clone(), a))
            .map_err(|e| format!("tensor `{name}`: {e}"))
    };
    tensors.into_iter().map(read).collect()
}

fn decode(tensor: burn_pack::Tensor) -> Parsed<Array> {
    let element = match tensor.dtype {
        DType::F16 => Element::F16,
        DType::BF16 => Element::BF16,
        DType::F32 | DType::Flex32 => Element::F32,
        DType::F64 => Element::F64,
        DType::I8 => Element::I8,
        DType::I16 => Element::I16,
        DType::I32 => Element::I32,
        DType::I64 => Element::I64,
        DType::U8 => Element::U8,
        DType::U16 => Element::U16,
        DType::U32 => Element::U32,
        DType::U64 => Element::U64,
        DType::Bool(_) if tensor.dtype.size() == 1 => Element::Bool,
        DType::Bool(_) => Element::U32,
        DType::QFloat(_) => return Err("quantised tensors aren't supported".into()),
    };
    let shape = tensor.shape.to_vec();
    let bytes = tensor.into_bytes().map_err(|e| e.to_string())?;
    element::array(shape, element, &bytes, ByteOrder::Little)
}
