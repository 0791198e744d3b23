//! Axes added up, averaged, searched, or summed as they go.

use super::arguments::Arguments;
use super::arithmetic::{combined, product};
use super::builder::Builder;
use super::motions::{concatenated, cut};
use super::pointwise::mapped;
use super::table::{Entry, Reading};
use super::value::{Outcome, Source, Value, axis_of, for_each_place};
use crate::model::import::traced::{Argument, Element};
use crate::model::layers::{
    Abs, Amax, Amin, CumulativeSum, Layer, Max, Maximum, Mean, Min, Minimum, Sqrt, Subtract, Sum,
    Variance,
};
use std::rc::Rc;

/// Reductions.
pub const OPERATIONS: &[Entry] = &[
    ("sum", Reading::Call(total)),
    ("mean", Reading::Call(total)),
    ("amax", Reading::Call(total)),
    ("amin", Reading::Call(total)),
    ("max", Reading::Call(extreme)),
    ("min", Reading::Call(extreme)),
    ("all", Reading::Call(truths)),
    ("any", Reading::Call(truths)),
    ("prod", Reading::Call(known_only)),
    ("argmax", Reading::Call(known_only)),
    ("argmin", Reading::Call(known_only)),
    ("var", Reading::Call(variance)),
    ("std", Reading::Call(variance)),
    ("var_mean", Reading::Call(variance)),
    ("linalg_vector_norm", Reading::Call(norm)),
    ("norm", Reading::Call(norm)),
    ("cumsum", Reading::Call(cumsum)),
    ("diff", Reading::Call(diff)),
];

const SELF: (usize, &str) = (0, "self");

