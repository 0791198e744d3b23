//! The settings of a pickled module, with what older versions of PyTorch meant where they had none.

use super::writer::Step;
use crate::checkpoint::{Attribute, Module};

/// A truth value; `missing` where the version that wrote the file didn't know it.
pub fn flag(module: &Module, name: &str, missing: bool) -> bool {
    let set = module.attribute(name).and_then(Attribute::bool);
    set.unwrap_or(missing)
}

/// A real number.
///
/// # Errors
/// Where it is missing and has no value of its own.
pub fn number(module: &Module, name: &str, missing: Option<f64>) -> Step<f64> {
    let set = module.attribute(name).and_then(Attribute::float);
    set.or(missing).ok_or_else(|| lacks(module, name))
}

/// A whole number, 0 or more.
///
/// # Errors
/// As [`number`].
pub fn count(module: &Module, name: &str, missing: Option<usize>) -> Step<usize> {
    let set = module.attribute(name).and_then(Attribute::integer);
    let set = set.and_then(|n| usize::try_from(n).ok());
    set.or(missing).ok_or_else(|| lacks(module, name))
}

/// Whole numbers, one for each of `axes`; a single one stands for all.
///
/// # Errors
/// Where they are missing and have no value of their own, or are of another number.
pub fn sizes(module: &Module, name: &str, axes: usize, missing: Option<usize>) -> Step<Vec<usize>> {
    let set = module.attribute(name).and_then(Attribute::integers);
    let Some(set) = set else {
        return missing
            .map(|n| vec![n; axes])
            .ok_or_else(|| lacks(module, name));
    };
    let set: Option<Vec<usize>> = set.into_iter().map(|n| usize::try_from(n).ok()).collect();
    match set.as_deref() {
        Some([one]) => Ok(vec![*one; axes]),
        Some(several) if several.len() == axes => Ok(several.to_vec()),
        _ => Err(format!("has a {name} that isn't {axes} sizes")),
    }
}

/// Text.
pub fn word<'m>(module: &'m Module, name: &str, missing: &'m str) -> &'m str {
    let set = module.attribute(name).and_then(Attribute::text);
    set.unwrap_or(missing)
}

/// Says that a setting is missing.
pub fn lacks(module: &Module, name: &str) -> String {
    format!("is a {} without {name}", module.name())
}

/// How many axes a class works over, by the digit in its name: 2 of `Conv2d`.
pub fn axes_in(class: &str) -> usize {
    let digit = class.chars().rev().find(char::is_ascii_digit);
    digit.and_then(|d| d.to_digit(10)).unwrap_or(2) as usize
}

/// Sizes of a window, for each axis of the class.
///
/// # Errors
/// As [`sizes`].
pub fn window(module: &Module, name: &str, missing: Option<usize>) -> Step<Vec<usize>> {
    sizes(module, name, axes_in(module.name()), missing)
}
