//! MobileNetV2 (Sandler et al. 2018) and V3 (Howard et al. 2019): torchvision's and timm's, Lin's and Liu's.
//!
//! Which block has which stride, and in V3 which activation, stands in the papers' tables and not in the tensors:
//! a network with as many blocks is taken to be one of those, any other is refused.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::inverted::{Act, Block, Habits, unit};
use super::order::{self, join};
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::{Square, members};
use crate::error::{Error, Result};
use crate::model::layers::{AdaptiveAveragePool, GlobalAveragePool};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "stem",
        what: "the stride of the first convolution",
        of: Range::Words(&["2", "1"]),
    },
    Choice {
        key: "epsilon",
        what: "what batch normalisation adds to the variance",
        of: Range::Number,
    },
];

/// Strides of the 17 blocks of V2.
const V2: [usize; 17] = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];
/// As kuangliu/pytorch-cifar has them for small images.
const V2_SMALL: [usize; 17] = [1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

/// Kernel, squeeze and excitation, hard swish instead of ReLU, stride of the blocks of V3.
type Row = (usize, bool, bool, usize);
const LARGE: [Row; 15] = [
    (3, false, false, 1),
    (3, false, false, 2),
    (3, false, false, 1),
    (5, true, false, 2),
    (5, true, false, 1),
    (5, true, false, 1),
    (3, false, true, 2),
    (3, false, true, 1),
    (3, false, true, 1),
    (3, false, true, 1),
    (3, true, true, 1),
    (3, true, true, 1),
    (5, true, true, 2),
    (5, true, true, 1),
    (5, true, true, 1),
];
const SMALL: [Row; 11] = [
    (3, true, false, 2),
    (3, false, false, 2),
    (3, false, false, 1),
    (5, true, true, 2),
    (5, true, true, 1),
    (5, true, true, 1),
    (5, true, true, 1),
    (5, true, true, 1),
    (5, true, true, 2),
    (5, true, true, 1),
    (5, true, true, 1),
];

/// Whether the names are those of a V2.
pub(super) fn claims_v2(tensors: &Tensors) -> bool {
    let has = |name: &str| tensors.shape(name).is_some();
    has("features.0.0.weight") && tensors.any_under("features.1.conv.")
        || has("layers.0.conv1.weight") && has("layers.0.conv3.weight") && has("conv2.weight")
        || has("conv_stem.weight") && tensors.any_under("blocks.0.0.") && has("bn2.weight")
}

/// Whether the names are those of a V3.
pub(super) fn claims_v3(tensors: &Tensors) -> bool {
    let has = |name: &str| tensors.shape(name).is_some();
    has("features.0.0.weight")
        && tensors.any_under("features.1.block.")
        && has("classifier.3.weight")
        || has("conv_stem.weight") && has("conv_head.bias")
}

/// Makes a V2.
pub(super) fn build_v2<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = Names::of(&tensors);
    let small = own.small;
    let blocks = &own.blocks;
    let strides = if small { V2_SMALL } else { V2 };
    if blocks.len() != strides.len() {
        return Err(Error::Model(format!(
            "there are {} inverted residual blocks: expected {}, whose strides the paper's table tells",
            blocks.len(),
            strides.len()
        )));
    }
    let act = if small { Act::Relu } else { Act::Relu6 };
    let habits = habits(chosen, 1e-5);
    let mut builder = Builder::new(tensors, hints);
    let (image, mut width) = begin(
        &mut builder,
        own.stem,
        if small { "1" } else { "2" },
        act,
        chosen,
        habits,
    )?;
    for (name, stride) in blocks.iter().zip(strides) {
        let block = Block::read(&builder.tensors, name)?;
        width = block.push(&mut builder, width, stride, act, habits)?;
    }
    width = unit(
        &mut builder,
        [&own.last[0], &own.last[1]],
        Square::new(width, 1),
        act,
        habits,
    )?;
    let outputs = builder.mean_and_head(own.head, width)?;
    let word = if small { "ReLU" } else { "ReLU6" };
    let table = if small {
        "pytorch-cifar has it, 2 at the blocks 3, 6 and 13"
    } else {
        "in the paper's table 2"
    };
    builder.assume(format!(
        "The activation is {word}; the strides of the blocks are as {table}."
    ));
    said(&mut builder, habits, chosen);
    let why = "17 inverted residual blocks".into();
    let family = "mobilenet-v2";
    let read = Reading { family, why };
    builder.finish("MobileNetV2".into(), image.to_vec(), outputs, read)
}

