//! Networks: a graph of layers over burn tensors.
//!
//! A [`Network`] is a [`graph::Graph`] whose shapes have been checked against a checkpoint's tensors;
//! [`params::Params`] is a point of its parameter space; [`forward::run`] computes the outputs for
//! one set of [`weights::Weights`] on a device. This floor knows nothing of slices, of files or of
//! what a loss landscape is.

pub mod burn_layers;
pub mod derive;
pub mod family;
pub mod file;
pub mod forward;
pub mod graph;
pub mod layers;
pub mod loss;
pub mod lower;
pub mod parametrised;
pub mod params;
pub mod primitive;
pub mod program;
pub mod reverse;
pub mod role;
pub mod run;
pub mod shape;
pub mod simplify;
mod spare;
pub mod tangent;
pub mod value;
pub mod weights;

use crate::checkpoint::{self, Kind, Listing, StateDict};
use crate::error::{Error, Result};
use graph::{Graph, Loss};
use params::{Layout, Params, TensorSpec};
use std::collections::HashMap;
use std::sync::Arc;

/// A graph whose tensors have known names and shapes that fit together.
#[derive(Debug, Clone)]
pub struct Network {
    graph: Graph,
    layout: Layout,
    sources: Vec<Vec<Option<usize>>>,
    shapes: Vec<Vec<usize>>,
    /// What of the checkpoint it was made from it doesn't use.
    spare: Vec<spare::Spare>,
}

