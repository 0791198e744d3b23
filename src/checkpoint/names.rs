//! Names as the network knows them: without what wrappers, compilers and averages add.

use super::state::Set;
use crate::store::{Array, Entry, Kind, Parsed};
use std::collections::{BTreeSet, HashSet};

/// What `DataParallel`, `torch.compile` and Lightning put before every name.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// Counters that averages of weights keep beside them; no layer has them.
const BOOKKEEPING: [&str; 3] = ["n_averaged", "num_updates", "initted"];

/// An entry and its place among the reader's.
type Placed = (Entry, usize);

/// Keeps the entries whose names start with `key` and a dot, without both.
///
/// # Errors
/// Lists what there is where no name does.
pub fn choose(entries: &mut Vec<Placed>, key: &str, sets: &[Set]) -> Parsed<()> {
    let start = format!("{key}.");
    if entries
        .iter()
        .any(|(entry, _)| entry.name.starts_with(&start))
    {
        entries.retain(|(entry, _)| entry.name.starts_with(&start));
        for (entry, _) in entries {
            entry.name.drain(..start.len());
        }
        return Ok(());
    }
    let mut there: BTreeSet<String> = sets.iter().map(|set| set.at.clone()).collect();
    let firsts = entries.iter().filter_map(|(entry, _)| {
        let (first, _) = entry.name.split_once('.')?;
        Some(first.to_owned())
    });
    there.extend(firsts);
    there.remove("");
    Err(nothing_at(key, there.iter().map(String::as_str)))
}

/// Says that a key leads nowhere, and which would lead somewhere.
pub fn nothing_at<'n>(key: &str, there: impl Iterator<Item = &'n str>) -> String {
    let shown: Vec<String> = there.take(12).map(|at| format!("`{at}`")).collect();
    let there = if shown.is_empty() {
        "no dictionaries in it, and no names with dots".to_owned()
    } else {
        shown.join(", ")
    };
    format!("no tensors lie at the key `{key}`; the file has {there}")
}

/// Removes the scalar counters that lie beside averaged weights.
pub fn drop_bookkeeping(entries: &mut Vec<Placed>) {
    entries.retain(|(entry, _)| {
        let counts = entry.shape.is_empty() && entry.dtype.kind == Kind::Integer;
        !(counts && BOOKKEEPING.contains(&entry.name.as_str()))
    });
}

/// What trainers call the module that computes the loss.
const LOSSES: [&str; 6] = [
    "criterion",
    "criterions",
    "loss_fn",
    "loss_func",
    "loss_function",
    "loss_criterion",
];

/// Removes the tensors of the loss (weights of classes, centres), which are no part of the network; says
/// which they were. A file of nothing else keeps them.
pub fn drop_losses(entries: &mut Vec<Placed>) -> Option<String> {
    let is_loss = |(entry, _): &Placed| {
        let parts: Vec<&str> = entry.name.split('.').collect();
        let modules = parts.split_last().map_or(&[][..], |(_, modules)| modules);
        modules.iter().any(|part| LOSSES.contains(part))
    };
    let (losses, rest): (Vec<Placed>, Vec<Placed>) =
        std::mem::take(entries).into_iter().partition(is_loss);
    if rest.is_empty() || losses.is_empty() {
        *entries = if rest.is_empty() { losses } else { rest };
        return None;
    }
    *entries = rest;
    let named = listed(losses.iter(), |entry| format!("{:?}", entry.shape));
    Some(format!(
        "left out {named}: by the name a part of the loss, not of the network"
    ))
}

/// Says which tensors are listed only.
pub fn unread(entries: &[Placed]) -> Option<String> {
    let mut unread = entries.iter().filter(|(entry, _)| !entry.is_readable());
    unread.clone().next()?;
    let named = listed(unread.by_ref(), |entry| entry.dtype.name().to_owned());
    Some(format!(
        "skipped {named}: of types that aren't read (complex, quantised, sparse or of eight bits)"
    ))
}

