//! Values in other places: viewed, permuted, expanded, cut, joined, gathered. Known numbers move at once, others by
//! layers, and the batch axis is followed.

use super::builder::Builder;
use super::value::{Joint, Outcome, Source, Value, count, for_each_place};
use crate::model::import::traced::Element;
use crate::model::layers::{Concatenate, Gather, Reshape, Slice, Transpose};
use std::rc::Rc;

/// The one axis whose copies are followed through a view, and how many there are: the batch, or else repeated numbers.
fn followed(value: &Value, batch: usize) -> Option<(usize, usize)> {
    if let Some(axis) = value.batch {
        return Some((axis, batch));
    }
    let times = |axis: usize| value.full[axis] / value.own[axis].max(1);
    let spread: Vec<usize> = (0..value.rank()).filter(|a| times(*a) > 1).collect();
    let likely = spread.iter().find(|axis| times(**axis) == batch);
    let axis = *likely.or(spread.first())?;
    Some((axis, times(axis)))
}

/// Where `copies` of `inner` numbers each, after `outer` in front of them, lie in another shape: the axis, its entries
/// before the copies and those after.
fn found(shape: &[usize], outer: usize, copies: usize, inner: usize) -> Option<[usize; 3]> {
    let mut before = 1;
    let mut places = Vec::new();
    for (axis, extent) in shape.iter().enumerate() {
        let after: usize = shape[axis + 1..].iter().product();
        if outer.is_multiple_of(before) && inner.is_multiple_of(after) {
            let (front, rest) = (outer / before, inner / after);
            if front.checked_mul(copies).and_then(|n| n.checked_mul(rest)) == Some(*extent) {
                places.push([axis, front, rest]);
            }
        }
        before *= extent;
    }
    // With one sample there may be several: the axis that counts little else.
    places
        .into_iter()
        .min_by_key(|[_, front, rest]| (*front, *rest))
}

/// The same numbers in another shape: `view`, `reshape`.
///
/// # Errors
/// Where the shape mixes the batch with other axes.
pub fn viewed(b: &mut Builder<'_>, x: &Value, full: &[usize]) -> Outcome<Value> {
    let (size, own_size) = (count(full)?, count(&x.own)?);
    if size != count(&x.full)? || size == 0 {
        return Err(format!("can't view {:?} as {full:?}", x.full));
    }
    if full == x.full {
        return Ok(x.clone());
    }
    if own_size == 1 && !x.is_data() && x.numbers().is_some() {
        return Ok(Value {
            full: full.to_vec(),
            own: vec![1; full.len()],
            ..x.clone()
        });
    }
    let mut x = x.clone();
    let mut own = full.to_vec();
    let mut batch = None;
    if let Some((axis, copies)) = followed(&x, b.batch) {
        let others: Vec<usize> = (0..x.rank()).filter(|a| *a != axis).collect();
        x = b.laid_out(&x, &others)?;
        let outer = x.outer * x.full[..axis].iter().product::<usize>();
        let inner = x.own[axis] / x.outer * x.own[axis + 1..].iter().product::<usize>();
        // Known copies may only stand in front.
        let to = found(full, outer, copies, inner).filter(|to| to[1] == 1 || x.is_data());
        match to {
            Some([to, front, rest]) => {
                own[to] = front * rest;
                batch = x.batch.map(|_| to);
                x.outer = front;
            }
            None if x.is_data() => {
                return Err(format!(
                    "views {:?} as {full:?}, which mixes the batch axis {axis} with others",
                    x.full
                ));
            }
            None => x = b.laid_out(&x, &[axis])?,
        }
    }
    moved(b, &x, full, own, batch)
}

/// The same numbers in order, with other extents.
fn moved(
    b: &mut Builder<'_>,
    x: &Value,
    full: &[usize],
    own: Vec<usize>,
    batch: Option<usize>,
) -> Outcome<Value> {
    let like = Value {
        full: full.to_vec(),
        own,
        batch,
        ..x.clone()
    };
    if x.numbers().is_some() {
        return Ok(like);
    }
    let place = b.place(x)?;
    let shape = like.layer_shape();
    if x.layer_shape() == shape {
        let source = Source::Layer(place);
        return Ok(Value { source, ..like });
    }
    let shape = shape.iter().map(|n| *n as i64).collect();
    b.value(Reshape { shape }, &[place], like)
}

