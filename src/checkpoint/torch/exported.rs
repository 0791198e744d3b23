//! The archive of `torch.export.save`: weights as plain members beside a table in JSON, before PyTorch 2.9 as pickles.
//!
//! The graph in it is handed on as text: what it means is the model's business.

use super::inner;
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

/// The graph up to PyTorch 2.7.
const OLD_GRAPH: &str = "serialized_exported_program.json";

/// Tensors of one purpose, and where the layouts of an archive have them.
struct Purpose {
    /// What they are, in words.
    what: &'static str,
    /// The folder since PyTorch 2.8; their table in it since 2.9, before that a pickle.
    folder: &'static str,
    table: &'static str,
    /// The pickle up to PyTorch 2.7; in 2.1 it had another ending.
    old: [&'static str; 2],
}

const WEIGHTS: Purpose = Purpose {
    what: "weights",
    folder: "data/weights/",
    table: "_weights_config.json",
    old: ["serialized_state_dict.pt", "serialized_state_dict.json"],
};
const CONSTANTS: Purpose = Purpose {
    what: "constants",
    folder: "data/constants/",
    table: "_constants_config.json",
    old: ["serialized_constants.pt", "serialized_constants.json"],
};

/// Where the tensors of one purpose are.
enum Kept {
    /// Members, by the table of this name.
    Table(String),
    /// In a file of `torch.save` of this name.
    Pickle(String),
}

impl Purpose {
    fn kept(&self, archive: &Archive) -> Option<Kept> {
        let in_folder = |end: &str| {
            let mut names = archive.names();
            let found = names.find(|name| name.contains(self.folder) && name.ends_with(end));
            found.map(str::to_owned)
        };
        let old = || {
            let mut names = self.old.iter();
            let found = names.find(|name| archive.contains(name));
            found.map(|name| Kept::Pickle((*name).to_owned()))
        };
        in_folder(self.table)
            .map(Kept::Table)
            .or_else(|| in_folder(".pt").map(Kept::Pickle))
            .or_else(old)
    }
}

/// True for the archive of `torch.export.save`.
pub fn is_exported(archive: &Archive) -> bool {
    let is_weights = matches!(WEIGHTS.kept(archive), Some(Kept::Table(_)));
    is_weights || graphs(archive).next().is_some()
}

/// Names of the graphs in an archive.
fn graphs(archive: &Archive) -> impl Iterator<Item = &str> {
    let is_graph = |name: &&str| {
        let new = name.contains("models/") && name.ends_with(".json");
        new || *name == OLD_GRAPH
    };
    archive.names().filter(is_graph)
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
    let models: Vec<&str> = graphs(&archive).collect();
    let [model] = models[..] else {
        return Err(format!("it holds {} programs, expected one", models.len()));
    };
    let mut allowance = Allowance::for_file(length);
    allowance.take(archive.size(model)?)?;
    let json = archive
        .read(model, Checksum::Ignore, &allowance)?
        .into_owned();
    let constants = match CONSTANTS.kept(&archive) {
        Some(kept) => Some(tensors(Archive::open(bytes)?, &kept)?.0),
        None => None,
    };
    let (weights, places) = stored(archive)?;
    Ok(Program {
        json,
        weights,
        constants,
        places,
        length,
    })
}

/// Tensors, and the place of each.
type Placed = (Container, HashMap<String, String>);

fn stored(archive: Archive) -> Parsed<Placed> {
    let kept = WEIGHTS
        .kept(&archive)
        .ok_or_else(|| format!("it has no {}; {CONVERT}", WEIGHTS.what))?;
    tensors(archive, &kept)
}

/// Lists the tensors of one purpose.
fn tensors(archive: Archive, kept: &Kept) -> Parsed<Placed> {
    match kept {
        Kept::Pickle(member) => inner::pickled(&archive, member)
            .map_err(|e| format!("in its member `{member}`: {e}; {CONVERT}")),
        Kept::Table(config) => {
            let allowance = Allowance::for_file(archive.file_length());
            let bytes = archive.read(config, Checksum::Ignore, &allowance)?;
            let places = places(&bytes)?;
            drop(bytes);
            Ok((table(archive, config)?, places))
        }
    }
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

/// Lists the weights of an exported program.
///
/// # Errors
/// Names the tensor at fault.
pub fn read_exported(archive: Archive) -> Parsed<Container> {
    stored(archive).map(|(container, _)| container)
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
