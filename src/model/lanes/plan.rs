//! A network as steps over rows: made once, shared by all points and samples.

use super::geometry::{Lists, Sparse, Window, index, moved, pair, row};
use super::kernel::Shape;
use super::{BLOCKS, LANES};
use crate::model::Network;
use crate::model::graph::{Layer, Loss};

/// The steps of a network whose layers all have rules here.
#[derive(Debug)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    /// Rows of each value; value 0 is the input.
    pub(super) sizes: Vec<usize>,
    /// Whether each value depends on the trained tensors.
    pub(super) moving: Vec<bool>,
    /// Which buffer each value lies in where only the output is wanted.
    pub(super) shared: Vec<usize>,
    /// Which value is the output.
    pub(super) output: usize,
    pub(super) loss: Loss,
    /// The row of each input value.
    pub(super) places: Vec<usize>,
    tensors: Vec<(String, usize)>,
}

/// One layer.
#[derive(Debug)]
pub struct Step {
    pub kind: Kind,
    /// Values read.
    pub inputs: Vec<usize>,
    /// For each of them, whether this step is the first on the way back to reach it.
    pub first: Vec<bool>,
    /// Value made.
    pub output: usize,
}

/// What a step computes.
#[derive(Debug)]
pub enum Kind {
    Product(Product),
    Norm(Norm),
    Curve(Curve),
    Linear(Sparse),
    Max(Sparse),
    Add,
}

/// A convolution; a linear layer is one of one position and one tap.
#[derive(Debug)]
pub struct Product {
    pub weight: usize,
    pub bias: Option<usize>,
    pub shape: Shape,
    /// Positions of output and input.
    pub positions: [usize; 2],
    /// What each output position sees, as (tap, input position).
    pub seen: Lists,
    /// Where each input position is seen, as (tap, output position).
    pub turned: Lists,
    /// The positions of each tap, as (output, input).
    pub pairs: Lists,
    /// Between outputs, inputs and taps in the stored weight.
    pub strides: [usize; 3],
}

/// Batch normalisation with running statistics.
#[derive(Debug)]
pub struct Norm {
    pub weight: Option<usize>,
    pub bias: Option<usize>,
    pub mean: String,
    pub variance: String,
    pub epsilon: f64,
    pub channels: usize,
}

/// A function of one number.
#[derive(Debug, Clone, Copy)]
pub enum Curve {
    /// x above zero, x times this below.
    Leaky(f64),
    Tanh,
    Sigmoid,
    Silu,
}

impl Plan {
    /// `None` where a layer has no rule here.
    pub fn of(network: &Network) -> Option<Self> {
        let input = network.graph.input.clone();
        let mut plan = Self {
            steps: Vec::new(),
            sizes: vec![input.iter().product()],
            moving: vec![false],
            shared: Vec::new(),
            output: 0,
            loss: network.graph.loss,
            places: (0..input.iter().product())
                .map(|i| row(&input, i))
                .collect(),
            tensors: Vec::new(),
        };
        let mut shapes = vec![input];
        // The value each layer's output is.
        let mut values: Vec<usize> = Vec::new();
        for (number, node) in network.graph.layers.iter().enumerate() {
            let output = &network.shapes[number];
            let sources = network.sources[number].iter();
            let inputs: Vec<usize> = sources.map(|s| s.map_or(0, |s| values[s])).collect();
            let from = &network.shape_of(network.sources[number].first().copied()?);
            let Some(kind) = plan.kind(network, &node.layer, from, output)? else {
                // The same rows under another shape.
                values.push(*inputs.first()?);
                continue;
            };
            if matches!(kind, Kind::Add) && inputs.iter().any(|&i| shapes[i] != *output) {
                return None;
            }
            let trained = matches!(kind, Kind::Product(_))
                || matches!(&kind, Kind::Norm(n) if n.weight.is_some() || n.bias.is_some());
            let moving = trained || inputs.iter().any(|&i| plan.moving[i]);
            plan.steps.push(Step {
                kind,
                first: vec![false; inputs.len()],
                inputs,
                output: plan.sizes.len(),
            });
            values.push(plan.sizes.len());
            plan.sizes.push(output.iter().product());
            plan.moving.push(moving);
            shapes.push(output.clone());
        }
        plan.output = *values.last()?;
        plan.find_first_readers().then_some(())?;
        plan.share_buffers();
        Some(plan)
    }

    /// The trained tensors, each once: names and lengths.
    pub fn tensors(&self) -> &[(String, usize)] {
        &self.tensors
    }