/// With an axis of one entry before axis `at`.
///
/// # Errors
/// As [`Builder::place`].
pub fn unsqueezed(b: &mut Builder<'_>, x: &Value, at: usize) -> Outcome<Value> {
    let (mut full, mut own) = (x.full.clone(), x.own.clone());
    full.insert(at, 1);
    own.insert(at, 1);
    let batch = x.batch.map(|axis| axis + usize::from(axis >= at));
    moved(b, x, &full, own, batch)
}

/// Without axes of one entry, in ascending order.
///
/// # Errors
/// Where one of them is the batch axis.
pub fn squeezed(b: &mut Builder<'_>, x: &Value, axes: &[usize]) -> Outcome<Value> {
    if x.batch.is_some_and(|axis| axes.contains(&axis)) {
        return Err("takes the batch axis away".into());
    }
    let kept: Vec<usize> = (0..x.rank()).filter(|a| !axes.contains(a)).collect();
    let full: Vec<usize> = kept.iter().map(|a| x.full[*a]).collect();
    let own = kept.iter().map(|a| x.own[*a]).collect();
    let batch = x
        .batch
        .and_then(|axis| kept.iter().position(|a| *a == axis));
    moved(b, x, &full, own, batch)
}

/// Axes in another order: axis i of the result is axis `axes[i]` of `x`.
///
/// # Errors
/// Where `axes` is no order of the axes.
pub fn permuted(b: &mut Builder<'_>, x: &Value, axes: &[usize]) -> Outcome<Value> {
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if sorted != (0..x.rank()).collect::<Vec<_>>() {
        return Err(format!("{axes:?} is no order of {} axes", x.rank()));
    }
    if axes == sorted {
        return Ok(x.clone());
    }
    let pick = |of: &[usize]| -> Vec<usize> { axes.iter().map(|a| of[*a]).collect() };
    let like = Value {
        full: pick(&x.full),
        own: pick(&x.own),
        batch: x
            .batch
            .and_then(|axis| axes.iter().position(|a| *a == axis)),
        ..x.clone()
    };
    if let Some(numbers) = x.numbers() {
        let source = Source::Known(Rc::new(turned(numbers, &x.own, axes)));
        return Ok(Value { source, ..like });
    }
    if let Source::Stored(stored) = &x.source
        && x.rank() == 2
        && stored.buffer.is_none()
    {
        let mut other = (**stored).clone();
        other.turned = !other.turned;
        let source = Source::Stored(Rc::new(other));
        return Ok(Value { source, ..like });
    }
    let place = b.place(x)?;
    // What the layer's axes are among the value's, without the batch.
    let dropped = |v: &Value, axis: usize| v.batch == Some(axis) && v.own[axis] == 1;
    let before: Vec<usize> = (0..x.rank()).filter(|a| !dropped(x, *a)).collect();
    let after = axes.iter().filter(|a| !dropped(x, **a));
    let places = after.filter_map(|a| before.iter().position(|p| p == a));
    let order: Vec<usize> = std::iter::once(0).chain(places.map(|p| p + 1)).collect();
    if order.windows(2).all(|pair| pair[0] < pair[1]) {
        let source = Source::Layer(place);
        return Ok(Value { source, ..like });
    }
    // An axis of one entry moves by itself.
    let long = order[1..].iter().filter(|a| x.own[before[**a - 1]] != 1);
    if long.clone().zip(long.skip(1)).all(|(a, b)| a < b) {
        let at = b.reshaped(place, &like.layer_shape())?;
        let source = Source::Layer(Some(at));
        return Ok(Value { source, ..like });
    }
    b.value(Transpose { axes: order }, &[place], like)
}

fn turned(numbers: &[f64], shape: &[usize], axes: &[usize]) -> Vec<f64> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let to: Vec<usize> = axes.iter().map(|a| shape[*a]).collect();
    let mut out = Vec::with_capacity(numbers.len());
    for_each_place(&to, |place| {
        let at = place.iter().zip(axes).map(|(i, a)| i * strides[*a]);
        out.push(numbers[at.sum::<usize>()]);
    });
    out
}

