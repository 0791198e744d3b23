//! Multilayer perceptrons: weights with two axes whose shapes chain, with any names.
//!
//! The tensors don't tell the activation, whether norms follow it, nor skips around layers of equal
//! width: each combination is a reading of its own.

use super::activation::Activation;
use super::builder::{Builder, Reading};
use super::dense::{self, Between, Gaps, Host};
use super::recognised::{Hints, Recognised};
use super::skip::{self, Skip};
use super::tensors::{Kind, Module, Tensors};
use super::{order, told, words};
use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use crate::model::layers::Flatten;

/// All wirings, the most usual first; with `auto` the numbers of an `nn.Sequential` may rule
/// activations out.
pub(super) fn readings(
    family: &'static str,
    state: &dyn Listing,
    hints: &Hints,
    auto: bool,
) -> Result<Vec<Recognised>> {
    let tensors = Tensors::new(state);
    tensors.check_extents()?;
    if auto {
        words::check(&tensors, true)?;
    }
    let hosts = hosts(&tensors);
    if hosts.is_empty() {
        return Err(Error::Model(format!(
            "no tensor is a weight [out, in]: the file has {}",
            tensors.summary()
        )));
    }
    let named_skips = auto && words::check(&tensors, false).is_err();
    let (widths, keeps) = dense::widths(&hosts);
    if auto && let (Some([inputs, _]), Some([_, outputs])) = (widths.first(), widths.last()) {
        words::check_outputs(*inputs, *outputs, hints.classes)?;
    }
    let mut skips = if dense::is_sequential(&hosts) {
        vec![Skip::None]
    } else {
        skip::possible(&widths, &keeps)
    };
    if named_skips {
        skips.retain(|skip| *skip != Skip::None);
        if skips.is_empty() {
            words::check(&tensors, false)?;
        }
    }
    // Before a norm or after it, where no number tells.
    let open = |host: &Host| host.norm.is_some() && dense::room(host, None).before.is_none();
    let orders: &[bool] = if hosts.iter().any(open) {
        &[false, true]
    } else {
        &[false]
    };
    let mut activations = told::activations(hints.modules);
    if hosts.len() == 1 {
        activations.truncate(1);
    }
    let mut all = Vec::new();
    for &late in orders {
        for &skip in &skips {
            if late && skip != Skip::None {
                continue;
            }
            for &activation in &activations {
                let between = (activation, late, skip);
                all.push(build(family, state, hints, between, auto)?);
            }
        }
    }
    Ok(all)
}

/// The fully connected layers in their order.
fn hosts<'a>(tensors: &Tensors<'a>) -> Vec<Host<'a>> {
    let modules = tensors.modules();
    let of = |kind: Kind| modules.iter().filter(move |m| m.kind == kind).copied();
    let linear = of(Kind::Linear).collect();
    let norms: Vec<_> = modules
        .iter()
        .filter(|m| is_norm(m, tensors))
        .copied()
        .collect();
    dense::attach(&dense::ordered(linear), &norms)
}

/// Whether a module is a batch norm, or a layer norm: a weight and a bias of one axis.
fn is_norm(module: &Module, tensors: &Tensors) -> bool {
    let has = |leaf: &str| tensors.shape(&order::join(module.name, leaf)).is_some();
    let layer = module.rank == 1 && module.weight.len() == 1 && module.weight != [1];
    module.kind == Kind::Norm || module.kind == Kind::Other && layer && has("weight") && has("bias")
}

fn build(
    family: &'static str,
    state: &dyn Listing,
    hints: &Hints,
    (activation, late, skip): (Activation, bool, Skip),
    auto: bool,
) -> Result<Recognised> {
    let tensors = Tensors::new(state);
    let hosts = hosts(&tensors);
    let (widths, keeps) = dense::widths(&hosts);
    let width = widths.first().map_or(0, |w| w[0]);
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
    let outputs = dense::push(
        &mut builder,
        &hosts,
        Some(inputs.unwrap_or(0)),
        &because,
        Between {
            activation,
            late,
            gaps: if auto { Gaps::Count } else { Gaps::Ignore },
            parts: &skip::parts(skip, &widths, &keeps),
        },
    )?;

    if hosts.len() > 1 {
        builder.assume(format!(
            "The activation between layers is {}.",
            activation.word()
        ));
    }
    if skip::possible(&widths, &keeps).len() > 1 && !dense::is_sequential(&hosts) {
        builder.assume(match skip {
            Skip::None => {
                "Layers that give as many numbers as they take have no skip connections.".to_owned()
            }
            skip => format!("There are {}.", skip.words()),
        });
    }
    if hints.input.is_none() {
        builder.assume(format!(
            "A sample is {width} numbers: no data was given to tell its shape."
        ));
    }
    let chain: Vec<String> = widths.iter().map(|w| w[1].to_string()).collect();
    let chain = format!("{width}-{}", chain.join("-"));
    let why = match hosts.len() {
        1 => format!("one fully connected layer, {chain}"),
        n => format!("{n} fully connected layers whose shapes chain, {chain}"),
    };
    let norms = hosts.iter().any(|host| host.norm.is_some());
    let reading = Reading { family, why };
    let mut found = builder.finish(format!("MLP {chain}"), input, outputs, reading)?;
    if hosts.len() > 1 {
        found = found.choosing("activation", activation.name(), activation.word());
        let words = if skip == Skip::None { "" } else { skip.words() };
        found = found.choosing("skip", skip.name(), words);
    }
    if norms {
        let (value, words) = if late {
            ("act-norm", "activation before norm")
        } else {
            ("norm-act", "norm before activation")
        };
        found = found.choosing("order", value, words);
    }
    Ok(found)
}
