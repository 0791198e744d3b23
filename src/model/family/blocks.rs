//! Residual and gated multilayer perceptrons: blocks of linear layers and at most one norm, between a first linear layer
//! and a classifier.
//!
//! What a plain chain of layers hasn't makes a block: a gate (SwiGLU, GEGLU: Shazeer 2020), or a norm that is no batch
//! norm behind its layer. Every block must give as many numbers as it takes. Whether its input is added, where its norm
//! stands and which function bends its numbers leave no trace: each combination is a reading of its own.

use super::block_plan::{Block, Form, check_alike, is_norm, plan};
use super::builder::{Activation, Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Module, Tensors};
use crate::error::{Error, Result};
use crate::model::layers::{Add, Flatten, Multiply, Slice};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "activation",
        what: "the function in every block",
        of: Range::Words(&["relu", "gelu", "silu"]),
    },
    Choice {
        key: "skip",
        what: "whether a block's input is added to what it gives",
        of: Range::Words(&["yes", "none"]),
    },
    Choice {
        key: "norm",
        what: "whether a block's norm comes before its layers or after the sum",
        of: Range::Words(&["before", "after"]),
    },
    Choice {
        key: "gate",
        what: "which half of a packed gated layer is the gate",
        of: Range::Words(&["first", "last"]),
    },
    Choice {
        key: "stem",
        what: "whether the function follows the first layer",
        of: Range::Words(&["bare", "bent"]),
    },
];

/// Whether there are blocks that a plain chain hasn't.
pub(super) fn claims(tensors: &Tensors) -> bool {
    let Some(plan) = plan(tensors) else {
        return false;
    };
    plan.blocks.iter().any(|block| {
        let gated = matches!(block.form, Form::Gated(_) | Form::Packed(_));
        let normed = block
            .norm
            .is_some_and(|norm| norm.kind != Kind::Norm || block.norm_first);
        gated || normed
    })
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let Some(plan) = plan(&tensors) else {
        return Err(Error::Model(format!(
            "there are no blocks of linear layers that give as many numbers as they take: the file has {}",
            tensors.summary()
        )));
    };
    let gates = |block: &Block| matches!(block.form, Form::Gated(_) | Form::Packed(_));
    let gated = plan.blocks.iter().any(gates);
    let packed = |block: &Block| matches!(block.form, Form::Packed(_));
    let packed = plan.blocks.iter().any(packed);
    let word = chosen.word("activation", if gated { "silu" } else { "relu" });
    let skips = chosen.word("skip", if plan.blocks.len() > 1 { "yes" } else { "none" });
    let first = plan.blocks.iter().all(|block| block.norm_first);
    let norm = chosen.word("norm", if first { "before" } else { "after" });
    let gate = chosen.word("gate", "first");
    let stem = chosen.word("stem", "bare");
    let how = How {
        activation: Activation::named(word).unwrap_or(Activation::Relu),
        adds: skips == "yes",
        before: norm == "before",
        gate_first: gate == "first",
    };
    check_alike(&tensors, &plan)?;
    let mut builder = Builder::new(tensors, hints);
    let starts = plan.stem.iter().find(|module| module.kind == Kind::Linear);
    let taken = match starts.map(|module| module.weight) {
        Some(&[_, inputs]) => inputs,
        _ => plan.blocks[0].width,
    };
    let input = hints.input.map_or_else(|| vec![taken], <[usize]>::to_vec);
    builder.push("flatten", Flatten { from: 1 });
    let inputs = input.iter().product::<usize>();
    let mut width = chain(&mut builder, &plan.stem, inputs, how.activation)?;
    if stem == "bent" && !plan.stem.is_empty() {
        builder.activation("stem", how.activation);
    }
    for block in &plan.blocks {
        if block.width != width {
            return Err(Error::Model(format!(
                "the block {:?} takes {} numbers, but {width} come in",
                block.name, block.width
            )));
        }
        push(&mut builder, block, how)?;
    }
    let outputs = chain(&mut builder, &plan.tail, width, how.activation)?;
    width = plan.blocks[0].width;
    let what = if gated { "gated" } else { "residual" };
    builder.assume(chosen.assumed(
        "activation",
        &format!("The function in every block is {word}"),
    ));
    builder.assume(chosen.assumed(
        "skip",
        if how.adds {
            "A block's input is added to what it gives"
        } else {
            "Nothing is added to what a block gives"
        },
    ));
    if plan.blocks.iter().any(|block| block.norm.is_some()) {
        builder.assume(chosen.assumed("norm", &format!("Norms come {norm} a block's layers")));
        builder.assume("Norms add 1e-5 to the variance, 1e-6 to the mean square.");
    }
    if let Some(norm) = plan.tail.iter().find(|module| is_norm(module)) {
        builder.assume(format!("The norm {} follows the blocks.", norm.name));
    }
    if packed {
        builder.assume(chosen.assumed(
            "gate",
            &format!("The {gate} half of a packed layer is the gate"),
        ));
    }
    if !plan.stem.is_empty() {
        builder.assume(chosen.assumed(
            "stem",
            if stem == "bent" {
                "The function follows the first layer"
            } else {
                "No function follows the first layer"
            },
        ));
    }
    let count = plan.blocks.len();
    let reading = Reading {
        family: "mlp-blocks",
        why: format!("{count} {what} blocks of {width} numbers"),
    };
    let title = format!("{what} MLP ({count} blocks, width {width})");
    builder.finish(title, input, outputs, reading)
}

