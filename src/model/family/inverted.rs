//! Inverted residual blocks (Sandler et al. 2018): a 1×1 convolution to more channels, a depthwise one, squeeze and
//! excitation, a 1×1 convolution back, and the input added where nothing changes its shape.
//!
//! What a block has is told by its tensors; strides, activations and epsilon are the family's. Blocks are read from
//! their own names in order, so that the layouts of several libraries need no list here.

use super::builder::Builder;
use super::order::{self, join};
use super::tensors::{Kind, Module, Tensors};
use super::wired::Square;
use crate::error::{Error, Result};
use crate::model::graph::Layer;
use crate::model::layers::{
    AdaptiveAveragePool, Add, HardSigmoid, HardSwish, Multiply, Relu, Relu6, Sigmoid, Silu,
};

/// What a family's blocks have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Added to variances.
    pub epsilon: f64,
    /// Between the two layers of squeeze and excitation.
    pub squeezed: Act,
    /// After them.
    pub gate: Act,
}

/// An activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Relu,
    Relu6,
    HardSwish,
    Silu,
    Sigmoid,
    HardSigmoid,
}

impl Act {
    /// The layer and its word.
    pub fn layer(self) -> (&'static str, Layer) {
        match self {
            Self::Relu => ("relu", Relu {}.into()),
            Self::Relu6 => ("relu6", Relu6 {}.into()),
            Self::HardSwish => ("hardswish", HardSwish {}.into()),
            Self::Silu => ("silu", Silu {}.into()),
            Self::Sigmoid => ("gate", Sigmoid {}.into()),
            Self::HardSigmoid => ("gate", HardSigmoid {}.into()),
        }
    }
}

/// One block.
pub(super) struct Block {
    name: String,
    units: Vec<Unit>,
    /// The two layers of squeeze and excitation, before the last convolution.
    squeeze: Option<[String; 2]>,
    /// The 1×1 convolution and norm beside the block, where it has tensors.
    beside: Option<[String; 2]>,
}

struct Unit {
    convolution: String,
    norm: String,
    depthwise: bool,
    kernel: usize,
}

impl Block {
    /// The block of this name, from its convolutions and norms in the order of their names; convolutions without a
    /// norm are those of squeeze and excitation.
    pub fn read(tensors: &Tensors, name: &str) -> Result<Self> {
        let start = format!("{name}.");
        let mut own = tensors.modules();
        own.retain(|module| module.name.starts_with(&start));
        let place = |module: &Module| place(module.name.strip_prefix(&start), &own);
        let mut own: Vec<(usize, Module)> = own.iter().map(|m| (place(m), *m)).collect();
        own.sort_by(|(i, a), (j, b)| i.cmp(j).then(order::natural(a.name, b.name)));
        let mut own: Vec<Module> = own.into_iter().map(|(_, module)| module).collect();
        let is_beside = |module: &Module| module.name[start.len()..].starts_with("shortcut.");
        let beside: Vec<String> = own
            .iter()
            .filter(|m| is_beside(m))
            .map(|m| m.name.to_owned())
            .collect();
        own.retain(|module| !is_beside(module));
        let is_squeeze = |module: &Module| {
            ["fc1", "fc2", "conv_reduce", "conv_expand"].contains(&order::leaf(module.name))
        };
        let layers = ["fc1", "conv_reduce", "fc2", "conv_expand"];
        let place = |name: &str| layers.iter().position(|own| *own == order::leaf(name));
        let squeeze = own.iter().filter(|m| is_squeeze(m));
        let mut squeeze: Vec<String> = squeeze.map(|m| m.name.to_owned()).collect();
        squeeze.sort_by_key(|name| place(name));
        own.retain(|module| !is_squeeze(module));
        let of = |kind: Kind| own.iter().filter(move |m| m.kind == kind);
        let (convolutions, norms) = (of(Kind::Conv).count(), of(Kind::Norm).count());
        if convolutions != norms || convolutions == 0 || convolutions > 3 {
            return Err(Error::Model(format!(
                "{name} has {convolutions} convolutions and {norms} norms: expected as many of both, 1 to 3"
            )));
        }
        let units = of(Kind::Conv).zip(of(Kind::Norm)).map(|(conv, norm)| Unit {
            convolution: conv.name.to_owned(),
            norm: norm.name.to_owned(),
            depthwise: conv.weight.get(1) == Some(&1) && conv.weight.get(2).is_some_and(|k| *k > 1),
            kernel: conv.weight.get(2).copied().unwrap_or(1),
        });
        let pair = |names: Vec<String>, what: &str| match <[String; 2]>::try_from(names) {
            Ok(both) => Ok(Some(both)),
            Err(names) if names.is_empty() => Ok(None),
            Err(names) => Err(Error::Model(format!(
                "{} is there for {name}: expected two layers {what}",
                names.join(", ")
            ))),
        };
        Ok(Self {
            name: name.to_owned(),
            units: units.collect(),
            squeeze: pair(squeeze, "of squeeze and excitation")?,
            beside: pair(beside, "beside a block")?,
        })
    }

