//! The shapes of a checkpoint, with a tick on each tensor that a family has explained.
//!
//! A family takes tensors by name with the shape it expects; what is left at the end is an error,
//! so no trained tensor is ever dropped in silence. Integers, counters and types that aren't read are
//! no part of a network; they are only remembered by name.

use super::order;
use crate::checkpoint::{Kind as Stored, Listed, Listing};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

/// Names and shapes of the floating-point tensors, in file order.
pub(super) struct Tensors<'a> {
    entries: Vec<(&'a str, &'a [usize])>,
    positions: HashMap<&'a str, usize>,
    /// Types and kinds of those that are no floating-point tensors.
    others: HashMap<&'a str, (&'a str, Stored)>,
    taken: HashSet<&'a str>,
}

/// The tensors that share a name up to the last dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Module<'a> {
    /// The name up to the last dot; empty where there is none.
    pub name: &'a str,
    /// What it looks like.
    pub kind: Kind,
    /// Shape of the weight; of the running statistics for a norm without one; empty for none.
    pub weight: &'a [usize],
    /// Largest number of axes among its tensors.
    pub rank: usize,
    /// Position in the file.
    pub position: usize,
}

/// What a module looks like from the ranks of its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A weight with two axes.
    Linear,
    /// A weight with four axes.
    Conv,
    /// Running statistics.
    Norm,
    /// Anything else.
    Other,
}

impl<'a> Tensors<'a> {
    /// Lists the floating-point tensors of `state`.
    pub fn new(state: &'a dyn Listing) -> Self {
        let mut all = Self {
            entries: Vec::new(),
            positions: HashMap::new(),
            others: HashMap::new(),
            taken: HashSet::new(),
        };
        for tensor in state.list() {
            let Listed {
                name,
                shape,
                dtype,
                kind,
            } = tensor;
            if order::leaf(name) == "num_batches_tracked" {
                continue;
            }
            if kind != Stored::Float {
                all.others.insert(name, (dtype, kind));
            } else if let std::collections::hash_map::Entry::Vacant(place) =
                all.positions.entry(name)
            {
                place.insert(all.entries.len());
                all.entries.push((name, shape));
            }
        }
        all
    }

    /// Refuses tensors with an axis of extent 0, so that the families may divide.
    pub fn check_extents(&self) -> Result<()> {
        match self.entries.iter().find(|(_, shape)| shape.contains(&0)) {
            Some((name, shape)) => Err(Error::Model(format!(
                "{name} is {shape:?}: a tensor of a network has no axis of extent 0"
            ))),
            None => Ok(()),
        }
    }

