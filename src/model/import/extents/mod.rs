//! The shapes of what an operation makes, from the shapes of what it reads.
//!
//! Code in a file asks for shapes, to check them and to compute others, before any graph is made of it. So
//! much is said here and no more; an extent or a shape that isn't known stays open, and an operation that
//! isn't listed gives a value without a shape. Whether an operation may be used so is not this file's
//! business: the reading of the operations says that.

mod parts;
mod shaped;
mod sized;
mod windows;

use super::traced::{Argument, Call, Element};
use crate::store::Parsed;

/// Extents with the batch axis; those that aren't known are `None`.
pub type Extents = Vec<Option<usize>>;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its shape, where it is known how many axes there are.
    pub shape: Option<Extents>,
    /// What its numbers are.
    pub element: Element,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            shape: None,
            element: Element::Float,
        }
    }
}

impl Facts {
    /// Of a value whose shape is known.
    pub fn known(shape: &[usize], element: Element) -> Self {
        Self {
            shape: Some(shape.iter().map(|&n| Some(n)).collect()),
            element,
        }
    }
}

/// The names of the values in an argument.
pub fn values(argument: &Argument) -> Vec<&str> {
    match argument {
        Argument::Value(name) => vec![name],
        Argument::List(items) => items.iter().flat_map(values).collect(),
        _ => Vec::new(),
    }
}

/// A call, and what is known of the values that it reads.
struct Read<'c> {
    call: &'c Call,
    facts: &'c dyn Fn(&str) -> Facts,
}

/// What is known of the values that a call makes, one for each.
///
/// # Errors
/// Where it isn't known how many these are.
pub fn outputs(call: &Call, facts: &dyn Fn(&str) -> Facts) -> Parsed<Vec<Facts>> {
    let read = Read { call, facts };
    let operation = plain(&call.operation);
    let element = read.element(operation);
    let shapes = read.shapes(operation)?;
    let of = |shape| Facts { shape, element };
    Ok(shapes.into_iter().map(of).collect())
}

/// An operation's name without the mark of one that writes in place; `__and__` has none.
pub fn plain(operation: &str) -> &str {
    let marked = operation
        .strip_suffix('_')
        .filter(|own| !own.ends_with('_'));
    marked.unwrap_or(operation)
}

impl Read<'_> {
    /// The argument at `index` of the schema, or by its name.
    fn argument(&self, index: usize, name: &str) -> &Argument {
        let named = self.call.named.iter().find(|(own, _)| own == name);
        let given = self.call.positional.get(index);
        given.or(named.map(|(_, a)| a)).unwrap_or(&Argument::Absent)
    }

    fn value(&self, index: usize) -> Facts {
        match self.call.positional.get(index) {
            Some(Argument::Value(name)) => (self.facts)(name),
            _ => Facts::default(),
        }
    }

    fn shape(&self, index: usize) -> Option<Extents> {
        self.value(index).shape
    }

    /// The shapes of a list of values.
    fn listed(&self, index: usize) -> Vec<Option<Extents>> {
        let list = self.call.positional.get(index).map(values);
        let names = list.unwrap_or_default().into_iter();
        names.map(|name| (self.facts)(name).shape).collect()
    }

    fn integer(&self, index: usize, name: &str, default: i64) -> i64 {
        match self.argument(index, name) {
            Argument::Integer(value) => *value,
            _ => default,
        }
    }

    fn truth(&self, index: usize, name: &str) -> bool {
        *self.argument(index, name) == Argument::Bool(true)
    }

    /// Items of a list, `None` for those that are values; `None` where there is no list.
    fn list(&self, index: usize, name: &str) -> Option<Vec<Option<i64>>> {
        let one = |argument: &Argument| match argument {
            Argument::Integer(value) => Some(*value),
            _ => None,
        };
        match self.argument(index, name) {
            Argument::List(items) => Some(items.iter().map(one).collect()),
            number @ Argument::Integer(_) => Some(vec![one(number)]),
            _ => None,
        }
    }

    fn element(&self, operation: &str) -> Element {
        let read = self.call.positional.iter().flat_map(values);
        let read: Vec<Element> = read.map(|name| (self.facts)(name).element).collect();
        let dtype = self.call.named.iter().find(|(name, _)| name == "dtype");
        match operation {
            "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "logical_not" | "logical_and"
            | "logical_or" | "isnan" | "isinf" => return Element::Bool,
            "argmax" | "argmin" => return Element::Integer,
            "embedding" => return Element::Float,
            _ => {}
        }
        match dtype.map(|(_, dtype)| dtype) {
            Some(Argument::Text(name)) if name.contains("int") => return Element::Integer,
            Some(Argument::Text(name)) if name.contains("bool") => return Element::Bool,
            Some(Argument::Text(_)) => return Element::Float,
            _ => {}
        }
        if operation == "arange" && !self.call.positional.iter().any(is_float) {
            return Element::Integer;
        }
        let of = |element| read.contains(&element);
        if of(Element::Float) || read.is_empty() || operation == "div" {
            Element::Float
        } else if of(Element::Integer) {
            Element::Integer
        } else {
            Element::Bool
        }
    }
}

fn is_float(argument: &Argument) -> bool {
    matches!(argument, Argument::Float(_))
}

/// An axis by a number that may count from the end.
fn axis(number: i64, rank: usize) -> Option<usize> {
    let from_start = if number < 0 {
        number + rank as i64
    } else {
        number
    };
    usize::try_from(from_start).ok().filter(|&axis| axis < rank)
}

/// Shapes broadcast against each other as NumPy does.
fn broadcast(shapes: &[Option<Extents>]) -> Option<Extents> {
    let known: Option<Vec<&Extents>> = shapes.iter().map(Option::as_ref).collect();
    let known = known?;
    let rank = known.iter().map(|shape| shape.len()).max()?;
    let extent = |from_end: usize| {
        let mut found = Some(1);
        for shape in &known {
            match shape
                .len()
                .checked_sub(from_end + 1)
                .and_then(|at| shape.get(at))
            {
                None | Some(Some(1)) => {}
                Some(Some(n)) => return Some(*n),
                Some(None) => found = None,
            }
        }
        found
    };
    Some((0..rank).rev().map(extent).collect())
}
