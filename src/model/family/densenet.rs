//! Densely connected networks (Huang et al. 2017): torchvision's, Pleiss's and two of the CIFAR repositories.
//!
//! Every layer of a block reads what all layers before it gave. Whether the new maps are put before or behind
//! them changes which weight meets which map and leaves no trace; each code has its own habit.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::{Square, max_pool, members};
use crate::error::{Error, Result};
use crate::model::layers::{AveragePool, Concatenate, Relu};

pub(super) const CHOICES: &[Choice] = &[Choice {
    key: "new",
    what: "where a layer's maps are put among those before it",
    of: Range::Words(&["last", "first"]),
}];

/// How a code names its tensors.
struct Layout {
    stem: &'static str,
    /// The norm after a large stem, with a pool; the network has it or not.
    stem_norm: &'static str,
    /// A layer of block b is called: this, b, this, its number from `first`.
    block: [&'static str; 2],
    first: usize,
    /// Norm and convolution of the layer.
    inside: [[&'static str; 2]; 2],
    transition: &'static str,
    between: [&'static str; 2],
    last_norms: &'static [&'static str],
    head: &'static str,
    new: &'static str,
}

const TORCHVISION: Layout = Layout {
    stem: "features.conv0",
    stem_norm: "features.norm0",
    block: ["features.denseblock", ".denselayer"],
    first: 1,
    inside: [["norm1", "conv1"], ["norm2", "conv2"]],
    transition: "features.transition",
    between: ["norm", "conv"],
    last_norms: &["features.norm5", "features.norm_final"],
    head: "classifier",
    new: "last",
};

/// The names of torchvision's own files, which it changes when it reads them.
const DOTTED: Layout = Layout {
    inside: [["norm.1", "conv.1"], ["norm.2", "conv.2"]],
    ..TORCHVISION
};

/// kuangliu/pytorch-cifar.
const KUANGLIU: Layout = Layout {
    stem: "conv1",
    stem_norm: "",
    block: ["dense", "."],
    first: 0,
    inside: [["bn1", "conv1"], ["bn2", "conv2"]],
    transition: "trans",
    between: ["bn", "conv"],
    last_norms: &["bn"],
    head: "linear",
    new: "first",
};

/// andreasveit/densenet-pytorch.
const VEIT: Layout = Layout {
    block: ["block", ".layer."],
    between: ["bn1", "conv1"],
    last_norms: &["bn1"],
    head: "fc",
    new: "last",
    ..KUANGLIU
};

/// Whether the names are those of a DenseNet.
pub(super) fn claims(tensors: &Tensors) -> bool {
    layout(tensors).is_some()
}

fn layout(tensors: &Tensors) -> Option<&'static Layout> {
    let has = |name: &str| tensors.shape(name).is_some();
    if has("features.denseblock1.denselayer1.norm.1.weight") {
        Some(&DOTTED)
    } else if tensors.any_under("features.denseblock1.denselayer1.") {
        Some(&TORCHVISION)
    } else if tensors.any_under("dense1.0.conv1.") {
        Some(&KUANGLIU)
    } else if tensors.any_under("block1.layer.0.") && tensors.any_under("trans1.") {
        Some(&VEIT)
    } else {
        None
    }
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = layout(&tensors).unwrap_or(&TORCHVISION);
    let blocks = members(&tensors, own.block[0]);
    let mut builder = Builder::new(tensors, hints);
    let weight = join(own.stem, "weight");
    let [_, channels, kernel, _] = builder.extents::<4>(&weight)?;
    let pooled = !own.stem_norm.is_empty() && builder.has(&join(own.stem_norm, "weight"));
    if kernel != if pooled { 7 } else { 3 } {
        return Err(Error::Model(format!(
            "{weight} has a kernel of {kernel}: expected 7 with a norm and a pool after it, or 3 without"
        )));
    }
    let image = builder.image_or(&weight, channels, if pooled { 224 } else { 32 })?;
    let stem = Square::new(channels, kernel).stride(if pooled { 2 } else { 1 });
    let mut width = builder.square(own.stem, &[], stem)?;
    if pooled {
        builder.batch(own.stem_norm, width, 1e-5)?;
        builder.then(own.stem_norm, "relu", Relu {});
        builder.then(own.stem_norm, "pool", max_pool(3, 2, 1));
    }
    let first = chosen.word("new", own.new) == "first";
    let (mut layers, mut units) = (0, 0);
    for block in 1..blocks {
        let prefix = format!("{}{block}{}", own.block[0], own.block[1]);
        for layer in own.first..builder.members(&prefix) {
            let name = format!("{prefix}{layer}");
            let (grown, inside) = push(&mut builder, own, &name, width, first)?;
            (width, units) = (grown, inside);
            layers += 1;
        }
        let name = format!("{}{block}", own.transition);
        if block + 1 < blocks || builder.tensors.any_under(&format!("{name}.")) {
            let [norm, convolution] = own.between.map(|leaf| join(&name, leaf));
            builder.batch(&norm, width, 1e-5)?;
            builder.then(&norm, "relu", Relu {});
            width = builder.square(&convolution, &[], Square::new(width, 1))?;
            builder.then(&name, "pool", halved());
        }
    }
    let has = |norm: &&&str| builder.has(&join(norm, "weight"));
    let last = own
        .last_norms
        .iter()
        .find(has)
        .unwrap_or(&own.last_norms[0]);
    builder.batch(last, width, 1e-5)?;
    builder.then(last, "relu", Relu {});
    let outputs = builder.mean_and_head(own.head, width)?;
    let place = if first { "before" } else { "behind" };
    let sentence = format!("A layer's new maps are put {place} those it has read");
    builder.assume(chosen.assumed("new", &sentence));
    builder.assume(if pooled {
        "The 7×7 stem has stride 2 and a 3×3 max-pool of stride 2 after it; the activation is ReLU."
    } else {
        "The 3×3 stem has stride 1 and no pool after it; the activation is ReLU."
    });
    builder.assume(
        "Transitions end with 2×2 average pooling; batch normalisation adds 1e-5 to the variance.",
    );
    let depth = layers * units + blocks.saturating_sub(2) + 2;
    let why = format!(
        "{layers} layers in {} dense blocks",
        blocks.saturating_sub(1)
    );
    let family = "densenet";
    let read = Reading { family, why };
    builder.finish(format!("DenseNet-{depth}"), image.to_vec(), outputs, read)
}

/// Appends a layer and joins its maps to those before it; gives their number and that of its convolutions.
fn push(
    builder: &mut Builder,
    own: &Layout,
    name: &str,
    channels: usize,
    first: bool,
) -> Result<(usize, usize)> {
    let before = builder.last();
    let second = join(name, own.inside[1][1]);
    let bottleneck = builder.tensors.any_under(&format!("{second}."));
    let (mut width, units) = (channels, if bottleneck { 2 } else { 1 });
    for (i, leaves) in own.inside.iter().take(units).enumerate() {
        let [norm, convolution] = leaves.map(|leaf| join(name, leaf));
        builder.batch(&norm, width, 1e-5)?;
        builder.then(&norm, "relu", Relu {});
        let kernel = if i + 1 == units { 3 } else { 1 };
        width = builder.square(&convolution, &[], Square::new(width, kernel))?;
    }
    let main = builder.last();
    let inputs = if first {
        [main.as_str(), &before]
    } else {
        [before.as_str(), &main]
    };
    builder.push_from(&join(name, "cat"), &inputs, Concatenate { axis: 1 });
    Ok((channels + width, units))
}

fn halved() -> AveragePool {
    AveragePool {
        size: vec![2, 2],
        stride: vec![2, 2],
        padding: vec![0, 0],
        count_padding: true,
        ceil: false,
    }
}
