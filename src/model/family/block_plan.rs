//! Which layers make the blocks of a residual or gated multilayer perceptron.
//!
//! It knows names and shapes: what a block computes is said beside it.

use super::order::{self, join};
use super::tensors::{Kind, Module, Tensors};
use crate::error::{Error, Result};

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
pub(super) enum Form<'a> {
    /// g(φ(f(x))).
    Pair([Module<'a>; 2]),
    /// φ(f(x)).
    Single(Module<'a>),
    /// d(φ(g(x)) u(x)).
    Gated([Module<'a>; 3]),
    /// d(φ(a) b), where a and b are the halves of f(x).
    Packed([Module<'a>; 2]),
}

/// A block.
pub(super) struct Block<'a> {
    /// What its layers' names begin with.
    pub name: String,
    /// Its linear layers.
    pub form: Form<'a>,
    /// Its norm.
    pub norm: Option<Module<'a>>,
    /// Whether the norm stands before the layers in the file.
    pub norm_first: bool,
    /// Numbers that it takes and gives.
    pub width: usize,
}

/// A network's layers with tensors.
pub(super) struct Plan<'a> {
    /// Before the blocks.
    pub stem: Vec<Module<'a>>,
    /// In their order, at least one.
    pub blocks: Vec<Block<'a>>,
    /// After the blocks, a linear layer among them.
    pub tail: Vec<Module<'a>>,
}

/// The layers of a network of blocks; `None` where it has none, or layers that aren't theirs.
///
/// Layers come as the file has them where their shapes chain so; else, as in a file sorted by names, as shapes tell.
pub(super) fn plan<'a>(tensors: &Tensors<'a>) -> Option<Plan<'a>> {
    let modules = tensors.modules();
    let known = |module: &Module| module.kind == Kind::Linear || is_norm(module);
    if !modules.iter().all(known) {
        return None;
    }
    let written = as_written(&modules);
    if written.as_ref().is_some_and(chains) {
        return written;
    }
    by_shapes(&modules).or(written)
}

fn as_written<'a>(modules: &[Module<'a>]) -> Option<Plan<'a>> {
    let mut plan = Plan {
        stem: Vec::new(),
        blocks: Vec::new(),
        tail: Vec::new(),
    };
    let mut rest = modules;
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
        plan.blocks.push(block(name, &rest[..count], None)?);
        rest = &rest[count..];
    }
    counted(&mut plan.blocks);
    let head = plan.tail.iter().any(|module| module.kind == Kind::Linear);
    (!plan.blocks.is_empty() && head).then_some(plan)
}

/// Blocks whose names differ in a number come as it counts: sorted names have 10 before 2.
fn counted(blocks: &mut [Block]) {
    if order::one_pattern(blocks.iter().map(|block| block.name.as_str())) {
        blocks.sort_by(|a, b| order::natural(&a.name, &b.name));
    }
}

/// Whether every layer takes as many numbers as the one before it gives, and no norm is at an end.
fn chains(plan: &Plan) -> bool {
    let width = plan.blocks.first().map_or(0, |block| block.width);
    let linear = |side: &[Module]| -> Vec<[usize; 2]> {
        let own = side.iter().filter(|module| module.kind == Kind::Linear);
        own.map(extents).collect()
    };
    let (stem, tail) = (linear(&plan.stem), linear(&plan.tail));
    let follow = |side: &[[usize; 2]]| side.windows(2).all(|w| w[0][1] == w[1][0]);
    let starts = plan.stem.first().is_none_or(|module| !is_norm(module));
    let ends = plan.tail.last().is_some_and(|module| !is_norm(module));
    plan.blocks.iter().all(|block| block.width == width)
        && stem.last().is_none_or(|last| last[1] == width)
        && tail.first().is_some_and(|first| first[0] == width)
        && follow(&stem)
        && follow(&tail)
        && starts
        && ends
}

