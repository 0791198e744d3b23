//! The network of an ONNX file: its operators as PyTorch's operations.
//!
//! An operator is one line in a list ([`pointwise`], [`windows`], [`products`], [`arrange`], [`parts`]) with how it is
//! read; old versions of it are told apart where they mean something else. Exporters change networks on their way:
//! what that does to their parameters is said ([`folded`]), and what files leave open of them ([`loose`]).

mod arrange;
mod folded;
mod given;
mod known;
mod loose;
mod node;
mod parts;
mod pointwise;
mod products;
mod recurrent;
mod resize;
mod state;
mod table;
mod windows;

use super::compose::Composer;
use super::traced::Traced;
use crate::checkpoint::onnx::Model;
use crate::checkpoint::onnx::proto::{GraphProto, NodeProto};
use crate::error::{Error, Result};
use crate::store::Parsed;
use known::Known;
use node::Node;
use state::{State, Value};
use std::path::Path;
use table::{Made, Reading};

/// The lists of operators.
const OPERATORS: [&[(&str, Reading)]; 7] = [
    pointwise::OPERATORS,
    windows::OPERATORS,
    products::OPERATORS,
    recurrent::OPERATORS,
    resize::OPERATORS,
    arrange::OPERATORS,
    parts::OPERATORS,
];

/// Choices within choices.
const MOST_CHOICES: usize = 8;
/// Said of a choice that depends on data.
const CHOICE: &str = "it chooses between two graphs while it runs, and one network is read, not two; export the network with \
     `torch.export.save` instead";

/// Operators that no straight line of calls can be made of, and why.
const REFUSED: [(&str, &str); 4] = [
    (
        "Loop",
        "it repeats a graph as often as it finds out while it runs, and only a fixed number of operations is read",
    ),
    (
        "Scan",
        "it repeats a graph over a sequence, and only operations one after the other are read",
    ),
    ("NonZero", "how many values it makes depends on the data"),
    (
        "NonMaxSuppression",
        "how many values it makes depends on the data",
    ),
];

/// Versions of the standard operators that are read.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=26;

/// The network of the file at `path`; `None` where it is no ONNX file.
///
/// # Errors
/// As [`read`].
pub fn open(path: &Path, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Some(model) = Model::open(path)? else {
        return Ok(None);
    };
    let traced = read(&model, sample).map_err(|e| Error::file(path, e))?;
    Ok(Some(traced))
}

/// The operations of the file in order. `sample` is the shape of one sample, without the batch axis, where it is known;
/// the file says it itself but for axes that its exporter left open.
///
/// # Errors
/// Names the operator and what about it can't be read.
fn read(model: &Model, sample: Option<&[usize]>) -> Parsed<Traced> {
    let graph = model
        .proto
        .graph
        .as_ref()
        .ok_or("the ONNX file has no graph")?;
    let mut sets = model.proto.opset_import.iter();
    let opset = sets.find(|set| ["", "ai.onnx"].contains(&set.domain.as_str()));
    let opset = opset.map_or(1, |set| set.version);
    if !OPSETS.contains(&opset) {
        return Err(format!(
            "the ONNX file uses operators of version {opset}, expected {} to {}",
            OPSETS.start(),
            OPSETS.end()
        ));
    }
    let writer = (&model.proto.producer_name, &model.proto.producer_version);
    let source: String = format!("an ONNX file of {} {}", writer.0, writer.1)
        .chars()
        .take(100)
        .collect();
    let mut state = State::new(model, Composer::new(source.trim_end().to_owned()), opset);
    given::inputs(&mut state, model, graph, sample)?;
    operators(&mut state, graph, 0)?;
    let mut outputs = Vec::new();
    for output in &graph.output {
        let value = state.value(&output.name)?;
        outputs.push(state.tensor(&output.name, value));
    }
    if outputs.is_empty() {
        return Err("the ONNX file has no output".into());
    }
    for note in folded::notes(model, graph, &state) {
        state.composer.note(note);
    }
    let mut traced = state.composer.finish(outputs);
    traced.notes.extend(loose::note(&traced));
    Ok(traced)
}

fn operators(state: &mut State<'_>, graph: &GraphProto, depth: usize) -> Parsed<()> {
    for (number, proto) in graph.node.iter().enumerate() {
        let done = match proto.op_type.as_str() {
            "If" => choice(state, proto, depth),
            _ => operator(state, proto),
        };
        done.map_err(|e| {
            let short = |text: &str| text.chars().take(120).collect::<String>();
            let (kind, name) = (short(&proto.op_type), short(&proto.name));
            format!("the operator {number}, `{kind}` {name:?}: {e}")
        })?;
    }
    Ok(())
}

