//! Networks recognised from the names and shapes of a checkpoint's tensors.
//!
//! A checkpoint says which tensors a network has, not how they are wired. Each family here knows
//! one wiring, checks every tensor against it and puts into words whatever the tensors can't tell
//! (activations, strides, pooling, shortcuts without parameters). It looks at no value and runs
//! nothing; a network that fits no family is described by hand in a `model.toml`.

mod attend;
mod builder;
mod choice;
mod convnext;
mod dense;
mod densenet;
mod efficientnet;
mod encoder;
mod gpt;
mod inverted;
mod known;
mod lenet;
mod llama;
mod mlp;
mod mobilenet;
mod numpy;
mod order;
mod parts;
mod preactivation;
mod recognised;
mod recurrent;
mod resnet;
mod resnet9;
mod resnet_cifar;
mod resnet_torchvision;
mod skeleton;
mod tensors;
mod vgg;
mod vit;
mod wired;

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
pub use recognised::{Hints, Recognised};
pub use skeleton::skeleton;
use std::sync::LazyLock;
use tensors::{Kind, Module, Tensors};

/// Finds the family by itself and makes the network: `--model auto`.
///
/// # Errors
/// Names the tensor that doesn't fit, what was found and what was expected; where no family comes
/// into question, lists the first tensors and the families.
pub fn recognise(state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    let tensors = Tensors::new(state);
    if let Some(known) = known::claimed(&tensors) {
        return known
            .read("", state, hints)
            .map_err(|e| taken(&e, known.seen, known.name));
    }
    let Some((family, seen)) = guess(&tensors) else {
        return Err(Error::Model(format!(
            "no known network has these tensors: {}; {}",
            tensors.summary(),
            advice()
        )));
    };
    build(family, tensors, hints, true).map_err(|e| taken(&e, seen, family))
}

/// An error of a file that was taken for a network by its names.
fn taken(error: &Error, seen: &str, family: &str) -> Error {
    Error::Model(format!(
        "{error}. The file was taken for {seen} (family {family}); for another network, {}",
        advice()
    ))
}

/// Makes the network of the named family: `--model NAME`.
///
/// # Errors
/// [`Error::Usage`] for an unknown name; otherwise names the tensor that doesn't fit.
pub fn by_name(name: &str, state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    let (family, choices) = name.split_once(':').unwrap_or((name, ""));
    if let Some(known) = known::named(family) {
        return known
            .read(choices, state, hints)
            .map_err(|e| asked(e, name));
    }
    let Some(&(family, _)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return Err(Error::Usage(format!(
            "no network family is called {name:?}; known are auto, {} and files named *.toml or *.onnx",
            listed()
        )));
    };
    build(family, Tensors::new(state), hints, false).map_err(|e| asked(e, family))
}

/// An error of a file that was read as asked.
fn asked(error: Error, family: &str) -> Error {
    if matches!(error, Error::Usage(_)) {
        return error;
    }
    Error::Model(format!(
        "{error}. The network was read as {family}, as asked; for another, {}",
        advice()
    ))
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
    (
        "resnet-cifar",
        "Residual network with a 3×3 stem, shortcuts without parameters (option A) or 1×1 convolutions (B).",
    ),
    ("resnet-cifar-noskip", "The same without any shortcut."),
    (
        "resnet-torchvision",
        "torchvision's ResNets, ResNeXts and wide ResNets, basic or bottleneck blocks.",
    ),
];

fn build<'a>(
    family: &'static str,
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    auto: bool,
) -> Result<Recognised> {
    use builder::Activation::{self, Relu, Tanh};
    tensors.check_extents()?;
    let between = family.strip_prefix("mlp-").and_then(Activation::named);
    if let Some(activation) = between {
        return mlp::build(family, tensors, hints, activation, auto);
    }
    match family {
        "mlp" => mlp::build(family, tensors, hints, Relu, auto),
        "lenet" => lenet::build(family, tensors, hints, Relu, lenet::Pool::Max),
        "lenet-avg" => lenet::build(family, tensors, hints, Relu, lenet::Pool::Average),
        "lenet-tanh" => lenet::build(family, tensors, hints, Tanh, lenet::Pool::Average),
        "vgg" => vgg::build(tensors, hints),
        "resnet-cifar" => resnet_cifar::build(tensors, hints, true),
        "resnet-cifar-noskip" => resnet_cifar::build(tensors, hints, false),
        "resnet-torchvision" => resnet_torchvision::build(tensors, hints),
        other => Err(Error::Usage(format!(
            "no network family is called {other:?}"
        ))),
    }
}

/// The family that the names and ranks point to, and what they look like; decided before any check
/// so that a damaged file of a known kind gets an error about the tensor and not about the kind.
fn guess(tensors: &Tensors) -> Option<(&'static str, &'static str)> {
    let modules = tensors.modules();
    if tensors.any_under("layer1.0.conv1.") {
        let small = tensors
            .shape("conv1.weight")
            .is_none_or(|s| s.get(2) == Some(&3));
        let torchvision = tensors.any_under("fc.") && tensors.any_under("layer4.");
        return Some(if small && !torchvision {
            ("resnet-cifar", "a residual network with a 3×3 stem")
        } else {
            (
                "resnet-torchvision",
                "a residual network of torchvision's layout",
            )
        });
    }
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
