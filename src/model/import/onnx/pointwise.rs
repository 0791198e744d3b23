//! Operators on one number at a time, and on pairs.

use super::node::{Node, axis as axis_of, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::{Argument, Element};
use crate::store::Parsed;

/// Functions of one number, and arithmetic.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("Relu", Reading::As("relu")),
    ("Tanh", Reading::As("tanh")),
    ("Sigmoid", Reading::As("sigmoid")),
    ("Erf", Reading::As("erf")),
    ("Exp", Reading::As("exp")),
    ("Log", Reading::As("log")),
    ("Sqrt", Reading::As("sqrt")),
    ("Neg", Reading::As("neg")),
    ("Abs", Reading::As("abs")),
    ("Floor", Reading::As("floor")),
    ("Ceil", Reading::As("ceil")),
    ("Round", Reading::As("round")),
    ("Sign", Reading::As("sign")),
    ("Sin", Reading::As("sin")),
    ("Cos", Reading::As("cos")),
    ("Reciprocal", Reading::As("reciprocal")),
    ("Softplus", Reading::As("softplus")),
    ("Mish", Reading::As("mish")),
    ("HardSwish", Reading::As("hardswish")),
    ("Not", Reading::As("logical_not")),
    ("IsNaN", Reading::As("isnan")),
    ("Add", Reading::Pair("add")),
    ("Sub", Reading::Pair("sub")),
    ("Mul", Reading::Pair("mul")),
    ("Div", Reading::Pair("div")),
    ("Pow", Reading::Pair("pow")),
    ("Equal", Reading::Pair("eq")),
    ("Less", Reading::Pair("lt")),
    ("LessOrEqual", Reading::Pair("le")),
    ("Greater", Reading::Pair("gt")),
    ("GreaterOrEqual", Reading::Pair("ge")),
    ("And", Reading::Pair("logical_and")),
    ("Or", Reading::Pair("logical_or")),
    ("Max", Reading::Chain("maximum")),
    ("Min", Reading::Chain("minimum")),
    ("Sum", Reading::Chain("add")),
    ("Mean", Reading::By(mean)),
    ("ThresholdedRelu", Reading::By(thresholded)),
    ("Softsign", Reading::By(softsign)),
    ("Identity", Reading::By(identity)),
    ("Dropout", Reading::By(dropout)),
    ("LeakyRelu", Reading::By(leaky_relu)),
    ("Elu", Reading::By(elu)),
    ("Celu", Reading::By(celu)),
    ("Selu", Reading::By(selu)),
    ("PRelu", Reading::By(prelu)),
    ("HardSigmoid", Reading::By(hard_sigmoid)),
    ("Gelu", Reading::By(gelu)),
    ("Clip", Reading::By(clip)),
    ("Cast", Reading::By(cast)),
    ("CastLike", Reading::By(identity)),
    ("Where", Reading::By(choose)),
    ("Softmax", Reading::By(softmax)),
    ("LogSoftmax", Reading::By(softmax)),
];

fn float(number: f64) -> Argument {
    Argument::Float(number)
}

fn identity(node: &mut Node<'_, '_>) -> Parsed<Made> {
    Ok(Made::Value(node.value(0)?))
}

/// At rest it changes nothing, whatever the file says of training.
fn dropout(node: &mut Node<'_, '_>) -> Parsed<Made> {
    Ok(Made::Value(node.value(0)?))
}

/// Of values, not over axes.
fn mean(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let count = node.proto.input.len();
    match chain(node, "add")? {
        Made::Value(Value::Tensor(sum)) if count > 1 => {
            let read = vec![value(&sum), Argument::Integer(count as i64)];
            node.call("div", read).map(Made::one)
        }
        made => Ok(made),
    }
}

/// x where it is above a bound, otherwise 0.
fn thresholded(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, bound) = (node.tensor(0)?, node.float("alpha", 1.0));
    let above = node.call("gt", vec![value(&x), float(bound)])?;
    node.call("where", vec![value(&above), value(&x), float(0.0)])
        .map(Made::one)
}

fn softsign(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let size = node.call("abs", vec![value(&x)])?;
    let below = node.call("add", vec![value(&size), Argument::Integer(1)])?;
    node.call("div", vec![value(&x), value(&below)])
        .map(Made::one)
}

fn leaky_relu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, slope) = (node.tensor(0)?, node.float("alpha", 0.01));
    node.call("leaky_relu", vec![value(&x), float(slope)])
        .map(Made::one)
}

fn elu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, alpha) = (node.tensor(0)?, node.float("alpha", 1.0));
    node.call("elu", vec![value(&x), float(alpha)])
        .map(Made::one)
}

fn celu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, alpha) = (node.tensor(0)?, node.float("alpha", 1.0));
    node.call("celu", vec![value(&x), float(alpha)])
        .map(Made::one)
}

