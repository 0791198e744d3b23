//! What changes no number: copies, types, checks, extents, dropout at rest.

use super::arguments::{Arguments, element_named};
use super::builder::Builder;
use super::normalisations::TRAINING;
use super::pointwise::mapped;
use super::table::{Entry, Reading};
use super::value::{Outcome, Value, axis_of, count};
use crate::model::import::traced::{Argument, Element};
use crate::model::layers::{Compare, Relation};

/// What changes no number.
pub const OPERATIONS: &[Entry] = &[
    ("contiguous", Reading::Call(same)),
    ("clone", Reading::Call(same)),
    ("alias", Reading::Call(same)),
    ("detach", Reading::Call(same)),
    ("lift", Reading::Call(same)),
    ("lift_fresh", Reading::Call(same)),
    ("lift_fresh_copy", Reading::Call(same)),
    ("view_of", Reading::Call(same)),
    ("identity", Reading::Call(same)),
    ("dropout", Reading::Call(dropout)),
    ("feature_dropout", Reading::Call(dropout)),
    ("alpha_dropout", Reading::Call(dropout)),
    ("feature_alpha_dropout", Reading::Call(dropout)),
    ("to", Reading::Call(converted)),
    ("_to_copy", Reading::Call(converted)),
    ("type_as", Reading::Call(type_as)),
    ("sym_size", Reading::Call(extent)),
    ("size", Reading::Call(extent)),
    ("sym_numel", Reading::Call(extent)),
    ("numel", Reading::Call(extent)),
    ("item", Reading::Call(item)),
    ("_local_scalar_dense", Reading::Call(item)),
    ("getitem", Reading::Call(getitem)),
    ("_assert_tensor_metadata", Reading::Call(nothing)),
    ("_assert_scalar", Reading::Call(nothing)),
    ("_assert_async", Reading::Call(nothing)),
    ("sym_constrain_range_for_size", Reading::Call(nothing)),
    ("sym_constrain_range", Reading::Call(nothing)),
    ("_set_grad_enabled", Reading::Call(nothing)),
    ("bernoulli", Reading::Call(chance)),
    ("rand", Reading::Call(chance)),
    ("randn", Reading::Call(chance)),
    ("rand_like", Reading::Call(chance)),
    ("randn_like", Reading::Call(chance)),
    ("native_dropout", Reading::Call(chance)),
];

fn first(a: &Arguments<'_>) -> Outcome<Value> {
    if a.has((0, "self")) {
        a.value((0, "self"))
    } else {
        a.value((0, "input"))
    }
}

fn same(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    Ok(vec![first(a)?])
}

#[expect(clippy::unnecessary_wraps, reason = "as all readings")]
fn nothing(_: &mut Builder<'_>, _: &Arguments<'_>) -> Outcome<Vec<Value>> {
    Ok(Vec::new())
}

fn chance(_: &mut Builder<'_>, _: &Arguments<'_>) -> Outcome<Vec<Value>> {
    Err(TRAINING.into())
}

fn dropout(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let p = a.number_or((1, "p"), 0.5)?;
    if a.flag((2, "train"), true)? && p != 0.0 {
        return Err(TRAINING.into());
    }
    Ok(vec![first(a)?])
}

fn as_element(b: &mut Builder<'_>, x: Value, element: Element) -> Outcome<Value> {
    if x.element == element || element == Element::Float {
        return Ok(Value { element, ..x });
    }
    let known = |n: f64| match element {
        Element::Bool => f64::from(u8::from(n != 0.0)),
        _ => n.trunc(),
    };
    if let Some(made) = mapped(&x, known, element) {
        return Ok(made);
    }
    match (x.element, element) {
        (Element::Bool, _) => Ok(Value { element, ..x }),
        (_, Element::Bool) => {
            let (relation, value) = (Relation::NotEqual, 0.0);
            let made = b.same(Compare { relation, value }, &x)?;
            Ok(Value { element, ..made })
        }
        _ => Err("rounds numbers that depend on the data".into()),
    }
}

fn converted(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let mut x = first(a)?;
    let named = a.call.named.iter().map(|(_, argument)| argument);
    let given = a.call.positional.iter().skip(1).chain(named);
    let mut element = None;
    for argument in given {
        if let Argument::Text(word) = argument {
            element = element_named(word).or(element);
        }
    }
    if let Some(other) = a.call.positional.get(1)
        && matches!(other, Argument::Value(_))
        && element.is_none()
    {
        element = Some(a.value((1, "other"))?.element);
    }
    if let Some(element) = element {
        if element != Element::Float && x.element != element {
            x = a.as_known(&x).unwrap_or(x);
        }
        x = as_element(b, x, element)?;
    }
    Ok(vec![x])
}

fn type_as(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = a.value((1, "other"))?;
    Ok(vec![as_element(b, first(a)?, other.element)?])
}

fn extent(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = first(a)?;
    let extent = if a.operation.ends_with("numel") {
        count(&x.full)?
    } else {
        let axis = a.integer((1, "dim"))?.ok_or("asks for a whole shape")?;
        x.full[x.axis(axis)?]
    };
    Ok(vec![Value::number(extent as f64, Element::Integer)])
}

fn item(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.known((0, "self"))?;
    let number = x.uniform().ok_or("takes one number of several")?;
    Ok(vec![Value::number(number, x.element)])
}

/// One of a list, or one extent of a shape.
fn getitem(_: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let all = a.values((0, "self"))?;
    let index = a.integer((1, "index"))?.ok_or("lacks its index")?;
    let at = axis_of(index, all.len())?;
    Ok(all[at].clone().into_iter().collect())
}
