//! Gated values and activations with trained slopes.

use super::arguments::Arguments;
use super::arithmetic::{product, quotient, sum};
use super::builder::Builder;
use super::motions::viewed;
use super::products::weight;
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{Glu, Neg, Prelu, Relu, Softplus, Sqrt, Sum};

/// Gates and what else is made of several operations.
pub const OPERATIONS: &[Entry] = &[
    ("glu", Reading::Call(glu)),
    ("prelu", Reading::Call(prelu)),
    ("_weight_norm", Reading::Call(weight_norm)),
    ("log_sigmoid", Reading::Call(log_sigmoid)),
];

fn glu(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "self"))?;
    let axis = x.axis(a.integer_or((1, "dim"), -1)?)?;
    let x = b.laid_out(&x, &[axis])?;
    let layer = Glu {
        axis: x.graph_axis(axis)?,
    };
    let mut like = x.clone();
    (like.full[axis], like.own[axis]) = (x.full[axis] / 2, x.full[axis] / 2);
    let place = b.place(&x)?;
    Ok(vec![b.value(layer, &[place], like)?])
}

fn prelu(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, slope) = (a.value((0, "self"))?, a.value((1, "weight"))?);
    let channels_first = x.batch == Some(0) && x.own[0] == 1 && x.rank() > 1;
    if let (Some((name, false)), true) = (weight(&slope), channels_first || slope.full == [1]) {
        let weight = name.to_owned();
        let x = b.dense(&x)?;
        return Ok(vec![b.same(Prelu { weight }, &x)?]);
    }
    // max(x, 0) − slope · max(−x, 0)
    let after = x.rank().saturating_sub(2);
    let shape = [&slope.full[..], &vec![1; after]].concat();
    let slope = viewed(b, &slope, &shape)?;
    let (up, minus) = (b.same(Relu {}, &x)?, b.same(Neg {}, &x)?);
    let down = b.same(Relu {}, &minus)?;
    let down = product(b, down, slope)?;
    let down = b.same(Neg {}, &down)?;
    Ok(vec![sum(b, up, down)?])
}

/// g v/‖v‖, the norm over all axes but one (Salimans and Kingma 2016, equation 2).
fn weight_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (v, g) = (a.value((0, "v"))?, a.value((1, "g"))?);
    let left = v.axis(a.integer_or((2, "dim"), 0)?)?;
    let axes: Vec<usize> = (0..v.rank()).filter(|axis| *axis != left).collect();
    let square = product(b, v.clone(), v.clone())?;
    let mut like = square.clone();
    for axis in &axes {
        (like.full[*axis], like.own[*axis]) = (1, 1);
    }
    let place = b.place(&square)?;
    let layer = Sum {
        axes: axes.iter().map(|axis| axis + 1).collect(),
        keep: true,
    };
    let norm = b.value(layer, &[place], like)?;
    let norm = b.same(Sqrt {}, &norm)?;
    let share = quotient(b, g, norm)?;
    Ok(vec![product(b, v, share)?])
}

/// −softplus(−x)
fn log_sigmoid(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let minus = b.same(Neg {}, &a.value((0, "self"))?)?;
    let soft = Softplus {
        beta: 1.0,
        threshold: f64::INFINITY,
    };
    let soft = b.same(soft, &minus)?;
    Ok(vec![b.same(Neg {}, &soft)?])
}
