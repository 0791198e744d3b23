//! A first draft of a `model.toml` for a network that no family knows.
//!
//! One layer for each module or loose matrix in the order of the names, with ReLU between. It is a start to edit, checked
//! against nothing: a tensor that it could not place is named with its shape, and it claims no more.

use super::loose::{self, Loose};
use super::order::{self, join};
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Module, Tensors};
use crate::checkpoint::Listing;
use crate::model::graph::{Graph, INPUT, Layer, Loss};
use crate::model::layers::{
    BatchNorm, Conv, Embedding, Flatten, Gru, LayerNorm, Linear, Lstm, Relu, RmsNorm, Rnn, Stack,
};

/// Drafts a graph from the shapes alone; what it says in `assumptions` is to be gone through.
pub fn skeleton(state: &dyn Listing, hints: &Hints) -> Recognised {
    let tensors = Tensors::new(state);
    let mut draft = Draft {
        graph: Graph::new("Draft", Vec::new(), Loss::cross_entropy()),
        said: vec![
            "This is a draft: no family of networks fits. Check the order of the layers, strides, padding, pools, activations and the loss.".to_owned(),
        ],
        input: hints.input.map(<[usize]>::to_vec),
        width: None,
        flat: false,
    };
    let items = items(&tensors);
    let last = items.iter().rposition(Item::is_weighted);
    for (i, item) in items.iter().enumerate() {
        if !draft.place(&tensors, item, i) {
            continue;
        }
        let norm_next = items.get(i + 1).is_some_and(Item::is_norm);
        if last.is_some_and(|last| i < last) && !norm_next && !item.is_table() {
            let name = draft
                .graph
                .layers
                .last()
                .map(|node| join(&node.name, "relu"));
            draft.push(&name.unwrap_or_default(), Relu {});
        }
    }
    draft.leftovers(state);
    if draft.input.is_none() {
        draft
            .said
            .push("The shape of a sample isn't known: no data was given to tell it.".into());
    }
    draft.graph.input = draft.input.unwrap_or_default();
    Recognised {
        graph: draft.graph,
        family: "skeleton",
        why: "one layer for each module".to_owned(),
        assumptions: draft.said,
        choices: Vec::new(),
        doubt: None,
    }
}

/// What may become a layer.
enum Item<'a> {
    /// Tensors of usual names under one module.
    Module(Module<'a>),
    /// A matrix of a name of its own.
    Loose(Loose<'a>),
    /// Recurrent layers under one module: gates, layers, both directions, biases.
    Recurrent(&'a str, [usize; 2], [bool; 2]),
}

impl Item<'_> {
    fn is_norm(&self) -> bool {
        matches!(self, Self::Module(m) if m.kind == Kind::Norm || m.kind == Kind::Other && m.weight.len() == 1)
    }

    /// A table of words, after which no activation comes.
    fn is_table(&self) -> bool {
        match self {
            Self::Module(m) => m.kind == Kind::Linear && loose::is_table(m.name),
            Self::Loose(_) => false,
            Self::Recurrent(..) => true,
        }
    }

    fn is_weighted(&self) -> bool {
        match self {
            Self::Module(m) => m.weight.len() > 1,
            _ => true,
        }
    }
}

fn items<'a>(tensors: &Tensors<'a>) -> Vec<Item<'a>> {
    let mut modules = tensors.modules();
    if order::one_pattern(modules.iter().map(|m| m.name)) {
        modules.sort_by(|a, b| order::natural(a.name, b.name));
    }
    let mut items = Vec::new();
    for module in modules {
        let of = |leaf: &str| tensors.shape(&join(module.name, leaf));
        if let (Some(&[rows, _]), Some(&[_, hidden])) = (of("weight_ih_l0"), of("weight_hh_l0")) {
            let layers = (0..64_usize)
                .take_while(|k| of(&format!("weight_ih_l{k}")).is_some())
                .count();
            let gates = rows.checked_div(hidden).unwrap_or(0);
            let told = ["weight_ih_l0_reverse", "bias_ih_l0"].map(|leaf| of(leaf).is_some());
            items.push(Item::Recurrent(module.name, [gates, layers], told));
            continue;
        }
        items.extend(
            loose::matrices(tensors, module.name)
                .into_iter()
                .map(Item::Loose),
        );
        if !module.weight.is_empty() {
            items.push(Item::Module(module));
        }
    }
    items
}

/// A draft under construction.
struct Draft {
    graph: Graph,
    said: Vec<String>,
    /// Shape of a sample, given or told by the first layer.
    input: Option<Vec<usize>>,
    /// Numbers or channels after the last layer.
    width: Option<usize>,
    flat: bool,
}

