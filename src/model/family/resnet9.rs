//! Small residual networks made for speed: ResNet-9 as of D. Page's "How to train your ResNet" (2018), as most
//! tutorials teach it, and as ffcv trains it.
//!
//! What follows each convolution is known from these codes, the numbers of the Sequentials and the width of the
//! classifier. The factor on the outputs leaves no trace and is theirs.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::{Square, max_pool};
use crate::error::{Error, Result};
use crate::model::layers::{AdaptiveAveragePool, AdaptiveMaxPool, Add, Flatten, Relu, Scale};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "pool",
        what: "what the maps are reduced by before the classifier",
        of: Range::Words(&["max", "average"]),
    },
    Choice {
        key: "factor",
        what: "what the outputs are multiplied by",
        of: Range::Number,
    },
];

/// A step of the network.
enum Step {
    /// Convolution, norm, ReLU: names of the first two, kernel, stride, zeros around.
    Convolution([String; 2], [usize; 3]),
    /// A 2×2 max-pool.
    Pool,
    /// Steps beside which their input goes on.
    Residual(&'static str, Vec<Step>),
}

/// A network: its steps, its classifier and what the outputs are multiplied by.
struct Plan {
    steps: Vec<Step>,
    head: String,
    factor: f64,
    code: &'static str,
}

/// Whether the names are those of one of the three codes.
pub(super) fn claims(tensors: &Tensors) -> bool {
    let has = |name: &str| tensors.shape(name).is_some();
    has("prep_conv.weight")
        || has("res1.0.0.weight") && has("conv1.0.weight")
        || has("2.module.0.0.weight") && has("0.0.weight")
}

fn plan(tensors: &Tensors) -> Plan {
    if tensors.any_under("prep_conv.") {
        page(tensors)
    } else if tensors.any_under("2.module.") {
        ffcv()
    } else {
        tutorial(tensors)
    }
}

fn usual(convolution: String, norm: String) -> Step {
    Step::Convolution([convolution, norm], [3, 1, 1])
}

/// davidcpage/cifar10-fast.
fn page(tensors: &Tensors) -> Plan {
    let unit = |path: &str| usual(format!("{path}_conv"), format!("{path}_bn"));
    let mut steps = vec![unit("prep")];
    for (layer, residual) in [("layer1", true), ("layer2", false), ("layer3", true)] {
        steps.extend([unit(layer), Step::Pool]);
        let inner = |n: usize| format!("{layer}_residual_res{n}");
        // Which stages have one is open in the code.
        if residual || tensors.any_under(&inner(1)) {
            let both = [1, 2].map(|n| unit(&inner(n)));
            steps.push(Step::Residual(layer, both.into()));
        }
    }
    Plan {
        steps,
        head: "linear".into(),
        factor: 0.125,
        code: "D. Page's cifar10-fast",
    }
}

/// The one of the tutorials: `conv1`, `conv2`, `res1`, `conv3`, `conv4`, `res2`, `classifier`.
fn tutorial(tensors: &Tensors) -> Plan {
    let unit = |path: &str| usual(format!("{path}.0"), format!("{path}.1"));
    let residual = |name: &'static str| {
        let inner = [0, 1].map(|n| unit(&format!("{name}.{n}")));
        Step::Residual(name, inner.into())
    };
    let steps = vec![
        unit("conv1"),
        unit("conv2"),
        Step::Pool,
        residual("res1"),
        unit("conv3"),
        Step::Pool,
        unit("conv4"),
        Step::Pool,
        residual("res2"),
    ];
    let modules = tensors.modules();
    let head = modules
        .iter()
        .map(|m| m.name)
        .find(|name| name.starts_with("classifier"));
    Plan {
        steps,
        head: head.unwrap_or("classifier").to_owned(),
        factor: 1.0,
        code: "the tutorials",
    }
}

