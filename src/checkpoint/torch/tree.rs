//! Whole modules: from the pickled tree of objects to the names `state_dict()` would give.
//!
//! An eager module keeps its tensors in the attributes `_parameters` and `_buffers` and its children
//! in `_modules`; a scripted one keeps all three as plain attributes. The walk is bounded, because
//! shared and cyclic objects can make a small pickle an endless tree.

use super::tensors::is_tensor;
use crate::checkpoint::pickle::{Id, Node, Pickle};
use crate::store::Parsed;
use std::collections::HashSet;

const DEEPEST: usize = 64;
const MOST_ENTRIES: usize = 1 << 22;
const MOST_NAME_BYTES: usize = 64 << 20;

/// True where the value at `id` is a module, eager or scripted.
pub fn is_module(pickle: &Pickle, id: Id) -> bool {
    state(pickle, id).is_some_and(|state| is_eager(pickle, state)) || is_scripted(pickle, id)
}

/// The tensors of the module at `id` by their dotted names, in the order of `state_dict()`.
///
/// # Errors
/// Where the tree is deeper or larger than any network.
pub fn tensors_of(pickle: &Pickle, id: Id, bounds: &mut Bounds) -> Parsed<Vec<(String, Id)>> {
    let mut walk = Walk {
        pickle,
        path: Vec::new(),
        bounds,
        found: Vec::new(),
    };
    walk.module(id, "")?;
    Ok(walk.found)
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
    let class = pickle
        .object(id)
        .and_then(|object| pickle.global(object.class));
    class.is_some_and(|(module, _)| module.starts_with("__torch__"))
}

/// Keeps the work and the memory of a walk in bounds: a small pickle can remember a dictionary or a
/// long text once and refer to it a million times.
#[derive(Debug, Default)]
pub struct Bounds {
    entries: usize,
    name_bytes: usize,
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
}

impl<'a> Walk<'_, 'a> {
    fn module(&mut self, id: Id, prefix: &str) -> Parsed<()> {
        if self.path.contains(&id) {
            return Ok(());
        }
        if self.path.len() >= DEEPEST {
            return Err(format!(
                "the pickled module is nested deeper than {DEEPEST} levels"
            ));
        }
        let Some(state) = state(self.pickle, id) else {
            return Ok(());
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
        self.path.push(id);
        if is_eager(self.pickle, state) {
            let hidden = self.not_persistent(part("_non_persistent_buffers_set"));
            self.tensors(part("_parameters"), prefix, &HashSet::new())?;
            self.tensors(part("_buffers"), prefix, &hidden)?;
            self.children(part("_modules"), prefix)?;
        } else if is_scripted(self.pickle, id) {
            self.tensors(Some(state), prefix, &HashSet::new())?;
            self.children(Some(state), prefix)?;
        }
        self.path.pop();
        Ok(())
    }

    fn tensors(&mut self, dict: Option<Id>, prefix: &str, hidden: &HashSet<&str>) -> Parsed<()> {
        for (name, id) in self.bounds.entries(self.pickle, dict)? {
            if is_tensor(self.pickle, id) && !hidden.contains(name) {
                self.found.push((self.bounds.joined(prefix, name)?, id));
            }
        }
        Ok(())
    }

    fn children(&mut self, dict: Option<Id>, prefix: &str) -> Parsed<()> {
        for (name, id) in self.bounds.entries(self.pickle, dict)? {
            if !is_tensor(self.pickle, id) {
                let prefix = self.bounds.joined(prefix, &format!("{name}."))?;
                self.module(id, &prefix)?;
            }
        }
        Ok(())
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
