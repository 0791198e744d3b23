//! The wiring that residual networks share: stem, stages of blocks, global average, one linear layer.
//!
//! Names follow torchvision and the CIFAR repositories: `conv1`, `bn1`, `layer1.0.conv1`, …, and
//! `shortcut` or `downsample` for 1×1 convolutions beside a block. Strides are a convention: 2 in
//! the first block of every stage but the first. Which shortcuts are allowed, and how a habit is
//! otherwise, is the caller's choice.

use super::builder::{Activation, Builder, Convolution, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::max_pool;
use crate::error::{Error, Result};
use crate::model::layers::{Add, GlobalAveragePool, Pad, Relu, Slice};
use std::collections::BTreeMap;

/// What stands beside the convolutions of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skips {
    /// 1×1 convolutions where there are tensors for them; without any, subsampling and zeros.
    ProjectedOrPadded,
    /// 1×1 convolutions wherever a block changes its input's shape.
    Projected,
    /// Nothing.
    None,
}

/// What leaves no trace in the tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct How<'a> {
    /// The family.
    pub family: &'static str,
    /// What stands beside blocks.
    pub skips: Skips,
    /// Kernels that the stem may have.
    pub stems: &'a [usize],
    /// What was chosen.
    pub chosen: &'a Chosen<'a>,
}

/// Where the stride of a bottleneck lies.
pub(super) const STRIDE: Choice = Choice {
    key: "stride",
    what: "which convolution of a bottleneck has the stride: the 3×3 one, or the first as in the paper",
    of: Range::Words(&["middle", "first"]),
};

/// What a block is made of.
struct Block<'a> {
    name: String,
    stride: usize,
    bottleneck: bool,
    /// `shortcut` or `downsample`, where the network has such tensors.
    projection: Option<&'a str>,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    how: How,
) -> Result<Recognised> {
    let How { family, skips, .. } = how;
    let stages = stages(&tensors);
    let blocks: usize = stages.values().sum();
    let names: Vec<String> = tensors
        .modules()
        .iter()
        .map(|m| m.name.to_owned())
        .collect();
    let bottleneck = names
        .iter()
        .any(|n| n.starts_with("layer") && n.ends_with(".conv3"));
    let parallel = |p: &&&str| {
        names
            .iter()
            .any(|n| n.starts_with("layer") && n.split('.').any(|part| part == **p))
    };
    let projection = ["shortcut", "downsample"].iter().find(parallel).copied();
    if let (Skips::None, Some(kind)) = (skips, projection) {
        let tensor = names
            .iter()
            .find(|n| n.split('.').any(|part| part == kind))
            .map_or("", String::as_str);
        return Err(Error::Model(format!(
            "{tensor}.weight belongs to a shortcut, so the network has skips: choose --model resnet-cifar"
        )));
    }

    let mut builder = Builder::new(tensors, hints);
    let (stem, image) = push_stem(&mut builder, how)?;
    let mut width = stem.outputs;
    let last_stage = stages.keys().next_back().copied().unwrap_or(1);
    let mut padded = false;
    for stage in 1..=last_stage {
        for position in 0..stages.get(&stage).copied().unwrap_or(1) {
            let stride = if stage > 1 && position == 0 { 2 } else { 1 };
            let name = format!("layer{stage}.{position}");
            let block = Block {
                name,
                stride,
                bottleneck,
                projection,
            };
            width = push_block(&mut builder, &block, width, how, &mut padded)?;
        }
    }
    builder.push("avgpool", GlobalAveragePool {});
    let head = if builder.tensors.any_under("linear.") {
        "linear"
    } else {
        "fc"
    };
    let outputs = builder.linear(
        head,
        Some(width),
        &format!("for {width} channels come out of the last stage"),
    )?;

    let padded = projection.is_none().then_some(padded);
    assume(&mut builder, &stem, bottleneck, how, padded);
    if hints.input.is_none() {
        builder.assume(format!(
            "A sample is {image:?}: no data was given to tell its shape."
        ));
    }
    let depth = blocks
        .saturating_mul(if bottleneck { 3 } else { 2 })
        .saturating_add(2);
    let grouped = builder.has_groups();
    let title = format!(
        "{}-{depth}{}{}",
        if grouped { "ResNeXt" } else { "ResNet" },
        if stem.kernel == 7 { "" } else { " (CIFAR)" },
        if skips == Skips::None {
            " without skips"
        } else {
            ""
        },
    );
    let (kernel, kind) = (stem.kernel, if bottleneck { "bottleneck" } else { "basic" });
    let why = format!(
        "a {kernel}×{kernel} stem and {blocks} {kind} blocks in {} stages",
        stages.len()
    );
    builder.finish(title, image.to_vec(), outputs, Reading { family, why })
}

