//! A network's description held against a checkpoint and data, layer by layer.
//!
//! It says what fits and what doesn't instead of stopping at the first fault: shapes as far as they can be inferred, what of
//! the checkpoint no layer uses, what the weights make of some samples, and how far the statistics that these give
//! lie from those that the checkpoint keeps. Whether that is good enough is a person's to say.

use crate::checkpoint::{Kind, Listing, StateDict};
use crate::dataset::Dataset;
use crate::engine::device::{self, DeviceChoice};
use crate::engine::loss;
use crate::engine::reading::trial;
use crate::error::{Error, Result};
use crate::landscape::evaluate::Precision;
use crate::landscape::evaluate::measured::Apart;
use crate::model::graph::Graph;
use crate::model::losses::Score;
use crate::model::{Network, shape};
use std::collections::HashMap;
use std::sync::Arc;

/// Samples that a description is tried on.
const SAMPLES: usize = 300;

/// A layer of the description.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its kind, as model files have it.
    pub kind: String,
    /// The shape it gives, without the batch axis; `None` from the first fault on.
    pub shape: Option<Vec<usize>>,
    /// Names and shapes of its tensors; a shape is `None` where the checkpoint lacks the tensor.
    pub tensors: Vec<(String, Option<Vec<usize>>)>,
    /// How far the statistics of the samples lie from its own, where it keeps any.
    pub statistics: Option<Apart>,
}

/// What the weights make of some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// How many training samples.
    pub samples: usize,
    /// Mean loss in the loss's unit.
    pub loss: f64,
    /// Accuracy or R².
    pub score: f64,
    /// What the score is.
    pub kind: Score,
    /// The score of a network that has learnt nothing: the share of the commonest class, or 0.
    pub chance: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The layers in order.
    pub layers: Vec<Row>,
    /// Names, shapes and types of what no layer uses.
    pub unused: Vec<(String, Vec<usize>, String)>,
    /// What the samples gave, where the description fits and there are data.
    pub tried: Option<Tried>,
    /// The first thing that doesn't fit.
    pub fault: Option<String>,
}

/// Holds `graph` against a checkpoint and, where there are any, data.
///
/// # Errors
/// Where no device opens. What doesn't fit is no error but [`Check::fault`].
pub fn check(graph: &Graph, state: &StateDict, data: Option<&Dataset>) -> Result<Check> {
    let listed = state.list();
    let shapes: HashMap<&str, &[usize]> = listed.iter().map(|t| (t.name, t.shape)).collect();
    let (mut layers, mut fault) = rows(graph, &shapes);
    let used = graph.tensors();
    let unused = listed
        .iter()
        .filter(|t| !used.iter().any(|(name, _)| *name == t.name))
        .filter(|t| !(t.kind == Kind::Integer && t.name.ends_with("num_batches_tracked")))
        .map(|t| (t.name.to_owned(), t.shape.to_vec(), t.dtype.to_owned()))
        .collect();
    let mut found = None;
    if fault.is_none() {
        match tried(graph, state, data, &mut layers) {
            Ok(tried) => found = tried,
            Err(error @ Error::Device(_)) => return Err(error),
            Err(error) => fault = Some(error.to_string()),
        }
    }
    Ok(Check {
        layers,
        unused,
        tried: found,
        fault,
    })
}

/// The layers with their shapes, as far as these follow from each other, and the first fault.
fn rows(graph: &Graph, shapes: &HashMap<&str, &[usize]>) -> (Vec<Row>, Option<String>) {
    let infer = |count: usize| {
        let mut part = graph.clone();
        part.layers.truncate(count);
        // A tensor made for a later layer is no fault of these.
        part.parametrised.retain(|made| {
            let tensors = part
                .layers
                .iter()
                .flat_map(|node| node.layer.kind().tensors());
            tensors.into_iter().any(|(name, _)| name == made.name)
        });
        shape::infer(&part, &graph.input, |name| shapes.get(name).copied())
    };
    let whole = infer(graph.layers.len());
    let fault = whole.as_ref().err().map(ToString::to_string);
    // The longest beginning that fits: beginnings of what fits fit too.
    let (mut fits, mut beyond) = (0, graph.layers.len());
    let mut found = whole.unwrap_or_default();
    while found.len() < graph.layers.len() && fits + 1 < beyond {
        let middle = usize::midpoint(fits, beyond);
        match infer(middle) {
            Ok(shapes) => (fits, found) = (middle, shapes),
            Err(_) => beyond = middle,
        }
    }
    let rows = graph.layers.iter().enumerate().map(|(i, node)| {
        let tensors = node.layer.kind().tensors().into_iter();
        let shape_of = |name: &str| {
            let made = graph.parametrised.iter().any(|p| p.name == name);
            let stored = shapes.get(name).map(|shape| shape.to_vec());
            stored.or_else(|| made.then(Vec::new))
        };
        Row {
            name: node.name.clone(),
            kind: node.layer.name(),
            shape: found.get(i).cloned(),
            tensors: tensors
                .map(|(name, _)| (name.to_owned(), shape_of(name)))
                .collect(),
            statistics: None,
        }
    });
    (rows.collect(), fault)
}

/// Loss, score and statistics on the first samples; `None` without data.
fn tried(
    graph: &Graph,
    state: &StateDict,
    data: Option<&Dataset>,
    layers: &mut [Row],
) -> Result<Option<Tried>> {
    let network = Network::new(graph.clone(), state)?;
    let Some(data) = data else {
        return Ok(None);
    };
    // A described loss is meant.
    let (network, _) = loss::settled(network, true, Some(data))?;
    let network = Arc::new(network);
    let samples = Arc::new(data.train.subset(SAMPLES.min(data.train.len()), 0));
    let device = device::open(DeviceChoice::Flex, Precision::F32)?.device;
    let (metrics, statistics) =
        trial::tried(&network, state, &samples, data.classes, &device, true)?;
    for measured in statistics {
        let own = |row: &&mut Row| row.tensors.iter().any(|(name, _)| *name == measured.name);
        if let Some(row) = layers.iter_mut().find(own) {
            row.statistics = Some(measured.apart());
        }
    }
    let loss = &network.graph().loss;
    Ok(Some(Tried {
        samples: samples.len(),
        loss: metrics.loss,
        score: metrics.score,
        kind: loss.score(),
        chance: trial::chance(&samples.targets, loss),
    }))
}
