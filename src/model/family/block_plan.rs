//! Which layers make the blocks of a residual or gated multilayer perceptron.
//!
//! It knows names and shapes: what a block computes is said beside it.

use super::order::join;
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
pub(super) fn plan<'a>(tensors: &Tensors<'a>) -> Option<Plan<'a>> {
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