impl Network {
    /// Checks `graph` against the shapes of `state`, read or only listed, and fixes the order of the tensors: the
    /// graph's, in which PyTorch usually numbers parameters too.
    ///
    /// # Errors
    /// Names the layer and the shapes that don't fit, or the tensors that the checkpoint lacks.
    pub fn new(graph: Graph, state: &dyn Listing) -> Result<Self> {
        let listed = state.list();
        graph.check_roles().map_err(Error::Model)?;
        let tensors = graph.tensors();
        let needed = |name: &str| tensors.iter().any(|(needed, _)| *needed == name);
        let mut unreadable = listed.iter().filter(|t| t.kind == Kind::Unreadable);
        if let Some(tensor) = unreadable.find(|t| needed(t.name)) {
            return Err(unusable(state, tensor.name, tensor.dtype));
        }
        let shapes_by_name: HashMap<&str, &[usize]> =
            listed.iter().map(|t| (t.name, t.shape)).collect();
        let missing: Vec<String> = graph
            .tensors()
            .iter()
            .filter(|(name, _)| !shapes_by_name.contains_key(name))
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "the model {:?} needs {}, which the checkpoint lacks",
                graph.name,
                first_few(&missing)
            );
            return Err(Error::file(&state.source().path, message));
        }
        shadowed(&graph, state, &shapes_by_name)?;
        let sources = shape::sources(&graph)?;
        let shapes = shape::infer(&graph, &graph.input, |name| {
            shapes_by_name.get(name).copied()
        })?;
        // The graph's order, not the file's: formats sort names in their own ways, and a seed must
        // give the same direction whichever file a network came from.
        let layout: Layout = graph
            .tensors()
            .iter()
            .filter_map(|(name, role)| {
                Some(TensorSpec {
                    name: (*name).to_owned(),
                    shape: shapes_by_name.get(name)?.to_vec(),
                    role: *role,
                })
            })
            .collect();
        let spare = spare::unused(&layout, state);
        let network = Self {
            graph,
            layout,
            sources,
            shapes,
            spare,
        };
        network.check_loss()?;
        Ok(network)
    }

    fn check_loss(&self) -> Result<()> {
        let output = self.shapes.last().map_or(&[][..], Vec::as_slice);
        match (self.graph.loss, output) {
            (Loss::CrossEntropy, &[outputs]) if outputs >= 2 => Ok(()),
            (Loss::BinaryCrossEntropy { .. }, [1]) => Ok(()),
            (Loss::CrossEntropy, _) => Err(Error::Model(format!(
                "the model {:?} ends in {output:?}, but cross-entropy needs one axis of two or more outputs",
                self.graph.name
            ))),
            (Loss::BinaryCrossEntropy { .. }, _) => Err(Error::Model(format!(
                "the model {:?} ends in {output:?}, but binary cross-entropy needs exactly one output",
                self.graph.name
            ))),
        }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Names, shapes and roles of all tensors, in the graph's order.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of outputs: classes, or 1 for a binary network.
    pub fn outputs(&self) -> usize {
        self.shapes
            .last()
            .and_then(|s| s.first())
            .copied()
            .unwrap_or(0)
    }

    /// Whether any layer keeps running statistics.
    pub fn has_statistics(&self) -> bool {
        self.layout.iter().any(|spec| spec.role.is_statistic())
    }

    /// Values of all layers' outputs for one sample: what backpropagation keeps.
    pub fn outputs_per_sample(&self) -> usize {
        self.shapes
            .iter()
            .map(|shape| shape.iter().product::<usize>())
            .sum()
    }

    /// Positions of the largest output of any layer, its channels (the first axis) left out.
    pub fn largest_map(&self) -> usize {
        let positions = |shape: &Vec<usize>| shape.iter().skip(1).product::<usize>();
        self.shapes.iter().map(positions).max().unwrap_or(1).max(1)
    }

    /// Values alive at once while one sample passes through, at most: the two largest neighbours
    /// and the workspace of an unfolded convolution.
    pub fn values_per_sample(&self) -> usize {
        let shape_of: HashMap<&str, &[usize]> = self
            .layout
            .iter()
            .map(|spec| (spec.name.as_str(), spec.shape.as_slice()))
            .collect();
        let mut most = 0;
        for (i, node) in self.graph.layers.iter().enumerate() {
            let output: usize = self.shapes[i].iter().product();
            let inputs: usize = self.sources[i]
                .iter()
                .map(|s| {
                    s.map_or(self.graph.input.iter().product::<usize>(), |s| {
                        self.shapes[s].iter().product()
                    })
                })
                .sum();
            let workspace = match &node.layer {
                graph::Layer::Conv(layers::Conv { weight, .. }) => {
                    let taps: usize = shape_of
                        .get(weight.as_str())
                        .map_or(0, |s| s.iter().skip(1).product());
                    taps * self.shapes[i].iter().skip(1).product::<usize>()
                }
                _ => 0,
            };
            // One more output: a residual branch is kept while its block is computed.
            most = most.max(inputs + 2 * output + workspace);
        }
        most.max(1)
    }

    /// Holds the tensors of `state`, read or only listed, against the network's; gives what a reader
    /// should know.
    ///
    /// # Errors
    /// Names a tensor that is missing, has another shape (with both shapes), or a type that isn't read, or
    /// weights that belong to another network: a tensor that neither this network nor the checkpoint it was
    /// made from has.
    pub fn check(&self, state: &dyn Listing) -> Result<Vec<String>> {
        let listed = state.list();
        let found: HashMap<&str, _> = listed.iter().map(|tensor| (tensor.name, tensor)).collect();
        let path = &state.source().path;
        for spec in self.layout.iter() {
            let Some(tensor) = found.get(spec.name.as_str()) else {
                let message = format!(
                    "no tensor {:?} of shape {:?}, which the model {:?} needs",
                    spec.name, spec.shape, self.graph.name
                );
                return Err(Error::file(path, message));
            };
            if tensor.kind == Kind::Unreadable {
                return Err(unusable(state, tensor.name, tensor.dtype));
            }
            if tensor.shape != spec.shape {
                let message = format!(
                    "{:?} has shape {:?}, expected {:?}",
                    spec.name, tensor.shape, spec.shape
                );
                return Err(Error::file(path, message));
            }
        }
        let unused = spare::unused(&self.layout, state);
        let strange = spare::strange(&unused, &self.spare, &self.layout, state);
        if !strange.is_empty() {
            return Err(Error::file(
                path,
                format!(
                    "these weights belong to another network: the model {:?} doesn't use {}; compare checkpoints of one network",
                    self.graph.name,
                    spare::listed(&strange)
                ),
            ));
        }
        let mut warnings = self.graph.notes();
        if !unused.is_empty() {
            warnings.push(format!(
                "the model {:?} doesn't use {}: {}",
                self.graph.name,
                spare::listed(&unused.iter().collect::<Vec<_>>()),
                path.display()
            ));
        }
        Ok(warnings)
    }

    /// The point of parameter space that `state` holds, and what a reader should know about it.
    ///
    /// # Errors
    /// As [`Network::check`].
    pub fn params(&self, state: &StateDict) -> Result<(Params, Vec<String>)> {
        let warnings = self.check(state)?;
        let values = self.layout.iter().map(|spec| state.get(&spec.name));
        let values: Vec<Vec<f64>> = values.flatten().map(checkpoint::Array::to_f64).collect();
        let params = Params::new(Arc::clone(&self.layout), values)
            .ok_or_else(|| Error::Model("tensor sizes changed while they were read".into()))?;
        Ok((params, warnings))
    }
}

/// A network needs a tensor of a type that isn't read.
fn unusable(state: &dyn Listing, name: &str, dtype: &str) -> Error {
    let message = format!(
        "the network needs {name:?}, but {}",
        checkpoint::unreadable(dtype)
    );
    Error::file(&state.source().path, message)
}

/// A tensor of the checkpoint with the name of one that the network computes: it could be either.
fn shadowed(graph: &Graph, state: &dyn Listing, names: &HashMap<&str, &[usize]>) -> Result<()> {
    let mut made = std::collections::HashSet::new();
    for entry in &graph.parametrised {
        let name = &entry.name;
        if names.contains_key(name.as_str()) {
            let message = format!(
                "the model {:?} computes {name:?} from other tensors, but the checkpoint has a tensor of this name: give the computed one another",
                graph.name
            );
            return Err(Error::file(&state.source().path, message));
        }
        if !made.insert(name) {
            return Err(Error::Model(format!(
                "the parametrised tensor {name:?} is described twice"
            )));
        }
    }
    Ok(())
}

/// The first few of many, in words.
fn first_few(items: &[String]) -> String {
    match items {
        [first, second, third, _, rest @ ..] => {
            format!("{first}, {second}, {third} and {} more", rest.len() + 1)
        }
        _ => items.join(", "),
    }
}
