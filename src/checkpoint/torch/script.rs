//! The archive of `torch.jit.save` as inert values: the tree of modules with their attributes, the text
//! of their code, and the tensors that the code names.
//!
//! Nothing is run. What the code means is the model's business; here it is text. The tree may be shared
//! and even cyclic, so values lie in one list and refer to each other by number.

use super::archive::{PICKLED, archive_folder};
use super::storages::{Storages, Views};
use super::tensors::{Described, described, is_tensor};
use crate::checkpoint::pickle::{self, Id, Node, Pickle};
use crate::error::{Error, Result};
use crate::store::archive::{Archive, Checksum};
use crate::store::bytes::Bytes;
use crate::store::container::{Container, read_one};
use crate::store::limits::Allowance;
use crate::store::{Array, Entry, Parsed};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// No network's code is longer.
const MOST_TEXT: u64 = 32 << 20;
/// Modules in modules, and lists in lists.
const DEEPEST: usize = 64;
/// Attributes of all modules together.
const MOST_VALUES: usize = 1 << 20;
/// Names of all tensors together.
const MOST_NAME_BYTES: usize = 64 << 20;
/// Numbers of a tensor that code computes with: masks, positions.
const MOST_NUMBERS: usize = 1 << 22;

/// The number of an [`Attribute`] in its [`Script`].
pub type Place = usize;

/// A saved TorchScript module.
pub struct Script {
    values: Vec<Attribute>,
    root: Place,
    constants: Vec<Place>,
    code: HashMap<String, String>,
    stored: Container,
    fixed: Container,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(String),
    /// A tensor.
    Tensor(Tensor),
    /// A list or tuple.
    List(Vec<Place>),
    /// A dictionary with text as keys.
    Dict(Vec<(String, Place)>),
    /// A module, or another object of a class that the code defines.
    Module {
        /// The qualified name of its class: `__torch__.torch.nn.modules.linear.Linear`.
        class: String,
        /// Its attributes, submodules among them, in the order of the file.
        attributes: Vec<(String, Place)>,
    },
    /// Something that no network computes with.
    Other,
}

/// Which tensor of the file an [`Attribute::Tensor`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tensor {
    /// One of the modules' own, by its number.
    Stored(usize),
    /// One that the code names as `CONSTANTS.c0`, by its number.
    Fixed(usize),
}

impl Script {
    /// Opens the file at `path`; `None` where it isn't such an archive.
    ///
    /// # Errors
    /// Says what is damaged, too deep or too large.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let fault = |message| Error::file(path, message);
        let bytes = Arc::new(Bytes::open(path, "read the network")?);
        let Ok(archive) = Archive::open(&bytes) else {
            return Ok(None);
        };
        Self::of(archive).map_err(fault)
    }

    fn of(archive: Archive) -> Parsed<Option<Self>> {
        let Some(folder) = archive_folder(&archive) else {
            return Ok(None);
        };
        let start = format!("{folder}code/");
        let is_code = |name: &&str| name.starts_with(&start) && name.ends_with(".py");
        if !archive.names().any(|name| is_code(&name)) {
            return Ok(None);
        }
        let code = code(&archive, &start)?;
        let mut tree = Tree::default();
        let (roots, stored) = tree.pickled(&archive, &folder, "data", Tensor::Stored)?;
        let root = *roots.first().ok_or("the archive holds no module")?;
        let mut constants = Vec::new();
        let mut fixed = (folder.clone(), Vec::new());
        if archive.contains(&format!("{folder}constants.pkl")) {
            let (places, tensors) = tree.pickled(&archive, &folder, "constants", Tensor::Fixed)?;
            if let Some(Attribute::List(list)) = places.first().and_then(|&p| tree.values.get(p)) {
                constants.clone_from(list);
            }
            fixed.1 = tensors;
        }
        let again = Archive::open(&archive.shared())?;
        let folders = [format!("{folder}data/"), format!("{folder}constants/")];
        let [data, own] = folders;
        let views = |archive, folder, tensors| {
            Views::container(
                "TorchScript archive",
                Storages::Members { archive, folder },
                tensors,
            )
        };
        Ok(Some(Self {
            values: tree.values,
            root,
            constants,
            code,
            stored: views(archive, data, stored)?,
            fixed: views(again, own, fixed.1)?,
        }))
    }

    /// The module that was saved.
    pub fn root(&self) -> Place {
        self.root
    }

    /// The value at `place`.
    pub fn value(&self, place: Place) -> &Attribute {
        // Places are only made for values that exist; `None` keeps a mistake harmless.
        self.values.get(place).unwrap_or(&Attribute::None)
    }

    /// What the code calls `CONSTANTS.c0`, `CONSTANTS.c1` and so on.
    pub fn constant(&self, number: usize) -> Option<Place> {
        self.constants.get(number).copied()
    }

    /// The code by its module's name: `__torch__.torch.nn.functional`.
    pub fn code(&self) -> &HashMap<String, String> {
        &self.code
    }

    /// Name, shape and type of a tensor; the name of one of the modules' own is that of its state dict.
    pub fn tensor(&self, tensor: Tensor) -> Option<&Entry> {
        match tensor {
            Tensor::Stored(index) => self.stored.entries.get(index),
            Tensor::Fixed(index) => self.fixed.entries.get(index),
        }
    }

    /// The numbers of a tensor that is small enough to be computed with.
    ///
    /// # Errors
    /// Where there is none, it is large, or it can't be read.
    pub fn numbers(&self, tensor: Tensor) -> Parsed<Array> {
        let (container, index) = match tensor {
            Tensor::Stored(index) => (&self.stored, index),
            Tensor::Fixed(index) => (&self.fixed, index),
        };
        let entry = container.entries.get(index).ok_or("no such tensor")?;
        if entry.len() > MOST_NUMBERS {
            return Err(format!(
                "the tensor `{}` has {} numbers, expected at most {MOST_NUMBERS} in one that is no parameter",
                entry.name,
                entry.len()
            ));
        }
        let mut allowance = Allowance::for_file(entry.memory);
        read_one(&*container.arrays, index, entry, &mut allowance)
    }
}

