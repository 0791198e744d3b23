//! Values combined element by element: sums, products, powers.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::widest;
use super::pointwise::mapped;
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Source, Value, for_each_place};
use crate::model::import::traced::Element;
use crate::model::layers::{
    Add, Divide, Exp, Layer, Maximum, Minimum, Multiply, Offset, Pow, Reciprocal, Scale, Shift,
    Subtract,
};
use std::rc::Rc;

/// Sums, products, powers.
pub const OPERATIONS: &[Entry] = &[
    ("add", Reading::Call(add)),
    ("sub", Reading::Call(sub)),
    ("subtract", Reading::Call(sub)),
    ("rsub", Reading::Call(rsub)),
    ("mul", Reading::Call(mul)),
    ("multiply", Reading::Call(mul)),
    ("div", Reading::Call(div)),
    ("divide", Reading::Call(div)),
    ("true_divide", Reading::Call(div)),
    ("truediv", Reading::Call(div)),
    ("floordiv", Reading::Call(floor_divide)),
    ("floor_divide", Reading::Call(floor_divide)),
    ("remainder", Reading::Call(remainder)),
    ("mod", Reading::Call(remainder)),
    ("fmod", Reading::Call(remainder)),
    ("pow", Reading::Call(pow)),
    ("square", Reading::Call(square)),
    ("maximum", Reading::Call(maximum)),
    ("minimum", Reading::Call(minimum)),
    ("addcmul", Reading::Call(addcmul)),
    ("addcdiv", Reading::Call(addcdiv)),
    ("lerp", Reading::Call(lerp)),
];

const SELF: (usize, &str) = (0, "self");
const OTHER: (usize, &str) = (1, "other");

/// Known numbers combined by a function, broadcast; `None` where not all are known.
pub fn folded(values: &[&Value], joint: &Joint, function: impl Fn(&[f64]) -> f64) -> Option<Value> {
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        numbers.push((value, value.numbers()?));
    }
    let rank = joint.full.len();
    let mut out = Vec::new();
    let mut met = vec![0.0; values.len()];
    for_each_place(&joint.own, |place| {
        for (slot, (value, numbers)) in met.iter_mut().zip(&numbers) {
            let offset = rank - value.rank();
            let at = place[offset..].iter().zip(&value.own);
            let at = at.fold(0, |sum, (i, extent)| sum * extent + i % extent);
            *slot = numbers[at];
        }
        out.push(function(&met));
    });
    Some(Value {
        full: joint.full.clone(),
        own: joint.own.clone(),
        batch: None,
        outer: 1,
        element: Element::Float,
        source: Source::Known(Rc::new(out)),
    })
}

/// Two values by a layer, or by a function where both are known.
///
/// # Errors
/// Where their shapes or batch axes don't meet.
pub fn combined(
    b: &mut Builder<'_>,
    values: &[Value; 2],
    layer: impl Into<Layer>,
    function: fn(f64, f64) -> f64,
) -> Outcome<Value> {
    let [x, y] = values;
    let joint = Joint::of(&[x, y])?;
    let element = widest(&[x.element, y.element]);
    if let Some(made) = folded(&[x, y], &joint, |met| function(met[0], met[1])) {
        return Ok(Value { element, ..made });
    }
    layered(b, &[x, y], &joint, layer).map(|made| Value { element, ..made })
}

/// A layer of values that it broadcasts.
///
/// # Errors
/// As [`combined`].
pub fn layered(
    b: &mut Builder<'_>,
    values: &[&Value],
    joint: &Joint,
    layer: impl Into<Layer>,
) -> Outcome<Value> {
    let places: Outcome<Vec<_>> = values.iter().map(|v| b.joined(v, joint)).collect();
    b.value(layer, &places?, joint.value(Element::Float))
}

