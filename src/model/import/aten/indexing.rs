//! Entries by number: the numbers must be known.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::{gathered, viewed};
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Value, count, for_each_place};
use crate::model::import::traced::Element;

/// Indexing.
pub const OPERATIONS: &[Entry] = &[
    ("index", Reading::Call(index)),
    ("index_select", Reading::Call(index_select)),
    ("gather", Reading::Call(gather)),
    ("take_along_dim", Reading::Call(gather)),
];

const SELF: (usize, &str) = (0, "self");

/// Numbers of entries of an axis of `extent`, which may count from the end.
fn entries(numbers: &[f64], extent: usize) -> Outcome<Vec<usize>> {
    let place = |n: &f64| {
        let at = if *n < 0.0 { n + extent as f64 } else { *n };
        let inside = at.fract() == 0.0 && (0.0..extent as f64).contains(&at);
        inside
            .then_some(at as usize)
            .ok_or_else(|| format!("takes entry {n} of an axis of {extent}"))
    };
    numbers.iter().map(place).collect()
}

fn index_select(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let index = a.known((2, "index"))?;
    let numbers = index.numbers().ok_or("has no known index")?;
    let chosen = entries(numbers, x.full[axis])?;
    Ok(vec![gathered(b, &x, axis, &chosen)?])
}

/// An index for each axis that has one; a mask of one axis is the numbers of its ones.
fn indices(a: &Arguments<'_>, x: &Value) -> Outcome<Vec<Option<Value>>> {
    let given = a.values((1, "indices"))?;
    let mut all = Vec::with_capacity(given.len());
    for index in given {
        let Some(index) = index else {
            all.push(None);
            continue;
        };
        let known = a.as_known(&index);
        let known = known.ok_or("indexes by numbers of the data, which no layer here does")?;
        if known.element != Element::Bool {
            all.push(Some(known));
            continue;
        }
        let known = known.repeated(&known.full)?;
        if known.rank() != 1 {
            return Err("indexes by a mask of several axes".into());
        }
        let numbers = known.numbers().map_or(&[][..], |n| n.as_slice());
        let ones = numbers.iter().enumerate().filter(|(_, n)| **n != 0.0);
        let ones: Vec<f64> = ones.map(|(i, _)| i as f64).collect();
        let shape = [ones.len()];
        all.push(Some(Value::known(ones, &shape, Element::Integer)));
    }
    if all.len() > x.rank() {
        return Err(format!("has {} indices for {:?}", all.len(), x.full));
    }
    Ok(all)
}

/// Whether an index names every sample of the batch once and in order, whatever the other indices are.
fn is_whole_batch(index: &Value, batch: usize, joint: &Joint) -> bool {
    let offset = joint.full.len() - index.rank();
    let single: Vec<usize> = (0..index.rank()).filter(|i| index.full[*i] != 1).collect();
    let Ok(Some(numbers)) = index.dense() else {
        return false;
    };
    let counts = numbers.iter().enumerate().all(|(i, n)| *n == i as f64);
    let first = single.first().is_none_or(|axis| axis + offset == 0);
    counts && numbers.len() == batch && single.len() <= 1 && first
}

