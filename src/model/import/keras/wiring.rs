//! How the layers of a model are wired: one after the other, or by the names of what each reads.

use super::image::Value;
use super::layers::{self, Layer};
use crate::model::import::pickled::writer::{Step, Writer};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Models inside models.
const DEEPEST: usize = 8;
/// Layers of one model.
const MOST: usize = 1 << 14;

/// The activation of the last layer, where it may belong to the loss.
pub struct Last {
    /// The layer.
    pub layer: String,
    /// What Keras calls the activation.
    pub name: String,
    /// Whether it is left to the loss.
    pub dropped: bool,
}

/// The name of a model.
pub fn name(config: &Json) -> &str {
    let own = config.get("config").and_then(|own| own.get("name"));
    own.and_then(Json::as_str).unwrap_or("Keras model")
}

fn is_model(class: &str) -> bool {
    ["Sequential", "Functional", "Model"].contains(&class)
}

fn class(layer: &Json) -> &str {
    layer
        .get("class_name")
        .and_then(Json::as_str)
        .unwrap_or_default()
}

fn layer_name(layer: &Json) -> &str {
    let own = layer.get("config").and_then(|own| own.get("name"));
    let name = own.or_else(|| layer.get("name")).and_then(Json::as_str);
    name.unwrap_or_default()
}

fn listed(config: &Json) -> Step<&[Json]> {
    let own = config.get("config").unwrap_or(config);
    // Before Keras 2.3 a sequence was its list alone.
    let list = own.get("layers").unwrap_or(own).as_array();
    let list = list.ok_or("its configuration lists no layers")?;
    if list.len() > MOST {
        return Err(format!("it has more than {MOST} layers"));
    }
    Ok(list)
}

/// The shape of a sample, as Keras counts its axes.
///
/// # Errors
/// Where the configuration doesn't tell it.
pub fn input_shape(config: &Json) -> Step<Vec<Option<usize>>> {
    let layers = listed(config)?;
    let keys = ["batch_shape", "batch_input_shape", "build_input_shape"];
    let shape = |of: &Json| {
        keys.iter()
            .find_map(|key| of.get(*key)?.as_array().cloned())
    };
    let first = layers.iter().find_map(|layer| {
        let own = layer.get("config")?;
        shape(own).or_else(|| {
            is_model(class(layer)).then(|| shape(own.get("layers")?.get(0)?.get("config")?))?
        })
    });
    let own = config.get("config").unwrap_or(config);
    let built = layers.first().and_then(|layer| {
        let built = layer.get("build_config")?.get("input_shape")?;
        built.as_array().cloned()
    });
    let shape = first.or_else(|| shape(own)).or(built);
    let shape = shape.ok_or("its configuration doesn't tell the shape of its input")?;
    let extents = shape.iter().skip(1);
    Ok(extents
        .map(|extent| extent.as_u64().and_then(|n| usize::try_from(n).ok()))
        .collect())
}

/// What the last layer's activation is, and whether the loss takes the values before it: a softmax before a
/// cross-entropy, a sigmoid of one output before a binary one. The losses here take logits.
pub fn last_activation(config: &Json) -> Option<Last> {
    let layers = listed(config).ok()?;
    let last = layers.last()?;
    let own = last.get("config")?;
    let name = match class(last) {
        "Softmax" => "softmax",
        _ => own.get("activation")?.as_str()?,
    };
    let units = own.get("units").and_then(Json::as_u64);
    let loss = config
        .get("compile_config")
        .and_then(|with| with.get("loss"));
    let loss = loss.map(|loss| {
        let named = loss.get("config").and_then(|own| own.get("name"));
        let text = named.or(Some(loss)).and_then(Json::as_str);
        text.unwrap_or_default().to_lowercase().replace('_', "")
    });
    let entropy = loss
        .as_ref()
        .is_none_or(|loss| loss.contains("crossentropy"));
    let dropped = match name {
        "softmax" => entropy,
        "sigmoid" => entropy && (units == Some(1) || loss.is_some()),
        _ => false,
    };
    Some(Last {
        layer: layer_name(last).to_owned(),
        name: name.to_owned(),
        dropped,
    })
}

/// What a model makes of `input`; `within` is the path of the model, with its dot.
///
/// # Errors
/// Names the layer that can't be followed.
pub fn model(
    w: &mut Writer<'_>,
    config: &Json,
    input: Value,
    within: &str,
    depth: usize,
    last: Option<&Last>,
) -> Step<Value> {
    if depth > DEEPEST {
        return Err(format!("models are nested deeper than {DEEPEST} levels"));
    }
    let layers = listed(config)?;
    if class(config) == "Sequential"
        || layers
            .iter()
            .all(|layer| layer.get("inbound_nodes").is_none())
    {
        let mut value = input;
        for layer in layers {
            value = one(w, layer, &[value], within, depth, last)?;
        }
        return Ok(value);
    }
    functional(w, config, layers, input, within, depth, last)
}

