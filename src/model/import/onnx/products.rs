//! Matrix products, normalisations and tables.

use super::node::{Node, axis as axis_of, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::Argument;
use crate::store::Parsed;

/// Products and normalisations.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("MatMul", Reading::By(matmul)),
    ("Gemm", Reading::By(gemm)),
    ("Einsum", Reading::By(einsum)),
    ("BatchNormalization", Reading::By(batch_norm)),
    ("LayerNormalization", Reading::By(layer_norm)),
    ("InstanceNormalization", Reading::By(instance_norm)),
    ("GroupNormalization", Reading::By(group_norm)),
    ("LRN", Reading::By(local_response_norm)),
];

fn matmul(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (a, b) = (node.tensor(0)?, node.tensor(1)?);
    node.call("matmul", vec![value(&a), value(&b)])
        .map(Made::one)
}

/// α A B + β C, either factor turned.
fn gemm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (mut a, b) = (node.tensor(0)?, node.tensor(1)?);
    if node.integer("transA", 0) != 0 {
        a = node.call("t", vec![value(&a)])?;
    }
    let turned = node.integer("transB", 0) != 0;
    let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
    let biased = node.has(2);
    if alpha == 1.0 && beta == 1.0 {
        let bias = node.optional(2)?;
        let row = biased && node.rank(2)? == 1;
        if turned && (row || !biased) {
            return node
                .call("linear", vec![value(&a), value(&b), bias])
                .map(Made::one);
        }
        if !turned && row {
            return node
                .call("addmm", vec![bias, value(&a), value(&b)])
                .map(Made::one);
        }
    }
    let b = if turned {
        node.call("t", vec![value(&b)])?
    } else {
        b
    };
    let mut y = node.call("matmul", vec![value(&a), value(&b)])?;
    if alpha != 1.0 {
        y = node.call("mul", vec![value(&y), Argument::Float(alpha)])?;
    }
    if biased {
        let mut bias = node.tensor(2)?;
        if beta != 1.0 {
            bias = node.call("mul", vec![value(&bias), Argument::Float(beta)])?;
        }
        y = node.call("add", vec![value(&y), value(&bias)])?;
    }
    Ok(Made::one(y))
}

fn einsum(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let mut read = Vec::new();
    for index in 0..node.proto.input.len() {
        read.push(value(&node.tensor(index)?));
    }
    let equation = Argument::Text(node.text("equation"));
    node.call("einsum", vec![equation, Argument::List(read)])
        .map(Made::one)
}

fn batch_norm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    if node.integer("training_mode", 0) != 0 {
        let note = "the file was exported in training mode; it is read as in evaluation";
        node.state.composer.note(note.into());
    }
    let mut read = Vec::new();
    for index in 0..5 {
        read.push(value(&node.tensor(index)?));
    }
    read.push(Argument::Bool(false));
    read.push(Argument::Float(1.0 - node.float("momentum", 0.9)));
    read.push(Argument::Float(node.float("epsilon", 1e-5)));
    node.call("batch_norm", read).map(Made::one)
}

fn layer_norm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axis = node.integer("axis", -1);
    let axis = axis_of(axis, rank)?;
    let shape = node.shape(0)?.unwrap_or_default();
    let weight = node.shape(1)?.unwrap_or_default();
    let own = shape.iter().skip(axis as usize);
    // Where the data's extents aren't known, those of the weight are.
    let given = if weight.len() + axis as usize == rank {
        weight
    } else {
        own.copied().collect()
    };
    let given: Option<Vec<i64>> = given.iter().map(|n| Some((*n)? as i64)).collect();
    let given = given.ok_or("it normalises extents that aren't known")?;
    let (weight, bias) = (node.optional(1)?, node.optional(2)?);
    let epsilon = Argument::Float(node.float("epsilon", 1e-5));
    node.call(
        "layer_norm",
        vec![value(&x), list(&given), weight, bias, epsilon],
    )
    .map(Made::one)
}

/// A scale of ones and a shift of zeros are none.
fn unless_plain(node: &mut Node<'_, '_>, index: usize, plain: f64) -> Parsed<Argument> {
    if let Value::Known(known) = node.value(index)?
        && known.values.iter().all(|&n| n == plain)
    {
        return Ok(Argument::Absent);
    }
    node.optional(index)
}

fn instance_norm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let (scale, shift) = (unless_plain(node, 1, 1.0)?, unless_plain(node, 2, 0.0)?);
    let epsilon = Argument::Float(node.float("epsilon", 1e-5));
    let read = vec![
        value(&x),
        scale,
        shift,
        Argument::Absent,
        Argument::Absent,
        Argument::Bool(true),
        Argument::Float(0.1),
        epsilon,
    ];
    node.call("instance_norm", read).map(Made::one)
}

fn group_norm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let channels = node
        .shape(0)?
        .and_then(|shape| shape.get(1).copied().flatten());
    let scale = node
        .shape(1)?
        .and_then(|shape| shape.first().copied().flatten());
    let count = node.integer("num_groups", 1);
    let groups = Argument::Integer(count);
    let epsilon = Argument::Float(node.float("epsilon", 1e-5));
    let (Some(channels), Some(scales)) = (channels, scale) else {
        return Err("channels or a scale whose number isn't known".into());
    };
    if channels == scales {
        let (scale, shift) = (node.optional(1)?, node.optional(2)?);
        let read = vec![value(&x), groups, scale, shift, epsilon];
        return node.call("group_norm", read).map(Made::one);
    }
    // Version 18 has one scale and shift a group.
    if node.state.opset > 20 || scales as i64 != count || !channels.is_multiple_of(scales) {
        return Err(format!(
            "a scale of {scales} numbers for {channels} channels in {count} groups"
        ));
    }
    let rank = node.rank(0)?;
    let none = Argument::Absent;
    let read = vec![value(&x), groups, none.clone(), none, epsilon];
    let y = node.call("group_norm", read)?;
    let sizes = list(&[count, (channels / scales) as i64]);
    let mut y = node.call("unflatten", vec![value(&y), Argument::Integer(1), sizes])?;
    let mut shape = vec![1; rank];
    shape[0] = count;
    for (index, operation) in [(1, "mul"), (2, "add")] {
        let own = node.tensor(index)?;
        let own = node.call("reshape", vec![value(&own), list(&shape)])?;
        y = node.call(operation, vec![value(&y), value(&own)])?;
    }
    let ends = [1, 2].map(Argument::Integer);
    let read = [vec![value(&y)], ends.to_vec()].concat();
    node.call("flatten", read).map(Made::one)
}

fn local_response_norm(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let size = node.integer("size", 0);
    // Of an even number of channels ONNX takes one more after, PyTorch one more before.
    if size < 1 || size % 2 == 0 {
        return Err(format!("size {size}, expected an odd number of channels"));
    }
    let x = node.tensor(0)?;
    let (alpha, beta, bias) = (
        node.float("alpha", 1e-4),
        node.float("beta", 0.75),
        node.float("bias", 1.0),
    );
    let numbers = [alpha, beta, bias].map(Argument::Float);
    let mut read = vec![value(&x), Argument::Integer(size)];
    read.extend(numbers);
    node.call("local_response_norm", read).map(Made::one)
}
