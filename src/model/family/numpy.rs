//! Networks written by hand with NumPy: weights `W1`, `W2`, … and biases `b1`, `b2`, …
//!
//! Whether a weight is `[in, out]` or `[out, in]` is told by how shapes chain, by the biases and by the data; where
//! all of it fits both ways it is asked for. Activations leave no trace.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::model::layers::{Flatten, Linear};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "activation",
        what: "the activation between layers",
        of: Range::Words(&["relu", "tanh", "sigmoid"]),
    },
    Choice {
        key: "weights",
        what: "what the axes of the weights are",
        of: Range::Words(&["in-out", "out-in"]),
    },
];

/// Beginnings of the names of weights, each with that of its bias.
const NAMES: [(&str, &str); 8] = [
    ("W", "b"),
    ("w", "b"),
    ("W_", "b_"),
    ("w_", "b_"),
    ("W", "B"),
    ("weight", "bias"),
    ("weights", "biases"),
    ("weights_", "biases_"),
];

/// Whether all names are those of weights and biases with numbers.
pub(super) fn claims(tensors: &Tensors) -> bool {
    prefixes(tensors).is_some()
}

fn prefixes(tensors: &Tensors) -> Option<(&'static str, &'static str)> {
    let numbered = |name: &str, start: &str| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let fits = |(weight, bias): &&(&str, &str)| {
        let one = |name: &str| numbered(name, weight) || numbered(name, bias);
        tensors.names().any(|name| numbered(name, weight)) && tensors.names().all(one)
    };
    NAMES.iter().find(fits).copied()
}

/// A layer's tensors and extents.
struct One<'a> {
    weight: &'a str,
    shape: [usize; 2],
    bias: Option<(String, Vec<usize>)>,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let layers = read(&tensors)?;
    let inputs = hints.input.map(|shape| shape.iter().product::<usize>());
    let output_axis = oriented(&layers, inputs, chosen)?;
    let mut builder = Builder::new(tensors, hints);
    let width = layers[0].shape[1 - output_axis];
    let input = hints.input.map_or_else(|| vec![width], <[usize]>::to_vec);
    if hints.input.is_none() {
        builder.assume(format!(
            "A sample is {width} numbers: no data was given to tell its shape."
        ));
    }
    builder.push("flatten", Flatten { from: 1 });
    let word = chosen.word("activation", "relu");
    let mut taken = inputs.unwrap_or(width);
    let mut widths = vec![taken.to_string()];
    for (i, layer) in layers.iter().enumerate() {
        let mut expected = [None, Some(taken)];
        if output_axis == 1 {
            expected.reverse();
        }
        let because = format!("for {taken} numbers come in");
        builder.tensors.take(layer.weight, &expected, &because)?;
        let outputs = layer.shape[output_axis];
        let bias = layer.bias.as_ref().map(|(name, shape)| {
            let exact: Vec<Option<usize>> = shape.iter().map(|&n| Some(n)).collect();
            builder.tensors.take(name, &exact, "").map(|_| name.clone())
        });
        let bias = bias.transpose()?;
        let weight = layer.weight.to_owned();
        builder.push(
            layer.weight,
            Linear {
                weight,
                bias,
                output_axis,
            },
        );
        if i + 1 < layers.len() {
            let activation = super::builder::Activation::named(word);
            let activation = activation.unwrap_or(super::builder::Activation::Relu);
            builder.activation(layer.weight, activation);
        }
        taken = outputs;
        widths.push(outputs.to_string());
    }
    let axes = if output_axis == 1 {
        "[in, out]"
    } else {
        "[out, in]"
    };
    builder.assume(format!("Weights are {axes}."));
    if layers.len() > 1 {
        builder.assume(chosen.assumed(
            "activation",
            &format!("The activation between layers is {word}"),
        ));
    }
    let chain = widths.join("-");
    let why = format!("{} numbered weights {axes}, {chain}", layers.len());
    let reading = Reading {
        family: "numpy-mlp",
        why,
    };
    builder.finish(format!("MLP {chain}"), input, taken, reading)
}

/// The layers in the order of their numbers.
fn read<'a>(tensors: &Tensors<'a>) -> Result<Vec<One<'a>>> {
    let (weight, bias) = prefixes(tensors).unwrap_or(("W", "b"));
    let number = |name: &str| order::last_number(name).unwrap_or(0);
    let mut weights: Vec<&str> = tensors
        .names()
        .filter(|name| name.starts_with(weight) && (weight == bias || !name.starts_with(bias)))
        .collect();
    weights.sort_by_key(|name| number(name));
    let mut layers = Vec::new();
    for name in weights {
        let shape = tensors.shape(name).unwrap_or_default();
        let &[rows, columns] = shape else {
            return Err(Error::Model(format!(
                "{name} is {shape:?}: expected a weight of two axes"
            )));
        };
        let own = format!("{bias}{}", &name[weight.len()..]);
        let bias = tensors.shape(&own).map(|shape| (own, shape.to_vec()));
        layers.push(One {
            weight: name,
            shape: [rows, columns],
            bias,
        });
    }
    match layers.iter().filter(|layer| layer.bias.is_none()).count() {
        _ if layers.is_empty() => Err(Error::Model("there is no weight".into())),
        0 => Ok(layers),
        n if n == layers.len() => Ok(layers),
        _ => Err(Error::Model(format!(
            "some weights have a bias and {} has none: expected one for each or for none",
            layers
                .iter()
                .find(|l| l.bias.is_none())
                .map_or("", |l| l.weight)
        ))),
    }
}

/// Which axis counts the outputs: the one that everything fits, else the one asked for.
fn oriented(layers: &[One], inputs: Option<usize>, chosen: &Chosen) -> Result<usize> {
    let fits = |axis: usize| {
        let first = inputs.is_none_or(|n| n == layers[0].shape[1 - axis]);
        let chain = layers
            .windows(2)
            .all(|w| w[0].shape[axis] == w[1].shape[1 - axis]);
        let bias = |layer: &One| {
            let count = layer
                .bias
                .as_ref()
                .map(|(_, shape)| shape.iter().product::<usize>());
            count.is_none_or(|n| n == layer.shape[axis])
        };
        first && chain && layers.iter().all(bias)
    };
    let asked = chosen
        .has("weights")
        .then(|| usize::from(chosen.word("weights", "in-out") == "in-out"));
    match (asked, fits(1), fits(0)) {
        (Some(axis), ..) if fits(axis) => Ok(axis),
        (None, true, false) => Ok(1),
        (None, false, true) => Ok(0),
        (None, true, true) => Err(chosen.ask(
            "weights",
            ": in-out and out-in both fit, as they are square",
        )),
        _ => {
            let shapes: Vec<String> = layers
                .iter()
                .map(|l| format!("{} {:?}", l.weight, l.shape))
                .collect();
            let data = inputs.map_or_else(String::new, |n| format!(" and {n} numbers a sample"));
            Err(Error::Model(format!(
                "{}{data} don't chain as [in, out] or [out, in] with these biases",
                shapes.join(", ")
            )))
        }
    }
}
