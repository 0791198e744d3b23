//! Modules as a pickle has them: the names of their classes, their plain attributes, their children.
//!
//! Nothing is known of any class here. Which classes make a network is the floor above's business; an
//! unknown one still says which activations its children are.

use std::fmt;

/// One module of a pickled tree.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Module {
    /// Its class with the dotted module it comes from: `torch.nn.modules.activation.Tanh`.
    pub class: String,
    /// What it keeps that is no tensor, child or hook, in file order: `stride`, `eps`, `training`. Children and
    /// parameters that are `None` are here.
    pub attributes: Vec<(String, Attribute)>,
    /// Its own parameters and buffers, each with the name that the checkpoint lists it by: a tensor that several
    /// modules share has the name of its first place.
    pub tensors: Vec<(String, String)>,
    /// The modules inside it, in the order of `_modules`.
    pub children: Vec<(String, Module)>,
    /// What is called before or after its `forward`, each by its class or function: what it computes is more
    /// than its class says.
    pub hooks: Vec<String>,
}

/// A plain value of a module.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(String),
    /// A tuple or a list.
    List(Vec<Attribute>),
    /// A class or a function by its dotted name, or an object by its class.
    Named(String),
    /// Something else, a tensor among others.
    Other,
}

impl Module {
    /// The class without where it comes from: `Tanh`.
    pub fn name(&self) -> &str {
        self.class
            .rsplit_once('.')
            .map_or(self.class.as_str(), |(_, name)| name)
    }

    /// The attribute called `name`; the last of several, as in Python.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut found = self.attributes.iter().rev();
        found.find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The child called `name`.
    pub fn child(&self, name: &str) -> Option<&Self> {
        let mut found = self.children.iter();
        found.find(|(own, _)| own == name).map(|(_, child)| child)
    }

    /// The module at a dotted path.
    pub fn at(&self, path: &str) -> Option<&Self> {
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        parts.try_fold(self, |module, part| module.child(part))
    }

    /// The name in the checkpoint of its own tensor called `leaf`.
    pub fn tensor(&self, leaf: &str) -> Option<&str> {
        let mut found = self.tensors.iter();
        found
            .find(|(own, _)| own == leaf)
            .map(|(_, name)| name.as_str())
    }

    /// Every module with its dotted path, each before its children; the root's path is empty.
    pub fn walk(&self) -> Vec<(String, &Self)> {
        let mut found = Vec::new();
        let mut left = vec![(String::new(), self)];
        while let Some((path, module)) = left.pop() {
            for (name, child) in module.children.iter().rev() {
                let inside = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                left.push((inside, child));
            }
            found.push((path, module));
        }
        found
    }

    /// Gives every tensor another name in the checkpoint; those for which there is none are forgotten.
    pub(super) fn rename(&mut self, name: &dyn Fn(&str) -> Option<String>) {
        let tensors = std::mem::take(&mut self.tensors);
        let kept = tensors
            .into_iter()
            .filter_map(|(leaf, old)| Some((leaf, name(&old)?)));
        self.tensors = kept.collect();
        for (_, child) in &mut self.children {
            child.rename(name);
        }
    }
}

impl Attribute {
    /// A truth value; 0 and 1 count, as in Python.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Integer(value) => Some(*value != 0),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// A real number.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// Text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a list of whole numbers, of one that stands alone too.
    pub fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Self::List(items) => items.iter().map(Self::integer).collect(),
            other => other.integer().map(|one| vec![one]),
        }
    }

    /// True for `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// As Python writes it: `True`, `0.2`, `(2, 2)`.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("(")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Self::Named(name) => f.write_str(name),
            Self::Other => f.write_str("…"),
        }
    }
}