/// Says what the tensors don't tell. `padded`: no shortcut has tensors; whether some need zeros.
fn assume(builder: &mut Builder, stem: &Stem, bottleneck: bool, how: How, padded: Option<bool>) {
    let (kernel, stride) = (stem.kernel, stem.stride);
    let pool = if stem.pool {
        "a 3×3 max-pool of stride 2"
    } else {
        "no pool"
    };
    let usual = if kernel == 7 {
        ", as in torchvision"
    } else {
        ""
    };
    let asked = how.chosen.has("stem") || how.chosen.has("pool");
    let usual = if asked { ", as asked" } else { usual };
    builder.assume(format!(
        "The {kernel}×{kernel} stem has stride {stride} and {pool} after it{usual}."
    ));
    let place = match (bottleneck, strided_first(how)) {
        (true, false) => "3×3",
        _ => "first",
    };
    let sentence = format!(
        "The first block of every stage after the first has stride 2, at its {place} convolution; the activation is ReLU"
    );
    builder.assume(if bottleneck {
        how.chosen.assumed("stride", &sentence)
    } else {
        format!("{sentence}.")
    });
    if how.skips == Skips::None {
        builder.assume("No block has a skip connection, as asked.");
    } else if let Some(padded) = padded {
        if padded {
            let place = if zeros_after(how) {
                "behind the others"
            } else {
                "on both sides of the others"
            };
            let sentence = format!(
                "Shortcuts have no tensors: where the size changes they take every second pixel and add zero channels {place} (option A)"
            );
            builder.assume(how.chosen.assumed("zeros", &sentence));
        }
        builder.assume(
            "Every block has a skip connection; a network without them has the same tensors, choose --model resnet-cifar-noskip for it.",
        );
    }
}

fn zeros_after(how: How) -> bool {
    how.chosen.word("zeros", "both") == "after"
}

fn strided_first(how: How) -> bool {
    how.chosen.word("stride", "middle") == "first"
}

struct Stem {
    kernel: usize,
    stride: usize,
    pool: bool,
    outputs: usize,
}

/// Appends the stem; gives it and the shape of a sample.
fn push_stem(builder: &mut Builder, how: How) -> Result<(Stem, [usize; 3])> {
    let weight = builder
        .tensors
        .take("conv1.weight", &[None; 4], "for the stem")?;
    let &[_, channels, kernel, _] = weight else {
        return Err(Error::Model(format!(
            "conv1.weight is {weight:?}: expected four axes"
        )));
    };
    if !how.stems.contains(&kernel) || weight.last() != Some(&kernel) {
        let known: Vec<String> = how.stems.iter().map(|k| format!("{k}×{k}")).collect();
        return Err(Error::Model(format!(
            "conv1.weight is {weight:?}: expected a kernel of {}",
            known.join(" or ")
        )));
    }
    let large = kernel == 7;
    let side = if large { 224 } else { 32 };
    let image = builder
        .image("conv1.weight", channels)?
        .unwrap_or([channels, side, side]);
    let stride = match how.chosen.word("stem", if large { "2" } else { "1" }) {
        "2" => 2,
        _ => 1,
    };
    let pool = how.chosen.word("pool", if large { "max" } else { "none" }) == "max";
    let outputs = builder.convolution("conv1", square(channels, None, kernel, stride))?;
    builder.batch_norm("bn1", outputs)?;
    builder.push("relu", Relu {});
    if pool {
        builder.push("maxpool", max_pool(3, 2, 1));
    }
    let stem = Stem {
        kernel,
        stride,
        pool,
        outputs,
    };
    Ok((stem, image))
}

