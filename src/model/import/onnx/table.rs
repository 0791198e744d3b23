//! What reading an operator is, and what it makes.

use super::node::Node;
use super::state::Value;
use crate::model::import::traced::Element;
use crate::store::Parsed;

/// How an operator is read.
#[derive(Clone, Copy)]
pub enum Reading {
    /// As an operation of one value without options.
    As(&'static str),
    /// As an operation of two values or numbers.
    Pair(&'static str),
    /// As an operation of two values, again for every further one.
    Chain(&'static str),
    /// By a function of its own.
    By(fn(&mut Node<'_, '_>) -> Parsed<Made>),
}

/// What an operator makes.
pub enum Made {
    /// One value.
    Value(Value),
    /// Several traced values.
    Several(Vec<String>),
}

impl Made {
    /// One traced value.
    pub fn one(name: String) -> Self {
        Self::Value(Value::Tensor(name))
    }
}

/// What `Cast` makes of numbers; `None` for types that networks don't compute in.
pub fn cast_to(node: &Node<'_, '_>) -> Option<Element> {
    match node.integer("to", 0) {
        1 | 10 | 11 | 16 => Some(Element::Float),
        2..=7 | 12 | 13 => Some(Element::Integer),
        9 => Some(Element::Bool),
        _ => None,
    }
}
