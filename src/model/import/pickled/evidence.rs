//! What pickled modules say against a network that was read by names.
//!
//! A module of the user's own class has no forward in the file, but its children have classes and settings. A
//! network found by names must not contradict them: a file of Tanh without ReLU is no network of ReLU, and a
//! convolution has the stride that its module has.

use crate::checkpoint::{Attribute, Module};
use crate::model::graph::{Graph, Layer};
use std::collections::BTreeSet;

/// Activations: the class of a module, and the kind of the layer.
const ACTIVATIONS: [(&str, &str); 16] = [
    ("ReLU", "relu"),
    ("ReLU6", "relu6"),
    ("Tanh", "tanh"),
    ("Sigmoid", "sigmoid"),
    ("GELU", "gelu"),
    ("SiLU", "silu"),
    ("LeakyReLU", "leaky-relu"),
    ("ELU", "elu"),
    ("SELU", "selu"),
    ("CELU", "celu"),
    ("Softplus", "softplus"),
    ("Mish", "mish"),
    ("Hardswish", "hard-swish"),
    ("Hardsigmoid", "hard-sigmoid"),
    ("Hardtanh", "hard-tanh"),
    ("PReLU", "prelu"),
];

/// The classes of the activations in the file, each once.
pub fn activations(root: &Module) -> Vec<&'static str> {
    let walked = root.walk();
    let classes: BTreeSet<&str> = walked.iter().map(|(_, module)| module.name()).collect();
    let known = ACTIVATIONS.iter().map(|(class, _)| *class);
    known.filter(|class| classes.contains(class)).collect()
}

/// Everything about `graph` that the modules in the file contradict, a sentence each.
pub fn contradictions(root: &Module, graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    let modules = root.walk();
    let classes = activations(root);
    let mut unlike: BTreeSet<&str> = BTreeSet::new();
    for node in &graph.layers {
        let kind = kind_of(&node.layer);
        let class = ACTIVATIONS
            .iter()
            .find(|(_, layer)| Some(*layer) == kind.as_deref());
        if let Some((class, _)) = class
            && !classes.is_empty()
            && !classes.contains(class)
            && unlike.insert(class)
        {
            found.push(format!(
                "the reading has {class}, but the modules in the file are {} and no {class}",
                classes.join(", ")
            ));
        }
        let of = |weight: &str| {
            let mut own = modules.iter();
            own.find(|(_, module)| module.tensors.iter().any(|(_, name)| name == weight))
        };
        match &node.layer {
            Layer::Conv(conv) => {
                if let Some((path, module)) = of(&conv.weight) {
                    let pairs = [
                        ("stride", &conv.stride),
                        ("padding", &conv.padding),
                        ("dilation", &conv.dilation),
                    ];
                    for (setting, read) in pairs {
                        found.extend(unequal(path, module, setting, read));
                    }
                }
            }
            Layer::BatchNorm(norm) => {
                if let Some((path, module)) = of(&norm.running_mean)
                    && let Some(eps) = module.attribute("eps").and_then(Attribute::float)
                    && (eps - norm.epsilon).abs() > 1e-3 * eps.abs()
                {
                    found.push(format!(
                        "the reading has eps {} at {path}, the module in the file {eps}",
                        norm.epsilon
                    ));
                }
            }
            _ => {}
        }
    }
    found
}

/// The name of a layer's kind as `model.toml` writes it.
fn kind_of(layer: &Layer) -> Option<String> {
    let written = serde_json::to_value(layer).ok()?;
    Some(written.get("kind")?.as_str()?.to_owned())
}

fn unequal(path: &str, module: &Module, setting: &str, read: &[usize]) -> Option<String> {
    let set = module.attribute(setting)?.integers()?;
    let set: Option<Vec<usize>> = set.into_iter().map(|n| usize::try_from(n).ok()).collect();
    let set = match set?.as_slice() {
        [one] => vec![*one; read.len()],
        several => several.to_vec(),
    };
    (set != read).then(|| {
        format!("the reading has {setting} {read:?} at {path}, the module in the file {set:?}")
    })
}
