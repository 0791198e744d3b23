//! What the layers of Keras compute, from their class and settings.

use super::activations::{activated, softmax};
use super::image::{self, Value};
use super::pools;
use crate::model::import::pickled::writer::{Step, Writer, integers, size_of, sizes, value};
use crate::model::import::traced::{Argument, Element};
use serde_json::Value as Json;

/// A layer as its configuration has it.
pub struct Layer<'j> {
    /// Its class.
    pub class: &'j str,
    /// The path that its tensors are called by.
    pub path: &'j str,
    /// Its settings.
    pub config: &'j Json,
    /// Its activation is left to the loss.
    pub bare: bool,
    /// Written by Keras 3.
    pub newer: bool,
}

impl Layer<'_> {
    /// A setting that is text.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.config.get(key)?.as_str()
    }

    /// A setting that is a truth value.
    pub fn flag(&self, key: &str, missing: bool) -> bool {
        self.config
            .get(key)
            .and_then(Json::as_bool)
            .unwrap_or(missing)
    }

    /// A setting that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.config.get(key)?.as_f64()
    }

    /// A setting that is sizes, one for each of `axes`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn sizes(&self, key: &str, axes: usize, missing: Option<usize>) -> Step<Vec<usize>> {
        let size = |json: &Json| json.as_u64().and_then(|n| usize::try_from(n).ok());
        let set = self.config.get(key).filter(|set| !set.is_null());
        let set: Option<Vec<usize>> = match set {
            None => missing.map(|n| vec![n; axes]),
            Some(Json::Array(items)) => items.iter().map(size).collect(),
            Some(one) => size(one).map(|n| vec![n; axes]),
        };
        let set = set.filter(|set| set.len() == axes);
        set.ok_or_else(|| format!("has no {key} of {axes} sizes"))
    }

    /// Whether Keras itself counts the channels first here.
    pub fn channels_first(&self) -> bool {
        self.word("data_format") == Some("channels_first")
    }

    /// Its tensor called `leaf`, as an argument.
    ///
    /// # Errors
    /// Where the checkpoint lacks it.
    pub fn tensor(&self, w: &mut Writer<'_>, leaf: &str) -> Step<Argument> {
        w.stored(&format!("{}.{leaf}", self.path))
            .map(Argument::Value)
    }

    /// The same where a setting says whether there is one.
    ///
    /// # Errors
    /// As [`Layer::tensor`].
    pub fn tensor_if(&self, w: &mut Writer<'_>, leaf: &str, there: bool) -> Step<Argument> {
        if there {
            self.tensor(w, leaf)
        } else {
            Ok(Argument::Absent)
        }
    }
}

/// What a layer makes of what it is given.
///
/// # Errors
/// What about it can't be followed.
pub fn made(w: &mut Writer<'_>, layer: &Layer<'_>, given: &[Value]) -> Step<Value> {
    if let "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum" | "Concatenate" =
        layer.class
    {
        return together(w, layer, given);
    }
    let [x] = given else {
        return Err(format!("is given {} values", given.len()));
    };
    let made = match layer.class {
        "InputLayer"
        | "Dropout"
        | "SpatialDropout1D"
        | "SpatialDropout2D"
        | "SpatialDropout3D"
        | "GaussianNoise"
        | "GaussianDropout"
        | "AlphaDropout"
        | "ActivityRegularization"
        | "RandomFlip"
        | "RandomRotation"
        | "RandomZoom"
        | "RandomTranslation"
        | "RandomContrast"
        | "RandomBrightness" => x.clone(),
        "Dense" => dense(w, layer, x)?,
        "BatchNormalization" => batch_norm(w, layer, x)?,
        "LayerNormalization" => layer_norm(w, layer, x)?,
        "Activation" => x.clone(),
        "ReLU" => relu(w, layer, x)?,
        "LeakyReLU" => {
            let slope = layer.number("negative_slope").or(layer.number("alpha"));
            x.like(w.unary("leaky_relu", &x.name, &[slope.unwrap_or(0.3)])?)
        }
        "ELU" => x.like(w.unary("elu", &x.name, &[layer.number("alpha").unwrap_or(1.0)])?),
        "PReLU" => {
            let first = Value::first(&image::channels_first(w, x, false)?);
            let slopes = layer.tensor(w, "weight")?;
            let shape = w.shape(&first.name);
            let name = format!("{}.weight", layer.path);
            if w.tensor_shape(&name)?.len() != 1 {
                return Err("has a slope for every place".into());
            }
            first.like(w.call("prelu", vec![value(&first.name), slopes], shape)?)
        }
        "Softmax" if layer.bare => x.clone(),
        "Softmax" => softmax(
            w,
            x,
            "softmax",
            layer
                .config
                .get("axis")
                .and_then(Json::as_i64)
                .unwrap_or(-1),
        )?,
        "Flatten" => {
            let x = image::plain(w, x)?;
            Value::plain(&w.flatten(&x, 1)?)
        }
        "Reshape" => reshape(w, layer, x)?,
        "Permute" => {
            let dims = layer.config.get("dims").and_then(Json::as_array);
            let dims = dims.into_iter().flatten().filter_map(Json::as_u64);
            let axes: Vec<usize> = [0].into_iter().chain(dims.map(|d| d as usize)).collect();
            let x = image::plain(w, x)?;
            Value::plain(&w.permute(&x, &axes)?)
        }
        "Rescaling" => {
            let scale = layer.number("scale").ok_or("has no scale of one number")?;
            let scaled = w.unary("mul", &x.name, &[scale])?;
            let offset = layer.number("offset").unwrap_or(0.0);
            x.like(w.unary("add", &scaled, &[offset])?)
        }
        "Embedding" => embedding(w, layer, x)?,
        _ => match pools::made(w, layer, x)? {
            Some(made) => made,
            None => return Err("isn't known".into()),
        },
    };
    let activation = layer
        .config
        .get("activation")
        .filter(|_| layer.class != "PReLU");
    match activation {
        _ if layer.bare => Ok(made),
        None | Some(Json::Null) => Ok(made),
        Some(Json::String(name)) => activated(w, &made, name, layer.newer),
        Some(_) => Err("has an activation of its own".into()),
    }
}

