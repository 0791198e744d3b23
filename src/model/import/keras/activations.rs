//! Activations by the names that Keras has for them.

use super::image::{self, Value};
use crate::model::import::pickled::writer::{Step, Writer, value};
use crate::model::import::traced::Argument;

/// What the activation called `name` makes of `x`; `newer` is Keras 3, which has another hard sigmoid.
///
/// # Errors
/// Where it isn't known.
pub fn activated(w: &mut Writer<'_>, x: &Value, name: &str, newer: bool) -> Step<Value> {
    let made = match name {
        "linear" => x.name.clone(),
        "relu" | "tanh" | "sigmoid" | "selu" | "softsign" | "relu6" | "mish" => {
            w.unary(name, &x.name, &[])?
        }
        "swish" | "silu" => w.unary("silu", &x.name, &[])?,
        "exponential" => w.unary("exp", &x.name, &[])?,
        "elu" => w.unary("elu", &x.name, &[1.0])?,
        "leaky_relu" => w.unary("leaky_relu", &x.name, &[0.2])?,
        // PyTorch is linear from 20 on, where the difference is below rounding.
        "softplus" => w.unary("softplus", &x.name, &[1.0, 20.0])?,
        "gelu" => {
            let how = vec![("approximate".to_owned(), Argument::Text("none".into()))];
            let shape = w.shape(&x.name);
            w.named("gelu", vec![value(&x.name)], how, shape)?
        }
        "hard_sigmoid" if newer => w.unary("hardsigmoid", &x.name, &[])?,
        "hard_sigmoid" => {
            let scaled = w.unary("mul", &x.name, &[0.2])?;
            let moved = w.unary("add", &scaled, &[0.5])?;
            w.unary("hardtanh", &moved, &[0.0, 1.0])?
        }
        "hard_silu" | "hard_swish" => w.unary("hardswish", &x.name, &[])?,
        "softmax" | "log_softmax" => return softmax(w, x, name, -1),
        other => return Err(format!("has the activation {other:?}, which isn't known")),
    };
    Ok(x.like(made))
}

/// A softmax along an axis as Keras counts it.
///
/// # Errors
/// Where there is no such axis.
pub fn softmax(w: &mut Writer<'_>, x: &Value, name: &str, axis: i64) -> Step<Value> {
    let axis = image::axis(w, x, axis)?;
    let shape = w.shape(&x.name);
    let all = vec![
        value(&x.name),
        Argument::Integer(axis as i64),
        Argument::Absent,
    ];
    Ok(x.like(w.call(name, all, shape)?))
}
