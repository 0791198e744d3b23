//! What the file keeps, as values: attributes of modules and constants of the code.

use super::unfold::Unfolder;
use super::value::Value;
use crate::checkpoint::Kind;
use crate::checkpoint::script::{Attribute, Place, Script, Tensor};
use crate::model::import::traced::{Constant, Element};
use crate::store::Parsed;
use std::collections::{HashMap, HashSet};

/// Lists in lists among the attributes.
const DEEPEST: usize = 4;

impl Unfolder<'_> {
    /// The value of an attribute or constant.
    ///
    /// # Errors
    /// Where a tensor can't be read.
    pub(super) fn kept(&mut self, place: Place) -> Parsed<Value> {
        self.kept_within(place, DEEPEST)
    }

    fn kept_within(&mut self, place: Place, depth: usize) -> Parsed<Value> {
        Ok(match self.script.value(place) {
            Attribute::None => Value::None,
            Attribute::Bool(value) => Value::Bool(*value),
            Attribute::Int(value) => Value::Int(*value),
            Attribute::Float(value) => Value::Float(*value),
            Attribute::Text(text) => Value::text(text),
            Attribute::Module { .. } => Value::Module(place),
            Attribute::Other => Value::Aside,
            Attribute::Tensor(tensor) => self.tensor(*tensor)?,
            Attribute::List(_) | Attribute::Dict(_) if depth == 0 => {
                return Err("an attribute's lists are nested too deep".into());
            }
            Attribute::List(items) => {
                let mut read = Vec::new();
                for &item in items {
                    read.push(self.kept_within(item, depth - 1)?);
                }
                Value::list(read).shallow()?
            }
            Attribute::Dict(pairs) => {
                let mut read = Vec::new();
                for (key, item) in pairs {
                    read.push((Value::text(key), self.kept_within(*item, depth - 1)?));
                }
                Value::Dict(std::rc::Rc::new(read.into())).shallow()?
            }
        })
    }

    fn tensor(&mut self, tensor: Tensor) -> Parsed<Value> {
        if let Some(value) = self.tensors.get(&tensor) {
            return Ok(value.clone());
        }
        let entry = self
            .script
            .tensor(tensor)
            .ok_or("a tensor that the file lacks")?;
        let element = element(entry.dtype.kind, entry.dtype.name());
        let (name, shape) = (entry.name.clone(), entry.shape.clone());
        let value = match tensor {
            Tensor::Stored(_) => {
                let value = self.composer.stored(&name, &shape, element);
                if !self.trained.contains(&tensor) && entry.is_readable() {
                    let values = self.script.numbers(tensor)?.to_f64();
                    let constant = Constant {
                        shape,
                        element,
                        values,
                    };
                    self.composer.buffer(&value, constant);
                }
                Value::tensor(&value)
            }
            Tensor::Fixed(_) => {
                let values = self.script.numbers(tensor)?.to_f64();
                match (&shape[..], values.first(), element) {
                    // A tensor of one number takes part in arithmetic as a number does.
                    ([], Some(&number), Element::Float) => Value::Float(number),
                    ([], Some(&number), Element::Integer) => Value::Int(number as i64),
                    ([], Some(&number), Element::Bool) => Value::Bool(number != 0.0),
                    _ => {
                        let constant = Constant {
                            shape,
                            element,
                            values,
                        };
                        Value::tensor(&self.composer.constant("constant", constant))
                    }
                }
            }
        };
        self.tensors.insert(tensor, value.clone());
        Ok(value)
    }
}

/// The tensors that some module's class says are its parameters; others are buffers.
pub fn trained(unfolder: &mut Unfolder<'_>) -> HashSet<Tensor> {
    let places: Vec<Place> = unfolder.paths.keys().copied().collect();
    let script = unfolder.script;
    let mut found = HashSet::new();
    for place in places {
        let Attribute::Module { attributes, .. } = script.value(place) else {
            continue;
        };
        // A class that can't be read is complained of where its code is followed.
        let names = unfolder.parameter_names(place).unwrap_or_default();
        for (name, child) in attributes {
            if let Attribute::Tensor(tensor) = script.value(*child)
                && names.contains(name)
            {
                found.insert(*tensor);
            }
        }
    }
    found
}

fn element(kind: Kind, name: &str) -> Element {
    match (kind, name) {
        (_, "bool") => Element::Bool,
        (Kind::Integer, _) => Element::Integer,
        _ => Element::Float,
    }
}

/// The dotted path of every module: the first by which it is met.
pub fn paths(script: &Script) -> HashMap<Place, String> {
    let mut found = HashMap::from([(script.root(), String::new())]);
    let mut open = vec![script.root()];
    while let Some(place) = open.pop() {
        let Attribute::Module { attributes, .. } = script.value(place) else {
            continue;
        };
        let path = found.get(&place).cloned().unwrap_or_default();
        for (name, child) in attributes {
            let module = matches!(script.value(*child), Attribute::Module { .. });
            if module && !found.contains_key(child) && path.len() < 4096 {
                let own = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                found.insert(*child, own);
                open.push(*child);
            }
        }
    }
    found
}
