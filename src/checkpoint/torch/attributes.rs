//! The plain attributes of pickled modules: numbers, words, short lists, the names of classes.
//!
//! Whatever is longer or deeper than a module's own settings is only known to be there, so that a small
//! pickle can't be made to grow.

use super::tensors::class_of;
use crate::checkpoint::modules::Attribute;
use crate::checkpoint::pickle::{Id, Node, Pickle, numpy};
use crate::store::Values;

/// Characters of a text or a name that are kept.
pub const LONGEST: usize = 120;
/// Entries of a list that are kept; a longer one isn't.
const MOST: usize = 32;
const DEEPEST: usize = 3;

/// The value at `id`.
pub fn value(pickle: &Pickle, id: Id) -> Attribute {
    within(pickle, id, 0)
}

fn within(pickle: &Pickle, id: Id, depth: usize) -> Attribute {
    let listed = |items: &[Id]| {
        if items.len() > MOST || depth >= DEEPEST {
            return Attribute::Other;
        }
        let inside = items.iter().map(|&item| within(pickle, item, depth + 1));
        Attribute::List(inside.collect())
    };
    match pickle.node(id) {
        Node::None => Attribute::None,
        Node::Bool(value) => Attribute::Bool(*value),
        Node::Int(value) => Attribute::Integer(*value),
        Node::Float(value) => Attribute::Float(*value),
        Node::Text(text) => Attribute::Text(text.chars().take(LONGEST).collect()),
        Node::Tuple(items) => listed(items),
        Node::List(items) => listed(items),
        Node::Object(object) => {
            // `torch.Size` and other tuples with a name are calls with the tuple as their argument.
            let args = pickle.elements(object.args).unwrap_or_default();
            match (class_of(pickle, id), args) {
                (Some(("torch", "Size")), [inner]) if depth < DEEPEST => {
                    within(pickle, *inner, depth + 1)
                }
                _ => number(pickle, id).unwrap_or_else(|| Attribute::Named(named(pickle, id))),
            }
        }
        Node::Global { .. } => Attribute::Named(named(pickle, id)),
        _ => Attribute::Other,
    }
}

/// A number of NumPy's.
fn number(pickle: &Pickle, id: Id) -> Option<Attribute> {
    let single = numpy::single(pickle, id)?;
    match single.values() {
        Values::U8(_) => None,
        Values::I64(values) => values.first().copied().map(Attribute::Integer),
        _ => single.to_f64().first().copied().map(Attribute::Float),
    }
}

/// The dotted name of a class or a function, or of the class of an object.
pub fn named(pickle: &Pickle, id: Id) -> String {
    dotted(pickle.global(id).or_else(|| class_of(pickle, id)))
}

/// Module and name with a dot between.
pub fn dotted(class: Option<(&str, &str)>) -> String {
    let Some((module, name)) = class else {
        return "an unnamed class".to_owned();
    };
    let all = module.chars().chain(['.']).chain(name.chars());
    all.take(LONGEST).collect()
}
