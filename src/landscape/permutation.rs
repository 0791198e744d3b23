//! Hidden units renumbered so that one point lies near another: weight matching (Ainsworth et al. 2023,
//! arXiv 2209.04836, section 3.2).
//!
//! The units of a hidden layer may be numbered anew, in its own weights and in those that read them,
//! without changing the function. Which numbering brings the weights together is a linear assignment
//! for one layer while the others stay, and layers take turns until nothing changes. Only for layers
//! one after another: where paths meet, one numbering would have to serve several.

mod assignment;

use crate::error::{Error, Result};
use crate::landscape::curvature::vector::generator;
use crate::model::Network;
use crate::model::layers::Layer;
use crate::model::params::Params;
use assignment::assign;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// An axis of a tensor that counts hidden units, each with `block` entries one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Axis {
    /// Place in the layout.
    tensor: usize,
    place: usize,
    block: usize,
}

/// The axes that one numbering of hidden units is seen in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Units {
    count: usize,
    axes: Vec<Axis>,
}

/// The streams of a seed below this belong to directions and measures.
const STREAM: u64 = 23;
/// Rounds through all layers; it takes a few.
const MOST_ROUNDS: usize = 100;

/// `other` with the hidden units of each layer in the order that brings its trained values nearest to
/// `theta`'s. Its outputs stay what they are.
///
/// # Errors
/// Where the network isn't a chain of fully connected layers, convolutions and batch normalisation:
/// names the layer.
pub fn aligned(network: &Network, theta: &Params, other: &Params, seed: u64) -> Result<Params> {
    let mut alignment = Alignment::new(network, theta, other, seed)?;
    while alignment.step() {}
    Ok(alignment.moved)
}

/// [`aligned`] on its way, advanced by [`Alignment::step`].
pub struct Alignment {
    groups: Vec<Units>,
    theta: Params,
    moved: Params,
    rng: ChaCha8Rng,
    rounds: usize,
    /// Layers of this round that are still to come, the next one last.
    coming: Vec<usize>,
    changed: bool,
}

impl Alignment {
    /// Nothing is renumbered yet.
    ///
    /// # Errors
    /// As [`aligned`].
    pub fn new(network: &Network, theta: &Params, other: &Params, seed: u64) -> Result<Self> {
        Ok(Self {
            groups: chain(network)?,
            theta: theta.clone(),
            moved: other.clone(),
            rng: generator(seed, STREAM),
            rounds: 0,
            coming: Vec::new(),
            changed: true,
        })
    }

    /// The point as it is renumbered so far.
    pub fn point(&self) -> &Params {
        &self.moved
    }

    /// One layer; false once a round has changed nothing.
    pub fn step(&mut self) -> bool {
        let Some(group) = self.coming.pop() else {
            if !self.changed || self.rounds >= MOST_ROUNDS {
                return false;
            }
            self.rounds += 1;
            self.changed = false;
            let mut order: Vec<usize> = (0..self.groups.len()).collect();
            order.shuffle(&mut self.rng);
            self.coming = order;
            return true;
        };
        let units = &self.groups[group];
        let gain = likeness(units, &self.theta, &self.moved);
        let found = assign(&gain);
        let sum = |from: &dyn Fn(usize) -> usize| -> f64 {
            gain.iter().enumerate().map(|(i, row)| row[from(i)]).sum()
        };
        let (now, then) = (sum(&|i| i), sum(&|i| found[i]));
        // Units that are as like as each other may stay.
        if then > now + 1e-12 * now.abs() {
            self.moved = renumbered(&self.moved, units, &found);
            self.changed = true;
        }
        true
    }
}

