//! Initial weights: drawn layer by layer, as PyTorch's modules do or by a named rule.
//!
//! What a tensor gets follows from its layer's kind. A kind whose rule isn't known is refused by name rather
//! than given any numbers.

use crate::error::{Error, Result};
use crate::landscape::curvature::vector::generator;
use crate::model::graph::{Graph, Layer};
use crate::model::params::{Layout, Params};
use clap::{Args, ValueEnum};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// How the weights of products are drawn; n the inputs of an output, m the outputs an input reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// As `torch.nn` does: uniform in ±1/√n, biases too; stacked projections of attention by Xavier.
    #[default]
    Pytorch,
    /// N(0, 2/n), biases 0 (He et al. 2015).
    He,
    /// Uniform in ±√(6/(n + m)), biases 0 (Glorot and Bengio 2010).
    Xavier,
}

/// Initial weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Initial weights")]
#[serde(default)]
pub struct Initial {
    /// How the weights of products are drawn
    #[arg(long, value_enum, default_value_t)]
    pub initial: Rule,
    /// Seed of the initial weights [default: that of the run]
    #[arg(long, value_name = "SEED")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights_seed: Option<u64>,
}

/// What a tensor gets.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Draw {
    /// One number.
    Fill(f64),
    /// Uniform in ± this.
    Uniform(f64),
    /// Normal with this deviation.
    Normal(f64),
}

/// Deviation of position embeddings and class tokens, as in ViT and GPT-2.
const TOKENS: f64 = 0.02;
/// The stream of initial weights.
const STREAM: u64 = 1 << 33;

/// Draws a point for `graph`, tensor after tensor in the order of its layout.
///
/// # Errors
/// Names a layer whose tensors have no rule.
pub fn draw(graph: &Graph, layout: &Layout, rule: Rule, seed: u64) -> Result<Params> {
    let plan = plan(graph, layout, rule)?;
    let mut rng = generator(seed, STREAM);
    let values = layout.iter().map(|spec| {
        let draw = plan.get(spec.name.as_str()).copied();
        let draw = draw.ok_or_else(|| unknown(&spec.name, "no layer"))?;
        Ok(drawn(draw, spec.len(), &mut rng))
    });
    let values: Vec<Vec<f64>> = values.collect::<Result<_>>()?;
    Params::new(Arc::clone(layout), values)
        .ok_or_else(|| Error::Model("the initial weights don't fit the network".into()))
}

fn drawn(draw: Draw, count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut one = || match draw {
        Draw::Fill(value) => value,
        Draw::Uniform(bound) => bound * (2.0 * rng.random::<f64>() - 1.0),
        Draw::Normal(deviation) => {
            let z: f64 = StandardNormal.sample(rng);
            deviation * z
        }
    };
    (0..count).map(|_| one()).collect()
}

fn unknown(tensor: &str, layer: &str) -> Error {
    Error::Model(format!(
        "how {tensor:?} ({layer}) is drawn anew isn't known; train on from the weights of a checkpoint, without --draw"
    ))
}

/// What every tensor gets; the first layer that uses it decides.
fn plan<'a>(graph: &'a Graph, layout: &Layout, rule: Rule) -> Result<HashMap<&'a str, Draw>> {
    let shapes: HashMap<&str, &[usize]> = layout
        .iter()
        .map(|spec| (spec.name.as_str(), spec.shape.as_slice()))
        .collect();
    let shape = |name: &str| shapes.get(name).copied().unwrap_or(&[]);
    let mut plan: HashMap<&str, Draw> = HashMap::new();
    for node in &graph.layers {
        let mut put = |name: &'a str, draw: Draw| {
            plan.entry(name).or_insert(draw);
        };
        let mut product = |weight: &'a str, bias: Option<&'a str>, axis: usize| {
            let [inputs, outputs] = fans(shape(weight), axis);
            let (own, shift) = match rule {
                Rule::Pytorch => {
                    let bound = Draw::Uniform(1.0 / inputs.sqrt());
                    (bound, bound)
                }
                Rule::He => (Draw::Normal((2.0 / inputs).sqrt()), Draw::Fill(0.0)),
                Rule::Xavier => (xavier(inputs, outputs), Draw::Fill(0.0)),
            };
            put(weight, own);
            if let Some(bias) = bias {
                put(bias, shift);
            }
        };
        match &node.layer {
            Layer::Linear(own) => product(&own.weight, own.bias.as_deref(), own.output_axis),
            Layer::Conv(own) => product(&own.weight, own.bias.as_deref(), 0),
            // PyTorch counts along its axis 1, which for transposed convolutions are outputs.
            Layer::TransposedConv(own) => product(&own.weight, own.bias.as_deref(), 0),
            Layer::Attention(own) => {
                product(&own.out_weight, None, 0);
                let [inputs, outputs] = fans(shape(&own.in_weight), 0);
                put(&own.in_weight, xavier(inputs, outputs));
                let biases = own.in_bias.iter().chain(&own.out_bias);
                biases.for_each(|bias| put(bias, Draw::Fill(0.0)));
            }
            Layer::Embedding(own) => put(&own.weight, Draw::Normal(1.0)),
            Layer::BatchNorm(own) => {
                normal(&mut put, own.weight.as_deref(), own.bias.as_deref());
                put(&own.running_mean, Draw::Fill(0.0));
                put(&own.running_var, Draw::Fill(1.0));
            }
            Layer::InstanceNorm(own) => {
                normal(&mut put, own.weight.as_deref(), own.bias.as_deref());
                if let Some(mean) = &own.running_mean {
                    put(mean, Draw::Fill(0.0));
                }
                if let Some(variance) = &own.running_var {
                    put(variance, Draw::Fill(1.0));
                }
            }
            Layer::LayerNorm(own) => normal(&mut put, own.weight.as_deref(), own.bias.as_deref()),
            Layer::GroupNorm(own) => normal(&mut put, own.weight.as_deref(), own.bias.as_deref()),
            Layer::RmsNorm(own) => normal(&mut put, own.weight.as_deref(), None),
            Layer::Prelu(own) => put(&own.weight, Draw::Fill(0.25)),
            Layer::Prepend(own) => put(&own.weight, Draw::Normal(TOKENS)),
            Layer::Shift(own) => put(&own.weight, Draw::Normal(TOKENS)),
            other => {
                let kind = other.kind();
                if let Some((tensor, _)) = kind.tensors().first() {
                    let layer = format!("layer {:?}, {}", node.name, other.name());
                    return Err(unknown(tensor, &layer));
                }
            }
        }
    }
    Ok(plan)
}

/// Scale 1, shift 0.
fn normal<'a>(put: &mut impl FnMut(&'a str, Draw), weight: Option<&'a str>, bias: Option<&'a str>) {
    if let Some(weight) = weight {
        put(weight, Draw::Fill(1.0));
    }
    if let Some(bias) = bias {
        put(bias, Draw::Fill(0.0));
    }
}

fn xavier(inputs: f64, outputs: f64) -> Draw {
    Draw::Uniform((6.0 / (inputs + outputs)).sqrt())
}

/// Inputs of an output and outputs that an input reaches, of a weight whose filters lie along `axis`.
fn fans(shape: &[usize], axis: usize) -> [f64; 2] {
    let all = shape.iter().product::<usize>() as f64;
    let other = usize::from(axis == 0);
    let along = |axis: usize| shape.get(axis).copied().unwrap_or(1).max(1) as f64;
    [(all / along(axis)).max(1.0), (all / along(other)).max(1.0)]
}
