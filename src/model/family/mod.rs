//! Networks recognised from the names and shapes of a checkpoint's tensors.
//!
//! A checkpoint says which tensors a network has, not how they are wired. Each family here knows
//! one wiring, checks every tensor against it and puts into words whatever the tensors can't tell
//! (activations, strides, pooling, shortcuts without parameters). It looks at no value and runs
//! nothing; a network that fits no family is described by hand in a `model.toml`.
//!
//! Where several wirings fit, all of them are [`readings`], the most usual first. Which of them it is,
//! only evidence can tell: `engine::reading` looks for it in the data.

mod activation;
mod asked;
mod attend;
mod blocks;
mod builder;
mod chain;
mod choice;
mod convnext;
mod dense;
mod densenet;
mod efficientnet;
mod encoder;
mod gpt;
mod inverted;
mod known;
mod llama;
mod loose;
mod mlp;
mod mobilenet;
mod numpy;
mod order;
mod parts;
mod positions;
mod preactivation;
mod recognised;
mod recurrent;
mod resnet;
mod resnet9;
mod resnet_cifar;
mod resnet_torchvision;
mod skeleton;
mod skip;
mod tensors;
mod told;
mod vit;
mod wired;
mod words;

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use asked::Asked;
use known::Known;
pub use recognised::{Choice, Hints, ModuleClass, Recognised};
pub use skeleton::skeleton;
use std::sync::LazyLock;
use tensors::{Kind, Module, Tensors};

/// All networks that the names and shapes of a checkpoint fit, the most usual first; at least one.
///
/// `model` is what `--model` takes: `auto`, a family's name, or either with choices after a colon, as
/// `lenet:pool=average,padding=2`; what it says is the same in every reading.
///
/// # Errors
/// [`Error::Usage`] for an unknown name, choice or value; otherwise names the tensor that doesn't fit,
/// what was found and what was expected; where no family comes into question, lists the first tensors
/// and the families.
pub fn readings(model: &str, state: &dyn Listing, hints: &Hints) -> Result<Vec<Recognised>> {
    let asked = Asked::parse(model)?;
    let tensors = Tensors::new(state);
    if let Some(known) = published(&tensors, asked.family) {
        let found = known.readings(choices(model), state, hints);
        return found.map_err(|e| in_family(e, asked.family, known.seen, known.name));
    }
    if asked.family == "auto" {
        let Some((family, seen)) = guess(&tensors) else {
            return Err(Error::Model(format!(
                "no known network has these tensors: {}; {}",
                tensors.summary(),
                advice()
            )));
        };
        let found = wirings(family, state, hints, true);
        return asked.of(found.map_err(|e| in_family(e, "auto", seen, family))?, &[]);
    }
    let Some(&(family, _)) = NAMES.iter().find(|(known, _)| *known == asked.family) else {
        return Err(Error::Usage(format!(
            "no network family is called {:?}; known are auto, {} and files named *.toml or *.onnx",
            asked.family,
            listed()
        )));
    };
    let found = wirings(family, state, hints, false);
    let found = found.map_err(|e| in_family(e, asked.family, "", family))?;
    asked.of(found, &settled(family))
}

/// The published network that a file is by its names, or that is asked for.
fn published(tensors: &Tensors, asked: &str) -> Option<&'static Known> {
    match asked {
        "auto" => known::claimed(tensors),
        name => known::named(name),
    }
}

/// The published network that `--model` asks for, or that a file is by its names, and what can be chosen of it.
pub fn choosable(model: &str, state: &dyn Listing) -> Option<(&'static str, Vec<&'static str>)> {
    let asked = Asked::parse(model).ok()?;
    let known = published(&Tensors::new(state), asked.family)?;
    let keys = known.choices.iter().map(|choice| choice.key);
    Some((known.name, keys.collect()))
}

/// What stands after the colon of `--model`.
fn choices(model: &str) -> &str {
    model.split_once(':').map_or("", |(_, choices)| choices)
}

/// An error of a file that was taken for what it seemed, or read as asked.
fn in_family(error: Error, asked: &str, seen: &str, family: &str) -> Error {
    let how = match (&error, asked) {
        (Error::Usage(_), _) => return error,
        (_, "auto") => {
            format!("The file was taken for {seen} (family {family}); for another network")
        }
        _ => format!("The network was read as {family}, as asked; for another"),
    };
    Error::Model(format!("{error}. {how}, {}", advice()))
}