/// At most one layer before the blocks and one after them, whose shapes tell them apart; a norm besides them only where
/// its name says that it is the last. `None` where that isn't so.
fn by_shapes<'a>(modules: &[Module<'a>]) -> Option<Plan<'a>> {
    let (inside, outside): (Vec<Module>, Vec<Module>) = modules
        .iter()
        .copied()
        .partition(|module| block_of(module.name).is_some());
    let (norms, linear): (Vec<Module>, Vec<Module>) = outside.into_iter().partition(is_norm);
    let follows = |a: &Module, b: &Module| extents(a)[1] == extents(b)[0];
    let (stem, head) = match *linear.as_slice() {
        [head] => (Vec::new(), head),
        [a, b] if follows(&a, &b) && !follows(&b, &a) => (vec![a], b),
        [a, b] if follows(&b, &a) && !follows(&a, &b) => (vec![b], a),
        _ => return None,
    };
    let [width, _] = extents(&head);
    let mut names: Vec<&str> = Vec::new();
    for name in inside.iter().filter_map(|module| block_of(module.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let made = names.iter().map(|name| {
        let own = inside.iter().filter(|m| block_of(m.name) == Some(*name));
        let own: Vec<Module> = own.copied().collect();
        block(name, &own, Some(width)).filter(|block| block.width == width)
    });
    let mut blocks = made.collect::<Option<Vec<Block>>>()?;
    counted(&mut blocks);
    let mut tail = norms;
    if tail.len() > 1 || !tail.iter().all(|norm| is_last(norm.name)) {
        return None;
    }
    tail.push(head);
    (!blocks.is_empty()).then_some(Plan { stem, blocks, tail })
}

/// Whether the name of a norm says that it comes after all blocks.
fn is_last(name: &str) -> bool {
    const WORDS: [&str; 8] = ["final", "last", "end", "out", "output", "head", "post", "f"];
    let mut words = name.split(['.', '_']);
    name == "norm" || words.any(|word| WORDS.contains(&word))
}

/// What a linear layer takes and gives.
fn extents(module: &Module) -> [usize; 2] {
    match module.weight {
        &[outputs, inputs] => [inputs, outputs],
        _ => [0, 0],
    }
}

/// Whether a module is a norm of any kind.
pub(super) fn is_norm(module: &Module) -> bool {
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

/// A block of these layers; of two linear ones, that which takes `width` numbers comes first.
fn block<'a>(name: &str, modules: &[Module<'a>], width: Option<usize>) -> Option<Block<'a>> {
    let mut linear: Vec<Module> = modules
        .iter()
        .filter(|module| module.kind == Kind::Linear)
        .copied()
        .collect();
    let starts = linear.iter().map(|m| m.position).min()?;
    if let (Some(width), [first, second]) = (width, linear.as_slice())
        && extents(first)[0] != width
        && extents(second)[0] == width
    {
        linear.reverse();
    }
    let norms: Vec<Module> = modules.iter().filter(|m| is_norm(m)).copied().collect();
    let leaf = |module: &Module<'a>| module.name.rsplit('.').next().unwrap_or_default();
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
    let norm_first = norm.is_some_and(|norm| norm.position < starts);
    (width == given && width > 0).then(|| Block {
        name: name.to_owned(),
        norm_first,
        form,
        norm,
        width,
    })
}

/// Refuses blocks that aren't alike, and layers of which some have a bias: something is missing.
pub(super) fn check_alike(tensors: &Tensors, plan: &Plan) -> Result<()> {
    let modules = tensors.modules();
    let differs = |module: &Module, other: &Module, what: &str| {
        Error::Model(format!(
            "{} and {} don't have the same tensors: expected {what} to be alike",
            module.name, other.name
        ))
    };
    let own = |module: &Module| {
        ["bias", "running_mean"].map(|leaf| tensors.shape(&join(module.name, leaf)).is_some())
    };
    let inside = |block: &Block| -> Vec<Module> {
        let within = |module: &&Module| block_of(module.name) == Some(block.name.as_str());
        modules.iter().filter(within).copied().collect()
    };
    let first = inside(&plan.blocks[0]);
    for block in &plan.blocks[1..] {
        let other = inside(block);
        let leaf = |module: &Module, block: &Block| module.name[block.name.len()..].to_owned();
        let same = |(a, b): (&Module, &Module)| {
            leaf(a, &plan.blocks[0]) == leaf(b, block) && own(a) == own(b)
        };
        let pair = first.iter().zip(&other).find(|pair| !same(*pair));
        let counts = first.first().zip(other.first());
        let counts = counts.filter(|_| first.len() != other.len());
        if let Some((a, b)) = pair.or(counts) {
            return Err(differs(a, b, "all blocks"));
        }
    }
    for norms in [false, true] {
        let outside = plan.stem.iter().chain(&plan.tail);
        let mut alike = outside.filter(|module| is_norm(module) == norms);
        // A norm at the end is as those of the blocks.
        let block = first.iter().find(|module| norms && is_norm(module));
        let Some(one) = block.or_else(|| alike.next()) else {
            continue;
        };
        if let Some(other) = alike.find(|module| own(module) != own(one)) {
            return Err(differs(
                one,
                other,
                "layers outside of the blocks, and norms,",
            ));
        }
    }
    Ok(())
}