/// Axes of one entry repeated, and new ones in front; `None` keeps an extent. Nothing is laid out yet.
///
/// # Errors
/// Where an axis has more than one entry, or is that of the batch.
pub fn expanded(b: &mut Builder<'_>, x: &Value, sizes: &[Option<usize>]) -> Outcome<Value> {
    let Some(more) = sizes.len().checked_sub(x.rank()) else {
        return Err(format!("can't expand {:?} to fewer axes", x.full));
    };
    let front = |own: &[usize]| [&vec![1; more], own].concat();
    let lifted;
    let x = if more == 0 {
        x
    } else {
        let batch = x.batch.map(|axis| axis + more);
        lifted = moved(b, x, &front(&x.full), front(&x.own), batch)?;
        &lifted
    };
    let (mut full, mut own) = (Vec::new(), Vec::new());
    for (at, size) in sizes.iter().enumerate() {
        let size = match size {
            Some(size) => *size,
            None if at < more => return Err("leaves the extent of a new axis open".into()),
            None => x.full[at],
        };
        if size != x.full[at] && (x.full[at] != 1 || x.batch == Some(at)) {
            return Err(format!("can't expand {:?} to {sizes:?}", x.full));
        }
        full.push(size);
        own.push(x.own[at]);
    }
    count(&full)?;
    Ok(Value {
        full,
        own,
        ..x.clone()
    })
}

/// Every `step`-th entry from `start` to `end` along an axis.
///
/// # Errors
/// Where that is nothing, or part of the batch.
pub fn cut(
    b: &mut Builder<'_>,
    x: &Value,
    axis: usize,
    [start, end, step]: [usize; 3],
) -> Outcome<Value> {
    if (start, end, step) == (0, x.full[axis], 1) {
        return Ok(x.clone());
    }
    if x.batch == Some(axis) {
        return Err("takes part of the batch".into());
    }
    if start >= end || end > x.full[axis] || step == 0 {
        return Err(format!(
            "takes {start}..{end} by {step} of axis {axis} of {:?}: nothing is left",
            x.full
        ));
    }
    let mut like = x.clone();
    like.full[axis] = (end - start).div_ceil(step);
    if x.own[axis] == 1 {
        return Ok(like);
    }
    let x = b.laid_out(x, &[axis])?;
    like.own[axis] = like.full[axis];
    if x.numbers().is_some() {
        let chosen: Vec<usize> = (start..end).step_by(step).collect();
        return Ok(chosen_of(&x, axis, &chosen, like));
    }
    let place = b.place(&x)?;
    let layer = Slice {
        axis: x.graph_axis(axis)?,
        start,
        end: Some(end),
        step,
    };
    b.value(layer, &[place], like)
}

/// One entry of an axis, which goes.
///
/// # Errors
/// As [`cut`].
pub fn selected(b: &mut Builder<'_>, x: &Value, axis: usize, index: usize) -> Outcome<Value> {
    if x.batch == Some(axis) {
        return Err("takes one sample out of the batch".into());
    }
    let part = cut(b, x, axis, [index, index + 1, 1])?;
    squeezed(b, &part, &[axis])
}

fn chosen_of(x: &Value, axis: usize, chosen: &[usize], like: Value) -> Value {
    let Some(numbers) = x.numbers() else {
        return like;
    };
    let inner: usize = x.own[axis + 1..].iter().product();
    let mut out = Vec::new();
    for outer in numbers.chunks((x.own[axis] * inner).max(1)) {
        for at in chosen {
            out.extend_from_slice(&outer[at * inner..(at + 1) * inner]);
        }
    }
    let source = Source::Known(Rc::new(out));
    Value { source, ..like }
}

