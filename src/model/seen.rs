//! A checkpoint as the families know checkpoints, and what that changes in the network they find.
//!
//! Families go by names and shapes as plain PyTorch has them. A weight under a norm is stored as others, so
//! the families see it in their place, and the network they find is told how it is computed. Keras and Flax
//! flatten images channels last, so the networks found in their files do, too.

use super::family::Recognised;
use super::graph::{Layer, Node};
use super::layers::Transpose;
use super::parametrised::found::{Found, found};
use super::shape;
use crate::checkpoint::{Kind, Listed, Listing, Source, Told};
use std::collections::{HashMap, HashSet};

/// A checkpoint with its computed tensors in the place of those that they are computed from.
pub struct Seen<'a> {
    of: &'a dyn Listing,
    made: Vec<Found>,
}

impl<'a> Seen<'a> {
    /// Of what is stored.
    pub fn new(of: &'a dyn Listing) -> Self {
        let made = found(&of.list());
        Self { of, made }
    }

    /// Completes a network that was found in what is seen here: how its weights are computed from what is
    /// stored, and how images become rows of numbers.
    pub fn complete(&self, network: &mut Recognised) {
        self.parametrise(network);
        if let Some(library) = self.of.told().channels_last {
            self.flatten_channels_last(network, library);
        }
    }

    fn parametrise(&self, network: &mut Recognised) {
        let used: HashSet<String> = network
            .graph
            .tensors()
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        for made in &self.made {
            if !used.contains(&made.entry.name) {
                continue;
            }
            network.assumptions.push(format!(
                "{} is computed from {}, which are what is trained.",
                made.entry.name,
                made.stored.join(", ")
            ));
            network.assumptions.extend(made.assumption.clone());
            network.graph.parametrised.push(made.entry.clone());
        }
    }

    fn flatten_channels_last(&self, network: &mut Recognised, library: &str) {
        let listed = self.list();
        let shapes: HashMap<&str, &[usize]> = listed.iter().map(|t| (t.name, t.shape)).collect();
        let graph = &mut network.graph;
        // A graph that doesn't fit is for whoever checks it to complain of.
        let mut whole = graph.clone();
        whole.parametrised.clear();
        let inferred = shape::infer(&whole, &graph.input, |name| shapes.get(name).copied());
        let (Ok(sources), Ok(outputs)) = (shape::sources(graph), inferred) else {
            return;
        };
        let mut turned = Vec::new();
        for (place, node) in graph.layers.iter().enumerate() {
            let flattens = matches!(&node.layer, Layer::Flatten(flatten) if flatten.from == 1);
            let source = sources.get(place).and_then(|all| all.first().copied());
            let read = match source {
                Some(Some(layer)) => outputs.get(layer).map(Vec::as_slice),
                _ => Some(graph.input.as_slice()),
            };
            let Some([channels, places @ ..]) = read.filter(|_| flattens) else {
                continue;
            };
            if *channels > 1 && places.iter().any(|&extent| extent > 1) {
                turned.push((place, places.len()));
            }
        }
        if turned.is_empty() {
            return;
        }
        for (place, axes) in turned.into_iter().rev() {
            let Some(node) = graph.layers.get_mut(place) else {
                continue;
            };
            let last = (2..2 + axes).chain([1]);
            let before = Node {
                name: format!("{}.channels last", node.name),
                inputs: std::mem::take(&mut node.inputs),
                layer: Layer::from(Transpose {
                    axes: [0].into_iter().chain(last).collect(),
                }),
            };
            graph.layers.insert(place, before);
        }
        network.assumptions.push(format!(
            "Images become rows of numbers in the order height, width, channels, as {library} flattens them."
        ));
    }
}

impl Listing for Seen<'_> {
    fn source(&self) -> &Source {
        self.of.source()
    }

    fn told(&self) -> &Told {
        self.of.told()
    }

    fn list(&self) -> Vec<Listed<'_>> {
        let firsts: HashMap<&str, &Found> = self
            .made
            .iter()
            .filter_map(|made| Some((made.stored.first()?.as_str(), made)))
            .collect();
        let hidden: HashSet<&str> = self
            .made
            .iter()
            .flat_map(|made| made.stored.iter().map(String::as_str))
            .collect();
        let listed = self.of.list().into_iter().filter_map(|tensor| {
            if let Some(made) = firsts.get(tensor.name) {
                return Some(Listed {
                    name: made.entry.name.as_str(),
                    shape: &made.shape,
                    dtype: tensor.dtype,
                    kind: Kind::Float,
                });
            }
            (!hidden.contains(tensor.name)).then_some(tensor)
        });
        listed.collect()
    }
}
