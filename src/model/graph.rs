//! A network as data: layers in order, the tensors they use, and the loss.
//!
//! A [`Graph`] is what a family recogniser makes, what `model.toml` holds and what the evaluator
//! runs. It names tensors but holds none, so that one graph serves every checkpoint of a network.

pub use crate::model::losses::Loss;
use serde::{Deserialize, Serialize};

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

/// What a layer computes. Axes count from 0 at the batch axis; kernel sizes come from the weights.
///
/// `size`, `stride`, `padding` and `dilation` have one entry for 1-D layers and two (height, width)
/// for 2-D ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Layer {
    /// y = x Wᵀ + b over the last axis.
    Linear {
        /// Weight, `[out, in]` (or `[in, out]` with `output_axis = 1`).
        weight: String,
        /// Bias, `[out]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
        /// Which axis of the weight counts the outputs: 0 as PyTorch stores it, 1 as burn does.
        #[serde(default)]
        output_axis: usize,
    },
    /// Convolution (cross-correlation), 1-D or 2-D by the weight's rank.
    Conv {
        /// Weight, `[out, in/groups, k]` or `[out, in/groups, kh, kw]`.
        weight: String,
        /// Bias, `[out]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
        /// Step between outputs.
        stride: Vec<usize>,
        /// Zeros added on both sides.
        padding: Vec<usize>,
        /// Step between kernel taps.
        dilation: Vec<usize>,
        /// Number of channel groups.
        groups: usize,
    },
    /// Batch normalisation over axis 1 with the running statistics.
    BatchNorm {
        /// γ, `[channels]`; absent: 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<String>,
        /// β, `[channels]`; absent: 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
        /// Running mean, `[channels]`, a buffer.
        running_mean: String,
        /// Running variance (unbiased), `[channels]`, a buffer.
        running_var: String,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Layer normalisation over the last axes, as many as the weight has.
    LayerNorm {
        /// γ, the shape normalised over.
        weight: String,
        /// β, the same shape.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Group normalisation over axis 1.
    GroupNorm {
        /// Number of groups.
        groups: usize,
        /// γ, `[channels]`.
        weight: String,
        /// β, `[channels]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
        /// Added to the variance.
        epsilon: f64,
    },
    /// max(x, 0).
    Relu,
    /// x for x > 0, `slope`·x below.
    LeakyRelu {
        /// Slope below zero.
        slope: f64,
    },
    /// x Φ(x), or its tanh approximation.
    Gelu {
        /// Use 0.5 x (1 + tanh(√(2/π)(x + 0.044715 x³))).
        #[serde(default)]
        tanh: bool,
    },
    /// x σ(x).
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// Logistic function.
    Sigmoid,
    /// Softmax along one axis.
    Softmax {
        /// The axis that sums to 1.
        axis: usize,
    },
    /// Largest value in a window.
    MaxPool {
        /// Window.
        size: Vec<usize>,
        /// Step.
        stride: Vec<usize>,
        /// Padding with −∞.
        padding: Vec<usize>,
        /// Step between taps.
        dilation: Vec<usize>,
        /// Keep a last, partial window.
        #[serde(default)]
        ceil: bool,
    },
    /// Mean over a window.
    AveragePool {
        /// Window.
        size: Vec<usize>,
        /// Step.
        stride: Vec<usize>,
        /// Padding with zeros.
        padding: Vec<usize>,
        /// Whether the padding counts in the mean.
        count_padding: bool,
        /// Keep a last, partial window.
        #[serde(default)]
        ceil: bool,
    },
    /// Mean over each of `size` equal parts, whatever the input's extent.
    AdaptiveAveragePool {
        /// Output extent.
        size: Vec<usize>,
    },
    /// Mean over every axis after the channels; the axes are dropped: `[n, c]`.
    GlobalAveragePool,
    /// Sum of all inputs (broadcast).
    Add,
    /// Product of all inputs (broadcast).
    Multiply,
    /// Inputs one after the other along an axis.
    Concatenate {
        /// The axis that grows.
        axis: usize,
    },
    /// Part of an axis.
    Slice {
        /// The axis cut.
        axis: usize,
        /// First index.
        start: usize,
        /// One past the last index; absent: to the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<usize>,
        /// Step, at least 1.
        step: usize,
    },
    /// Zeros before and after along an axis.
    Pad {
        /// The axis that grows.
        axis: usize,
        /// Zeros before.
        before: usize,
        /// Zeros after.
        after: usize,
    },
    /// All axes from `from` on become one.
    Flatten {
        /// First axis merged, at least 1.
        from: usize,
    },
    /// New shape without the batch axis; one entry may be −1.
    Reshape {
        /// Extents after the batch axis.
        shape: Vec<i64>,
    },
    /// New order of all axes; the batch axis stays first.
    Transpose {
        /// `axes[i]` is the old axis that becomes axis i.
        axes: Vec<usize>,
    },
    /// Matrix product of two inputs over their last two axes.
    Matmul,
    /// x · `factor`, or x · a trained tensor (broadcast against the axes after the batch).
    Scale {
        /// A trained tensor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<String>,
        /// A constant.
        factor: f64,
    },
    /// x + a trained tensor (broadcast against the axes after the batch): positional embeddings.
    Shift {
        /// The trained tensor.
        weight: String,
    },
    /// A trained tensor before the input along axis 1: a class token.
    Prepend {
        /// The trained tensor, the input's shape without batch and axis 1, with leading ones.
        weight: String,
    },
    /// Rows of a table by integer index.
    Embedding {
        /// Table, `[entries, width]`.
        weight: String,
    },
    /// Identity in eval mode.
    Dropout,
    /// Identity.
    Identity,
    /// Multi-head self-attention over `[n, tokens, width]`, PyTorch's `MultiheadAttention` layout.
    Attention {
        /// Query, key and value projections stacked, `[3·width, width]`.
        in_weight: String,
        /// Their biases, `[3·width]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_bias: Option<String>,
        /// Output projection, `[width, width]`.
        out_weight: String,
        /// Its bias, `[width]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        out_bias: Option<String>,
        /// Number of heads; divides the width.
        heads: usize,
        /// A token sees only itself and those before it.
        #[serde(default)]
        causal: bool,
    },
}

/// What a tensor is to its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Trained; `output_axis` counts the filters of a weight.
    Trainable {
        /// The axis whose entries are the filters; `None` for tensors without filters.
        output_axis: Option<usize>,
    },
    /// Running mean of a normalisation layer.
    RunningMean,
    /// Running variance of a normalisation layer.
    RunningVar,
}

