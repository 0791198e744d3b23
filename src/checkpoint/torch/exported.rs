//! The archive of `torch.export.save`: weights as plain members beside a table in JSON.
//!
//! The exported graph is not looked at; the model is described elsewhere.

use super::materialise;
use super::tensors::{StorageId, TensorRef};
use crate::checkpoint::archive::{Archive, Checksum};
use crate::checkpoint::element::{Element, View};
use crate::checkpoint::limits::Allowance;
use crate::checkpoint::{Content, Parsed};
use serde_json::Value;
use std::collections::HashMap;

const CONVERT: &str = "save the weights with `torch.save(torch.export.load(\"model.pt2\").state_dict, \"weights.pt\")`";

/// The name of the table of weights.
pub fn weights_config<'n>(archive: &'n Archive) -> Option<&'n str> {
    archive
        .names()
        .find(|n| n.ends_with("_weights_config.json") && n.contains("data/weights/"))
}

/// Reads the weights that the table lists.
///
/// # Errors
/// Names the tensor at fault; older layouts, which keep a pickle inside, are refused with advice.
pub fn read(archive: &Archive, file_length: usize) -> Parsed<Content> {
    let config = weights_config(archive).ok_or_else(|| {
        format!("this older layout of `torch.export.save` isn't supported; {CONVERT}")
    })?;
    let folder = config
        .rfind('/')
        .and_then(|slash| config.get(..=slash))
        .unwrap_or_default();
    let mut unpacking = Allowance::to_expand(file_length);
    let json = archive.read(config, Checksum::Ignore, &mut unpacking)?;
    let json: Value =
        serde_json::from_slice(&json).map_err(|e| format!("`{config}` isn't JSON: {e}"))?;
    let table = json.get("config").and_then(Value::as_object);
    let table = table.ok_or_else(|| format!("`{config}` has no table `config`"))?;
    let mut storages = HashMap::new();
    let mut tensors = Vec::with_capacity(table.len());
    for (name, entry) in table {
        let mut tensor = tensor(entry).map_err(|e| format!("tensor `{name}`: {e}; {CONVERT}"))?;
        let member = format!("{folder}{}", tensor.storage.key);
        let bytes = archive.read(&member, Checksum::Ignore, &mut unpacking)?;
        tensor.storage.bytes = bytes.len();
        storages.insert(tensor.storage.key.clone(), bytes);
        tensors.push((name.clone(), tensor));
    }
    Ok(Content {
        format: "PyTorch exported program".into(),
        at: String::new(),
        tensors: materialise(tensors, &storages, file_length)?,
        warnings: Vec::new(),
    })
}

fn tensor(entry: &Value) -> Parsed<TensorRef> {
    if entry.get("use_pickle").and_then(Value::as_bool) == Some(true) {
        return Err("it is kept as a pickle".into());
    }
    let key = entry
        .get("path_name")
        .and_then(Value::as_str)
        .ok_or("it has no `path_name`")?;
    let meta = entry.get("tensor_meta").ok_or("it has no `tensor_meta`")?;
    let sizes = |field: &str| {
        meta.get(field)?
            .as_array()?
            .iter()
            .map(int)
            .collect::<Option<Vec<_>>>()
    };
    let element = element(
        meta.get("dtype")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    )?;
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
        element: Some(element),
        bytes: 0,
        skip: 0,
    };
    Ok(TensorRef {
        element,
        storage,
        view,
    })
}

/// A size is `{"as_int": 3}`; symbolic sizes don't occur in weights.
fn int(value: &Value) -> Option<usize> {
    usize::try_from(value.get("as_int")?.as_u64()?).ok()
}

/// The numbers of `torch._export.serde.schema.ScalarType`.
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
        12 => Element::Bool,
        13 => Element::BF16,
        other => return Err(format!("the type number {other} isn't supported")),
    })
}
