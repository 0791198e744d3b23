//! Whole modules: from the pickled tree of objects to the names `state_dict()` would give, and to what the
//! modules say of themselves.
//!
//! An eager module keeps its tensors in the attributes `_parameters` and `_buffers` and its children
//! in `_modules`; a scripted one keeps all three as plain attributes. The walk is bounded, because
//! shared and cyclic objects can make a small pickle an endless tree.

use super::attributes;
use super::tensors::{class_of, is_tensor};
use crate::checkpoint::modules::Module;
use crate::checkpoint::pickle::{Id, Node, Pickle};
use crate::store::Parsed;
use std::collections::{HashMap, HashSet};

/// What a module keeps that is no attribute of its kind, beside its hooks.
const OWN: [&str; 5] = [
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent_buffers_set",
    "_is_full_backward_hook",
];

const DEEPEST: usize = 64;
const MOST_ATTRIBUTES: usize = 1 << 18;
/// Nobody hangs more than a few.
const MOST_HOOKS: usize = 16;
const MOST_ENTRIES: usize = 1 << 22;
const MOST_NAME_BYTES: usize = 64 << 20;

/// True where the value at `id` is a module, eager or scripted.
pub fn is_module(pickle: &Pickle, id: Id) -> bool {
    state(pickle, id).is_some_and(|state| is_eager(pickle, state)) || is_scripted(pickle, id)
}

/// A module and its tensors by their dotted names, in the order of `state_dict()`.
pub type Read = (Module, Vec<(String, Id)>);

/// The module at `id` with all that is inside it.
///
/// # Errors
/// Where the tree is deeper or larger than any network.
pub fn read(pickle: &Pickle, id: Id, bounds: &mut Bounds) -> Parsed<Read> {
    let mut walk = Walk {
        pickle,
        path: Vec::new(),
        bounds,
        found: Vec::new(),
        first: HashMap::new(),
    };
    let module = walk.module(id, "")?;
    Ok((module.unwrap_or_default(), walk.found))
}

fn state(pickle: &Pickle, id: Id) -> Option<Id> {
    let state = pickle.object(id)?.state?;
    // Classes with slots pickle a pair of dictionaries.
    let first = pickle
        .elements(state)
        .and_then(|parts| parts.first().copied());
    Some(first.unwrap_or(state))
}

fn is_eager(pickle: &Pickle, state: Id) -> bool {
    ["_parameters", "_buffers", "_modules"]
        .iter()
        .all(|key| pickle.get(state, key).is_some())
}

fn is_scripted(pickle: &Pickle, id: Id) -> bool {
    class_of(pickle, id).is_some_and(|(module, _)| module.starts_with("__torch__"))
}

/// True for what every module keeps, whatever its class.
fn is_own(name: &str) -> bool {
    let hook = ["_forward_", "_backward_"];
    OWN.contains(&name)
        || name.ends_with("_hooks")
        || hook.iter().any(|start| name.starts_with(start))
}

/// Keeps the work and the memory of a walk in bounds: a small pickle can remember a dictionary or a
/// long text once and refer to it a million times.
#[derive(Debug, Default)]
pub struct Bounds {
    entries: usize,
    name_bytes: usize,
    attributes: usize,
}

impl Bounds {
    /// The entries of the dictionary at `id` that have text as their key; none where it is no dictionary.
    ///
    /// # Errors
    /// Where more were looked at than any checkpoint has.
    pub fn entries<'a>(
        &mut self,
        pickle: &Pickle<'a>,
        id: Option<Id>,
    ) -> Parsed<Vec<(&'a str, Id)>> {
        let pairs = id.and_then(|id| pickle.pairs(id)).unwrap_or_default();
        self.entries += pairs.len() + 1;
        if self.entries > MOST_ENTRIES {
            return Err("the pickled objects are linked in endless ways".into());
        }
        Ok(pairs
            .iter()
            .filter_map(|&(k, v)| Some((pickle.text(k)?, v)))
            .collect())
    }

    /// Counts an attribute that is kept.
    ///
    /// # Errors
    /// Where there are more than any network has.
    pub fn attribute(&mut self) -> Parsed<()> {
        self.attributes += 1;
        if self.attributes > MOST_ATTRIBUTES {
            return Err("the pickled modules have more attributes than any network".into());
        }
        Ok(())
    }

    /// `prefix` and `name` as one name.
    ///
    /// # Errors
    /// Where the names together are longer than any checkpoint's.
    pub fn joined(&mut self, prefix: &str, name: &str) -> Parsed<String> {
        self.name_bytes += prefix.len() + name.len();
        if self.name_bytes > MOST_NAME_BYTES {
            return Err(format!(
                "the names of the tensors take more than {} MiB",
                MOST_NAME_BYTES >> 20
            ));
        }
        Ok(format!("{prefix}{name}"))
    }
}