    /// Values kept of one sample for products: all outputs and their adjoints.
    pub fn kept_per_sample(&self) -> usize {
        2 * self.sizes.iter().sum::<usize>()
    }

    /// Samples that go through together: few enough that they stay near the caches.
    pub fn batch(&self) -> usize {
        const NEAR_CACHE: usize = 2048;
        let largest = self.sizes.iter().copied().max().unwrap_or(1).max(1);
        LANES * (NEAR_CACHE / largest).clamp(1, BLOCKS)
    }

    fn tensor(&mut self, network: &Network, name: &str) -> usize {
        if let Some(at) = self.tensors.iter().position(|(n, _)| n == name) {
            return at;
        }
        let length = network.tensor_shape(name).iter().product();
        self.tensors.push((name.to_owned(), length));
        self.tensors.len() - 1
    }

    /// `None`: no rule; `Some(None)`: nothing to do.
    #[expect(clippy::option_option, reason = "two different answers")]
    fn kind(
        &mut self,
        network: &Network,
        layer: &Layer,
        from: &[usize],
        to: &[usize],
    ) -> Option<Option<Kind>> {
        let map = |shape: &[usize]| pair(shape.get(1..)?, 1);
        let linear = |sparse: Sparse| (!sparse.is_identity()).then_some(Kind::Linear(sparse));
        Some(match layer {
            Layer::Linear {
                weight,
                bias,
                output_axis,
            } => {
                let (&[inputs], &[outputs]) = (from, to) else {
                    return None;
                };
                let strides = match output_axis {
                    0 => [inputs, 1, 1],
                    _ => [1, outputs, 1],
                };
                let one = || Lists::new(std::iter::once(vec![(0, 0)]));
                Some(Kind::Product(Product {
                    weight: self.tensor(network, weight),
                    bias: bias.as_ref().map(|b| self.tensor(network, b)),
                    shape: Shape {
                        targets: outputs,
                        sources: inputs,
                        taps: 1,
                    },
                    positions: [1, 1],
                    seen: one(),
                    turned: one(),
                    pairs: one(),
                    strides,
                }))
            }
            Layer::Conv {
                weight,
                bias,
                stride,
                padding,
                dilation,
                groups: 1,
            } => {
                let kernel = network.tensor_shape(weight);
                let window = Window {
                    size: pair(kernel.get(2..)?, 1)?,
                    stride: pair(stride, 1)?,
                    padding: pair(padding, 0)?,
                    dilation: pair(dilation, 1)?,
                };
                let (input, output) = (map(from)?, map(to)?);
                let seen = window.seen(input, output);
                let positions = [output[0] * output[1], input[0] * input[1]];
                let taps = window.taps();
                Some(Kind::Product(Product {
                    weight: self.tensor(network, weight),
                    bias: bias.as_ref().map(|b| self.tensor(network, b)),
                    shape: Shape {
                        targets: to[0],
                        sources: from[0],
                        taps,
                    },
                    positions,
                    turned: seen.turned(positions[1]),
                    pairs: seen.by_first(taps),
                    seen,
                    strides: [from[0] * taps, taps, 1],
                }))
            }
            Layer::BatchNorm {
                weight,
                bias,
                running_mean,
                running_var,
                epsilon,
            } => Some(Kind::Norm(Norm {
                weight: weight.as_ref().map(|w| self.tensor(network, w)),
                bias: bias.as_ref().map(|b| self.tensor(network, b)),
                mean: running_mean.clone(),
                variance: running_var.clone(),
                epsilon: *epsilon,
                channels: *from.first()?,
            })),
            Layer::Relu => Some(Kind::Curve(Curve::Leaky(0.0))),
            Layer::LeakyRelu { slope } => Some(Kind::Curve(Curve::Leaky(*slope))),
            Layer::Tanh => Some(Kind::Curve(Curve::Tanh)),
            Layer::Sigmoid => Some(Kind::Curve(Curve::Sigmoid)),
            Layer::Silu => Some(Kind::Curve(Curve::Silu)),
            Layer::Add => Some(Kind::Add),
            Layer::Dropout | Layer::Identity => None,
            Layer::MaxPool {
                size,
                stride,
                padding,
                dilation,
                ..
            } => {
                let window = Window {
                    size: pair(size, 1)?,
                    stride: pair(stride, 1)?,
                    padding: pair(padding, 0)?,
                    dilation: pair(dilation, 1)?,
                };
                let seen = window.seen(map(from)?, map(to)?);
                Some(Kind::Max(pooled(&seen, from[0], |_| 1.0)))
            }
            Layer::AveragePool {
                size,
                stride,
                padding,
                count_padding,
                ceil: false,
            } => {
                let window = Window {
                    size: pair(size, 1)?,
                    stride: pair(stride, 1)?,
                    padding: pair(padding, 0)?,
                    dilation: [1, 1],
                };
                let seen = window.seen(map(from)?, map(to)?);
                let all = window.taps();
                linear(pooled(&seen, from[0], |found| {
                    1.0 / if *count_padding { all } else { found } as f64
                }))
            }
            Layer::AdaptiveAveragePool { size } => {
                let seen = parts(map(from)?, pair(size, 1)?);
                linear(pooled(&seen, from[0], |found| 1.0 / found as f64))
            }
            Layer::GlobalAveragePool => {
                let seen = parts([1, from.get(1..)?.iter().product()], [1, 1]);
                linear(pooled(&seen, from[0], |found| 1.0 / found as f64))
            }
            Layer::Slice {
                axis, start, step, ..
            } => linear(moved(from, to, 1.0, |mut place| {
                place[axis - 1] = start + place[axis - 1] * step;
                Some(place)
            })),
            Layer::Pad { axis, before, .. } => linear(moved(from, to, 1.0, |mut place| {
                let at = place[axis - 1].checked_sub(*before)?;
                place[axis - 1] = at;
                (at < from[axis - 1]).then_some(place)
            })),
            Layer::Scale {
                weight: None,
                factor,
            } => linear(moved(from, to, *factor, Some)),
            Layer::Flatten { .. } | Layer::Reshape { .. } => {
                let count = to.iter().product();
                let entry = |r| vec![(row(from, index(to, r)) as u32, 1.0)];
                linear(Sparse::new((0..count).map(entry), 1))
            }
            _ => return None,
        })
    }

