//! Which tensors of a checkpoint a network computes its weights from, by the names that PyTorch gives them.
//!
//! Only names and shapes are looked at. Where they leave a choice, it is said.

use super::{Parametrisation, Parametrised, SpectralNorm, WeightNorm};
use crate::checkpoint::{Kind, Listed};
use std::collections::HashMap;

/// A computed tensor, the stored ones that it stands for, and what was assumed.
pub struct Found {
    /// How it is computed.
    pub entry: Parametrised,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The stored tensors; the first one gives it its place.
    pub stored: Vec<String>,
    /// What names and shapes don't tell.
    pub assumption: Option<String>,
}

/// Every tensor that is computed by a weight norm or a spectral norm.
pub fn found(listed: &[Listed<'_>]) -> Vec<Found> {
    let shapes: HashMap<&str, &[usize]> = listed
        .iter()
        .filter(|tensor| tensor.kind == Kind::Float)
        .map(|tensor| (tensor.name, tensor.shape))
        .collect();
    let made = listed.iter().filter_map(|tensor| {
        weight_norm(tensor.name).or_else(|| spectral_norm(tensor.name, &shapes))
    });
    made.filter_map(|(name, parametrisation, assumption)| {
        let tensors = parametrisation.tensors(crate::model::role::Role::WEIGHT);
        let stored: Vec<String> = tensors.iter().map(|(name, _)| (*name).to_owned()).collect();
        let shape = parametrisation
            .shape(&|name| shapes.get(name).copied())
            .ok()?;
        let free = !listed.iter().any(|tensor| tensor.name == name);
        free.then(|| Found {
            entry: Parametrised {
                name,
                parametrisation,
            },
            shape,
            stored,
            assumption,
        })
    })
    .collect()
}

type Made = (String, Parametrisation, Option<String>);

/// The weight that a magnitude called `name` belongs to: `weight_g` beside `weight_v`, or `original0` beside
/// `original1`.
fn weight_norm(name: &str) -> Option<Made> {
    let (weight, direction) = match inside(name, ".original0") {
        Some((weight, start)) => (weight, format!("{start}.original1")),
        None => {
            let weight = name.strip_suffix("_g")?;
            (weight.to_owned(), format!("{weight}_v"))
        }
    };
    let norm = WeightNorm {
        magnitude: name.to_owned(),
        direction,
    };
    Some((weight, Parametrisation::WeightNorm(norm), None))
}

/// The weight that an original called `name` belongs to: `weight_orig` beside `weight_u` and `weight_v`, or
/// `original` beside `0._u` and `0._v`.
fn spectral_norm(name: &str, shapes: &HashMap<&str, &[usize]>) -> Option<Made> {
    let (weight, left, right) = match inside(name, ".original") {
        Some((weight, start)) => (weight, format!("{start}.0._u"), format!("{start}.0._v")),
        None => {
            let weight = name.strip_suffix("_orig")?;
            let [left, right] = ["u", "v"].map(|end| format!("{weight}_{end}"));
            (weight.to_owned(), left, right)
        }
    };
    let (w, rows) = (*shapes.get(name)?, shapes.get(left.as_str())?.first()?);
    let axis = w.iter().take(2).position(|extent| extent == rows)?;
    let either = w.len() > 2 && w.first() == w.get(1);
    let assumption = either.then(|| {
        format!("The spectral norm of {weight} counts its rows along the first axis, as it does unless the convolution is a transposed one.")
    });
    let norm = SpectralNorm {
        original: name.to_owned(),
        left,
        right,
        axis,
    };
    Some((weight, Parametrisation::SpectralNorm(norm), assumption))
}

/// `fc.weight` and `fc.parametrizations.weight` of `fc.parametrizations.weight.original0`.
fn inside(name: &str, end: &str) -> Option<(String, String)> {
    const FOLDER: &str = "parametrizations.";
    let start = name.strip_suffix(end)?;
    let (module, leaf) = start.rsplit_once(FOLDER)?;
    let plain = !leaf.contains('.') && (module.is_empty() || module.ends_with('.'));
    plain.then(|| (format!("{module}{leaf}"), start.to_owned()))
}