/// The first few of some entries with a word on each.
fn listed<'e>(
    entries: impl Iterator<Item = &'e Placed>,
    word: impl Fn(&Entry) -> String,
) -> String {
    const SHOWN: usize = 4;
    let mut words: Vec<String> = entries
        .map(|(entry, _)| format!("`{}` {}", entry.name, word(entry)))
        .collect();
    let more = words.len().saturating_sub(SHOWN);
    words.truncate(SHOWN);
    let all = words.join(", ");
    if more == 0 {
        all
    } else {
        format!("{all} and {more} more")
    }
}

/// Removes wrapping prefixes as long as every name carries one; gives what was removed from each.
pub fn remove_prefix(entries: &mut [Placed]) -> String {
    let mut prefix = String::new();
    if entries.is_empty() {
        return prefix;
    }
    let wraps = |prefix: &str, wrapper: &str| {
        entries.iter().all(|(entry, _)| {
            let inside = entry
                .name
                .get(prefix.len()..)
                .and_then(|rest| rest.strip_prefix(wrapper));
            inside.is_some_and(|rest| !rest.is_empty())
        })
    };
    while let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wraps(&prefix, wrapper)) {
        prefix.push_str(wrapper);
    }
    for (entry, _) in entries {
        entry.name.drain(..prefix.len());
    }
    prefix
}

/// Complains of a name that occurs twice.
///
/// # Errors
/// Names it.
pub fn check_distinct(entries: &[Placed]) -> Parsed<()> {
    let mut seen = HashSet::new();
    let mut names = entries.iter().map(|(entry, _)| entry.name.as_str());
    match names.find(|name| !seen.insert(*name)) {
        Some(name) => Err(format!("two tensors are called `{name}`")),
        None => Ok(()),
    }
}

/// A warning for a tensor with NaN or infinite values.
pub fn non_finite(name: &str, array: &Array) -> Option<String> {
    let (count, values) = (array.non_finite(), array.len());
    (count > 0).then(|| format!("`{name}` has {count} of {values} values that are NaN or infinite"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::element::Element;

    fn placed(name: &str, element: Element) -> Placed {
        (Entry::new(name.to_owned(), vec![], element).unwrap(), 0)
    }

    fn names(entries: &[Placed]) -> Vec<&str> {
        entries.iter().map(|(e, _)| e.name.as_str()).collect()
    }

    #[test]
    fn prefixes_go_only_where_all_names_carry_them() {
        let check = |given: &[&str], prefix: &str, cleaned: &[&str]| {
            let mut entries: Vec<_> = given.iter().map(|n| placed(n, Element::F32)).collect();
            assert_eq!(remove_prefix(&mut entries), prefix);
            assert_eq!(names(&entries), cleaned);
        };
        check(&["module.a", "module.b"], "module.", &["a", "b"]);
        check(&["module.a", "b"], "", &["module.a", "b"]);
        check(
            &["model._orig_mod.module.a"],
            "model._orig_mod.module.",
            &["a"],
        );
        check(&["model.a", "model.model."], "model.", &["a", "model."]);
        check(&["net.a"], "", &["net.a"]);
        check(&[], "", &[]);
    }

    #[test]
    fn only_counters_are_bookkeeping() {
        let mut entries = vec![
            placed("n_averaged", Element::I64),
            placed("initted", Element::F32),
            placed("bn.num_batches_tracked", Element::I64),
        ];
        drop_bookkeeping(&mut entries);
        assert_eq!(names(&entries), ["initted", "bn.num_batches_tracked"]);
    }

    #[test]
    fn a_key_is_a_beginning_of_names() {
        let all = || {
            ["g.a", "g.b.c", "gg.a", "d.a"]
                .map(|n| placed(n, Element::F32))
                .to_vec()
        };
        let mut entries = all();
        choose(&mut entries, "g", &[]).unwrap();
        assert_eq!(names(&entries), ["a", "b.c"]);
        let mut entries = all();
        choose(&mut entries, "g.b", &[]).unwrap();
        assert_eq!(names(&entries), ["c"]);
        let message = choose(&mut all(), "x", &[]).unwrap_err();
        assert!(
            message.contains("`x`; the file has `d`, `g`, `gg`"),
            "{message}"
        );
    }
}
