//! Pools over windows and parts, and images in other sizes.

use super::arguments::Arguments;
use super::arithmetic::scaled;
use super::builder::Builder;
use super::images::{images, over_images};
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{
    AdaptiveAveragePool, AdaptiveMaxPool, AveragePool, Interpolation, MaxPool, PixelShuffle,
    PixelUnshuffle, Upsample,
};
use crate::model::shape::window::windows;

/// Pools and resampling.
pub const OPERATIONS: &[Entry] = &[
    ("max_pool1d", Reading::Call(max_pool)),
    ("max_pool2d", Reading::Call(max_pool)),
    ("max_pool3d", Reading::Call(max_pool)),
    ("max_pool2d_with_indices", Reading::Call(max_pool)),
    ("max_pool3d_with_indices", Reading::Call(max_pool)),
    ("avg_pool1d", Reading::Call(average_pool)),
    ("avg_pool2d", Reading::Call(average_pool)),
    ("avg_pool3d", Reading::Call(average_pool)),
    ("adaptive_avg_pool1d", Reading::Call(adaptive)),
    ("adaptive_avg_pool2d", Reading::Call(adaptive)),
    ("adaptive_avg_pool3d", Reading::Call(adaptive)),
    ("_adaptive_avg_pool2d", Reading::Call(adaptive)),
    ("_adaptive_avg_pool3d", Reading::Call(adaptive)),
    ("adaptive_max_pool1d", Reading::Call(adaptive)),
    ("adaptive_max_pool2d", Reading::Call(adaptive)),
    ("adaptive_max_pool3d", Reading::Call(adaptive)),
    ("upsample_nearest1d", Reading::Call(upsample)),
    ("upsample_nearest2d", Reading::Call(upsample)),
    ("upsample_nearest3d", Reading::Call(upsample)),
    ("_upsample_nearest_exact1d", Reading::Call(upsample)),
    ("_upsample_nearest_exact2d", Reading::Call(upsample)),
    ("upsample_linear1d", Reading::Call(upsample)),
    ("upsample_bilinear2d", Reading::Call(upsample)),
    ("upsample_trilinear3d", Reading::Call(upsample)),
    ("upsample_bicubic2d", Reading::Call(upsample)),
    ("pixel_shuffle", Reading::Call(pixels)),
    ("pixel_unshuffle", Reading::Call(pixels)),
];

/// How many axes an operation works over, by the digit in its name.
fn axes_of(operation: &str) -> usize {
    let plain = operation.trim_end_matches("_with_indices");
    let digit = plain.chars().rev().find(char::is_ascii_digit);
    digit.and_then(|d| d.to_digit(10)).unwrap_or(2) as usize
}

