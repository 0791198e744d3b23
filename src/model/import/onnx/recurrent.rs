//! Recurrent layers. ONNX keeps both directions in one tensor, the gates in an order of its own.

use super::node::{Node, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::Argument;
use crate::store::Parsed;

/// Recurrent layers.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("LSTM", Reading::By(recurrent)),
    ("GRU", Reading::By(recurrent)),
    ("RNN", Reading::By(recurrent)),
];

/// PyTorch's operation, the places of its gates among ONNX's, and the activations that both have.
type Cell = (&'static str, &'static [i64], &'static [&'static str]);

fn cell(node: &Node<'_, '_>, given: &[String]) -> Cell {
    let relu = given
        .first()
        .is_some_and(|name| name.eq_ignore_ascii_case("relu"));
    match node.proto.op_type.as_str() {
        // ONNX: input, output, forget, cell.
        "LSTM" => ("lstm", &[0, 2, 3, 1], &["Sigmoid", "Tanh", "Tanh"]),
        // ONNX: update, reset, new.
        "GRU" => ("gru", &[1, 0, 2], &["Sigmoid", "Tanh"]),
        _ if relu => ("rnn_relu", &[0], &["Relu"]),
        _ => ("rnn_tanh", &[0], &["Tanh"]),
    }
}

/// Refuses what PyTorch's layers don't have.
fn check(node: &Node<'_, '_>, given: &[String], cell: &Cell, ends: usize) -> Parsed<()> {
    let usual = cell.2.iter().cycle().take(cell.2.len() * ends);
    let same = given.len() == cell.2.len() * ends
        && given
            .iter()
            .zip(usual)
            .all(|(own, usual)| own.eq_ignore_ascii_case(usual));
    if !given.is_empty() && !same {
        return Err(format!("activations {given:?}, expected {:?}", cell.2));
    }
    for (name, usual) in [("layout", 0), ("input_forget", 0)] {
        let own = node.integer(name, usual);
        if own != usual {
            return Err(format!("{name} {own}, expected {usual}"));
        }
    }
    if node.float("clip", 0.0) != 0.0 {
        return Err("its gates are clipped, which no layer here does".into());
    }
    if cell.0 == "gru" && node.integer("linear_before_reset", 0) == 0 {
        return Err("linear_before_reset 0: the reset gate comes before the product, which isn't how PyTorch's GRU computes".into());
    }
    for (index, what) in [(4, "lengths of its sequences"), (7, "peepholes")] {
        if node.has(index) {
            return Err(format!("it reads {what}, which no layer here does"));
        }
    }
    Ok(())
}

/// Whether a first state is 0 everywhere, kept in the file or computed from a shape.
fn starts_at_zero(node: &mut Node<'_, '_>, index: usize) -> Parsed<bool> {
    if let Value::Known(known) = node.value(index)? {
        return Ok(known.values.iter().all(|&n| n == 0.0));
    }
    let name = node.proto.input.get(index).cloned().unwrap_or_default();
    Ok(node.state.is_zero(&name))
}

/// One call of PyTorch's layer, its tensors made of those of the file.
fn recurrent(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let given = node.words("activations");
    let direction = node.text("direction");
    let ends = match direction.as_str() {
        "" | "forward" | "reverse" => 1,
        "bidirectional" => 2,
        other => return Err(format!("direction {other:?}")),
    };
    let cell = cell(node, &given);
    check(node, &given, &cell, ends)?;
    let (operation, order, _) = cell;
    let shape = node.shape(0)?;
    let shape = shape.filter(|shape| shape.len() == 3);
    let shape =
        shape.ok_or("it reads a value of unknown shape, expected [tokens, batch, features]")?;
    let weight = node.shape(2)?.unwrap_or_default();
    let [Some(own), Some(_), Some(hidden)] = weight[..] else {
        return Err("hidden weights of unknown shape".into());
    };
    if own != ends {
        return Err(format!("weights of {own} directions, expected {ends}"));
    }
    let hidden = hidden as i64;
    let mut x = node.tensor(0)?;
    // The tokens backwards, and their states again.
    let turned = |node: &mut Node<'_, '_>, x: &str| node.call("flip", vec![value(x), list(&[0])]);
    if direction == "reverse" {
        x = turned(node, &x)?;
    }
    let biased = node.has(3);
    let mut tensors = Vec::new();
    for end in 0..ends as i64 {
        for (index, part) in [(1, 0), (2, 0), (3, 0), (3, 1)] {
            if index == 3 && !biased {
                continue;
            }
            let all = node.tensor(index)?;
            let at = [Argument::Integer(0), Argument::Integer(end)];
            let all = node.call("select", [vec![value(&all)], at.to_vec()].concat())?;
            let start = part * order.len() as i64;
            let mut gates = Vec::new();
            for gate in order {
                let from = (start + gate) * hidden;
                let bounds = [0, from, from + hidden].map(Argument::Integer);
                let own = node.call("slice", [vec![value(&all)], bounds.to_vec()].concat())?;
                gates.push(value(&own));
            }
            let own = match gates.len() {
                1 => gates.remove(0),
                _ => {
                    let read = vec![Argument::List(gates), Argument::Integer(0)];
                    value(&node.call("cat", read)?)
                }
            };
            tensors.push(own);
        }
    }
    if biased {
        node.state.composer.note(
            "The biases of its recurrent layers lie in tensors of two axes: where directions are normalised, they count as weights.".into(),
        );
    }
    let starts = if operation == "lstm" { 2 } else { 1 };
    let mut states = Vec::new();
    for index in 5..5 + starts {
        states.push(if node.has(index) && !starts_at_zero(node, index)? {
            value(&node.tensor(index)?)
        } else {
            let batch = shape[1].ok_or("an unknown number of samples")? as i64;
            let size = list(&[ends as i64, batch, hidden]);
            value(&node.call("zeros", vec![size])?)
        });
    }
    let states = match states.len() {
        1 => states.remove(0),
        _ => Argument::List(states),
    };
    let read = vec![
        value(&x),
        states,
        Argument::List(tensors),
        Argument::Bool(biased),
        Argument::Integer(1),
        Argument::Float(0.0),
        Argument::Bool(false),
        Argument::Bool(ends == 2),
        Argument::Bool(false),
    ];
    let made = node.calls(operation, read)?;
    let [y, ends_with @ ..] = &made[..] else {
        return Err("it makes nothing".into());
    };
    let mut y = y.clone();
    if direction == "reverse" {
        y = turned(node, &y)?;
    }
    // [tokens, batch, directions · hidden] as [tokens, directions, batch, hidden].
    let sizes = list(&[ends as i64, hidden]);
    let y = node.call("unflatten", vec![value(&y), Argument::Integer(2), sizes])?;
    let y = node.call("permute", vec![value(&y), list(&[0, 2, 1, 3])])?;
    Ok(Made::Several([&[y], ends_with].concat()))
}