/// Appends a block; gives its number of channels.
fn push_block(
    builder: &mut Builder,
    block: &Block,
    channels: usize,
    how: How,
    padded: &mut bool,
) -> Result<usize> {
    let before = builder.last();
    let of = |leaf: &str| order::join(&block.name, leaf);
    // torchvision's bottleneck has its stride at the 3×3 convolution (v1.5).
    let plan: &[(usize, usize)] = if block.bottleneck && strided_first(how) {
        &[(1, block.stride), (3, 1), (1, 1)]
    } else if block.bottleneck {
        &[(1, 1), (3, block.stride), (1, 1)]
    } else {
        &[(3, block.stride), (3, 1)]
    };
    let mut width = channels;
    for (i, &(kernel, stride)) in (1_usize..).zip(plan) {
        // Only the middle of a bottleneck has groups (ResNeXt).
        let grouped = block.bottleneck && kernel == 3;
        let spec = Convolution {
            grouped,
            ..square(width, None, kernel, stride)
        };
        width = builder.convolution(&of(&format!("conv{i}")), spec)?;
        builder.batch_norm(&of(&format!("bn{i}")), width)?;
        if i < plan.len() {
            builder.activation(&of(&format!("bn{i}")), Activation::Relu);
        }
    }
    if how.skips != Skips::None {
        let main = builder.last();
        let beside = push_shortcut(builder, block, &before, [channels, width], how, padded)?;
        builder.push_from(&of("add"), &[&main, &beside], Add {});
    }
    builder.push(&of("relu"), Relu {});
    Ok(width)
}

/// Appends what stands beside the block; gives the name of the layer to add.
fn push_shortcut(
    builder: &mut Builder,
    block: &Block,
    before: &str,
    [channels, outputs]: [usize; 2],
    how: How,
    padded: &mut bool,
) -> Result<String> {
    let changes = block.stride != 1 || channels != outputs;
    let name = order::join(&block.name, block.projection.unwrap_or("downsample"));
    if builder.tensors.any_under(&format!("{name}.")) {
        let (convolution, norm) = (order::join(&name, "0"), order::join(&name, "1"));
        builder.convolution_from(
            &convolution,
            &[before],
            square(channels, Some(outputs), 1, block.stride),
        )?;
        builder.batch_norm(&norm, outputs)?;
        return Ok(builder.last());
    }
    if !changes {
        return Ok(before.to_owned());
    }
    if how.skips == Skips::Projected || block.projection.is_some() {
        let weight = order::join(&name, "0.weight");
        let because = format!("for {} changes the shape of its input", block.name);
        builder.tensors.take(
            &weight,
            &[Some(outputs), Some(channels), Some(1), Some(1)],
            &because,
        )?;
    }
    let zeros = outputs.checked_sub(channels).map(|more| {
        if zeros_after(how) {
            [0, more]
        } else {
            [more / 2, more - more / 2]
        }
    });
    let Some([before_them, after_them]) = zeros.filter(|[a, b]| zeros_after(how) || a == b) else {
        return Err(Error::Model(format!(
            "{} turns {channels} channels into {outputs}, and there is no tensor for its shortcut: zeros can only be added equally on both sides",
            block.name
        )));
    };
    *padded = true;
    let mut last = before.to_owned();
    if block.stride != 1 {
        for (axis, letter) in [(2, "rows"), (3, "columns")] {
            let layer = Slice {
                axis,
                start: 0,
                end: None,
                step: block.stride,
            };
            last = builder.push_from(
                &format!("{}.shortcut.{letter}", block.name),
                &[&last],
                layer,
            );
        }
    }
    if after_them > 0 {
        let layer = Pad {
            axis: 1,
            before: before_them,
            after: after_them,
        };
        last = builder.push_from(&format!("{}.shortcut.pad", block.name), &[&last], layer);
    }
    Ok(last)
}

/// A convolution that keeps the size but for its stride.
fn square(channels: usize, outputs: Option<usize>, kernel: usize, stride: usize) -> Convolution {
    Convolution {
        channels,
        outputs,
        kernel: Some(kernel),
        stride,
        padding: [kernel / 2; 2],
        grouped: false,
    }
}

/// Stage → number of blocks, from names like `layer2.0.conv1.weight`.
fn stages(tensors: &Tensors) -> BTreeMap<usize, usize> {
    let mut stages = BTreeMap::new();
    for module in tensors.modules() {
        let mut parts = module.name.split('.');
        let stage = parts
            .next()
            .and_then(|p| p.strip_prefix("layer"))
            .and_then(|p| p.parse::<usize>().ok());
        let block = parts.next().and_then(|p| p.parse::<usize>().ok());
        if let (Some(stage), Some(blocks)) = (stage, block.and_then(|b| b.checked_add(1))) {
            let most = stages.entry(stage).or_insert(0);
            *most = blocks.max(*most);
        }
    }
    stages
}
