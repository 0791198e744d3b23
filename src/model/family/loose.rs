//! Matrices whose names are no module's: `W1`, `theta`, `encoder.W_out`, and the biases that belong to them.
//!
//! Which axis counts the outputs is told by the bias or by what comes in; it is PyTorch's where neither tells.

use super::order;
use super::tensors::Tensors;

/// Leaves of names that belong to a module's layer.
const USUAL: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

/// A matrix and its bias.
pub(super) struct Loose<'a> {
    /// The matrix's name.
    pub weight: &'a str,
    /// Its extents.
    pub shape: [usize; 2],
    /// The bias's name.
    pub bias: Option<&'a str>,
    count: Option<usize>,
}

impl Loose<'_> {
    /// Which axis counts the outputs, where `width` numbers come in.
    pub fn output_axis(&self, width: Option<usize>) -> usize {
        axis(self.shape, self.count, width)
    }
}

/// Which axis of a weight counts the outputs, told by its bias or by the numbers that come in.
pub(super) fn output_axis(
    shape: [usize; 2],
    bias: Option<&[usize]>,
    width: Option<usize>,
) -> usize {
    axis(shape, bias.map(|shape| shape.iter().product()), width)
}

fn axis(shape: [usize; 2], bias: Option<usize>, width: Option<usize>) -> usize {
    let told = |axis: usize| {
        let by_bias = bias.is_none_or(|count| count == shape[axis]);
        by_bias && width.is_none_or(|width| width == shape[1 - axis])
    };
    // What comes in may have been flattened; the bias alone is better than nothing.
    match (told(0), told(1), bias) {
        (false, true, _) => 1,
        (false, false, Some(count)) if count == shape[1] && count != shape[0] => 1,
        _ => 0,
    }
}

/// The matrices of a module that have names of their own, in the order of their numbers.
pub(super) fn matrices<'a>(tensors: &Tensors<'a>, module: &str) -> Vec<Loose<'a>> {
    let own: Vec<&str> = tensors
        .names()
        .filter(|name| order::module(name) == module && !USUAL.contains(&order::leaf(name)))
        .collect();
    let mut matrices: Vec<Loose> = own
        .iter()
        .filter_map(|&weight| {
            let &[rows, columns] = tensors.shape(weight)? else {
                return None;
            };
            let of_bias = rows > 1 && columns > 1 && !is_bias(weight);
            let shape = [rows, columns];
            let bias = own
                .iter()
                .copied()
                .find(|name| belongs(tensors, name, weight, shape));
            let count = bias
                .and_then(|name| tensors.shape(name))
                .map(|s| s.iter().product());
            of_bias.then_some(Loose {
                weight,
                shape,
                bias,
                count,
            })
        })
        .collect();
    matrices.sort_by_key(|matrix| order::last_number(matrix.weight));
    matrices
}

/// Whether a name is that of a table of words or positions.
pub(super) fn is_table(module: &str) -> bool {
    let last = order::leaf(module).to_lowercase();
    let known = ["emb", "wte", "wpe", "table"];
    known.iter().any(|word| last.contains(word))
}

fn is_bias(name: &str) -> bool {
    let leaf = order::leaf(name).to_lowercase();
    leaf.starts_with('b') && leaf[1..].chars().all(|c| !c.is_alphabetic()) || leaf.contains("bias")
}

/// Whether a tensor is the bias of a matrix: by its name, its number and how many numbers it has.
fn belongs(tensors: &Tensors, name: &str, weight: &str, shape: [usize; 2]) -> bool {
    let same = order::last_number(name) == order::last_number(weight);
    let own = tensors.shape(name).unwrap_or_default();
    let long = own.iter().filter(|n| **n > 1).count() <= 1 && !own.is_empty();
    let count: usize = own.iter().product();
    is_bias(name) && same && long && shape.contains(&count)
}