fn dense(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    let x = image::plain(w, x)?;
    let weight = w.tensor_shape(&format!("{}.weight", layer.path))?;
    let &[outputs, inputs] = weight.as_slice() else {
        return Err(format!("has a weight of shape {weight:?}"));
    };
    let mut shape = w.shape(&x);
    if shape.pop() != Some(inputs) {
        return Err(format!(
            "takes {inputs} features, but is given {:?}",
            w.shape(&x)
        ));
    }
    shape.push(outputs);
    let kernel = layer.tensor(w, "weight")?;
    let bias = layer.tensor_if(w, "bias", layer.flag("use_bias", true))?;
    Ok(Value::plain(&w.call(
        "linear",
        vec![value(&x), kernel, bias],
        shape,
    )?))
}

/// The only axis that a setting names.
fn one_axis(layer: &Layer<'_>) -> Step<i64> {
    let set = layer.config.get("axis");
    let one = match set {
        None => Some(-1),
        Some(Json::Array(items)) if items.len() == 1 => items.first().and_then(Json::as_i64),
        Some(one) => one.as_i64(),
    };
    one.ok_or_else(|| "normalises several axes".to_owned())
}

fn batch_norm(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    let place = image::axis(w, x, one_axis(layer)?)?;
    let rank = w.shape(&x.name).len();
    let x = if place == 1 || rank == 1 {
        x.clone()
    } else if place == rank && !x.first {
        Value::first(&image::channels_first(w, x, false)?)
    } else {
        return Err(format!("normalises axis {place} of {rank}"));
    };
    let weight = layer.tensor_if(w, "weight", layer.flag("scale", true))?;
    let bias = layer.tensor_if(w, "bias", layer.flag("center", true))?;
    let eps = layer.number("epsilon").unwrap_or(1e-3);
    let all = vec![
        value(&x.name),
        weight,
        bias,
        layer.tensor(w, "running_mean")?,
        layer.tensor(w, "running_var")?,
        Argument::Bool(false),
        Argument::Float(0.1),
        Argument::Float(eps),
        Argument::Bool(false),
    ];
    let shape = w.shape(&x.name);
    Ok(x.like(w.call("batch_norm", all, shape)?))
}

fn layer_norm(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    if layer.flag("rms_scaling", false) {
        return Err("scales by the root mean square".into());
    }
    let last = image::axis(w, x, one_axis(layer)?)? == image::axis(w, x, -1)?;
    let x = image::plain(w, x)?;
    let shape = w.shape(&x);
    let features = *shape
        .last()
        .filter(|_| last)
        .ok_or("normalises another axis than the last")?;
    let weight = layer.tensor_if(w, "weight", layer.flag("scale", true))?;
    let bias = layer.tensor_if(w, "bias", layer.flag("center", true))?;
    let eps = layer.number("epsilon").unwrap_or(1e-3);
    let all = vec![
        value(&x),
        sizes(&[features]),
        weight,
        bias,
        Argument::Float(eps),
        Argument::Bool(false),
    ];
    Ok(Value::plain(&w.call("layer_norm", all, shape)?))
}

