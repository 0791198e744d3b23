//! Convolutions and pools.

use super::known::Known;
use super::node::{Node, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::{Argument, Element};
use crate::store::Parsed;

/// Operators over windows.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("Conv", Reading::By(conv)),
    ("ConvTranspose", Reading::By(conv_transpose)),
    ("MaxPool", Reading::By(max_pool)),
    ("AveragePool", Reading::By(average_pool)),
    ("GlobalAveragePool", Reading::By(global_average)),
    ("GlobalMaxPool", Reading::By(global_max)),
];

/// Paddings before and after each axis.
type Sides = (Vec<i64>, Vec<i64>);

/// The paddings of windows over `axes` axes.
fn pads(
    node: &mut Node<'_, '_>,
    kernel: &[i64],
    strides: &[i64],
    dilations: &[i64],
) -> Parsed<Sides> {
    let axes = kernel.len();
    let auto = node.text("auto_pad");
    match auto.as_str() {
        "" | "NOTSET" => {
            let pads = node.integers("pads").unwrap_or_else(|| vec![0; 2 * axes]);
            if pads.len() != 2 * axes {
                return Err(format!("pads {pads:?} of {axes} axes"));
            }
            Ok((pads[..axes].to_vec(), pads[axes..].to_vec()))
        }
        "VALID" => Ok((vec![0; axes], vec![0; axes])),
        "SAME_UPPER" | "SAME_LOWER" => {
            let shape = node.shape(0)?.unwrap_or_default();
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for at in 0..axes {
                let extent = shape.get(2 + at).copied().flatten();
                let extent = extent.ok_or(
                    "its padding depends on a shape that isn't known before that of the data is",
                )?;
                let (extent, stride) = (extent as i64, strides[at].max(1));
                let reach = (kernel[at] - 1).saturating_mul(dilations[at]) + 1;
                let windows = extent.saturating_add(stride - 1) / stride;
                let total = ((windows - 1) * stride + reach - extent).max(0);
                let (less, more) = (total / 2, total - total / 2);
                let upper = auto == "SAME_UPPER";
                before.push(if upper { less } else { more });
                after.push(if upper { more } else { less });
            }
            Ok((before, after))
        }
        other => Err(format!("auto_pad {other:?}")),
    }
}

/// What is read, padded where the two sides differ; gives the padding that is left to do on both sides.
fn padded(node: &mut Node<'_, '_>, sides: Sides, fill: f64) -> Parsed<(String, Vec<i64>)> {
    let x = node.tensor(0)?;
    let (before, after) = sides;
    if before == after {
        return Ok((x, before));
    }
    let pairs = before.iter().zip(&after).rev();
    let pads: Vec<i64> = pairs
        .flat_map(|(&before, &after)| [before, after])
        .collect();
    let fill = Argument::Float(fill);
    let padded = node.call(
        "pad",
        vec![
            value(&x),
            list(&pads),
            Argument::Text("constant".into()),
            fill,
        ],
    )?;
    Ok((padded, vec![0; before.len()]))
}

fn numbers(node: &Node<'_, '_>, name: &str, axes: usize) -> Parsed<Vec<i64>> {
    let own = node.integers(name).unwrap_or_else(|| vec![1; axes]);
    // So that no arithmetic with them can overflow.
    if own.len() != axes || own.iter().any(|n| !(0..1 << 24).contains(n)) {
        return Err(format!("{name} {own:?} of {axes} axes"));
    }
    Ok(own)
}

/// The bias, or nothing where all of it is zero: an exporter writes zeros where there is none.
fn bias(node: &mut Node<'_, '_>) -> Parsed<Argument> {
    if node.has(2)
        && let Value::Known(known) = node.value(2)?
        && known.values.iter().all(|&n| n == 0.0)
    {
        return Ok(Argument::Absent);
    }
    node.optional(2)
}

