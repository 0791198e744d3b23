//! From the axes of Keras and Flax to those of PyTorch.

use crate::checkpoint::derived::{Derived, Made};
use crate::store::container::{Container, Entry};

/// A tensor of a layer: where it belongs, and what it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The dotted name of the layer.
    pub layer: String,
    /// What the library calls it: `kernel`, `moving_mean`.
    pub leaf: String,
    /// Its place in the order of the network: of its layer, and in it.
    pub order: (usize, usize),
}

/// A tensor's name in PyTorch, and how its axes are turned, with the shape afterwards.
type Turn = (String, Option<(Vec<usize>, Vec<usize>)>);

/// The entries under their new names, in the order of the network, with axes turned as they are read. Those
/// without a name are left out.
pub fn turned(container: Container, names: Vec<Option<Named>>) -> Container {
    let Container {
        format,
        entries,
        arrays,
        warnings,
        held,
    } = container;
    let mut kept: Vec<(Named, usize, Entry)> = entries
        .into_iter()
        .zip(names)
        .enumerate()
        .filter_map(|(place, (entry, named))| Some((named?, place, entry)))
        .collect();
    kept.sort_by_key(|(named, place, _)| (named.order, *place));
    let (mut entries, mut made) = (Vec::new(), Vec::new());
    for (named, of, entry) in kept {
        let (name, turn) = torch(&named, &entry.shape);
        let Some((axes, shape)) = turn.filter(|_| entry.is_readable()) else {
            entries.push(Entry { name, ..entry });
            made.push(Made::Stored(of));
            continue;
        };
        // The stored array and the order of its values lie beside the turned one.
        let order = (entry.len() as u64).saturating_mul(8);
        let beside = entry.memory.saturating_add(order);
        let beside = beside.saturating_add(entry.beside);
        let turned = Entry {
            name,
            shape: shape.clone(),
            ..entry
        };
        entries.push(turned.beside(beside));
        made.push(Made::Turned { of, axes, shape });
    }
    let arrays = Box::new(Derived { of: arrays, made });
    Container {
        warnings,
        ..Container::new(&format, entries, arrays, held)
    }
}

/// The name and the axes of PyTorch.
fn torch(named: &Named, shape: &[usize]) -> Turn {
    let Named { layer, leaf, .. } = named;
    let own = |leaf: &str| {
        if layer.is_empty() {
            leaf.to_owned()
        } else {
            format!("{layer}.{leaf}")
        }
    };
    let by = |axes: &[usize]| {
        let picked = axes.iter().filter_map(|&axis| shape.get(axis).copied());
        Some((axes.to_vec(), picked.collect()))
    };
    // The weights of attention have a meaning of their own for every axis.
    let attention = ["query", "key", "value", "attention_output"];
    let attends = attention
        .iter()
        .any(|part| layer.rsplit('.').next() == Some(part));
    let kernel = || match shape.len() {
        2 => by(&[1, 0]),
        3 if !attends => by(&[2, 1, 0]),
        4 => by(&[3, 2, 0, 1]),
        5 => by(&[4, 3, 0, 1, 2]),
        _ => None,
    };
    match (leaf.as_str(), shape) {
        ("kernel", _) => (own("weight"), kernel()),
        ("recurrent_kernel", _) => (own("recurrent_weight"), kernel()),
        // Every channel has its own filters; PyTorch counts them one after the other.
        ("depthwise_kernel", &[height, width, channels, times]) => (
            own("weight"),
            Some((
                vec![2, 3, 0, 1],
                vec![channels.saturating_mul(times), 1, height, width],
            )),
        ),
        ("depthwise_kernel", &[taps, channels, times]) => (
            own("weight"),
            Some((vec![1, 2, 0], vec![channels.saturating_mul(times), 1, taps])),
        ),
        // A slope a channel, shared by all places.
        ("alpha", &[1, 1, channels]) => (own("weight"), Some((vec![2, 0, 1], vec![channels]))),
        ("alpha", [_, _, _]) => (own("weight"), by(&[2, 0, 1])),
        ("gamma" | "scale" | "embeddings" | "embedding" | "alpha", _) => (own("weight"), None),
        ("beta" | "bias", _) => (own("bias"), None),
        ("moving_mean", _) => (own("running_mean"), None),
        ("moving_variance", _) => (own("running_var"), None),
        (other, _) => (own(other), None),
    }
}
