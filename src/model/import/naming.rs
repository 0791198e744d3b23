//! Names of tensors in a graph and in a checkpoint of the same network.
//!
//! Who exports a network inside a module of one's own (`self.model = …`) gives every tensor's name another beginning than
//! it has in the checkpoints of training.

use super::traced::{Argument, Traced};
use crate::checkpoint::Listing;
use std::collections::HashSet;

/// Renames the tensors of `traced` as those of `checkpoint`, where taking a beginning that all names share off one side
/// makes all of them meet. Otherwise nothing changes, and what is missing is said where it is needed.
pub fn adapt(traced: &mut Traced, checkpoint: &dyn Listing) {
    let listed = checkpoint.list();
    let there: HashSet<&str> = listed.iter().map(|tensor| tensor.name).collect();
    let mut read = HashSet::new();
    for call in &traced.calls {
        let named = call.named.iter().map(|(_, argument)| argument);
        for argument in call.positional.iter().chain(named) {
            values(argument, &mut read);
        }
    }
    let stored = traced.stored.iter();
    let used: Vec<&str> = stored
        .filter(|(value, _)| read.contains(value.as_str()))
        .map(|(_, name)| name.as_str())
        .collect();
    let meet = |taken: usize, put: &str| {
        used.iter().all(|name| {
            let rest = name.get(taken..);
            rest.is_some_and(|rest| there.contains(format!("{put}{rest}").as_str()))
        })
    };
    if used.is_empty() || meet(0, "") {
        return;
    }
    let own = beginnings(&used);
    let theirs: Vec<&str> = there.iter().copied().collect();
    let theirs = beginnings(&theirs);
    let found = own
        .iter()
        .find(|taken| meet(taken.len(), ""))
        .map(|taken| (taken.len(), String::new()))
        .or_else(|| {
            let put = theirs.iter().find(|put| meet(0, put))?;
            Some((0, put.clone()))
        });
    let Some((taken, put)) = found else { return };
    for name in traced.stored.values_mut() {
        if let Some(rest) = name.get(taken..) {
            *name = format!("{put}{rest}");
        }
    }
}

/// Names of the values in an argument.
fn values<'a>(argument: &'a Argument, found: &mut HashSet<&'a str>) {
    match argument {
        Argument::Value(name) => {
            found.insert(name);
        }
        Argument::List(all) => all.iter().for_each(|one| values(one, found)),
        _ => {}
    }
}

/// The beginnings that all names share, each up to a dot, shortest first.
fn beginnings(names: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    let Some(first) = names.first() else {
        return all;
    };
    for (at, _) in first.match_indices('.') {
        let beginning = &first[..=at];
        if !names.iter().all(|name| name.starts_with(beginning)) {
            break;
        }
        all.push(beginning.to_owned());
    }
    all
}
