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
mod builder;
mod chain;
mod dense;
mod mlp;
mod order;
mod parts;
mod recognised;
mod resnet;
mod resnet_cifar;
mod resnet_torchvision;
mod skeleton;
mod skip;
mod tensors;
mod told;
mod words;

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use asked::Asked;
pub use recognised::{Choice, Hints, ModuleClass, Recognised};
pub use skeleton::skeleton;
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
    if asked.family == "auto" {
        let Some((family, seen)) = guess(&tensors) else {
            return Err(Error::Model(format!(
                "no known network has these tensors: {}; {}",
                tensors.summary(),
                advice()
            )));
        };
        let found = wirings(family, state, hints, true).map_err(|e| {
            Error::Model(format!(
                "{e}. The file was taken for {seen} (family {family}); for another network, {}",
                advice()
            ))
        })?;
        return asked.of(found, &[]);
    }
    let Some(&(family, _)) = NAMES.iter().find(|(known, _)| *known == asked.family) else {
        return Err(Error::Usage(format!(
            "no network family is called {:?}; known are auto, {} and files named *.toml or *.onnx",
            asked.family,
            listed()
        )));
    };
    let found = wirings(family, state, hints, false).map_err(|e| {
        Error::Model(format!(
            "{e}. The network was read as {family}, as asked; for another, {}",
            advice()
        ))
    })?;
    asked.of(found, settled(family))
}

/// The most usual of all [`readings`] of `--model auto`.
///
/// # Errors
/// As [`readings`].
pub fn recognise(state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    by_name("auto", state, hints)
}

/// The most usual of all [`readings`] of `--model NAME`.
///
/// # Errors
/// As [`readings`].
pub fn by_name(name: &str, state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
    let mut found = readings(name, state, hints)?.into_iter();
    found
        .next()
        .ok_or_else(|| Error::Model(format!("nothing fits {name:?}; {}", advice())))
}

/// The families: name, one sentence.
pub fn names() -> &'static [(&'static str, &'static str)] {
    NAMES
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
        other => build(other, Tensors::new(state), hints).map(|one| vec![one]),
    }
}

/// What a family's name itself settles of the choices, unless it is asked for otherwise.
fn settled(family: &str) -> &'static [(&'static str, &'static str)] {
    match family {
        "lenet" | "vgg" => &[("activation", "relu"), ("pool", "max"), ("skip", "none")],
        "lenet-avg" => &[
            ("activation", "relu"),
            ("pool", "average"),
            ("skip", "none"),
        ],
        "lenet-tanh" => &[
            ("activation", "tanh"),
            ("pool", "average"),
            ("skip", "none"),
        ],
        "mlp" => &[("activation", "relu"), ("skip", "none")],
        "mlp-tanh" => &[("activation", "tanh"), ("skip", "none")],
        "mlp-sigmoid" => &[("activation", "sigmoid"), ("skip", "none")],
        "mlp-gelu" => &[("activation", "gelu"), ("skip", "none")],
        "mlp-silu" => &[("activation", "silu"), ("skip", "none")],
        _ => &[],
    }
}

/// The network of a family that knows one wiring.
fn build<'a>(
    family: &'static str,
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
) -> Result<Recognised> {
    tensors.check_extents()?;
    match family {
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
    NAMES
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
