//! The archive of `torch.export.save`: weights as plain members beside a table in JSON.
//!
//! The graph in it is handed on as text: what it means is the model's business.

use super::storages::{Storages, Views};
use super::tensors::{Described, StorageId, TensorRef};
use crate::error::{Error, Result};
use crate::store::archive::{Archive, Checksum, is_zip};
use crate::store::bytes::Bytes;
use crate::store::container::Container;
use crate::store::decode::View;
use crate::store::element::Element;
use crate::store::limits::Allowance;
use crate::store::{Dtype, Parsed};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const CONVERT: &str = "save the weights with `torch.save(torch.export.load(\"model.pt2\").state_dict, \"weights.pt\")`";

/// True for the archive of `torch.export.save`.
pub fn is_exported(archive: &Archive) -> bool {
    weights_config(archive).is_some()
        || archive
            .names()
            .any(|n| n.ends_with("serialized_exported_program.json"))
}

/// The name of the table of weights.
fn weights_config(archive: &Archive) -> Option<&str> {
    archive
        .names()
        .find(|n| n.ends_with("_weights_config.json") && n.contains("data/weights/"))
}

/// A program with what it computes with.
pub struct Program {
    /// The graph as the file has it, in JSON.
    pub json: Vec<u8>,
    /// Parameters and buffers, by their names in a state dict.
    pub weights: Container,
    /// Buffers that no state dict has, and other fixed tensors.
    pub constants: Option<Container>,
    /// Where every weight's numbers lie: weights with equal places are one tensor under several names.
    pub places: HashMap<String, String>,
    /// Length of the file.
    pub length: u64,
}

/// The program in the file at `path`, if it is an exported one.
///
/// # Errors
/// Where it is damaged, or of an older layout.
pub fn open_program(path: &Path) -> Result<Option<Program>> {
    let bytes = Bytes::open(path, "read the exported program")?;
    let start = bytes.peek(0, 8);
    if !is_zip(&start) {
        return Ok(None);
    }
    let length = bytes.len();
    let bytes = Arc::new(bytes);
    let Some(archive) = Archive::open(&bytes).ok().filter(is_exported) else {
        return Ok(None);
    };
    program(archive, &bytes, length)
        .map(Some)
        .map_err(|message| Error::file(path, message))
}

fn program(archive: Archive, bytes: &Arc<Bytes>, length: u64) -> Parsed<Program> {
    let models: Vec<&str> = archive
        .names()
        .filter(|name| name.contains("models/") && name.ends_with(".json"))
        .collect();
    let [model] = models[..] else {
        return Err(match models.len() {
            0 => format!(
                "this older layout of `torch.export.save` isn't supported; {CONVERT}, or export with PyTorch 2.8 or later"
            ),
            count => format!("it holds {count} programs, expected one"),
        });
    };
    let mut allowance = Allowance::for_file(length);
    allowance.take(archive.size(model)?)?;
    let json = archive
        .read(model, Checksum::Ignore, &allowance)?
        .into_owned();
    let config = |end: &str, folder: &str| {
        let mut names = archive.names();
        let found = names.find(|n| n.ends_with(end) && n.contains(folder));
        found.map(str::to_owned)
    };
    let constants = config("_constants_config.json", "data/constants/");
    let constants = match constants {
        Some(config) => Some(table(Archive::open(bytes)?, &config)?),
        None => None,
    };
    let weights = config("_weights_config.json", "data/weights/");
    let weights = weights.ok_or("it has no table of weights")?;
    let places = places(&archive.read(&weights, Checksum::Ignore, &allowance)?)?;
    Ok(Program {
        json,
        places,
        weights: table(archive, &weights)?,
        constants,
        length,
    })
}

/// The member of every tensor of a table, and the view of it that the tensor is.
fn places(table: &[u8]) -> Parsed<HashMap<String, String>> {
    let json: Value = serde_json::from_slice(table)
        .map_err(|e| format!("its table of weights isn't JSON: {e}"))?;
    let entries = json.get("config").and_then(Value::as_object);
    let place = |(name, entry): (&String, &Value)| {
        let member = entry.get("path_name")?.as_str()?;
        let meta = entry.get("tensor_meta")?;
        let view = ["storage_offset", "sizes", "strides"].map(|field| meta.get(field));
        Some((name.clone(), format!("{member} {view:?}")))
    };
    Ok(entries.into_iter().flatten().filter_map(place).collect())
}