/// The hidden units of a chain, layer by layer.
fn chain(network: &Network) -> Result<Vec<Units>> {
    let graph = network.graph();
    let refused = |name: &str, why: &str| {
        Error::Slice(format!(
            "units are renumbered along layers one after another only: layer {name:?} {why}"
        ))
    };
    if let Some(first) = graph.parametrised.first() {
        let why = "has weights that are computed from others";
        return Err(refused(&first.name, why));
    }
    let layout = network.layout();
    let place = |name: &str| layout.iter().position(|spec| spec.name == name);
    let mut groups: Vec<Units> = Vec::new();
    // What numbers the channels of the current value, and how many entries each has; `None`: the data.
    let mut now: Option<(usize, usize)> = None;
    let mut seen: Vec<usize> = Vec::new();
    for (index, node) in graph.layers.iter().enumerate() {
        let before = index.checked_sub(1);
        if network.sources[index] != [before] {
            return Err(refused(
                &node.name,
                "reads something else than the layer before it",
            ));
        }
        let mut own = |name: &str| -> Result<usize> {
            let tensor = place(name).filter(|tensor| !seen.contains(tensor));
            let tensor =
                tensor.ok_or_else(|| refused(&node.name, "shares a tensor with another"))?;
            seen.push(tensor);
            Ok(tensor)
        };
        match &node.layer {
            Layer::Linear(linear) => {
                // Its units lie along the last axis, those of everything else along the first.
                if network.shapes[index].len() != 1 {
                    return Err(refused(&node.name, "reads values of several axes"));
                }
                let weight = own(&linear.weight)?;
                let (out, inner) = (linear.output_axis, 1 - linear.output_axis);
                read(&mut groups, now, weight, inner);
                let count = layout[weight].shape[out];
                let mut units = Units {
                    count,
                    axes: vec![axis(weight, out)],
                };
                if let Some(bias) = &linear.bias {
                    let bias = own(bias)?;
                    let along = layout[bias].shape.iter().position(|n| *n == count);
                    units.axes.push(axis(bias, along.unwrap_or(0)));
                }
                now = Some((groups.len(), 1));
                groups.push(units);
            }
            Layer::Conv(conv) => {
                if conv.groups != 1 {
                    return Err(refused(&node.name, "is a convolution in groups"));
                }
                let weight = own(&conv.weight)?;
                read(&mut groups, now, weight, 1);
                let count = layout[weight].shape[0];
                let mut units = Units {
                    count,
                    axes: vec![axis(weight, 0)],
                };
                if let Some(bias) = &conv.bias {
                    units.axes.push(axis(own(bias)?, 0));
                }
                now = Some((groups.len(), 1));
                groups.push(units);
            }
            Layer::BatchNorm(norm) => {
                let affine = norm.weight.iter().chain(&norm.bias);
                let statistics = [&norm.running_mean, &norm.running_var];
                for name in affine.chain(statistics) {
                    let tensor = own(name)?;
                    read(&mut groups, now, tensor, 0);
                }
            }
            Layer::Flatten(_) => {
                if let Some((group, block)) = now {
                    let size: usize = network.shapes[index].iter().product();
                    let fits = network.shapes[index].len() == 1
                        && size.is_multiple_of(groups[group].count);
                    if !fits || block != 1 {
                        return Err(refused(&node.name, "doesn't keep units together"));
                    }
                    now = Some((group, size / groups[group].count));
                }
            }
            layer if keeps_channels(layer) => {}
            _ => return Err(refused(&node.name, "is of another kind than these")),
        }
    }
    // The outputs have an order of their own.
    groups.pop();
    Ok(groups)
}

fn axis(tensor: usize, place: usize) -> Axis {
    Axis {
        tensor,
        place,
        block: 1,
    }
}

/// Notes that a tensor reads the current value along an axis.
fn read(groups: &mut [Units], now: Option<(usize, usize)>, tensor: usize, place: usize) {
    if let Some((group, block)) = now {
        groups[group].axes.push(Axis {
            tensor,
            place,
            block,
        });
    }
}

/// Whether a layer does the same to every channel.
fn keeps_channels(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Relu(_)
            | Layer::LeakyRelu(_)
            | Layer::Relu6(_)
            | Layer::Elu(_)
            | Layer::Selu(_)
            | Layer::Celu(_)
            | Layer::Gelu(_)
            | Layer::Silu(_)
            | Layer::Mish(_)
            | Layer::Softplus(_)
            | Layer::Softsign(_)
            | Layer::Tanh(_)
            | Layer::Sigmoid(_)
            | Layer::HardTanh(_)
            | Layer::HardSigmoid(_)
            | Layer::HardSwish(_)
            | Layer::MaxPool(_)
            | Layer::AveragePool(_)
            | Layer::AdaptiveAveragePool(_)
            | Layer::AdaptiveMaxPool(_)
            | Layer::GlobalAveragePool(_)
            | Layer::Dropout(_)
            | Layer::Identity(_)
    )
}

/// How a tensor lies around an axis: entries before it, along it, and after it.
fn around(params: &Params, axis: &Axis) -> [usize; 3] {
    let shape = &params.layout()[axis.tensor].shape;
    let before = shape[..axis.place].iter().product();
    let after = shape[axis.place + 1..].iter().product();
    [before, shape[axis.place], after]
}

/// ⟨unit i of a, unit j of b⟩ over all trained axes that count the units, row by row.
fn likeness(units: &Units, a: &Params, b: &Params) -> Vec<Vec<f64>> {
    let n = units.count;
    let mut all = vec![vec![0.0; n]; n];
    for axis in &units.axes {
        if !a.layout()[axis.tensor].is_trainable() {
            continue;
        }
        let [before, along, after] = around(a, axis);
        let (a, b) = (a.at(axis.tensor), b.at(axis.tensor));
        // What belongs to a unit lies in as many pieces as there are entries before the axis.
        let piece = axis.block * after;
        for outer in 0..before {
            let start = outer * along * after;
            for (i, row) in all.iter_mut().enumerate() {
                let own = &a[start + i * piece..start + (i + 1) * piece];
                for (j, sum) in row.iter_mut().enumerate() {
                    let theirs = &b[start + j * piece..start + (j + 1) * piece];
                    *sum += own.iter().zip(theirs).map(|(a, b)| a * b).sum::<f64>();
                }
            }
        }
    }
    all
}

/// The point with unit `from[i]` in the place of unit i.
fn renumbered(params: &Params, units: &Units, from: &[usize]) -> Params {
    let mut index = 0;
    params.map(|_, values| {
        let tensor = index;
        index += 1;
        let mut values = values.to_vec();
        for axis in units.axes.iter().filter(|axis| axis.tensor == tensor) {
            let [before, along, after] = around(params, axis);
            let old = values.clone();
            let piece = axis.block * after;
            for outer in 0..before {
                let start = outer * along * after;
                for (to, from) in from.iter().enumerate() {
                    let source = start + from * piece;
                    values[start + to * piece..start + (to + 1) * piece]
                        .copy_from_slice(&old[source..source + piece]);
                }
            }
        }
        values
    })
}
