//! What a name in the code stands for while it is unfolded.

use super::syntax::Brackets;
use crate::checkpoint::script::Place;
use crate::model::import::traced::Argument;
use crate::store::Parsed;
use std::cell::RefCell;
use std::rc::Rc;

/// Items of one list that is handed to an operation, those of lists in it among them.
const MOST_ITEMS: usize = 1 << 16;
/// Lists in lists.
const DEEPEST: usize = 6;

/// A value. Lists are shared by all that name them, as in Python.
#[derive(Debug, Clone)]
pub enum Value {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(Rc<str>),
    /// A tensor, by its name among the traced values.
    Tensor(Rc<str>),
    /// A list or tuple.
    List(Rc<RefCell<Vec<Value>>>, Brackets),
    /// A dictionary.
    Dict(Rc<RefCell<Vec<(Value, Value)>>>),
    /// A module, by its place in the file.
    Module(Place),
    /// A function or class of the code, by its qualified name.
    Named(Rc<str>),
    /// A number or truth value that isn't known: it depends on data, or on a shape that the file doesn't say.
    Unknown,
    /// What no result depends on: a device, a layout, a generator.
    Aside,
}

impl Value {
    /// Whether it may become an item of a list that is there already: were lists with items of their own let in, one
    /// could be made endlessly deep, or an item of itself.
    pub fn is_plain(&self) -> bool {
        self.is_plain_within(3)
    }

    fn is_plain_within(&self, depth: usize) -> bool {
        match self {
            Self::List(items, Brackets::Round) => {
                depth > 0
                    && items
                        .borrow()
                        .iter()
                        .all(|item| item.is_plain_within(depth - 1))
            }
            Self::List(..) | Self::Dict(_) => false,
            _ => true,
        }
    }

    /// The value, where its lists aren't too deep or too many.
    ///
    /// # Errors
    /// Where they are.
    pub fn shallow(self) -> Parsed<Self> {
        let mut count = 0;
        if self.is_within(DEEPEST, &mut count) {
            Ok(self)
        } else {
            Err(format!(
                "lists deeper than {DEEPEST} levels, or of more than {MOST_ITEMS} items"
            ))
        }
    }

    fn is_within(&self, depth: usize, count: &mut usize) -> bool {
        *count += 1;
        if *count > MOST_ITEMS {
            return false;
        }
        match self {
            Self::List(items, _) => {
                depth > 0
                    && items
                        .borrow()
                        .iter()
                        .all(|item| item.is_within(depth - 1, count))
            }
            Self::Dict(pairs) => {
                depth > 0
                    && pairs
                        .borrow()
                        .iter()
                        .all(|(_, item)| item.is_within(depth - 1, count))
            }
            _ => true,
        }
    }

    /// A list of values.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)), Brackets::Square)
    }

    /// A tuple of values.
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)), Brackets::Round)
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A tensor by its name.
    pub fn tensor(name: &str) -> Self {
        Self::Tensor(name.into())
    }

    /// Its items, where it is a list or tuple.
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items, _) => Some(items.borrow().clone()),
            _ => None,
        }
    }

    /// The number that it is, where it is one and known.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }

    /// Whether a tensor is in it, looking into lists but not into lists in them.
    pub fn has_tensor(&self) -> bool {
        match self {
            Self::Tensor(_) => true,
            Self::List(items, _) => items.borrow().iter().any(|v| matches!(v, Self::Tensor(_))),
            _ => false,
        }
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Tensor(_) => "a tensor",
            Self::List(_, Brackets::Square) => "a list",
            Self::List(_, Brackets::Round) => "a tuple",
            Self::Dict(_) => "a dictionary",
            Self::Module(_) => "a module",
            Self::Named(_) => "a function",
            Self::Unknown => "a number that depends on data or on an unknown shape",
            Self::Aside => "a device or layout",
        }
    }

    /// As an operation takes it.
    ///
    /// # Errors
    /// Where it isn't known, or no operation takes such.
    pub fn argument(&self) -> Parsed<Argument> {
        self.argument_within(0, &mut 0)
    }

    fn argument_within(&self, depth: usize, count: &mut usize) -> Parsed<Argument> {
        *count += 1;
        if *count > MOST_ITEMS || depth > 4 {
            return Err("an operation is given a list too large or too deep".into());
        }
        Ok(match self {
            Self::None | Self::Aside => Argument::Absent,
            Self::Bool(value) => Argument::Bool(*value),
            Self::Int(value) => Argument::Integer(*value),
            Self::Float(value) => Argument::Float(*value),
            Self::Text(text) => Argument::Text((**text).to_owned()),
            Self::Tensor(name) => Argument::Value((**name).to_owned()),
            Self::List(items, _) => {
                let items = items.borrow();
                let read = items
                    .iter()
                    .map(|item| item.argument_within(depth + 1, count));
                Argument::List(read.collect::<Parsed<_>>()?)
            }
            Self::Unknown => {
                return Err(
                    "it needs a size that isn't known before the shape of the data is".into(),
                );
            }
            other => return Err(format!("it is given {}", other.kind())),
        })
    }
}