/// Entries of an axis by number.
///
/// # Errors
/// Where there is no such entry, or the axis is the batch's.
pub fn gathered(b: &mut Builder<'_>, x: &Value, axis: usize, chosen: &[usize]) -> Outcome<Value> {
    if chosen.iter().any(|i| *i >= x.full[axis]) || chosen.is_empty() {
        return Err(format!(
            "takes entries that axis {axis} of {:?} doesn't have",
            x.full
        ));
    }
    if chosen.len() == x.full[axis] && chosen.iter().enumerate().all(|(i, at)| i == *at) {
        return Ok(x.clone());
    }
    let graph_axis = x.graph_axis(axis)?;
    let mut like = x.clone();
    like.full[axis] = chosen.len();
    if x.own[axis] == 1 {
        return Ok(like);
    }
    let x = b.laid_out(x, &[axis])?;
    like.own[axis] = chosen.len();
    if x.numbers().is_some() {
        return Ok(chosen_of(&x, axis, chosen, like));
    }
    let place = b.place(&x)?;
    let layer = Gather {
        axis: graph_axis,
        indices: chosen.to_vec(),
    };
    b.value(layer, &[place], like)
}

/// Values one after the other along an axis: `cat`.
///
/// # Errors
/// Where the other axes differ, or the axis is the batch's.
pub fn concatenated(b: &mut Builder<'_>, values: &[Value], axis: usize) -> Outcome<Value> {
    let Some(first) = values.first() else {
        return Err("joins nothing".into());
    };
    let rank = first.rank();
    if axis >= rank || values.iter().any(|v| v.rank() != rank) {
        return Err("joins values with different numbers of axes".into());
    }
    if values.iter().any(|v| v.batch == Some(axis)) {
        return Err("joins values along the batch axis".into());
    }
    // The extents along the axis don't matter to the others.
    let parts: Outcome<Vec<Value>> = values.iter().map(|v| b.laid_out(v, &[axis])).collect();
    let parts = parts?;
    let plain: Vec<Value> = parts
        .iter()
        .map(|v| {
            let mut v = v.clone();
            (v.full[axis], v.own[axis]) = (1, 1);
            v
        })
        .collect();
    let mut joint = Joint::of(&plain.iter().collect::<Vec<_>>())?;
    if plain.iter().any(|v| v.full != joint.full) {
        let shapes: Vec<_> = values.iter().map(|v| &v.full).collect();
        return Err(format!("can't join the shapes {shapes:?}"));
    }
    let total = parts.iter().map(|v| v.full[axis]).sum();
    let elements: Vec<_> = parts.iter().map(|v| v.element).collect();
    let like = joint.value(widest(&elements));
    let grown = |mut like: Value| {
        (like.full[axis], like.own[axis]) = (total, total);
        like
    };
    if parts.iter().all(|v| v.numbers().is_some()) {
        let mut laid = Vec::with_capacity(parts.len());
        for part in &parts {
            let mut own = joint.own.clone();
            own[axis] = part.own[axis];
            laid.push(part.repeated(&own)?);
        }
        let inner: usize = joint.own[axis + 1..].iter().product();
        let outer: usize = joint.own[..axis].iter().product();
        let mut out = Vec::new();
        for o in 0..outer {
            for part in &laid {
                let block = part.own[axis] * inner;
                let numbers = part.numbers().map_or(&[][..], |n| n.as_slice());
                out.extend_from_slice(&numbers[o * block..(o + 1) * block]);
            }
        }
        let source = Source::Known(Rc::new(out));
        return Ok(Value {
            source,
            ..grown(like)
        });
    }
    let mut places = Vec::with_capacity(parts.len());
    for part in &parts {
        // All must have the joint extents, and the batch axis where the others have it.
        let mut own = joint.own.clone();
        own[axis] = part.own[axis];
        if let Some(at) = joint.batch.filter(|_| !part.is_data()) {
            own[at] = own[at].max(part.own[at]);
        }
        let part = b.repeated(part, &own)?;
        (joint.full[axis], joint.own[axis]) = (part.full[axis], part.own[axis]);
        places.push(b.joined(&part, &joint)?);
    }
    let like = grown(like);
    let layer = Concatenate {
        axis: like.graph_axis(axis)?,
    };
    b.value(layer, &places, like)
}

/// What numbers of several kinds make together.
pub fn widest(elements: &[Element]) -> Element {
    let has = |element| elements.contains(&element);
    if has(Element::Float) {
        Element::Float
    } else if has(Element::Integer) {
        Element::Integer
    } else {
        Element::Bool
    }
}