/// A trained tensor that a layer of its own may combine with `x`: its name.
fn tensor_beside(b: &Builder<'_>, x: &Value, y: &Value) -> Option<String> {
    let Source::Stored(stored) = &y.source else {
        return None;
    };
    let own = b.tensor(&stored.name);
    let plain = !stored.turned && stored.buffer.is_none() && own == y.full;
    let keeps = x.batch == Some(0) && x.own[0] == 1 && y.rank() <= x.rank();
    let shape = x.layer_shape();
    let rest = if y.rank() == x.rank() {
        own.get(1..)?
    } else {
        own
    };
    let leads = y.rank() < x.rank() || own.first() == Some(&1);
    let offset = shape.len().checked_sub(rest.len())?;
    let fits = rest
        .iter()
        .zip(&shape[offset..])
        .all(|(n, m)| *n == 1 || n == m);
    (plain && keeps && leads && fits && !own.is_empty()).then(|| stored.name.clone())
}

/// Whether `y` is one known number that leaves the shape of `x` as it is.
pub fn kept(x: &Value, y: &Value) -> bool {
    y.uniform().is_some()
        && y.rank() <= x.rank()
        && (0..y.rank()).all(|i| {
            let at = x.rank() - y.rank() + i;
            y.full[i] == 1 || y.full[i] == x.full[at]
        })
}

/// x + y
///
/// # Errors
/// As [`combined`].
pub fn sum(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    let element = widest(&[x.element, y.element]);
    let made = sum_of(b, x, y)?;
    Ok(Value { element, ..made })
}

fn sum_of(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    for (x, y) in [(&x, &y), (&y, &x)] {
        if x.numbers().is_some() {
            continue;
        }
        if let Some(value) = y.uniform().filter(|_| kept(x, y)) {
            return if value == 0.0 {
                Ok(x.clone())
            } else {
                b.same(Offset { value }, x)
            };
        }
        if x.is_data()
            && let Some(weight) = tensor_beside(b, x, y)
        {
            return b.same(Shift { weight }, x);
        }
    }
    combined(b, &[x, y], Add {}, |x, y| x + y)
}

/// x · y
///
/// # Errors
/// As [`combined`].
pub fn product(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    let element = widest(&[x.element, y.element]);
    let made = product_of(b, x, y)?;
    Ok(Value { element, ..made })
}

fn product_of(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    for (x, y) in [(&x, &y), (&y, &x)] {
        if x.numbers().is_some() {
            continue;
        }
        if let Some(factor) = y.uniform().filter(|_| kept(x, y)) {
            return scaled(b, x, factor);
        }
        if x.is_data()
            && let Some(weight) = tensor_beside(b, x, y)
        {
            let weight = Some(weight);
            return b.same(
                Scale {
                    weight,
                    factor: 1.0,
                },
                x,
            );
        }
    }
    combined(b, &[x, y], Multiply {}, |x, y| x * y)
}

/// x · factor
///
/// # Errors
/// As [`Builder::same`].
pub fn scaled(b: &mut Builder<'_>, x: &Value, factor: f64) -> Outcome<Value> {
    if factor == 1.0 {
        return Ok(x.clone());
    }
    if let Some(made) = mapped(x, |n| n * factor, x.element) {
        return Ok(made);
    }
    let weight = None;
    b.same(Scale { weight, factor }, x)
}

/// x − y
///
/// # Errors
/// As [`combined`].
pub fn difference(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    if let Some(value) = y
        .uniform()
        .filter(|_| x.numbers().is_none() && kept(&x, &y))
    {
        return sum(b, x, Value::number(-value, y.element));
    }
    combined(b, &[x, y], Subtract {}, |x, y| x - y)
}

/// x/y
///
/// # Errors
/// As [`combined`].
pub fn quotient(b: &mut Builder<'_>, x: Value, y: Value) -> Outcome<Value> {
    let made = if let Some(divisor) = y
        .uniform()
        .filter(|_| x.numbers().is_none() && kept(&x, &y))
    {
        scaled(b, &x, divisor.recip())?
    } else if x.uniform() == Some(1.0) && y.numbers().is_none() && kept(&y, &x) {
        b.same(Reciprocal {}, &y)?
    } else {
        combined(b, &[x, y], Divide {}, |x, y| x / y)?
    };
    Ok(Value {
        element: Element::Float,
        ..made
    })
}