/// Lists the weights that the table names.
///
/// # Errors
/// Names the tensor at fault; older layouts, which keep a pickle inside, are refused with advice.
pub fn read_exported(archive: Archive) -> Parsed<Container> {
    let config = weights_config(&archive).ok_or_else(|| {
        format!("this older layout of `torch.export.save` isn't supported; {CONVERT}")
    })?;
    let config = config.to_owned();
    table(archive, &config)
}

/// Lists the tensors of one table.
fn table(archive: Archive, config: &str) -> Parsed<Container> {
    let folder = config
        .rfind('/')
        .and_then(|slash| config.get(..=slash))
        .unwrap_or_default()
        .to_owned();
    let allowance = Allowance::for_file(archive.file_length());
    let json: Value = {
        let bytes = archive.read(config, Checksum::Ignore, &allowance)?;
        serde_json::from_slice(&bytes).map_err(|e| format!("`{config}` isn't JSON: {e}"))?
    };
    let table = json.get("config").and_then(Value::as_object);
    let table = table.ok_or_else(|| format!("`{config}` has no table `config`"))?;
    let mut tensors = Vec::with_capacity(table.len());
    for (name, entry) in table {
        let named = |e: String| format!("tensor `{name}`: {e}");
        let mut tensor = tensor(entry).map_err(|e| named(format!("{e}; {CONVERT}")))?;
        if let Described::Dense(TensorRef { storage, .. }) = &mut tensor {
            // The table doesn't say how large a storage is; the archive does.
            let member = format!("{folder}{}", storage.key);
            storage.bytes = archive.size(&member).map_err(named)?;
        }
        tensors.push((name.clone(), tensor));
    }
    let storages = Storages::Members { archive, folder };
    Views::container("PyTorch exported program", storages, tensors)
}

fn tensor(entry: &Value) -> Parsed<Described> {
    let key = entry
        .get("path_name")
        .and_then(Value::as_str)
        .ok_or("it has no `path_name`")?;
    let meta = entry.get("tensor_meta").filter(|meta| !meta.is_null());
    let sizes = |field: &str| {
        meta?
            .get(field)?
            .as_array()?
            .iter()
            .map(int)
            .collect::<Option<Vec<_>>>()
    };
    let listed = |dtype: String| {
        Ok(Described::Listed {
            shape: sizes("sizes").unwrap_or_default(),
            dtype: Dtype::unreadable(dtype),
        })
    };
    if entry.get("use_pickle").and_then(Value::as_bool) == Some(true) {
        return listed("pickled subclass".into());
    }
    let meta = meta.ok_or("it has no `tensor_meta`")?;
    let dtype = meta.get("dtype").and_then(Value::as_u64);
    let element = match element(dtype.unwrap_or_default()) {
        Ok(element) => element,
        Err(name) => return listed(name),
    };
    let view = View {
        offset: meta
            .get("storage_offset")
            .and_then(int)
            .ok_or("its offset isn't a number")?,
        shape: sizes("sizes").ok_or("its shape isn't a list of sizes")?,
        strides: sizes("strides").ok_or("its strides aren't a list of sizes")?,
    };
    let storage = StorageId {
        key: key.into(),
        stored: None,
        bytes: 0,
        skip: 0,
    };
    Ok(Described::Dense(TensorRef {
        element,
        storage,
        view,
    }))
}

/// A size is `{"as_int": 3}`; symbolic sizes don't occur in weights.
fn int(value: &Value) -> Option<usize> {
    usize::try_from(value.get("as_int")?.as_u64()?).ok()
}

/// The numbers of `torch._export.serde.schema.ScalarType`; the name of a type that isn't read.
fn element(code: u64) -> Parsed<Element> {
    Ok(match code {
        1 => Element::U8,
        2 => Element::I8,
        3 => Element::I16,
        4 => Element::I32,
        5 => Element::I64,
        6 => Element::F16,
        7 => Element::F32,
        8 => Element::F64,
        9 => return Err("complex32".into()),
        10 => return Err("complex64".into()),
        11 => return Err("complex128".into()),
        12 => Element::Bool,
        13 => Element::BF16,
        28 => Element::U16,
        29 => return Err("float8_e4m3fn".into()),
        30 => return Err("float8_e5m2".into()),
        other => return Err(format!("type number {other}")),
    })
}
