//! The walk through a tree of modules: each is followed by its class, its children by what it does with them.

use super::leaves;
use super::windows;
use super::writer::{Step, Writer};
use crate::checkpoint::{Attribute, Module};

/// What modules of some classes make of a value; `None` for classes that it doesn't know.
pub type Compound = fn(&mut Reader<'_, '_>, &Module, &str) -> Step<Option<String>>;

/// A walk, with all that is known of classes that hold others.
pub struct Reader<'w, 'a> {
    /// Where it is written down.
    pub w: &'w mut Writer<'a>,
    /// Classes that hold others, by library.
    pub compounds: &'static [Compound],
}

/// What hangs on modules and is followed, since it only makes their weights.
const HOOKS: [&str; 2] = ["torch.nn.utils.weight_norm.", "torch.nn.utils.prune."];

impl Reader<'_, '_> {
    /// What the module makes of `x`.
    ///
    /// # Errors
    /// Names the module whose class isn't known, or about which something can't be followed.
    pub fn module(&mut self, m: &Module, x: &str) -> Step<String> {
        let named = |path: &str, e: String| {
            if e.starts_with("the module ") {
                return e;
            }
            let of = if path.is_empty() { "itself" } else { path };
            format!("the module {of} ({}) {e}", m.class)
        };
        let path = self.w.module.clone();
        let made = self.followed(m, x).map_err(|e| named(&path, e))?;
        self.w.module = path;
        Ok(made)
    }

    fn followed(&mut self, m: &Module, x: &str) -> Step<String> {
        let unknown = |hook: &&String| !HOOKS.iter().any(|known| hook.starts_with(known));
        if let Some(hook) = m.hooks.iter().find(unknown) {
            return Err(format!("has a hook, {hook}, whose work isn't in the file"));
        }
        if m.class.starts_with("torch.nn.") || m.class.starts_with("torchvision.ops.") {
            if let Some(made) = leaves::leaf(self.w, m, x)? {
                return Ok(made);
            }
            if let Some(made) = windows::leaf(self.w, m, x)? {
                return Ok(made);
            }
        }
        for compound in self.compounds {
            if let Some(made) = compound(self, m, x)? {
                return Ok(made);
            }
        }
        Err("is of a class whose forward isn't in the file".into())
    }

    /// What the child called `name` makes of `x`.
    ///
    /// # Errors
    /// As [`Reader::module`]; where there is no such child.
    pub fn child(&mut self, m: &Module, name: &str, x: &str) -> Step<String> {
        match self.maybe(m, name, x)? {
            Some(made) => Ok(made),
            None => Err(format!("has no child {name}")),
        }
    }

    /// As [`Reader::child`], where there may be none.
    ///
    /// # Errors
    /// As [`Reader::module`].
    pub fn maybe(&mut self, m: &Module, name: &str, x: &str) -> Step<Option<String>> {
        let Some(child) = m.child(name) else {
            return Ok(None);
        };
        let path = self.w.module.clone();
        self.w.module = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let made = self.module(child, x)?;
        self.w.module = path;
        Ok(Some(made))
    }

    /// What the children called `names` make of `x`, one after the other.
    ///
    /// # Errors
    /// As [`Reader::child`].
    pub fn chain(&mut self, m: &Module, names: &[&str], x: &str) -> Step<String> {
        let mut x = x.to_owned();
        for name in names {
            x = self.child(m, name, &x)?;
        }
        Ok(x)
    }

    /// What all children make of `x`, one after the other: `torch.nn.Sequential`. A child that is `None` is
    /// passed over.
    ///
    /// # Errors
    /// As [`Reader::child`].
    pub fn sequence(&mut self, m: &Module, x: &str) -> Step<String> {
        let mut x = x.to_owned();
        for (name, _) in &m.children {
            x = self.child(m, name, &x)?;
        }
        Ok(x)
    }

    /// A setting of the module that is a truth value.
    ///
    /// # Errors
    /// Where it has none.
    pub fn set(m: &Module, name: &str) -> Step<bool> {
        let set = m.attribute(name).and_then(Attribute::bool);
        set.ok_or_else(|| format!("doesn't say whether {name}"))
    }
}
