//! Normalisations, by running statistics or by a sample's own.

use super::arguments::Arguments;
use super::arithmetic::{product, sum};
use super::builder::Builder;
use super::images::{images, over_images};
use super::motions::{permuted, viewed};
use super::products::weight;
use super::table::{Entry, Reading};
use super::value::{Outcome, Source, Value};
use crate::model::layers::{
    BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm, RmsNorm,
};

/// Normalisations.
pub const OPERATIONS: &[Entry] = &[
    ("batch_norm", Reading::Call(batch_norm)),
    (
        "_native_batch_norm_legit_no_training",
        Reading::Call(batch_norm),
    ),
    ("layer_norm", Reading::Call(layer_norm)),
    ("native_layer_norm", Reading::Call(layer_norm)),
    ("group_norm", Reading::Call(group_norm)),
    ("native_group_norm", Reading::Call(group_norm)),
    ("instance_norm", Reading::Call(instance_norm)),
    ("rms_norm", Reading::Call(rms_norm)),
    ("local_response_norm", Reading::Call(local_response_norm)),
];

/// What to do about a network that was exported while it trained.
pub const TRAINING: &str = "works as in training, where the outcome depends on chance or on the other samples: call model.eval() before the export";

/// Scales and shifts that a layer may name, and those that must come after it.
type Affine = ([Option<String>; 2], [Option<Value>; 2]);

fn affine(a: &Arguments<'_>, places: [usize; 2]) -> Outcome<Affine> {
    let (mut named, mut rest) = ([None, None], [None, None]);
    for (at, key) in ["weight", "bias"].into_iter().enumerate() {
        let Some(value) = a.optional((places[at], key))? else {
            continue;
        };
        match weight(&value) {
            Some((name, false)) => named[at] = Some(name.to_owned()),
            _ => rest[at] = Some(value),
        }
    }
    if rest.iter().any(Option::is_some) {
        // A layer has both or none.
        for (at, key) in ["weight", "bias"].into_iter().enumerate() {
            if named[at].take().is_some() {
                rest[at] = a.optional((places[at], key))?;
            }
        }
    }
    Ok((named, rest))
}

/// Times the first, plus the second, as columns before `after` axes where they have one.
fn rest(b: &mut Builder<'_>, y: Value, rest: [Option<Value>; 2], after: usize) -> Outcome<Value> {
    let mut y = y;
    for (number, value) in rest.into_iter().enumerate() {
        let Some(value) = value else { continue };
        let shape = [&value.full[..], &vec![1; after]].concat();
        let value = viewed(b, &value, &shape)?;
        y = if number == 0 {
            product(b, y, value)?
        } else {
            sum(b, y, value)?
        };
    }
    Ok(y)
}

fn batch_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "input"))?;
    let decomposed = a.operation.starts_with('_');
    let epsilon = if decomposed { (6, "eps") } else { (7, "eps") };
    let epsilon = a.number_or(epsilon, 1e-5)?;
    if !decomposed && a.flag((5, "training"), false)? {
        if x.is_data() {
            return Err(TRAINING.into());
        }
        return standardised(b, a, &x, epsilon);
    }
    let statistic = |at| -> Outcome<String> {
        let value = a.value(at)?;
        match &value.source {
            Source::Stored(stored) if !stored.turned => Ok(stored.name.clone()),
            _ => Err("has running statistics that are no tensors of the checkpoint".into()),
        }
    };
    let ([gamma, beta], after) = affine(a, [1, 2])?;
    let layer = BatchNorm {
        weight: gamma,
        bias: beta,
        running_mean: statistic((3, "running_mean"))?,
        running_var: statistic((4, "running_var"))?,
        epsilon,
    };
    let axes = x.rank().saturating_sub(2);
    let y = if x.batch == Some(0) && x.own[0] == 1 {
        let x = b.dense(&x)?;
        b.same(layer, &x)?
    } else if x.batch == Some(0) && x.rank() >= 2 {
        // Parts of a sample lie where a batch would: the channels come to the front, and go back.
        let x = b.dense(&x)?;
        let mut front: Vec<usize> = (0..x.rank()).collect();
        front.swap(0, 1);
        let turned = permuted(b, &x, &front)?;
        let place = b.place(&turned)?;
        let turned = b.value(layer, &[place], turned.clone())?;
        permuted(b, &turned, &front)?
    } else {
        images(&x, axes)?;
        over_images(b, layer, &[&x], <[usize]>::to_vec)?
    };
    let y = rest(b, y, after, axes)?;
    // The decomposed form gives the statistics it has saved, which nobody reads here.
    Ok(vec![y])
}

