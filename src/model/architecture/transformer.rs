//! Small transformers, normalised before each part: over patches of pictures (Dosovitskiy et al. 2021, with
//! the mean over patches in place of a class token), or over tokens, each of which sees those before it.

use super::asked::Asked;
use super::builder::{Builder, Window};
use super::wanted::Wanted;
use crate::error::Result;
use crate::model::layers::{Add, Attention, Embedding, Gelu, Mean, Reshape, Shift, Transpose};

/// Blocks of attention and a perceptron.
pub fn make(asked: &mut Asked, wanted: &Wanted<'_>) -> Result<Builder> {
    let width = asked.number("width", 32)?;
    let depth = asked.number("depth", 2)?;
    let heads = asked.number("heads", 4)?;
    if !width.is_multiple_of(heads) {
        let message = format!("a width of {width} doesn't divide into so many heads");
        return Err(asked.wrong(&format!("heads={heads}"), &message));
    }
    let kind = if wanted.sequence { "tokens" } else { "patches" };
    let name = format!("transformer over {kind}, width {width}, {depth} blocks, {heads} heads");
    let mut builder = Builder::new(&name, wanted);
    let tokens = match (wanted.sequence, wanted.input) {
        (true, &[tokens]) => {
            let weight = builder.tensor("embed.weight", &[wanted.outputs, width]);
            builder.push("embed", Embedding { weight });
            tokens
        }
        (false, &[channels, height, across]) => {
            let patch = asked.number("patch", if height < 16 { 2 } else { 4 })?;
            if !height.is_multiple_of(patch) || !across.is_multiple_of(patch) {
                let message =
                    format!("pictures of {height} × {across} don't divide into such patches");
                return Err(asked.wrong(&format!("patch={patch}"), &message));
            }
            let window = Window {
                size: patch,
                stride: patch,
                padding: 0,
            };
            builder.conv("embed", [channels, width], window, true);
            let tokens = height / patch * (across / patch);
            let shape = vec![width as i64, tokens as i64];
            builder.push("patches", Reshape { shape });
            builder.push(
                "tokens",
                Transpose {
                    axes: vec![0, 2, 1],
                },
            );
            tokens
        }
        (_, other) => {
            let message =
                "it takes pictures [channels, height, width], or tokens with a target each";
            return Err(asked.wrong(&format!("{other:?}"), message));
        }
    };
    let weight = builder.tensor("positions", &[tokens, width]);
    builder.push("positions", Shift { weight });
    for block in 0..depth {
        let at = |part: &str| format!("blocks.{block}.{part}");
        let input = builder.last();
        builder.layer_norm(&at("norm1"), width);
        let tensors = [
            ("in_proj_weight", vec![3 * width, width]),
            ("in_proj_bias", vec![3 * width]),
            ("out_proj.weight", vec![width, width]),
            ("out_proj.bias", vec![width]),
        ];
        let named = tensors
            .map(|(own, shape)| builder.tensor(&format!("blocks.{block}.attn.{own}"), &shape));
        let [in_weight, in_bias, out_weight, out_bias] = named;
        builder.push(
            &at("attn"),
            Attention {
                in_weight,
                in_bias: Some(in_bias),
                out_weight,
                out_bias: Some(out_bias),
                heads,
                causal: wanted.sequence,
            },
        );
        builder.push_from(&at("add1"), &[&input, &at("attn")], Add {});
        builder.layer_norm(&at("norm2"), width);
        builder.linear(&at("fc1"), width, 4 * width);
        builder.push(&at("act"), Gelu { tanh: false });
        builder.linear(&at("fc2"), 4 * width, width);
        builder.push_from(&at("add2"), &[&at("add1"), &at("fc2")], Add {});
    }
    builder.layer_norm("norm", width);
    if !wanted.sequence {
        builder.push(
            "mean",
            Mean {
                axes: vec![1],
                keep: false,
            },
        );
    }
    builder.linear("head", width, wanted.outputs);
    Ok(builder)
}
