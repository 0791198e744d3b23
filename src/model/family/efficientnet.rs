//! EfficientNet (Tan and Le 2019, 2021), torchvision's and timm's: stages of inverted residual blocks.
//!
//! The stride of every stage stands in the papers' tables and not in the tensors. Six or seven stages are taken to be
//! theirs; whether the first blocks are fused (V2) is told by their kernels.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::inverted::{Act, Block, Habits, unit};
use super::mobilenet::block_names;
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::Square;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

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

/// Strides of the stages: seven of the first paper, six or seven of the second.
const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];

/// Whether the names are those of an EfficientNet.
pub(super) fn claims(tensors: &Tensors) -> bool {
    let has = |name: &str| tensors.shape(name).is_some();
    let squeezes = || {
        tensors
            .modules()
            .iter()
            .any(|module| module.name.ends_with(".se.conv_reduce"))
    };
    has("features.0.0.weight") && tensors.any_under("features.1.0.block.0.")
        || has("conv_stem.weight")
            && has("bn2.weight")
            && tensors.any_under("blocks.0.0.")
            && squeezes()
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let timm = tensors.shape("conv_stem.weight").is_some();
    let mut stages: BTreeMap<usize, Vec<Block>> = BTreeMap::new();
    for name in block_names(&tensors, timm) {
        let mut parts = name.split('.').skip(1);
        let stage = parts
            .next()
            .and_then(|stage| stage.parse().ok())
            .unwrap_or(0);
        let block = Block::read(&tensors, &name)?;
        stages.entry(stage).or_default().push(block);
    }
    let second = stages
        .values()
        .next()
        .and_then(|s| s.first())
        .is_some_and(|b| !b.squeezes());
    if stages.len() != 7 && !(second && stages.len() == 6) {
        return Err(Error::Model(format!(
            "there are {} stages of inverted residual blocks: expected 7, or 6 of fused ones, whose strides the papers tell",
            stages.len()
        )));
    }
    // torchvision's B5 to B7, told by three blocks in the first stage, and its V2 add more.
    let deep = stages.values().next().is_some_and(|stage| stage.len() > 2);
    let epsilon = if !timm && (second || deep) {
        1e-3
    } else {
        1e-5
    };
    let habits = Habits {
        epsilon: chosen.number("epsilon", epsilon),
        squeezed: Act::Silu,
        gate: Act::Sigmoid,
    };
    let at = format!("features.{}", stages.len() + 1);
    let (stem, last, head) = if timm {
        (
            ["conv_stem", "bn1"],
            ["conv_head".to_owned(), "bn2".to_owned()],
            "classifier",
        )
    } else {
        (
            ["features.0.0", "features.0.1"],
            [join(&at, "0"), join(&at, "1")],
            "classifier.1",
        )
    };
    let mut builder = Builder::new(tensors, hints);
    let weight = join(stem[0], "weight");
    let [_, channels, ..] = builder.extents::<4>(&weight)?;
    let image = builder.image_or(&weight, channels, 224)?;
    let stride = if chosen.word("stem", "2") == "2" {
        2
    } else {
        1
    };
    let spec = Square::new(channels, 3).stride(stride);
    let mut width = unit(&mut builder, stem, spec, Act::Silu, habits)?;
    let mut blocks = 0;
    for (stage, stride) in stages.values().zip(&STRIDES) {
        for (place, block) in stage.iter().enumerate() {
            let stride = if place == 0 { *stride } else { 1 };
            width = block.push(&mut builder, width, stride, Act::Silu, habits)?;
            blocks += 1;
        }
    }
    let end = [last[0].as_str(), &last[1]];
    width = unit(&mut builder, end, Square::new(width, 1), Act::Silu, habits)?;
    let outputs = builder.mean_and_head(head, width)?;
    builder.assume(chosen.assumed(
        "stem",
        &format!("The first convolution has stride {stride}"),
    ));
    builder.assume("The activation is SiLU, the gate of squeeze and excitation a sigmoid; the first blocks of the stages have the strides 1, 2, 2, 2, 1, 2, 1 of the papers, with as many zeros on both sides.");
    let sentence = format!(
        "Batch normalisation adds {} to the variance",
        habits.epsilon
    );
    builder.assume(chosen.assumed("epsilon", &sentence));
    let name = if second {
        "EfficientNetV2"
    } else {
        "EfficientNet"
    };
    let why = format!(
        "{blocks} inverted residual blocks in {} stages",
        stages.len()
    );
    let family = "efficientnet";
    let read = Reading { family, why };
    builder.finish(name.into(), image.to_vec(), outputs, read)
}