/// The text of every file below `start`, by its module's name.
fn code(archive: &Archive, start: &str) -> Parsed<HashMap<String, String>> {
    let allowance = Allowance::for_file(archive.file_length());
    let (mut code, mut length) = (HashMap::new(), 0_u64);
    let names = archive.names().filter(|name| name.starts_with(start));
    for name in names {
        let Some(module) = name.strip_prefix(start).and_then(|n| n.strip_suffix(".py")) else {
            continue;
        };
        length = length.saturating_add(archive.size(name)?);
        if length > MOST_TEXT {
            return Err(format!("the code is longer than {} MiB", MOST_TEXT >> 20));
        }
        let text = archive.read(name, Checksum::Ignore, &allowance)?;
        let text = std::str::from_utf8(&text).map_err(|_| format!("`{name}` isn't text"))?;
        code.insert(module.replace('/', "."), text.to_owned());
    }
    Ok(code)
}

/// Where a tensor's numbers lie: two tensors with the same are one parameter.
type Shown = (String, usize, Vec<usize>, Vec<usize>);

/// Values while they are read.
#[derive(Default)]
struct Tree {
    values: Vec<Attribute>,
}

/// One pickle while its values are read.
struct Walk<'t, 'p, 'a> {
    tree: &'t mut Tree,
    pickle: &'p Pickle<'a>,
    known: HashMap<Id, Place>,
    found: Vec<(String, Id)>,
    name_bytes: usize,
    tensor: fn(usize) -> Tensor,
}

/// The values of a pickle, and its tensors by name.
type Pickled = (Vec<Place>, Vec<(String, Described)>);

impl Tree {
    /// The values of one pickle of the archive, and its tensors.
    fn pickled(
        &mut self,
        archive: &Archive,
        folder: &str,
        name: &str,
        tensor: fn(usize) -> Tensor,
    ) -> Parsed<Pickled> {
        let allowance = Allowance::for_file(archive.file_length());
        let member = format!("{folder}{name}.pkl");
        if archive.place(&member)?.is_none() {
            allowance.check(archive.size(&member)?.saturating_mul(PICKLED))?;
        }
        let bytes = archive.read(&member, Checksum::Ignore, &allowance)?;
        let pickle = pickle::parse(&bytes).map_err(|e| format!("`{name}.pkl`: {e}"))?;
        let mut walk = Walk {
            tree: self,
            pickle: &pickle,
            known: HashMap::new(),
            found: Vec::new(),
            name_bytes: 0,
            tensor,
        };
        let root = walk.value(pickle.root(), "", 0)?;
        let found = std::mem::take(&mut walk.found);
        let tensors = described(&pickle, found)?;
        self.join(&tensors, tensor);
        Ok((vec![root], tensors))
    }

    /// Tensors that show the same numbers become one.
    fn join(&mut self, tensors: &[(String, Described)], tensor: fn(usize) -> Tensor) {
        let mut firsts: HashMap<Shown, usize> = HashMap::new();
        let shown = tensors.iter().enumerate().map(|(index, (_, described))| {
            let Described::Dense(own) = described else {
                return index;
            };
            if own.view.shape.contains(&0) {
                return index;
            }
            let view = own.view.clone();
            let shown = (
                own.storage.key.clone(),
                view.offset,
                view.shape,
                view.strides,
            );
            *firsts.entry(shown).or_insert(index)
        });
        let shown: Vec<usize> = shown.collect();
        for value in &mut self.values {
            if let Attribute::Tensor(own) = value
                && let Tensor::Stored(index) | Tensor::Fixed(index) = *own
                && *own == tensor(index)
                && let Some(&first) = shown.get(index)
            {
                *own = tensor(first);
            }
        }
    }
}