/// The extents of the windows, from the weight.
fn kernel(node: &mut Node<'_, '_>) -> Parsed<Vec<i64>> {
    let shape = node.shape(1)?.ok_or("its weight has no shape")?;
    let extents = shape.iter().skip(2).map(|n| n.map(|n| n as i64));
    let extents: Option<Vec<i64>> = extents.collect();
    let extents =
        extents.filter(|own| (1..=3).contains(&own.len()) && own.iter().all(|&n| n < 1 << 24));
    extents.ok_or_else(|| format!("a weight of shape {shape:?}, expected three to five axes"))
}

fn conv(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let kernel = kernel(node)?;
    let axes = kernel.len();
    let (strides, dilations) = (
        numbers(node, "strides", axes)?,
        numbers(node, "dilations", axes)?,
    );
    let sides = pads(node, &kernel, &strides, &dilations)?;
    let (x, pads) = padded(node, sides, 0.0)?;
    let weight = node.tensor(1)?;
    let bias = bias(node)?;
    let groups = Argument::Integer(node.integer("group", 1));
    let read = vec![
        value(&x),
        value(&weight),
        bias,
        list(&strides),
        list(&pads),
        list(&dilations),
        groups,
    ];
    node.call(&format!("conv{axes}d"), read).map(Made::one)
}

fn conv_transpose(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let kernel = kernel(node)?;
    let axes = kernel.len();
    let (strides, dilations) = (
        numbers(node, "strides", axes)?,
        numbers(node, "dilations", axes)?,
    );
    let auto = node.text("auto_pad");
    if node.integers("output_shape").is_some() || !["", "NOTSET"].contains(&auto.as_str()) {
        return Err("its padding is told by the output's shape".into());
    }
    let (before, after) = pads(node, &kernel, &strides, &dilations)?;
    let mut more = node
        .integers("output_padding")
        .unwrap_or_else(|| vec![0; axes]);
    if more.len() != axes {
        return Err(format!("output_padding {more:?} of {axes} axes"));
    }
    // Less padding at the end is more output there.
    for ((more, before), after) in more.iter_mut().zip(&before).zip(&after) {
        *more = more.saturating_add(before.saturating_sub(*after));
    }
    if more.iter().any(|&n| n < 0) {
        return Err(format!("pads {before:?} before and {after:?} after"));
    }
    let (x, weight) = (node.tensor(0)?, node.tensor(1)?);
    let bias = bias(node)?;
    let groups = Argument::Integer(node.integer("group", 1));
    let read = vec![
        value(&x),
        value(&weight),
        bias,
        list(&strides),
        list(&before),
        list(&more),
        groups,
        list(&dilations),
    ];
    node.call(&format!("conv_transpose{axes}d"), read)
        .map(Made::one)
}

fn pool(node: &mut Node<'_, '_>) -> Parsed<(Vec<i64>, Vec<i64>, Vec<i64>)> {
    let kernel = node
        .integers("kernel_shape")
        .ok_or("it has no kernel_shape")?;
    let axes = kernel.len();
    if !(1..=3).contains(&axes) {
        return Err(format!("kernel_shape {kernel:?}"));
    }
    Ok((
        numbers(node, "kernel_shape", axes)?,
        numbers(node, "strides", axes)?,
        numbers(node, "dilations", axes)?,
    ))
}

fn max_pool(node: &mut Node<'_, '_>) -> Parsed<Made> {
    if node
        .proto
        .output
        .get(1)
        .is_some_and(|name| !name.is_empty())
    {
        return Err("it gives the places of the maxima, too".into());
    }
    let (kernel, strides, dilations) = pool(node)?;
    let sides = pads(node, &kernel, &strides, &dilations)?;
    let (x, pads) = padded(node, sides, f64::NEG_INFINITY)?;
    let ceil = Argument::Bool(node.integer("ceil_mode", 0) != 0);
    let axes = kernel.len();
    let read = vec![
        value(&x),
        list(&kernel),
        list(&strides),
        list(&pads),
        list(&dilations),
        ceil,
    ];
    node.call(&format!("max_pool{axes}d"), read).map(Made::one)
}