/// Tensors of weights normalised along all axes but axis 1: weight standardisation (Qiao et al. 2019).
fn standardised(
    b: &mut Builder<'_>,
    a: &Arguments<'_>,
    x: &Value,
    epsilon: f64,
) -> Outcome<Vec<Value>> {
    let &[1, channels, ref others @ ..] = x.full.as_slice() else {
        return Err(format!(
            "normalises {:?}, expected [1, channels, …]",
            x.full
        ));
    };
    let width = others.iter().product();
    let rows = viewed(b, x, &[channels, width])?;
    let layer = LayerNorm {
        weight: None,
        bias: None,
        shape: Some(vec![width]),
        epsilon,
    };
    let mut y = b.same(layer, &rows)?;
    let parts = [a.optional((1, "weight"))?, a.optional((2, "bias"))?];
    y = rest(b, y, parts, 1)?;
    Ok(vec![viewed(b, &y, &x.full)?])
}

/// The last axes that a normalisation runs over, laid out.
fn over_last(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<(Value, Vec<usize>)> {
    let x = a.value((0, "input"))?;
    let shape = a.list((1, "normalized_shape"))?;
    let shape: Vec<usize> = shape
        .iter()
        .filter_map(|n| usize::try_from(*n).ok())
        .collect();
    if shape.is_empty() || !x.full.ends_with(&shape) {
        return Err(format!("normalises {:?} over {shape:?}", x.full));
    }
    let first = x.rank() - shape.len();
    if x.batch.is_some_and(|axis| axis >= first) {
        return Err("normalises over the batch axis".into());
    }
    let axes: Vec<usize> = (first..x.rank()).collect();
    Ok((b.laid_out(&x, &axes)?, shape))
}

fn layer_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, shape) = over_last(b, a)?;
    let epsilon = a.number_or((4, "eps"), 1e-5)?;
    let ([weight, bias], after) = affine(a, [2, 3])?;
    let shape = weight.is_none().then_some(shape);
    let layer = LayerNorm {
        weight,
        bias,
        shape,
        epsilon,
    };
    let y = b.same(layer, &x)?;
    Ok(vec![rest(b, y, after, 0)?])
}

fn rms_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (x, shape) = over_last(b, a)?;
    // The type's own ε, as PyTorch has it where none is given.
    let epsilon = a.number_or((3, "eps"), f64::from(f32::EPSILON))?;
    let ([weight, _], [after, _]) = affine(a, [2, usize::MAX])?;
    let shape = weight.is_none().then_some(shape);
    let layer = RmsNorm {
        weight,
        shape,
        epsilon,
    };
    let y = b.same(layer, &x)?;
    Ok(vec![rest(b, y, [after, None], 0)?])
}

fn group_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "input"))?;
    let axes = x.rank().saturating_sub(2);
    images(&x, axes)?;
    // Decomposed, it is told the extents too.
    let native = a.operation == "native_group_norm";
    let (count, affine_at, eps) = match native {
        true => ((6, "group"), [1, 2], (7, "eps")),
        false => ((1, "num_groups"), [2, 3], (4, "eps")),
    };
    let groups = a.integer_or(count, 1)?;
    let groups = usize::try_from(groups).map_err(|_| format!("has {groups} groups"))?;
    let epsilon = a.number_or(eps, 1e-5)?;
    let ([weight, bias], after) = affine(a, affine_at)?;
    let layer = GroupNorm {
        groups,
        weight,
        bias,
        epsilon,
    };
    let y = over_images(b, layer, &[&x], <[usize]>::to_vec)?;
    Ok(vec![rest(b, y, after, axes)?])
}

fn instance_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "input"))?;
    let axes = x.rank().saturating_sub(2);
    images(&x, axes)?;
    let epsilon = a.number_or((7, "eps"), 1e-5)?;
    let mut tracked = [None, None];
    if !a.flag((5, "use_input_stats"), true)? {
        for (slot, at) in tracked
            .iter_mut()
            .zip([(3, "running_mean"), (4, "running_var")])
        {
            match &a.value(at)?.source {
                Source::Stored(stored) => *slot = Some(stored.name.clone()),
                _ => {
                    return Err(
                        "has running statistics that are no tensors of the checkpoint".into(),
                    );
                }
            }
        }
    }
    let [running_mean, running_var] = tracked;
    let ([weight, bias], after) = affine(a, [1, 2])?;
    let layer = InstanceNorm {
        weight,
        bias,
        running_mean,
        running_var,
        epsilon,
    };
    let y = over_images(b, layer, &[&x], <[usize]>::to_vec)?;
    Ok(vec![rest(b, y, after, axes)?])
}

fn local_response_norm(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "input"))?;
    images(&x, x.rank().saturating_sub(2))?;
    let size = a.integer_or((1, "size"), 5)?;
    let layer = LocalResponseNorm {
        size: usize::try_from(size).map_err(|_| format!("has size {size}"))?,
        alpha: a.number_or((2, "alpha"), 1e-4)?,
        beta: a.number_or((3, "beta"), 0.75)?,
        k: a.number_or((4, "k"), 1.0)?,
    };
    Ok(vec![over_images(b, layer, &[&x], <[usize]>::to_vec)?])
}
