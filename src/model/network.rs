//! A graph of layers and a checkpoint's tensors that fit each other.
//!
//! Names and shapes only: the values of a checkpoint become [`Params`], a point beside the network. What
//! the network means is said where it is lowered.

use crate::checkpoint::{self, Kind, Listing, StateDict};
use crate::error::{Error, Result};
use crate::model::graph::{Graph, Loss};
use crate::model::params::{Layout, Params, TensorSpec};
use crate::model::{shape, spare};
use std::collections::HashMap;
use std::sync::Arc;

/// A graph whose tensors have known names and shapes that fit together.
#[derive(Debug, Clone)]
pub struct Network {
    graph: Graph,
    layout: Layout,
    /// What every layer reads: a layer by its place, or the input.
    pub(crate) sources: Vec<Vec<Option<usize>>>,
    /// Shapes of what every layer gives, without the batch axis.
    pub(crate) shapes: Vec<Vec<usize>>,
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
                spare::first_few(&missing)
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
        let graph = &self.graph;
        let checked = graph.loss.check(self.output(), &graph.input);
        checked.map_err(|message| Error::Model(format!("the model {:?} {message}", graph.name)))
    }

    /// The same network with another loss.
    ///
    /// # Errors
    /// Where the loss doesn't fit the outputs, with both.
    pub fn with_loss(mut self, loss: Loss) -> Result<Self> {
        self.graph.loss = loss;
        self.check_loss()?;
        Ok(self)
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Names, shapes and roles of all tensors, in the graph's order.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Shape of a sample's outputs, without the batch axis: `[classes]`, `[tokens, classes]`.
    pub fn output(&self) -> &[usize] {
        self.shapes.last().map_or(&[], Vec::as_slice)
    }

    /// Number of outputs of a sample: classes where there is one position, 1 for a binary network.
    pub fn outputs(&self) -> usize {
        self.output().iter().product()
    }

    /// Whether any layer keeps running statistics.
    pub fn has_statistics(&self) -> bool {
        self.layout.iter().any(|spec| spec.role.is_statistic())
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
