//! Parts of axes, and several values joined along one.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::{concatenated, cut, expanded, gathered, selected, unsqueezed, viewed};
use super::table::{Entry, Reading};
use super::truth::chosen;
use super::value::{Outcome, Value, axis_of};
use crate::model::import::traced::{Argument, Element};
use crate::model::layers::{Flip, Pad, Roll};

/// Parts and joins.
pub const OPERATIONS: &[Entry] = &[
    ("slice", Reading::Call(slice)),
    ("narrow", Reading::Call(narrow)),
    ("select", Reading::Call(select)),
    ("split", Reading::Call(split)),
    ("split_with_sizes", Reading::Call(split)),
    ("chunk", Reading::Call(chunk)),
    ("unbind", Reading::Call(unbind)),
    ("cat", Reading::Call(cat)),
    ("concat", Reading::Call(cat)),
    ("concatenate", Reading::Call(cat)),
    ("stack", Reading::Call(stack)),
    ("roll", Reading::Call(roll)),
    ("flip", Reading::Call(flip)),
    ("repeat", Reading::Call(repeat)),
    ("repeat_interleave", Reading::Call(repeat_interleave)),
    ("pad", Reading::Call(pad)),
    ("constant_pad_nd", Reading::Call(pad)),
    ("reflection_pad1d", Reading::Call(pad)),
    ("reflection_pad2d", Reading::Call(pad)),
    ("reflection_pad3d", Reading::Call(pad)),
    ("replication_pad1d", Reading::Call(pad)),
    ("replication_pad2d", Reading::Call(pad)),
    ("replication_pad3d", Reading::Call(pad)),
    ("copy", Reading::Call(copy)),
];

const SELF: (usize, &str) = (0, "self");

fn slice(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let extent = x.full[axis] as i64;
    let place =
        |n: i64| (if n < 0 { n.saturating_add(extent) } else { n }).clamp(0, extent) as usize;
    let start = place(a.integer((2, "start"))?.unwrap_or(0));
    // An open end is written as the largest number, which no double holds.
    let end = match a.get((3, "end")) {
        Argument::Integer(n) => place(*n),
        _ => place(a.integer((3, "end"))?.unwrap_or(extent)),
    };
    let step = a.integer_or((4, "step"), 1)?;
    let step = usize::try_from(step).map_err(|_| format!("takes steps of {step}"))?;
    Ok(vec![cut(b, &x, axis, [start, end, step])?])
}

fn narrow(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let start = axis_of(a.integer_or((2, "start"), 0)?, x.full[axis] + 1)?;
    let length = a.integer_or((3, "length"), 1)?;
    let end = usize::try_from(length)
        .ok()
        .and_then(|n| n.checked_add(start));
    let end = end.ok_or_else(|| format!("takes {length} entries"))?;
    Ok(vec![cut(b, &x, axis, [start, end, 1])?])
}

fn select(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let index = axis_of(a.integer_or((2, "index"), 0)?, x.full[axis])?;
    Ok(vec![selected(b, &x, axis, index)?])
}

/// Parts of an axis one after the other, of these lengths.
fn parts(
    b: &mut Builder<'_>,
    x: &Value,
    axis: usize,
    lengths: impl Iterator<Item = usize>,
) -> Outcome<Vec<Value>> {
    let mut start = 0;
    let mut all = Vec::new();
    for length in lengths {
        let end = start + length;
        all.push(cut(b, x, axis, [start, end, 1])?);
        start = end;
    }
    if start != x.full[axis] {
        return Err(format!(
            "splits {:?} along axis {axis} to {start} entries",
            x.full
        ));
    }
    Ok(all)
}

/// Lengths of equal parts, the last one what is left.
fn equal(extent: usize, length: usize) -> impl Iterator<Item = usize> {
    let count = extent.div_ceil(length.max(1));
    (0..count).map(move |i| length.min(extent - i * length))
}

fn split(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((2, "dim"), 0)?)?;
    let names = ["split_size", "split_sizes", "split_size_or_sections"];
    let named = names.into_iter().find(|name| a.has((usize::MAX, name)));
    let at = (1, named.unwrap_or("split_size"));
    let lengths = a.list(at)?;
    let lengths: Vec<usize> = lengths
        .iter()
        .filter_map(|n| usize::try_from(*n).ok())
        .collect();
    let single = !matches!(a.get(at), Argument::List(_));
    match lengths[..] {
        [length] if single && length > 0 => parts(b, &x, axis, equal(x.full[axis], length)),
        _ => parts(b, &x, axis, lengths.into_iter()),
    }
}

