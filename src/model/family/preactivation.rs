//! Residual networks whose blocks begin with norm and activation: pre-activation ResNets and wide ResNets.
//!
//! He et al. 2016 ("Identity mappings") and Zagoruyko and Komodakis 2016, in the layouts of the PyTorch
//! repositories that most files come from. They agree on the tensors and differ in two traits that leave no
//! trace: whether a block's stride lies in its first or second convolution, and whether the 1×1 convolution
//! beside a block reads the block's input or what norm and activation make of it.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order;
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Tensors};
use super::wired::{Square, members};
use crate::error::{Error, Result};
use crate::model::layers::{Add, Relu};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "stride",
        what: "which convolution of the first block of a stage has stride 2",
        of: Range::Words(&["first", "second"]),
    },
    Choice {
        key: "shortcut",
        what: "what the 1×1 convolution beside a block reads: the block's input after norm and activation, or as it is",
        of: Range::Words(&["activated", "raw"]),
    },
];

/// How a repository names its tensors, and its two habits.
struct Layout {
    /// The first convolution.
    stem: &'static str,
    /// The norm after it, with an activation.
    stem_norm: Option<&'static str>,
    /// A stage is called this, its number, and the next.
    stage: &'static str,
    after: &'static str,
    /// Number of the first stage.
    first: usize,
    /// The convolution beside a block.
    beside: &'static str,
    /// The norm after the last block, with an activation.
    last_norm: Option<&'static str>,
    head: &'static str,
    stride: &'static str,
    shortcut: &'static str,
}

/// xternalz/WideResNet-pytorch, also TRADES and RobustBench.
const BLOCK_LAYER: Layout = Layout {
    stem: "conv1",
    stem_norm: None,
    stage: "block",
    after: ".layer.",
    first: 1,
    beside: "convShortcut",
    last_norm: Some("bn1"),
    head: "fc",
    stride: "first",
    shortcut: "activated",
};

/// meliketoy/wide-resnet.pytorch.
const WIDE_LAYER: Layout = Layout {
    stem: "conv1",
    stem_norm: None,
    stage: "layer",
    after: ".",
    first: 1,
    beside: "shortcut.0",
    last_norm: Some("bn1"),
    head: "linear",
    stride: "second",
    shortcut: "raw",
};

/// kuangliu/pytorch-cifar's PreActResNet.
const PREACT_LAYER: Layout = Layout {
    last_norm: None,
    stride: "first",
    shortcut: "activated",
    ..WIDE_LAYER
};

/// The wide ResNet of weiaicunzai/pytorch-cifar100.
const INIT_CONV: Layout = Layout {
    stem: "init_conv",
    stage: "conv",
    first: 2,
    last_norm: Some("bn"),
    stride: "first",
    ..WIDE_LAYER
};

/// Its pre-activation ResNet.
const PRE_STAGE: Layout = Layout {
    stem: "pre.0",
    stem_norm: Some("pre.1"),
    stage: "stage",
    beside: "shortcut",
    last_norm: None,
    stride: "first",
    ..WIDE_LAYER
};

/// szagoruyko/wide-residual-networks.
const GROUP_BLOCK: Layout = Layout {
    stem: "conv0",
    stage: "group",
    after: ".block",
    first: 0,
    beside: "convdim",
    last_norm: Some("bn"),
    head: "fc",
    ..BLOCK_LAYER
};

/// Whether the names are those of a pre-activation network.
pub(super) fn claims(tensors: &Tensors) -> bool {
    layout(tensors).is_some()
}

fn layout(tensors: &Tensors) -> Option<&'static Layout> {
    let has = |name: &str| tensors.shape(name).is_some();
    if has("block1.layer.0.conv1.weight")
        && has("block1.layer.0.bn1.weight")
        && !has("trans1.conv1.weight")
    {
        return Some(&BLOCK_LAYER);
    }
    if has("group0.block0.conv0.weight") {
        return Some(&GROUP_BLOCK);
    }
    if has("init_conv.weight") && tensors.any_under("conv2.0.residual.") {
        return Some(&INIT_CONV);
    }
    if has("pre.0.weight") && tensors.any_under("stage1.0.residual.") {
        return Some(&PRE_STAGE);
    }
    // The names of residual networks with norms behind; here the first norm of a block has the width of what
    // comes in, which a later stage or a missing stem norm tells.
    if !has("layer1.0.conv1.weight") || !has("layer1.0.bn1.weight") {
        return None;
    }
    let before = |block: &str| {
        let of = |leaf: &str| tensors.shape(&format!("{block}.{leaf}"));
        let (norm, weight) = (of("bn1.weight")?, of("conv1.weight")?);
        let (&[width], &[outputs, channels, ..]) = (norm, weight) else {
            return None;
        };
        (outputs != channels).then_some(width == channels)
    };
    let first_of = |stage: usize| before(&format!("layer{stage}.0"));
    let told = (1..9).find_map(first_of);
    let pre = told.unwrap_or_else(|| !has("bn1.weight"));
    pre.then_some(if has("bn1.weight") {
        &WIDE_LAYER
    } else {
        &PREACT_LAYER
    })
}

