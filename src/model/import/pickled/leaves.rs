//! The modules of `torch.nn` that hold no others: what each computes, from its class and its settings.
//!
//! In eval mode, as everything is measured: dropout does nothing, normalisation takes its running statistics.

use super::settings::{count, lacks, number, word};
use super::tensors::{optional, tensor, weight_shape};
use super::writer::{Step, Writer, integers, sizes, value};
use crate::checkpoint::{Attribute, Module};
use crate::model::import::traced::{Argument, Element};

/// What the module `m` makes of `x`; `None` where its class isn't known here.
///
/// # Errors
/// What about it can't be followed.
pub fn leaf(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<Option<String>> {
    let made = match m.name() {
        "Identity"
        | "Dropout"
        | "Dropout1d"
        | "Dropout2d"
        | "Dropout3d"
        | "AlphaDropout"
        | "FeatureAlphaDropout"
        | "StochasticDepth" => x.to_owned(),
        "ReLU" => w.unary("relu", x, &[])?,
        "ReLU6" => w.unary("relu6", x, &[])?,
        "SELU" => w.unary("selu", x, &[])?,
        "SiLU" | "Swish" => w.unary("silu", x, &[])?,
        "Mish" => w.unary("mish", x, &[])?,
        "Tanh" => w.unary("tanh", x, &[])?,
        "Sigmoid" => w.unary("sigmoid", x, &[])?,
        "LogSigmoid" => w.unary("log_sigmoid", x, &[])?,
        "Softsign" => w.unary("softsign", x, &[])?,
        "Hardswish" => w.unary("hardswish", x, &[])?,
        "Hardsigmoid" => w.unary("hardsigmoid", x, &[])?,
        "LeakyReLU" => w.unary("leaky_relu", x, &[number(m, "negative_slope", None)?])?,
        // Outside of training its slope is the middle of its range.
        "RReLU" => {
            let slope = (number(m, "lower", None)? + number(m, "upper", None)?) / 2.0;
            w.unary("leaky_relu", x, &[slope])?
        }
        "ELU" => w.unary("elu", x, &[number(m, "alpha", None)?])?,
        "CELU" => w.unary("celu", x, &[number(m, "alpha", None)?])?,
        "Softplus" => {
            let options = [
                number(m, "beta", None)?,
                number(m, "threshold", Some(20.0))?,
            ];
            w.unary("softplus", x, &options)?
        }
        "Hardtanh" => {
            let options = [number(m, "min_val", None)?, number(m, "max_val", None)?];
            w.unary("hardtanh", x, &options)?
        }
        "Threshold" => {
            let options = [number(m, "threshold", None)?, number(m, "value", None)?];
            w.unary("threshold", x, &options)?
        }
        "Tanhshrink" => {
            let bent = w.unary("tanh", x, &[])?;
            w.binary("sub", x, &bent)?
        }
        "GELU" => {
            let how = Argument::Text(word(m, "approximate", "none").to_owned());
            let shape = w.shape(x);
            w.named(
                "gelu",
                vec![value(x)],
                vec![("approximate".into(), how)],
                shape,
            )?
        }
        "PReLU" => {
            let slopes = tensor(w, m, "weight")?.ok_or_else(|| lacks(m, "weight"))?;
            let shape = w.shape(x);
            w.call("prelu", vec![value(x), value(&slopes)], shape)?
        }
        "Softmax" => along(w, m, x, "softmax")?,
        "LogSoftmax" => along(w, m, x, "log_softmax")?,
        "GLU" => {
            let axis = axis(m, "dim", -1, w.shape(x).len())?;
            let mut shape = w.shape(x);
            if let Some(extent) = shape.get_mut(axis - 1) {
                *extent /= 2;
            }
            w.call("glu", vec![value(x), Argument::Integer(axis as i64)], shape)?
        }
        "Linear" | "NonDynamicallyQuantizableLinear" => linear(w, m, x)?,
        "BatchNorm1d" | "BatchNorm2d" | "BatchNorm3d" | "SyncBatchNorm" | "FrozenBatchNorm2d" => {
            batch_norm(w, m, x)?
        }
        "LayerNorm" => layer_norm(w, m, x)?,
        "GroupNorm" => {
            let groups = Argument::Integer(count(m, "num_groups", None)? as i64);
            let [weight, bias] = affine(w, m)?;
            let eps = Argument::Float(number(m, "eps", None)?);
            let shape = w.shape(x);
            let all = vec![value(x), groups, weight, bias, eps, Argument::Bool(false)];
            w.call("group_norm", all, shape)?
        }
        "Flatten" => {
            let axes = w.shape(x).len();
            let (from, to) = (
                axis(m, "start_dim", 1, axes)?,
                axis(m, "end_dim", -1, axes)?,
            );
            if to != axes {
                return Err(format!("flattens axes {from} to {to} of {axes}"));
            }
            w.flatten(x, from)?
        }
        "Unflatten" => unflatten(w, m, x)?,
        "Embedding" => embedding(w, m, x)?,
        _ => return Ok(None),
    };
    Ok(Some(made))
}

fn affine(w: &mut Writer<'_>, m: &Module) -> Step<[Argument; 2]> {
    Ok([optional(w, m, "weight")?, optional(w, m, "bias")?])
}

/// An axis counted with the batch axis, from the end where it is negative.
fn axis(m: &Module, name: &str, missing: i64, axes: usize) -> Step<usize> {
    let set = m.attribute(name).and_then(Attribute::integer);
    let axis = set.unwrap_or(missing);
    let counted = if axis < 0 {
        axis + axes as i64 + 1
    } else {
        axis
    };
    usize::try_from(counted)
        .ok()
        .filter(|axis| (1..=axes).contains(axis))
        .ok_or_else(|| format!("has {name} {axis}, which isn't an axis of a sample of {axes}"))
}

fn along(w: &mut Writer<'_>, m: &Module, x: &str, operation: &str) -> Step<String> {
    let shape = w.shape(x);
    // Without an axis PyTorch takes the first one of values of three axes, the batch.
    let missing = if shape.len() == 2 { 0 } else { 1 };
    let axis = axis(m, "dim", missing, shape.len())?;
    let all = vec![value(x), Argument::Integer(axis as i64), Argument::Absent];
    w.call(operation, all, shape)
}

fn linear(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let weight = weight_shape(w, m)?;
    let &[outputs, inputs] = weight.as_slice() else {
        return Err(format!(
            "has a weight of shape {weight:?}, expected [out, in]"
        ));
    };
    let mut x = x.to_owned();
    let given = w.shape(&x);
    let whole: usize = given.iter().fold(1, |n, &extent| n.saturating_mul(extent));
    if w.traced.calls.is_empty() && given.last() != Some(&inputs) && whole == inputs {
        w.traced.notes.push(format!(
            "A sample of shape {given:?} is flattened before the first layer, which takes {inputs} numbers."
        ));
        x = w.flatten(&x, 1)?;
    }
    let mut shape = w.shape(&x);
    if shape.pop() != Some(inputs) {
        return Err(format!("takes {inputs} features, but is given {given:?}"));
    }
    shape.push(outputs);
    let kernel = optional(w, m, "weight")?;
    let bias = optional(w, m, "bias")?;
    w.call("linear", vec![value(&x), kernel, bias], shape)
}

fn batch_norm(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let [weight, bias] = affine(w, m)?;
    let mean = optional(w, m, "running_mean")?;
    let variance = optional(w, m, "running_var")?;
    if mean == Argument::Absent || variance == Argument::Absent {
        return Err(
            "keeps no running statistics: it normalises by each batch, also when it doesn't train"
                .into(),
        );
    }
    let shape = w.shape(x);
    if let Some(name) = m.tensor("running_mean") {
        let channels = w.tensor_shape(name)?;
        if channels.first() != shape.first() {
            return Err(format!(
                "normalises {channels:?} channels, but is given {shape:?}"
            ));
        }
    }
    let eps = number(m, "eps", Some(1e-5))?;
    let all = vec![
        value(x),
        weight,
        bias,
        mean,
        variance,
        Argument::Bool(false),
        Argument::Float(0.1),
        Argument::Float(eps),
        Argument::Bool(false),
    ];
    w.call("batch_norm", all, shape)
}

/// Layer normalisation over the axes that its settings name.
pub fn layer_norm(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let over = m
        .attribute("normalized_shape")
        .and_then(Attribute::integers);
    let over = over.ok_or_else(|| lacks(m, "normalized_shape"))?;
    let [weight, bias] = affine(w, m)?;
    let eps = Argument::Float(number(m, "eps", None)?);
    let shape = w.shape(x);
    let all = vec![
        value(x),
        integers(over),
        weight,
        bias,
        eps,
        Argument::Bool(false),
    ];
    w.call("layer_norm", all, shape)
}

fn unflatten(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let old = w.shape(x);
    let axis = axis(m, "dim", 1, old.len())?;
    let parts = m
        .attribute("unflattened_size")
        .and_then(Attribute::integers);
    let parts: Option<Vec<usize>> = parts
        .into_iter()
        .flatten()
        .map(|n| usize::try_from(n).ok())
        .collect();
    let parts = parts.filter(|parts| !parts.is_empty());
    let parts = parts.ok_or("has sizes that aren't all known")?;
    let (before, rest) = old.split_at(axis - 1);
    let after = rest.get(1..).unwrap_or_default();
    let shape = [before, &parts, after].concat();
    let all = vec![value(x), Argument::Integer(axis as i64), sizes(&parts)];
    w.call("unflatten", all, shape)
}

fn embedding(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    if m.attribute("max_norm").is_some_and(|norm| !norm.is_none()) {
        return Err("renormalises its rows as they are read (max_norm)".into());
    }
    let weight = weight_shape(w, m)?;
    let width = *weight.get(1).ok_or_else(|| lacks(m, "weight"))?;
    if w.traced.calls.is_empty()
        && let Some(input) = w.traced.inputs.first_mut()
    {
        input.element = Element::Integer;
    }
    let table = optional(w, m, "weight")?;
    let mut shape = w.shape(x);
    shape.push(width);
    w.call("embedding", vec![table, value(x)], shape)
}