fn index(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = a.value(SELF)?;
    let mut all = indices(a, &x)?;
    if all.iter().flatten().any(|index| index.numbers().is_some()) && !x.is_data() {
        x = a
            .as_known(&x)
            .filter(|_| x.numbers().is_none() && x.element != Element::Float)
            .unwrap_or(x);
    }
    let named: Vec<&Value> = all.iter().flatten().collect();
    let mut joint = Joint::of(&named)?;
    // x[arange(batch), …]: the same of every sample.
    let mut batch = None;
    if let Some(axis) = x.batch
        && let Some(Some(own)) = all.get(axis)
    {
        let rest = all
            .iter()
            .enumerate()
            .filter(|(i, v)| *i != axis && v.is_some());
        if x.own[axis] != 1
            || axis != 0
            || !is_whole_batch(own, b.batch, &joint)
            || rest.count() == 0
        {
            return Err("takes samples of the batch by number".into());
        }
        all[axis] = None;
        batch = Some(joint.full.len());
        let named: Vec<&Value> = all.iter().flatten().collect();
        joint = Joint::of(&named)?;
    }
    let at: Vec<usize> = (0..all.len()).filter(|i| all[*i].is_some()).collect();
    let (Some(first), Some(last)) = (at.first().copied(), at.last().copied()) else {
        return Ok(vec![x]);
    };
    if last - first + 1 != at.len() {
        return Err("has indices on axes that don't lie side by side".into());
    }
    if let Some(axes) = batch {
        // The batch axis comes first of what the indices make, which then has an axis of one in its place.
        let alike = joint.full.len() < axes
            || joint.own.first() == Some(&1)
            || joint.full.first() == Some(&1);
        if first != 1 || !alike {
            return Err("takes other entries of every sample of the batch".into());
        }
        if joint.full.len() == axes {
            let strip = |index: &Value| {
                let mut index = index.clone();
                if index.rank() == axes {
                    index.full.remove(0);
                    index.own.remove(0);
                }
                index
            };
            for slot in all.iter_mut().flatten() {
                *slot = strip(slot);
            }
            let named: Vec<&Value> = all.iter().flatten().collect();
            joint = Joint::of(&named)?;
        }
    }
    // All indexed axes as one, and the numbers of its entries.
    let extents: Vec<usize> = at.iter().map(|i| x.full[*i]).collect();
    let size = count(&joint.full)?;
    if size > 1 << 26 {
        return Err(format!("takes {size} entries"));
    }
    let mut chosen = vec![0; size];
    for (axis, extent) in at.iter().zip(&extents) {
        let Some(Some(index)) = all.get(*axis) else {
            continue;
        };
        let numbers = entries(index.numbers().map_or(&[][..], |n| n.as_slice()), *extent)?;
        let offset = joint.full.len() - index.rank();
        let mut place_of = chosen.iter_mut();
        for_each_place(&joint.full, |place| {
            let at = place[offset..].iter().zip(&index.own);
            let at = at.fold(0, |sum, (i, own)| sum * own + i % own);
            if let Some(slot) = place_of.next() {
                *slot = *slot * extent + numbers[at];
            }
        });
    }
    let merged = [
        &x.full[..first],
        &[extents.iter().product()],
        &x.full[last + 1..],
    ]
    .concat();
    let flat = viewed(b, &x, &merged)?;
    let made = gathered(b, &flat, first, &chosen)?;
    let shape = [&x.full[..first], &joint.full, &x.full[last + 1..]].concat();
    Ok(vec![viewed(b, &made, &shape)?])
}

fn gather(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    let index = a.value((2, "index"))?;
    let even = a.as_known(&x);
    if let Some(number) = even.as_ref().and_then(Value::uniform) {
        // Whatever is taken of one number everywhere is this number.
        return Ok(vec![Value::filled(number, &index.full, x.element)]);
    }
    let index = a
        .as_known(&index)
        .ok_or("takes entries by numbers of the data")?;
    // Along the other axes, the same entries everywhere.
    let plain = (0..index.rank()).all(|i| i == axis || index.own[i] == 1);
    let extents = (0..index.rank()).all(|i| i == axis || index.full[i] == x.full[i]);
    if index.rank() != x.rank() || !plain || !extents {
        return Err("takes other entries at every place, which no layer here does".into());
    }
    let mut own = vec![1; index.rank()];
    own[axis] = index.full[axis];
    let line = index.repeated(&own)?;
    let numbers = line.numbers().map_or(&[][..], |n| n.as_slice());
    let chosen = entries(numbers, x.full[axis])?;
    Ok(vec![gathered(b, &x, axis, &chosen)?])
}
