//! Truth: comparisons, logic, and choices by it.

use super::arguments::Arguments;
use super::arithmetic::{combined, difference, folded, kept, layered, product};
use super::builder::Builder;
use super::motions::widest;
use super::pointwise::mapped;
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Value};
use crate::model::import::traced::Element;
use crate::model::layers::{Compare, Maximum, Relation, Where};

/// Comparisons, logic and choices.
pub const OPERATIONS: &[Entry] = &[
    ("eq", Reading::Call(compared)),
    ("ne", Reading::Call(compared)),
    ("lt", Reading::Call(compared)),
    ("le", Reading::Call(compared)),
    ("gt", Reading::Call(compared)),
    ("ge", Reading::Call(compared)),
    ("less", Reading::Call(compared)),
    ("greater", Reading::Call(compared)),
    ("not_equal", Reading::Call(compared)),
    ("less_equal", Reading::Call(compared)),
    ("greater_equal", Reading::Call(compared)),
    ("__and__", Reading::Call(logical)),
    ("__or__", Reading::Call(logical)),
    ("__xor__", Reading::Call(logical)),
    ("bitwise_and", Reading::Call(logical)),
    ("bitwise_or", Reading::Call(logical)),
    ("bitwise_xor", Reading::Call(logical)),
    ("logical_and", Reading::Call(logical)),
    ("logical_or", Reading::Call(logical)),
    ("logical_xor", Reading::Call(logical)),
    ("bitwise_not", Reading::Call(not)),
    ("logical_not", Reading::Call(not)),
    ("where", Reading::Call(choose)),
    ("masked_fill", Reading::Call(masked_fill)),
    ("isnan", Reading::Call(isnan)),
    ("isinf", Reading::Call(isnan)),
];

const SELF: (usize, &str) = (0, "self");
const OTHER: (usize, &str) = (1, "other");

fn relation(operation: &str) -> Relation {
    match operation {
        "eq" => Relation::Equal,
        "ne" | "not_equal" => Relation::NotEqual,
        "lt" | "less" => Relation::Less,
        "le" | "less_equal" => Relation::LessOrEqual,
        "gt" | "greater" => Relation::Greater,
        _ => Relation::GreaterOrEqual,
    }
}

fn compared(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (mut x, mut y) = (a.value(SELF)?, a.value(OTHER)?);
    let relation = relation(a.operation);
    if !x.is_data() && !y.is_data() {
        (x, y) = (a.known(SELF)?, a.known(OTHER)?);
    }
    let joint = Joint::of(&[&x, &y])?;
    let truth = |met: &[f64]| f64::from(u8::from(relation.holds(met[0], met[1])));
    let made = if let Some(made) = folded(&[&x, &y], &joint, truth) {
        made
    } else if let Some(value) = y.uniform().filter(|_| kept(&x, &y)) {
        b.same(Compare { relation, value }, &x)?
    } else {
        let rest = difference(b, x, y)?;
        let value = 0.0;
        b.same(Compare { relation, value }, &rest)?
    };
    Ok(vec![Value {
        element: Element::Bool,
        ..made
    }])
}

fn logical(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, y) = (a.value(SELF)?, a.value(OTHER)?);
    if let [Some(x), Some(y)] = [a.as_known(&x), a.as_known(&y)] {
        let joint = Joint::of(&[&x, &y])?;
        let element = if a.operation.starts_with("logical") {
            Element::Bool
        } else {
            widest(&[x.element, y.element])
        };
        let bits = element != Element::Bool;
        let operation = a.operation.trim_matches('_').rsplit('_').next();
        let made = folded(&[&x, &y], &joint, |met| {
            let number = |n: f64| if bits { n as i64 } else { i64::from(n != 0.0) };
            let (x, y) = (number(met[0]), number(met[1]));
            let both = match operation {
                Some("and") => x & y,
                Some("or") => x | y,
                _ => x ^ y,
            };
            both as f64
        });
        let made = made.map(|made| Value { element, ..made });
        return Ok(made.into_iter().collect());
    }
    if x.element != Element::Bool || y.element != Element::Bool {
        return Err("combines bits of numbers that depend on the data".into());
    }
    let made = match a.operation.trim_matches('_').rsplit('_').next() {
        Some("and") => product(b, x, y)?,
        Some("or") => combined(b, &[x, y], Maximum {}, f64::max)?,
        _ => {
            let rest = difference(b, x, y)?;
            let (relation, value) = (Relation::NotEqual, 0.0);
            b.same(Compare { relation, value }, &rest)?
        }
    };
    Ok(vec![Value {
        element: Element::Bool,
        ..made
    }])
}

fn not(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value(SELF)?;
    let of_bits = x.element != Element::Bool && a.operation == "bitwise_not";
    let x = a.as_known(&x).unwrap_or(x);
    let known = |n: f64| {
        if of_bits {
            !(n as i64) as f64
        } else {
            f64::from(u8::from(n == 0.0))
        }
    };
    let element = if of_bits { x.element } else { Element::Bool };
    if let Some(made) = mapped(&x, known, element) {
        return Ok(vec![made]);
    }
    if of_bits {
        return Err("inverts bits of numbers that depend on the data".into());
    }
    let (relation, value) = (Relation::Equal, 0.0);
    let made = b.same(Compare { relation, value }, &x)?;
    Ok(vec![Value { element, ..made }])
}

/// `x` where `condition` isn't 0, else `y`.
///
/// # Errors
/// As [`combined`].
pub fn chosen(b: &mut Builder<'_>, condition: &Value, x: &Value, y: &Value) -> Outcome<Value> {
    let joint = Joint::of(&[condition, x, y])?;
    let element = widest(&[x.element, y.element]);
    let pick = |met: &[f64]| if met[0] == 0.0 { met[2] } else { met[1] };
    let made = match folded(&[condition, x, y], &joint, pick) {
        Some(made) => made,
        None => layered(b, &[condition, x, y], &joint, Where {})?,
    };
    Ok(Value { element, ..made })
}

fn choose(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let condition = a.value((0, "condition"))?;
    let condition = a.as_known(&condition).unwrap_or(condition);
    let (x, y) = (a.value((1, "self"))?, a.value((2, "other"))?);
    Ok(vec![chosen(b, &condition, &x, &y)?])
}

fn masked_fill(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, mask) = (a.value(SELF)?, a.value((1, "mask"))?);
    let mask = a.as_known(&mask).unwrap_or(mask);
    let value = a.value((2, "value"))?;
    let made = chosen(b, &mask, &value, &x)?;
    Ok(vec![Value {
        element: x.element,
        ..made
    }])
}

fn isnan(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.known(SELF)?;
    let infinite = a.operation == "isinf";
    let test = |n: f64| {
        f64::from(u8::from(if infinite {
            n.is_infinite()
        } else {
            n.is_nan()
        }))
    };
    Ok(mapped(&x, test, Element::Bool).into_iter().collect())
}