/// A norm and the convolution after it, by name.
struct Unit {
    norm: String,
    convolution: String,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = layout(&tensors).unwrap_or(&BLOCK_LAYER);
    let stages = (own.first..).take_while(|stage| members(&tensors, &prefix(own, *stage)) > 0);
    let stages: Vec<usize> = stages.collect();
    let mut builder = Builder::new(tensors, hints);
    let weight = order::join(own.stem, "weight");
    let [_, channels, ..] = builder.extents::<4>(&weight)?;
    let image = builder.image_or(&weight, channels, 32)?;
    let bias = builder.has(&order::join(own.stem, "bias"));
    let mut width = builder.square(own.stem, &[], Square::new(channels, 3).bias(bias))?;
    if let Some(norm) = own.stem_norm {
        builder.batch(norm, width, 1e-5)?;
        builder.then(norm, "relu", Relu {});
    }
    let habits = Habits {
        bias,
        second: chosen.word("stride", own.stride) == "second",
        raw: chosen.word("shortcut", own.shortcut) == "raw",
    };
    let (mut blocks, mut units, mut beside) = (0, 0, false);
    for (number, stage) in stages.iter().enumerate() {
        let prefix = prefix(own, *stage);
        for block in 0..builder.members(&prefix) {
            let name = format!("{prefix}{block}");
            let stride = if number > 0 && block == 0 { 2 } else { 1 };
            let inside = inside(&builder.tensors, &name);
            units = inside.len();
            let shortcut = order::join(&name, own.beside);
            beside |= builder.has(&order::join(&shortcut, "weight"));
            let block = Block {
                name,
                inside,
                shortcut,
                stride,
            };
            width = push(&mut builder, &block, width, &habits)?;
            blocks += 1;
        }
    }
    if blocks == 0 {
        return Err(Error::Model("no tensor belongs to a block".into()));
    }
    if let Some(norm) = own.last_norm {
        builder.batch(norm, width, 1e-5)?;
        builder.then(norm, "relu", Relu {});
    }
    let outputs = builder.mean_and_head(own.head, width)?;
    assume(&mut builder, &habits, beside && stages.len() > 1, chosen);
    let kind = if own.last_norm.is_some() && units == 2 {
        "WRN"
    } else {
        "PreAct-ResNet"
    };
    let depth = blocks * units + if kind == "WRN" { 4 } else { 2 };
    let why = format!(
        "{blocks} blocks of norm, activation and convolution in {} stages",
        stages.len()
    );
    let family = "preact-resnet";
    let read = Reading { family, why };
    builder.finish(format!("{kind}-{depth}"), image.to_vec(), outputs, read)
}

struct Habits {
    bias: bool,
    /// The stride lies in the second convolution.
    second: bool,
    /// The shortcut reads the block's input as it is.
    raw: bool,
}

struct Block {
    name: String,
    inside: Vec<Unit>,
    shortcut: String,
    stride: usize,
}

/// Appends a block; gives its number of channels.
fn push(builder: &mut Builder, block: &Block, channels: usize, habits: &Habits) -> Result<usize> {
    let before = builder.last();
    let mut activated = before.clone();
    // A bottleneck has its stride in the middle.
    let strided = usize::from(habits.second || block.inside.len() == 3);
    let mut width = channels;
    for (i, unit) in block.inside.iter().enumerate() {
        builder.batch(&unit.norm, width, 1e-5)?;
        let relu = builder.then(&unit.norm, "relu", Relu {});
        if i == 0 {
            activated = relu;
        }
        let kernel = if block.inside.len() == 3 && i != 1 {
            1
        } else {
            3
        };
        let stride = if i == strided { block.stride } else { 1 };
        let spec = Square::new(width, kernel).stride(stride);
        width = builder.square(&unit.convolution, &[], spec.bias(habits.bias))?;
    }
    if block.inside.len() < 2 {
        return Err(Error::Model(format!(
            "{} has {} convolutions with a norm: expected 2 or 3",
            block.name,
            block.inside.len()
        )));
    }
    let main = builder.last();
    let changes = width != channels || block.stride != 1;
    let beside = if changes || builder.has(&order::join(&block.shortcut, "weight")) {
        let from = if habits.raw { &before } else { &activated };
        let spec = Square::new(channels, 1).stride(block.stride).to(width);
        builder.square(&block.shortcut, &[from], spec.bias(habits.bias))?;
        builder.last()
    } else {
        before
    };
    builder.push_from(&order::join(&block.name, "add"), &[&main, &beside], Add {});
    Ok(width)
}

/// Norms and convolutions of a block in their order: by number, by name.
fn inside(tensors: &Tensors, block: &str) -> Vec<Unit> {
    let start = format!("{block}.");
    let mut own: Vec<_> = tensors.modules();
    own.retain(|module| {
        let rest = module.name.strip_prefix(&start).unwrap_or_default();
        let beside = rest.starts_with("shortcut") || rest == "convShortcut" || rest == "convdim";
        !rest.is_empty() && !beside
    });
    own.sort_by(|a, b| order::natural(a.name, b.name));
    let of = |kind: Kind| own.iter().filter(move |m| m.kind == kind);
    let units = of(Kind::Norm).zip(of(Kind::Conv)).map(|(norm, conv)| Unit {
        norm: norm.name.to_owned(),
        convolution: conv.name.to_owned(),
    });
    units.collect()
}

fn prefix(own: &Layout, stage: usize) -> String {
    format!("{}{stage}{}", own.stage, own.after)
}

fn assume(builder: &mut Builder, habits: &Habits, beside: bool, chosen: &Chosen) {
    builder.assume("The 3×3 stem has stride 1 and no pool after it; the activation is ReLU.");
    let place = if habits.second { "second" } else { "first" };
    builder.assume(chosen.assumed(
        "stride",
        &format!(
            "The first block of every stage after the first has stride 2, at its {place} convolution (at the 3×3 one of three)"
        ),
    ));
    if beside {
        let reads = if habits.raw {
            "its input as it is"
        } else {
            "its input after norm and activation"
        };
        builder.assume(chosen.assumed(
            "shortcut",
            &format!("The 1×1 convolution beside a block reads {reads}"),
        ));
    }
    builder.assume("Batch normalisation adds 1e-5 to the variance.");
}
