//! Tensors that are made of stored ones as they are read: weights under a mask, kernels with their axes in
//! another order.
//!
//! They are made here, once, so that every floor above sees the tensors of a network in one layout. What
//! was made is said in a warning; a weight that is *trained* as other tensors (a weight norm) is no such
//! case, it is described in the network.

use crate::store::container::Arrays;
use crate::store::element::{Element, memory};
use crate::store::{Array, Entry, Kind, Parsed, Values};
use std::collections::{HashMap, HashSet};

/// Where the values of an entry come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// An entry of the reader's as it is.
    Stored(usize),
    /// With its axes in another order: `axes[i]` is the old axis that becomes axis i.
    Turned {
        /// The entry.
        of: usize,
        /// The order.
        axes: Vec<usize>,
        /// The shape afterwards; axes may be merged by it.
        shape: Vec<usize>,
    },
    /// The product of two entries of one shape.
    Product(usize, usize),
}

/// Entries made of those of another reader.
pub struct Derived {
    /// The reader of what is stored.
    pub of: Box<dyn Arrays>,
    /// How each entry is made.
    pub made: Vec<Made>,
}

impl Arrays for Derived {
    fn read(&self, index: usize) -> Parsed<Array> {
        match self.made.get(index).ok_or("it isn't in the file")? {
            Made::Stored(of) => self.of.read(*of),
            Made::Turned { of, axes, shape } => turned(&self.of.read(*of)?, axes, shape),
            Made::Product(left, right) => product(&self.of.read(*left)?, &self.of.read(*right)?),
        }
    }
}

/// What `torch.nn.utils.prune` puts behind the name of a tensor: its values before the mask, and the mask.
const PRUNED: [&str; 2] = ["_orig", "_mask"];

/// Replaces pairs of a weight before pruning and its mask by the pruned weight, which is what `forward`
/// computes with; says so. Gives the entries with the reader that makes them.
pub fn pruned(
    entries: Vec<(Entry, usize)>,
    of: Box<dyn Arrays>,
    warnings: &mut Vec<String>,
) -> (Vec<(Entry, usize)>, Box<dyn Arrays>) {
    let known: HashMap<&str, (&Entry, usize)> = entries
        .iter()
        .map(|(entry, place)| (entry.name.as_str(), (entry, *place)))
        .collect();
    let pair = |name: &str| {
        let plain = name.strip_suffix(PRUNED[0])?;
        let [(original, value), (mask, by)] = [
            known.get(name)?,
            known.get(&*format!("{plain}{}", PRUNED[1]))?,
        ];
        let fits = original.shape == mask.shape
            && original.dtype.kind == Kind::Float
            && mask.is_readable()
            && !known.contains_key(plain);
        fits.then(|| (plain.to_owned(), *value, *by))
    };
    let pairs: HashMap<usize, (String, usize)> = entries
        .iter()
        .filter_map(|(entry, _)| pair(&entry.name))
        .map(|(plain, value, by)| (value, (plain, by)))
        .collect();
    if pairs.is_empty() {
        return (entries, of);
    }
    let masks: HashSet<usize> = pairs.values().map(|(_, by)| *by).collect();
    let mut names: Vec<String> = Vec::new();
    let places = entries
        .iter()
        .map(|(_, place)| place + 1)
        .max()
        .unwrap_or(0);
    let mut made: Vec<Made> = (0..places).map(Made::Stored).collect();
    let mut kept = Vec::new();
    for (entry, place) in entries {
        if masks.contains(&place) {
            continue;
        }
        let Some((plain, by)) = pairs.get(&place) else {
            kept.push((entry, place));
            continue;
        };
        names.push(format!("`{plain}`"));
        if let Some(way) = made.get_mut(place) {
            *way = Made::Product(place, *by);
        }
        // The factors and their values in double precision lie in memory beside the product.
        let memory = memory(&entry.shape, Element::F64).unwrap_or(u64::MAX);
        let beside = entry.beside.saturating_add(memory.saturating_mul(4));
        let entry = Entry {
            name: plain.clone(),
            dtype: Element::F64.into(),
            memory,
            ..entry
        };
        kept.push((entry.beside(beside), place));
    }
    let more = names.len().saturating_sub(4);
    names.truncate(4);
    let and = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    warnings.push(format!(
        "pruned: {}{and} are the weights times their masks (`_orig` × `_mask`), as the network computes with; directions move the pruned weights, too",
        names.join(", ")
    ));
    (kept, Box::new(Derived { of, made }))
}

fn product(left: &Array, right: &Array) -> Parsed<Array> {
    let values: Vec<f64> = left
        .to_f64()
        .iter()
        .zip(right.to_f64())
        .map(|(a, b)| a * b)
        .collect();
    let made = Array::new(left.shape().to_vec(), Values::F64(values));
    made.ok_or_else(|| "the weight and its mask have other sizes".into())
}

/// The array with its axes in the order `axes`, seen in the shape `shape`.
fn turned(array: &Array, axes: &[usize], shape: &[usize]) -> Parsed<Array> {
    let old = array.shape();
    let unfit = || format!("shape {old:?} has no axes in the order {axes:?}");
    let mut strides = vec![1_usize; old.len()];
    for i in (1..old.len()).rev() {
        let next = *strides.get(i).ok_or_else(unfit)?;
        let extent = *old.get(i).ok_or_else(unfit)?;
        *strides.get_mut(i - 1).ok_or_else(unfit)? = next * extent;
    }
    let pick = |from: &[usize]| {
        let picked = axes.iter().map(|&axis| from.get(axis).copied());
        picked.collect::<Option<Vec<usize>>>().ok_or_else(unfit)
    };
    let (extents, steps) = (pick(old)?, pick(&strides)?);
    let mut order = Vec::with_capacity(array.len());
    let (mut index, mut at) = (vec![0_usize; extents.len()], 0_usize);
    while order.len() < array.len() {
        order.push(at);
        for ((i, &extent), &step) in index.iter_mut().zip(&extents).zip(&steps).rev() {
            *i += 1;
            at += step;
            if *i < extent {
                break;
            }
            at -= extent * step;
            *i = 0;
        }
    }
    let made = Array::new(shape.to_vec(), gathered(array.values(), &order));
    made.ok_or_else(unfit)
}

fn gathered(values: &Values, order: &[usize]) -> Values {
    fn of<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
        order
            .iter()
            .filter_map(|&i| values.get(i).copied())
            .collect()
    }
    match values {
        Values::F16(v) => Values::F16(of(v, order)),
        Values::BF16(v) => Values::BF16(of(v, order)),
        Values::F32(v) => Values::F32(of(v, order)),
        Values::F64(v) => Values::F64(of(v, order)),
        Values::U8(v) => Values::U8(of(v, order)),
        Values::I64(v) => Values::I64(of(v, order)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_change_places_as_numpy_transposes_them() {
        // numpy.arange(6).reshape(1, 2, 3).transpose(2, 0, 1)
        let array = Array::new(vec![1, 2, 3], Values::I64((0..6).collect())).unwrap();
        let found = turned(&array, &[2, 0, 1], &[3, 1, 2]).unwrap();
        assert_eq!(found.shape(), [3, 1, 2]);
        assert_eq!(found.values(), &Values::I64(vec![0, 3, 1, 4, 2, 5]));
        assert!(turned(&array, &[3, 0, 1], &[3, 1, 2]).is_err());
        assert!(turned(&array, &[2, 0, 1], &[3, 3]).is_err());
    }
}