/// How a V2 names its parts.
struct Names {
    /// Liu's, for small images.
    small: bool,
    stem: [&'static str; 2],
    blocks: Vec<String>,
    last: [String; 2],
    head: &'static str,
}

impl Names {
    fn of(tensors: &Tensors) -> Self {
        let has = |name: &str| tensors.shape(name).is_some();
        let pair = |both: [&str; 2]| both.map(str::to_owned);
        if has("conv_stem.weight") {
            return Self {
                small: false,
                stem: ["conv_stem", "bn1"],
                blocks: block_names(tensors, true),
                last: pair(["conv_head", "bn2"]),
                head: "classifier",
            };
        }
        if tensors.any_under("layers.0.") {
            return Self {
                small: true,
                stem: ["conv1", "bn1"],
                blocks: (0..members(tensors, "layers."))
                    .map(|i| format!("layers.{i}"))
                    .collect(),
                last: pair(["conv2", "bn2"]),
                head: "linear",
            };
        }
        // The last convolution stands among the blocks, or after them.
        let end = members(tensors, "features.");
        let at = format!("features.{}", end.saturating_sub(1));
        let inside = !tensors.any_under(&join(&at, "conv."));
        let heads = ["classifier.1", "classifier"];
        let head = heads.into_iter().find(|name| has(&join(name, "weight")));
        Self {
            small: false,
            stem: ["features.0.0", "features.0.1"],
            blocks: (1..end - usize::from(inside && end > 0))
                .map(|i| format!("features.{i}"))
                .collect(),
            last: if inside {
                [join(&at, "0"), join(&at, "1")]
            } else {
                pair(["conv.0", "conv.1"])
            },
            head: head.unwrap_or("classifier.1"),
        }
    }
}

/// Makes a V3.
pub(super) fn build_v3<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let timm = tensors.shape("conv_stem.weight").is_some();
    let names = block_names(&tensors, timm);
    let blocks = names.iter().map(|name| Block::read(&tensors, name));
    let blocks = blocks.collect::<Result<Vec<Block>>>()?;
    // timm's last block is the convolution that torchvision has after them.
    let (end, blocks) = match blocks.split_last() {
        Some((end, rest)) if timm => (Some(end), rest),
        _ => (None, &blocks[..]),
    };
    let rows: &[Row] = if blocks.len() == LARGE.len() {
        &LARGE
    } else {
        &SMALL
    };
    let fits = |(block, row): (&Block, &Row)| (block.kernel(), block.squeezes()) == (row.0, row.1);
    if blocks.len() != rows.len() || !blocks.iter().zip(rows).all(fits) {
        return Err(Error::Model(format!(
            "{} inverted residual blocks with these kernels and squeezes are neither the 15 of MobileNetV3-Large nor the 11 of Small, whose strides and activations the paper tells",
            blocks.len()
        )));
    }
    let act = |swish: bool| if swish { Act::HardSwish } else { Act::Relu };
    let habits = habits(chosen, if timm { 1e-5 } else { 1e-3 });
    let stem = if timm {
        ["conv_stem", "bn1"]
    } else {
        ["features.0.0", "features.0.1"]
    };
    let mut builder = Builder::new(tensors, hints);
    let (image, mut width) = begin(&mut builder, stem, "2", Act::HardSwish, chosen, habits)?;
    for (block, row) in blocks.iter().zip(rows) {
        width = block.push(&mut builder, width, row.3, act(row.2), habits)?;
    }
    let swish = || Act::HardSwish.layer();
    let outputs = if let Some(end) = end {
        width = end.push(&mut builder, width, 1, Act::HardSwish, habits)?;
        builder.then(
            "conv_head",
            "mean",
            AdaptiveAveragePool { size: vec![1, 1] },
        );
        width = builder.square("conv_head", &[], Square::new(width, 1).bias(true))?;
        builder.then("conv_head", swish().0, swish().1);
        builder.mean_and_head("classifier", width)?
    } else {
        let at = format!("features.{}", blocks.len() + 1);
        let last = [join(&at, "0"), join(&at, "1")];
        width = unit(
            &mut builder,
            [&last[0], &last[1]],
            Square::new(width, 1),
            Act::HardSwish,
            habits,
        )?;
        builder.push("avgpool", GlobalAveragePool {});
        width = builder.full("classifier.0", &[], width, true)?;
        builder.then("classifier.0", swish().0, swish().1);
        builder.full("classifier.3", &[], width, true)?
    };
    builder.assume("Activations (ReLU or hard swish) and strides of the blocks are those of the paper's tables; squeeze and excitation has ReLU inside and a hard sigmoid as its gate.");
    said(&mut builder, habits, chosen);
    let size = if rows.len() == LARGE.len() {
        "Large"
    } else {
        "Small"
    };
    let why = format!(
        "the {} inverted residual blocks of MobileNetV3-{size}",
        rows.len()
    );
    let family = "mobilenet-v3";
    let read = Reading { family, why };
    builder.finish(format!("MobileNetV3-{size}"), image.to_vec(), outputs, read)
}

