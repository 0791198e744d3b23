//! A network as data: layers in order, the tensors they use, and the loss.
//!
//! A [`Graph`] is what a family recogniser makes, what `model.toml` holds and what the evaluator
//! runs. It names tensors but holds none, so that one graph serves every checkpoint of a network.

pub use crate::model::layers::Layer;
pub use crate::model::losses::Loss;
use crate::model::parametrised::Parametrised;
pub use crate::model::role::Role;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The name that stands for the data in [`Node::inputs`].
pub const INPUT: &str = "input";

/// A directed graph of layers, each after the ones it reads from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// What the network is called: "ResNet-20 (CIFAR)".
    pub name: String,
    /// Shape of one input without the batch axis: `[3, 32, 32]`, `[64]`.
    pub input: Vec<usize>,
    /// How outputs and targets make a loss.
    pub loss: Loss,
    /// The layers in an order in which they can be computed; the last one is the output.
    #[serde(rename = "layer")]
    pub layers: Vec<Node>,
    /// Tensors that are computed from stored ones. Layers name them as their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parametrised: Vec<Parametrised>,
}

/// One layer of a [`Graph`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique name, for errors and for [`Node::inputs`].
    pub name: String,
    /// Names of the layers read, or [`INPUT`]. Empty: the layer just before (the data for the first).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// What it computes.
    #[serde(flatten)]
    pub layer: Layer,
}

impl Graph {
    /// A graph without layers.
    pub fn new(name: impl Into<String>, input: Vec<usize>, loss: Loss) -> Self {
        Self {
            name: name.into(),
            input,
            loss,
            layers: Vec::new(),
            parametrised: Vec::new(),
        }
    }

    /// Appends a layer that reads the one before it.
    pub fn push(&mut self, name: impl Into<String>, layer: impl Into<Layer>) {
        self.push_from(name, &[], layer);
    }

    /// Appends a layer that reads the named ones.
    pub fn push_from(&mut self, name: impl Into<String>, inputs: &[&str], layer: impl Into<Layer>) {
        let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
        self.layers.push(Node {
            name: name.into(),
            inputs,
            layer: layer.into(),
        });
    }

    /// Every stored tensor used, each once, in layer order, with its role. A tensor of several layers is one
    /// parameter: its role is that of all its uses together ([`Role::and`]), of the first where they can't be.
    pub fn tensors(&self) -> Vec<(&str, Role)> {
        let mut found: Vec<(&str, Role)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, role, _) in self.uses() {
            match places.get(name) {
                Some(&at) => found[at].1 = found[at].1.and(role).unwrap_or(found[at].1),
                None => {
                    places.insert(name, found.len());
                    found.push((name, role));
                }
            }
        }
        found
    }

    /// A computed tensor that no layer uses, or that one uses as a buffer, in words.
    ///
    /// # Errors
    /// Names the tensor.
    fn check_parametrised(&self) -> Result<(), String> {
        let layers = self.layers.iter();
        let uses: Vec<(&str, Role, &str)> = layers
            .flat_map(|node| {
                let named = node.layer.kind().tensors().into_iter();
                named.map(|(name, role)| (name, role, node.name.as_str()))
            })
            .collect();
        for (number, entry) in self.parametrised.iter().enumerate() {
            let name = &entry.name;
            if self.parametrised[..number].iter().any(|e| e.name == *name) {
                return Err(format!(
                    "two [[parametrised]] entries compute {name:?}: expected one"
                ));
            }
            let own = || uses.iter().filter(|(used, ..)| used == name);
            if own().next().is_none() {
                return Err(format!(
                    "the [[parametrised]] tensor {name:?} is used by no layer: name it as a layer's weight, or take it out"
                ));
            }
            if let Some((_, role, layer)) = own().find(|(_, role, _)| !role.is_trainable()) {
                return Err(format!(
                    "layer {layer:?} uses the [[parametrised]] tensor {name:?} as {}: expected one of the checkpoint",
                    role.describe()
                ));
            }
        }
        Ok(())
    }

    /// A tensor that two layers use as what it can't be at once, or a computed one that can't be what it is used
    /// as, in words.
    ///
    /// # Errors
    /// Names the tensor, the layers and the roles.
    pub fn check_roles(&self) -> Result<(), String> {
        self.check_parametrised()?;
        let mut first: HashMap<&str, (Role, &str)> = HashMap::new();
        for (name, role, layer) in self.uses() {
            match first.get(name) {
                Some((known, other)) if known.and(role).is_none() => {
                    return Err(format!(
                        "layer {other:?} uses the tensor {name:?} as {}, layer {layer:?} as {}: expected one of both",
                        known.describe(),
                        role.describe()
                    ));
                }
                Some(_) => {}
                None => {
                    first.insert(name, (role, layer));
                }
            }
        }
        Ok(())
    }

    /// What a reader should know of filters: how those of tensors that several layers share are counted where the
    /// layers differ.
    pub fn notes(&self) -> Vec<String> {
        let roles: HashMap<&str, Role> = self.tensors().into_iter().collect();
        let mut notes: Vec<String> = Vec::new();
        for (name, role, layer) in self.uses() {
            let kept = roles.get(name).and_then(|role| role.filters());
            let (Some(kept), Some(own)) = (kept, role.filters()) else {
                continue;
            };
            if kept != own {
                let (kept, own) = (kept.0, own.0);
                notes.push(format!(
                    "the tensor {name:?} is shared: its filters are counted along axis {kept} as its first layer does, not along axis {own} as {layer:?} does"
                ));
            }
        }
        notes
    }

    /// (tensor, role, layer) of every use of a stored tensor.
    fn uses(&self) -> impl Iterator<Item = (&str, Role, &str)> {
        self.layers.iter().flat_map(move |node| {
            let named = node.layer.kind().tensors();
            named.into_iter().flat_map(move |(name, role)| {
                let made = self.parametrised.iter().find(|p| p.name == name);
                let stored = match made {
                    Some(made) => made.parametrisation.tensors(role),
                    None => vec![(name, role)],
                };
                stored
                    .into_iter()
                    .map(move |(name, role)| (name, role, node.name.as_str()))
            })
        })
    }
}