fn chunk(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((2, "dim"), 0)?)?;
    let chunks = a.integer_or((1, "chunks"), 1)?;
    let chunks = usize::try_from(chunks).ok().filter(|n| *n > 0);
    let chunks = chunks.ok_or("makes no chunks")?;
    parts(
        b,
        &x,
        axis,
        equal(x.full[axis], x.full[axis].div_ceil(chunks)),
    )
}

fn unbind(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    if x.full[axis] > 4096 {
        return Err(format!("unbinds {} parts", x.full[axis]));
    }
    (0..x.full[axis])
        .map(|i| selected(b, &x, axis, i))
        .collect()
}

fn several(a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values: Option<Vec<Value>> = a.values((0, "tensors"))?.into_iter().collect();
    values.ok_or_else(|| "lacks a value".into())
}

fn cat(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = several(a)?;
    let rank = values.first().map_or(0, Value::rank);
    let axis = axis_of(a.integer_or((1, "dim"), 0)?, rank)?;
    Ok(vec![concatenated(b, &values, axis)?])
}

fn stack(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = several(a)?;
    let rank = values.first().map_or(0, Value::rank);
    let axis = axis_of(a.integer_or((1, "dim"), 0)?, rank + 1)?;
    let wide: Outcome<Vec<Value>> = values.iter().map(|x| unsqueezed(b, x, axis)).collect();
    Ok(vec![concatenated(b, &wide?, axis)?])
}

fn roll(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = a.value(SELF)?;
    let shifts = a.list((1, "shifts"))?;
    let axes = a.axes((2, "dims"), &x)?.unwrap_or_default();
    if axes.len() != shifts.len() {
        return Err("rolls all axes as one, which isn't supported".into());
    }
    for (axis, shift) in axes.into_iter().zip(shifts) {
        let extent = x.full[axis].max(1) as i64;
        if shift.rem_euclid(extent) == 0 || x.own[axis] == 1 && x.batch != Some(axis) {
            continue;
        }
        if x.numbers().is_some() {
            let from = |i: i64| (i - shift.rem_euclid(extent)).rem_euclid(extent) as usize;
            let chosen: Vec<usize> = (0..extent).map(from).collect();
            x = gathered(b, &x, axis, &chosen)?;
            continue;
        }
        x = b.laid_out(&x, &[axis])?;
        let axis = x.graph_axis(axis)?;
        x = b.same(Roll { axis, shift }, &x)?;
    }
    Ok(vec![x])
}

fn flip(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = a.value(SELF)?;
    let axes = a.axes((1, "dims"), &x)?.unwrap_or_default();
    for axis in axes {
        if x.numbers().is_some() {
            let chosen: Vec<usize> = (0..x.full[axis]).rev().collect();
            x = gathered(b, &x, axis, &chosen)?;
            continue;
        }
        x = b.laid_out(&x, &[axis])?;
        let axes = vec![x.graph_axis(axis)?];
        x = b.same(Flip { axes }, &x)?;
    }
    Ok(vec![x])
}

fn repeat(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = a.value(SELF)?;
    let counts = a.list((1, "repeats"))?;
    let counts: Vec<usize> = counts
        .iter()
        .filter_map(|n| usize::try_from(*n).ok())
        .collect();
    while x.rank() < counts.len() {
        x = unsqueezed(b, &x, 0)?;
    }
    if x.rank() != counts.len() || counts.contains(&0) {
        return Err(format!("repeats {:?} {counts:?} times", x.full));
    }
    let mut full = x.full.clone();
    for (axis, times) in counts.iter().enumerate() {
        if *times != 1 && x.batch == Some(axis) {
            return Err("repeats the batch".into());
        }
        full[axis] = full[axis]
            .checked_mul(*times)
            .ok_or("repeats beyond any memory")?;
    }
    // The whole one after the other is what repetitions are here: nothing is laid out.
    Ok(vec![Value { full, ..x }])
}

fn repeat_interleave(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let times = a.integer((1, "repeats"))?.ok_or("lacks its repeats")?;
    let times = usize::try_from(times).map_err(|_| format!("repeats {times} times"))?;
    let axis = a.integer((2, "dim"))?.ok_or("repeats without an axis")?;
    let axis = x.axis(axis)?;
    if x.batch == Some(axis) || times.checked_mul(x.full[axis]).is_none_or(|n| n > 1 << 24) {
        return Err("repeats the batch, or too often".into());
    }
    let wide = unsqueezed(b, &x, axis + 1)?;
    let mut sizes: Vec<Option<usize>> = wide.full.iter().map(|n| Some(*n)).collect();
    sizes[axis + 1] = Some(times);
    let spread = expanded(b, &wide, &sizes)?;
    let spread = b.laid_out(&spread, &[axis, axis + 1])?;
    let mut shape = x.full.clone();
    shape[axis] *= times;
    Ok(vec![viewed(b, &spread, &shape)?])
}