/// The most usual of all [`readings`] of `--model auto`.
///
/// # Errors
/// As [`readings`]; where a number must be chosen that has no usual value.
pub fn recognise(state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    by_name("auto", state, hints)
}

/// The most usual of all [`readings`] of `--model NAME`.
///
/// # Errors
/// As [`readings`]; where a number must be chosen that has no usual value.
pub fn by_name(name: &str, state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    let asked = Asked::parse(name)?;
    if let Some(known) = published(&Tensors::new(state), asked.family) {
        let found = known.read(choices(name), state, hints);
        return found.map_err(|e| in_family(e, asked.family, known.seen, known.name));
    }
    let mut found = readings(name, state, hints)?.into_iter();
    found
        .next()
        .ok_or_else(|| Error::Model(format!("nothing fits {name:?}; {}", advice())))
}

/// The families: name, one sentence.
pub fn names() -> &'static [(&'static str, &'static str)] {
    static ALL: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let known = known::KNOWN.iter().map(|known| (known.name, known.words));
        NAMES.iter().copied().chain(known).collect()
    });
    &ALL
}

const NAMES: &[(&str, &str)] = &[
    ("mlp", "Fully connected layers with ReLU between them."),
    ("mlp-tanh", "Fully connected layers with tanh between them."),
    (
        "mlp-sigmoid",
        "Fully connected layers with the logistic function between them.",
    ),
    ("mlp-gelu", "Fully connected layers with GELU between them."),
    ("mlp-silu", "Fully connected layers with SiLU between them."),
    (
        "lenet",
        "Convolutions with ReLU and max-pooling, then fully connected layers.",
    ),
    ("lenet-avg", "The same with average pooling."),
    (
        "lenet-tanh",
        "The same with tanh and average pooling, as in LeNet-5 of 1998.",
    ),
    (
        "vgg",
        "Sequential features.* (or bare numbers) of convolutions and pools, then a classifier.",
    ),
];

/// All wirings of a family that fit, the most usual first. A family that knows one wiring gives one.
fn wirings(
    family: &'static str,
    state: &dyn Listing,
    hints: &Hints,
    auto: bool,
) -> Result<Vec<Recognised>> {
    if family == "mlp" || family.starts_with("mlp-") {
        return mlp::readings(family, state, hints, auto);
    }
    match family {
        "lenet" | "lenet-avg" | "lenet-tanh" | "vgg" => chain::readings(family, state, hints, auto),
        other => Err(Error::Usage(format!(
            "no network family is called {other:?}"
        ))),
    }
}

/// What a family's name itself settles of the choices, unless it is asked for otherwise.
fn settled(family: &'static str) -> Vec<(&'static str, &'static str)> {
    let (activation, pool) = match family {
        "lenet" | "vgg" => ("relu", "max"),
        "lenet-avg" => ("relu", "average"),
        "lenet-tanh" => ("tanh", "average"),
        "mlp" => ("relu", "none"),
        other => (other.strip_prefix("mlp-").unwrap_or("relu"), "none"),
    };
    vec![
        ("activation", activation),
        ("pool", pool),
        ("skip", "none"),
        // With norms among them the order stays open.
        ("order", "act-pool"),
    ]
}

/// The family that the names and ranks point to, and what they look like; decided before any check
/// so that a damaged file of a known kind gets an error about the tensor and not about the kind.
fn guess(tensors: &Tensors) -> Option<(&'static str, &'static str)> {
    let modules = tensors.modules();
    let of = |kind: Kind| {
        modules
            .iter()
            .filter(|m| m.kind == kind)
            .collect::<Vec<&Module>>()
    };
    let (convolutions, linear) = (of(Kind::Conv), of(Kind::Linear));
    if linear.is_empty() || modules.iter().any(|m| m.kind == Kind::Other && m.rank > 1) {
        None
    } else if convolutions.is_empty() {
        Some(("mlp", "fully connected layers only"))
    } else if order::one_parent(convolutions.iter().map(|m| m.name)) {
        Some((
            "vgg",
            "a sequence of convolutions, then fully connected layers",
        ))
    } else {
        Some(("lenet", "convolutions, then fully connected layers"))
    }
}

fn listed() -> String {
    names()
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn advice() -> String {
    format!(
        "choose --model NAME ({}) or describe the network: losscope inspect FILE --write-model model.toml writes a start to edit",
        listed()
    )
}
