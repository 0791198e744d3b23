//! From layers to primitives: what every kind of layer means, said once; losses say it themselves
//! ([`crate::model::losses`]).
//!
//! A [`Lowered`] network is a program without outputs yet, and the numbers of what can be asked of it.
//! Values keep the shapes of the graph, but where a layer works channel by channel they lie channels last,
//! so that a product reads them in one go (`value`). Shapes were checked by [`crate::model::shape`].

mod activation;
mod attention;
mod combine;
mod normalization;
mod value;
mod window;

use crate::error::{Error, Result};
use crate::model::Network;
use crate::model::graph::Layer;
use crate::model::losses::Given;
use crate::model::primitive::expression::Binary;
use crate::model::primitive::{Geometry, Leaf, Slot, Table};
use crate::model::program::{Id, Program, Type};
use std::collections::HashMap;
use value::Value;

/// Where normalisation over the batch takes its mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistics {
    /// The running statistics among the network's tensors.
    Running,
    /// The samples that a program is run for (train mode).
    Batch,
}

/// The statistics that one layer measures in [`Statistics::Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Mean, `[channels]`, shared.
    pub mean: Id,
    /// Unbiased variance, `[channels]`, shared.
    pub variance: Id,
    /// Place in the layout of the running mean that this would update.
    pub running_mean: usize,
    /// Place in the layout of the running variance that this would update.
    pub running_var: usize,
}

/// A network and its loss as primitives.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// All steps; no outputs yet.
    pub program: Program,
    /// The network's outputs, of a sample.
    pub logits: Id,
    /// The weighted sum of the loss over the samples.
    pub loss: Id,
    /// The weighted sum of what the score is made of: right answers, or squared errors.
    pub right: Id,
    /// Statistics of the batch, a layer each.
    pub measured: Vec<Measured>,
}

impl Lowered {
    /// The program with these outputs.
    pub fn program(&self, outputs: Vec<Id>) -> Program {
        let mut program = self.program.clone();
        program.outputs = outputs;
        program.alive()
    }
}

/// Most entries of a table of hits or moves: about a gigabyte.
const MOST_ENTRIES: usize = 1 << 26;

/// A program being written.
struct Lowering<'a> {
    p: Program,
    network: &'a Network,
    places: HashMap<&'a str, usize>,
    statistics: Statistics,
    measured: Vec<Measured>,
}

/// `network` and its loss as primitives.
///
/// # Errors
/// Names a layer so large that the tables of its positions would not fit.
pub fn lower(network: &Network, statistics: Statistics) -> Result<Lowered> {
    let layout = network.layout().iter().enumerate();
    let mut lowering = Lowering {
        p: Program::default(),
        network,
        places: layout.map(|(i, spec)| (spec.name.as_str(), i)).collect(),
        statistics,
        measured: Vec::new(),
    };
    let graph = network.graph();
    let physical = value::natural(&graph.input);
    let input = lowering.p.leaf(Leaf::Input, Type::sample(&physical));
    let input = Value::new(input, &graph.input);
    let mut values: Vec<Value> = Vec::with_capacity(graph.layers.len());
    for (index, node) in graph.layers.iter().enumerate() {
        let inputs: Vec<Value> = network.sources[index]
            .iter()
            .map(|source| source.map_or_else(|| input.clone(), |s| values[s].clone()))
            .collect();
        let shape = &network.shapes[index];
        let value = lowering
            .layer(&node.layer, inputs, shape)
            .map_err(|message| Error::Model(format!("layer {:?}: {message}", node.name)))?;
        debug_assert_eq!(&value.shape, shape, "layer {:?}", node.name);
        values.push(value);
    }
    let Some(output) = values.pop() else {
        return Err(Error::Model("the model has no layers".into()));
    };
    let logits = lowering.natural(output).id;
    let shape = network.shapes.last().map_or(&[][..], Vec::as_slice);
    let [loss, right] = graph.loss.lower(Given {
        p: &mut lowering.p,
        outputs: logits,
        shape,
        input: input.id,
    });
    Ok(Lowered {
        program: lowering.p,
        logits,
        loss,
        right,
        measured: lowering.measured,
    })
}