/// Appends the first convolution; gives the image's shape and the number of channels.
fn begin(
    builder: &mut Builder,
    stem: [&str; 2],
    usual: &'static str,
    act: Act,
    chosen: &Chosen,
    habits: Habits,
) -> Result<([usize; 3], usize)> {
    let weight = join(stem[0], "weight");
    let [_, channels, ..] = builder.extents::<4>(&weight)?;
    let stride = if chosen.word("stem", usual) == "2" {
        2
    } else {
        1
    };
    let image = builder.image_or(&weight, channels, if stride == 2 { 224 } else { 32 })?;
    let width = unit(
        builder,
        stem,
        Square::new(channels, 3).stride(stride),
        act,
        habits,
    )?;
    builder.assume(chosen.assumed(
        "stem",
        &format!("The first convolution has stride {stride}"),
    ));
    Ok((image, width))
}

/// What blocks have in common.
fn habits(chosen: &Chosen, epsilon: f64) -> Habits {
    Habits {
        epsilon: chosen.number("epsilon", epsilon),
        squeezed: Act::Relu,
        gate: Act::HardSigmoid,
    }
}

fn said(builder: &mut Builder, habits: Habits, chosen: &Chosen) {
    let sentence = format!(
        "Batch normalisation adds {} to the variance",
        habits.epsilon
    );
    builder.assume(chosen.assumed("epsilon", &sentence));
}

/// Names of the blocks in order: `features.1.block`, or `blocks.0.0`.
pub(super) fn block_names(tensors: &Tensors, timm: bool) -> Vec<String> {
    let modules = tensors.modules();
    let block = |name: &str| -> Option<String> {
        if timm {
            let rest = name.strip_prefix("blocks.")?;
            let mut parts = rest.split('.');
            let (stage, place) = (parts.next()?, parts.next()?);
            Some(format!("blocks.{stage}.{place}"))
        } else {
            let (before, _) = name.split_once(".block.")?;
            Some(join(before, "block"))
        }
    };
    let mut names: Vec<String> = modules.iter().filter_map(|m| block(m.name)).collect();
    names.sort_by(|a, b| order::natural(a, b));
    names.dedup();
    names
}
