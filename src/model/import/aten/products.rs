//! Products with weights and of values: linear layers, embeddings, matrix products.

use super::arguments::Arguments;
use super::arithmetic::{scaled, sum};
use super::builder::Builder;
use super::motions::{gathered, permuted, squeezed, unsqueezed, viewed};
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Source, Value, count, for_each_place};
use crate::model::import::traced::Element;
use crate::model::layers::{Embedding, Linear, Matmul};

/// Products.
pub const OPERATIONS: &[Entry] = &[
    ("linear", Reading::Call(linear)),
    ("addmm", Reading::Call(addmm)),
    ("mm", Reading::Call(matmul)),
    ("bmm", Reading::Call(matmul)),
    ("mv", Reading::Call(matmul)),
    ("dot", Reading::Call(matmul)),
    ("matmul", Reading::Call(matmul)),
    ("baddbmm", Reading::Call(baddbmm)),
    ("embedding", Reading::Call(embedding)),
];

/// The name of a trained tensor that is used as it is, and whether its two axes are turned.
pub fn weight(value: &Value) -> Option<(&str, bool)> {
    match &value.source {
        Source::Stored(stored) if stored.buffer.is_none() && value.own == value.full => {
            Some((&stored.name, stored.turned))
        }
        _ => None,
    }
}

/// A bias that a layer may name: none, or a trained tensor of one axis; otherwise it is added afterwards.
pub fn bias_of(bias: Option<Value>) -> (Option<String>, Option<Value>) {
    match bias {
        None => (None, None),
        Some(value) => match weight(&value) {
            Some((name, false)) if value.rank() == 1 => (Some(name.to_owned()), None),
            _ => (None, Some(value)),
        },
    }
}

/// x Wᵀ + b over the last axis, where W is a trained matrix whose axis `output_axis` counts the outputs.
fn dense(
    b: &mut Builder<'_>,
    x: &Value,
    (name, output_axis): (&str, usize),
    outputs: usize,
    bias: Option<Value>,
) -> Outcome<Value> {
    let Some(last) = x
        .rank()
        .checked_sub(1)
        .filter(|last| x.batch != Some(*last))
    else {
        return Err("multiplies along the batch axis".into());
    };
    let x = b.laid_out(x, &[last])?;
    let place = b.place(&x)?;
    let (bias, rest) = bias_of(bias);
    let layer = Linear {
        weight: name.to_owned(),
        bias,
        output_axis,
    };
    let mut like = x.clone();
    (like.full[last], like.own[last]) = (outputs, outputs);
    let y = b.value(layer, &[place], like)?;
    match rest {
        Some(rest) => sum(b, y, rest),
        None => Ok(y),
    }
}

fn linear(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, w) = (a.value((0, "input"))?, a.value((1, "weight"))?);
    let bias = a.optional((2, "bias"))?;
    Ok(vec![linear_of(b, &x, &w, bias)?])
}

/// x Wᵀ + b over the last axis, whatever W was made of.
///
/// # Errors
/// Where the shapes don't meet.
pub fn linear_of(b: &mut Builder<'_>, x: &Value, w: &Value, bias: Option<Value>) -> Outcome<Value> {
    if let Some((name, turned)) = weight(w)
        && w.rank() == 2
    {
        let way = (name, usize::from(turned));
        return dense(b, x, way, w.full[0], bias);
    }
    let turned = permuted(b, w, &[1, 0])?;
    b.has_filters(&turned, &w.full);
    let y = product(b, x, &turned)?;
    match bias {
        Some(bias) => sum(b, y, bias),
        None => Ok(y),
    }
}

