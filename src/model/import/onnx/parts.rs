//! Operators that take parts of values or pad them, and sums over axes.

use super::known::Known;
use super::node::{Node, axis as axis_of, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::{Argument, Element};
use crate::store::Parsed;

/// Parts, paddings and sums.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("Gather", Reading::By(gather)),
    ("GatherElements", Reading::By(gather_elements)),
    ("Slice", Reading::By(slice)),
    ("Pad", Reading::By(pad)),
    ("ReduceMean", Reading::By(reduce)),
    ("ReduceSum", Reading::By(reduce)),
    ("ReduceMax", Reading::By(reduce)),
    ("ReduceMin", Reading::By(reduce)),
    ("ReduceProd", Reading::By(reduce)),
    ("ReduceL2", Reading::By(reduce)),
    ("ReduceLogSumExp", Reading::By(reduce)),
    ("ReduceSumSquare", Reading::By(reduce)),
    ("ArgMax", Reading::By(arg_max)),
    ("CumSum", Reading::By(cumulated)),
];

fn gather(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axis = node.integer("axis", 0);
    let axis = axis_of(axis, rank)?;
    match node.value(1)? {
        Value::Known(Known { shape, values, .. }) if shape.is_empty() => {
            let at = Argument::Integer(values.first().map_or(0, |&n| n as i64));
            node.call("select", vec![value(&x), Argument::Integer(axis), at])
                .map(Made::one)
        }
        Value::Known(known) if known.shape.len() == 1 => {
            // Negative places count from the end.
            let extent = node
                .shape(0)?
                .and_then(|s| s.get(axis as usize).copied().flatten());
            let mut places = known.integers();
            for place in places.iter_mut().filter(|n| **n < 0) {
                *place += extent.ok_or("it counts places from an end that isn't known")? as i64;
            }
            let name = node.state.tensor("", Value::Known(Known::list(&places)));
            node.call(
                "index_select",
                vec![value(&x), Argument::Integer(axis), value(&name)],
            )
            .map(Made::one)
        }
        _ if axis == 0 && rank == 2 => {
            let places = node.tensor(1)?;
            node.state.composer.input_is(&places, Element::Integer)?;
            node.call("embedding", vec![value(&x), value(&places)])
                .map(Made::one)
        }
        _ => Err("it takes places that depend on data along an axis of no table".into()),
    }
}

fn gather_elements(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, places) = (node.tensor(0)?, node.tensor(1)?);
    let axis = Argument::Integer(node.integer("axis", 0));
    node.call("gather", vec![value(&x), axis, value(&places)])
        .map(Made::one)
}

fn slice(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let starts = node.listed("starts", 1)?.ok_or("it has no starts")?;
    let ends = node.listed("ends", 2)?.ok_or("it has no ends")?;
    let axes = node.listed("axes", 3)?;
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = if node.has(4) {
        node.known(4)?.integers()
    } else {
        vec![1; starts.len()]
    };
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("it has other numbers of starts, ends, axes and steps".into());
    }
    if let Value::Known(mut known) = node.value(0)? {
        for (((&start, &end), &axis), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let axis = axis_of(axis, known.shape.len())? as usize;
            known = known.picked(axis, &places(known.shape[axis], start, end, step)?);
        }
        return Ok(Made::Value(Value::Known(known)));
    }
    if steps.iter().any(|&step| step < 1) {
        return Err(format!("steps {steps:?}, expected positive ones"));
    }
    let (mut x, rank) = (node.tensor(0)?, node.rank(0)?);
    for (((&start, &end), &axis), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let axis = axis_of(axis, rank)?;
        let numbers = [axis, start, end, step].map(Argument::Integer);
        let mut read = vec![value(&x)];
        read.extend(numbers);
        x = node.call("slice", read)?;
    }
    Ok(Made::one(x))
}