    /// Extent of its largest kernel.
    pub fn kernel(&self) -> usize {
        self.units.iter().map(|unit| unit.kernel).max().unwrap_or(1)
    }

    /// Whether it has squeeze and excitation.
    pub fn squeezes(&self) -> bool {
        self.squeeze.is_some()
    }

    /// Appends the block; gives its number of channels.
    pub fn push(
        &self,
        builder: &mut Builder,
        channels: usize,
        stride: usize,
        act: Act,
        habits: Habits,
    ) -> Result<usize> {
        let before = builder.last();
        // The stride lies in the first convolution with a window: the depthwise one, or a full one in its place.
        let strided = self.units.iter().position(|unit| unit.kernel > 1);
        let (mut width, last) = (channels, self.units.len() - 1);
        for (i, unit) in self.units.iter().enumerate() {
            if i == last
                && last > 0
                && let Some(layers) = &self.squeeze
            {
                squeeze(builder, layers, width, habits)?;
            }
            let spec = Square {
                depthwise: unit.depthwise,
                ..Square::new(width, unit.kernel).stride(if strided == Some(i) {
                    stride
                } else {
                    1
                })
            };
            width = builder.square(&unit.convolution, &[], spec)?;
            builder.batch(&unit.norm, width, habits.epsilon)?;
            // The last one is linear, unless it is all there is.
            if i != last || last == 0 {
                let (word, layer) = act.layer();
                builder.then(&unit.norm, word, layer);
            }
        }
        let main = builder.last();
        let add = join(&self.name, "add");
        if let Some([convolution, norm]) = &self.beside {
            let spec = Square::new(channels, 1).to(width);
            builder.square(convolution, &[&before], spec)?;
            builder.batch(norm, width, habits.epsilon)?;
            let beside = builder.last();
            builder.push_from(&add, &[&main, &beside], Add {});
        } else if stride == 1 && channels == width {
            builder.push_from(&add, &[&before, &main], Add {});
        }
        Ok(width)
    }
}

/// The place of a convolution within timm's blocks, whose names don't sort as they follow each other: a pointwise one
/// comes before the depthwise one if there is another behind it. Other names sort.
fn place(name: Option<&str>, own: &[Module]) -> usize {
    const ORDER: [&str; 3] = ["conv_pw", "conv_dw", "conv_pwl"];
    let returns = own
        .iter()
        .any(|module| order::leaf(module.name) == "conv_pwl");
    match ORDER.iter().position(|own| Some(*own) == name) {
        Some(0) if !returns => 2,
        Some(place) => place,
        None => 0,
    }
}

/// Appends squeeze and excitation: every channel times a gate made of all channels' means.
fn squeeze(
    builder: &mut Builder,
    [reduce, expand]: &[String; 2],
    channels: usize,
    habits: Habits,
) -> Result<()> {
    let before = builder.last();
    builder.then(reduce, "mean", AdaptiveAveragePool { size: vec![1, 1] });
    let inner = builder.square(reduce, &[], Square::new(channels, 1).bias(true))?;
    let (word, layer) = habits.squeezed.layer();
    builder.then(reduce, word, layer);
    builder.square(expand, &[], Square::new(inner, 1).bias(true).to(channels))?;
    let (word, layer) = habits.gate.layer();
    let gate = builder.then(expand, word, layer);
    builder.push_from(&join(expand, "gated"), &[&before, &gate], Multiply {});
    Ok(())
}

/// Appends a convolution, its norm and an activation; gives its number of channels.
pub(super) fn unit(
    builder: &mut Builder,
    [convolution, norm]: [&str; 2],
    spec: Square,
    act: Act,
    habits: Habits,
) -> Result<usize> {
    let width = builder.square(convolution, &[], spec)?;
    builder.batch(norm, width, habits.epsilon)?;
    let (word, layer) = act.layer();
    builder.then(norm, word, layer);
    Ok(width)
}