impl Layer {
    /// Whether it is a linear function of its one input, without tensors.
    pub fn is_linear_map(&self) -> bool {
        matches!(
            self,
            Self::AveragePool { .. }
                | Self::AdaptiveAveragePool { .. }
                | Self::GlobalAveragePool
                | Self::Slice { .. }
                | Self::Pad { .. }
                | Self::Flatten { .. }
                | Self::Reshape { .. }
                | Self::Transpose { .. }
                | Self::Scale { weight: None, .. }
                | Self::Dropout
                | Self::Identity
        )
    }

    /// The tensors this layer uses and what each is to it.
    pub fn tensors(&self) -> Vec<(&str, Role)> {
        const WEIGHT: Role = Role::Trainable {
            output_axis: Some(0),
        };
        const PLAIN: Role = Role::Trainable { output_axis: None };
        fn optional(name: Option<&String>) -> Option<(&str, Role)> {
            name.map(|n| (n.as_str(), PLAIN))
        }
        let mut tensors = Vec::new();
        match self {
            Self::Linear {
                weight,
                bias,
                output_axis,
            } => {
                tensors.push((
                    weight.as_str(),
                    Role::Trainable {
                        output_axis: Some(*output_axis),
                    },
                ));
                tensors.extend(optional(bias.as_ref()));
            }
            Self::Conv { weight, bias, .. } => {
                tensors.push((weight, WEIGHT));
                tensors.extend(optional(bias.as_ref()));
            }
            Self::BatchNorm {
                weight,
                bias,
                running_mean,
                running_var,
                ..
            } => {
                tensors.extend(optional(weight.as_ref()));
                tensors.extend(optional(bias.as_ref()));
                tensors.push((running_mean, Role::RunningMean));
                tensors.push((running_var, Role::RunningVar));
            }
            Self::LayerNorm { weight, bias, .. } | Self::GroupNorm { weight, bias, .. } => {
                tensors.push((weight, PLAIN));
                tensors.extend(optional(bias.as_ref()));
            }
            Self::Scale { weight, .. } => tensors.extend(optional(weight.as_ref())),
            Self::Shift { weight } | Self::Prepend { weight } => tensors.push((weight, PLAIN)),
            Self::Embedding { weight } => tensors.push((weight, WEIGHT)),
            Self::Attention {
                in_weight,
                in_bias,
                out_weight,
                out_bias,
                ..
            } => {
                tensors.push((in_weight, WEIGHT));
                tensors.extend(optional(in_bias.as_ref()));
                tensors.push((out_weight, WEIGHT));
                tensors.extend(optional(out_bias.as_ref()));
            }
            Self::Relu
            | Self::LeakyRelu { .. }
            | Self::Gelu { .. }
            | Self::Silu
            | Self::Tanh
            | Self::Sigmoid
            | Self::Softmax { .. }
            | Self::MaxPool { .. }
            | Self::AveragePool { .. }
            | Self::AdaptiveAveragePool { .. }
            | Self::GlobalAveragePool
            | Self::Add
            | Self::Multiply
            | Self::Concatenate { .. }
            | Self::Slice { .. }
            | Self::Pad { .. }
            | Self::Flatten { .. }
            | Self::Reshape { .. }
            | Self::Transpose { .. }
            | Self::Matmul
            | Self::Dropout
            | Self::Identity => {}
        }
        tensors
    }
}

impl Graph {
    /// A graph without layers.
    pub fn new(name: impl Into<String>, input: Vec<usize>, loss: Loss) -> Self {
        Self {
            name: name.into(),
            input,
            loss,
            layers: Vec::new(),
        }
    }

    /// Appends a layer that reads the one before it.
    pub fn push(&mut self, name: impl Into<String>, layer: Layer) {
        self.push_from(name, &[], layer);
    }

    /// Appends a layer that reads the named ones.
    pub fn push_from(&mut self, name: impl Into<String>, inputs: &[&str], layer: Layer) {
        let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
        self.layers.push(Node {
            name: name.into(),
            inputs,
            layer,
        });
    }

    /// Every tensor used, each once, in layer order, with its role.
    pub fn tensors(&self) -> Vec<(&str, Role)> {
        let mut seen = std::collections::HashSet::new();
        let all = self.layers.iter().flat_map(|node| node.layer.tensors());
        all.filter(|(name, _)| seen.insert(*name)).collect()
    }
}
