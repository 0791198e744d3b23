//! The same numbers with other axes.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::{expanded, permuted, squeezed, unsqueezed, viewed};
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Source, Value, axis_of, count};
use crate::model::layers::Flatten;

/// Views.
pub const OPERATIONS: &[Entry] = &[
    ("view", Reading::Call(view)),
    ("reshape", Reading::Call(view)),
    ("_unsafe_view", Reading::Call(view)),
    ("view_as", Reading::Call(view_as)),
    ("reshape_as", Reading::Call(view_as)),
    ("flatten", Reading::Call(flatten)),
    ("unflatten", Reading::Call(unflatten)),
    ("squeeze", Reading::Call(squeeze)),
    ("unsqueeze", Reading::Call(unsqueeze)),
    ("transpose", Reading::Call(transpose)),
    ("swapaxes", Reading::Call(transpose)),
    ("swapdims", Reading::Call(transpose)),
    ("t", Reading::Call(turn)),
    ("numpy_T", Reading::Call(turn)),
    ("mT", Reading::Call(turn)),
    ("adjoint", Reading::Call(turn)),
    ("permute", Reading::Call(permute)),
    ("movedim", Reading::Call(movedim)),
    ("moveaxis", Reading::Call(movedim)),
    ("expand", Reading::Call(expand)),
    ("expand_as", Reading::Call(expand_as)),
    ("broadcast_to", Reading::Call(expand)),
    ("broadcast_tensors", Reading::Call(broadcast_tensors)),
    ("meshgrid", Reading::Call(meshgrid)),
];

const SELF: (usize, &str) = (0, "self");

/// Extents of which one may be −1.
fn sizes(x: &Value, sizes: &[i64]) -> Outcome<Vec<usize>> {
    let all = count(&x.full)?;
    let mut known: usize = 1;
    for size in sizes.iter().filter(|n| **n != -1) {
        let size = usize::try_from(*size).ok();
        known = size
            .and_then(|n| known.checked_mul(n))
            .ok_or_else(|| format!("views {:?} as {sizes:?}", x.full))?;
    }
    let open = sizes.iter().filter(|n| **n == -1).count();
    if open > 1 || open == 1 && (known == 0 || all % known != 0) {
        return Err(format!("views {:?} as {sizes:?}", x.full));
    }
    let fill = |n: &i64| usize::try_from(*n).unwrap_or_else(|_| all / known.max(1));
    Ok(sizes.iter().map(fill).collect())
}

fn view(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let name = if a.operation == "reshape" {
        "shape"
    } else {
        "size"
    };
    let Some(shape) = a.integers((1, name))? else {
        return Err("is given no shape".into());
    };
    let shape = sizes(&x, &shape)?;
    Ok(vec![viewed(b, &x, &shape)?])
}

fn view_as(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = a.value((1, "other"))?;
    Ok(vec![viewed(b, &a.value(SELF)?, &other.full)?])
}

fn flatten(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    if x.rank() == 0 {
        return Ok(vec![viewed(b, &x, &[1])?]);
    }
    let start = x.axis(a.integer_or((1, "start_dim"), 0)?)?;
    let end = x.axis(a.integer_or((2, "end_dim"), -1)?)?;
    if start > end {
        return Err(format!("flattens axes {start} to {end}"));
    }
    let mut shape = x.full[..start].to_vec();
    shape.push(x.full[start..=end].iter().product());
    shape.extend_from_slice(&x.full[end + 1..]);
    // The usual one has a kind of layer of its own.
    let usual = x.batch == Some(0) && x.own[0] == 1 && start >= 1 && end + 1 == x.rank();
    if usual && end > start {
        let x = b.dense(&x)?;
        let place = b.place(&x)?;
        let mut own = shape.clone();
        own[0] = 1;
        let like = Value {
            full: shape,
            own,
            ..x.clone()
        };
        return Ok(vec![b.value(Flatten { from: start }, &[place], like)?]);
    }
    Ok(vec![viewed(b, &x, &shape)?])
}

fn unflatten(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let part = Value {
        full: vec![x.full[axis]],
        own: vec![1],
        batch: None,
        outer: 1,
        ..x.clone()
    };
    let inner = sizes(&part, &a.list((2, "sizes"))?)?;
    let shape = [&x.full[..axis], &inner, &x.full[axis + 1..]].concat();
    Ok(vec![viewed(b, &x, &shape)?])
}

