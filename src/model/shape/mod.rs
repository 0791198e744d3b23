//! Shape inference: what every layer makes of an input shape, before anything is computed.
//!
//! This is where a network that doesn't fit its data or its tensors is refused, with the layer's
//! name and the shapes that met. After it, the layers may take shapes for granted. Shapes here
//! leave the batch axis out; a graph's axis numbers count it as axis 0.

pub mod arrange;
pub mod given;
pub mod window;

use crate::error::{Error, Result};
use crate::model::graph::{Graph, INPUT};
use given::Given;
use std::collections::HashMap;

/// Axes that a value may have, the batch axis left out.
const RANKS: std::ops::RangeInclusive<usize> = 1..=6;

/// Output shape of every layer (without the batch axis), in layer order.
///
/// `tensor` gives the shape of a named tensor.
///
/// # Errors
/// Names the layer, what it was given and what it needs.
pub fn infer<'a>(
    graph: &'a Graph,
    input: &[usize],
    tensor: impl Fn(&str) -> Option<&'a [usize]>,
) -> Result<Vec<Vec<usize>>> {
    bounded(input, "the input")?;
    let derived = derived(graph, &tensor)?;
    let mut shapes: Vec<Vec<usize>> = Vec::with_capacity(graph.layers.len());
    for (sources, node) in sources(graph)?.iter().zip(&graph.layers) {
        let inputs: Vec<&[usize]> = sources
            .iter()
            .map(|s| s.map_or(input, |i| shapes[i].as_slice()))
            .collect();
        // Of this layer alone, so that it may live as short as what it is given.
        let tensors = |name: &str| {
            derived
                .get(name)
                .map(Vec::as_slice)
                .or_else(|| tensor(name))
        };
        let given = Given {
            inputs: &inputs,
            tensors: &tensors,
        };
        let output = node
            .layer
            .kind()
            .shape(&given)
            .map_err(|message| Error::Model(format!("layer {:?}: {message}", node.name)))?;
        bounded(&output, &format!("layer {:?}", node.name))?;
        if !RANKS.contains(&output.len()) {
            return Err(Error::Model(format!(
                "layer {:?} makes {output:?}, but values of 1 to 6 axes (after the batch) are supported",
                node.name
            )));
        }
        shapes.push(output);
    }
    Ok(shapes)
}

/// The shapes of the tensors that are made of others.
fn derived<'a>(
    graph: &'a Graph,
    tensor: &impl Fn(&str) -> Option<&'a [usize]>,
) -> Result<HashMap<&'a str, Vec<usize>>> {
    let mut shapes = HashMap::new();
    for entry in &graph.parametrised {
        let shape = entry
            .parametrisation
            .shape(&|name| tensor(name))
            .map_err(|message| {
                Error::Model(format!("parametrised tensor {:?}: {message}", entry.name))
            })?;
        shapes.insert(entry.name.as_str(), shape);
    }
    Ok(shapes)
}

/// No network has a layer this wide; a slip in a model file easily makes one.
const MOST_VALUES: usize = 1 << 31;

fn bounded(shape: &[usize], what: &str) -> Result<()> {
    let count = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    match count {
        Some(1..=MOST_VALUES) => Ok(()),
        Some(0) => Err(Error::Model(format!(
            "{what} has the shape {shape:?}: no values at all"
        ))),
        _ => Err(Error::Model(format!(
            "{what} has the shape {shape:?}: more than {MOST_VALUES} values a sample"
        ))),
    }
}

/// For every layer the indices of the layers it reads; `None` is the data.
///
/// # Errors
/// Names an input that isn't a layer before it, or a name used twice.
pub fn sources(graph: &Graph) -> Result<Vec<Vec<Option<usize>>>> {
    let mut index_of: HashMap<&str, usize> = HashMap::new();
    let mut all = Vec::with_capacity(graph.layers.len());
    for (index, node) in graph.layers.iter().enumerate() {
        let mut sources = Vec::with_capacity(node.inputs.len().max(1));
        if node.inputs.is_empty() {
            sources.push(index.checked_sub(1));
        }
        for name in &node.inputs {
            if name == INPUT {
                sources.push(None);
            } else if let Some(&source) = index_of.get(name.as_str()) {
                sources.push(Some(source));
            } else {
                return Err(Error::Model(format!(
                    "layer {:?} reads {name:?}, which is no layer before it",
                    node.name
                )));
            }
        }
        if node.name == INPUT || index_of.insert(&node.name, index).is_some() {
            return Err(Error::Model(format!(
                "the layer name {:?} is used twice",
                node.name
            )));
        }
        all.push(sources);
    }
    if graph.layers.is_empty() {
        return Err(Error::Model("the model has no layers".into()));
    }
    Ok(all)
}