/// The matrix product of two values, by PyTorch's rules for `matmul`.
///
/// # Errors
/// Where shapes or batch axes don't meet.
pub fn product(b: &mut Builder<'_>, x: &Value, y: &Value) -> Outcome<Value> {
    if let (1, _) | (_, 1) = (x.rank(), y.rank()) {
        let (rows, columns) = (x.rank() == 1, y.rank() == 1);
        let left = if rows {
            unsqueezed(b, x, 0)?
        } else {
            x.clone()
        };
        let right = if columns {
            unsqueezed(b, y, 1)?
        } else {
            y.clone()
        };
        let mut made = product(b, &left, &right)?;
        if columns {
            made = squeezed(b, &made, &[made.rank() - 1])?;
        }
        if rows {
            let at = made.rank() - usize::from(!columns) - 1;
            made = squeezed(b, &made, &[at])?;
        }
        return Ok(made);
    }
    let (Some(m), Some(n)) = (x.rank().checked_sub(2), y.rank().checked_sub(2)) else {
        return Err("multiplies a value without axes".into());
    };
    if x.full[m + 1] != y.full[n] {
        return Err(format!("can't multiply {:?} by {:?}", x.full, y.full));
    }
    if let (Some((name, turned)), 2) = (weight(y), y.rank())
        && x.numbers().is_none()
    {
        return dense(b, x, (name, usize::from(!turned)), y.full[1], None);
    }
    if x.numbers().is_some() && y.numbers().is_some() {
        return known_product(x, y);
    }
    if x.batch == Some(m)
        && let Some(matrix) = matrix(b, y, &x.full[..m])?
    {
        // The rows are the samples': each is a matrix of one row.
        let lifted = unsqueezed(b, x, m + 1)?;
        let made = product(b, &lifted, &matrix)?;
        return squeezed(b, &made, &[m + 1]);
    }
    let inside = |v: &Value| v.batch.is_some_and(|axis| axis + 2 >= v.rank());
    if inside(x) || inside(y) {
        return Err("multiplies along the batch axis".into());
    }
    // The axes before the matrices are broadcast, the others left alone.
    let ends = |v: &Value| [v.rank() - 2, v.rank() - 1];
    let (x, y) = (b.laid_out(x, &ends(x))?, b.laid_out(y, &ends(y))?);
    let lead = |v: &Value| {
        let mut v = v.clone();
        for axis in ends(&v) {
            (v.full[axis], v.own[axis]) = (1, 1);
        }
        v
    };
    let mut joint = Joint::of(&[&lead(&x), &lead(&y)])?;
    let rank = joint.full.len();
    let mut places = Vec::with_capacity(2);
    for value in [&x, &y] {
        let [rows, columns] = ends(value);
        (joint.full[rank - 2], joint.own[rank - 2]) = (value.full[rows], value.own[rows]);
        (joint.full[rank - 1], joint.own[rank - 1]) = (value.full[columns], value.own[columns]);
        let mut value = value.clone();
        while value.rank() < rank {
            value = unsqueezed(b, &value, 0)?;
        }
        // All have the same leading axes.
        for axis in 0..rank - 2 {
            if value.full[axis] == 1 {
                value.full[axis] = joint.full[axis];
            }
        }
        let mut own = joint.own.clone();
        for (axis, extent) in own.iter_mut().enumerate() {
            *extent = (*extent).max(value.own[axis]);
        }
        let value = b.repeated(&value, &own)?;
        places.push(b.joined(&value, &joint)?);
    }
    let rows = x.full[x.rank() - 2];
    (joint.full[rank - 2], joint.own[rank - 2]) = (rows, rows);
    b.value(Matmul {}, &places, joint.value(Element::Float))
}

/// The one matrix that a value is along all of its first axes, where no data and no more of them than `lead` are in it.
fn matrix(b: &mut Builder<'_>, y: &Value, lead: &[usize]) -> Outcome<Option<Value>> {
    let Some(n) = y.rank().checked_sub(2).filter(|n| *n <= lead.len()) else {
        return Ok(None);
    };
    let mut ends = lead[lead.len() - n..].iter().zip(&y.full);
    if y.is_data()
        || y.own[..n].iter().any(|own| *own != 1)
        || !ends.all(|(x, y)| x == y || *y == 1)
    {
        return Ok(None);
    }
    let mut once = y.clone();
    once.full[..n].fill(1);
    squeezed(b, &once, &(0..n).collect::<Vec<_>>()).map(Some)
}

