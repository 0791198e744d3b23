//! Safetensors files that hold data under the keys of `keyed`.
//!
//! The crate checks every offset against the file before a tensor can be asked for; it hands out
//! bytes, which are decoded here. Weights are not its subject.

use std::path::Path;

use ::safetensors::{Dtype, SafeTensors};
use sha2::{Digest as _, Sha256};

use super::array::{Array, Kind, Layout};
use super::keyed::{self, Store};
use super::source::Source;
use super::{DataOptions, files};
use crate::error::{Error, Result};

/// The arrays of a safetensors file.
pub(super) fn source(path: &Path, options: &DataOptions) -> Result<Source> {
    let bytes = std::fs::read(path).map_err(|e| files::read_error(path, e))?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|e| Error::file(path, format!("not a readable safetensors file ({e})")))?;
    let sha256 = files::hex(Sha256::new_with_prefix(&bytes));
    keyed::source(
        &mut Tensors { tensors, path },
        path,
        "safetensors",
        sha256,
        options,
    )
}

struct Tensors<'a> {
    tensors: SafeTensors<'a>,
    path: &'a Path,
}

impl Store for Tensors<'_> {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .tensors
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    fn load(&mut self, name: &str) -> Result<Array> {
        let error = |message: String| Error::file(self.path, format!("array {name}: {message}"));
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|e| error(e.to_string()))?;
        let kind = match tensor.dtype() {
            Dtype::BOOL => Kind::Bool,
            Dtype::U8 => Kind::U8,
            Dtype::I8 => Kind::I8,
            Dtype::U16 => Kind::U16,
            Dtype::I16 => Kind::I16,
            Dtype::U32 => Kind::U32,
            Dtype::I32 => Kind::I32,
            Dtype::U64 => Kind::U64,
            Dtype::I64 => Kind::I64,
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::BF16,
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            other => {
                return Err(error(format!(
                    "type {other}; booleans, integers and floats of 16 to 64 bits are read"
                )));
            }
        };
        let shape = tensor.shape().to_vec();
        let layout = Layout {
            kind,
            big_endian: false,
            fortran: false,
            shape,
        };
        let held = tensor.data().len();
        if layout.bytes() != u64::try_from(held).ok() {
            return Err(error(format!(
                "shape {:?} does not fit {held} bytes",
                layout.shape
            )));
        }
        layout
            .decode(&mut tensor.data())
            .map_err(|e| error(e.to_string()))
    }
}
