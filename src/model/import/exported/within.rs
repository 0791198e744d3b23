//! Graphs within a graph: what runs once, in a mode of PyTorch's, is written out where it is called.
//!
//! `torch.autocast(…, enabled=False)` and `torch.no_grad()` in a `forward` become such calls. What chooses between
//! graphs or repeats one isn't read.

use super::arguments::{argument, name_of, names_of};
use super::nodes::{Graph, Node, call};
use crate::model::import::traced::{Argument, Call, Traced};
use crate::store::Parsed;
use std::collections::HashMap;

/// No network calls more operations.
const MOST_CALLS: usize = 1 << 18;
/// Graphs in graphs, no deeper than anybody writes them.
const DEEPEST: usize = 8;

/// What runs a graph once.
const ONCE: [&str; 2] = ["wrap_with_autocast", "wrap_with_set_grad_enabled"];

/// Said where numbers would be rounded on the way.
const ROUNDED: &str =
    "Part of it computes with fewer digits under autocast; here it is computed with all.";

/// What the names of a graph stand for outside of it.
struct Names {
    /// Put before those of its own values.
    start: String,
    /// What it is given.
    given: HashMap<String, Argument>,
}

impl Names {
    fn value(&self, name: &str) -> Argument {
        match self.given.get(name) {
            Some(given) => given.clone(),
            None => Argument::Value(self.own(name)),
        }
    }

    /// A place that gives nothing has no name.
    fn own(&self, name: &str) -> String {
        match name {
            "" => String::new(),
            name => format!("{}{name}", self.start),
        }
    }

    fn argument(&self, argument: Argument) -> Argument {
        match argument {
            Argument::Value(name) => self.value(&name),
            Argument::List(all) => {
                Argument::List(all.into_iter().map(|one| self.argument(one)).collect())
            }
            other => other,
        }
    }
}

/// Writes the calls of a graph down, those of the graphs within among them.
///
/// # Errors
/// Names the operation that can't be read.
pub fn calls(graph: &Graph, traced: &mut Traced) -> Parsed<()> {
    let names = Names {
        start: String::new(),
        given: HashMap::new(),
    };
    inside(graph, &names, 0, traced)
}

fn inside(graph: &Graph, names: &Names, depth: usize, traced: &mut Traced) -> Parsed<()> {
    for node in &graph.nodes {
        if traced.calls.len() >= MOST_CALLS {
            return Err(format!("its graph calls more than {MOST_CALLS} operations"));
        }
        if once(node) && depth < DEEPEST {
            written_out(node, names, depth, traced)?;
            continue;
        }
        let mut call = call(node)?;
        for argument in &mut call.positional {
            *argument = names.argument(argument.clone());
        }
        for (_, argument) in &mut call.named {
            *argument = names.argument(argument.clone());
        }
        for name in &mut call.outputs {
            *name = names.own(name);
        }
        traced.calls.push(call);
    }
    Ok(())
}

fn once(node: &Node) -> bool {
    let operation = node.target.rsplit('.').next().unwrap_or_default();
    node.target.contains("higher_order") && ONCE.contains(&operation)
}

/// The calls of the graph that a node runs, with what it is given and what it gives under their names outside.
fn written_out(node: &Node, names: &Names, depth: usize, traced: &mut Traced) -> Parsed<()> {
    let fault = |what: &str| format!("the operation {:?}: {what}", node.target);
    let mut graphs = node.inputs.iter().map(|input| input.arg.get("as_graph"));
    let at = graphs.position(|own| own.is_some_and(|own| !own.is_null()));
    let at = at.ok_or_else(|| fault("it has no graph"))?;
    let inner = node.inputs[at].arg.pointer("/as_graph/graph").cloned();
    let inner: Graph = serde_json::from_value(inner.unwrap_or_default())
        .map_err(|e| fault(&format!("its graph isn't one: {e}")))?;
    // Whether autocast is on stands third, before the graph.
    let enabled = node
        .inputs
        .get(2)
        .filter(|_| node.target.ends_with("autocast"));
    let enabled = enabled.and_then(|input| input.arg.get("as_bool")?.as_bool());
    if enabled == Some(true) && !traced.notes.iter().any(|note| note == ROUNDED) {
        traced.notes.push(ROUNDED.into());
    }
    let operands = &node.inputs[at + 1..];
    if operands.len() != inner.inputs.len() {
        return Err(fault(&format!(
            "its graph reads {} values and is given {}",
            inner.inputs.len(),
            operands.len()
        )));
    }
    let mut given = HashMap::new();
    for (own, operand) in inner.inputs.iter().zip(operands) {
        let own = name_of(own).ok_or_else(|| fault("its graph reads what is no value"))?;
        given.insert(own, names.argument(argument(&operand.arg, 0)?));
    }
    let own = Names {
        start: format!("{}{}.", names.start, traced.calls.len()),
        given,
    };
    inside(&inner, &own, depth + 1, traced)?;
    let (mut made, mut wanted) = (Vec::new(), Vec::new());
    for output in &inner.outputs {
        names_of(output, &mut made);
    }
    for output in &node.outputs {
        names_of(output, &mut wanted);
    }
    if made.len() != wanted.len() {
        return Err(fault("its graph gives another number of values"));
    }
    for (made, wanted) in made.iter().zip(&wanted) {
        traced.calls.push(Call {
            operation: "alias".into(),
            positional: vec![own.value(made)],
            named: Vec::new(),
            outputs: vec![names.own(wanted)],
            module: String::new(),
        });
    }
    Ok(())
}
