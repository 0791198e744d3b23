//! The modules of `torch.nn` that look through windows: convolutions, pools, padding, resampling.

use super::settings::{axes_in, count, flag, lacks, number, window, word};
use super::tensors::{optional, weight_shape};
use super::writer::{Step, Writer, integers, sizes, value};
use crate::checkpoint::{Attribute, Module};
use crate::model::import::traced::Argument;
use crate::model::shape::window::windows;

/// What the module `m` makes of `x`; `None` where its class isn't known here.
///
/// # Errors
/// What about it can't be followed.
pub fn leaf(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<Option<String>> {
    let made = match m.name() {
        "Conv1d" | "Conv2d" | "Conv3d" => conv(w, m, x)?,
        "ConvTranspose1d" | "ConvTranspose2d" | "ConvTranspose3d" => conv_transpose(w, m, x)?,
        "MaxPool1d" | "MaxPool2d" | "MaxPool3d" => max_pool(w, m, x)?,
        "AvgPool1d" | "AvgPool2d" | "AvgPool3d" => average_pool(w, m, x)?,
        "AdaptiveAvgPool1d" | "AdaptiveAvgPool2d" | "AdaptiveAvgPool3d" => {
            adaptive(w, m, x, "adaptive_avg_pool")?
        }
        "AdaptiveMaxPool1d" | "AdaptiveMaxPool2d" | "AdaptiveMaxPool3d" => {
            adaptive(w, m, x, "adaptive_max_pool")?
        }
        "PixelShuffle" => {
            let by = count(m, "upscale_factor", None)?.max(1);
            shuffled(w, x, "pixel_shuffle", by)?
        }
        "Upsample" | "UpsamplingNearest2d" | "UpsamplingBilinear2d" => upsample(w, m, x)?,
        "ZeroPad1d" | "ZeroPad2d" | "ZeroPad3d" | "ConstantPad1d" | "ConstantPad2d"
        | "ConstantPad3d" => {
            let filled = number(m, "value", Some(0.0))?;
            padded(w, m, x, "constant", filled)?
        }
        "ReflectionPad1d" | "ReflectionPad2d" => padded(w, m, x, "reflect", 0.0)?,
        "ReplicationPad1d" | "ReplicationPad2d" => padded(w, m, x, "replicate", 0.0)?,
        "CircularPad1d" | "CircularPad2d" => padded(w, m, x, "circular", 0.0)?,
        _ => return Ok(None),
    };
    Ok(Some(made))
}

/// The extents of an image behind its channels.
fn image(w: &Writer<'_>, x: &str, axes: usize) -> Step<(usize, Vec<usize>)> {
    let shape = w.shape(x);
    match shape.split_first() {
        Some((channels, rest)) if rest.len() == axes => Ok((*channels, rest.to_vec())),
        _ => Err(format!(
            "takes channels and {axes} more axes, but is given a sample of shape {shape:?}"
        )),
    }
}

struct Window {
    size: Vec<usize>,
    stride: Vec<usize>,
    padding: Vec<usize>,
    dilation: Vec<usize>,
    ceil: bool,
}

impl Window {
    fn over(&self, extents: &[usize]) -> Step<Vec<usize>> {
        let places = extents.iter().enumerate().map(|(i, &extent)| {
            let at = |of: &[usize]| of.get(i).copied();
            let count = windows(
                extent,
                at(&self.size)?,
                at(&self.stride)?,
                at(&self.padding)?,
                at(&self.dilation)?,
                self.ceil,
            );
            count.filter(|&n| n > 0)
        });
        let places: Option<Vec<usize>> = places.collect();
        places.ok_or_else(|| format!("has a window of {:?}, but is given {extents:?}", self.size))
    }
}

fn conv(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let axes = axes_in(m.name());
    let (channels, extents) = image(w, x, axes)?;
    let weight = weight_shape(w, m)?;
    let groups = count(m, "groups", Some(1))?;
    let (Some(&outputs), Some(&inputs), Some(size)) =
        (weight.first(), weight.get(1), weight.get(2..))
    else {
        return Err(format!("has a weight of shape {weight:?}"));
    };
    if size.len() != axes || inputs.checked_mul(groups) != Some(channels) {
        return Err(format!(
            "has a weight of shape {weight:?} and {groups} groups, but is given {channels} channels of {extents:?}"
        ));
    }
    let mut window = Window {
        size: size.to_vec(),
        stride: window(m, "stride", Some(1))?,
        padding: vec![0; axes],
        dilation: window(m, "dilation", Some(1))?,
        ceil: false,
    };
    let mode = word(m, "padding_mode", "zeros");
    let mut x = x.to_owned();
    let mut extents = extents;
    let by_word = m.attribute("padding").and_then(Attribute::text);
    let padding = match by_word {
        Some("valid") => sizes(&window.padding),
        Some("same") if mode == "zeros" && window.stride.iter().all(|&s| s == 1) => {
            Argument::Text("same".into())
        }
        Some(other) => return Err(format!("pads {other:?} by {mode:?}")),
        None => {
            window.padding = super::settings::window(m, "padding", Some(0))?;
            if mode != "zeros" {
                (x, extents) = edges(w, &x, channels, &extents, mode, &window.padding)?;
                window.padding = vec![0; axes];
            }
            sizes(&window.padding)
        }
    };
    let places = if matches!(padding, Argument::Text(_)) {
        extents
    } else {
        window.over(&extents)?
    };
    let kernel = optional(w, m, "weight")?;
    let all = vec![
        value(&x),
        kernel,
        optional(w, m, "bias")?,
        sizes(&window.stride),
        padding,
        sizes(&window.dilation),
        Argument::Integer(groups as i64),
    ];
    let shape = [outputs].into_iter().chain(places).collect();
    w.call(&format!("conv{axes}d"), all, shape)
}

/// An image padded by its own edges, as a convolution asks for it.
fn edges(
    w: &mut Writer<'_>,
    x: &str,
    channels: usize,
    extents: &[usize],
    mode: &str,
    padding: &[usize],
) -> Step<(String, Vec<usize>)> {
    let wide: Vec<usize> = extents
        .iter()
        .zip(padding)
        .map(|(n, p)| n + 2 * p)
        .collect();
    let shape = [channels].into_iter().chain(wide.iter().copied()).collect();
    let ends = padding.iter().rev().flat_map(|&p| [p as i64, p as i64]);
    let all = vec![
        value(x),
        integers(ends),
        Argument::Text(mode.to_owned()),
        Argument::Absent,
    ];
    Ok((w.call("pad", all, shape)?, wide))
}

fn conv_transpose(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let axes = axes_in(m.name());
    let (_, extents) = image(w, x, axes)?;
    let weight = weight_shape(w, m)?;
    let groups = count(m, "groups", Some(1))?;
    let stride = window(m, "stride", Some(1))?;
    let padding = window(m, "padding", Some(0))?;
    let more = window(m, "output_padding", Some(0))?;
    let dilation = window(m, "dilation", Some(1))?;
    let size = weight.get(2..).unwrap_or_default();
    let places = (0..axes).map(|i| {
        let at = |of: &[usize]| of.get(i).copied();
        let reach = at(&dilation)?
            .checked_mul(at(size)?.checked_sub(1)?)?
            .checked_add(1)?;
        let start = at(&extents)?.checked_sub(1)?.checked_mul(at(&stride)?)?;
        let whole = start.checked_add(reach)?.checked_add(at(&more)?)?;
        whole.checked_sub(at(&padding)?.checked_mul(2)?)
    });
    let places: Option<Vec<usize>> = places.collect();
    let places =
        places.ok_or_else(|| format!("has a weight of shape {weight:?} for {extents:?}"))?;
    let outputs = weight.get(1).copied().unwrap_or(0).saturating_mul(groups);
    let kernel = optional(w, m, "weight")?;
    let all = vec![
        value(x),
        kernel,
        optional(w, m, "bias")?,
        sizes(&stride),
        sizes(&padding),
        sizes(&more),
        Argument::Integer(groups as i64),
        sizes(&dilation),
    ];
    let shape = [outputs].into_iter().chain(places).collect();
    w.call(&format!("conv_transpose{axes}d"), all, shape)
}

fn pool(m: &Module) -> Step<Window> {
    let size = window(m, "kernel_size", None)?;
    let own = m
        .attribute("stride")
        .is_some_and(|stride| !stride.is_none());
    Ok(Window {
        stride: if own {
            window(m, "stride", None)?
        } else {
            size.clone()
        },
        padding: window(m, "padding", Some(0))?,
        dilation: window(m, "dilation", Some(1))?,
        ceil: flag(m, "ceil_mode", false),
        size,
    })
}

fn max_pool(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    if flag(m, "return_indices", false) {
        return Err("gives its indices beside its values".into());
    }
    let axes = axes_in(m.name());
    let (channels, extents) = image(w, x, axes)?;
    let window = pool(m)?;
    let shape = [channels]
        .into_iter()
        .chain(window.over(&extents)?)
        .collect();
    let all = vec![
        value(x),
        sizes(&window.size),
        sizes(&window.stride),
        sizes(&window.padding),
        sizes(&window.dilation),
        Argument::Bool(window.ceil),
    ];
    w.call(&format!("max_pool{axes}d"), all, shape)
}

fn average_pool(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let axes = axes_in(m.name());
    let (channels, extents) = image(w, x, axes)?;
    let window = pool(m)?;
    let shape = [channels]
        .into_iter()
        .chain(window.over(&extents)?)
        .collect();
    let mut all = vec![
        value(x),
        sizes(&window.size),
        sizes(&window.stride),
        sizes(&window.padding),
        Argument::Bool(window.ceil),
        Argument::Bool(flag(m, "count_include_pad", true)),
    ];
    if let Some(divisor) = m.attribute("divisor_override").and_then(Attribute::integer) {
        all.push(Argument::Integer(divisor));
    }
    w.call(&format!("avg_pool{axes}d"), all, shape)
}

fn adaptive(w: &mut Writer<'_>, m: &Module, x: &str, operation: &str) -> Step<String> {
    let axes = axes_in(m.name());
    let (channels, extents) = image(w, x, axes)?;
    if flag(m, "return_indices", false) {
        return Err("gives its indices beside its values".into());
    }
    let asked = m
        .attribute("output_size")
        .ok_or_else(|| lacks(m, "output_size"))?;
    let places = match asked {
        Attribute::List(items) if items.len() == axes => items
            .iter()
            .zip(&extents)
            .map(|(item, &extent)| match item {
                Attribute::None => Some(extent),
                other => usize::try_from(other.integer()?).ok(),
            })
            .collect(),
        Attribute::None => Some(extents),
        one => one
            .integer()
            .and_then(|n| usize::try_from(n).ok())
            .map(|n| vec![n; axes]),
    };
    let places: Vec<usize> = places.ok_or("has an output_size that isn't sizes")?;
    let all = vec![value(x), sizes(&places)];
    let shape = [channels].into_iter().chain(places).collect();
    w.call(&format!("{operation}{axes}d"), all, shape)
}

fn shuffled(w: &mut Writer<'_>, x: &str, operation: &str, by: usize) -> Step<String> {
    let (channels, extents) = image(w, x, 2)?;
    let wide = extents.iter().map(|n| n.saturating_mul(by));
    let shape = [channels / by.saturating_mul(by).max(1)]
        .into_iter()
        .chain(wide)
        .collect();
    w.call(
        operation,
        vec![value(x), Argument::Integer(by as i64)],
        shape,
    )
}

fn padded(w: &mut Writer<'_>, m: &Module, x: &str, mode: &str, filled: f64) -> Step<String> {
    let axes = axes_in(m.name());
    let (channels, extents) = image(w, x, axes)?;
    let ends = m.attribute("padding").and_then(Attribute::integers);
    let ends = match ends.as_deref() {
        Some([one]) => vec![*one; 2 * axes],
        Some(several) if several.len() == 2 * axes => several.to_vec(),
        _ => return Err(format!("has a padding that isn't {} sizes", 2 * axes)),
    };
    // The last axis comes first.
    let wide = extents
        .iter()
        .zip(ends.chunks_exact(2).rev())
        .map(|(&extent, ends)| {
            let more: i64 = ends.iter().sum();
            usize::try_from(i64::try_from(extent).ok()?.checked_add(more)?).ok()
        });
    let wide: Option<Vec<usize>> = wide.collect();
    let wide = wide.ok_or("takes more away than there is")?;
    let shape = [channels].into_iter().chain(wide).collect();
    let filled = if mode == "constant" {
        Argument::Float(filled)
    } else {
        Argument::Absent
    };
    let all = vec![
        value(x),
        integers(ends),
        Argument::Text(mode.to_owned()),
        filled,
    ];
    w.call("pad", all, shape)
}

fn upsample(w: &mut Writer<'_>, m: &Module, x: &str) -> Step<String> {
    let shape = w.shape(x);
    let axes = shape.len().saturating_sub(1);
    let (channels, extents) = image(w, x, axes)?;
    let name = match (word(m, "mode", "nearest"), axes) {
        ("nearest", _) => format!("upsample_nearest{axes}d"),
        ("nearest-exact", _) => format!("_upsample_nearest_exact{axes}d"),
        ("linear", 1) => "upsample_linear1d".to_owned(),
        ("bilinear", 2) => "upsample_bilinear2d".to_owned(),
        ("bicubic", 2) => "upsample_bicubic2d".to_owned(),
        ("trilinear", 3) => "upsample_trilinear3d".to_owned(),
        (mode, _) => return Err(format!("resamples by {mode:?} over {axes} axes")),
    };
    let size = m.attribute("size").and_then(Attribute::integers);
    let scale = match m.attribute("scale_factor") {
        Some(Attribute::List(items)) => items.iter().map(Attribute::float).collect(),
        Some(one) => one.float().map(|scale| vec![scale; axes]),
        None => None,
    };
    let (size, scale, places) = match (size, scale) {
        (Some(size), _) => {
            let size = if size.len() == 1 {
                size.repeat(axes)
            } else {
                size
            };
            let places: Option<Vec<usize>> =
                size.iter().map(|&n| usize::try_from(n).ok()).collect();
            (integers(size), Argument::Absent, places)
        }
        (None, Some(scale)) => {
            let places = extents.iter().zip(&scale).map(|(&n, s)| {
                let wide = (n as f64 * s).floor();
                (wide >= 1.0 && wide < 1e9).then_some(wide as usize)
            });
            let places = places.collect();
            let scale = scale.into_iter().map(Argument::Float).collect();
            (Argument::Absent, Argument::List(scale), places)
        }
        (None, None) => return Err(lacks(m, "scale_factor")),
    };
    let places = places
        .filter(|places| places.len() == axes)
        .ok_or("has a size that isn't known")?;
    let mut all = vec![value(x), size];
    if !name.contains("nearest") {
        let corners = m.attribute("align_corners").and_then(Attribute::bool);
        all.push(Argument::Bool(corners.unwrap_or(false)));
    }
    all.push(scale);
    let shape = [channels].into_iter().chain(places).collect();
    w.call(&name, all, shape)
}
