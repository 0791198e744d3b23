//! Operators that rearrange, join and cut values.

use super::known::Known;
use super::node::{Node, axis as axis_of, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::Argument;
use crate::store::Parsed;

/// What moves numbers without changing them.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("Constant", Reading::By(constant)),
    ("ConstantOfShape", Reading::By(constant_of_shape)),
    ("Shape", Reading::By(shape)),
    ("Size", Reading::By(size)),
    ("Reshape", Reading::By(reshape)),
    ("Flatten", Reading::By(flatten)),
    ("Transpose", Reading::By(transpose)),
    ("Squeeze", Reading::By(squeeze)),
    ("Unsqueeze", Reading::By(unsqueeze)),
    ("Concat", Reading::By(concat)),
    ("Split", Reading::By(split)),
    ("Expand", Reading::By(expand)),
    ("Tile", Reading::By(tile)),
    ("DepthToSpace", Reading::By(depth_to_space)),
    ("SpaceToDepth", Reading::By(space_to_depth)),
    ("Trilu", Reading::By(trilu)),
];

fn constant(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let known = node
        .literal()?
        .ok_or("a constant that is no tensor of numbers")?;
    Ok(Made::Value(Value::Known(known)))
}

fn constant_of_shape(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let shape = node.known(0)?.integers();
    let one = node.literal()?;
    let number = one
        .as_ref()
        .and_then(|one| one.values.first())
        .copied()
        .unwrap_or(0.0);
    let element = one.map_or(crate::model::import::traced::Element::Float, |one| {
        one.element
    });
    let extents: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
    let size = extents
        .as_ref()
        .and_then(|all| all.iter().try_fold(1_usize, |n, d| n.checked_mul(*d)));
    match (extents, size) {
        (Some(shape), Some(size)) if size <= 1 << 20 => Ok(Made::Value(Value::Known(Known {
            shape,
            values: vec![number; size],
            element,
        }))),
        _ => node
            .call("full", vec![list(&shape), Argument::Float(number)])
            .map(Made::one),
    }
}

fn shape(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let shape = node.shape(0)?;
    let extents: Option<Vec<i64>> =
        shape.map(|all| all.iter().map(|n| n.map_or(-1, |n| n as i64)).collect());
    let extents =
        extents.ok_or("it asks for a shape that isn't known before that of the data is")?;
    let rank = extents.len() as i64;
    let bound = |n: i64| (if n < 0 { n + rank } else { n }).clamp(0, rank) as usize;
    let (start, end) = (
        bound(node.integer("start", 0)),
        bound(node.integer("end", rank)),
    );
    let part = extents.get(start..end.max(start)).unwrap_or_default();
    if part.contains(&-1) {
        return Err(
            "it asks for an extent that isn't known before the shape of the data is".into(),
        );
    }
    Ok(Made::Value(Value::Known(Known::list(part))))
}

fn size(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let shape = node.shape(0)?;
    let size = shape.and_then(|all| all.iter().try_fold(1_usize, |n, d| n.checked_mul((*d)?)));
    let size = size.ok_or("it asks for a size that isn't known before the shape of the data is")?;
    let known = Known {
        shape: vec![],
        ..Known::list(&[size as i64])
    };
    Ok(Made::Value(Value::Known(known)))
}

fn reshape(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let mut to = match node.integers("shape") {
        Some(own) => own,
        None => node.known(1)?.integers(),
    };
    if node.integer("allowzero", 0) == 0 && to.contains(&0) {
        let shape = node.shape(0)?.unwrap_or_default();
        for (at, extent) in to.iter_mut().enumerate().filter(|(_, n)| **n == 0) {
            let own = shape.get(at).copied().flatten();
            let own =
                own.ok_or("it keeps an extent that isn't known before the shape of the data is")?;
            *extent = own as i64;
        }
    }
    let x = node.tensor(0)?;
    node.call("reshape", vec![value(&x), list(&to)])
        .map(Made::one)
}