impl Draft {
    /// Appends the layer of an item; false where it is none.
    fn place(&mut self, tensors: &Tensors, item: &Item, number: usize) -> bool {
        match item {
            Item::Module(module) => self.module(tensors, module, number),
            Item::Loose(matrix) => {
                let axis = matrix.output_axis(self.width);
                self.flatten(matrix.weight, matrix.shape[1 - axis]);
                let layer = Linear {
                    weight: matrix.weight.to_owned(),
                    bias: matrix.bias.map(str::to_owned),
                    output_axis: axis,
                };
                self.push(matrix.weight, layer);
                self.width = Some(matrix.shape[axis]);
                true
            }
            Item::Recurrent(name, [gates, layers], [both, biases]) => {
                let stack = Stack::named(name, *layers, *both, *biases);
                let first = tensors
                    .shape(&join(name, "weight_ih_l0"))
                    .and_then(|s| s.get(1).copied());
                self.begin(vec![32, first.unwrap_or(1)]);
                let name = named(name, number);
                match gates {
                    4 => self.push(&name, Lstm { stack }),
                    3 => self.push(&name, Gru { stack }),
                    _ => self.push(&name, Rnn { stack, relu: false }),
                }
                self.flat = true;
                true
            }
        }
    }

    fn module(&mut self, tensors: &Tensors, module: &Module, number: usize) -> bool {
        let name = named(module.name, number);
        let tensor =
            |leaf: &str| Some(join(module.name, leaf)).filter(|n| tensors.shape(n).is_some());
        let weight = join(module.name, "weight");
        let bias = tensor("bias");
        let layer: Layer = match (module.kind, module.weight) {
            (Kind::Linear, &[_, width]) if loose::is_table(module.name) && bias.is_none() => {
                self.begin(vec![32]);
                (self.width, self.flat) = (Some(width), true);
                Embedding { weight }.into()
            }
            (Kind::Linear, &[rows, columns]) => {
                let shape = [rows, columns];
                let out = tensors.shape(&join(module.name, "bias"));
                let axis = loose::output_axis(shape, out, self.width);
                self.flatten(&name, shape[1 - axis]);
                self.width = Some(shape[axis]);
                let output_axis = axis;
                Linear {
                    weight,
                    bias,
                    output_axis,
                }
                .into()
            }
            (Kind::Conv | Kind::Other, &[outputs, each, ref kernel @ ..])
                if (1..=3).contains(&kernel.len()) =>
            {
                let mut sample = vec![each];
                sample.extend(vec![32; kernel.len()]);
                self.begin(sample);
                // One channel a filter of many that come in: each is filtered by itself.
                let depthwise = each == 1 && self.width == Some(outputs) && outputs > 1;
                self.width = Some(outputs);
                self.flat = false;
                Conv {
                    weight,
                    bias,
                    stride: vec![1; kernel.len()],
                    padding: kernel.iter().map(|k| k / 2).collect(),
                    dilation: vec![1; kernel.len()],
                    groups: if depthwise { outputs } else { 1 },
                }
                .into()
            }
            (Kind::Norm, _) => BatchNorm {
                weight: tensor("weight"),
                bias,
                running_mean: join(module.name, "running_mean"),
                running_var: join(module.name, "running_var"),
                epsilon: 1e-5,
            }
            .into(),
            (Kind::Other, [_]) if bias.is_none() => RmsNorm {
                weight: Some(weight),
                shape: None,
                epsilon: 1e-6,
            }
            .into(),
            (Kind::Other, [_]) => LayerNorm {
                weight: Some(weight),
                shape: None,
                bias,
                epsilon: 1e-5,
            }
            .into(),
            _ => return false,
        };
        self.push(&name, layer);
        true
    }

    /// Appends a layer under a name that is still free.
    fn push(&mut self, name: &str, layer: impl Into<Layer>) {
        let mut name = name.to_owned();
        while name == INPUT || self.graph.layers.iter().any(|node| node.name == name) {
            name.push('\'');
        }
        self.graph.push(name, layer);
    }

    /// The shape of a sample, where this is the first layer and no data has told it.
    fn begin(&mut self, shape: Vec<usize>) {
        self.input.get_or_insert(shape);
    }

    /// Makes one row of a sample before the first matrix.
    fn flatten(&mut self, name: &str, width: usize) {
        self.begin(vec![width]);
        if !self.flat {
            self.push(&join(name, "flatten"), Flatten { from: 1 });
            self.flat = true;
        }
    }

    /// Names every tensor that no layer has.
    fn leftovers(&mut self, state: &dyn Listing) {
        let used: Vec<String> = self
            .graph
            .tensors()
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        for tensor in state.list() {
            let counts = order::leaf(tensor.name) == "num_batches_tracked";
            if !counts && !used.iter().any(|name| name == tensor.name) {
                let (name, shape, kind) = (tensor.name, tensor.shape, tensor.dtype);
                self.said
                    .push(format!("{name:?} {shape:?} ({kind}) has no layer yet."));
            }
        }
    }
}

/// A layer's name: the module's, or one of its place.
fn named(module: &str, number: usize) -> String {
    if module.is_empty() {
        format!("layer {number}")
    } else {
        module.to_owned()
    }
}
