//! The names that Keras's files have for the tensors of a layer.
//!
//! Two layouts are known. The older one writes `model_weights/conv2d/conv2d/kernel:0`, with the order of the
//! layers in an attribute. The newer one, of `.keras` and `.weights.h5`, writes `layers/conv2d/vars/0`: layers
//! by their class, numbered, and tensors by their place; which tensor is which is told by the class.

use super::layout::Named;
use crate::store::container::Container;
use crate::store::hdf5_words::Words;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Groups that hold no weights of the network.
const OTHERS: [&str; 3] = ["optimizer_weights", "optimizer", "seed_generator"];
/// Groups around the layers.
const AROUND: [&str; 3] = ["layers", "_layer_checkpoint_dependencies", "model_weights"];
/// The tensors of a layer in the order in which it makes them.
const LEAVES: [&str; 12] = [
    "kernel",
    "depthwise_kernel",
    "pointwise_kernel",
    "recurrent_kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
    "embeddings",
    "alpha",
    "scale",
];

/// True where an HDF5 file holds weights of Keras.
pub fn is_keras(container: &Container, words: &HashMap<String, Words>) -> bool {
    let root = words.get("");
    let says = |key: &str| root.is_some_and(|root| root.contains_key(key));
    let mut names = container.entries.iter().map(|entry| entry.name.as_str());
    says("keras_version")
        || says("model_config")
        || says("layer_names")
        || names.any(|name| {
            let numbered = name.rsplit_once('/').and_then(|(path, place)| {
                let within = path.ends_with("/vars") || path == "vars";
                (within && place.parse::<usize>().is_ok()).then_some(())
            });
            let parts: Vec<&str> = name.split('/').collect();
            let leaf = parts.last().and_then(|leaf| leaf.strip_suffix(":0"));
            numbered.is_some() || leaf.is_some_and(|leaf| LEAVES.contains(&leaf))
        })
}

/// A name for every entry; `None` for what isn't the network's.
pub fn names(
    container: &Container,
    words: &HashMap<String, Words>,
    config: Option<&Value>,
) -> Vec<Option<Named>> {
    let called = config.map(by_class).unwrap_or_default();
    let counts = counts(container);
    let listed = order(words, config);
    let mut found: Vec<Option<Named>> = Vec::new();
    for entry in &container.entries {
        let parts: Vec<&str> = entry.name.split('/').collect();
        let others = parts.iter().any(|part| OTHERS.contains(part));
        let named = (!others).then(|| {
            let (layer, leaf) = match parts.as_slice() {
                [path @ .., "vars", place] => numbered(path, place, &counts, &called, words),
                [path @ .., leaf] => worded(path, leaf),
                [] => (String::new(), String::new()),
            };
            let rank = LEAVES.iter().position(|known| *known == leaf);
            Named {
                layer,
                leaf,
                order: (0, rank.unwrap_or(LEAVES.len())),
            }
        });
        found.push(named);
    }
    split_separable(&mut found);
    in_order(&mut found, &listed);
    found
}

/// Layer and leaf of `model_weights/conv2d/conv2d/kernel:0`.
fn worded(path: &[&str], leaf: &str) -> (String, String) {
    let path: Vec<&str> = path
        .iter()
        .copied()
        .skip_while(|part| AROUND.contains(part))
        .collect();
    let leaf = leaf.split(':').next().unwrap_or_default().to_owned();
    let layer = match path.as_slice() {
        [group, .., last] if group == last => (*group).to_owned(),
        // The scope of a recurrent layer's cell, and of layers inside a model that is a layer.
        [group, rest @ ..] => {
            let rest = rest.iter().skip_while(|part| *part == group);
            let all: Vec<&str> = [*group].into_iter().chain(rest.copied()).collect();
            all.join(".")
        }
        [] => String::new(),
    };
    (layer, leaf)
}

/// How many numbered tensors each group has.
fn counts(container: &Container) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for entry in &container.entries {
        if let Some((group, _)) = entry.name.rsplit_once('/') {
            *counts.entry(group.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

/// Layer and leaf of `layers/conv2d/vars/0`.
fn numbered(
    path: &[&str],
    place: &str,
    counts: &HashMap<String, usize>,
    called: &HashMap<String, String>,
    words: &HashMap<String, Words>,
) -> (String, String) {
    let group = format!("{}/vars", path.join("/"));
    let inside: Vec<&str> = path
        .iter()
        .copied()
        .filter(|part| !AROUND.contains(part))
        .collect();
    let stored = inside.join(".");
    let class = without_number(inside.last().copied().unwrap_or_default());
    let count = counts.get(&group).copied().unwrap_or(0);
    let place_at = place.parse::<usize>().ok();
    let leaf = place_at.and_then(|at| leaves(class, count).get(at).copied());
    // Newer files name the layer itself on the group.
    let own = words
        .get(&group)
        .and_then(|words| words.get("name")?.first().cloned());
    let nested = inside.len() > 1;
    let layer = own
        .filter(|_| !nested)
        .or_else(|| called.get(&stored).cloned());
    let leaf = leaf.map_or_else(|| format!("vars.{place}"), str::to_owned);
    (layer.unwrap_or(stored), leaf)
}

/// `conv2d` of `conv2d_3`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((class, digits)) if digits.parse::<usize>().is_ok() => class,
        _ => name,
    }
}

/// What the numbered tensors of a class are, where it has so many.
fn leaves(class: &str, count: usize) -> &'static [&'static str] {
    match (class, count) {
        ("separable_conv1d" | "separable_conv2d", _) => {
            &["depthwise_kernel", "pointwise_kernel", "bias"]
        }
        ("depthwise_conv1d" | "depthwise_conv2d", _) => &["depthwise_kernel", "bias"],
        ("batch_normalization", 4) => &["gamma", "beta", "moving_mean", "moving_variance"],
        ("batch_normalization", 2) => &["moving_mean", "moving_variance"],
        ("layer_normalization" | "group_normalization", 2) => &["gamma", "beta"],
        ("embedding", 1) => &["embeddings"],
        ("p_re_lu", 1) => &["alpha"],
        ("cell", _) => &["kernel", "recurrent_kernel", "bias"],
        (class, 1 | 2) if class == "dense" || class.starts_with("conv") => &["kernel", "bias"],
        _ => &[],
    }
}