/// To two axes: those before the given one, and the others.
fn flatten(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axis = node.integer("axis", 1);
    let axis = if axis == rank as i64 {
        axis
    } else {
        axis_of(axis, rank)?
    };
    let last = Argument::Integer(-1);
    if axis == 1 {
        return node
            .call("flatten", vec![value(&x), Argument::Integer(1), last])
            .map(Made::one);
    }
    let shape = node.shape(0)?.unwrap_or_default();
    let extents: Option<Vec<usize>> = shape.iter().copied().collect();
    let extents =
        extents.ok_or("it flattens extents that aren't known before the shape of the data is")?;
    let before = extents
        .iter()
        .take(axis as usize)
        .try_fold(1_usize, |n, d| n.checked_mul(*d));
    let before = before.ok_or("a size beyond any memory")?;
    node.call("reshape", vec![value(&x), list(&[before as i64, -1])])
        .map(Made::one)
}

fn transpose(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let x = node.tensor(0)?;
    let order = match node.integers("perm") {
        Some(order) => order,
        None => (0..node.rank(0)? as i64).rev().collect(),
    };
    node.call("permute", vec![value(&x), list(&order)])
        .map(Made::one)
}

/// Known whole numbers keep being known: shapes are made of them.
fn vector(node: &mut Node<'_, '_>) -> Parsed<Option<Known>> {
    Ok(match node.value(0)? {
        Value::Known(known) if known.values.len() <= 64 => Some(known),
        _ => None,
    })
}

fn squeeze(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let axes = node.listed("axes", 1)?;
    if let Some(known) = vector(node)? {
        let rank = known.shape.len();
        let given: Option<Vec<usize>> = match &axes {
            Some(axes) => {
                let axes = axes.iter().map(|&n| axis_of(n, rank).map(|n| n as usize));
                Some(axes.collect::<Parsed<_>>()?)
            }
            None => None,
        };
        let drops =
            |at: usize, n: usize| n == 1 && given.as_ref().is_none_or(|given| given.contains(&at));
        let shape = known.shape.iter().enumerate();
        let shape = shape
            .filter(|&(at, &n)| !drops(at, n))
            .map(|(_, &n)| n)
            .collect();
        return Ok(Made::Value(Value::Known(Known { shape, ..known })));
    }
    let x = node.tensor(0)?;
    let mut read = vec![value(&x)];
    read.extend(axes.map(|axes| list(&axes)));
    node.call("squeeze", read).map(Made::one)
}

fn unsqueeze(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let axes = node.listed("axes", 1)?.ok_or("it has no axes")?;
    if axes.len() > 16 {
        return Err(format!("{} new axes", axes.len()));
    }
    let rank = node.rank(0)? + axes.len();
    let mut places = Vec::new();
    for axis in axes {
        places.push(axis_of(axis, rank)?);
    }
    places.sort_unstable();
    if let Some(mut known) = vector(node)? {
        for &at in &places {
            known.shape.insert((at as usize).min(known.shape.len()), 1);
        }
        return Ok(Made::Value(Value::Known(known)));
    }
    let mut x = node.tensor(0)?;
    for at in places {
        x = node.call("unsqueeze", vec![value(&x), Argument::Integer(at)])?;
    }
    Ok(Made::one(x))
}

fn concat(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let mut read = Vec::new();
    for index in 0..node.proto.input.len() {
        read.push(value(&node.tensor(index)?));
    }
    let axis = Argument::Integer(node.integer("axis", 0));
    node.call("cat", vec![Argument::List(read), axis])
        .map(Made::one)
}

