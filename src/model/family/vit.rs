//! Vision transformers (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021): timm's, torchvision's, those of
//! Hugging Face and of lucidrains.
//!
//! The number of heads leaves no trace. Published networks have so many by their width; any other width is asked
//! for. Patches don't overlap, which the number of positions confirms.

use super::attend::{self, Heads, divisors};
use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::{Square, members};
use crate::error::{Error, Result};
use crate::model::layers::{Add, Gelu, Mean, Prepend, Reshape, Scale, Shift, Slice, Transpose};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "heads",
        what: "the number of heads",
        of: Range::Count(heads_of),
    },
    Choice {
        key: "epsilon",
        what: "what layer normalisation adds to the variance",
        of: Range::Number,
    },
];

/// Width and number of heads of the published networks.
const HEADS: [(usize, usize); 6] = [
    (192, 3),
    (384, 6),
    (768, 12),
    (1024, 16),
    (1280, 16),
    (1408, 16),
];

/// How a library names its tensors.
struct Layout {
    class: &'static str,
    positions: &'static str,
    patches: &'static str,
    block: &'static str,
    norms: [&'static str; 2],
    attention: Projections,
    layers: [&'static str; 2],
    norm: &'static str,
    head: &'static str,
    epsilon: f64,
}

/// Names within a block of the projections.
enum Projections {
    /// Weight and bias of all three, and the layer behind.
    Packed([&'static str; 2], &'static str),
    /// Queries, keys, values, and the layer behind.
    Apart([&'static str; 3], &'static str),
}

const TIMM: Layout = Layout {
    class: "cls_token",
    positions: "pos_embed",
    patches: "patch_embed.proj",
    block: "blocks.",
    norms: ["norm1", "norm2"],
    attention: Projections::Packed(["attn.qkv.weight", "attn.qkv.bias"], "attn.proj"),
    layers: ["mlp.fc1", "mlp.fc2"],
    norm: "norm",
    head: "head",
    epsilon: 1e-6,
};

const TORCHVISION: Layout = Layout {
    class: "class_token",
    positions: "encoder.pos_embedding",
    patches: "conv_proj",
    block: "encoder.layers.encoder_layer_",
    norms: ["ln_1", "ln_2"],
    attention: Projections::Packed(
        [
            "self_attention.in_proj_weight",
            "self_attention.in_proj_bias",
        ],
        "self_attention.out_proj",
    ),
    layers: ["mlp.0", "mlp.3"],
    norm: "encoder.ln",
    head: "heads.head",
    epsilon: 1e-6,
};

/// The names of torchvision's own files.
const TORCHVISION_LINEAR: Layout = Layout {
    layers: ["mlp.linear_1", "mlp.linear_2"],
    ..TORCHVISION
};

const HUGGING_FACE: Layout = Layout {
    class: "vit.embeddings.cls_token",
    positions: "vit.embeddings.position_embeddings",
    patches: "vit.embeddings.patch_embeddings.projection",
    block: "vit.encoder.layer.",
    norms: ["layernorm_before", "layernorm_after"],
    attention: Projections::Apart(
        [
            "attention.attention.query",
            "attention.attention.key",
            "attention.attention.value",
        ],
        "attention.output.dense",
    ),
    layers: ["intermediate.dense", "output.dense"],
    norm: "vit.layernorm",
    head: "classifier",
    epsilon: 1e-12,
};

/// The names since version 5.
const HUGGING_FACE_5: Layout = Layout {
    block: "vit.layers.",
    attention: Projections::Apart(
        ["attention.q_proj", "attention.k_proj", "attention.v_proj"],
        "attention.o_proj",
    ),
    layers: ["mlp.fc1", "mlp.fc2"],
    ..HUGGING_FACE
};

/// Whether the names are those of a vision transformer.
pub(super) fn claims(tensors: &Tensors) -> bool {
    layout(tensors).is_some()
}

fn layout(tensors: &Tensors) -> Option<&'static Layout> {
    let all = [
        &TIMM,
        &TORCHVISION,
        &TORCHVISION_LINEAR,
        &HUGGING_FACE,
        &HUGGING_FACE_5,
    ];
    let fits = |own: &&&Layout| {
        let first = format!("{}0.{}.weight", own.block, own.layers[0]);
        let patches = join(own.patches, "weight");
        tensors.shape(&first).is_some() && tensors.shape(&patches).is_some()
    };
    all.iter().find(fits).copied()
}

fn heads_of(tensors: &Tensors) -> Vec<usize> {
    let weight = layout(tensors).map(|own| join(own.patches, "weight"));
    let width = weight.and_then(|name| tensors.shape(&name)?.first());
    width.map_or_else(Vec::new, |&width| match known(width) {
        Some(heads) => vec![heads],
        None => divisors(width),
    })
}

fn known(width: usize) -> Option<usize> {
    let found = HEADS.iter().find(|(own, _)| *own == width);
    found.map(|(_, heads)| *heads)
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = layout(&tensors).unwrap_or(&TIMM);
    let blocks = members(&tensors, own.block);
    let epsilon = chosen.number("epsilon", own.epsilon);
    let mut builder = Builder::new(tensors, hints);
    let weight = join(own.patches, "weight");
    let [width, channels, patch, _] = builder.extents::<4>(&weight)?;
    let Some(heads) = chosen.count("heads").or_else(|| known(width)) else {
        return Err(chosen.ask("heads", &format!(" of {width} numbers a token")));
    };
    let [_, rows, _] = builder.extents::<3>(own.positions)?;
    let special: Vec<&str> = [own.class, "dist_token"]
        .into_iter()
        .filter(|n| builder.has(n))
        .collect();
    let (image, places) = size(&mut builder, &weight, channels, patch, rows, special.len())?;
    let spec = Square {
        padding: Some(0),
        ..Square::new(channels, patch).stride(patch).bias(true)
    };
    builder.square(own.patches, &[], spec)?;
    builder.push(
        "tokens.flat",
        Reshape {
            shape: vec![attend::signed(width), -1],
        },
    );
    builder.push(
        "tokens",
        Transpose {
            axes: vec![0, 2, 1],
        },
    );
    // The class token comes first, the distilled one after it.
    for name in special.iter().rev() {
        let shape = [Some(1), Some(1), Some(width)];
        builder
            .tensors
            .take(name, &shape, "one for each number of a token")?;
        builder.push(
            name,
            Prepend {
                weight: (*name).to_owned(),
            },
        );
    }
    let all = places + special.len();
    builder.tensors.take(
        own.positions,
        &[Some(1), Some(all), Some(width)],
        "one for each patch and token",
    )?;
    builder.push(
        own.positions,
        Shift {
            weight: own.positions.to_owned(),
        },
    );
    let scales = ["ls1.gamma", "ls2.gamma"].map(|leaf| format!("{}0.{leaf}", own.block));
    let habits = Habits {
        heads,
        epsilon,
        scaled: scales.iter().any(|name| builder.has(name)),
    };
    for block in 0..blocks {
        push(
            &mut builder,
            own,
            &format!("{}{block}", own.block),
            width,
            &habits,
        )?;
    }
    let outputs = classify(&mut builder, own, width, special.len(), epsilon)?;
    if known(width) == Some(heads) && !chosen.has("heads") {
        builder.assume(format!(
            "There are {heads} heads, as in the published networks of {width} numbers a token ({} chooses).",
            chosen.flag("heads", "N")
        ));
    } else {
        builder.assume(chosen.assumed("heads", &format!("There are {heads} heads")));
    }
    let sentence = format!("Layer normalisation adds {epsilon} to the variance");
    builder.assume(chosen.assumed("epsilon", &sentence));
    builder.assume(format!("Patches are {patch}×{patch} and don't overlap; norms come before attention and layers; the activation is GELU."));
    let why =
        format!("{blocks} blocks on {places} patches of {patch}×{patch}, {width} numbers a token");
    let family = "vit";
    let read = Reading { family, why };
    builder.finish(
        format!("ViT ({blocks} blocks, width {width})"),
        image.to_vec(),
        outputs,
        read,
    )
}

/// The shape of an image and the number of its patches: the data's, held against the number of positions, or square.
fn size(
    builder: &mut Builder,
    weight: &str,
    channels: usize,
    patch: usize,
    rows: usize,
    special: usize,
) -> Result<([usize; 3], usize)> {
    let expected = rows.saturating_sub(special);
    let side = expected.isqrt();
    let image = builder.image_or(weight, channels, side * patch)?;
    let [_, height, width] = image;
    let found = height.checked_div(patch).unwrap_or(0) * width.checked_div(patch).unwrap_or(0);
    let whole = patch > 0 && height.is_multiple_of(patch) && width.is_multiple_of(patch);
    if found != expected || found == 0 || !whole {
        return Err(Error::Model(format!(
            "{height}×{width} images have {found} patches of {patch}×{patch}, but there are positions for {expected}"
        )));
    }
    Ok((image, found))
}

/// What every block needs to know.
struct Habits {
    heads: usize,
    epsilon: f64,
    /// Branches have a trained scale: all of them, or none.
    scaled: bool,
}

fn push(
    builder: &mut Builder,
    own: &Layout,
    name: &str,
    width: usize,
    habits: &Habits,
) -> Result<()> {
    let Habits { heads, epsilon, .. } = *habits;
    let before = builder.last();
    let of = |leaf: &str| join(name, leaf);
    let normed = builder.layer_norm(&of(own.norms[0]), &[], width, epsilon, true)?;
    match &own.attention {
        Projections::Packed([weight, bias], out) => {
            let (weight, bias) = (of(weight), of(bias));
            attend::packed(
                builder,
                [&weight, &bias],
                &of(out),
                width,
                [true; 2],
                (heads, false),
            )?;
        }
        Projections::Apart(parts, out) => {
            let parts = parts.map(of);
            for part in &parts {
                let outputs = builder.full(part, &[&normed], width, true)?;
                same(part, outputs, width)?;
            }
            let how = Heads::equal(heads, width, false)?;
            attend::attend(builder, name, parts.each_ref().map(String::as_str), &how);
            same(out, builder.full(&of(out), &[], width, true)?, width)?;
        }
    }
    if habits.scaled {
        scaled(builder, &of("ls1.gamma"), width)?;
    }
    let before = attend::add(builder, &of("add1"), &before);
    builder.layer_norm(&of(own.norms[1]), &[], width, epsilon, true)?;
    let [up, down] = own.layers.map(of);
    let wide = builder.full(&up, &[], width, true)?;
    builder.then(&up, "gelu", Gelu { tanh: false });
    same(&down, builder.full(&down, &[], wide, true)?, width)?;
    if habits.scaled {
        scaled(builder, &of("ls2.gamma"), width)?;
    }
    attend::add(builder, &of("add2"), &before);
    Ok(())
}

/// Appends timm's scale of a branch.
fn scaled(builder: &mut Builder, name: &str, width: usize) -> Result<()> {
    let shape = [Some(width)];
    builder
        .tensors
        .take(name, &shape, "one for each number of a token")?;
    let (weight, factor) = (Some(name.to_owned()), 1.0);
    builder.push(name, Scale { weight, factor });
    Ok(())
}

fn same(module: &str, outputs: usize, width: usize) -> Result<()> {
    if outputs == width {
        return Ok(());
    }
    Err(Error::Model(format!(
        "{module}.weight gives {outputs} numbers: expected {width}, as many as come in"
    )))
}

/// Appends what comes after the blocks; gives the number of outputs.
fn classify(
    builder: &mut Builder,
    own: &Layout,
    width: usize,
    special: usize,
    epsilon: f64,
) -> Result<usize> {
    let head = own.head;
    if builder.has("fc_norm.weight") || special == 0 {
        return mean(builder, own, width, special, epsilon);
    }
    let normed = builder.layer_norm(own.norm, &[], width, epsilon, true)?;
    let class = builder.token("class", &normed, 0);
    let outputs = builder.full(head, &[&class], width, true)?;
    if special == 1 {
        builder.assume("The class token alone goes to the classifier.");
        return Ok(outputs);
    }
    // Distilled: the mean of both classifiers, as in evaluation.
    let first = builder.last();
    let distilled = builder.token("distilled", &normed, 1);
    let others = builder.full("head_dist", &[&distilled], width, true)?;
    same("head_dist", others, outputs)?;
    let second = builder.last();
    builder.push_from("heads", &[&first, &second], Add {});
    let (weight, factor) = (None, 0.5);
    builder.push("mean", Scale { weight, factor });
    builder.assume("The outputs are the mean of both classifiers, as DeiT has them in evaluation.");
    Ok(outputs)
}

/// Appends the mean of the patches and the classifier: a norm before or, as `fc_norm`, after.
fn mean(
    builder: &mut Builder,
    own: &Layout,
    width: usize,
    special: usize,
    epsilon: f64,
) -> Result<usize> {
    let after = builder.has("fc_norm.weight");
    if !after {
        builder.layer_norm(own.norm, &[], width, epsilon, true)?;
    }
    if special > 0 {
        let (axis, start, end, step) = (1, special, None, 1);
        builder.push(
            "patches",
            Slice {
                axis,
                start,
                end,
                step,
            },
        );
    }
    let (axes, keep) = (vec![1], false);
    builder.push("mean", Mean { axes, keep });
    if after {
        builder.layer_norm("fc_norm", &[], width, epsilon, true)?;
    }
    builder.assume("The mean of all patches goes to the classifier.");
    builder.full(own.head, &[], width, true)
}