fn add(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = scaled(b, &a.value(OTHER)?, a.number_or((2, "alpha"), 1.0)?)?;
    Ok(vec![sum(b, a.value(SELF)?, other)?])
}

fn sub(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = scaled(b, &a.value(OTHER)?, a.number_or((2, "alpha"), 1.0)?)?;
    Ok(vec![difference(b, a.value(SELF)?, other)?])
}

fn rsub(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let own = scaled(b, &a.value(SELF)?, a.number_or((2, "alpha"), 1.0)?)?;
    Ok(vec![difference(b, a.value(OTHER)?, own)?])
}

fn mul(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    Ok(vec![product(b, a.value(SELF)?, a.value(OTHER)?)?])
}

fn div(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    match a.text((2, "rounding_mode")) {
        None => Ok(vec![quotient(b, a.value(SELF)?, a.value(OTHER)?)?]),
        Some("floor") => floor_divide(b, a),
        Some(_) => known_pair(a, |x, y| (x / y).trunc()),
    }
}

/// Of two known values.
fn known_pair(a: &Arguments<'_>, function: fn(f64, f64) -> f64) -> Outcome<Vec<Value>> {
    let (x, y) = (a.known(SELF)?, a.known(OTHER)?);
    let joint = Joint::of(&[&x, &y])?;
    let element = widest(&[x.element, y.element]);
    let made = folded(&[&x, &y], &joint, |met| function(met[0], met[1]));
    let made = made.map(|made| Value { element, ..made });
    Ok(made.into_iter().collect())
}

fn floor_divide(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    known_pair(a, |x, y| (x / y).floor())
}

fn remainder(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    if a.operation == "fmod" {
        return known_pair(a, |x, y| x % y);
    }
    known_pair(a, |x, y| x - (x / y).floor() * y)
}

fn pow(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, p) = (a.value(SELF)?, a.value((1, "exponent"))?);
    if x.numbers().is_some() && p.numbers().is_some() {
        return Ok(vec![combined(b, &[x, p], Add {}, f64::powf)?]);
    }
    if let Some(exponent) = p.uniform().filter(|_| kept(&x, &p)) {
        return Ok(vec![b.same(Pow { exponent }, &x)?]);
    }
    match x.uniform() {
        Some(base) if base > 0.0 && kept(&p, &x) => {
            let exponent = scaled(b, &p, base.ln())?;
            Ok(vec![b.same(Exp {}, &exponent)?])
        }
        _ => Err("raises a value to another value's power, which isn't supported".into()),
    }
}

fn square(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    Ok(vec![product(b, x.clone(), x)?])
}

fn maximum(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = [a.value(SELF)?, a.value(OTHER)?];
    Ok(vec![combined(b, &values, Maximum {}, f64::max)?])
}

fn minimum(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let values = [a.value(SELF)?, a.value(OTHER)?];
    Ok(vec![combined(b, &values, Minimum {}, f64::min)?])
}

fn addcmul(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let part = product(b, a.value((1, "tensor1"))?, a.value((2, "tensor2"))?)?;
    let part = scaled(b, &part, a.number_or((3, "value"), 1.0)?)?;
    Ok(vec![sum(b, a.value(SELF)?, part)?])
}

fn addcdiv(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let part = quotient(b, a.value((1, "tensor1"))?, a.value((2, "tensor2"))?)?;
    let part = scaled(b, &part, a.number_or((3, "value"), 1.0)?)?;
    Ok(vec![sum(b, a.value(SELF)?, part)?])
}

fn lerp(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (from, to) = (a.value(SELF)?, a.value((1, "end"))?);
    let way = difference(b, to, from.clone())?;
    let way = product(b, way, a.value((2, "weight"))?)?;
    Ok(vec![sum(b, from, way)?])
}
