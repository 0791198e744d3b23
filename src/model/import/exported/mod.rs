//! Exported programs: what `torch.export.save` writes, a `.pt2`.
//!
//! The archive holds the undecomposed graph in JSON (schema major 8) with every operation's arguments by name, every
//! value's shape and the path of the module that called it, and the weights beside it. Of the text only what is listed
//! here is read: the traces of the exporting program, with its local paths, are skipped unread.

mod arguments;
mod extents;

use super::traced::{Argument, Call, Constant, Element, Input, OPEN, Traced};
use crate::checkpoint::{Program, open_program};
use crate::error::{Error, Result};
use crate::store::Parsed;
use crate::store::container::{Container, read_one};
use crate::store::limits::Allowance;
use arguments::{argument, name_of, names_of};
use extents::{Size, Symbols};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The version of the schema that is read.
const MAJOR: u64 = 8;
/// No network calls more operations.
const MOST_CALLS: usize = 1 << 18;

/// What stands for the modules of a call that PyTorch has added itself.
const NO_STACK: &str = "_empty_nn_module_stack";

#[derive(Deserialize)]
struct File {
    graph_module: Module,
    #[serde(default)]
    schema_version: Version,
    #[serde(default)]
    torch_version: Option<String>,
}

#[derive(Deserialize, Default)]
struct Version {
    major: u64,
}

#[derive(Deserialize)]
struct Module {
    graph: Graph,
    signature: Signature,
}

#[derive(Deserialize)]
struct Graph {
    nodes: Vec<Node>,
    tensor_values: HashMap<String, Tensor>,
}

#[derive(Deserialize)]
struct Node {
    target: String,
    inputs: Vec<Named>,
    outputs: Vec<Value>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
    arg: Value,
    #[serde(default)]
    kind: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    nn_module_stack: Option<String>,
}

#[derive(Deserialize)]
struct Tensor {
    dtype: u64,
    sizes: Vec<Size>,
}

#[derive(Deserialize)]
struct Signature {
    input_specs: Vec<Value>,
    output_specs: Vec<Value>,
}

/// The program in the file at `path`, if it is an exported one. `sample` is the shape of one sample, without the batch
/// axis, where it is known: extents that the exporter left open are read so.
///
/// # Errors
/// Names what in the file is damaged, missing or of another version.
pub fn read(path: &Path, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Some(program) = open_program(path)? else {
        return Ok(None);
    };
    let traced = traced(&program, sample).map_err(|message| Error::file(path, message))?;
    Ok(Some(traced))
}

fn traced(program: &Program, sample: Option<&[usize]>) -> Parsed<Traced> {
    let file: File = serde_json::from_slice(&program.json)
        .map_err(|e| format!("its graph isn't the JSON of an exported program: {e}"))?;
    if file.schema_version.major != MAJOR {
        return Err(format!(
            "its graph is of schema {}, and {MAJOR} is read: export it again with PyTorch 2.6 or later",
            file.schema_version.major
        ));
    }
    let graph = &file.graph_module.graph;
    if graph.nodes.len() > MOST_CALLS {
        return Err(format!(
            "its graph calls {} operations, more than {MOST_CALLS}",
            graph.nodes.len()
        ));
    }
    let version = file.torch_version.as_deref().and_then(version);
    let mut traced = Traced {
        name: graph.nodes.iter().find_map(outermost).unwrap_or_default(),
        source: match version {
            Some(version) => format!("an exported program of PyTorch {version}"),
            None => "an exported program of PyTorch".into(),
        },
        ..Traced::default()
    };
    let first = file.graph_module.signature.input_specs.iter();
    let mut first = first.filter_map(|spec| name_of(spec.get("user_input")?.get("arg")?));
    let first = first.find_map(|name| graph.tensor_values.get(&name));
    let (symbols, notes) = Symbols::of(first.map_or(&[], |input| &input.sizes), sample);
    traced.notes = notes;
    for (name, tensor) in &graph.tensor_values {
        let shape = tensor.sizes.iter().map(|size| symbols.extent(size));
        if let Some(shape) = shape.collect() {
            traced.shapes.insert(name.clone(), shape);
        }
    }
    for node in &graph.nodes {
        traced.calls.push(call(node)?);
    }
    given(program, &file.graph_module, &symbols, &mut traced)?;
    for spec in &file.graph_module.signature.output_specs {
        let Some(user) = spec.get("user_output") else {
            if spec.get("buffer_mutation").is_some() {
                traced.notes.push(
                    "The program changes buffers as it runs, which evaluation doesn't.".into(),
                );
            }
            continue;
        };
        // What is no tensor, as the tuple of a cache's lengths, is no output of the network.
        traced.outputs.extend(user.get("arg").and_then(name_of));
    }
    Ok(traced)
}

