//! From traced operations to layers.
//!
//! Every operation is said once, in the file of its group (`OPERATIONS` in each), by its name in PyTorch: what it makes
//! of values that are known, and which kind of layer it is otherwise. Values are followed with their batch axis
//! (`value`), moved about (`motions`) and written into a graph (`builder`); what is written in place is followed too
//! (`trace`). Whatever can't be followed is refused with the operation's name, its module and the shapes that it met:
//! nothing is guessed. Nothing here knows which kind of file a trace came from.

mod arguments;
mod arithmetic;
mod attention;
mod bounds;
mod builder;
mod convolutions;
mod creation;
mod einsum;
mod gates;
mod housekeeping;
mod images;
mod indexing;
mod motions;
mod normalisations;
mod parts;
mod pointwise;
mod pools;
mod products;
mod recurrent;
mod reductions;
mod table;
mod trace;
mod truth;
mod value;
mod views;

use crate::error::{Error, Result};
use crate::model::graph::Graph;
use crate::model::import::traced::{Call, Constant, Element, OPEN, Traced};
use crate::model::layers::Identity;
use builder::Builder;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use trace::{Trace, read_by};
use value::{Outcome, Source, Stored, Value, count};

/// Numbers that a sample may have.
const MOST_INPUTS: usize = 1 << 31;

/// A graph, and what was assumed on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The network.
    pub graph: Graph,
    /// How many outputs a sample has.
    pub outputs: usize,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// The graph of a traced network.
///
/// # Errors
/// Names the operation, its module and the shapes that it met, and says what can't be followed.
pub fn read(traced: &Traced) -> Result<Read> {
    let (sample, batch, input) = input(traced).map_err(Error::Model)?;
    let mut tensors: HashMap<&str, &[usize]> = HashMap::new();
    for (value, name) in &traced.stored {
        if let Some(shape) = traced.shapes.get(value) {
            tensors.insert(name, shape);
        }
    }
    let mut b = Builder::new(sample.own[1..].to_vec(), batch, tensors);
    let mut values = HashMap::new();
    for (name, constant) in &traced.constants {
        values.insert(name.clone(), known(name, constant).map_err(Error::Model)?);
    }
    for (value, name) in &traced.stored {
        if let Some(stored) = stored(traced, value, name) {
            values.insert(value.clone(), stored);
        }
    }
    values.insert(input, sample);
    let mut trace = Trace::new(traced, values);
    for (at, call) in traced.calls.iter().enumerate() {
        trace
            .call(&mut b, at)
            .and_then(|()| as_stated(traced, call, &trace))
            .map_err(|message| refused(traced, call, &trace, &message))?;
    }
    let output = output(traced, &mut b, &trace).map_err(Error::Model)?;
    let outputs = b.shape(Some(output)).iter().product();
    let mut notes = traced.notes.clone();
    for name in &trace.fixed {
        notes.push(format!(
            "The buffer {name:?} chooses what is computed; its numbers are those of the file with the graph, for every checkpoint."
        ));
    }
    if traced.outputs.len() > 1 {
        notes.push(format!(
            "It gives {} values; the first, {:?}, is taken for its outputs.",
            traced.outputs.len(),
            traced.outputs[0]
        ));
    }
    let name = if traced.name.is_empty() {
        "network"
    } else {
        &traced.name
    };
    Ok(Read {
        graph: b.finish(name, output),
        outputs,
        notes,
    })
}

