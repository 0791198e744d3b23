//! The nodes of an exported program's graph, as its JSON has them, and the calls that they are.

use super::arguments::{argument, names_of};
use super::extents::Size;
use crate::model::import::traced::Call;
use crate::store::Parsed;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// What stands for the modules of a call that PyTorch has added itself.
const NO_STACK: &str = "_empty_nn_module_stack";

/// A graph of operations.
#[derive(Deserialize)]
pub struct Graph {
    /// The operations in order.
    pub nodes: Vec<Node>,
    /// What is known of values.
    pub tensor_values: HashMap<String, Tensor>,
    /// What it is given.
    #[serde(default)]
    pub inputs: Vec<Value>,
    /// What it gives.
    #[serde(default)]
    pub outputs: Vec<Value>,
}

/// A call of an operation.
#[derive(Deserialize)]
pub struct Node {
    /// The operation with its namespace.
    pub target: String,
    /// Its arguments.
    pub inputs: Vec<Named>,
    /// What it makes.
    pub outputs: Vec<Value>,
    #[serde(default)]
    metadata: Metadata,
}

/// An argument of a call.
#[derive(Deserialize)]
pub struct Named {
    #[serde(default)]
    name: String,
    /// The argument.
    pub arg: Value,
    #[serde(default)]
    kind: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    nn_module_stack: Option<String>,
}

/// What is known of a value.
#[derive(Deserialize)]
pub struct Tensor {
    /// The number of its type.
    pub dtype: u64,
    /// Its extents.
    pub sizes: Vec<Size>,
}

/// The class of the outermost module.
pub fn outermost(node: &Node) -> Option<String> {
    let stack = node.metadata.nn_module_stack.as_deref()?;
    if stack.starts_with(NO_STACK) {
        return None;
    }
    let class = stack.split(';').next()?.rsplit(',').next()?;
    let class = class.rsplit('.').next()?;
    let plain = !class.is_empty() && class.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then(|| class.chars().take(80).collect())
}

/// The path of the innermost module of a stack: `key,path,class` with semicolons between. PyTorch up to 2.4 wrote paths
/// as Python does: `L['self'].layer1[0].conv1`.
fn path(stack: &str) -> String {
    if stack.starts_with(NO_STACK) {
        return String::new();
    }
    let innermost = stack.rsplit(';').next().unwrap_or_default();
    let path = innermost.split(',').nth(1).unwrap_or_default();
    // A module that is called again has a number.
    let path = path.split('@').next().unwrap_or_default();
    let path = match path.strip_prefix("L['") {
        Some(rest) => {
            let inside = rest.split_once("']").map_or("", |(_, inside)| inside);
            let inside = inside.trim_start_matches('.');
            &inside.replace(['[', '\''], ".").replace(']', "")
        }
        None => path,
    };
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

/// The call that a node is.
///
/// # Errors
/// Names the operation and what it is given that isn't read.
pub fn call(node: &Node) -> Parsed<Call> {
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