fn selu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (alpha, gamma) = (
        node.float("alpha", 1.673_263_2),
        node.float("gamma", 1.050_701),
    );
    if (alpha - 1.673_263_2).abs() > 1e-5 || (gamma - 1.050_701).abs() > 1e-5 {
        return Err(format!(
            "alpha {alpha} and gamma {gamma}, expected those of SELU's paper"
        ));
    }
    let x = node.tensor(0)?;
    node.call("selu", vec![value(&x)]).map(Made::one)
}

/// The slope lies along channels, in a shape that is broadcast: relu(x) − slope · relu(−x).
fn prelu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, slope) = (node.tensor(0)?, node.tensor(1)?);
    let above = node.call("relu", vec![value(&x)])?;
    let turned = node.call("neg", vec![value(&x)])?;
    let below = node.call("relu", vec![value(&turned)])?;
    let below = node.call("mul", vec![value(&slope), value(&below)])?;
    node.call("sub", vec![value(&above), value(&below)])
        .map(Made::one)
}

fn hard_sigmoid(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let (alpha, beta) = (node.float("alpha", 0.2), node.float("beta", 0.5));
    if (alpha - 1.0 / 6.0).abs() < 1e-6 && beta == 0.5 {
        return node.call("hardsigmoid", vec![value(&x)]).map(Made::one);
    }
    let y = node.call("mul", vec![value(&x), float(alpha)])?;
    let y = node.call("add", vec![value(&y), float(beta)])?;
    node.call("clamp", vec![value(&y), float(0.0), float(1.0)])
        .map(Made::one)
}

fn gelu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let way = match node.text("approximate").as_str() {
        "tanh" => "tanh",
        _ => "none",
    };
    let way = Argument::Text(way.into());
    node.state
        .composer
        .named("gelu", vec![value(&x)], vec![("approximate", way)])
        .map(Made::one)
}

fn clip(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let mut bound = |name: &str, index: usize| -> Parsed<Argument> {
        if node.has(index) {
            return node.operand(index);
        }
        let own = node.float(name, f64::NAN);
        // Old versions say the largest number where there is no bound.
        let none = own.is_nan() || own.abs() > 3e38;
        Ok(if none { Argument::Absent } else { float(own) })
    };
    let (low, high) = (bound("min", 1)?, bound("max", 2)?);
    node.call("clamp", vec![value(&x), low, high])
        .map(Made::one)
}

fn cast(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let to = match super::table::cast_to(node) {
        Some(Element::Float) => "float32",
        Some(Element::Integer) => "int64",
        Some(Element::Bool) => "bool",
        None => {
            return Err(format!(
                "numbers become type number {}",
                node.integer("to", 0)
            ));
        }
    };
    node.call("to", vec![value(&x), Argument::Text(to.into())])
        .map(Made::one)
}

fn choose(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let read = vec![value(&node.tensor(0)?), node.operand(1)?, node.operand(2)?];
    node.call("where", read).map(Made::one)
}

/// Before version 13 it runs over all axes from the given one on.
fn softmax(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let operation = if node.proto.op_type == "Softmax" {
        "softmax"
    } else {
        "log_softmax"
    };
    let (x, old) = (node.tensor(0)?, node.state.opset < 13);
    let axis = node.integer("axis", if old { 1 } else { -1 });
    if !old {
        return node
            .call(operation, vec![value(&x), Argument::Integer(axis)])
            .map(Made::one);
    }
    let rank = node.rank(0)?;
    let axis = axis_of(axis, rank)?;
    if axis + 1 == rank as i64 {
        return node
            .call(operation, vec![value(&x), Argument::Integer(-1)])
            .map(Made::one);
    }
    let shape = node.shape(0)?.unwrap_or_default();
    let extents: Option<Vec<i64>> = shape.iter().map(|n| Some((*n)? as i64)).collect();
    let extents = extents.ok_or("a softmax over several axes whose extents aren't known")?;
    let last = Argument::Integer(-1);
    let flat = node.call(
        "flatten",
        vec![value(&x), Argument::Integer(axis), last.clone()],
    )?;
    let y = node.call(operation, vec![value(&flat), last])?;
    node.call("reshape", vec![value(&y), super::node::list(&extents)])
        .map(Made::one)
}

/// A pair of operands, of which one at least is a value.
pub fn pair(node: &mut Node<'_, '_>, operation: &str) -> Parsed<Made> {
    let (mut a, b) = (node.operand(0)?, node.operand(1)?);
    let is_value = |argument: &Argument| matches!(argument, Argument::Value(_));
    // A sum or product may begin with its number; nothing else may.
    let turns = is_value(&b) && ["add", "mul"].contains(&operation);
    if !is_value(&a) && !turns {
        a = value(&node.tensor(0)?);
    }
    let (a, b) = if is_value(&a) { (a, b) } else { (b, a) };
    node.call(operation, vec![a, b]).map(Made::one)
}

/// Any number of operands, joined one after another.
pub fn chain(node: &mut Node<'_, '_>, operation: &str) -> Parsed<Made> {
    let mut sum = node.tensor(0)?;
    for index in 1..node.proto.input.len() {
        let next = node.tensor(index)?;
        sum = node.call(operation, vec![value(&sum), value(&next)])?;
    }
    Ok(Made::Value(Value::Tensor(sum)))
}
