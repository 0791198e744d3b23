//! burnpack, the format of the burn framework, through burn's own crate.
//!
//! burn stores a `Linear` weight as `[in, out]`, the transpose of PyTorch's; what that means for a
//! network is not this floor's business, the file is given as it is.

use crate::store::bytes::Bytes;
use crate::store::container::{Arrays, Container, unreadable};
use crate::store::element::{ByteOrder, Element};
use crate::store::{Array, Dtype, Entry, Parsed, decode};
use burn_pack::{DType, Reader};

/// The tensors in the order of the crate: by name. Its reader wants the whole file in memory.
pub(super) fn container(bytes: &Bytes) -> Parsed<Container> {
    let whole = bytes.get(0, bytes.len())?.into_owned();
    let file = Reader::from_bytes(burn_pack::Bytes::from_bytes_vec(whole));
    let tensors = file
        .and_then(Reader::into_tensors)
        .map_err(|e| format!("burnpack: {e}"))?;
    let list = |tensor: &burn_pack::Tensor| {
        let (name, shape) = (tensor.name.clone(), tensor.shape.to_vec());
        match element(tensor.dtype) {
            Ok(element) => Entry::new(name, shape, element),
            Err(dtype) => Ok(Entry::unreadable(name, shape, dtype)),
        }
        .map_err(|e| format!("tensor `{}`: {e}", tensor.name))
    };
    let entries = tensors.iter().map(list).collect::<Parsed<_>>()?;
    let held = bytes.len() + bytes.in_use();
    Ok(Container::new(
        "burnpack",
        entries,
        Box::new(Pack(tensors)),
        held,
    ))
}

struct Pack(Vec<burn_pack::Tensor>);

impl Arrays for Pack {
    fn read(&self, index: usize) -> Parsed<Array> {
        let tensor = self.0.get(index).ok_or("it isn't in the file")?;
        let element = element(tensor.dtype).map_err(|dtype| unreadable(dtype.name()))?;
        let bytes = tensor.to_bytes().map_err(|e| e.to_string())?;
        let shape = tensor.shape.to_vec();
        decode::array(shape, element, &mut &bytes[..], ByteOrder::Little)
    }
}

fn element(dtype: DType) -> Result<Element, Dtype> {
    Ok(match dtype {
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
        DType::Bool(_) if dtype.size() == 1 => Element::Bool,
        DType::Bool(_) => Element::U32,
        DType::QFloat(scheme) => {
            let value = format!("{:?}", scheme.value).to_lowercase();
            return Err(Dtype::unreadable(format!("quantised {value}")));
        }
    })
}