/// The axes named, or all of them.
fn axes_of(a: &Arguments<'_>, at: (usize, &'static str), x: &Value) -> Outcome<Vec<usize>> {
    let mut axes = a.axes(at, x)?.unwrap_or_else(|| (0..x.rank()).collect());
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

/// What stays of a value when axes are reduced.
fn without(x: &Value, axes: &[usize], keep: bool) -> Value {
    let mut like = x.clone();
    for axis in axes.iter().rev() {
        if keep {
            (like.full[*axis], like.own[*axis]) = (1, 1);
        } else {
            like.full.remove(*axis);
            like.own.remove(*axis);
            like.batch = like.batch.map(|batch| batch - usize::from(*axis < batch));
        }
    }
    like
}

/// A reduction by a layer, or by a function of the known numbers that meet.
fn reduced(
    b: &mut Builder<'_>,
    x: &Value,
    axes: &[usize],
    keep: bool,
    layer: impl FnOnce(Vec<usize>) -> Layer,
    known: fn(&[f64]) -> f64,
) -> Outcome<Value> {
    if x.batch.is_some_and(|axis| axes.contains(&axis)) {
        return Err("reduces the batch axis, which would mix samples".into());
    }
    if axes.is_empty() {
        return Ok(x.clone());
    }
    let x = b.laid_out(x, axes)?;
    let like = without(&x, axes, keep);
    if let Some(numbers) = x.numbers() {
        let kept: Vec<usize> = (0..x.rank()).filter(|a| !axes.contains(a)).collect();
        let outer: usize = kept.iter().map(|a| x.own[*a]).product();
        let mut met: Vec<Vec<f64>> = vec![Vec::new(); outer];
        let mut at = numbers.iter();
        for_each_place(&x.own, |place| {
            let group = kept.iter().fold(0, |sum, a| sum * x.own[*a] + place[*a]);
            met[group].extend(at.next());
        });
        let made = met.iter().map(|met| known(met)).collect();
        let source = Source::Known(Rc::new(made));
        return Ok(Value { source, ..like });
    }
    let place = b.place(&x)?;
    let graph: Outcome<Vec<usize>> = axes.iter().map(|axis| x.graph_axis(*axis)).collect();
    let made = b.layer(layer(graph?), &[place])?;
    // A value whose last axis went is a row of one.
    let at = b.reshaped(Some(made), &like.layer_shape())?;
    let source = Source::Layer(Some(at));
    Ok(Value { source, ..like })
}

fn total(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axes = axes_of(a, (1, "dim"), &x)?;
    let keep = a.flag((2, "keepdim"), false)?;
    let made = match a.operation {
        "sum" => reduced(
            b,
            &x,
            &axes,
            keep,
            |axes| Sum { axes, keep }.into(),
            |n| n.iter().sum(),
        )?,
        "mean" => reduced(
            b,
            &x,
            &axes,
            keep,
            |axes| Mean { axes, keep }.into(),
            |n| n.iter().sum::<f64>() / n.len() as f64,
        )?,
        "amax" => largest(b, &x, &axes, keep, |axes| Amax { axes, keep }.into())?,
        _ => smallest(b, &x, &axes, keep, |axes| Amin { axes, keep }.into())?,
    };
    let element = match (a.operation, x.element) {
        ("sum", Element::Bool) => Element::Integer,
        ("mean", _) => Element::Float,
        (_, element) => element,
    };
    Ok(vec![Value { element, ..made }])
}

fn largest(
    b: &mut Builder<'_>,
    x: &Value,
    axes: &[usize],
    keep: bool,
    layer: impl FnOnce(Vec<usize>) -> Layer,
) -> Outcome<Value> {
    let known = |n: &[f64]| n.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    reduced(b, x, axes, keep, layer, known)
}

fn smallest(
    b: &mut Builder<'_>,
    x: &Value,
    axes: &[usize],
    keep: bool,
    layer: impl FnOnce(Vec<usize>) -> Layer,
) -> Outcome<Value> {
    let known = |n: &[f64]| n.iter().copied().fold(f64::INFINITY, f64::min);
    reduced(b, x, axes, keep, layer, known)
}

/// `max` and `min`: of two values, along an axis, or over everything. Of the places nothing is known.
fn extreme(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let up = a.operation == "max";
    let second = a.call.positional.get(1);
    let is_value = matches!(second, Some(Argument::Value(_)));
    if a.has((usize::MAX, "other")) || is_value && !a.has((usize::MAX, "dim")) {
        let values = [x, a.value((1, "other"))?];
        let made = if up {
            combined(b, &values, Maximum {}, f64::max)?
        } else {
            combined(b, &values, Minimum {}, f64::min)?
        };
        return Ok(vec![made]);
    }
    let axes = axes_of(a, (1, "dim"), &x)?;
    let keep = a.flag((2, "keepdim"), false)?;
    Ok(vec![if up {
        largest(b, &x, &axes, keep, |axes| Max { axes, keep }.into())?
    } else {
        smallest(b, &x, &axes, keep, |axes| Min { axes, keep }.into())?
    }])
}

/// Whether all or any are true: the least or the greatest of what is 0 or 1.
fn truths(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    if a.as_known(&x).is_some() || x.element != Element::Bool {
        return known_only(b, a);
    }
    let axes = axes_of(a, (1, "dim"), &x)?;
    let keep = a.flag((2, "keepdim"), false)?;
    Ok(vec![if a.operation == "any" {
        largest(b, &x, &axes, keep, |axes| Amax { axes, keep }.into())?
    } else {
        smallest(b, &x, &axes, keep, |axes| Amin { axes, keep }.into())?
    }])
}

fn known_only(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.known(SELF)?;
    let axes = axes_of(a, (1, "dim"), &x)?;
    let keep = a.flag((2, "keepdim"), false)?;
    let truth = |yes: bool| f64::from(u8::from(yes));
    let (element, known): (Element, fn(&[f64]) -> f64) = match a.operation {
        "all" => (Element::Bool, |n| {
            f64::from(u8::from(n.iter().all(|n| *n != 0.0)))
        }),
        "any" => (Element::Bool, |n| {
            f64::from(u8::from(n.iter().any(|n| *n != 0.0)))
        }),
        "prod" => (x.element, |n| n.iter().product()),
        operation => {
            let largest = operation == "argmax";
            let known: fn(&[f64]) -> f64 = if largest {
                |n| place(n, |a, b| a > b)
            } else {
                |n| place(n, |a, b| a < b)
            };
            (Element::Integer, known)
        }
    };
    if axes.is_empty() && element == Element::Bool {
        let made = mapped(&x, |n| truth(n != 0.0), element);
        return Ok(made.into_iter().collect());
    }
    let made = reduced(b, &x, &axes, keep, |axes| Sum { axes, keep }.into(), known)?;
    Ok(vec![Value { element, ..made }])
}

/// The place of the first number that beats all others.
fn place(numbers: &[f64], beats: fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for (at, number) in numbers.iter().enumerate() {
        if beats(*number, numbers[best]) {
            best = at;
        }
    }
    best as f64
}

fn variance(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axes = axes_of(a, (1, "dim"), &x)?;
    // Two schemas: `unbiased` before, `correction` behind the word.
    let correction = match a.get((2, "unbiased")) {
        Argument::Bool(unbiased) => i64::from(*unbiased),
        _ => a.integer_or((2, "correction"), 1)?,
    };
    let keep = a.flag((3, "keepdim"), false)?;
    let correction =
        usize::try_from(correction).map_err(|_| format!("corrects by {correction}"))?;
    if x.numbers().is_some() {
        return Err("is the variance of known numbers, which isn't supported".into());
    }
    let layer = |axes| {
        Variance {
            axes,
            keep,
            correction,
        }
        .into()
    };
    let made = reduced(b, &x, &axes, keep, layer, |_| f64::NAN)?;
    Ok(match a.operation {
        "std" => vec![b.same(Sqrt {}, &made)?],
        "var_mean" => {
            let mean = reduced(
                b,
                &x,
                &axes,
                keep,
                |axes| Mean { axes, keep }.into(),
                |_| f64::NAN,
            )?;
            vec![made, mean]
        }
        _ => vec![made],
    })
}

fn norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let order = a.number_or((1, if a.operation == "norm" { "p" } else { "ord" }), 2.0)?;
    let axes = axes_of(a, (2, "dim"), &x)?;
    let keep = a.flag((3, "keepdim"), false)?;
    let sum = |axes| Sum { axes, keep }.into();
    let add: fn(&[f64]) -> f64 = |n| n.iter().sum();
    let made = if order == 2.0 {
        let square = product(b, x.clone(), x)?;
        let sum = reduced(b, &square, &axes, keep, sum, add)?;
        match mapped(&sum, f64::sqrt, Element::Float) {
            Some(known) => known,
            None => b.same(Sqrt {}, &sum)?,
        }
    } else if order == 1.0 || order == f64::INFINITY {
        let sizes = match mapped(&x, f64::abs, x.element) {
            Some(known) => known,
            None => b.same(Abs {}, &x)?,
        };
        if order == 1.0 {
            reduced(b, &sizes, &axes, keep, sum, add)?
        } else {
            largest(b, &sizes, &axes, keep, |axes| Amax { axes, keep }.into())?
        }
    } else {
        return Err(format!("is a norm of order {order}, expected 1, 2 or inf"));
    };
    Ok(vec![made])
}

