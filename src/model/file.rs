//! `model.toml`: a network's graph in readable, editable form.
//!
//! Reading is strict, for a misspelt field that is silently ignored would change the network:
//! unknown fields, unknown kinds, repeated names and inputs from nowhere are errors with their
//! line. Whether the layers' shapes fit each other is not checked here but where tensors are known.

use super::graph::{Graph, INPUT, Loss, Node};
use super::parametrised::Parametrised;
use crate::error::{Error, Result};
use crate::store::files;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use toml::{Spanned, Table, Value};

/// Reads the graph in the file at `path`.
///
/// # Errors
/// Names the line, the layer and the field at fault.
pub fn read(path: impl AsRef<Path>) -> Result<Graph> {
    let path = path.as_ref();
    let text = files::read_text(path, "read the model")?;
    parse(&text, path)
}

/// Reads a graph from the text of a file; `path` is for errors only.
///
/// # Errors
/// As for [`read`].
pub fn parse(text: &str, path: &Path) -> Result<Graph> {
    let complain = |at: Option<Range<usize>>, message: String| {
        Error::file(path, format!("{}{message}", line(text, at)))
    };
    let file: File =
        toml::from_str(text).map_err(|e| complain(e.span(), e.message().to_owned()))?;
    let span = file.loss.span();
    let loss: Loss = convert(file.loss.into_inner())
        .map_err(|e| complain(Some(span), format!("[loss]: {e}")))?;
    let mut layers = Vec::with_capacity(file.layer.len());
    for (number, table) in (1..).zip(file.layer) {
        let (span, table) = (table.span(), table.into_inner());
        let name = match table.get("name").and_then(Value::as_str) {
            Some(name) => format!("layer {name:?}"),
            None => format!("layer {number}"),
        };
        let node: Node =
            convert(table).map_err(|e| complain(Some(span.clone()), format!("{name}: {e}")))?;
        layers.push((node, span));
    }
    let mut parametrised = Vec::with_capacity(file.parametrised.len());
    for (number, table) in (1..).zip(file.parametrised) {
        let (span, table) = (table.span(), table.into_inner());
        let entry: Parametrised = convert(table)
            .map_err(|e| complain(Some(span), format!("parametrised tensor {number}: {e}")))?;
        parametrised.push(entry);
    }
    check_names(&layers).map_err(|(span, message)| complain(Some(span), message))?;
    if layers.is_empty() {
        return Err(complain(None, "expected at least one [[layer]]".to_owned()));
    }
    let layers = layers.into_iter().map(|(node, _)| node).collect();
    Ok(Graph {
        name: file.name,
        input: file.input,
        loss,
        layers,
        parametrised,
    })
}

/// The graph as the text of a file, with the assumptions as comments.
///
/// An extent beyond what TOML can hold (2⁶³) becomes a comment that says so.
pub fn write(graph: &Graph, assumptions: &[String]) -> String {
    let mut text = HEAD.to_owned();
    if !assumptions.is_empty() {
        text.push_str("#\n# Assumed, for the tensors don't tell; edit what is wrong:\n");
        for assumption in assumptions {
            // A comment may hold no control characters.
            let words: Vec<&str> = assumption.split(|c: char| c.is_control()).collect();
            text.push_str(&format!("# - {}\n", words.join(" ")));
        }
    }
    text.push('\n');
    match toml::to_string(graph) {
        Ok(body) => text.push_str(&to_complete(&body, graph)),
        Err(e) => text.push_str(&format!(
            "# The network can't be written: {}\n",
            e.to_string().replace('\n', " ")
        )),
    }
    text
}

/// What is missing in a draft can be written into it: an empty list in its place would forbid that.
fn to_complete(body: &str, graph: &Graph) -> String {
    let mut body = body.to_owned();
    if graph.input.is_empty() {
        let line = "# input = [64]      # the shape of one sample isn't known: write it here\n";
        body = body.replacen("input = []\n", line, 1);
    }
    if graph.layers.is_empty() {
        body = body.replacen("layer = []\n", "", 1);
        body.push_str(
            "\n# [[layer]]         # no layer is known: write them here, the first one as\n\
             # name = \"first\"\n# kind = \"linear\"\n# weight = \"NAME\"\n# bias = \"NAME\"\n",
        );
    }
    body
}

