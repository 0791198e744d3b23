//! Residual and gated multilayer perceptrons: blocks of linear layers and at most one norm, between a first linear layer
//! and a classifier.
//!
//! What a plain chain of layers hasn't makes a block: a gate (SwiGLU, GEGLU: Shazeer 2020), or a norm that is no batch
//! norm behind its layer. Every block must give as many numbers as it takes. Whether its input is added, where its norm
//! stands and which function bends its numbers leave no trace: each combination is a reading of its own.

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

/// The names of a gated block's layers: the gate, what it opens, the way back.
const GATED: [[&str; 3]; 7] = [
    ["gate_proj", "up_proj", "down_proj"],
    ["gate", "up", "down"],
    ["w_gate", "w_up", "w_down"],
    ["w1", "w3", "w2"],
    ["fc1_g", "fc1_x", "fc2"],
    ["fc_gate", "fc_up", "fc_down"],
    ["gate", "value", "out"],
];

/// The linear layers of a block.
enum Form<'a> {
    /// g(φ(f(x))).
    Pair([Module<'a>; 2]),
    /// φ(f(x)).
    Single(Module<'a>),
    /// d(φ(g(x)) u(x)).
    Gated([Module<'a>; 3]),
    /// d(φ(a) b), where a and b are the halves of f(x).
    Packed([Module<'a>; 2]),
}

struct Block<'a> {
    name: String,
    form: Form<'a>,
    norm: Option<Module<'a>>,
    /// Whether the norm stands before the layers in the file.
    norm_first: bool,
    width: usize,
}

/// A network's layers with tensors.
struct Plan<'a> {
    stem: Vec<Module<'a>>,
    blocks: Vec<Block<'a>>,
    tail: Vec<Module<'a>>,
}

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

fn plan<'a>(tensors: &Tensors<'a>) -> Option<Plan<'a>> {
    let modules = tensors.modules();
    let known = |module: &Module| module.kind == Kind::Linear || is_norm(module);
    if !modules.iter().all(known) {
        return None;
    }
    let mut plan = Plan {
        stem: Vec::new(),
        blocks: Vec::new(),
        tail: Vec::new(),
    };
    let mut rest = modules.as_slice();
    while let [first, ..] = rest {
        let Some(name) = block_of(first.name) else {
            let side = if plan.blocks.is_empty() {
                &mut plan.stem
            } else {
                &mut plan.tail
            };
            side.push(*first);
            rest = &rest[1..];
            continue;
        };
        let inside = |module: &&Module| block_of(module.name) == Some(name);
        let count = rest.iter().take_while(inside).count();
        // Blocks come one after the other.
        if !plan.tail.is_empty() || plan.blocks.iter().any(|block| block.name == name) {
            return None;
        }
        plan.blocks.push(block(name, &rest[..count])?);
        rest = &rest[count..];
    }
    let head = plan.tail.iter().any(|module| module.kind == Kind::Linear);
    (!plan.blocks.is_empty() && head).then_some(plan)
}

fn is_norm(module: &Module) -> bool {
    module.kind == Kind::Norm
        || module.kind == Kind::Other && module.rank == 1 && module.weight.len() == 1
}

/// The block that a module lies in: up to the first number that isn't the last part of its name, or what a gated
/// layer's name leaves.
fn block_of(name: &str) -> Option<&str> {
    let mut end = 0;
    for part in name.split('.') {
        end += part.len();
        if end < name.len() && part.bytes().all(|b| b.is_ascii_digit()) {
            return name.get(..end);
        }
        end += 1;
    }
    let (parent, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let gated = GATED
        .iter()
        .any(|names| names.contains(&leaf) && leaf != "fc2" && leaf != "out");
    gated.then_some(parent)
}

fn block<'a>(name: &str, modules: &[Module<'a>]) -> Option<Block<'a>> {
    let linear: Vec<Module> = modules
        .iter()
        .filter(|module| module.kind == Kind::Linear)
        .copied()
        .collect();
    let norms: Vec<Module> = modules.iter().filter(|m| is_norm(m)).copied().collect();
    let leaf = |module: &Module<'a>| module.name.rsplit('.').next().unwrap_or_default();
    let extents = |module: &Module| match module.weight {
        &[outputs, inputs] => [inputs, outputs],
        _ => [0, 0],
    };
    let gated = || {
        let named = |names: &[&str; 3]| {
            let of = |wanted: &str| linear.iter().find(|m| leaf(m) == wanted).copied();
            Some([of(names[0])?, of(names[1])?, of(names[2])?])
        };
        GATED.iter().find_map(named)
    };
    let form = match linear.as_slice() {
        &[only] => Form::Single(only),
        &[first, second] if extents(&first)[1] == extents(&second)[0] => {
            Form::Pair([first, second])
        }
        &[first, second] if Some(extents(&first)[1]) == extents(&second)[0].checked_mul(2) => {
            Form::Packed([first, second])
        }
        [_, _, _] => Form::Gated(gated()?),
        _ => return None,
    };
    let (first, last) = match &form {
        Form::Single(only) => (only, only),
        Form::Pair([first, last]) | Form::Packed([first, last]) | Form::Gated([first, _, last]) => {
            (first, last)
        }
    };
    let ([width, _], [_, given]) = (extents(first), extents(last));
    let norm = match norms.as_slice() {
        [] => None,
        &[one] if one.weight == [width] => Some(one),
        _ => return None,
    };
    let norm_first = norm.is_some_and(|norm| norm.position < first.position);
    (width == given && width > 0).then(|| Block {
        name: name.to_owned(),
        norm_first,
        form,
        norm,
        width,
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
        match how.adds {
            true => "A block's input is added to what it gives",
            false => "Nothing is added to what a block gives",
        },
    ));
    if plan.blocks.iter().any(|block| block.norm.is_some()) {
        builder.assume(chosen.assumed("norm", &format!("Norms come {norm} a block's layers")));
        builder.assume("Norms add 1e-5 to the variance, 1e-6 to the mean square.");
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
