//! ONNX files: the graph as it stands there, and its initialisers as a checkpoint's tensors.
//!
//! Nothing is computed. A message is decoded whole, since the graph and the numbers are one; how large it
//! may be beside its tensors is bounded, because a message of two bytes takes a hundred times as many in
//! memory. Tensors may lie in other files beside it, never outside of its folder.

mod names;
mod numbers;
pub mod proto;

use crate::error::{Error, Result};
use crate::store::Parsed;
use crate::store::bytes::Bytes;
use crate::store::container::{Arrays, Container};
use crate::store::limits::Allowance;
use crate::store::{Array, Entry};
pub use names::is_generated;
use names::is_kept;
use numbers::Place;
use prost::Message;
use proto::{ModelProto, TensorProto};
use sha2::Sha256;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

/// Bytes of all that isn't a tensor's.
const MOST_GRAPH: u64 = 64 << 20;
/// Initialisers.
const MOST_TENSORS: usize = 1 << 20;

/// A decoded file.
pub struct Model {
    /// What stands in it; the initialisers' numbers are in [`Model::tensors`].
    pub proto: ModelProto,
    tensors: Vec<Tensor>,
    by_name: HashMap<String, usize>,
}

/// An initialiser.
pub struct Tensor {
    /// Name, shape and type.
    pub entry: Entry,
    /// Whether it is one of the network's tensors, not one of the numbers that the exporter computes with.
    pub kept: bool,
    place: Place,
}

impl Model {
    /// Opens the file at `path`; `None` where it isn't one.
    ///
    /// # Errors
    /// Says what is damaged or too large.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let bytes = Bytes::open(path, "read the network")?;
        if !super::recognise::is_onnx(&bytes.peek(0, 16)) {
            return Ok(None);
        }
        Self::decode(&bytes, path).map(Some)
    }

    fn decode(bytes: &Bytes, path: &Path) -> Result<Self> {
        let fault = |message: String| Error::file(path, message);
        let whole = bytes.get(0, bytes.len()).map_err(fault)?.into_owned();
        bound(&whole).map_err(fault)?;
        let mut proto = ModelProto::decode(prost::bytes::Bytes::from(whole))
            .map_err(|e| fault(format!("the ONNX file is damaged: {e}")))?;
        let graph = proto.graph.as_mut();
        let graph = graph.ok_or_else(|| fault("the ONNX file has no graph".into()))?;
        if !graph.sparse_initializer.is_empty() {
            return Err(fault("sparse tensors of ONNX files aren't read".into()));
        }
        let mut tensors = Vec::new();
        for tensor in &graph.initializer {
            let named = |e: String| fault(format!("tensor `{}`: {e}", shown(&tensor.name)));
            let entry = numbers::entry(tensor).map_err(named)?;
            let kept = is_kept(&entry);
            let place = numbers::place(tensor).map_err(named)?;
            tensors.push(Tensor { entry, kept, place });
        }
        let initializers = std::mem::take(&mut graph.initializer);
        for (tensor, proto) in tensors.iter_mut().zip(initializers) {
            tensor.place.give(proto);
        }
        let mut model = Self {
            proto,
            by_name: HashMap::new(),
            tensors,
        };
        model.repeated();
        let names = model.tensors.iter().map(|tensor| tensor.entry.name.clone());
        model.by_name = names.zip(0..).collect();
        if model.by_name.len() < model.tensors.len() {
            return Err(fault(
                "two tensors of the ONNX file have the same name".into(),
            ));
        }
        Ok(model)
    }

    /// The exporter keeps equal tensors once and gives the others their names by `Identity`. Vectors (biases, scales,
    /// statistics that happen to be equal) are tensors of their own again; a matrix that is equal to another is the
    /// same parameter used twice.
    fn repeated(&mut self) {
        let Some(graph) = &self.proto.graph else {
            return;
        };
        let mut places: HashMap<String, usize> = self
            .tensors
            .iter()
            .zip(0..)
            .map(|(t, at)| (t.entry.name.clone(), at))
            .collect();
        let mut more = Vec::new();
        for node in &graph.node {
            if let ([of], [name], "Identity") =
                (&node.input[..], &node.output[..], node.op_type.as_str())
                && let Some(&at) = places.get(of)
                && let Some(tensor) = self.tensors.get(at)
                && tensor.entry.shape.len() <= 1
                && !places.contains_key(name)
                && self.tensors.len() + more.len() < MOST_TENSORS
            {
                let entry = Entry {
                    name: name.clone(),
                    ..tensor.entry.clone()
                };
                places.insert(name.clone(), at);
                more.push(Tensor {
                    kept: is_kept(&entry),
                    entry,
                    place: tensor.place.clone(),
                });
            }
        }
        self.tensors.extend(more);
    }

    /// Every initialiser, those that only repeat another among them.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The initialiser called `name`.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.by_name.get(name).and_then(|&at| self.tensors.get(at))
    }

    /// The numbers of the initialiser called `name`, which doesn't lie in another file.
    ///
    /// # Errors
    /// Where there is none, or it is damaged.
    pub fn numbers(&self, name: &str) -> Parsed<Array> {
        let tensor = self.tensor(name).ok_or("no such tensor")?;
        let mut allowance = Allowance::for_file(1);
        allowance.take(tensor.entry.memory)?;
        tensor.place.read(&tensor.entry, &HashMap::new())
    }

    /// Names of the files that tensors lie in, in the order of their first use.
    fn files(&self) -> Parsed<Vec<String>> {
        let mut files: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for tensor in &self.tensors {
            let Some(file) = tensor.place.file() else {
                continue;
            };
            let mut parts = Path::new(file).components();
            if file.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
                return Err(format!(
                    "tensor `{}` lies in `{}`, outside of the folder of the ONNX file",
                    shown(&tensor.entry.name),
                    shown(file)
                ));
            }
            if seen.insert(file.to_owned()) {
                files.push(file.to_owned());
            }
        }
        Ok(files)
    }
}