const HEAD: &str = "\
# A network for Losscope: use it with --model and the name of this file.
#
# input: the shape of one sample, without the batch axis.
# loss: cross-entropy (label_smoothing, weights, ignore, axis), binary-cross-entropy (positive_from:
# the smallest positive label), mean-squared-error, mean-absolute-error, huber (delta) or smooth-l1
# (beta), the last four with target = \"input\" for an autoencoder.
# [[layer]]: the layers in order. Each reads the one before it, or those named in
# inputs = [\"…\"]; \"input\" is the data. The last layer is the output. Weights and biases are
# names of tensors in the checkpoint; axes count from 0 at the batch axis. Every kind of layer with
# its fields: losscope inspect --layers; one of them: losscope inspect --layers conv.
# Against data: losscope inspect --check THIS_FILE CHECKPOINT --data DATA.
# [[parametrised]]: tensors computed from those of the checkpoint (weight-norm, spectral-norm),
# which layers may name.
";

/// The file with its layers not yet looked into, so that every complaint can have its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    input: Vec<usize>,
    loss: Spanned<Table>,
    #[serde(default)]
    layer: Vec<Spanned<Table>>,
    #[serde(default)]
    parametrised: Vec<Spanned<Table>>,
}

/// Makes a `T` of a table, all of whose keys must mean something to it. `T` can't refuse unknown
/// keys by itself because serde can't for flattened enums, so it is written again and compared.
fn convert<T: for<'de> Deserialize<'de> + Serialize>(table: Table) -> Result<T, String> {
    // An empty list means the same as none and isn't written.
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let given = table.iter().filter(|(_, value)| !is_empty(value));
    let mut keys: Vec<String> = given.map(|(key, _)| key.clone()).collect();
    let kind = table
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let value: T = Value::Table(table)
        .try_into()
        .map_err(|e: toml::de::Error| e.message().to_owned())?;
    let known = Table::try_from(&value).map_err(|e| e.to_string())?;
    keys.retain(|key| !known.contains_key(key));
    match keys.first() {
        None => Ok(value),
        Some(key) => {
            let known: Vec<&str> = known.keys().map(String::as_str).collect();
            Err(format!(
                "unknown field {key:?} for kind {kind:?}, which here has {}",
                known.join(", ")
            ))
        }
    }
}

fn check_names(layers: &[(Node, Range<usize>)]) -> Result<(), (Range<usize>, String)> {
    let mut before: HashSet<&str> = HashSet::from([INPUT]);
    for (node, span) in layers {
        let fail = |message: String| Err((span.clone(), message));
        if let Some(input) = node.inputs.iter().find(|&i| !before.contains(i.as_str())) {
            let later = layers.iter().any(|(other, _)| other.name == *input);
            let what = if later {
                "comes later or is the layer itself"
            } else {
                "doesn't exist"
            };
            return fail(format!(
                "layer {:?} reads {input:?}, which {what}: expected \"input\" or a layer before it",
                node.name
            ));
        }
        if node.name.is_empty() || node.name == INPUT {
            return fail(format!(
                "a layer is called {:?}: expected another name",
                node.name
            ));
        }
        if !before.insert(&node.name) {
            return fail(format!(
                "two layers are called {:?}: names must differ",
                node.name
            ));
        }
    }
    Ok(())
}

/// "line 12: ", or nothing where the place is unknown.
fn line(text: &str, at: Option<Range<usize>>) -> String {
    let lines = at
        .and_then(|span| text.as_bytes().get(..span.start))
        .map(|b| b.split(|&c| c == b'\n').count());
    lines.map_or_else(String::new, |n| format!("line {n}: "))
}
