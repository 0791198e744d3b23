//! Products with weights and of values: linear layers, convolutions, embeddings, matrix products.

use super::arguments::{Arguments, At};
use super::arithmetic::{scaled, sum};
use super::builder::Builder;
use super::motions::{gathered, permuted, squeezed, unsqueezed, viewed};
use super::table::{Entry, Reading};
use super::value::{Joint, Outcome, Source, Value, count, for_each_place};
use crate::model::import::traced::Element;
use crate::model::layers::{ComputedConv, Conv, Embedding, Layer, Linear, Matmul, TransposedConv};
use crate::model::shape::window::windows;

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
    ("conv1d", Reading::Call(conv)),
    ("conv2d", Reading::Call(conv)),
    ("conv3d", Reading::Call(conv)),
    ("convolution", Reading::Call(convolution)),
    ("conv_transpose1d", Reading::Call(conv_transpose)),
    ("conv_transpose2d", Reading::Call(conv_transpose)),
    ("conv_transpose3d", Reading::Call(conv_transpose)),
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
fn bias_of(bias: Option<Value>) -> (Option<String>, Option<Value>) {
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
    if let Some((name, turned)) = weight(&w)
        && w.rank() == 2
    {
        let way = (name, usize::from(turned));
        return Ok(vec![dense(b, &x, way, w.full[0], bias)?]);
    }
    let stored = w.clone();
    let turned = permuted(b, &w, &[1, 0])?;
    b.has_filters(&turned, &stored.full);
    let y = product(b, &x, &turned)?;
    Ok(vec![match bias {
        Some(bias) => sum(b, y, bias)?,
        None => y,
    }])
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
    let (m, n) = match (x.rank().checked_sub(2), y.rank().checked_sub(2)) {
        (Some(m), Some(n)) => (m, n),
        _ => return Err("multiplies a value without axes".into()),
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
    let like = Value {
        full: joint.full,
        own: joint.own,
        batch: joint.batch,
        element: Element::Float,
        source: Source::Layer(None),
    };
    b.value(Matmul {}, &places, like)
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

/// That a value is `[batch, channels, …]` with `axes` axes after the channels.
///
/// # Errors
/// Where it isn't.
pub fn images(x: &Value, axes: usize) -> Outcome<()> {
    let plain = x.batch == Some(0) && x.own[0] == 1 || !x.is_data() && x.full.first() == Some(&1);
    if plain && x.rank() == axes + 2 {
        return Ok(());
    }
    Err(format!(
        "needs [batch, channels, …] with {axes} axes after the channels, where the batch axis counts samples alone"
    ))
}

/// The value of a layer over channels and `axes` axes after them.
///
/// # Errors
/// Where the layer refuses.
pub fn over_images(
    b: &mut Builder<'_>,
    layer: impl Into<Layer>,
    inputs: &[&Value],
    shape: impl FnOnce(&[usize]) -> Vec<usize>,
) -> Outcome<Value> {
    let x = inputs[0];
    let mut places = Vec::with_capacity(inputs.len());
    for (number, input) in inputs.iter().enumerate() {
        let input = b.dense(input)?;
        let place = b.place(&input)?;
        // What is shared by all samples has an axis of one in the place of theirs.
        let shared = number == 0 && !input.is_data();
        places.push(if shared {
            Some(b.reshaped(place, &input.own[1..])?)
        } else {
            place
        });
    }
    let full = shape(&x.full);
    let mut like = Value {
        own: full.clone(),
        full,
        batch: Some(0),
        element: Element::Float,
        source: Source::Layer(None),
    };
    like.own[0] = 1;
    let made = b.value(layer, &places, like)?;
    if x.is_data() {
        return Ok(made);
    }
    let Source::Layer(place) = made.source else {
        return Ok(made);
    };
    let at = b.reshaped(place, &made.own)?;
    Ok(Value {
        batch: None,
        source: Source::Layer(Some(at)),
        ..made
    })
}

/// The extent that a window leaves, or 0.
fn left(n: usize, k: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    windows(n, k, stride, padding, dilation, false).unwrap_or(0)
}

/// What a convolution is told besides its weights.
struct Told {
    stride: Vec<usize>,
    padding: Vec<usize>,
    dilation: Vec<usize>,
    groups: usize,
}

fn conv(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let w = a.value((1, "weight"))?;
    let axes = w.rank().saturating_sub(2);
    let dilation = a.extents((5, "dilation"), axes, 1)?;
    let padding = match a.text((4, "padding")) {
        None => a.extents((4, "padding"), axes, 0)?,
        Some("valid") => vec![0; axes],
        Some("same") => {
            let reach = |i: usize| dilation[i] * (w.full[i + 2].saturating_sub(1));
            if (0..axes).any(|i| reach(i) % 2 == 1) {
                return Err("pads by \"same\" one entry more behind than in front, which isn't supported: pad before the convolution".into());
            }
            (0..axes).map(|i| reach(i) / 2).collect()
        }
        Some(other) => return Err(format!("pads by {other:?}, expected same or valid")),
    };
    let told = Told {
        stride: a.extents((3, "stride"), axes, 1)?,
        padding,
        dilation,
        groups: groups(a, (6, "groups"))?,
    };
    convolved(b, a, told)
}

fn groups(a: &Arguments<'_>, at: At) -> Outcome<usize> {
    let groups = a.integer_or(at, 1)?;
    usize::try_from(groups).map_err(|_| format!("has {groups} groups"))
}

fn convolved(b: &mut Builder<'_>, a: &Arguments<'_>, told: Told) -> Outcome<Vec<Value>> {
    let (x, w) = (a.value((0, "input"))?, a.value((1, "weight"))?);
    let axes = w.rank().saturating_sub(2);
    images(&x, axes)?;
    let shape = |x: &[usize]| {
        let window = |i: usize| {
            left(
                x[i + 2],
                w.full[i + 2],
                told.stride[i],
                told.padding[i],
                told.dilation[i],
            )
        };
        let rest = (0..axes).map(window);
        [x[0], w.full[0]].into_iter().chain(rest).collect()
    };
    let (bias, mut rest) = bias_of(a.optional((2, "bias"))?);
    let (stride, padding) = (told.stride.clone(), told.padding.clone());
    let (dilation, groups) = (told.dilation.clone(), told.groups);
    let y = if let Some((name, _)) = weight(&w) {
        let layer = Conv {
            weight: name.to_owned(),
            bias,
            stride,
            padding,
            dilation,
            groups,
        };
        over_images(b, layer, &[&x], shape)?
    } else {
        if bias.is_some() {
            rest = a.optional((2, "bias"))?;
        }
        b.has_filters(&w, &w.full);
        let layer = ComputedConv {
            stride,
            padding,
            dilation,
            groups,
        };
        over_images(b, layer, &[&x, &w], shape)?
    };
    let Some(rest) = rest else {
        return Ok(vec![y]);
    };
    let column: Vec<usize> = std::iter::once(rest.full[0]).chain(vec![1; axes]).collect();
    let column = viewed(b, &rest, &column)?;
    Ok(vec![sum(b, y, column)?])
}

fn convolution(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    if a.flag((6, "transposed"), false)? {
        return Err(
            "is a transposed convolution in the decomposed form; export without decompositions"
                .into(),
        );
    }
    let axes = a.value((1, "weight"))?.rank().saturating_sub(2);
    let told = Told {
        stride: a.extents((3, "stride"), axes, 1)?,
        padding: a.extents((4, "padding"), axes, 0)?,
        dilation: a.extents((5, "dilation"), axes, 1)?,
        groups: groups(a, (8, "groups"))?,
    };
    convolved(b, a, told)
}

fn conv_transpose(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, w) = (a.value((0, "input"))?, a.value((1, "weight"))?);
    let axes = w.rank().saturating_sub(2);
    images(&x, axes)?;
    let Some((name, _)) = weight(&w) else {
        return Err("has computed weights, which a transposed convolution can't have here".into());
    };
    let (bias, None) = bias_of(a.optional((2, "bias"))?) else {
        return Err("has a computed bias".into());
    };
    let layer = TransposedConv {
        weight: name.to_owned(),
        bias,
        stride: a.extents((3, "stride"), axes, 1)?,
        padding: a.extents((4, "padding"), axes, 0)?,
        output_padding: a.extents((5, "output_padding"), axes, 0)?,
        dilation: a.extents((7, "dilation"), axes, 1)?,
        groups: groups(a, (6, "groups"))?,
    };
    let (stride, padding) = (layer.stride.clone(), layer.padding.clone());
    let (more, dilation) = (layer.output_padding.clone(), layer.dilation.clone());
    let outputs = w.full[1].saturating_mul(layer.groups);
    let y = over_images(b, layer, &[&x], |x| {
        let extent = |i: usize| {
            let reach = dilation[i] * (w.full[i + 2].saturating_sub(1)) + more[i] + 1;
            ((x[i + 2].saturating_sub(1)) * stride[i] + reach).saturating_sub(2 * padding[i])
        };
        [x[0], outputs]
            .into_iter()
            .chain((0..axes).map(extent))
            .collect()
    })?;
    Ok(vec![y])
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
        element: Element::Float,
        source: Source::Layer(None),
    };
    at = b.reshaped(Some(at), &like.layer_shape())?;
    Ok(vec![Value {
        source: Source::Layer(Some(at)),
        ..like
    }])
}