/// What tensors don't tell of a block.
#[derive(Clone, Copy)]
struct How {
    activation: Activation,
    adds: bool,
    before: bool,
    gate_first: bool,
}

fn has_bias(builder: &Builder, module: &Module) -> bool {
    builder.has(&join(module.name, "bias"))
}

/// Appends linear layers with the function between them, and norms; gives the width of the last.
fn chain(
    builder: &mut Builder,
    modules: &[Module],
    mut width: usize,
    activation: Activation,
) -> Result<usize> {
    let last = modules.iter().rposition(|m| m.kind == Kind::Linear);
    for (i, module) in modules.iter().enumerate() {
        if is_norm(module) {
            normed(builder, module, width)?;
            continue;
        }
        let bias = has_bias(builder, module);
        width = builder.full(module.name, &[], width, bias)?;
        let next = modules.get(i + 1).is_some_and(is_norm);
        if Some(i) != last && !next {
            builder.activation(module.name, activation);
        }
    }
    Ok(width)
}

fn normed(builder: &mut Builder, norm: &Module, width: usize) -> Result<()> {
    if norm.kind == Kind::Norm {
        builder.batch_norm(norm.name, width)
    } else if has_bias(builder, norm) {
        builder
            .layer_norm(norm.name, &[], width, 1e-5, true)
            .map(drop)
    } else {
        builder.rms_norm(norm.name, &[], width, 1e-6).map(drop)
    }
}

fn push(builder: &mut Builder, block: &Block, how: How) -> Result<()> {
    let before = builder.last();
    if let Some(norm) = block.norm.as_ref().filter(|_| how.before) {
        normed(builder, norm, block.width)?;
    }
    let read = builder.last();
    match &block.form {
        Form::Single(only) => {
            let bias = has_bias(builder, only);
            builder.full(only.name, &[], block.width, bias)?;
            builder.activation(only.name, how.activation);
        }
        Form::Pair([first, second]) => {
            let (bias, own) = (has_bias(builder, first), has_bias(builder, second));
            let wide = builder.full(first.name, &[], block.width, bias)?;
            builder.activation(first.name, how.activation);
            builder.full(second.name, &[], wide, own)?;
        }
        Form::Gated([gate, up, down]) => {
            let bias = |builder: &Builder, module: &Module| has_bias(builder, module);
            let (a, b, c) = (bias(builder, gate), bias(builder, up), bias(builder, down));
            let wide = builder.full(gate.name, &[&read], block.width, a)?;
            builder.activation(gate.name, how.activation);
            let open = builder.last();
            builder.full(up.name, &[&read], block.width, b)?;
            let other = builder.last();
            builder.push_from(&join(gate.name, "gated"), &[&open, &other], Multiply {});
            builder.full(down.name, &[], wide, c)?;
        }
        Form::Packed([first, second]) => {
            let (bias, own) = (has_bias(builder, first), has_bias(builder, second));
            let wide = builder.full(first.name, &[], block.width, bias)?;
            let whole = builder.last();
            let half = wide / 2;
            let part = |start: usize| Slice {
                axis: 1,
                start,
                end: Some(start + half),
                step: 1,
            };
            let (gate, other) = if how.gate_first { (0, half) } else { (half, 0) };
            let name = |leaf: &str| join(first.name, leaf);
            builder.push_from(&name("gate"), &[&whole], part(gate));
            builder.activation(&name("gate"), how.activation);
            let open = builder.last();
            let other = builder.push_from(&name("other"), &[&whole], part(other));
            builder.push_from(&name("gated"), &[&open, &other], Multiply {});
            builder.full(second.name, &[], half, own)?;
        }
    }
    if how.adds {
        let main = builder.last();
        builder.push_from(&join(&block.name, "add"), &[&main, &before], Add {});
    }
    if let Some(norm) = block.norm.as_ref().filter(|_| !how.before) {
        normed(builder, norm, block.width)?;
    }
    Ok(())
}
