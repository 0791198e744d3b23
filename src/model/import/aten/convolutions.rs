//! Convolutions.

use super::arguments::{Arguments, At};
use super::arithmetic::sum;
use super::builder::Builder;
use super::images::{images, over_images};
use super::motions::viewed;
use super::products::{bias_of, weight};
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{ComputedConv, Conv, TransposedConv};
use crate::model::shape::window::windows;

/// Convolutions.
pub const OPERATIONS: &[Entry] = &[
    ("conv1d", Reading::Call(conv)),
    ("conv2d", Reading::Call(conv)),
    ("conv3d", Reading::Call(conv)),
    ("convolution", Reading::Call(convolution)),
    ("conv_transpose1d", Reading::Call(conv_transpose)),
    ("conv_transpose2d", Reading::Call(conv_transpose)),
    ("conv_transpose3d", Reading::Call(conv_transpose)),
];

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
        return spread(b, a, [7, 8, 5]);
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
    spread(b, a, [5, 6, 7])
}

/// A transposed convolution whose output padding, groups and dilation stand at these places.
fn spread(
    b: &mut Builder<'_>,
    a: &Arguments<'_>,
    [more, group, step]: [usize; 3],
) -> Outcome<Vec<Value>> {
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
        output_padding: a.extents((more, "output_padding"), axes, 0)?,
        dilation: a.extents((step, "dilation"), axes, 1)?,
        groups: groups(a, (group, "groups"))?,
    };
    let (stride, padding) = (layer.stride.clone(), layer.padding.clone());
    let (more, dilation) = (layer.output_padding.clone(), layer.dilation.clone());
    let outputs = w.full[1].saturating_mul(layer.groups);
    let y = over_images(b, layer, &[&x], |x| {
        let extent = |i: usize| {
            // What is too large is refused by the layer.
            let reach = dilation[i].saturating_mul(w.full[i + 2].saturating_sub(1));
            let reach = reach.saturating_add(more[i]).saturating_add(1);
            let steps = x[i + 2].saturating_sub(1).saturating_mul(stride[i]);
            let whole = steps.saturating_add(reach);
            whole.saturating_sub(padding[i].saturating_mul(2))
        };
        [x[0], outputs]
            .into_iter()
            .chain((0..axes).map(extent))
            .collect()
    })?;
    Ok(vec![y])
}
