//! The network of a TorchScript archive: what `torch.jit.save` writes of scripted and traced modules.
//!
//! The archive holds the code of `forward` and of all that it calls as text, in a small part of Python. It is
//! read here ([`parse`]), and followed without being run ([`unfold`]) until only calls of PyTorch's own
//! operations are left. What tensors hold is never looked at, except for constants that shapes are computed
//! from.

mod access;
mod calls;
mod compare;
mod kept;
mod names;
mod numbers;
mod operations;
mod parse;
mod syntax;
mod token;
mod unfold;
mod value;

use super::compose::{ASKED, Composer};
use super::extents::Facts;
use super::traced::{Element, OPEN, Traced};
use crate::checkpoint::script::{Attribute, Script};
use crate::error::{Error, Result};
use crate::model::import::traced::{Argument, Call};
use crate::store::Parsed;
use std::path::Path;
use unfold::Unfolder;
use value::Value;

/// The network of the archive at `path`, whose samples have the shape `sample`, where it is known; `None` where the
/// file is no archive of TorchScript's.
///
/// # Errors
/// As [`read`]; where neither the file nor the caller says what is read.
pub fn open(path: &Path, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Some(script) = Script::open(path)? else {
        return Ok(None);
    };
    let fault = |message| Error::file(path, message);
    if sample.is_some() {
        return read(&script, sample).map(Some).map_err(fault);
    }
    // The first layer may say it: what is multiplied by a matrix has as many features.
    let told = read(&script, None)
        .map_err(|e| format!("{e}; {UNTOLD}"))
        .map_err(fault)?;
    let features = told.calls.iter().find_map(|call| features(call, &told));
    let features = features.ok_or_else(|| fault(UNTOLD.into()))?;
    read(&script, Some(&[features])).map(Some).map_err(fault)
}

/// What to do where the shape of a sample isn't known.
const UNTOLD: &str =
    "a TorchScript archive doesn't say the shape of what its network reads: name the data with it";

/// Said of a module without parameters.
const FROZEN: &str = "its weights are constants of the code, without names, as `torch.jit.freeze` leaves them, perhaps with \
     norms folded into them: save the module before it is frozen";

/// The features that a linear layer on the data takes.
fn features(call: &Call, traced: &Traced) -> Option<usize> {
    let (Argument::Value(x), Argument::Value(weight)) =
        (call.positional.first()?, call.positional.get(1)?)
    else {
        return None;
    };
    let reads = traced.inputs.first().is_some_and(|input| input.name == *x);
    match (&*call.operation, &traced.shapes.get(weight)?[..]) {
        ("linear", [_, features]) if reads => Some(*features),
        _ => None,
    }
}

/// The operations of `forward` in order. `sample` is the shape of one sample, without the batch axis, where
/// it is known: the file doesn't say it, and code may depend on it.
///
/// # Errors
/// Names the line of code and what about it can't be read: a condition that depends on data, a construct that
/// PyTorch's own modules don't need.
fn read(script: &Script, sample: Option<&[usize]>) -> Parsed<Traced> {
    let read = read_as(script, sample, Element::Float);
    match read {
        // Tokens show as such where a table is read by them.
        Err(said) if said.contains(ASKED) => read_as(script, sample, Element::Integer),
        read => read,
    }
}

/// As [`read`], of data whose numbers are `element`.
fn read_as(script: &Script, sample: Option<&[usize]>, element: Element) -> Parsed<Traced> {
    let root = script.root();
    let Attribute::Module { class, attributes } = script.value(root) else {
        return Err("the archive holds no module".into());
    };
    let trains = attributes
        .iter()
        .any(|(name, place)| name == "training" && *script.value(*place) == Attribute::Bool(true));
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
        let facts = Facts { shape, element };
        inputs.push(Value::tensor(&unfolder.composer.input(&name, facts)));
    }
    let given = unfolder.method(root, "forward", inputs, Vec::new())?;
    let mut outputs = Vec::new();
    tensors(&given, &mut outputs);
    if outputs.is_empty() {
        return Err(format!(
            "`forward` gives {}, expected a tensor",
            given.kind()
        ));
    }
    let traced = unfolder.composer.finish(outputs);
    let mut constants = traced.constants.values();
    if traced.stored.is_empty() && constants.any(|own| own.element == Element::Float) {
        return Err(FROZEN.into());
    }
    Ok(traced)
}

/// The names of all tensors in what `forward` gives, in order.
fn tensors(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Tensor(name) => found.push((**name).to_owned()),
        // Lists are shallow where they are made.
        Value::List(items, _) => items.borrow().iter().for_each(|item| tensors(item, found)),
        Value::Dict(pairs) => pairs
            .borrow()
            .iter()
            .for_each(|(_, item)| tensors(item, found)),
        _ => {}
    }
}
