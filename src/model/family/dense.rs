//! Fully connected layers in a row, each with an optional batch normalisation: their order, and
//! where the activations go.
//!
//! In an `nn.Sequential` the numbers also count the layers without tensors, so they tell whether
//! there is room for an activation. It doesn't know what comes before the first layer.

use super::builder::{Activation, Builder};
use super::order;
use super::skip::{Part, Skip};
use super::tensors::Module;
use crate::error::Result;
use crate::model::layers::Add;

/// A layer with weights and the norm after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Host<'a> {
    /// The linear or convolutional layer.
    pub module: Module<'a>,
    /// The norm that belongs to it.
    pub norm: Option<Module<'a>>,
}

/// Which activations the numbers of an `nn.Sequential` rule out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gaps {
    /// No room, no activation.
    Count,
    /// An activation after every layer but the last, whatever the numbers.
    Ignore,
}

/// What names and shapes leave open between fully connected layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between<'a> {
    /// The function between layers.
    pub activation: Activation,
    /// Whether norms follow activations, where no number tells.
    pub late: bool,
    /// Which activations numbers rule out.
    pub gaps: Gaps,
    /// The part of each layer in a skip; empty: none.
    pub parts: &'a [Part],
}

/// Appends the layers in the order given; `inputs` is the width they read, for the reason `because`.
/// Gives the number of outputs.
pub(super) fn push(
    builder: &mut Builder,
    hosts: &[Host],
    inputs: Option<usize>,
    because: &str,
    between: Between<'_>,
) -> Result<usize> {
    let (mut width, mut because) = (inputs, because.to_owned());
    let counted = between.gaps == Gaps::Count && is_sequential(hosts);
    let activation = between.activation;
    let mut before = String::new();
    for (i, host) in hosts.iter().enumerate() {
        let name = host.module.name;
        let part = between.parts.get(i).copied().unwrap_or(Part::Outside);
        if !matches!(part, Part::Second(_)) {
            before = builder.last();
        }
        let outputs = builder.linear(name, width, &because)?;
        let next = hosts.get(i + 1);
        let room = room(host, next.map(|n| n.module.name));
        let told = room.before.map_or(between.late, |before| before > 0);
        let late = told && next.is_some() && host.norm.is_some();
        if late && matches!(part, Part::Outside) {
            builder.activation(name, activation);
        }
        if let Some(norm) = host.norm {
            builder.norm(norm.name, outputs)?;
        }
        let after = host.norm.map_or(name, |norm| norm.name);
        if !matches!(part, Part::Outside) {
            part_after(builder, after, part, &before, activation);
        } else if let Some(next) = next
            && !late
        {
            if counted && room.free == Some(0) && host.norm.is_none() {
                let (from, to) = (name, next.module.name);
                builder.assume(format!(
                    "No activation between {from} and {to}: their numbers leave no room for one."
                ));
            } else {
                builder.activation(after, activation);
            }
        }
        width = Some(outputs);
        because = format!("for {} gives {outputs}", order::join(name, "weight"));
    }
    Ok(width.unwrap_or(0))
}

/// Appends what follows a layer that has a part in a skip, `before` being what is added.
pub(super) fn part_after(
    builder: &mut Builder,
    name: &str,
    part: Part,
    before: &str,
    activation: Activation,
) {
    let add = |builder: &mut Builder| {
        let main = builder.last();
        builder.push_from(&order::join(name, "add"), &[&main, before], Add {});
    };
    match part {
        Part::Outside | Part::First(_) => builder.activation(name, activation),
        Part::Alone(Skip::EachAfter) | Part::Second(Skip::PairsAfter) => {
            builder.activation(name, activation);
            add(builder);
        }
        Part::Second(Skip::PairsBare) => add(builder),
        Part::Alone(_) | Part::Second(_) => {
            add(builder);
            builder.activation(name, activation);
        }
    }
}

/// What each layer takes and gives, and whether it may have a part in a skip: neither the first layer,
/// which reads the data, nor the last has.
pub(super) fn widths(hosts: &[Host]) -> (Vec<[usize; 2]>, Vec<bool>) {
    let width = |host: &Host| match host.module.weight {
        &[outputs, inputs] => [inputs, outputs],
        _ => [0, 0],
    };
    let last = hosts.len().saturating_sub(1);
    let may = (0..hosts.len()).map(|i| i > 0 && i < last);
    (hosts.iter().map(width).collect(), may.collect())
}