/// A choice between two graphs whose outcome is known before any data is: exporters ask so for shapes.
fn choice(state: &mut State<'_>, proto: &NodeProto, depth: usize) -> Parsed<()> {
    if depth > MOST_CHOICES {
        return Err(format!("choices in choices, more than {MOST_CHOICES}"));
    }
    let asked = Node { proto, state }.value(0)?;
    let Value::Known(Known { values, .. }) = asked else {
        return Err(CHOICE.into());
    };
    let [yes] = values[..] else {
        return Err(CHOICE.into());
    };
    let wanted = if yes == 0.0 {
        "else_branch"
    } else {
        "then_branch"
    };
    let branch = proto.attribute.iter().find(|own| own.name == wanted);
    let branch = branch.and_then(|own| own.g.as_ref());
    let branch = branch.ok_or_else(|| format!("it lacks its {wanted}"))?;
    if !branch.initializer.is_empty() {
        return Err("a graph within the graph has tensors of its own".into());
    }
    operators(state, branch, depth + 1)?;
    for (name, output) in proto.output.iter().zip(&branch.output) {
        let value = state.value(&output.name)?;
        state.set(name, value);
    }
    Ok(())
}

fn operator(state: &mut State<'_>, proto: &NodeProto) -> Parsed<()> {
    if !["", "ai.onnx"].contains(&proto.domain.as_str()) {
        return Err(format!(
            "it is of the set {:?}, and only standard operators are read",
            proto.domain.chars().take(80).collect::<String>()
        ));
    }
    // An initialiser of its own again, which was only kept under another's name.
    if let ([name], "Identity") = (&proto.output[..], proto.op_type.as_str())
        && state.is_initialiser(name)
    {
        return Ok(());
    }
    let mut node = Node { proto, state };
    let made = match known_already(&mut node)? {
        Some(known) => Made::Value(Value::Known(known)),
        None => read_one(&mut node)?,
    };
    let values = match made {
        Made::Value(value) => vec![value],
        Made::Several(names) => names.into_iter().map(Value::Tensor).collect(),
    };
    let named = proto.output.iter().filter(|name| !name.is_empty()).count();
    if named > values.len() && proto.op_type != "Dropout" && proto.op_type != "BatchNormalization" {
        return Err(format!(
            "it makes {named} values, expected at most {}",
            values.len()
        ));
    }
    for (name, value) in proto.output.iter().zip(values) {
        if !name.is_empty() {
            state.set(name, value);
        }
    }
    Ok(())
}

fn read_one(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let mut all = OPERATORS.iter().flat_map(|list| list.iter());
    let reading = all.find(|(name, _)| *name == node.proto.op_type);
    match reading.map(|(_, reading)| *reading) {
        Some(Reading::As(operation)) => {
            let x = node.tensor(0)?;
            node.call(operation, vec![node::value(&x)]).map(Made::one)
        }
        Some(Reading::Pair(operation)) => pointwise::pair(node, operation),
        Some(Reading::Chain(operation)) => pointwise::chain(node, operation),
        Some(Reading::By(own)) => own(node),
        None => {
            let mut refused = REFUSED.iter();
            let known = refused.find(|(name, _)| *name == node.proto.op_type);
            let why = known.map_or("this operator isn't read", |(_, why)| why);
            Err(format!(
                "{why}; export the network with `torch.export.save` instead"
            ))
        }
    }
}

/// The numbers that an operator makes of known ones, where it is one of those that shapes are computed by.
fn known_already(node: &mut Node<'_, '_>) -> Parsed<Option<Known>> {
    let mut read = Vec::new();
    for index in 0..node.proto.input.len() {
        if !node.has(index) {
            return Ok(None);
        }
        match node.value(index)? {
            Value::Known(known) => read.push(known),
            Value::Tensor(_) => return Ok(None),
        }
    }
    if read.is_empty() {
        return Ok(None);
    }
    let (axis, to) = (node.integer("axis", 0), table::cast_to(node));
    let order = node.integers("perm").unwrap_or_default();
    known::computed(&node.proto.op_type, &read, (axis, &order), to).transpose()
}