    /// Marks who reaches a value first on the way back; whether every value is read by someone.
    fn find_first_readers(&mut self) -> bool {
        let mut read = vec![false; self.sizes.len()];
        read[0] = true;
        read[self.output] = true;
        for step in self.steps.iter_mut().rev() {
            for (input, first) in step.inputs.iter().zip(&mut step.first) {
                *first = !read[*input];
                read[*input] = true;
            }
        }
        let output_is_last = self.steps.last().is_some_and(|s| s.output == self.output);
        output_is_last && read.into_iter().all(|r| r)
    }

    /// Gives each value a buffer that no value alive at the same time has.
    fn share_buffers(&mut self) {
        let mut last = vec![usize::MAX; self.sizes.len()];
        for (number, step) in self.steps.iter().enumerate() {
            for &input in &step.inputs {
                last[input] = number;
            }
        }
        let (mut free, mut made) = (Vec::new(), 1);
        self.shared = vec![0; self.sizes.len()];
        for (number, step) in self.steps.iter().enumerate() {
            self.shared[step.output] = free.pop().unwrap_or_else(|| {
                made += 1;
                made - 1
            });
            let mut done: Vec<usize> = step.inputs.clone();
            done.dedup();
            free.extend(
                done.iter()
                    .filter(|&&i| last[i] == number)
                    .map(|&i| self.shared[i]),
            );
        }
    }
}

/// A pooling of positions, channel by channel; `weight` is that of each of so many positions.
fn pooled(seen: &Lists, channels: usize, weight: impl Fn(usize) -> f64) -> Sparse {
    let entries = (0..seen.len()).map(|place| {
        let found = seen.get(place);
        let entry = |&(_, from): &(u32, u32)| (from, weight(found.len()));
        found.iter().map(entry).collect()
    });
    Sparse::new(entries, channels)
}

/// The positions of each of some equal parts of a map.
fn parts(input: [usize; 2], output: [usize; 2]) -> Lists {
    let range = |axis: usize, part: usize| {
        let start = part * input[axis] / output[axis];
        start..((part + 1) * input[axis]).div_ceil(output[axis])
    };
    Lists::new((0..output[0] * output[1]).map(|place| {
        let (rows, columns) = (range(0, place / output[1]), range(1, place % output[1]));
        rows.flat_map(|y| columns.clone().map(move |x| (0, (y * input[1] + x) as u32)))
            .collect()
    }))
}

impl Network {
    fn shape_of(&self, source: Option<usize>) -> Vec<usize> {
        source
            .map_or(&self.graph.input, |s| &self.shapes[s])
            .clone()
    }

    fn tensor_shape(&self, name: &str) -> &[usize] {
        let found = self.layout.iter().find(|spec| spec.name == name);
        found.map_or(&[], |spec| &spec.shape)
    }
}