fn known_product(x: &Value, y: &Value) -> Outcome<Value> {
    let (left, right) = (x.repeated(&x.full)?, y.repeated(&y.full)?);
    let (m, n) = (x.rank() - 2, y.rank() - 2);
    let joint = Joint::of(&[
        &Value::filled(0.0, &x.full[..m], Element::Float),
        &Value::filled(0.0, &y.full[..n], Element::Float),
    ])?;
    let (rows, inner, columns) = (x.full[m], x.full[m + 1], y.full[n + 1]);
    let shape = [&joint.full[..], &[rows, columns]].concat();
    if count(&[&shape[..], &[inner]].concat())? > 1 << 28 {
        return Err("multiplies known matrices too large to be multiplied here".into());
    }
    let (Some(a), Some(c)) = (left.numbers(), right.numbers()) else {
        return Err("multiplies what isn't known".into());
    };
    let mut out = Vec::new();
    for_each_place(&joint.full, |place| {
        let start = |v: &Value, rank: usize, size: usize| {
            let offset = place.len() - rank;
            let at = place[offset..].iter().zip(&v.full[..rank]);
            at.fold(0, |sum, (i, extent)| sum * extent + i % extent) * size
        };
        let a = &a[start(x, m, rows * inner)..][..rows * inner];
        let c = &c[start(y, n, inner * columns)..][..inner * columns];
        for i in 0..rows {
            for j in 0..columns {
                out.push(
                    (0..inner)
                        .map(|k| a[i * inner + k] * c[k * columns + j])
                        .sum(),
                );
            }
        }
    });
    Ok(Value::known(out, &shape, Element::Float))
}

fn matmul(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let other = if a.has((1, "other")) {
        (1, "other")
    } else {
        (1, "mat2")
    };
    let other = if a.has(other) { other } else { (1, "vec") };
    Ok(vec![product(b, &a.value((0, "self"))?, &a.value(other)?)?])
}

fn addmm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let bias = a.value((0, "self"))?;
    let (x, w) = (a.value((1, "mat1"))?, a.value((2, "mat2"))?);
    let factors = [
        a.number_or((3, "beta"), 1.0)?,
        a.number_or((4, "alpha"), 1.0)?,
    ];
    if let Some((name, turned)) = weight(&w)
        && factors == [1.0, 1.0]
    {
        let way = (name, usize::from(!turned));
        return Ok(vec![dense(b, &x, way, w.full[1], Some(bias))?]);
    }
    let y = product(b, &x, &w)?;
    let (y, bias) = (scaled(b, &y, factors[1])?, scaled(b, &bias, factors[0])?);
    Ok(vec![sum(b, y, bias)?])
}

fn baddbmm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let factors = [
        a.number_or((3, "beta"), 1.0)?,
        a.number_or((4, "alpha"), 1.0)?,
    ];
    let y = product(b, &a.value((1, "batch1"))?, &a.value((2, "batch2"))?)?;
    let y = scaled(b, &y, factors[1])?;
    if factors[0] == 0.0 {
        return Ok(vec![y]);
    }
    let more = scaled(b, &a.value((0, "self"))?, factors[0])?;
    Ok(vec![sum(b, y, more)?])
}

fn embedding(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (table, numbers) = (a.value((0, "weight"))?, a.value((1, "indices"))?);
    let &[entries, width] = table.full.as_slice() else {
        return Err(format!(
            "has a table of shape {:?}, expected [entries, width]",
            table.full
        ));
    };
    let full = [&numbers.full[..], &[width]].concat();
    if let Some(known) = a.as_known(&numbers) {
        let chosen: Outcome<Vec<usize>> = known
            .numbers()
            .map_or(&[][..], |n| n.as_slice())
            .iter()
            .map(|n| {
                let at = Some(*n).filter(|n| n.fract() == 0.0 && (0.0..entries as f64).contains(n));
                at.map(|n| n as usize)
                    .ok_or_else(|| format!("takes row {n} of a table of {entries}"))
            })
            .collect();
        let table = b.table(&table)?;
        let rows = gathered(b, &table, 0, &chosen?)?;
        let own = [&known.own[..], &[width]].concat();
        let y = viewed(b, &rows, &own)?;
        return Ok(vec![Value { full, ..y }]);
    }
    let Some((name, false)) = weight(&table) else {
        return Err("looks numbers of the data up in a computed table".into());
    };
    let numbers = b.dense(&numbers)?;
    let mut place = b.place(&numbers)?;
    let positions: usize = numbers.layer_shape().iter().product();
    if numbers.layer_shape().len() != 1 {
        place = Some(b.reshaped(place, &[positions])?);
    }
    let weight = name.to_owned();
    let mut at = b.layer(Embedding { weight }, &[place])?;
    let own = [&numbers.own[..], &[width]].concat();
    let like = Value {
        full,
        own,
        batch: numbers.batch,
        outer: numbers.outer,
        element: Element::Float,
        source: Source::Layer(None),
    };
    at = b.reshaped(Some(at), &like.layer_shape())?;
    Ok(vec![Value {
        source: Source::Layer(Some(at)),
        ..like
    }])
}
