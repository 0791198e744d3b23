//! Known numbers made from nothing: ranges, fillings, triangles.

use super::arguments::Arguments;
use super::builder::Builder;
use super::table::{Entry, Reading};
use super::value::{Outcome, Source, Value, count, for_each_place};
use crate::model::import::traced::{Argument, Element};
use std::rc::Rc;

/// What makes known numbers.
pub const OPERATIONS: &[Entry] = &[
    ("arange", Reading::Call(arange)),
    ("linspace", Reading::Call(linspace)),
    ("full", Reading::Call(filled)),
    ("zeros", Reading::Call(filled)),
    ("ones", Reading::Call(filled)),
    ("empty", Reading::Call(filled)),
    ("new_full", Reading::Call(new_filled)),
    ("new_zeros", Reading::Call(new_filled)),
    ("new_ones", Reading::Call(new_filled)),
    ("new_empty", Reading::Call(new_filled)),
    ("full_like", Reading::Call(filled_like)),
    ("zeros_like", Reading::Call(filled_like)),
    ("ones_like", Reading::Call(filled_like)),
    ("empty_like", Reading::Call(filled_like)),
    ("fill", Reading::Call(filled_like)),
    ("zero", Reading::Call(filled_like)),
    ("scalar_tensor", Reading::Call(scalar)),
    ("tensor", Reading::Call(scalar)),
    ("eye", Reading::Call(eye)),
    ("tril", Reading::Call(triangle)),
    ("triu", Reading::Call(triangle)),
];

/// Longest range.
const MOST: f64 = 67_108_864.0;

fn arange(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    // arange(end), arange(start, end), arange(start, end, step), by place or by name.
    let mut given = Vec::new();
    for place in 0..a.call.positional.len().min(3) {
        given.extend(a.number((place, "")).ok().flatten());
    }
    let named = |name| a.number((usize::MAX, name));
    let (mut start, mut end, mut step) = match given[..] {
        [end] => (0.0, Some(end), 1.0),
        [start, end] => (start, Some(end), 1.0),
        [start, end, step, ..] => (start, Some(end), step),
        [] => (0.0, None, 1.0),
    };
    if let Some(own) = named("start")? {
        if given.len() == 1 && named("end")?.is_none() {
            return Err("has a start and no end".into());
        }
        start = own;
    }
    end = named("end")?.or(end);
    step = named("step")?.unwrap_or(step);
    let end = end.ok_or("has no end")?;
    let length = ((end - start) / step).ceil();
    if !(0.0..=MOST).contains(&length) {
        return Err(format!("ranges from {start} to {end} by {step}"));
    }
    let whole = [start, end, step].iter().all(|n| n.fract() == 0.0);
    let usual = if whole {
        Element::Integer
    } else {
        Element::Float
    };
    let element = a.element((usize::MAX, "dtype")).unwrap_or(usual);
    let numbers: Vec<f64> = (0..length as usize)
        .map(|i| start + i as f64 * step)
        .collect();
    let shape = [numbers.len()];
    Ok(vec![Value::known(numbers, &shape, element)])
}

fn linspace(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (start, end) = (
        a.number_or((0, "start"), 0.0)?,
        a.number_or((1, "end"), 1.0)?,
    );
    let steps = a.number_or((2, "steps"), 100.0)?;
    if !(1.0..=MOST).contains(&steps) {
        return Err(format!("has {steps} steps"));
    }
    let step = if steps > 1.0 {
        (end - start) / (steps - 1.0)
    } else {
        0.0
    };
    let numbers: Vec<f64> = (0..steps as usize)
        .map(|i| start + i as f64 * step)
        .collect();
    let shape = [numbers.len()];
    Ok(vec![Value::known(numbers, &shape, Element::Float)])
}

fn shape(a: &Arguments<'_>, place: usize) -> Outcome<Vec<usize>> {
    let size = a.list((place, "size"))?;
    let shape: Option<Vec<usize>> = size.iter().map(|n| usize::try_from(*n).ok()).collect();
    let shape = shape.ok_or_else(|| format!("has the shape {size:?}"))?;
    count(&shape)?;
    Ok(shape)
}

fn filled(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (number, usual) = match a.operation {
        "full" => {
            let value = a.value((1, "fill_value"))?;
            let number = value
                .uniform()
                .ok_or("is filled by a value that isn't known")?;
            (number, value.element)
        }
        "ones" => (1.0, Element::Float),
        _ => (0.0, Element::Float),
    };
    let element = a.element((usize::MAX, "dtype")).unwrap_or(usual);
    Ok(vec![Value::filled(number, &shape(a, 0)?, element)])
}

fn new_filled(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let number = match a.operation {
        "new_full" => a.number_or((2, "fill_value"), 0.0)?,
        "new_ones" => 1.0,
        _ => 0.0,
    };
    let like = a.value((0, "self"))?;
    let element = a.element((usize::MAX, "dtype")).unwrap_or(like.element);
    Ok(vec![Value::filled(number, &shape(a, 1)?, element)])
}

fn filled_like(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let like = a.value((0, "self"))?;
    let number = match a.operation {
        "full_like" => a.number_or((1, "fill_value"), 0.0)?,
        "fill" => a.number_or((1, "value"), 0.0)?,
        "ones_like" => 1.0,
        _ => 0.0,
    };
    let element = a.element((usize::MAX, "dtype")).unwrap_or(like.element);
    Ok(vec![Value::filled(number, &like.full, element)])
}

fn scalar(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    if let Some(numbers) = a.numbers((0, "s"))? {
        let Argument::List(all) = a.get((0, "s")) else {
            return Err("has no numbers".into());
        };
        let whole = all.iter().all(|one| matches!(one, Argument::Integer(_)));
        let usual = if whole {
            Element::Integer
        } else {
            Element::Float
        };
        let element = a.element((usize::MAX, "dtype")).unwrap_or(usual);
        let shape = [numbers.len()];
        return Ok(vec![Value::known(numbers, &shape, element)]);
    }
    let value = a.value((0, "s"))?;
    let element = a.element((usize::MAX, "dtype")).unwrap_or(value.element);
    Ok(vec![Value { element, ..value }])
}

fn eye(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let rows = a.integer_or((0, "n"), 1)?;
    let columns = a.integer_or((1, "m"), rows)?;
    let size = |n: i64| usize::try_from(n).ok().filter(|n| (1..1 << 13).contains(n));
    let (Some(rows), Some(columns)) = (size(rows), size(columns)) else {
        return Err(format!("has {rows} rows and {columns} columns"));
    };
    let all = (0..rows * columns).map(|i| f64::from(u8::from(i / columns == i % columns)));
    Ok(vec![Value::known(
        all.collect(),
        &[rows, columns],
        Element::Float,
    )])
}

fn triangle(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.known((0, "self"))?;
    let diagonal = a.integer_or((1, "diagonal"), 0)?;
    let Some(rows) = x.rank().checked_sub(2) else {
        return Err(format!("takes a triangle of {:?}", x.full));
    };
    let numbers = x.numbers().ok_or("takes a triangle of what isn't known")?;
    let lower = a.operation == "tril";
    let mut at = numbers.iter();
    let mut kept = Vec::with_capacity(numbers.len());
    for_each_place(&x.own, |place| {
        let above = place[rows + 1] as i64 - place[rows] as i64;
        let keeps = if lower {
            above <= diagonal
        } else {
            above >= diagonal
        };
        let number = at.next().copied().unwrap_or(0.0);
        kept.push(if keeps { number } else { 0.0 });
    });
    let source = Source::Known(Rc::new(kept));
    Ok(vec![Value { source, ..x }])
}
