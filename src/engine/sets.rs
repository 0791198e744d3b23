//! Which sets of tensors in a checkpoint `--key` chooses between.
//!
//! A file of nested dictionaries lists its own. In a file of names alone a set is what begins alike:
//! `net.…` and `ema.…`. Which of them holds weights is a person's to say.

use super::inputs::list_checkpoint;
use crate::checkpoint::{Checkpoint, Set};
use std::path::Path;

/// Groups of names that are worth choosing between, at most: a network's own layers are more.
const MOST_GROUPS: usize = 12;

/// The dictionaries and modules of tensors of a file that was opened, where there are several.
pub fn nested(file: &Checkpoint) -> Vec<Set> {
    // A single tensor is the best accuracy or a counter, not another set of weights.
    let sets: Vec<&Set> = file.sets.iter().filter(|set| set.tensors > 1).collect();
    if sets.len() < 2 {
        return Vec::new();
    }
    // No key leads to the top; that is where weights are looked for without one.
    let inside = sets.into_iter().filter(|set| !set.at.is_empty());
    inside.cloned().collect()
}

/// As [`nested`]; where nothing is nested, the groups of names that could be networks of their own.
/// Of a file that can't be read there are none.
pub fn all(path: &Path) -> Vec<Set> {
    let Ok(file) = list_checkpoint(path, None) else {
        return Vec::new();
    };
    let nested = nested(&file);
    if !nested.is_empty() {
        return nested;
    }
    let names = file.entries().iter().map(|entry| entry.name.as_str());
    groups(&file.source.prefix, names)
}

/// Names by what stands before their first dot, after `prefix`, which all of them have. A group whose
/// names have no further dot is a layer.
fn groups<'n>(prefix: &str, names: impl Iterator<Item = &'n str>) -> Vec<Set> {
    let mut groups: Vec<(Set, bool)> = Vec::new();
    for name in names {
        let Some((first, rest)) = name.split_once('.') else {
            continue;
        };
        let at = format!("{prefix}{first}");
        let layered = rest.contains('.');
        match groups.iter_mut().find(|(set, _)| set.at == at) {
            Some((set, whole)) => {
                set.tensors += 1;
                *whole |= layered;
            }
            None => groups.push((Set { at, tensors: 1 }, layered)),
        }
    }
    let whole = groups.into_iter().filter(|(_, whole)| *whole);
    let sets: Vec<Set> = whole.map(|(set, _)| set).collect();
    if (2..=MOST_GROUPS).contains(&sets.len()) {
        sets
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<(String, usize)> {
        let sets = groups("", names.iter().copied());
        sets.into_iter().map(|set| (set.at, set.tensors)).collect()
    }

    #[test]
    fn two_networks_in_one_list_of_names_are_told_apart_and_layers_are_none() {
        let both = ["net.1.weight", "net.1.bias", "ema.1.weight", "step"];
        assert_eq!(of(&both), [("net".into(), 2), ("ema".into(), 1)]);
        assert_eq!(of(&["fc1.weight", "fc1.bias", "fc2.weight"]), []);
        assert_eq!(of(&["net.1.weight", "net.3.weight"]), []);
    }

    #[test]
    fn what_every_name_begins_with_belongs_to_the_key() {
        let names = ["a.1.weight", "b.1.weight"];
        let sets = groups("module.", names.into_iter());
        assert_eq!(sets[1].at, "module.b");
    }
}