fn squeeze(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let single = |axis: &usize| x.full[*axis] == 1;
    let mut axes: Vec<usize> = match a.axes((1, "dim"), &x)? {
        Some(named) => named.into_iter().filter(single).collect(),
        None => {
            let all = (0..x.rank()).filter(single);
            all.filter(|axis| x.batch != Some(*axis)).collect()
        }
    };
    axes.sort_unstable();
    axes.dedup();
    Ok(vec![squeezed(b, &x, &axes)?])
}

fn unsqueeze(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let at = axis_of(a.integer_or((1, "dim"), 0)?, x.rank() + 1)?;
    Ok(vec![unsqueezed(b, &x, at)?])
}

fn transpose(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let names = if a.operation == "swapaxes" {
        ["axis0", "axis1"]
    } else {
        ["dim0", "dim1"]
    };
    let mut axes: Vec<usize> = (0..x.rank()).collect();
    let first = x.axis(a.integer_or((1, names[0]), 0)?)?;
    let second = x.axis(a.integer_or((2, names[1]), 1)?)?;
    axes.swap(first, second);
    Ok(vec![permuted(b, &x, &axes)?])
}

fn turn(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let mut axes: Vec<usize> = (0..x.rank()).collect();
    match a.operation {
        "numpy_T" => axes.reverse(),
        "t" if x.rank() > 2 => return Err("turns more than two axes".into()),
        _ if x.rank() >= 2 => axes.swap(x.rank() - 2, x.rank() - 1),
        _ => {}
    }
    Ok(vec![permuted(b, &x, &axes)?])
}

fn permute(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axes = a.axes((1, "dims"), &x)?.unwrap_or_default();
    Ok(vec![permuted(b, &x, &axes)?])
}

fn movedim(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let from = a.axes((1, "source"), &x)?.unwrap_or_default();
    let to = a.axes((2, "destination"), &x)?.unwrap_or_default();
    if from.len() != to.len() {
        return Err("moves axes to another number of places".into());
    }
    let mut rest = (0..x.rank()).filter(|axis| !from.contains(axis));
    let place = |at: usize| to.iter().position(|t| *t == at).map(|i| from[i]);
    let axes: Vec<usize> = (0..x.rank())
        .filter_map(|at| place(at).or_else(|| rest.next()))
        .collect();
    Ok(vec![permuted(b, &x, &axes)?])
}

fn expand(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let sizes: Vec<Option<usize>> = a
        .list((1, "size"))?
        .iter()
        .map(|n| usize::try_from(*n).ok())
        .collect();
    Ok(vec![expanded(b, &x, &sizes)?])
}

fn expand_as(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = a.value((1, "other"))?;
    let sizes: Vec<Option<usize>> = other.full.iter().map(|n| Some(*n)).collect();
    Ok(vec![expanded(b, &a.value(SELF)?, &sizes)?])
}

fn all_of(a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values: Option<Vec<Value>> = a.values((0, "tensors"))?.into_iter().collect();
    values.ok_or_else(|| "lacks a value".into())
}

fn broadcast_tensors(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = all_of(a)?;
    let joint = Joint::of(&values.iter().collect::<Vec<_>>())?;
    let sizes: Vec<Option<usize>> = joint.full.iter().map(|n| Some(*n)).collect();
    values.iter().map(|x| expanded(b, x, &sizes)).collect()
}

fn meshgrid(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = all_of(a)?;
    let mut places: Vec<usize> = (0..values.len()).collect();
    match a.text((1, "indexing")).unwrap_or("ij") {
        "xy" if values.len() > 1 => places.swap(0, 1),
        _ => {}
    }
    let mut shape = vec![1; values.len()];
    for (value, place) in values.iter().zip(&places) {
        shape[*place] = count(&value.full)?;
    }
    let sizes: Vec<Option<usize>> = shape.iter().map(|n| Some(*n)).collect();
    let mut all = Vec::with_capacity(values.len());
    for (value, place) in values.iter().zip(&places) {
        if matches!(value.source, Source::Layer(_)) && value.is_data() {
            return Err("makes a grid of the data".into());
        }
        let mut own = vec![1; values.len()];
        own[*place] = count(&value.full)?;
        let one = viewed(b, value, &own)?;
        all.push(expanded(b, &one, &sizes)?);
    }
    Ok(all)
}