/// A separable convolution is two: one a channel, then one over all of them.
fn split_separable(names: &mut [Option<Named>]) {
    let separable: HashSet<String> = names
        .iter()
        .flatten()
        .filter(|named| named.leaf == "pointwise_kernel")
        .map(|named| named.layer.clone())
        .collect();
    for named in names.iter_mut().flatten() {
        if !separable.contains(&named.layer) {
            continue;
        }
        if named.leaf == "depthwise_kernel" {
            named.layer += ".depthwise";
        } else {
            named.layer += ".pointwise";
            if named.leaf == "pointwise_kernel" {
                "kernel".clone_into(&mut named.leaf);
            }
        }
    }
}

/// The layers in the order of the network, as far as the file tells.
fn order(words: &HashMap<String, Words>, config: Option<&Value>) -> Vec<String> {
    let listed = ["", "model_weights"]
        .iter()
        .find_map(|group| words.get(*group)?.get("layer_names"));
    let from_config = || {
        let layers = config.map(layers).unwrap_or_default();
        layers.into_iter().map(|(_, name)| name).collect()
    };
    listed.cloned().unwrap_or_else(from_config)
}

/// Puts the layers in order: as they are listed, else by their names, in which digits count as numbers.
fn in_order(names: &mut [Option<Named>], listed: &[String]) {
    let place = |layer: &str| {
        let first = layer.split('.').next().unwrap_or_default();
        listed
            .iter()
            .position(|name| name == layer || name == first)
    };
    let keys: BTreeMap<(usize, Vec<(String, u64)>), ()> = names
        .iter()
        .flatten()
        .map(|named| (key(&named.layer, place(&named.layer)), ()))
        .collect();
    let ranks: HashMap<_, usize> = keys.into_keys().zip(0..).collect();
    for named in names.iter_mut().flatten() {
        let key = key(&named.layer, place(&named.layer));
        named.order.0 = ranks.get(&key).copied().unwrap_or(usize::MAX);
    }
}

fn key(layer: &str, place: Option<usize>) -> (usize, Vec<(String, u64)>) {
    let parts = layer.split(['.', '_']).map(|part| {
        let digits = part.trim_start_matches(|c: char| !c.is_ascii_digit());
        let word = part.strip_suffix(digits).unwrap_or(part);
        match digits.parse() {
            Ok(number) => (word.to_owned(), number),
            Err(_) => (part.to_owned(), 0),
        }
    });
    (place.unwrap_or(usize::MAX), parts.collect())
}

/// The layers of a configuration: class and name of each.
fn layers(config: &Value) -> Vec<(String, String)> {
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let inner = config.get("config").unwrap_or(config);
    let listed = inner
        .get("layers")
        .or(Some(inner))
        .and_then(Value::as_array);
    let layers = listed.into_iter().flatten().filter_map(|layer| {
        let name = layer.get("config").and_then(|own| text(own, "name"));
        Some((
            text(layer, "class_name")?,
            name.or_else(|| text(layer, "name"))?,
        ))
    });
    layers.collect()
}

/// What the newer layout calls a layer, by its class and a number where there are several, with the name that
/// the configuration has for it.
fn by_class(config: &Value) -> HashMap<String, String> {
    let mut used: HashMap<String, usize> = HashMap::new();
    let mut called = HashMap::new();
    for (class, name) in layers(config) {
        let class = snake_case(&class);
        let count = used.entry(class.clone()).or_insert(0);
        let stored = if *count == 0 {
            class
        } else {
            format!("{class}_{count}")
        };
        *count += 1;
        called.insert(stored, name);
    }
    called
}

/// `batch_normalization` of `BatchNormalization`, `conv2d` of `Conv2D`, `p_re_lu` of `PReLU`, as Keras does it:
/// an underscore before a capital that a small letter follows, and between a small letter or a digit and a
/// capital, all of it small.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let mut name = String::new();
    for (i, &c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| letters.get(i));
        let after = letters.get(i + 1);
        let capital = c.is_ascii_uppercase();
        let starts = capital && after.is_some_and(char::is_ascii_lowercase);
        let follows = capital && before.is_some_and(char::is_ascii_lowercase);
        if before.is_some() && (starts || follows) && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `keras.src.utils.naming.to_snake_case` gives.
    #[test]
    fn classes_have_keras_names() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("BatchNormalization", "batch_normalization"),
            ("PReLU", "p_re_lu"),
            ("Dense", "dense"),
            ("LayerNormalization", "layer_normalization"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
