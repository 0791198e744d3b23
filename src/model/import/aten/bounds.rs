//! Values kept between bounds.

use super::arguments::Arguments;
use super::arithmetic::combined;
use super::builder::Builder;
use super::pointwise::mapped;
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{Clamp, Maximum, Minimum};

/// Clamps.
pub const OPERATIONS: &[Entry] = &[
    ("clamp", Reading::Call(clamp)),
    ("clip", Reading::Call(clamp)),
    ("clamp_min", Reading::Call(clamp_min)),
    ("clamp_max", Reading::Call(clamp_max)),
];

/// Between bounds that are numbers or values.
fn bounded(b: &mut Builder<'_>, x: Value, bounds: [Option<Value>; 2]) -> Outcome<Vec<Value>> {
    let number = |bound: &Option<Value>| bound.as_ref().and_then(Value::uniform);
    let [min, max] = [number(&bounds[0]), number(&bounds[1])];
    if bounds
        .iter()
        .zip([min, max])
        .all(|(bound, n)| bound.is_none() == n.is_none())
    {
        let element = x.element;
        let limit = |n: f64| {
            let n = min.map_or(n, |min| n.max(min));
            max.map_or(n, |max| n.min(max))
        };
        if let Some(made) = mapped(&x, limit, element) {
            return Ok(vec![made]);
        }
        return Ok(vec![b.same(Clamp { min, max }, &x)?]);
    }
    let [min, max] = bounds;
    let mut y = x;
    if let Some(min) = min {
        y = combined(b, &[y, min], Maximum {}, f64::max)?;
    }
    if let Some(max) = max {
        y = combined(b, &[y, max], Minimum {}, f64::min)?;
    }
    Ok(vec![y])
}

fn clamp(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let bounds = [a.optional((1, "min"))?, a.optional((2, "max"))?];
    bounded(b, a.value((0, "self"))?, bounds)
}

fn clamp_min(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    bounded(b, a.value((0, "self"))?, [a.optional((1, "min"))?, None])
}

fn clamp_max(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    bounded(b, a.value((0, "self"))?, [None, a.optional((1, "max"))?])
}