/// The data as a value, how many samples the example had, and the name of the input.
fn input(traced: &Traced) -> Outcome<(Value, usize, String)> {
    let used: HashSet<&str> = traced.calls.iter().flat_map(read_by).collect();
    let read = |name: &str| used.contains(name) || traced.outputs.iter().any(|o| o == name);
    let inputs: Vec<_> = traced.inputs.iter().filter(|i| read(&i.name)).collect();
    let [input] = inputs[..] else {
        let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
        return Err(format!(
            "the network reads {} inputs ({}), and samples are one: wrap it in a module whose forward takes the data alone",
            inputs.len(),
            names.join(", ")
        ));
    };
    let Some((batch, rest)) = input
        .shape
        .split_first()
        .filter(|(_, rest)| !rest.is_empty())
    else {
        return Err(format!(
            "the network's input {:?} has the shape {:?}: expected [batch, …]; export with a batch axis before a sample's own",
            input.name, input.shape
        ));
    };
    let Some(sample) = rest.iter().copied().collect::<Option<Vec<usize>>>() else {
        return Err(format!(
            "the network's input {:?} has open axes besides the first, and nothing says how long they are: name the data with it, or export with fixed extents",
            input.name
        ));
    };
    let batch = batch.unwrap_or(OPEN);
    let full = [&[batch], &sample[..]].concat();
    if !(1..=MOST_INPUTS).contains(&count(&sample)?) || batch == 0 || count(&full)? == 0 {
        return Err(format!(
            "the network's input has the shape {full:?}: expected up to {MOST_INPUTS} numbers a sample"
        ));
    }
    let own = [&[1], &sample[..]].concat();
    let value = Value {
        full,
        own,
        batch: Some(0),
        outer: 1,
        element: input.element,
        source: Source::Layer(None),
    };
    Ok((value, batch, input.name.clone()))
}

fn known(name: &str, constant: &Constant) -> Outcome<Value> {
    if count(&constant.shape)? != constant.values.len() {
        return Err(format!(
            "the constant {name:?} of shape {:?} has {} numbers",
            constant.shape,
            constant.values.len()
        ));
    }
    Ok(Value::known(
        constant.values.clone(),
        &constant.shape,
        constant.element,
    ))
}

/// A tensor of the checkpoint as a value; whole numbers and truths of a buffer are known, for no layer trains them.
fn stored(traced: &Traced, value: &str, name: &str) -> Option<Value> {
    let shape = traced.shapes.get(value)?;
    let buffer = traced.constants.get(value);
    if buffer.is_some_and(|buffer| buffer.element != Element::Float) {
        return None;
    }
    Some(Value {
        full: shape.clone(),
        own: shape.clone(),
        batch: None,
        outer: 1,
        element: Element::Float,
        source: Source::Stored(Rc::new(Stored {
            name: name.to_owned(),
            turned: false,
            buffer: buffer
                .filter(|buffer| buffer.shape == *shape)
                .map(|buffer| Rc::new(buffer.values.clone())),
        })),
    })
}

/// Holds the shapes of a call's values against those that the file states.
fn as_stated(traced: &Traced, call: &Call, trace: &Trace<'_>) -> Outcome<()> {
    for name in &call.outputs {
        let stated = traced.shapes.get(name);
        let made = trace.values.get(name);
        if let (Some(stated), Some(made)) = (stated, made)
            && *stated != made.full
        {
            return Err(format!(
                "gives {:?} where the file says {stated:?}: read wrongly, so it isn't read at all",
                made.full
            ));
        }
    }
    Ok(())
}

fn refused(traced: &Traced, call: &Call, trace: &Trace<'_>, message: &str) -> Error {
    let mut met = Vec::new();
    for name in read_by(call) {
        let own = trace.values.get(name).map(|value| &value.full);
        if let Some(shape) = own.or_else(|| traced.shapes.get(name)) {
            met.push(format!("{shape:?}"));
        }
    }
    let operation = &call.operation;
    let place = if call.module.is_empty() {
        "at the top".to_owned()
    } else {
        format!("of the module {:?}", call.module)
    };
    let shapes = if met.is_empty() {
        String::new()
    } else {
        format!(", given {}", met.join(", "))
    };
    Error::Model(format!(
        "the operation {operation:?} {place}{shapes}: {message}"
    ))
}

/// The layer that gives the outputs.
fn output(traced: &Traced, b: &mut Builder<'_>, trace: &Trace<'_>) -> Outcome<usize> {
    let name = traced.outputs.first().ok_or("the network gives nothing")?;
    let value = trace.values.get(name);
    let value = value
        .ok_or_else(|| format!("the network's output {name:?} is no value that can be followed"))?;
    if !value.is_data() {
        return Err(format!(
            "the network's output {name:?} doesn't depend on its input"
        ));
    }
    b.begin("", "output");
    let value = b.dense(value)?;
    match b.place(&value)? {
        Some(place) => Ok(place),
        None => b.layer(Identity {}, &[None]),
    }
}