fn pad(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = a.value(SELF)?;
    let named = a.has((usize::MAX, "padding"));
    let pads = a.list((1, if named { "padding" } else { "pad" }))?;
    let constant = a.operation == "constant_pad_nd";
    let mode = match a.operation.split('_').next() {
        Some("reflection") => "reflect",
        Some("replication") => "replicate",
        Some("constant") => "constant",
        _ => a.text((2, "mode")).unwrap_or("constant"),
    };
    let value = a.number_or((if constant { 2 } else { 3 }, "value"), 0.0)?;
    if pads.len() % 2 != 0 || pads.len() / 2 > x.rank() {
        return Err(format!("pads {:?} by {pads:?}", x.full));
    }
    let rank = x.rank();
    for (number, pair) in pads.chunks(2).enumerate() {
        let axis = rank - 1 - number;
        let [before, after] = [pair[0], pair[1]];
        if before == 0 && after == 0 {
            continue;
        }
        if x.batch == Some(axis) {
            return Err("pads the batch".into());
        }
        x = padded(b, x, axis, [before, after], mode, value)?;
    }
    Ok(vec![x])
}

/// Entries before and after along one axis; negative numbers cut.
fn padded(
    b: &mut Builder<'_>,
    x: Value,
    axis: usize,
    pads: [i64; 2],
    mode: &str,
    value: f64,
) -> Outcome<Value> {
    let extent = x.full[axis] as i64;
    let total = pads[0]
        .checked_add(pads[1])
        .and_then(|n| n.checked_add(extent));
    let Some(total) = total.filter(|n| (1..1 << 24).contains(n)) else {
        return Err(format!("pads {extent} entries by {pads:?}"));
    };
    if mode != "constant" {
        let from = |i: i64| {
            let at = i - pads[0];
            let at = match mode {
                "reflect" if at < 0 => -at,
                "reflect" if at >= extent => 2 * (extent - 1) - at,
                "replicate" => at.clamp(0, extent - 1),
                "circular" => at.rem_euclid(extent),
                _ => at,
            };
            usize::try_from(at)
                .map_err(|_| format!("pads by {mode:?} {pads:?} of {extent} entries"))
        };
        let chosen: Outcome<Vec<usize>> = (0..total).map(from).collect();
        return gathered(b, &x, axis, &chosen?);
    }
    let start = (-pads[0]).max(0) as usize;
    let end = (extent - (-pads[1]).max(0)).max(0) as usize;
    let x = cut(b, &x, axis, [start, end, 1])?;
    let [before, after] = pads.map(|n| n.max(0) as usize);
    if before + after == 0 {
        return Ok(x);
    }
    let x = b.laid_out(&x, &[axis])?;
    let mut inside = vec![1.0; x.full[axis] + before + after];
    inside[..before].fill(0.0);
    inside[before + x.full[axis]..].fill(0.0);
    let mut shape = vec![1; x.rank()];
    shape[axis] = inside.len();
    let inside = Value::known(inside, &shape, Element::Bool);
    if x.numbers().is_some() {
        let end = |n: usize| {
            let mut full = x.full.clone();
            full[axis] = n;
            Value::filled(value, &full, x.element)
        };
        let mut all = vec![x.clone()];
        if before > 0 {
            all.insert(0, end(before));
        }
        if after > 0 {
            all.push(end(after));
        }
        return concatenated(b, &all, axis);
    }
    let mut like = x.clone();
    (like.full[axis], like.own[axis]) = (inside.full[axis], inside.full[axis]);
    let layer = Pad {
        axis: x.graph_axis(axis)?,
        before,
        after,
    };
    let place = b.place(&x)?;
    let y = b.value(layer, &[place], like)?;
    if value == 0.0 {
        return Ok(y);
    }
    chosen(b, &inside, &y, &Value::number(value, Element::Float))
}

/// What is written over a value, in that value's shape.
fn copy(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, source) = (a.value(SELF)?, a.value((1, "src"))?);
    let sizes: Vec<Option<usize>> = x.full.iter().map(|n| Some(*n)).collect();
    let made = expanded(b, &source, &sizes)?;
    Ok(vec![Value {
        element: x.element,
        ..made
    }])
}
