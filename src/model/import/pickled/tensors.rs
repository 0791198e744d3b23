//! The tensors of a pickled module: stored ones, pruned ones, weights under a norm.

use super::settings::lacks;
use super::writer::{Step, Writer, value};
use crate::checkpoint::Module;
use crate::model::import::traced::Argument;

/// A tensor of a module as a value, where it has one: the stored one, or what a weight norm makes.
///
/// # Errors
/// Where it is computed in a way that isn't known here.
pub fn tensor(w: &mut Writer<'_>, m: &Module, leaf: &str) -> Step<Option<String>> {
    if let Some(name) = m.tensor(leaf) {
        return w.stored(name).map(Some);
    }
    let parts = ["orig", "g", "v"].map(|end| m.tensor(&format!("{leaf}_{end}")));
    match parts {
        // Its mask has been applied as it was read: the name says so.
        [Some(name), _, _] if name.rsplit('.').next() == Some(leaf) => w.stored(name).map(Some),
        [Some(_), ..] => Err(format!(
            "computes its {leaf} from {leaf}_orig; save the state dict"
        )),
        [None, Some(magnitude), Some(direction)] => {
            let (shape, ones) = (w.tensor_shape(direction)?, w.tensor_shape(magnitude)?);
            // The axis that the norm leaves.
            let axis = ones.iter().position(|&extent| extent > 1).unwrap_or(0);
            let (g, v) = (w.stored(magnitude)?, w.stored(direction)?);
            let axis = Argument::Integer(axis as i64);
            let made = w.call("_weight_norm", vec![value(&v), value(&g), axis], shape)?;
            Ok(Some(made))
        }
        _ => Ok(None),
    }
}

/// The shape of a module's weight.
pub fn weight_shape(w: &Writer<'_>, m: &Module) -> Step<Vec<usize>> {
    let name = ["weight", "weight_orig", "weight_v"]
        .iter()
        .find_map(|leaf| m.tensor(leaf));
    w.tensor_shape(name.ok_or_else(|| lacks(m, "weight"))?)
}

/// An optional tensor as an argument.
///
/// # Errors
/// As [`tensor`].
pub fn optional(w: &mut Writer<'_>, m: &Module, leaf: &str) -> Step<Argument> {
    Ok(tensor(w, m, leaf)?.map_or(Argument::Absent, Argument::Value))
}
