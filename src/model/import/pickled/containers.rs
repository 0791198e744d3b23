//! The modules of `torch.nn` that hold others.

use super::reader::Reader;
use super::settings::{count, flag};
use super::tensors::{optional, tensor};
use super::writer::{Step, integers, value};
use crate::checkpoint::{Attribute, Module};
use crate::model::import::traced::Argument;

/// What such a module makes of `x`; `None` for a class that isn't one of them.
///
/// # Errors
/// What about it can't be followed.
pub fn compound(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<Option<String>> {
    if !m.class.starts_with("torch.nn.") {
        return Ok(None);
    }
    let made = match m.name() {
        "Sequential" => r.sequence(m, x)?,
        "MultiheadAttention" => attention(r, m, x)?,
        "TransformerEncoderLayer" => encoder_layer(r, m, x)?,
        "TransformerEncoder" => {
            let layers = m.child("layers").ok_or("has no layers")?;
            let path = r.w.module.clone();
            r.w.module = join(&path, "layers");
            let x = r.sequence(layers, x)?;
            r.w.module = path;
            r.maybe(m, "norm", &x)?.unwrap_or(x)
        }
        _ => return Ok(None),
    };
    Ok(Some(made))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Attention of tokens to each other, `[batch, tokens, width]`.
fn attention(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<String> {
    if !flag(m, "batch_first", false) {
        return Err("takes tokens before samples (batch_first is off)".into());
    }
    let odd =
        m.attribute("bias_k").is_some_and(|bias| !bias.is_none()) || m.tensor("bias_k").is_some();
    if odd || flag(m, "add_zero_attn", false) {
        return Err("adds keys of its own".into());
    }
    let heads = count(m, "num_heads", None)?;
    let shape = r.w.shape(x);
    let &[tokens, width] = shape.as_slice() else {
        return Err(format!("takes [tokens, width], but is given {shape:?}"));
    };
    if heads == 0 || width % heads != 0 {
        return Err(format!("has {heads} heads of {width} features"));
    }
    let weight =
        tensor(r.w, m, "in_proj_weight")?.ok_or("has queries, keys and values of other widths")?;
    let bias = optional(r.w, m, "in_proj_bias")?;
    let triple = width.checked_mul(3).ok_or("is too wide")?;
    let all = r.w.call(
        "linear",
        vec![value(x), value(&weight), bias],
        vec![tokens, triple],
    )?;
    let parts = vec![value(&all), Argument::Integer(3), Argument::Integer(-1)];
    let parts =
        r.w.several("chunk", parts, Vec::new(), vec![shape.clone(); 3])?;
    let mut split = Vec::new();
    for part in &parts {
        let sizes = integers([heads as i64, (width / heads) as i64]);
        let by = vec![value(part), Argument::Integer(2), sizes];
        let part =
            r.w.call("unflatten", by, vec![tokens, heads, width / heads])?;
        split.push(value(&r.w.permute(&part, &[0, 2, 1, 3])?));
    }
    let x = r.w.call(
        "scaled_dot_product_attention",
        split,
        vec![heads, tokens, width / heads],
    )?;
    let x = r.w.permute(&x, &[0, 2, 1, 3])?;
    let x = r.w.flatten(&x, 2)?;
    r.child(m, "out_proj", &x)
}

fn encoder_layer(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<String> {
    if flag(m, "norm_first", false) {
        let y = r.chain(m, &["norm1", "self_attn"], x)?;
        let x = r.w.binary("add", x, &y)?;
        let y = r.child(m, "norm2", &x)?;
        let y = forward(r, m, &y)?;
        return r.w.binary("add", &x, &y);
    }
    let y = r.child(m, "self_attn", x)?;
    let x = r.w.binary("add", x, &y)?;
    let x = r.child(m, "norm1", &x)?;
    let y = forward(r, m, &x)?;
    let x = r.w.binary("add", &x, &y)?;
    r.child(m, "norm2", &x)
}

fn forward(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<String> {
    let x = r.child(m, "linear1", x)?;
    let x = match m.attribute("activation") {
        Some(Attribute::Named(name)) => match name.rsplit('.').next() {
            Some("relu") => r.w.unary("relu", &x, &[])?,
            Some("gelu") => r.w.unary("gelu", &x, &[])?,
            _ => {
                return Err(format!(
                    "has the activation {name}, whose work isn't in the file"
                ));
            }
        },
        _ => r.child(m, "activation", &x)?,
    };
    r.child(m, "linear2", &x)
}