struct Walk<'p, 'a> {
    pickle: &'p Pickle<'a>,
    bounds: &'p mut Bounds,
    /// The modules above the current one: meeting one of them again is a cycle.
    path: Vec<Id>,
    found: Vec<(String, Id)>,
    /// The first name of every tensor: modules may share one.
    first: HashMap<Id, String>,
}

impl<'a> Walk<'_, 'a> {
    fn module(&mut self, id: Id, prefix: &str) -> Parsed<Option<Module>> {
        if self.path.contains(&id) {
            return Ok(None);
        }
        if self.path.len() >= DEEPEST {
            return Err(format!(
                "the pickled module is nested deeper than {DEEPEST} levels"
            ));
        }
        let Some(state) = state(self.pickle, id) else {
            return Ok(None);
        };
        // Looking at the state is work too, however few tensors it holds.
        let attributes = self.bounds.entries(self.pickle, Some(state))?;
        let part = |key| {
            attributes
                .iter()
                .rev()
                .find(|(k, _)| *k == key)
                .map(|(_, id)| *id)
        };
        let mut module = Module {
            class: attributes::dotted(class_of(self.pickle, id)),
            ..Module::default()
        };
        self.path.push(id);
        if is_eager(self.pickle, state) {
            let hidden = self.not_persistent(part("_non_persistent_buffers_set"));
            self.tensors(&mut module, part("_parameters"), prefix, &HashSet::new())?;
            self.tensors(&mut module, part("_buffers"), prefix, &hidden)?;
            self.children(&mut module, part("_modules"), prefix)?;
            for key in ["_forward_pre_hooks", "_forward_hooks"] {
                module.hooks.extend(self.hooks(part(key)));
            }
            for (name, value) in attributes {
                if !is_own(name) {
                    self.attribute(&mut module, name, value)?;
                }
            }
        } else if is_scripted(self.pickle, id) {
            self.tensors(&mut module, Some(state), prefix, &HashSet::new())?;
            self.children(&mut module, Some(state), prefix)?;
        }
        self.path.pop();
        Ok(Some(module))
    }

    fn attribute(&mut self, module: &mut Module, name: &str, value: Id) -> Parsed<()> {
        self.bounds.attribute()?;
        let value = attributes::value(self.pickle, value);
        let name = name.chars().take(attributes::LONGEST).collect();
        module.attributes.push((name, value));
        Ok(())
    }

    fn tensors(
        &mut self,
        module: &mut Module,
        dict: Option<Id>,
        prefix: &str,
        hidden: &HashSet<&str>,
    ) -> Parsed<()> {
        for (name, id) in self.bounds.entries(self.pickle, dict)? {
            if is_tensor(self.pickle, id) && !hidden.contains(name) {
                let full = self.bounds.joined(prefix, name)?;
                let first = self.first.entry(id).or_insert_with(|| full.clone());
                module.tensors.push((name.to_owned(), first.clone()));
                self.found.push((full, id));
            } else if matches!(self.pickle.node(id), Node::None) {
                self.attribute(module, name, id)?;
            }
        }
        Ok(())
    }

    /// The modules in `dict`; whatever else lies there is an attribute.
    fn children(&mut self, module: &mut Module, dict: Option<Id>, prefix: &str) -> Parsed<()> {
        for (name, id) in self.bounds.entries(self.pickle, dict)? {
            if is_tensor(self.pickle, id) {
                continue;
            }
            let inside = self.bounds.joined(prefix, &format!("{name}."))?;
            match self.module(id, &inside)? {
                Some(child) => module.children.push((name.to_owned(), child)),
                None => self.attribute(module, name, id)?,
            }
        }
        Ok(())
    }

    /// The classes of what hangs on a module's forward.
    fn hooks(&self, dict: Option<Id>) -> Vec<String> {
        let pairs = dict.and_then(|id| self.pickle.pairs(id));
        let pairs = pairs.unwrap_or_default().iter().take(MOST_HOOKS);
        pairs
            .map(|(_, hook)| attributes::named(self.pickle, *hook))
            .collect()
    }

    /// Buffers that `state_dict()` leaves out: a set, pickled as a call with a list.
    fn not_persistent(&self, set: Option<Id>) -> HashSet<&'a str> {
        let listed = || {
            if let Node::Set(items) = self.pickle.node(set?) {
                return Some(items.as_slice());
            }
            let args = self.pickle.elements(self.pickle.object(set?)?.args)?;
            self.pickle.elements(*args.first()?)
        };
        listed()
            .unwrap_or_default()
            .iter()
            .filter_map(|&id| self.pickle.text(id))
            .collect()
    }
}