/// Orders layers so that their shapes chain, as names, file or shapes tell.
///
/// Where no order chains, the most likely one is given, so that its first break can be named.
pub(super) fn ordered(mut modules: Vec<Module<'_>>) -> Vec<Module<'_>> {
    modules.sort_by_key(|m| m.position);
    let mut natural = modules.clone();
    natural.sort_by(|a, b| order::natural(a.name, b.name));
    let numbered = order::one_pattern(modules.iter().map(|m| m.name));
    let (first, second) = if numbered {
        (natural, modules)
    } else {
        (modules, natural)
    };
    if chains(&first) {
        return first;
    }
    if chains(&second) {
        return second;
    }
    only_chain(&first).unwrap_or(first)
}

/// Gives each layer its norm: the layer before it in the same `nn.Sequential`, or the one with the
/// same number at the end of its name (`conv2`, `bn2`), or the one before it in the file. Norms
/// without a place are left out.
pub(super) fn attach<'a>(modules: &[Module<'a>], norms: &[Module<'a>]) -> Vec<Host<'a>> {
    let last_before = |norm: &Module, at: &dyn Fn(&Module) -> Option<usize>| {
        let earlier = modules
            .iter()
            .enumerate()
            .filter(|(_, m)| at(m).is_some() && at(m) < at(norm));
        earlier.max_by_key(|(_, m)| at(m)).map(|(i, _)| i)
    };
    let sibling = |norm: &Module| {
        let (parent, _) = order::index(norm.name)?;
        last_before(norm, &|m| {
            order::index(m.name)
                .filter(|(p, _)| *p == parent)
                .map(|(_, i)| i)
        })
    };
    let number = |m: &Module| order::last_number(m.name);
    let namesake = |norm: &Module| {
        let same = |m: &Module| number(m).is_some() && number(m) == number(norm) && fits(m, norm);
        modules.iter().position(same)
    };
    let numbered = norms
        .iter()
        .all(|n| sibling(n).is_some() || namesake(n).is_some());
    let mut hosts: Vec<Host> = modules
        .iter()
        .map(|&module| Host { module, norm: None })
        .collect();
    for norm in norms {
        let place = sibling(norm)
            .or_else(|| namesake(norm).filter(|_| numbered))
            .or_else(|| last_before(norm, &|m| Some(m.position)));
        if let Some(host) = place.and_then(|p| hosts.get_mut(p))
            && host.norm.is_none()
        {
            host.norm = Some(*norm);
        }
    }
    hosts
}

/// Room for layers without tensors between a layer and the next, by their numbers.
pub(super) struct Room {
    /// How many layers without tensors lie between the layer and its norm; `None`: not told.
    pub before: Option<usize>,
    /// How many layers without tensors lie between the layer and the next; `None`: not told.
    pub free: Option<usize>,
}

/// Counts the room after `host`.
pub(super) fn room(host: &Host, next: Option<&str>) -> Room {
    let numbered = order::index(host.module.name);
    let beside = |name: &str| {
        order::index(name)
            .filter(|(p, _)| numbered.is_some_and(|(q, _)| *p == q))
            .map(|(_, i)| i)
    };
    let here = numbered.map(|(_, i)| i);
    let norm = host.norm.and_then(|n| beside(n.name));
    let gap = |from: Option<usize>, to: Option<usize>| to?.checked_sub(from?)?.checked_sub(1);
    let free =
        gap(here, next.and_then(beside)).map(|all| all.saturating_sub(usize::from(norm.is_some())));
    Room {
        before: gap(here, norm),
        free,
    }
}

/// True where the numbers certainly count every layer: at the top of the file or with gaps.
/// `layers.0`, `layers.1`, … may as well be a list whose activations the code applies.
pub(super) fn is_sequential(hosts: &[Host]) -> bool {
    let names = || hosts.iter().map(|h| h.module.name);
    let gap = |w: &[Host]| match w {
        [a, b] => room(a, Some(b.module.name)).free.is_some_and(|f| f > 0),
        _ => false,
    };
    order::one_parent(names()) && (names().all(|n| !n.contains('.')) || hosts.windows(2).any(gap))
}

fn fits(module: &Module, norm: &Module) -> bool {
    module.weight.first() == norm.weight.first()
}

fn follows(before: &Module, after: &Module) -> bool {
    before.weight.first() == after.weight.get(1)
}

fn chains(modules: &[Module]) -> bool {
    modules
        .windows(2)
        .all(|w| matches!(w, [a, b] if follows(a, b)))
}

/// The one order in which the shapes chain; `None` where there are none, several, or many layers.
fn only_chain<'a>(modules: &[Module<'a>]) -> Option<Vec<Module<'a>>> {
    const MOST: usize = 9;
    fn extend<'a>(
        chain: &mut Vec<Module<'a>>,
        left: &[Module<'a>],
        found: &mut Vec<Vec<Module<'a>>>,
    ) {
        if left.is_empty() {
            found.push(chain.clone());
        }
        for (i, &next) in left.iter().enumerate() {
            if found.len() < 2 && chain.last().is_none_or(|last| follows(last, &next)) {
                let rest: Vec<Module> = left
                    .iter()
                    .enumerate()
                    .filter(|&(j, _)| j != i)
                    .map(|(_, &m)| m)
                    .collect();
                chain.push(next);
                extend(chain, &rest, found);
                chain.pop();
            }
        }
    }
    if modules.len() > MOST {
        return None;
    }
    let mut found = Vec::new();
    extend(&mut Vec::new(), modules, &mut found);
    if found.len() == 1 { found.pop() } else { None }
}