/// A version number without what comes after it.
fn version(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').take(2).collect();
    let number = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    (parts.len() == 2 && parts.iter().all(number)).then(|| parts.join("."))
}

/// The class of the outermost module.
fn outermost(node: &Node) -> Option<String> {
    let stack = node.metadata.nn_module_stack.as_deref()?;
    if stack.starts_with(NO_STACK) {
        return None;
    }
    let class = stack.split(';').next()?.rsplit(',').next()?;
    let class = class.rsplit('.').next()?;
    let plain = !class.is_empty() && class.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then(|| class.chars().take(80).collect())
}

/// The path of the innermost module of a stack: `key,path,class` with semicolons between.
fn path(stack: &str) -> String {
    if stack.starts_with(NO_STACK) {
        return String::new();
    }
    let innermost = stack.rsplit(';').next().unwrap_or_default();
    let path = innermost.split(',').nth(1).unwrap_or_default();
    // A module that is called again has a number.
    let path = path.split('@').next().unwrap_or_default();
    path.chars().filter(|c| !c.is_control()).take(400).collect()
}

/// The name of an operation: without namespace and overload.
fn operation(target: &str) -> String {
    if let Some(python) = target.strip_prefix("_operator.") {
        return python.trim_end_matches('_').to_owned();
    }
    let own = target.strip_prefix("torch.ops.aten.");
    match own {
        Some(own) => own.split('.').next().unwrap_or_default().to_owned(),
        None => target.strip_prefix("torch.").unwrap_or(target).to_owned(),
    }
}

fn call(node: &Node) -> Parsed<Call> {
    let operation = operation(&node.target);
    let fault = |message: String| format!("the operation {operation:?}: {message}");
    let (mut positional, mut named) = (Vec::new(), Vec::new());
    for input in &node.inputs {
        let given = argument(&input.arg, 0).map_err(fault)?;
        // 1: by place, 2: by name; older files don't say.
        if input.kind == Some(1) || input.name.is_empty() {
            positional.push(given);
        } else {
            named.push((input.name.clone(), given));
        }
    }
    let mut outputs = Vec::new();
    for output in &node.outputs {
        names_of(output, &mut outputs);
    }
    Ok(Call {
        operation,
        positional,
        named,
        outputs,
        module: node
            .metadata
            .nn_module_stack
            .as_deref()
            .map(path)
            .unwrap_or_default(),
    })
}

fn element(code: u64) -> Option<Element> {
    Some(match code {
        1..=5 | 28..=31 => Element::Integer,
        6..=8 | 13 => Element::Float,
        12 => Element::Bool,
        _ => return None,
    })
}

