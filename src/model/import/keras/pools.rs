//! The layers of Keras that look through windows, with TensorFlow's padding: `same` puts what is odd at the end.

use super::image::{self, Value};
use super::layers::{Layer, ends};
use crate::model::import::pickled::writer::{Step, Writer, sizes, value};
use crate::model::import::traced::Argument;
use crate::model::shape::window::windows;

/// What a layer makes of `x`; `None` where its class isn't known here.
///
/// # Errors
/// What about it can't be followed.
pub fn made(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Option<Value>> {
    let axes = layer.class.chars().rev().find(char::is_ascii_digit);
    let axes = axes.and_then(|digit| digit.to_digit(10)).unwrap_or(0) as usize;
    let own = layer.channels_first();
    let kind = layer
        .class
        .trim_end_matches(|c: char| c == 'D' || c.is_ascii_digit());
    let known = [
        "Conv",
        "Convolution",
        "DepthwiseConv",
        "SeparableConv",
        "MaxPooling",
        "AveragePooling",
        "GlobalAveragePooling",
        "GlobalMaxPooling",
        "ZeroPadding",
        "UpSampling",
    ];
    let transposed = layer.class == "Conv2DTranspose";
    if !(known.contains(&kind) && (1..=3).contains(&axes)) && !transposed {
        return Ok(None);
    }
    let name = image::channels_first(w, x, own)?;
    let shape = w.shape(&name);
    let Some((&channels, extents)) = shape.split_first().filter(|(_, rest)| rest.len() == axes)
    else {
        return Err(format!(
            "takes channels and {axes} more axes, but is given {shape:?}"
        ));
    };
    let extents = extents.to_vec();
    let image = Image {
        name,
        channels,
        extents,
    };
    let made = match kind {
        _ if transposed => conv_transpose(w, layer, image)?,
        "Conv" | "Convolution" => {
            let groups = layer
                .sizes("groups", 1, Some(1))?
                .first()
                .copied()
                .unwrap_or(1);
            conv(w, layer, image, ["weight", "bias"], groups)?
        }
        "DepthwiseConv" => conv(w, layer, image, ["weight", "bias"], channels)?,
        "SeparableConv" => {
            let image = conv(w, layer, image, ["depthwise.weight", ""], channels)?;
            pointwise(w, layer, image)?
        }
        "MaxPooling" => pool(w, layer, image, "max_pool")?,
        "AveragePooling" => pool(w, layer, image, "avg_pool")?,
        "GlobalAveragePooling" | "GlobalMaxPooling" => {
            let over: Vec<usize> = (2..2 + axes).collect();
            let keep = layer.flag("keepdims", false);
            let pooled = if kind == "GlobalAveragePooling" {
                w.mean(&image.name, &over, keep)?
            } else {
                let ones = vec![1; if keep { axes } else { 0 }];
                let shape = [channels].into_iter().chain(ones).collect();
                let all = vec![value(&image.name), sizes(&over), Argument::Bool(keep)];
                w.call("amax", all, shape)?
            };
            return Ok(Some(Value {
                name: pooled,
                first: keep && !own,
            }));
        }
        "ZeroPadding" => {
            let pads = zero_padding(layer, axes)?;
            padded(w, image, &pads)?
        }
        _ => upsampled(w, layer, image)?,
    };
    Ok(Some(Value {
        name: made.name,
        first: !own,
    }))
}

/// A value with its channels first.
struct Image {
    name: String,
    channels: usize,
    extents: Vec<usize>,
}

/// What TensorFlow adds before and after an axis for `same`.
fn same(extent: usize, size: usize, stride: usize, dilation: usize) -> Step<(usize, usize)> {
    let reach = size
        .checked_sub(1)
        .and_then(|n| n.checked_mul(dilation))
        .and_then(|n| n.checked_add(1));
    let (Some(reach), true) = (reach, stride > 0 && extent > 0) else {
        return Err(format!("has a window of {size} by steps of {stride}"));
    };
    let needed = (extent.div_ceil(stride) - 1)
        .saturating_mul(stride)
        .saturating_add(reach);
    let more = needed.saturating_sub(extent);
    Ok((more / 2, more - more / 2))
}

/// What is added before and after every axis, by the layer's padding.
fn pads(
    layer: &Layer<'_>,
    extents: &[usize],
    size: &[usize],
    stride: &[usize],
    dilation: &[usize],
) -> Step<Vec<(usize, usize)>> {
    match layer.word("padding").unwrap_or("valid") {
        "valid" => Ok(vec![(0, 0); extents.len()]),
        "same" => {
            let all = extents.iter().zip(size).zip(stride.iter().zip(dilation));
            all.map(|((&n, &k), (&s, &d))| same(n, k, s, d)).collect()
        }
        "causal" => {
            let reach = size
                .iter()
                .zip(dilation)
                .map(|(k, d)| (k.saturating_sub(1).saturating_mul(*d), 0));
            Ok(reach.collect())
        }
        other => Err(format!("pads by {other:?}")),
    }
}

fn padded(w: &mut Writer<'_>, image: Image, pads: &[(usize, usize)]) -> Step<Image> {
    if pads.iter().all(|pad| *pad == (0, 0)) {
        return Ok(image);
    }
    let extents = image.extents.iter().zip(pads);
    let extents: Vec<usize> = extents
        .map(|(n, (before, after))| n.saturating_add(*before).saturating_add(*after))
        .collect();
    let shape = [image.channels]
        .into_iter()
        .chain(extents.iter().copied())
        .collect();
    let all = vec![
        value(&image.name),
        ends(pads),
        Argument::Text("constant".into()),
        Argument::Float(0.0),
    ];
    Ok(Image {
        name: w.call("pad", all, shape)?,
        extents,
        ..image
    })
}

/// How many windows there are along every axis.
fn places(
    extents: &[usize],
    [size, stride, padding, dilation]: [&[usize]; 4],
    ceil: bool,
) -> Step<Vec<usize>> {
    let counts = extents.iter().enumerate().map(|(i, &n)| {
        let at = |of: &[usize]| of.get(i).copied();
        windows(n, at(size)?, at(stride)?, at(padding)?, at(dilation)?, ceil).filter(|&n| n > 0)
    });
    let counts: Option<Vec<usize>> = counts.collect();
    counts.ok_or_else(|| format!("has a window of {size:?}, but is given {extents:?}"))
}

fn conv(
    w: &mut Writer<'_>,
    layer: &Layer<'_>,
    image: Image,
    [kernel, bias]: [&str; 2],
    groups: usize,
) -> Step<Image> {
    let axes = image.extents.len();
    let weight = w.tensor_shape(&format!("{}.{kernel}", layer.path))?;
    let (Some(&outputs), Some(&inputs), Some(size)) =
        (weight.first(), weight.get(1), weight.get(2..))
    else {
        return Err(format!("has a kernel of shape {weight:?}"));
    };
    if size.len() != axes || inputs.checked_mul(groups) != Some(image.channels) {
        return Err(format!(
            "has a kernel of shape {weight:?}, but is given {} channels of {:?}",
            image.channels, image.extents
        ));
    }
    let stride = layer.sizes("strides", axes, Some(1))?;
    let dilation = layer.sizes("dilation_rate", axes, Some(1))?;
    let pads = pads(layer, &image.extents, size, &stride, &dilation)?;
    let even = pads.iter().all(|(before, after)| before == after);
    let (image, padding) = if even {
        (image, pads.iter().map(|(before, _)| *before).collect())
    } else {
        (padded(w, image, &pads)?, vec![0; axes])
    };
    let extents = places(&image.extents, [size, &stride, &padding, &dilation], false)?;
    let weight = layer.tensor(w, kernel)?;
    let bias = layer.tensor_if(w, bias, !bias.is_empty() && layer.flag("use_bias", true))?;
    let all = vec![
        value(&image.name),
        weight,
        bias,
        sizes(&stride),
        sizes(&padding),
        sizes(&dilation),
        Argument::Integer(groups as i64),
    ];
    let shape = [outputs]
        .into_iter()
        .chain(extents.iter().copied())
        .collect();
    Ok(Image {
        name: w.call(&format!("conv{axes}d"), all, shape)?,
        channels: outputs,
        extents,
    })
}

/// The second half of a separable convolution: over the channels of each place.
fn pointwise(w: &mut Writer<'_>, layer: &Layer<'_>, image: Image) -> Step<Image> {
    let axes = image.extents.len();
    let weight = w.tensor_shape(&format!("{}.pointwise.weight", layer.path))?;
    let outputs = *weight.first().ok_or("has no pointwise kernel")?;
    let kernel = layer.tensor(w, "pointwise.weight")?;
    let bias = layer.tensor_if(w, "pointwise.bias", layer.flag("use_bias", true))?;
    let (ones, zeros) = (vec![1; axes], vec![0; axes]);
    let all = vec![
        value(&image.name),
        kernel,
        bias,
        sizes(&ones),
        sizes(&zeros),
        sizes(&ones),
        Argument::Integer(1),
    ];
    let shape = [outputs]
        .into_iter()
        .chain(image.extents.iter().copied())
        .collect();
    Ok(Image {
        name: w.call(&format!("conv{axes}d"), all, shape)?,
        channels: outputs,
        ..image
    })
}

fn conv_transpose(w: &mut Writer<'_>, layer: &Layer<'_>, image: Image) -> Step<Image> {
    let weight = w.tensor_shape(&format!("{}.weight", layer.path))?;
    let (Some(&outputs), Some(size)) = (weight.get(1), weight.get(2..)) else {
        return Err(format!("has a kernel of shape {weight:?}"));
    };
    let stride = layer.sizes("strides", 2, Some(1))?;
    let dilation = layer.sizes("dilation_rate", 2, Some(1))?;
    let set = layer
        .config
        .get("output_padding")
        .is_some_and(|set| !set.is_null());
    if set || dilation.iter().any(|&d| d != 1) || size.len() != 2 {
        return Err("has an output padding or a dilation".into());
    }
    let same = layer.word("padding") == Some("same");
    let (mut padding, mut more, mut extents) = (Vec::new(), Vec::new(), Vec::new());
    for ((&n, &k), &s) in image.extents.iter().zip(size).zip(&stride) {
        let over = k.saturating_sub(s);
        if same && over % 2 == 1 {
            return Err(format!(
                "cuts {over} places off, one more at the end than at the start"
            ));
        }
        padding.push(if same { over / 2 } else { 0 });
        more.push(s.saturating_sub(k));
        let whole = n.saturating_mul(s);
        extents.push(if same {
            whole
        } else {
            whole.saturating_add(over)
        });
    }
    let kernel = layer.tensor(w, "weight")?;
    let bias = layer.tensor_if(w, "bias", layer.flag("use_bias", true))?;
    let all = vec![
        value(&image.name),
        kernel,
        bias,
        sizes(&stride),
        sizes(&padding),
        sizes(&more),
        Argument::Integer(1),
        sizes(&dilation),
    ];
    let shape = [outputs]
        .into_iter()
        .chain(extents.iter().copied())
        .collect();
    Ok(Image {
        name: w.call("conv_transpose2d", all, shape)?,
        channels: outputs,
        extents,
    })
}

/// A pool; what `same` adds is never counted. An odd place at the end is what a window may reach beyond it.
fn pool(w: &mut Writer<'_>, layer: &Layer<'_>, image: Image, operation: &str) -> Step<Image> {
    let axes = image.extents.len();
    let size = layer.sizes("pool_size", axes, Some(2))?;
    let own = layer
        .config
        .get("strides")
        .is_some_and(|set| !set.is_null());
    let stride = if own {
        layer.sizes("strides", axes, None)?
    } else {
        size.clone()
    };
    let ones = vec![1; axes];
    let pads = pads(layer, &image.extents, &size, &stride, &ones)?;
    let even = pads.iter().all(|(before, after)| before == after);
    if !even && pads.iter().any(|(before, _)| *before > 0) {
        return Err(format!("pads {pads:?} places before and after"));
    }
    let padding: Vec<usize> = pads.iter().map(|(before, _)| *before).collect();
    let extents = places(&image.extents, [&size, &stride, &padding, &ones], !even)?;
    let mut all = vec![
        value(&image.name),
        sizes(&size),
        sizes(&stride),
        sizes(&padding),
    ];
    if operation == "max_pool" {
        all.push(sizes(&ones));
    }
    all.push(Argument::Bool(!even));
    if operation == "avg_pool" {
        all.push(Argument::Bool(false));
    }
    let shape = [image.channels]
        .into_iter()
        .chain(extents.iter().copied())
        .collect();
    Ok(Image {
        name: w.call(&format!("{operation}{axes}d"), all, shape)?,
        extents,
        ..image
    })
}

fn zero_padding(layer: &Layer<'_>, axes: usize) -> Step<Vec<(usize, usize)>> {
    let size = |json: &serde_json::Value| json.as_u64().and_then(|n| usize::try_from(n).ok());
    let set = layer.config.get("padding");
    if let Some(one) = set.and_then(size) {
        return Ok(vec![(one, one); axes]);
    }
    let items = set.and_then(serde_json::Value::as_array);
    let items = items.ok_or("has no padding")?;
    // A pair for the only axis, or for every axis a pair or a number.
    if axes == 1 && items.len() == 2 {
        let both = items.iter().map(size).collect::<Option<Vec<_>>>();
        if let Some([before, after]) = both.as_deref() {
            return Ok(vec![(*before, *after)]);
        }
    }
    let pads = items
        .iter()
        .map(|item| match item.as_array().map(Vec::as_slice) {
            Some([before, after]) => Some((size(before)?, size(after)?)),
            _ => size(item).map(|n| (n, n)),
        });
    let pads: Option<Vec<_>> = pads.collect();
    let pads = pads.filter(|pads| pads.len() == axes);
    pads.ok_or_else(|| format!("has no padding for {axes} axes"))
}

fn upsampled(w: &mut Writer<'_>, layer: &Layer<'_>, image: Image) -> Step<Image> {
    let axes = image.extents.len();
    let size = layer.sizes("size", axes, Some(2))?;
    let extents: Vec<usize> = image
        .extents
        .iter()
        .zip(&size)
        .map(|(n, s)| n.saturating_mul(*s))
        .collect();
    let shape = [image.channels]
        .into_iter()
        .chain(extents.iter().copied())
        .collect();
    let mut all = vec![value(&image.name), sizes(&extents)];
    let name = match (layer.word("interpolation").unwrap_or("nearest"), axes) {
        ("nearest", _) => format!("upsample_nearest{axes}d"),
        ("bilinear", 2) => {
            all.push(Argument::Bool(false));
            "upsample_bilinear2d".to_owned()
        }
        (other, _) => return Err(format!("resamples by {other:?}")),
    };
    all.push(Argument::Absent);
    Ok(Image {
        name: w.call(&name, all, shape)?,
        extents,
        ..image
    })
}
