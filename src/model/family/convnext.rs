//! ConvNeXt (Liu et al. 2022), as torchvision, timm and its authors write it.
//!
//! All three have the same layers: what moves is where a layer's tensors are called what. Strides are the kernels' of
//! the layers that halve; nothing else is open.

use super::builder::{Builder, Reading};
use super::choice::Chosen;
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::{Square, members};
use crate::error::{Error, Result};
use crate::model::layers::{Add, Gelu, Mean, Scale, Transpose};

/// Added to the variance by every norm.
const EPSILON: f64 = 1e-6;

/// How a library names its tensors.
struct Layout {
    stem: [&'static str; 2],
    /// A stage's blocks are called: this, the stage's number, this, the block's number.
    blocks: [&'static str; 2],
    /// From the number of a stage to that in its name.
    stage: fn(usize) -> usize,
    /// Norm and convolution that halve before a stage.
    halve: fn(usize) -> [String; 2],
    /// Depthwise convolution, norm, the two layers, the scale.
    inside: [&'static str; 5],
    norm: &'static str,
    head: &'static str,
}

const TORCHVISION: Layout = Layout {
    stem: ["features.0.0", "features.0.1"],
    blocks: ["features.", "."],
    stage: |stage| 2 * stage + 1,
    halve: |stage| [0, 1].map(|i| format!("features.{}.{i}", 2 * stage)),
    inside: ["block.0", "block.2", "block.3", "block.5", "layer_scale"],
    norm: "classifier.0",
    head: "classifier.2",
};

const TIMM: Layout = Layout {
    stem: ["stem.0", "stem.1"],
    blocks: ["stages.", ".blocks."],
    stage: |stage| stage,
    halve: |stage| [0, 1].map(|i| format!("stages.{stage}.downsample.{i}")),
    inside: ["conv_dw", "norm", "mlp.fc1", "mlp.fc2", "gamma"],
    norm: "head.norm",
    head: "head.fc",
};

const AUTHORS: Layout = Layout {
    stem: ["downsample_layers.0.0", "downsample_layers.0.1"],
    blocks: ["stages.", "."],
    stage: |stage| stage,
    halve: |stage| [0, 1].map(|i| format!("downsample_layers.{stage}.{i}")),
    inside: ["dwconv", "norm", "pwconv1", "pwconv2", "gamma"],
    norm: "norm",
    head: "head",
};

/// Whether the names are those of a ConvNeXt.
pub(super) fn claims(tensors: &Tensors) -> bool {
    layout(tensors).is_some()
}

fn layout(tensors: &Tensors) -> Option<&'static Layout> {
    let has = |name: &str| tensors.shape(name).is_some();
    if has("features.1.0.layer_scale") || has("features.1.0.block.5.weight") {
        Some(&TORCHVISION)
    } else if has("stages.0.blocks.0.conv_dw.weight") && has("stem.0.weight") {
        Some(&TIMM)
    } else if has("stages.0.0.dwconv.weight") && has("stages.0.0.pwconv1.weight") {
        Some(&AUTHORS)
    } else {
        None
    }
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    _: &Chosen,
) -> Result<Recognised> {
    let own = layout(&tensors).unwrap_or(&TORCHVISION);
    let prefix = |stage: usize| format!("{}{}{}", own.blocks[0], (own.stage)(stage), own.blocks[1]);
    let counts: Vec<usize> = (0..64)
        .map(|stage| members(&tensors, &prefix(stage)))
        .take_while(|&blocks| blocks > 0)
        .collect();
    let mut builder = Builder::new(tensors, hints);
    let weight = join(own.stem[0], "weight");
    let [_, channels, patch, _] = builder.extents::<4>(&weight)?;
    let image = builder.image_or(&weight, channels, 224)?;
    let spec = Square {
        padding: Some(0),
        ..Square::new(channels, patch).stride(patch).bias(true)
    };
    let mut width = builder.square(own.stem[0], &[], spec)?;
    norm(&mut builder, own.stem[1], width)?;
    for (stage, &blocks) in counts.iter().enumerate() {
        if stage > 0 {
            let [before, convolution] = (own.halve)(stage);
            norm(&mut builder, &before, width)?;
            let spec = Square {
                padding: Some(0),
                ..Square::new(width, 2).stride(2).bias(true)
            };
            width = builder.square(&convolution, &[], spec)?;
        }
        for block in 0..blocks {
            push(
                &mut builder,
                own,
                &format!("{}{block}", prefix(stage)),
                width,
            )?;
        }
    }
    if counts.is_empty() {
        return Err(Error::Model("no tensor belongs to a block".into()));
    }
    let (axes, keep) = (vec![2, 3], false);
    builder.push("avgpool", Mean { axes, keep });
    builder.layer_norm(own.norm, &[], width, EPSILON, true)?;
    let outputs = builder.full(own.head, &[], width, true)?;
    builder.assume(format!(
        "The first convolution has a stride of its kernel, {patch}; the activation is GELU; norms add 1e-6 to the variance."
    ));
    let blocks: usize = counts.iter().sum();
    let why = format!(
        "{blocks} blocks of a 7×7 depthwise convolution and two layers, in {} stages",
        counts.len()
    );
    let family = "convnext";
    let read = Reading { family, why };
    builder.finish(
        format!("ConvNeXt ({blocks} blocks)"),
        image.to_vec(),
        outputs,
        read,
    )
}

/// Appends layer normalisation over the channels of maps.
fn norm(builder: &mut Builder, module: &str, width: usize) -> Result<()> {
    builder.then(
        module,
        "last",
        Transpose {
            axes: vec![0, 2, 3, 1],
        },
    );
    builder.layer_norm(module, &[], width, EPSILON, true)?;
    builder.then(
        module,
        "first",
        Transpose {
            axes: vec![0, 3, 1, 2],
        },
    );
    Ok(())
}

fn push(builder: &mut Builder, own: &Layout, name: &str, width: usize) -> Result<()> {
    let before = builder.last();
    let [window, inner, up, down, scale] = own.inside.map(|leaf| join(name, leaf));
    let spec = Square {
        depthwise: true,
        ..Square::new(width, 7).bias(true)
    };
    builder.square(&window, &[], spec)?;
    builder.then(
        &window,
        "last",
        Transpose {
            axes: vec![0, 2, 3, 1],
        },
    );
    builder.layer_norm(&inner, &[], width, EPSILON, true)?;
    let wide = builder.full(&up, &[], width, true)?;
    builder.then(&up, "gelu", Gelu { tanh: false });
    let back = builder.full(&down, &[], wide, true)?;
    if back != width {
        return Err(Error::Model(format!(
            "{down}.weight gives {back} numbers: expected {width}, for the block's input is added"
        )));
    }
    // torchvision scales maps, the others the numbers of a place.
    let maps = builder
        .tensors
        .shape(&scale)
        .is_some_and(|shape| shape.len() == 3);
    if !maps {
        scaled(builder, &scale, &[Some(width)])?;
    }
    builder.then(
        &down,
        "first",
        Transpose {
            axes: vec![0, 3, 1, 2],
        },
    );
    if maps {
        scaled(builder, &scale, &[Some(width), Some(1), Some(1)])?;
    }
    let main = builder.last();
    builder.push_from(&join(name, "add"), &[&before, &main], Add {});
    Ok(())
}

/// Appends a trained scale, one for each channel; every block of a ConvNeXt has one.
fn scaled(builder: &mut Builder, name: &str, shape: &[Option<usize>]) -> Result<()> {
    builder.tensors.take(name, shape, "one for each channel")?;
    let (weight, factor) = (Some(name.to_owned()), 1.0);
    builder.push(name, Scale { weight, factor });
    Ok(())
}