fn cumsum(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = x.axis(a.integer_or((1, "dim"), 0)?)?;
    if x.batch == Some(axis) {
        return Err("sums along the batch axis, which would mix samples".into());
    }
    let x = b.laid_out(&x, &[axis])?;
    let element = if x.element == Element::Bool {
        Element::Integer
    } else {
        x.element
    };
    if let Some(numbers) = x.numbers() {
        let mut sums = numbers.to_vec();
        let inner: usize = x.own[axis + 1..].iter().product();
        for part in sums.chunks_mut((x.own[axis] * inner).max(1)) {
            for i in inner..part.len() {
                part[i] += part[i - inner];
            }
        }
        let source = Source::Known(Rc::new(sums));
        return Ok(vec![Value {
            element,
            source,
            ..x
        }]);
    }
    let axis = x.graph_axis(axis)?;
    let made = b.same(CumulativeSum { axis }, &x)?;
    Ok(vec![Value { element, ..made }])
}

fn diff(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let axis = axis_of(a.integer_or((2, "dim"), -1)?, x.rank())?;
    if a.integer_or((1, "n"), 1)? != 1 {
        return Err("takes differences of differences".into());
    }
    let mut parts = Vec::new();
    for more in [
        a.optional((3, "prepend"))?,
        Some(x.clone()),
        a.optional((4, "append"))?,
    ] {
        parts.extend(more);
    }
    let whole = concatenated(b, &parts, axis)?;
    let extent = whole.full[axis];
    let later = cut(b, &whole, axis, [1, extent, 1])?;
    let earlier = cut(b, &whole, axis, [0, extent.saturating_sub(1), 1])?;
    let made = combined(b, &[later, earlier], Subtract {}, |x, y| x - y)?;
    Ok(vec![made])
}