/// The places of a slice along an axis, which may run backwards.
fn places(extent: usize, start: i64, end: i64, step: i64) -> Parsed<Vec<usize>> {
    if step == 0 {
        return Err("a slice without steps".into());
    }
    let extent = extent as i64;
    // Backwards, the place before the first is the last bound.
    let (low, high) = if step > 0 {
        (0, extent)
    } else {
        (-1, extent - 1)
    };
    let bound = |n: i64| if n < 0 { n.saturating_add(extent) } else { n }.clamp(low, high);
    let (mut at, end) = (bound(start), bound(end));
    let mut found = Vec::new();
    while if step > 0 { at < end } else { at > end } {
        found.push(at as usize);
        at = at.saturating_add(step);
    }
    Ok(found)
}

fn pad(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let pads = node.listed("pads", 1)?.ok_or("it has no pads")?;
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axes: Vec<i64> = if node.has(3) {
        node.known(3)?.integers()
    } else {
        (0..rank as i64).collect()
    };
    if pads.len() != 2 * axes.len() {
        return Err(format!("pads {pads:?} of {} axes", axes.len()));
    }
    let mut sides = vec![[0_i64; 2]; rank];
    for (at, &axis) in axes.iter().enumerate() {
        let axis = axis_of(axis, rank)? as usize;
        sides[axis] = [pads[at], pads[at + axes.len()]];
    }
    let mode = match node.text("mode").as_str() {
        "" | "constant" => "constant",
        "reflect" => "reflect",
        "edge" => "replicate",
        "wrap" => "circular",
        other => return Err(format!("mode {other:?}")),
    };
    let fill = if node.has(2) {
        node.operand(2)?
    } else {
        Argument::Float(node.float("value", 0.0))
    };
    // PyTorch counts axes from the last one; those that nothing is added to aren't named.
    let first = sides.iter().position(|side| *side != [0, 0]);
    let Some(first) = first else {
        return Ok(Made::one(x));
    };
    let ordered: Vec<i64> = sides[first..].iter().rev().flatten().copied().collect();
    let mut read = vec![value(&x), list(&ordered), Argument::Text(mode.into())];
    if mode == "constant" {
        read.push(fill);
    }
    node.call("pad", read).map(Made::one)
}

fn reduce(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let operation = match node.proto.op_type.as_str() {
        "ReduceMean" => "mean",
        "ReduceSum" | "ReduceSumSquare" => "sum",
        "ReduceMax" => "amax",
        "ReduceMin" => "amin",
        "ReduceProd" => "prod",
        "ReduceL2" => "linalg_vector_norm",
        _ => "logsumexp",
    };
    let (mut x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axes = match node.listed("axes", 1)? {
        Some(axes) if !axes.is_empty() => axes,
        _ if node.integer("noop_with_empty_axes", 0) != 0 => return Ok(Made::one(x)),
        _ => (0..rank as i64).collect(),
    };
    if node.proto.op_type == "ReduceSumSquare" {
        x = node.call("mul", vec![value(&x), value(&x)])?;
    }
    let keeps = Argument::Bool(node.integer("keepdims", 1) != 0);
    let mut read = vec![value(&x)];
    match operation {
        "linalg_vector_norm" => read.extend([Argument::Integer(2), list(&axes), keeps]),
        "prod" => match axes[..] {
            [axis] => read.extend([Argument::Integer(axis), keeps]),
            _ => return Err(format!("a product over the axes {axes:?}, expected one")),
        },
        _ => read.extend([list(&axes), keeps]),
    }
    node.call(operation, read).map(Made::one)
}

fn arg_max(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let axis = Argument::Integer(node.integer("axis", 0));
    let keeps = Argument::Bool(node.integer("keepdims", 1) != 0);
    node.call("argmax", vec![value(&x), axis, keeps])
        .map(Made::one)
}

fn cumulated(node: &mut Node<'_, '_>) -> Parsed<Made> {
    if node.integer("exclusive", 0) != 0 || node.integer("reverse", 0) != 0 {
        return Err("sums that leave the first or start at the last".into());
    }
    let axis = node.known(1)?.integers();
    let x = node.tensor(0)?;
    let axis = Argument::Integer(axis.first().copied().unwrap_or(0));
    node.call("cumsum", vec![value(&x), axis]).map(Made::one)
}