/// The one that ffcv trains on CIFAR.
fn ffcv() -> Plan {
    let unit = |path: &str, how| Step::Convolution([format!("{path}.0"), format!("{path}.1")], how);
    let residual = |name: &'static str| {
        let inner = [0, 1].map(|n| unit(&format!("{name}.module.{n}"), [3, 1, 1]));
        Step::Residual(name, inner.into())
    };
    Plan {
        steps: vec![
            unit("0", [3, 1, 1]),
            unit("1", [5, 2, 2]),
            residual("2"),
            unit("3", [3, 1, 1]),
            Step::Pool,
            residual("5"),
            unit("6", [3, 1, 0]),
        ],
        head: "9".into(),
        factor: 0.2,
        code: "ffcv's CIFAR example",
    }
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let plan = plan(&tensors);
    let mut builder = Builder::new(tensors, hints);
    let Some(Step::Convolution([first, _], _)) = plan.steps.first() else {
        return Err(Error::Model("expected a convolution first".into()));
    };
    let weight = join(first, "weight");
    let [_, channels, ..] = builder.extents::<4>(&weight)?;
    let image = builder.image_or(&weight, channels, 32)?;
    let mut at = Map {
        channels,
        size: [image[1], image[2]],
        bias: builder.has(&join(first, "bias")),
    };
    push(&mut builder, &plan.steps, &mut at)?;
    let outputs = classify(&mut builder, &plan, &at, chosen)?;
    builder.assume("The activation is ReLU; pools are 2×2 maxima.");
    builder.assume("Batch normalisation adds 1e-5 to the variance.");
    let why = format!("the names of {}", plan.code);
    let family = "resnet9";
    let read = Reading { family, why };
    builder.finish("ResNet-9".into(), image.to_vec(), outputs, read)
}

/// What has become of the image.
struct Map {
    channels: usize,
    size: [usize; 2],
    /// Whether convolutions have biases: all as the first.
    bias: bool,
}

fn push(builder: &mut Builder, steps: &[Step], at: &mut Map) -> Result<()> {
    for step in steps {
        match step {
            Step::Convolution([convolution, norm], [kernel, stride, padding]) => {
                let spec = Square {
                    padding: Some(*padding),
                    ..Square::new(at.channels, *kernel).stride(*stride)
                };
                at.channels = builder.square(convolution, &[], spec.bias(at.bias))?;
                builder.batch(norm, at.channels, 1e-5)?;
                builder.then(norm, "relu", Relu {});
                let after = |n: usize| (n + 2 * padding).saturating_sub(*kernel) / stride + 1;
                at.size = at.size.map(after);
            }
            Step::Pool => {
                let before = builder.last();
                builder.then(&before, "pool", max_pool(2, 2, 0));
                at.size = at.size.map(|n| n / 2);
            }
            Step::Residual(name, inner) => {
                let (before, channels) = (builder.last(), at.channels);
                push(builder, inner, at)?;
                if at.channels != channels {
                    return Err(Error::Model(format!(
                        "{name} turns {channels} channels into {}: expected as many, for its input is added",
                        at.channels
                    )));
                }
                let main = builder.last();
                builder.push_from(&format!("{name}.add"), &[&before, &main], Add {});
            }
        }
    }
    Ok(())
}

/// Appends pool, classifier and factor; gives the number of outputs.
fn classify(builder: &mut Builder, plan: &Plan, at: &Map, chosen: &Chosen) -> Result<usize> {
    let weight = join(&plan.head, "weight");
    let [_, taken] = builder.extents::<2>(&weight)?;
    let places = taken / at.channels.max(1);
    let side = places.isqrt();
    let parts = at.size.iter().all(|n| side > 0 && n.is_multiple_of(side));
    // A single map of any size is searched as a whole; more must divide.
    if places * at.channels != taken || side * side != places || side != 1 && !parts {
        return Err(Error::Model(format!(
            "{weight} takes {taken} numbers, which are no parts of the {:?} maps of {} channels before it",
            at.size, at.channels
        )));
    }
    let size = vec![side; 2];
    let word = chosen.word("pool", "max");
    if at.size != [side; 2] {
        match word {
            "average" => builder.push("pool", AdaptiveAveragePool { size }),
            _ => builder.push("pool", AdaptiveMaxPool { size }),
        };
        let how = if word == "average" { "mean" } else { "maximum" };
        let sentence = format!("The {how} of each map goes to the classifier");
        builder.assume(chosen.assumed("pool", &sentence));
    }
    builder.push("flatten", Flatten { from: 1 });
    let bias = builder.has(&join(&plan.head, "bias"));
    // The two codes with a factor have no bias here, the tutorials have.
    if bias != (plan.factor.to_bits() == 1.0_f64.to_bits()) {
        let (found, expected) = if bias {
            ("has", "none")
        } else {
            ("lacks", "one")
        };
        return Err(Error::Model(format!(
            "{} {found} a bias: expected {expected}, as {} has it",
            plan.head, plan.code
        )));
    }
    let outputs = builder.full(&plan.head, &[], taken, bias)?;
    let factor = chosen.number("factor", plan.factor);
    let weight = None;
    if factor.to_bits() != 1.0_f64.to_bits() {
        builder.push("logits", Scale { weight, factor });
    }
    if !bias {
        let sentence = format!(
            "The outputs are multiplied by {factor}, as in {}",
            plan.code
        );
        builder.assume(chosen.assumed("factor", &sentence));
    }
    Ok(outputs)
}