fn one(
    w: &mut Writer<'_>,
    layer: &Json,
    given: &[Value],
    within: &str,
    depth: usize,
    last: Option<&Last>,
) -> Step<Value> {
    let (class, name) = (class(layer), layer_name(layer));
    let path = format!("{within}{name}");
    let own = layer.get("config").unwrap_or(&Json::Null);
    if is_model(class) {
        let [input] = given else {
            return Err(format!("the model {path} has several inputs"));
        };
        let inside = format!("{path}.");
        return model(w, layer, input.clone(), &inside, depth + 1, None);
    }
    w.module.clone_from(&path);
    let bare = last.is_some_and(|last| last.dropped && last.layer == name && within.is_empty());
    let made = layers::made(
        w,
        &Layer {
            class,
            path: &path,
            config: own,
            bare,
            newer: layer.get("module").is_some(),
        },
        given,
    );
    made.map_err(|e| format!("the layer {path} ({class}) {e}"))
}

fn functional(
    w: &mut Writer<'_>,
    config: &Json,
    layers: &[Json],
    input: Value,
    within: &str,
    depth: usize,
    last: Option<&Last>,
) -> Step<Value> {
    let own = config.get("config").unwrap_or(config);
    let [(first, 0)] = ends(own.get("input_layers"))[..] else {
        return Err("it has several inputs".into());
    };
    let [(output, node)] = ends(own.get("output_layers"))[..] else {
        return Err("it has several outputs".into());
    };
    let mut values: HashMap<(&str, u64), Value> = HashMap::new();
    values.insert((first, 0), input);
    // A layer that is used several times is several nodes; each is made when all that it reads is there.
    let mut left: Vec<(&Json, u64, Vec<(&str, u64)>)> = Vec::new();
    for layer in layers {
        let nodes = layer.get("inbound_nodes").and_then(Json::as_array);
        for (index, node) in (0..).zip(nodes.into_iter().flatten()) {
            left.push((layer, index, read(node)));
        }
    }
    if left.len() > MOST {
        return Err(format!("it has more than {MOST} nodes"));
    }
    while !left.is_empty() {
        let before = left.len();
        let mut waiting = Vec::new();
        for (layer, index, sources) in left {
            let given: Option<Vec<Value>> = sources
                .iter()
                .map(|source| values.get(source).cloned())
                .collect();
            match given.filter(|given| !given.is_empty()) {
                Some(given) => {
                    let made = one(w, layer, &given, within, depth, last)?;
                    values.insert((layer_name(layer), index), made);
                }
                None => waiting.push((layer, index, sources)),
            }
        }
        if waiting.len() == before {
            break;
        }
        left = waiting;
    }
    values
        .remove(&(output, node))
        .ok_or_else(|| format!("the output {output} isn't made by the layers before it"))
}

/// The ends of a model: `["name", 0, 0]` alone or in a list.
fn ends(value: Option<&Json>) -> Vec<(&str, u64)> {
    let Some(list) = value.and_then(Json::as_array) else {
        return Vec::new();
    };
    if let Some(one) = history(list) {
        return vec![one];
    }
    let ends = list.iter().filter_map(Json::as_array);
    ends.filter_map(|one| history(one)).collect()
}

/// Layer and node of `["name", 0, 0, …]`.
fn history(list: &[Json]) -> Option<(&str, u64)> {
    match list {
        [name, node, place, ..] if place.is_u64() => Some((name.as_str()?, node.as_u64()?)),
        _ => None,
    }
}

/// What a node reads, in order.
fn read(node: &Json) -> Vec<(&str, u64)> {
    let mut found = Vec::new();
    // The parser bounds how deep this can be.
    collect(node, &mut found);
    found
}

fn collect<'j>(value: &'j Json, found: &mut Vec<(&'j str, u64)>) {
    match value {
        Json::Array(items) => match history(items) {
            Some(one) => found.push(one),
            None => items.iter().for_each(|item| collect(item, found)),
        },
        Json::Object(fields) => {
            for key in ["args", "config", "keras_history"] {
                if let Some(inside) = fields.get(key) {
                    collect(inside, found);
                }
            }
        }
        _ => {}
    }
}