/// The tensors of the ONNX file at `path`, whose content is `bytes`; `hash` takes the files beside it. Gives the bytes
/// of all of them, too.
///
/// # Errors
/// Names the tensor or file at fault.
pub(super) fn container(path: &Path, bytes: &Bytes, hash: &mut Sha256) -> Result<(Container, u64)> {
    let model = Model::decode(bytes, path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut files, mut stored) = (HashMap::new(), bytes.len());
    for name in model.files().map_err(|e| Error::file(path, e))? {
        let beside = folder.join(&name);
        let bytes = Bytes::open(&beside, "read the tensors of the network")?;
        std::io::copy(&mut bytes.whole(), hash)
            .map_err(|e| Error::io("read the tensors of the network", &beside, e))?;
        stored = stored.saturating_add(bytes.len());
        files.insert(name, bytes);
    }
    let held = bytes.len().saturating_add(bytes.in_use());
    let tensors: Vec<Tensor> = model
        .tensors
        .into_iter()
        .filter(|tensor| tensor.kept)
        .collect();
    let entries = tensors.iter().map(|tensor| tensor.entry.clone()).collect();
    let arrays = Box::new(Initialisers { tensors, files });
    Ok((Container::new("ONNX file", entries, arrays, held), stored))
}

/// The files that tensors of the ONNX file at `path` lie in; none where it can't be read.
pub(super) fn beside(path: &Path) -> Vec<PathBuf> {
    let model = Model::open(path).ok().flatten();
    let files = model
        .and_then(|model| model.files().ok())
        .unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    files.into_iter().map(|name| folder.join(name)).collect()
}

struct Initialisers {
    tensors: Vec<Tensor>,
    files: HashMap<String, Bytes>,
}

impl Arrays for Initialisers {
    fn read(&self, index: usize) -> Parsed<Array> {
        let tensor = self.tensors.get(index).ok_or("it isn't in the file")?;
        tensor.place.read(&tensor.entry, &self.files)
    }
}

/// A name from the file for a message.
fn shown(name: &str) -> String {
    name.chars().take(120).collect()
}

/// Refuses a file whose graph would take far more memory than its size justifies: messages without content count as
/// much as others once they are decoded.
fn bound(bytes: &[u8]) -> Parsed<()> {
    let damaged = || "the ONNX file is cut off or damaged".to_owned();
    let (mut graph, mut tensors) = (0_u64, 0_usize);
    let mut at = Wire { bytes };
    while !at.bytes.is_empty() {
        let (field, content) = at.field().ok_or_else(damaged)?;
        if field != 7 {
            graph = graph.saturating_add(content.len() as u64 + 2);
            continue;
        }
        let mut inner = Wire { bytes: content };
        while !inner.bytes.is_empty() {
            let (field, content) = inner.field().ok_or_else(damaged)?;
            if field == 5 {
                tensors += 1;
            } else {
                graph = graph.saturating_add(content.len() as u64 + 2);
            }
        }
    }
    if graph > MOST_GRAPH {
        return Err(format!(
            "the ONNX file has {} MiB beside its initialisers, expected at most {} MiB (export with constants as initialisers)",
            graph >> 20,
            MOST_GRAPH >> 20
        ));
    }
    if tensors > MOST_TENSORS {
        return Err(format!(
            "the ONNX file has more than {MOST_TENSORS} tensors"
        ));
    }
    Ok(())
}

/// A field's number and, where it has a length, its content.
type Field<'a> = (u64, &'a [u8]);

/// Fields of a message as they lie in its bytes.
struct Wire<'a> {
    bytes: &'a [u8],
}

impl<'a> Wire<'a> {
    /// The next field; `None` where there is none that can be read.
    fn field(&mut self) -> Option<Field<'a>> {
        let key = self.varint()?;
        let length = match key & 7 {
            0 => {
                self.varint()?;
                0
            }
            1 => 8,
            2 => usize::try_from(self.varint()?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some((key >> 3, content))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

/// The numbers of a tensor that stands in the graph itself, such as an operator's option.
///
/// # Errors
/// Where it is damaged, or lies in another file.
pub fn literal(tensor: &TensorProto) -> Parsed<Array> {
    let entry = numbers::entry(tensor)?;
    let mut place = numbers::place(tensor)?;
    let mut allowance = Allowance::for_file(1);
    allowance.take(entry.memory)?;
    place.give(tensor.clone());
    place.read(&entry, &HashMap::new())
}
