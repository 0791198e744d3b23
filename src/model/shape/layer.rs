//! The output shape of each kind of layer, or what doesn't fit.

use super::arrange::{broadcast, reshaped};
use super::window::{pooled, sliding, windows};
use crate::model::graph::{Layer, Node};

/// The shape after one layer, or what doesn't fit.
pub fn output_shape<'a>(
    node: &Node,
    inputs: &[&[usize]],
    tensor: &impl Fn(&str) -> Option<&'a [usize]>,
) -> Result<Vec<usize>, String> {
    let of = |name: &str| {
        tensor(name).ok_or_else(|| format!("needs the tensor {name:?}, which the checkpoint lacks"))
    };
    let vector = |name: &Option<String>, extent: usize| -> Result<(), String> {
        let Some(name) = name else { return Ok(()) };
        let shape = of(name)?;
        if shape == [extent] {
            Ok(())
        } else {
            Err(format!("{name:?} has shape {shape:?}, expected [{extent}]"))
        }
    };
    let many = matches!(
        node.layer,
        Layer::Add | Layer::Multiply | Layer::Concatenate { .. } | Layer::Matmul
    );
    let x = match inputs {
        [x] if !many || !matches!(node.layer, Layer::Matmul) => *x,
        [x, ..] if many => *x,
        _ => {
            return Err(format!(
                "has {} inputs, which this kind of layer can't take",
                inputs.len()
            ));
        }
    };
    let channels = |rank: Option<usize>| -> Result<usize, String> {
        match (x.first(), rank) {
            (Some(&c), None) => Ok(c),
            (Some(&c), Some(rank)) if x.len() == rank => Ok(c),
            (_, rank) => Err(format!(
                "was given {x:?}, but needs {}",
                match rank {
                    Some(2) => "[channels, length]",
                    Some(3) => "[channels, height, width]",
                    _ => "a channel axis",
                }
            )),
        }
    };
    // Axis numbers count the batch axis; the shapes here don't have it.
    let axis = |axis: usize| -> Result<usize, String> {
        axis.checked_sub(1).filter(|&a| a < x.len()).ok_or_else(|| {
            format!(
                "axis {axis} isn't one of the {} axes after the batch of {x:?}",
                x.len()
            )
        })
    };
    match &node.layer {
        Layer::Linear {
            weight,
            bias,
            output_axis,
        } => {
            let shape = of(weight)?;
            let (out, inner) = match (shape, output_axis) {
                (&[out, inner], 0) | (&[inner, out], 1) => (out, inner),
                (_, 0 | 1) => {
                    return Err(format!("{weight:?} has shape {shape:?}, expected two axes"));
                }
                _ => return Err(format!("output_axis is {output_axis}, expected 0 or 1")),
            };
            if x.last() != Some(&inner) {
                return Err(format!(
                    "was given {x:?}, but {weight:?} with shape {shape:?} takes {inner} features"
                ));
            }
            vector(bias, out)?;
            let mut y = x.to_vec();
            if let Some(last) = y.last_mut() {
                *last = out;
            }
            Ok(y)
        }
        Layer::Conv {
            weight,
            bias,
            stride,
            padding,
            dilation,
            groups,
        } => {
            let shape = of(weight)?;
            let (Some((&out, rest)), true) = (shape.split_first(), (3..=4).contains(&shape.len()))
            else {
                return Err(format!(
                    "{weight:?} has shape {shape:?}, expected 3 axes (1-D) or 4 (2-D)"
                ));
            };
            let (per_group, kernel) = (rest[0], &rest[1..]);
            let axes = kernel.len();
            if [stride, padding, dilation].iter().any(|v| v.len() != axes) {
                return Err(format!(
                    "stride, padding and dilation need {axes} entries each, as {weight:?} has shape {shape:?}"
                ));
            }
            sliding(stride, dilation)?;
            let c = channels(Some(axes + 1))?;
            if *groups == 0 || Some(c) != per_group.checked_mul(*groups) || out % groups != 0 {
                return Err(format!(
                    "was given {x:?}, but {weight:?} with shape {shape:?} and {groups} group(s) takes {} channels",
                    per_group.saturating_mul(*groups)
                ));
            }
            vector(bias, out)?;
            let mut y = vec![out];
            for i in 0..axes {
                y.push(
                    windows(
                        x[i + 1],
                        kernel[i],
                        stride[i],
                        padding[i],
                        dilation[i],
                        false,
                    )
                    .filter(|&n| n > 0)
                    .ok_or_else(|| {
                        format!("was given {x:?}, too small for the kernel {kernel:?}")
                    })?,
                );
            }
            Ok(y)
        }
        Layer::BatchNorm {
            weight,
            bias,
            running_mean,
            running_var,
            ..
        } => {
            let c = channels(None)?;
            vector(weight, c)?;
            vector(bias, c)?;
            vector(&Some(running_mean.clone()), c)?;
            vector(&Some(running_var.clone()), c)?;
            Ok(x.to_vec())
        }
        Layer::LayerNorm { weight, bias, .. } => {
            let shape = of(weight)?;
            if shape.is_empty() || !x.ends_with(shape) {
                return Err(format!(
                    "was given {x:?}, but {weight:?} has shape {shape:?}"
                ));
            }
            match bias {
                Some(bias) if of(bias)? != shape => Err(format!(
                    "{bias:?} has shape {:?}, expected {shape:?}",
                    of(bias)?
                )),
                _ => Ok(x.to_vec()),
            }
        }
        Layer::GroupNorm {
            groups,
            weight,
            bias,
            ..
        } => {
            let c = channels(None)?;
            if *groups == 0 || c % groups != 0 {
                return Err(format!("{c} channels don't divide into {groups} groups"));
            }
            vector(&Some(weight.clone()), c)?;
            vector(bias, c)?;
            Ok(x.to_vec())
        }
        Layer::MaxPool {
            size,
            stride,
            padding,
            dilation,
            ceil,
        } => pooled(x, size, stride, padding, dilation, *ceil),
        Layer::AveragePool {
            size,
            stride,
            padding,
            ceil,
            ..
        } => pooled(x, size, stride, padding, &vec![1; size.len()], *ceil),
        Layer::AdaptiveAveragePool { size } => {
            if size.len() + 1 != x.len() || !(1..=2).contains(&size.len()) || size.contains(&0) {
                return Err(format!("was given {x:?}, but makes {size:?}"));
            }
            Ok([&x[..1], size].concat())
        }
        Layer::GlobalAveragePool => match x {
            [c, rest @ ..] if !rest.is_empty() => Ok(vec![*c]),
            _ => Err(format!(
                "was given {x:?}, but needs axes after the channels"
            )),
        },
        Layer::Add | Layer::Multiply => inputs
            .iter()
            .skip(1)
            .try_fold(x.to_vec(), |a, b| broadcast(&a, b)),
        Layer::Concatenate { axis: at } => {
            let at = axis(*at)?;
            let mut y = x.to_vec();
            for other in inputs.iter().skip(1) {
                let same =
                    other.len() == y.len() && (0..y.len()).all(|i| i == at || other[i] == y[i]);
                if !same {
                    return Err(format!(
                        "can't join {x:?} and {other:?} along axis {}",
                        at + 1
                    ));
                }
                y[at] += other[at];
            }
            Ok(y)
        }
        Layer::Slice {
            axis: at,
            start,
            end,
            step,
        } => {
            let at = axis(*at)?;
            let end = end.unwrap_or(x[at]);
            if *step == 0 || *start >= end || end > x[at] {
                return Err(format!(
                    "can't take {start}..{end} by {step} of {x:?} along axis {}",
                    at + 1
                ));
            }
            let mut y = x.to_vec();
            y[at] = (end - start).div_ceil(*step);
            Ok(y)
        }
        Layer::Pad {
            axis: at,
            before,
            after,
        } => {
            let at = axis(*at)?;
            let mut y = x.to_vec();
            y[at] = [*before, *after]
                .iter()
                .try_fold(y[at], |n, &more| n.checked_add(more))
                .ok_or("pads beyond any memory")?;
            Ok(y)
        }
        Layer::Flatten { from } => {
            let from = axis(*from)?;
            let mut y = x[..from].to_vec();
            y.push(x[from..].iter().product());
            Ok(y)
        }
        Layer::Reshape { shape } => reshaped(x, shape),
        Layer::Transpose { axes } => {
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if axes.first() != Some(&0) || sorted != (0..=x.len()).collect::<Vec<_>>() {
                return Err(format!(
                    "the axes {axes:?} aren't an order of the {} axes of [batch, {x:?}] with the batch first",
                    x.len() + 1
                ));
            }
            Ok(axes[1..].iter().map(|&a| x[a - 1]).collect())
        }
        Layer::Matmul => {
            let [a, b] = inputs else {
                return Err("needs exactly two inputs".into());
            };
            match (a, b) {
                ([a_rest @ .., m, k], [b_rest @ .., k2, n])
                    if k == k2 && a_rest == b_rest && !a_rest.is_empty() | (a.len() == 2) =>
                {
                    Ok([a_rest, &[*m, *n]].concat())
                }
                _ => Err(format!("can't multiply {a:?} by {b:?}")),
            }
        }
        Layer::Scale { weight: None, .. } => Ok(x.to_vec()),
        Layer::Scale {
            weight: Some(weight),
            ..
        }
        | Layer::Shift { weight } => {
            // A tensor may bring a batch axis of its own, of extent 1.
            let shape = match of(weight)? {
                [1, rest @ ..] if rest.len() == x.len() => rest,
                shape => shape,
            };
            let y = broadcast(x, shape)?;
            if y == x {
                Ok(y)
            } else {
                Err(format!(
                    "was given {x:?}, but {weight:?} would make it {y:?}"
                ))
            }
        }
        Layer::Prepend { weight } => {
            let shape = of(weight)?;
            if x.len() != 2 || shape.last() != x.last() || shape.iter().product::<usize>() != x[1] {
                return Err(format!(
                    "was given {x:?}, but {weight:?} has shape {shape:?}, expected [1, 1, width]"
                ));
            }
            Ok(vec![x[0] + 1, x[1]])
        }
        Layer::Embedding { weight } => match (x, of(weight)?) {
            (&[tokens], &[_, width]) => Ok(vec![tokens, width]),
            (_, shape) => Err(format!(
                "was given {x:?} and {weight:?} of shape {shape:?}, expected [tokens] and [entries, width]"
            )),
        },
        Layer::Attention {
            in_weight,
            in_bias,
            out_weight,
            out_bias,
            heads,
            ..
        } => {
            let &[_, width] = x else {
                return Err(format!("was given {x:?}, but needs [tokens, width]"));
            };
            if *heads == 0 || width % heads != 0 {
                return Err(format!(
                    "a width of {width} doesn't divide into {heads} heads"
                ));
            }
            for (name, expected) in [
                (in_weight, [3 * width, width]),
                (out_weight, [width, width]),
            ] {
                if of(name)? != expected {
                    return Err(format!(
                        "{name:?} has shape {:?}, expected {expected:?}",
                        of(name)?
                    ));
                }
            }
            vector(in_bias, 3 * width)?;
            vector(out_bias, width)?;
            Ok(x.to_vec())
        }
        Layer::Softmax { axis: at } => axis(*at).map(|_| x.to_vec()),
        Layer::Relu
        | Layer::LeakyRelu { .. }
        | Layer::Gelu { .. }
        | Layer::Silu
        | Layer::Tanh
        | Layer::Sigmoid
        | Layer::Dropout
        | Layer::Identity => Ok(x.to_vec()),
    }
}
