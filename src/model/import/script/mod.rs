//! The network of a TorchScript archive: what `torch.jit.save` writes of scripted and traced modules.
//!
//! The archive holds the code of `forward` and of all that it calls as text, in a small part of Python. It is
//! read here ([`parse`]), and followed without being run ([`unfold`]) until only calls of PyTorch's own
//! operations are left. What tensors hold is never looked at, except for constants that shapes are computed
//! from.

mod access;
mod compare;
mod kept;
mod numbers;
mod operations;
mod parse;
mod syntax;
mod token;
mod unfold;
mod value;

use super::compose::Composer;
use super::extents::Facts;
use super::traced::{Element, OPEN, Traced};
use crate::checkpoint::script::{Attribute, Script};
use crate::store::Parsed;
use unfold::Unfolder;
use value::Value;

/// The operations of `forward` in order. `sample` is the shape of one sample, without the batch axis, where
/// it is known: the file doesn't say it, and code may depend on it.
///
/// # Errors
/// Names the line of code and what about it can't be read: a condition that depends on data, a construct that
/// PyTorch's own modules don't need.
pub fn read(script: &Script, sample: Option<&[usize]>) -> Parsed<Traced> {
    let root = script.root();
    let Attribute::Module { class, attributes } = script.value(root) else {
        return Err("the archive holds no module".into());
    };
    let trains = attributes.iter().any(|(name, place)| {
        name == "training" && *script.value(*place) == Attribute::Bool(true)
    });
    let name = class.rsplit('.').next().unwrap_or_default().to_owned();
    let mut composer = Composer::new("a TorchScript archive".into());
    composer.name(&name);
    if trains {
        composer.note("the module was saved in training mode; it is read as in evaluation".into());
    }
    let mut unfolder = Unfolder::new(script, composer, kept::paths(script));
    unfolder.trained = kept::trained(&mut unfolder);
    let parameters = unfolder.parameters(root, "forward")?;
    let mut inputs = Vec::new();
    for (name, has_default) in parameters {
        if has_default {
            break;
        }
        let shape = sample.filter(|_| inputs.is_empty()).map(|sample| {
            let own = sample.iter().copied();
            std::iter::once(OPEN).chain(own).map(Some).collect()
        });
        let facts = Facts { shape, element: Element::Float };
        inputs.push(Value::tensor(&unfolder.composer.input(&name, facts)));
    }
    let given = unfolder.method(root, "forward", inputs, Vec::new())?;
    let mut outputs = Vec::new();
    tensors(&given, &mut outputs);
    if outputs.is_empty() {
        return Err(format!("`forward` gives {}, expected a tensor", given.kind()));
    }
    Ok(unfolder.composer.finish(outputs))
}

/// The names of all tensors in what `forward` gives, in order.
fn tensors(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Tensor(name) => found.push((**name).to_owned()),
        // Lists are shallow where they are made.
        Value::List(items, _) => items.borrow().iter().for_each(|item| tensors(item, found)),
        Value::Dict(pairs) => pairs.borrow().iter().for_each(|(_, item)| tensors(item, found)),
        _ => {}
    }
}
