//! Functions of one number, element by element.

use super::arguments::Arguments;
use super::builder::Builder;
use super::table::{Entry, Reading};
use super::value::{Outcome, Source, Value};
use crate::model::import::traced::Element;
use crate::model::layers::{
    Abs, Celu, Cos, Elu, Erf, Exp, Gelu, HardSigmoid, HardSwish, HardTanh, Layer, LeakyRelu, Log,
    Log1p, Mish, Neg, Reciprocal, Relu, Relu6, Rsqrt, Selu, Sigmoid, Silu, Sin, Softplus, Softsign,
    Sqrt, Tanh,
};
use std::rc::Rc;

/// A function whose value is known where its argument is.
macro_rules! known {
    ($name:literal, $function:expr, $layer:expr) => {
        (
            $name,
            Reading::Function {
                known: Some($function),
                layer: |_| Ok($layer.into()),
            },
        )
    };
}

/// A function with options; of known numbers it is a layer too.
macro_rules! layer {
    ($name:literal, $layer:expr) => {
        (
            $name,
            Reading::Function {
                known: None,
                layer: $layer,
            },
        )
    };
}

/// Functions of one number.
pub const OPERATIONS: &[Entry] = &[
    known!("neg", |x| -x, Neg {}),
    known!("negative", |x| -x, Neg {}),
    known!("exp", f64::exp, Exp {}),
    known!("log", f64::ln, Log {}),
    known!("log1p", f64::ln_1p, Log1p {}),
    known!("abs", f64::abs, Abs {}),
    known!("absolute", f64::abs, Abs {}),
    known!("sqrt", f64::sqrt, Sqrt {}),
    known!("rsqrt", |x| 1.0 / x.sqrt(), Rsqrt {}),
    known!("reciprocal", f64::recip, Reciprocal {}),
    known!("sin", f64::sin, Sin {}),
    known!("cos", f64::cos, Cos {}),
    known!("tanh", f64::tanh, Tanh {}),
    known!("sigmoid", |x| 1.0 / (1.0 + (-x).exp()), Sigmoid {}),
    known!(
        "relu",
        |x: f64| if x > 0.0 || x.is_nan() { x } else { 0.0 },
        Relu {}
    ),
    layer!("erf", |_| Ok(Erf {}.into())),
    layer!("relu6", |_| Ok(Relu6 {}.into())),
    layer!("selu", |_| Ok(Selu {}.into())),
    layer!("silu", |_| Ok(Silu {}.into())),
    layer!("mish", |_| Ok(Mish {}.into())),
    layer!("softsign", |_| Ok(Softsign {}.into())),
    layer!("hardsigmoid", |_| Ok(HardSigmoid {}.into())),
    layer!("hardswish", |_| Ok(HardSwish {}.into())),
    layer!("gelu", gelu),
    layer!("leaky_relu", |a| {
        let slope = a.number_or((1, "negative_slope"), 0.01)?;
        Ok(LeakyRelu { slope }.into())
    }),
    layer!("elu", elu),
    layer!("celu", |a| {
        let alpha = a.number_or((1, "alpha"), 1.0)?;
        Ok(Celu { alpha }.into())
    }),
    layer!("softplus", |a| {
        let beta = a.number_or((1, "beta"), 1.0)?;
        let threshold = a.number_or((2, "threshold"), 20.0)?;
        Ok(Softplus { beta, threshold }.into())
    }),
    layer!("hardtanh", |a| {
        let min = a.number_or((1, "min_val"), -1.0)?;
        let max = a.number_or((2, "max_val"), 1.0)?;
        if (min, max) == (0.0, 6.0) {
            return Ok(Relu6 {}.into());
        }
        Ok(HardTanh { min, max }.into())
    }),
    ("floor", Reading::Call(whole)),
    ("ceil", Reading::Call(whole)),
    ("round", Reading::Call(whole)),
    ("trunc", Reading::Call(whole)),
    ("sign", Reading::Call(whole)),
    ("rad2deg", Reading::Call(whole)),
    ("log2", Reading::Call(whole)),
    ("log10", Reading::Call(whole)),
];

fn gelu(a: &Arguments<'_>) -> Outcome<Layer> {
    let tanh = match a.text((1, "approximate")).unwrap_or("none") {
        "none" => false,
        "tanh" => true,
        other => return Err(format!("approximates by {other:?}, expected none or tanh")),
    };
    Ok(Gelu { tanh }.into())
}

fn elu(a: &Arguments<'_>) -> Outcome<Layer> {
    let alpha = a.number_or((1, "alpha"), 1.0)?;
    let scales = [
        a.number_or((2, "scale"), 1.0)?,
        a.number_or((3, "input_scale"), 1.0)?,
    ];
    if scales == [1.0, 1.0] {
        return Ok(Elu { alpha }.into());
    }
    Err(format!("scales by {scales:?}, expected 1"))
}

/// A function of known numbers.
pub fn mapped(x: &Value, function: impl Fn(f64) -> f64, element: Element) -> Option<Value> {
    let numbers = x.numbers()?;
    let made = numbers.iter().map(|n| function(*n)).collect();
    Some(Value {
        element,
        source: Source::Known(Rc::new(made)),
        ..x.clone()
    })
}

/// A function of one number that has a kind of layer.
///
/// # Errors
/// As the layer.
pub fn read(
    b: &mut Builder<'_>,
    a: &Arguments<'_>,
    known: Option<fn(f64) -> f64>,
    layer: fn(&Arguments<'_>) -> Outcome<Layer>,
) -> Outcome<Vec<Value>> {
    let x = a.value((0, "self"))?;
    let x = if a.has((0, "self")) {
        x
    } else {
        a.value((0, "input"))?
    };
    let keeps = matches!(
        a.operation,
        "neg" | "abs" | "relu" | "negative" | "absolute"
    );
    let element = if keeps { x.element } else { Element::Float };
    if let Some(known) = known
        && let Some(made) = mapped(&x, known, element)
    {
        return Ok(vec![made]);
    }
    let y = b.same(layer(a)?, &x)?;
    Ok(vec![Value { element, ..y }])
}

/// Functions that only known numbers have here.
fn whole(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.known((0, "self"))?;
    let function: fn(f64) -> f64 = match a.operation {
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => f64::round_ties_even,
        "trunc" => f64::trunc,
        "rad2deg" => f64::to_degrees,
        "log2" => f64::log2,
        "log10" => f64::log10,
        _ => |x| if x == 0.0 { 0.0 } else { x.signum() },
    };
    let made = mapped(&x, function, x.element);
    Ok(made.into_iter().collect())
}