fn average_pool(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let (kernel, strides, dilations) = pool(node)?;
    if dilations.iter().any(|&n| n != 1) {
        return Err(format!("dilations {dilations:?}"));
    }
    let sides = pads(node, &kernel, &strides, &dilations)?;
    let counts = node.integer("count_include_pad", 0) != 0;
    let uneven = sides.0 != sides.1;
    let ceil = node.integer("ceil_mode", 0) != 0;
    if uneven && ceil {
        return Err("pads that differ between the sides of an average that rounds up".into());
    }
    let shares = if uneven && !counts {
        Some(shares(node, &kernel, &strides, &sides)?)
    } else {
        None
    };
    let counts = counts || uneven;
    let (x, pads) = padded(node, sides, 0.0)?;
    let axes = kernel.len();
    let read = vec![
        value(&x),
        list(&kernel),
        list(&strides),
        list(&pads),
        Argument::Bool(ceil),
        Argument::Bool(counts),
    ];
    let y = node.call(&format!("avg_pool{axes}d"), read)?;
    let Some(shares) = shares else {
        return Ok(Made::one(y));
    };
    let shares = node.state.tensor("", Value::Known(shares));
    node.call("mul", vec![value(&y), value(&shares)])
        .map(Made::one)
}

/// By how much an average over padded windows is to be multiplied for one that doesn't count what was padded, as
/// `[1, 1, …]` windows.
fn shares(
    node: &mut Node<'_, '_>,
    kernel: &[i64],
    strides: &[i64],
    (before, after): &Sides,
) -> Parsed<Known> {
    let shape = node.shape(0)?.unwrap_or_default();
    let mut all = Known {
        shape: vec![1, 1],
        values: vec![1.0],
        element: Element::Float,
    };
    for (at, &size) in kernel.iter().enumerate() {
        let extent = shape.get(2 + at).copied().flatten();
        let extent = extent
            .ok_or("its average depends on a shape that isn't known before that of the data is")?;
        let (extent, stride) = (extent as i64, strides[at].max(1));
        let wide = |pad: i64| (0..size).contains(&pad);
        if !wide(before[at]) || !wide(after[at]) || extent > 1 << 16 {
            return Err(format!(
                "pads {before:?} before and {after:?} after windows of {kernel:?}"
            ));
        }
        let windows = (extent + before[at] + after[at] - size).max(-1) / stride + 1;
        if (windows as usize).saturating_mul(all.values.len()) > 1 << 20 {
            return Err(format!(
                "an average over more windows than 2^20 with pads {before:?} before and {after:?} after"
            ));
        }
        let share = |window: i64| {
            let start = window * stride - before[at];
            let inside = (start + size).min(extent) - start.max(0);
            size as f64 / inside.max(1) as f64
        };
        let own: Vec<f64> = (0..windows).map(share).collect();
        let values = all.values.iter();
        all.values = values
            .flat_map(|value| own.iter().map(move |own| value * own))
            .collect();
        all.shape.push(own.len());
    }
    Ok(all)
}

/// Over all axes but those of samples and channels.
fn globally(node: &mut Node<'_, '_>, operation: &str) -> Parsed<Made> {
    let (x, rank) = (node.tensor(0)?, node.rank(0)?);
    let axes: Vec<i64> = (2..rank as i64).collect();
    node.call(
        operation,
        vec![value(&x), list(&axes), Argument::Bool(true)],
    )
    .map(Made::one)
}

fn global_average(node: &mut Node<'_, '_>) -> Parsed<Made> {
    globally(node, "mean")
}

fn global_max(node: &mut Node<'_, '_>) -> Parsed<Made> {
    globally(node, "amax")
}