/// Refuses a table with too many entries.
fn bounded(entries: Option<usize>) -> std::result::Result<(), String> {
    match entries {
        Some(0..=MOST_ENTRIES) => Ok(()),
        _ => Err("has too many positions to be listed".into()),
    }
}

type Lower<T> = std::result::Result<T, String>;

impl Lowering<'_> {
    /// A tensor of the network in its stored shape.
    fn tensor(&mut self, name: &str) -> Id {
        let index = self.places[name];
        let spec = &self.network.layout()[index];
        let leaf = if spec.is_trainable() {
            Leaf::Parameter(index)
        } else {
            Leaf::Buffer(index)
        };
        self.p.leaf(leaf, Type::shared(&spec.shape))
    }

    /// A tensor in another shape.
    fn tensor_as(&mut self, name: &str, shape: &[usize]) -> Id {
        let tensor = self.tensor(name);
        self.p.view(tensor, shape)
    }

    /// A tensor with one number a channel, as a row.
    fn row(&mut self, name: &str) -> Id {
        let tensor = self.tensor(name);
        let size = self.p.ty(tensor).size();
        self.p.view(tensor, &[1, size])
    }

    /// Known numbers.
    fn constant(&mut self, values: impl IntoIterator<Item = f64>, shape: &[usize]) -> Id {
        self.p.leaf(Leaf::constant(values), Type::shared(shape))
    }

    /// Every row of `x` `[positions, in]` by the same weights `[out, in]`, and a bias.
    fn linear(&mut self, x: Id, weight: Id, bias: Option<Id>) -> Id {
        let (positions, inputs) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        let outputs = self.p.ty(weight).shape[0];
        let geometry = Table::new(Geometry::linear(positions, outputs, inputs));
        let y = self.p.form(&geometry, Slot::Y, [weight, x]);
        self.plus(y, bias)
    }

    /// With a row added, if there is one.
    fn plus(&mut self, y: Id, bias: Option<Id>) -> Id {
        self.p.added(bias, y)
    }

    #[expect(clippy::too_many_lines, reason = "one arm a kind of layer")]
    fn layer(&mut self, layer: &Layer, inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs[0].clone();
        Ok(match layer {
            Layer::Linear {
                weight,
                bias,
                output_axis,
            } => {
                let x = self.natural(x);
                let width = x.shape.last().copied().unwrap_or(1);
                let rows = x.size() / width;
                bounded(rows.checked_mul(2))?;
                let rows = self.p.view(x.id, &[rows, width]);
                let mut w = self.tensor(weight);
                if *output_axis == 1 {
                    w = self.p.permuted(w, &[1, 0]);
                }
                let b = bias.as_ref().map(|name| self.row(name));
                let y = self.linear(rows, w, b);
                self.shaped(y, shape)
            }
            Layer::Conv {
                weight,
                bias,
                stride,
                padding,
                dilation,
                groups,
            } => {
                let x = self.channels_last(x);
                let w = self.tensor(weight);
                let kernel = self.p.ty(w).shape.clone();
                let slide = window::Slide {
                    size: &kernel[2..],
                    stride,
                    padding,
                    dilation,
                };
                let taps = kernel[2..].iter().product();
                let places: usize = shape[1..].iter().product();
                bounded(places.checked_mul(taps))?;
                let w = self.p.view(w, &[kernel[0], kernel[1], taps]);
                let w = self.p.permuted(w, &[0, 2, 1]);
                let w = self.p.view(w, &[kernel[0], taps * kernel[1]]);
                let geometry = Table::new(Geometry {
                    targets: places,
                    sources: x.shape[1..].iter().product(),
                    taps,
                    groups: *groups,
                    outputs: kernel[0] / groups,
                    inputs: kernel[1],
                    hits: slide.hits(&x.shape[1..], &shape[1..]),
                });
                let y = self.p.form(&geometry, Slot::Y, [w, x.id]);
                let b = bias.as_ref().map(|name| self.row(name));
                Value::last(self.plus(y, b), shape)
            }
            Layer::BatchNorm {
                weight,
                bias,
                running_mean,
                running_var,
                epsilon,
            } => {
                let names = normalization::BatchNorm {
                    weight: weight.as_deref(),
                    bias: bias.as_deref(),
                    running_mean,
                    running_var,
                };
                let x = self.channels_last(x);
                Value::last(self.batch_norm(x.id, &names, *epsilon), shape)
            }
            Layer::LayerNorm {
                weight,
                bias,
                epsilon,
            } => {
                let x = self.natural(x);
                let y = self.layer_norm(x.id, weight, bias.as_deref(), *epsilon);
                self.shaped(y, shape)
            }
            Layer::GroupNorm {
                groups,
                weight,
                bias,
                epsilon,
            } => {
                let x = self.channels_last(x);
                let y = self.group_norm(x.id, *groups, weight, bias.as_deref(), *epsilon);
                Value::last(y, shape)
            }
            Layer::Relu
            | Layer::LeakyRelu { .. }
            | Layer::Gelu { .. }
            | Layer::Silu
            | Layer::Tanh
            | Layer::Sigmoid => {
                let build = activation::of(layer);
                Value {
                    id: self.p.apply(x.id, build),
                    ..x
                }
            }
            Layer::Softmax { axis } => {
                let x = self.natural(x);
                let y = self.softmax(x.id, value::axis(&x.shape, *axis));
                Value::new(y, shape)
            }
            Layer::MaxPool {
                size,
                stride,
                padding,
                dilation,
                ..
            } => {
                let slide = window::Slide {
                    size,
                    stride,
                    padding,
                    dilation,
                };
                self.max_pool(x, &slide, shape)?
            }
            Layer::AveragePool {
                size,
                stride,
                padding,
                count_padding,
                ..
            } => {
                let dilation = vec![1; size.len()];
                let slide = window::Slide {
                    size,
                    stride,
                    padding,
                    dilation: &dilation,
                };
                self.average_pool(x, &slide, *count_padding, shape)?
            }
            Layer::AdaptiveAveragePool { size } => self.adaptive_average_pool(x, size, shape)?,
            Layer::GlobalAveragePool => {
                let x = self.channels_last(x);
                let mean = self.p.mean(x.id, &[0]);
                Value::new(mean, shape)
            }
            Layer::Add => self.combined(inputs, Binary::Add, shape),
            Layer::Multiply => self.combined(inputs, Binary::Mul, shape),
            Layer::Concatenate { axis } => self.concatenated(inputs, *axis, shape),
            Layer::Slice {
                axis, start, step, ..
            } => {
                let x = self.natural(x);
                let axis = axis - 1;
                self.sliced(&x, axis, *start, *step, shape)
            }
            Layer::Pad {
                axis,
                before,
                after,
                ..
            } => {
                let x = self.natural(x);
                let id = self.padded(x.id, value::axis(&x.shape, *axis), *before, *after);
                Value::new(id, shape)
            }
            Layer::Flatten { .. } | Layer::Reshape { .. } => {
                let x = self.natural(x);
                self.shaped(x.id, shape)
            }
            Layer::Transpose { axes } => {
                let x = self.natural(x);
                if x.shape.len() < 2 {
                    return Ok(Value::new(x.id, shape));
                }
                let axes: Vec<usize> = axes[1..].iter().map(|a| a - 1).collect();
                Value::new(self.p.permuted(x.id, &axes), shape)
            }
            Layer::Matmul => self.matmul(inputs, shape),
            Layer::Scale { weight, factor } => match weight {
                None => Value {
                    id: self.p.affine(x.id, *factor, 0.0),
                    ..x
                },
                Some(name) => self.with_tensor(x, name, Binary::Mul, shape),
            },
            Layer::Shift { weight } => self.with_tensor(x, weight, Binary::Add, shape),
            Layer::Prepend { weight } => self.prepended(x, weight, shape),
            Layer::Embedding { weight } => {
                let x = self.natural(x);
                let table = self.tensor(weight);
                let y = self.p.lookup(table, x.id);
                self.shaped(y, shape)
            }
            Layer::Dropout | Layer::Identity => x,
            Layer::Attention {
                in_weight,
                in_bias,
                out_weight,
                out_bias,
                heads,
                causal,
            } => {
                let names = attention::Names {
                    in_weight,
                    in_bias: in_bias.as_deref(),
                    out_weight,
                    out_bias: out_bias.as_deref(),
                };
                let x = self.natural(x);
                let y = self.attention(x.id, &names, *heads, *causal);
                Value::new(y, shape)
            }
        })
    }
}
