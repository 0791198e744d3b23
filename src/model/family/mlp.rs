//! Multilayer perceptrons: weights with two axes whose shapes chain, with any names.
//!
//! The tensors don't tell the activation; ReLU is assumed, other functions are asked for by name.

use super::builder::{Activation, Builder, Reading};
use super::dense::{self, Gaps};
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Tensors};
use crate::error::{Error, Result};
use crate::model::layers::Flatten;

/// Makes the network; with `auto` the numbers of an `nn.Sequential` may rule activations out.
pub(super) fn build<'a>(
    family: &'static str,
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    activation: Activation,
    auto: bool,
) -> Result<Recognised> {
    let modules = tensors.modules();
    let linear: Vec<_> = modules
        .iter()
        .filter(|m| m.kind == Kind::Linear)
        .copied()
        .collect();
    let norms: Vec<_> = modules
        .iter()
        .filter(|m| m.kind == Kind::Norm)
        .copied()
        .collect();
    let hosts = dense::attach(&dense::ordered(linear), &norms);
    let Some(&[_, width]) = hosts.first().map(|h| h.module.weight) else {
        return Err(Error::Model(format!(
            "no tensor is a weight [out, in]: the file has {}",
            tensors.summary()
        )));
    };

    let mut builder = Builder::new(tensors, hints);
    let (input, because) = match hints.input {
        Some(sample) => (
            sample.to_vec(),
            format!("for a sample of the data is {sample:?}"),
        ),
        None => (vec![width], String::new()),
    };
    let inputs = input.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    builder.push("flatten", Flatten { from: 1 });
    let gaps = if auto { Gaps::Count } else { Gaps::Ignore };
    let outputs = dense::push(
        &mut builder,
        &hosts,
        Some(inputs.unwrap_or(0)),
        &because,
        activation,
        gaps,
    )?;

    if hosts.len() > 1 {
        builder.assume(format!(
            "The activation between layers is {}.",
            activation.word()
        ));
    }
    if hints.input.is_none() {
        builder.assume(format!(
            "A sample is {width} numbers: no data was given to tell its shape."
        ));
    }
    let widths: Vec<String> = hosts
        .iter()
        .filter_map(|h| h.module.weight.first())
        .map(ToString::to_string)
        .collect();
    let chain = format!("{width}-{}", widths.join("-"));
    let why = match hosts.len() {
        1 => format!("one fully connected layer, {chain}"),
        n => format!("{n} fully connected layers whose shapes chain, {chain}"),
    };
    builder.finish(
        format!("MLP {chain}"),
        input,
        outputs,
        Reading { family, why },
    )
}
