//! Names as the network knows them: without what wrappers, compilers and averages add.

use super::{Array, Parsed, Values};
use std::collections::HashSet;

/// What `DataParallel`, `torch.compile` and Lightning put before every name.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// Counters that averages of weights keep beside them; no layer has them.
const BOOKKEEPING: [&str; 3] = ["n_averaged", "num_updates", "initted"];

/// Removes the scalar counters that lie beside averaged weights.
pub fn drop_bookkeeping(tensors: &mut Vec<(String, Array)>) {
    tensors.retain(|(name, array)| {
        let counts = array.shape().is_empty() && matches!(array.values(), Values::I64(_));
        !(counts && BOOKKEEPING.contains(&name.as_str()))
    });
}

/// Removes wrapping prefixes as long as every name carries one; gives what was removed from each.
pub fn remove_prefix(tensors: &mut [(String, Array)]) -> String {
    let mut prefix = String::new();
    if tensors.is_empty() {
        return prefix;
    }
    let wraps = |prefix: &str, wrapper: &str| {
        tensors.iter().all(|(name, _)| {
            let inside = name
                .get(prefix.len()..)
                .and_then(|rest| rest.strip_prefix(wrapper));
            inside.is_some_and(|rest| !rest.is_empty())
        })
    };
    while let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wraps(&prefix, wrapper)) {
        prefix.push_str(wrapper);
    }
    for (name, _) in tensors {
        name.drain(..prefix.len());
    }
    prefix
}

/// Complains of a name that occurs twice.
///
/// # Errors
/// Names it.
pub fn check_distinct(tensors: &[(String, Array)]) -> Parsed<()> {
    let mut seen = HashSet::new();
    match tensors.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        Some((name, _)) => Err(format!("two tensors are called `{name}`")),
        None => Ok(()),
    }
}

/// A warning for every tensor with NaN or infinite values.
pub fn non_finite(tensors: &[(String, Array)]) -> impl Iterator<Item = String> {
    tensors.iter().filter_map(|(name, array)| {
        let count = array.non_finite();
        let values = array.len();
        (count > 0)
            .then(|| format!("`{name}` has {count} of {values} values that are NaN or infinite"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_go_only_where_all_names_carry_them() {
        let check = |names: &[&str], prefix: &str, cleaned: &[&str]| {
            let scalar = || Array::new(vec![], Values::F32(vec![0.0])).unwrap();
            let mut tensors: Vec<_> = names.iter().map(|n| ((*n).to_owned(), scalar())).collect();
            assert_eq!(remove_prefix(&mut tensors), prefix);
            assert_eq!(
                tensors.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(),
                cleaned
            );
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
        let counter = || Array::new(vec![], Values::I64(vec![3])).unwrap();
        let weight = || Array::new(vec![], Values::F32(vec![3.0])).unwrap();
        let mut tensors = vec![
            ("n_averaged".to_owned(), counter()),
            ("initted".to_owned(), weight()),
            ("bn.num_batches_tracked".to_owned(), counter()),
        ];
        drop_bookkeeping(&mut tensors);
        let left: Vec<_> = tensors.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(left, ["initted", "bn.num_batches_tracked"]);
    }
}