    /// The shape of the tensor called `name`.
    pub fn shape(&self, name: &str) -> Option<&'a [usize]> {
        let &position = self.positions.get(name)?;
        self.entries.get(position).map(|&(_, shape)| shape)
    }

    /// True where some name starts with `prefix`.
    pub fn any_under(&self, prefix: &str) -> bool {
        self.entries
            .iter()
            .any(|(name, _)| name.starts_with(prefix))
    }

    /// How many numbers there are in all.
    pub fn values(&self) -> usize {
        let count = |shape: &[usize]| shape.iter().fold(1_usize, |n, &d| n.saturating_mul(d));
        let each = self.entries.iter().map(|(_, shape)| count(shape));
        each.fold(0, usize::saturating_add)
    }

    /// All names, in file order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|&(name, _)| name)
    }

    /// The modules, in file order.
    pub fn modules(&self) -> Vec<Module<'a>> {
        let mut modules: Vec<Module<'a>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (position, &(name, shape)) in self.entries.iter().enumerate() {
            let place = *places.entry(order::module(name)).or_insert(modules.len());
            if place == modules.len() {
                let name = order::module(name);
                modules.push(Module {
                    name,
                    kind: Kind::Other,
                    weight: &[],
                    rank: 0,
                    position,
                });
            }
            let Some(module) = modules.get_mut(place) else {
                continue;
            };
            module.rank = module.rank.max(shape.len());
            match (order::leaf(name), shape.len()) {
                ("running_mean" | "running_var", _) => {
                    module.kind = Kind::Norm;
                    if module.weight.is_empty() {
                        module.weight = shape;
                    }
                }
                ("weight", rank) => {
                    module.weight = shape;
                    module.kind = match rank {
                        2 if module.kind == Kind::Other => Kind::Linear,
                        4 if module.kind == Kind::Other => Kind::Conv,
                        _ => module.kind,
                    };
                }
                _ => {}
            }
        }
        modules
    }

    /// Ticks the tensor called `name`; its shape must be `expected`, where `None` is any extent.
    ///
    /// `because` ends the sentence "expected …, " and may be empty.
    pub fn take(
        &mut self,
        name: &str,
        expected: &[Option<usize>],
        because: &str,
    ) -> Result<&'a [usize]> {
        let reason = if because.is_empty() {
            String::new()
        } else {
            format!(", {because}")
        };
        let pattern = pattern(expected);
        let found = self.positions.get(name).and_then(|&p| self.entries.get(p));
        let Some(&(name, shape)) = found else {
            let instead = match self.others.get(name) {
                Some((dtype, Stored::Unreadable)) => {
                    format!("{name} is {dtype}, a type that isn't read")
                }
                Some((dtype, _)) => format!("{name} is {dtype}, not floating point"),
                None => format!("{name} is missing"),
            };
            return Err(Error::Model(format!(
                "{instead}: expected {pattern}{reason}"
            )));
        };
        let fits = shape.len() == expected.len()
            && shape
                .iter()
                .zip(expected)
                .all(|(&s, e)| e.is_none_or(|e| e == s));
        if !fits {
            let pattern = if shape.len() == expected.len() {
                let filled = shape.iter().zip(expected).map(|(&s, e)| e.unwrap_or(s));
                format!("{:?}", filled.collect::<Vec<_>>())
            } else {
                pattern
            };
            return Err(Error::Model(format!(
                "{name} is {shape:?}: expected {pattern}{reason}"
            )));
        }
        self.taken.insert(name);
        Ok(shape)
    }

    /// True where every tensor is ticked; otherwise an error that names the others.
    ///
    /// A parameter of a type that isn't read is one of the others: without it, this would be another
    /// network.
    pub fn finish(&self) -> Result<()> {
        const PARAMETERS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];
        let unread = self.others.iter().filter(|(name, (_, kind))| {
            *kind == Stored::Unreadable && PARAMETERS.contains(&order::leaf(name))
        });
        if let Some((name, (dtype, _))) = unread.min_by_key(|(name, _)| **name) {
            return Err(Error::Model(format!(
                "{name} is {dtype}, a type that isn't read"
            )));
        }
        let left: Vec<&(&str, &[usize])> = self
            .entries
            .iter()
            .filter(|(name, _)| !self.taken.contains(name))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        for (name, shape) in &left {
            let weight = order::join(order::module(name), "weight");
            if order::leaf(name) == "bias" && self.shape(&weight).is_none() {
                return Err(Error::Model(format!(
                    "{weight} is missing, though {name} {shape:?} is there"
                )));
            }
        }
        let few = first_few(left.iter().map(|(name, shape)| format!("{name} {shape:?}")));
        let be = if left.len() == 1 { "is" } else { "are" };
        Err(Error::Model(format!(
            "{few} {be} not explained by the rest of the network"
        )))
    }

    /// The first names and shapes, for an error.
    pub fn summary(&self) -> String {
        if self.entries.is_empty() {
            return "none of floating point".to_owned();
        }
        first_few(
            self.entries
                .iter()
                .map(|(name, shape)| format!("{name} {shape:?}")),
        )
    }
}

fn first_few(items: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 6;
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

/// `[10, *]` for ten of anything.
fn pattern(expected: &[Option<usize>]) -> String {
    let extents: Vec<String> = expected
        .iter()
        .map(|e| e.map_or("*".to_owned(), |e| e.to_string()))
        .collect();
    format!("[{}]", extents.join(", "))
}