/// What the program is given: tensors of the checkpoint, fixed ones, and the caller's inputs.
fn given(program: &Program, module: &Module, symbols: &Symbols, traced: &mut Traced) -> Parsed<()> {
    let mut allowance = Allowance::for_file(program.length);
    let statistics = statistics(traced);
    let values = &module.graph.tensor_values;
    let element_of = |value: &String| {
        let known = values.get(value).and_then(|tensor| element(tensor.dtype));
        known.unwrap_or(Element::Float)
    };
    let mut first: HashMap<String, String> = HashMap::new();
    for spec in &module.signature.input_specs {
        let text = |kind: &str, field: &str| -> Option<(String, String)> {
            let spec = spec.get(kind)?;
            let name = spec.get("arg")?.get("name")?.as_str()?;
            Some((name.to_owned(), spec.get(field)?.as_str()?.to_owned()))
        };
        if let Some((value, name)) = text("parameter", "parameter_name") {
            // One tensor under several names is one parameter, under the first.
            let place = program.places.get(&name).cloned();
            let first = place.map(|place| first.entry(place).or_insert_with(|| name.clone()));
            let own = first.map_or_else(|| name.clone(), |first| first.clone());
            if own != name {
                traced
                    .notes
                    .push(format!("{own:?} and {name:?} are one tensor."));
            }
            traced.stored.insert(value, own);
        } else if let Some((value, name)) = text("buffer", "buffer_name") {
            let kept = listed(&program.weights, &name).is_some();
            if kept {
                traced.stored.insert(value.clone(), name.clone());
            }
            if !statistics.contains(&value) {
                let from = if kept {
                    Some(&program.weights)
                } else {
                    program.constants.as_ref()
                };
                if let Some(constant) = constant(from, &name, element_of(&value), &mut allowance)? {
                    traced.constants.insert(value, constant);
                }
            }
        } else if let Some((value, name)) = text("tensor_constant", "tensor_constant_name") {
            let (from, element) = (program.constants.as_ref(), element_of(&value));
            if let Some(constant) = constant(from, &name, element, &mut allowance)? {
                traced.constants.insert(value, constant);
            }
        } else if let Some(user) = spec.get("user_input") {
            let Some(name) = user.get("arg").and_then(name_of) else {
                continue;
            };
            let Some(tensor) = values.get(&name) else {
                return Err(format!("the input {name:?} is no tensor"));
            };
            let sizes = tensor.sizes.iter();
            let shape: Vec<Option<usize>> = sizes.map(|size| symbols.extent(size)).collect();
            let element = element(tensor.dtype)
                .ok_or_else(|| format!("the input {name:?} has an unknown type"))?;
            traced.inputs.push(Input {
                name,
                // The first axis counts samples: the example's, or an open number.
                shape: shape.iter().map(|n| n.filter(|n| *n != OPEN)).collect(),
                element,
            });
        }
    }
    Ok(())
}

/// Buffers that are running statistics: no layer needs to know their numbers.
fn statistics(traced: &Traced) -> HashSet<String> {
    let mut found = HashSet::new();
    for call in &traced.calls {
        if ["batch_norm", "instance_norm", "batch_norm_"].contains(&call.operation.as_str()) {
            for argument in call.positional.iter().skip(3).take(2) {
                if let Argument::Value(name) = argument {
                    found.insert(name.clone());
                }
            }
        }
    }
    found
}

fn listed(container: &Container, name: &str) -> Option<usize> {
    container
        .entries
        .iter()
        .position(|entry| entry.name == name)
}

/// The numbers of a fixed tensor; `None` where the file doesn't have them, of which whoever needs them complains.
fn constant(
    container: Option<&Container>,
    name: &str,
    element: Element,
    allowance: &mut Allowance,
) -> Parsed<Option<Constant>> {
    let Some((container, index)) = container.and_then(|c| Some((c, listed(c, name)?))) else {
        return Ok(None);
    };
    let entry = &container.entries[index];
    if !entry.is_readable() {
        return Ok(None);
    }
    let array = read_one(&*container.arrays, index, entry, allowance)?;
    // Numbers become doubles.
    allowance.take(8 * array.len() as u64)?;
    Ok(Some(Constant {
        shape: array.shape().to_vec(),
        element,
        values: array.to_f64(),
    }))
}