fn split(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axis = node.integer("axis", 0);
    let axis = axis_of(axis, rank)?;
    let sizes = match node.listed("split", 1)? {
        Some(sizes) => sizes,
        None => {
            let shape = node.shape(0)?.unwrap_or_default();
            let whole = shape.get(axis as usize).copied().flatten();
            let whole = whole
                .ok_or("it cuts an extent that isn't known before the shape of the data is")?;
            let count = node.proto.output.len().max(1);
            let size = whole.div_ceil(count);
            let part = |at: usize| size.min(whole.saturating_sub(at * size)) as i64;
            (0..count).map(part).collect()
        }
    };
    let read = vec![value(&x), list(&sizes), Argument::Integer(axis)];
    node.calls("split_with_sizes", read).map(Made::Several)
}

/// Both shapes are broadcast to each other.
fn expand(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let mut to = node.known(1)?.integers();
    let (x, own) = (node.tensor(0)?, node.shape(0)?);
    let own = own.ok_or("it expands a shape that isn't known before that of the data is")?;
    while to.len() < own.len() {
        to.insert(0, 1);
    }
    let skip = to.len() - own.len();
    for (extent, _) in to.iter_mut().skip(skip).zip(&own).filter(|(n, _)| **n == 1) {
        *extent = -1;
    }
    node.call("expand", vec![value(&x), list(&to)])
        .map(Made::one)
}

fn tile(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let counts = node.known(1)?.integers();
    let x = node.tensor(0)?;
    node.call("repeat", vec![value(&x), list(&counts)])
        .map(Made::one)
}

/// Channels become places of a block: as PyTorch orders them (CRD), or as TensorFlow does (DCR), where those of one
/// place lie together.
fn depth_to_space(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, block) = (node.tensor(0)?, block(node)?);
    match node.text("mode").as_str() {
        "CRD" => node.call("pixel_shuffle", vec![value(&x), Argument::Integer(block)]),
        "" | "DCR" => {
            let y = node.call("unflatten", cut(&x, 1, &[block, block, -1]))?;
            let y = node.call("permute", vec![value(&y), list(&[0, 3, 4, 1, 5, 2])])?;
            let y = node.call("flatten", joined(&y, 4))?;
            node.call("flatten", joined(&y, 2))
        }
        other => Err(format!("mode {other:?}, expected CRD or DCR")),
    }
    .map(Made::one)
}

/// Places of a block become channels, those of one place together.
fn space_to_depth(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (x, block) = (node.tensor(0)?, block(node)?);
    let y = node.call("unflatten", cut(&x, 3, &[-1, block]))?;
    let y = node.call("unflatten", cut(&y, 2, &[-1, block]))?;
    let y = node.call("permute", vec![value(&y), list(&[0, 3, 5, 1, 2, 4])])?;
    let y = node.call("flatten", joined(&y, 1))?;
    node.call("flatten", joined(&y, 1)).map(Made::one)
}

/// How large the blocks are whose places are channels.
fn block(node: &mut Node<'_, '_>) -> Parsed<i64> {
    let (rank, block) = (node.rank(0)?, node.integer("blocksize", 0));
    if rank != 4 || !(1..=1 << 12).contains(&block) {
        return Err(format!("blocks of {block} in a value of {rank} axes"));
    }
    Ok(block)
}

/// What cuts an axis into several.
fn cut(x: &str, axis: i64, sizes: &[i64]) -> Vec<Argument> {
    vec![value(x), Argument::Integer(axis), list(sizes)]
}

/// What makes one of an axis and the next.
fn joined(x: &str, axis: i64) -> Vec<Argument> {
    let ends = [axis, axis + 1].map(Argument::Integer);
    [vec![value(x)], ends.to_vec()].concat()
}

fn trilu(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let operation = if node.integer("upper", 1) != 0 {
        "triu"
    } else {
        "tril"
    };
    let diagonal = if node.has(1) {
        node.known(1)?.integers()
    } else {
        vec![0]
    };
    let x = node.tensor(0)?;
    let diagonal = Argument::Integer(diagonal.first().copied().unwrap_or(0));
    node.call(operation, vec![value(&x), diagonal])
        .map(Made::one)
}
