//! Tensors of a checkpoint that its network has no use for, and which of them may lie there.
//!
//! A network is found in one checkpoint and then met by others. What it doesn't use in the first is
//! said in a warning; what it doesn't use in another, and the first lacks, means that the other
//! belongs to another network, unless it is no weight at all: a counter, a copy that an average or an
//! optimiser keeps, a part of the loss.

use super::params::{Layout, TensorSpec};
use crate::checkpoint::{Kind, Listing};
use std::collections::HashMap;

/// A tensor that isn't used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spare {
    pub name: String,
    pub shape: Vec<usize>,
    /// Whether it holds integers, which nothing trains.
    counts: bool,
}

/// Parts of a name that say what the tensor belongs to, where that isn't the network.
const OTHERS: [&str; 20] = [
    "optimizer",
    "optimizers",
    "optimizer_states",
    "optimizer_weights",
    "opt_state",
    "optim",
    "exp_avg",
    "exp_avg_sq",
    "momentum_buffer",
    "ema",
    "ema_model",
    "model_ema",
    "swa_model",
    "averaged_model",
    "criterion",
    "loss_fn",
    "scheduler",
    "lr_scheduler",
    "scaler",
    "grad_scaler",
];

/// What stands between the parts of a name.
const BETWEEN: [char; 2] = ['.', '/'];

/// What a network with this layout doesn't use of `state`.
pub(super) fn unused(layout: &Layout, state: &dyn Listing) -> Vec<Spare> {
    let known: std::collections::HashSet<&str> = layout.iter().map(|s| s.name.as_str()).collect();
    state
        .list()
        .into_iter()
        .filter(|t| !known.contains(t.name) && !t.name.ends_with("num_batches_tracked"))
        .map(|tensor| Spare {
            name: tensor.name.to_owned(),
            shape: tensor.shape.to_vec(),
            counts: tensor.kind == Kind::Integer,
        })
        .collect()
}

/// Those of `unused` that only another network could use: not among `first`, those of the checkpoint
/// that the network was found in, and weights by all that can be told.
pub(super) fn strange<'a>(
    unused: &'a [Spare],
    first: &[Spare],
    layout: &Layout,
    state: &dyn Listing,
) -> Vec<&'a Spare> {
    let listed = state.list();
    let shapes: HashMap<&str, &[usize]> = listed.iter().map(|t| (t.name, t.shape)).collect();
    unused
        .iter()
        .filter(|tensor| {
            let known = first
                .iter()
                .any(|t| t.name == tensor.name && t.shape == tensor.shape);
            !known && !tensor.counts && !is_named_otherwise(&tensor.name)
        })
        .filter(|tensor| !is_copy(&tensor.name, layout, &shapes))
        .collect()
}

fn is_named_otherwise(name: &str) -> bool {
    let mut parts = name.split(BETWEEN);
    parts.any(|part| OTHERS.contains(&part.to_lowercase().as_str()))
}

/// Whether a tensor is one of a whole set of copies: of every trained tensor there is one of the same
/// shape whose name is longer by the same part.
fn is_copy(name: &str, layout: &Layout, shapes: &HashMap<&str, &[usize]>) -> bool {
    let trained = || layout.iter().filter(|spec| spec.is_trainable());
    let whole = |copy: &dyn Fn(&TensorSpec) -> String| {
        trained().all(|spec| shapes.get(copy(spec).as_str()) == Some(&spec.shape.as_slice()))
    };
    let mut names = layout.iter().map(|spec| spec.name.as_str());
    names.any(|used| {
        let before = name.strip_suffix(used).filter(|p| p.ends_with(BETWEEN));
        let after = name.strip_prefix(used).filter(|p| p.starts_with(BETWEEN));
        before.is_some_and(|p| whole(&|spec| format!("{p}{}", spec.name)))
            || after.is_some_and(|p| whole(&|spec| format!("{}{p}", spec.name)))
    })
}

/// Their names and shapes, the first few of many.
pub(super) fn listed(tensors: &[&Spare]) -> String {
    let words: Vec<String> = tensors
        .iter()
        .map(|t| format!("{:?} {:?}", t.name, t.shape))
        .collect();
    first_few(&words)
}

/// The first few of many, in words.
pub(super) fn first_few(items: &[String]) -> String {
    match items {
        [first, second, third, _, rest @ ..] => {
            format!("{first}, {second}, {third} and {} more", rest.len() + 1)
        }
        _ => items.join(", "),
    }
}

#[cfg(test)]
mod tests {

    use crate::checkpoint::{Array, Source, StateDict, Values};
    use crate::model::Network;
    use crate::model::family::{self, Hints};

    fn state(tensors: &[(&str, &[usize])]) -> StateDict {
        let array = |shape: &[usize]| {
            let count = shape.iter().product();
            Array::new(shape.to_vec(), Values::F32(vec![0.5; count])).unwrap()
        };
        StateDict {
            tensors: tensors
                .iter()
                .map(|(name, shape)| ((*name).to_owned(), array(shape)))
                .collect(),
            source: Source {
                path: "other.pt".into(),
                format: String::new(),
                state_dict_at: String::new(),
                prefix: String::new(),
                sha256: String::new(),
            },
            warnings: Vec::new(),
            told: crate::checkpoint::Told::default(),
            unreadable: Vec::new(),
        }
    }

    const MLP: [(&str, &[usize]); 4] = [
        ("0.weight", &[8, 4]),
        ("0.bias", &[8]),
        ("2.weight", &[3, 8]),
        ("2.bias", &[3]),
    ];

    fn network(extra: &[(&str, &[usize])]) -> Network {
        let first = state(&[&MLP[..], extra].concat());
        let found = family::recognise(&state(&MLP), &Hints::default()).unwrap();
        Network::new(found.graph, &first).unwrap()
    }

    #[test]
    fn weights_that_only_another_network_has_are_refused() {
        let network = network(&[]);
        for extra in [
            &[("4.weight", &[3, 3][..])][..],
            // Fits the end of a used name, but not as one of a set of copies.
            &[("head.2.bias", &[3][..])],
            &[("10.weight", &[8, 4][..])],
        ] {
            let other = state(&[&MLP[..], extra].concat());
            let error = network.params(&other).unwrap_err().to_string();
            assert!(error.contains("another network"), "{error}");
            assert!(error.contains(extra[0].0), "{error}");
        }
    }

    #[test]
    fn what_lies_beside_the_weights_is_only_said() {
        let copies: Vec<(String, &[usize])> = MLP
            .iter()
            .flat_map(|(name, shape)| {
                [
                    (format!("shadow.{name}"), *shape),
                    (format!("{name}.mean_square"), *shape),
                ]
            })
            .collect();
        let copies: Vec<(&str, &[usize])> = copies.iter().map(|(n, s)| (n.as_str(), *s)).collect();
        let optimiser: &[(&str, &[usize])] = &[("optimizer.state.0.exp_avg", &[8, 4])];
        for extra in [&copies[..], optimiser] {
            let other = state(&[&MLP[..], extra].concat());
            let (_, warnings) = network(&[]).params(&other).unwrap();
            assert_eq!(warnings.len(), 1, "{extra:?}: {warnings:?}");
        }
        // As long as the network's own checkpoint has it too.
        let head: &[(&str, &[usize])] = &[("auxiliary.weight", &[5, 8])];
        let both = state(&[&MLP[..], head].concat());
        assert!(network(head).params(&both).is_ok());
        assert!(network(&[]).params(&both).is_err());
    }
}