/// The extents after a window.
fn pooled(
    x: &[usize],
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> Vec<usize> {
    let extent = |i: usize| {
        windows(x[i + 2], size[i], stride[i], padding[i], dilation[i], ceil).unwrap_or(0)
    };
    let rest = (0..size.len()).map(extent);
    x[..2].iter().copied().chain(rest).collect()
}

/// What is pooled, `[batch, channels, …]`.
fn input(a: &Arguments<'_>, axes: usize) -> Outcome<Value> {
    let x = if a.has((0, "self")) {
        a.value((0, "self"))?
    } else {
        a.value((0, "input"))?
    };
    images(&x, axes)?;
    Ok(x)
}

fn strides(a: &Arguments<'_>, axes: usize, size: &[usize]) -> Outcome<Vec<usize>> {
    if a.list((2, "stride"))?.is_empty() {
        return Ok(size.to_vec());
    }
    a.extents((2, "stride"), axes, 1)
}

fn max_pool(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let axes = axes_of(a.operation.trim_end_matches("_with_indices"));
    let x = input(a, axes)?;
    let size = a.extents((1, "kernel_size"), axes, 1)?;
    let stride = strides(a, axes, &size)?;
    let padding = a.extents((3, "padding"), axes, 0)?;
    let dilation = a.extents((4, "dilation"), axes, 1)?;
    let ceil = a.flag((5, "ceil_mode"), false)?;
    let layer = MaxPool {
        size: size.clone(),
        stride: stride.clone(),
        padding: padding.clone(),
        dilation: dilation.clone(),
        ceil,
    };
    let shape = |x: &[usize]| pooled(x, &size, &stride, &padding, &dilation, ceil);
    Ok(vec![over_images(b, layer, &[&x], shape)?])
}

fn average_pool(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let axes = axes_of(a.operation);
    let x = input(a, axes)?;
    let size = a.extents((1, "kernel_size"), axes, 1)?;
    let stride = strides(a, axes, &size)?;
    let padding = a.extents((3, "padding"), axes, 0)?;
    let ceil = a.flag((4, "ceil_mode"), false)?;
    let divisor = a.number((6, "divisor_override"))?;
    let layer = AveragePool {
        size: size.clone(),
        stride: stride.clone(),
        padding: padding.clone(),
        count_padding: divisor.is_some() || a.flag((5, "count_include_pad"), true)?,
        ceil,
    };
    if divisor.is_some() && ceil {
        return Err("has a divisor of its own and partial windows, which isn't supported".into());
    }
    let ones = vec![1; axes];
    let taps: usize = size.iter().product();
    let shape = |x: &[usize]| pooled(x, &size, &stride, &padding, &ones, ceil);
    let y = over_images(b, layer, &[&x], shape)?;
    Ok(vec![match divisor {
        Some(divisor) => scaled(b, &y, taps as f64 / divisor)?,
        None => y,
    }])
}

fn adaptive(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let axes = axes_of(a.operation);
    let x = input(a, axes)?;
    let size = a.extents((1, "output_size"), axes, 1)?;
    let own = size.clone();
    let shape = |x: &[usize]| [&x[..2], &own[..]].concat();
    let y = if a.operation.contains("max") {
        over_images(b, AdaptiveMaxPool { size }, &[&x], shape)?
    } else {
        over_images(b, AdaptiveAveragePool { size }, &[&x], shape)?
    };
    Ok(vec![y])
}

fn upsample(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let axes = axes_of(a.operation);
    let x = input(a, axes)?;
    let mode = match a.operation {
        name if name.contains("exact") => Interpolation::NearestExact,
        name if name.contains("nearest") => Interpolation::Nearest,
        name if name.contains("bicubic") => Interpolation::Cubic,
        _ => Interpolation::Linear,
    };
    let nearest = matches!(mode, Interpolation::Nearest | Interpolation::NearestExact);
    // The schemas differ by one flag, and by scales that are a list or one argument an axis.
    let at = if nearest { 2 } else { 3 };
    let align_corners = !nearest && a.flag((2, "align_corners"), false)?;
    let mut scales = a.numbers((at, "scale_factors"))?;
    let single = if axes == 1 {
        [(at, "scales"), (at, "scales"), (at, "scales")]
    } else {
        let offset = usize::from(axes == 3);
        [
            (at, "scales_d"),
            (at + offset, "scales_h"),
            (at + offset + 1, "scales_w"),
        ]
    };
    if scales.is_none() {
        let each: Outcome<Vec<Option<f64>>> =
            single[3 - axes..].iter().map(|at| a.number(*at)).collect();
        scales = each?.into_iter().collect();
    }
    let size = match a.integers((1, "output_size"))? {
        Some(size) if !size.is_empty() => Some(a.extents((1, "output_size"), axes, 1)?),
        _ => None,
    };
    let by_scale = |x: &[usize]| -> Vec<usize> {
        let all = scales.iter().flatten().zip(&x[2..]);
        all.map(|(s, n)| (*n as f64 * s).floor() as usize).collect()
    };
    let extents = match (&size, &scales) {
        (Some(size), _) => size.clone(),
        (None, Some(scales)) if scales.len() == axes => by_scale(&x.full),
        _ => return Err("has neither a size nor a scale for every axis".into()),
    };
    // Positions are stepped by the scale where there is one; a size beside it must be the one that it gives.
    let scale = scales.clone().filter(|_| !align_corners);
    if scale.is_some() && by_scale(&x.full) != extents {
        return Err("has a size and a scale that don't give each other".into());
    }
    let layer = Upsample {
        size: scale.is_none().then(|| extents.clone()),
        scale,
        mode,
        align_corners,
    };
    let y = over_images(b, layer, &[&x], |x| [&x[..2], &extents[..]].concat())?;
    Ok(vec![y])
}

fn pixels(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = input(a, 2)?;
    let up = a.operation == "pixel_shuffle";
    let name = if up {
        "upscale_factor"
    } else {
        "downscale_factor"
    };
    let factor = a.integer_or((1, name), 1)?;
    let r = usize::try_from(factor)
        .ok()
        .filter(|r| (1..1 << 16).contains(r));
    let r = r.ok_or_else(|| format!("has {name} = {factor}"))?;
    let y = if up {
        let shape = |x: &[usize]| vec![x[0], x[1] / (r * r), x[2] * r, x[3] * r];
        over_images(b, PixelShuffle { factor: r }, &[&x], shape)?
    } else {
        let shape = |x: &[usize]| vec![x[0], x[1] * r * r, x[2] / r, x[3] / r];
        over_images(b, PixelUnshuffle { factor: r }, &[&x], shape)?
    };
    Ok(vec![y])
}
