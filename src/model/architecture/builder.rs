//! Layers one after another, with the tensors that each needs.

use super::wanted::Wanted;
use crate::model::graph::{Graph, Layer};
use crate::model::layers::{BatchNorm, Conv, LayerNorm, Linear, MaxPool};

/// An architecture on its way.
#[derive(Debug)]
pub struct Builder {
    graph: Graph,
    tensors: Vec<(String, Vec<usize>)>,
}

/// PyTorch's ε of normalisations.
const EPSILON: f64 = 1e-5;

impl Builder {
    /// Without layers.
    pub fn new(name: &str, wanted: &Wanted<'_>) -> Self {
        Self {
            graph: Graph::new(name, wanted.input.to_vec(), wanted.loss.clone()),
            tensors: Vec::new(),
        }
    }

    /// A tensor by its name.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> String {
        self.tensors.push((name.to_owned(), shape.to_vec()));
        name.to_owned()
    }

    /// A layer that reads the one before it.
    pub fn push(&mut self, name: &str, layer: impl Into<Layer>) {
        self.graph.push(name, layer);
    }

    /// A layer that reads named ones.
    pub fn push_from(&mut self, name: &str, inputs: &[&str], layer: impl Into<Layer>) {
        self.graph.push_from(name, inputs, layer);
    }

    /// Has the last layer read named ones.
    pub fn reads(&mut self, inputs: &[&str]) {
        if let Some(last) = self.graph.layers.last_mut() {
            last.inputs = inputs.iter().map(|name| (*name).to_owned()).collect();
        }
    }

    /// Name of the last layer.
    pub fn last(&self) -> String {
        let last = self.graph.layers.last();
        last.map_or_else(|| "input".to_owned(), |node| node.name.clone())
    }

    /// Fully connected.
    pub fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        let weight = self.tensor(&format!("{name}.weight"), &[outputs, inputs]);
        let bias = self.tensor(&format!("{name}.bias"), &[outputs]);
        self.push(
            name,
            Linear {
                weight,
                bias: Some(bias),
                output_axis: 0,
            },
        );
    }

    /// A convolution over two axes, with a bias where no normalisation follows.
    pub fn conv(&mut self, name: &str, channels: [usize; 2], window: Window, bias: bool) {
        let Window {
            size,
            stride,
            padding,
        } = window;
        let [inputs, outputs] = channels;
        let shape = [outputs, inputs, size, size];
        let weight = self.tensor(&format!("{name}.weight"), &shape);
        let bias = bias.then(|| self.tensor(&format!("{name}.bias"), &[outputs]));
        self.push(
            name,
            Conv {
                weight,
                bias,
                stride: vec![stride; 2],
                padding: vec![padding; 2],
                dilation: vec![1; 2],
                groups: 1,
            },
        );
    }

    /// Batch normalisation.
    pub fn batch_norm(&mut self, name: &str, channels: usize) {
        let [weight, bias, running_mean, running_var] =
            ["weight", "bias", "running_mean", "running_var"]
                .map(|own| self.tensor(&format!("{name}.{own}"), &[channels]));
        self.push(
            name,
            BatchNorm {
                weight: Some(weight),
                bias: Some(bias),
                running_mean,
                running_var,
                epsilon: EPSILON,
            },
        );
    }

    /// Layer normalisation over the last axis.
    pub fn layer_norm(&mut self, name: &str, width: usize) {
        let [weight, bias] =
            ["weight", "bias"].map(|own| self.tensor(&format!("{name}.{own}"), &[width]));
        self.push(
            name,
            LayerNorm {
                weight: Some(weight),
                bias: Some(bias),
                shape: None,
                epsilon: EPSILON,
            },
        );
    }

    /// A maximum over squares of four.
    pub fn pool(&mut self, name: &str) {
        self.push(
            name,
            MaxPool {
                size: vec![2; 2],
                stride: vec![2; 2],
                padding: vec![0; 2],
                dilation: vec![1; 2],
                ceil: false,
            },
        );
    }

    /// Graph and tensors.
    pub fn done(self) -> (Graph, Vec<(String, Vec<usize>)>) {
        (self.graph, self.tensors)
    }
}

/// A square window of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its side.
    pub size: usize,
    /// Its step.
    pub stride: usize,
    /// Zeros on each side.
    pub padding: usize,
}
