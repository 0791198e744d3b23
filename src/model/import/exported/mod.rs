//! Exported programs: what `torch.export.save` writes, a `.pt2`.
//!
//! The archive holds the undecomposed graph in JSON (schema majors 2 to 8) with every operation's arguments by name, every
//! value's shape and the path of the module that called it, and the weights beside it. Of the text only what is listed
//! here is read: the traces of the exporting program, with its local paths, are skipped unread.

mod arguments;
mod extents;
mod nodes;
mod plain;
mod within;

use super::traced::{Argument, Constant, Element, Input, OPEN, Traced};
use crate::checkpoint::{Program, open_program};
use crate::error::{Error, Result};
use crate::store::Parsed;
use crate::store::container::{Container, read_one};
use crate::store::limits::Allowance;
use arguments::name_of;
use extents::Symbols;
use nodes::{Graph, outermost};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The versions of the schema that are read, PyTorch 2.2's and later. What they changed in between isn't read here, but
/// for what unions are written with.
const MAJORS: std::ops::RangeInclusive<u64> = 2..=8;
#[derive(Deserialize)]
struct File {
    graph_module: Module,
    #[serde(default)]
    schema_version: Version,
    #[serde(default)]
    torch_version: Option<String>,
}

/// PyTorch 2.2 wrote one number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Parts { major: u64 },
    Major(u64),
}

impl Default for Version {
    fn default() -> Self {
        Self::Major(0)
    }
}

impl Version {
    fn major(&self) -> u64 {
        match self {
            Self::Parts { major } | Self::Major(major) => *major,
        }
    }
}

#[derive(Deserialize)]
struct Module {
    graph: Graph,
    signature: Signature,
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
    let file: File = serde_json::from_slice(&plain::plain(&program.json))
        .map_err(|e| format!("its graph isn't the JSON of an exported program: {e}"))?;
    let major = file.schema_version.major();
    if !MAJORS.contains(&major) {
        return Err(format!(
            "its graph is of schema {major}, and {} to {} are read: export it again with PyTorch 2.6 or later",
            MAJORS.start(),
            MAJORS.end()
        ));
    }
    let graph = &file.graph_module.graph;
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
    within::calls(graph, &mut traced)?;
    given(program, &file.graph_module, &symbols, &mut traced)?;
    for spec in &file.graph_module.signature.output_specs {
        let user = spec.get("user_output").filter(|own| !own.is_null());
        let Some(user) = user else {
            if spec
                .get("buffer_mutation")
                .is_some_and(|own| !own.is_null())
            {
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
        } else if let Some(user) = spec.get("user_input").filter(|own| !own.is_null()) {
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