fn relu(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    if layer.number("threshold").unwrap_or(0.0) != 0.0 {
        return Err("has a threshold".into());
    }
    let slope = layer.number("negative_slope").unwrap_or(0.0);
    let most = layer.number("max_value");
    let made = match (most, slope == 0.0) {
        (None, true) => w.unary("relu", &x.name, &[])?,
        (None, false) => w.unary("leaky_relu", &x.name, &[slope])?,
        (Some(most), true) => w.unary("hardtanh", &x.name, &[0.0, most])?,
        (Some(_), false) => return Err("has a slope and a largest value".into()),
    };
    Ok(x.like(made))
}

fn reshape(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    let x = image::plain(w, x)?;
    let whole = size_of(&w.shape(&x))?;
    let target = layer.config.get("target_shape").and_then(Json::as_array);
    let target: Vec<i64> = target
        .into_iter()
        .flatten()
        .filter_map(Json::as_i64)
        .collect();
    let known = target.iter().filter(|&&n| n > 0);
    let known = known
        .fold(1_usize, |n, &d| n.saturating_mul(d as usize))
        .max(1);
    let shape: Vec<usize> = target
        .iter()
        .map(|&n| usize::try_from(n).unwrap_or(whole / known))
        .collect();
    if shape.is_empty() || size_of(&shape)? != whole {
        return Err(format!("makes {target:?} of {whole} numbers"));
    }
    let flat = w.flatten(&x, 1)?;
    let all = vec![value(&flat), Argument::Integer(1), sizes(&shape)];
    Ok(Value::plain(&w.call("unflatten", all, shape)?))
}

fn embedding(w: &mut Writer<'_>, layer: &Layer<'_>, x: &Value) -> Step<Value> {
    if layer.flag("mask_zero", false) {
        return Err("masks token 0".into());
    }
    let table = w.tensor_shape(&format!("{}.weight", layer.path))?;
    if w.traced.calls.is_empty()
        && let Some(input) = w.traced.inputs.first_mut()
    {
        input.element = Element::Integer;
    }
    let mut shape = w.shape(&x.name);
    shape.push(*table.last().ok_or("has no table")?);
    let weight = layer.tensor(w, "weight")?;
    Ok(Value::plain(&w.call(
        "embedding",
        vec![weight, value(&x.name)],
        shape,
    )?))
}

/// Layers of several values.
fn together(w: &mut Writer<'_>, layer: &Layer<'_>, given: &[Value]) -> Step<Value> {
    // All in one order.
    let first = given.iter().all(|value| value.first);
    let mut names = Vec::new();
    for value in given {
        names.push(if first {
            value.name.clone()
        } else {
            image::plain(w, value)?
        });
    }
    let alike = |name: String| Value { name, first };
    let (Some(head), true) = (names.first().cloned(), names.len() > 1) else {
        return Err("is given one value".into());
    };
    if layer.class == "Concatenate" {
        let axis = layer
            .config
            .get("axis")
            .and_then(Json::as_i64)
            .unwrap_or(-1);
        let place = image::axis(w, &alike(head.clone()), axis)?;
        let mut shape = w.shape(&head);
        let extents = names
            .iter()
            .map(|name| w.shape(name).get(place - 1).copied());
        let whole: Option<usize> = extents.sum();
        if let (Some(extent), Some(whole)) = (shape.get_mut(place - 1), whole) {
            *extent = whole;
        }
        let list = names.iter().map(|name| value(name)).collect();
        let all = vec![Argument::List(list), Argument::Integer(place as i64)];
        return Ok(alike(w.call("cat", all, shape)?));
    }
    let operation = match layer.class {
        "Subtract" => "sub",
        "Multiply" => "mul",
        "Maximum" => "maximum",
        "Minimum" => "minimum",
        _ => "add",
    };
    let mut sum = head;
    for other in names.iter().skip(1) {
        sum = w.binary(operation, &sum, other)?;
    }
    if layer.class == "Average" {
        sum = w.unary("mul", &sum, &[1.0 / names.len() as f64])?;
    }
    Ok(alike(sum))
}

/// Numbers as an argument, for pads.
pub fn ends(numbers: &[(usize, usize)]) -> Argument {
    let last_first = numbers.iter().rev();
    integers(last_first.flat_map(|&(before, after)| [before as i64, after as i64]))
}