impl Walk<'_, '_, '_> {
    fn push(&mut self, value: Attribute) -> Parsed<Place> {
        if self.tree.values.len() >= MOST_VALUES {
            return Err(format!(
                "the modules have more than {MOST_VALUES} attributes"
            ));
        }
        self.tree.values.push(value);
        Ok(self.tree.values.len() - 1)
    }

    /// The value at `id`, which its module knows by the dotted `name`.
    fn value(&mut self, id: Id, name: &str, depth: usize) -> Parsed<Place> {
        if let Some(&place) = self.known.get(&id) {
            return Ok(place);
        }
        if depth > DEEPEST {
            return Err(format!("the module is nested deeper than {DEEPEST} levels"));
        }
        let place = self.push(Attribute::Other)?;
        self.known.insert(id, place);
        let value = self.read(id, name, depth)?;
        if let Some(own) = self.tree.values.get_mut(place) {
            *own = value;
        }
        Ok(place)
    }

    fn read(&mut self, id: Id, name: &str, depth: usize) -> Parsed<Attribute> {
        let pickle = self.pickle;
        if is_tensor(pickle, id) {
            self.name_bytes += name.len();
            if self.name_bytes > MOST_NAME_BYTES {
                return Err(format!(
                    "the names of the tensors take more than {} MiB",
                    MOST_NAME_BYTES >> 20
                ));
            }
            self.found.push((name.to_owned(), id));
            return Ok(Attribute::Tensor((self.tensor)(self.found.len() - 1)));
        }
        Ok(match pickle.node(id) {
            Node::None => Attribute::None,
            Node::Bool(value) => Attribute::Bool(*value),
            Node::Int(value) => Attribute::Int(*value),
            Node::Float(value) => Attribute::Float(*value),
            Node::Text(text) => Attribute::Text((*text).to_owned()),
            Node::Tuple(items) => self.list(items, name, depth)?,
            Node::List(items) => self.list(items, name, depth)?,
            Node::Dict(pairs) => {
                let mut read = Vec::new();
                for &(key, value) in pairs {
                    if let Some(key) = pickle.text(key) {
                        read.push((key.to_owned(), self.child(value, name, key, depth)?));
                    }
                }
                Attribute::Dict(read)
            }
            Node::Object(object) => match pickle.global(object.class) {
                // Lists of one type, as `build_intlist([1, 2])`.
                Some(("torch.jit._pickle", _)) => {
                    let first = pickle
                        .elements(object.args)
                        .and_then(|a| a.first().copied());
                    match first.and_then(|id| pickle.elements(id)) {
                        Some(items) => self.list(items, name, depth)?,
                        None => Attribute::Other,
                    }
                }
                Some((module, class)) if module.starts_with("__torch__") => {
                    let class = format!("{module}.{class}");
                    let pairs = object.state.and_then(|state| pickle.pairs(state));
                    self.module(class, pairs.unwrap_or_default(), name, depth)?
                }
                _ => Attribute::Other,
            },
            _ => Attribute::Other,
        })
    }

    fn child(&mut self, id: Id, parent: &str, own: &str, depth: usize) -> Parsed<Place> {
        if own.len() > 256 {
            return Err("an attribute's name is longer than 256 bytes".into());
        }
        let name = match parent {
            "" => own.to_owned(),
            _ => format!("{parent}.{own}"),
        };
        self.value(id, &name, depth + 1)
    }

    fn list(&mut self, items: &[Id], name: &str, depth: usize) -> Parsed<Attribute> {
        let mut read = Vec::new();
        for (index, &id) in items.iter().enumerate() {
            read.push(self.child(id, name, &index.to_string(), depth)?);
        }
        Ok(Attribute::List(read))
    }

    /// Tensors before submodules, as a state dict lists them.
    fn module(
        &mut self,
        class: String,
        pairs: &[(Id, Id)],
        name: &str,
        depth: usize,
    ) -> Parsed<Attribute> {
        let pickle = self.pickle;
        let mut attributes = Vec::new();
        for tensors in [true, false] {
            for &(key, value) in pairs {
                let Some(key) = pickle.text(key) else {
                    continue;
                };
                if is_tensor(pickle, value) == tensors {
                    attributes.push((key.to_owned(), self.child(value, name, key, depth)?));
                }
            }
        }
        Ok(Attribute::Module { class, attributes })
    }
}
