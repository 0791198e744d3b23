//! Values between layers: where their channels lie.
//!
//! Keras counts the channels of an image last. Convolutions and pools here count them first, so that a value
//! is kept that way as long as nobody asks for Keras's order.

use crate::model::import::pickled::writer::{Step, Writer};

/// A value with the order of its axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// Its last axis of Keras's lies first.
    pub first: bool,
}

impl Value {
    /// A value whose channels lie first, though Keras counts them last.
    pub fn first(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            first: true,
        }
    }

    /// A value in Keras's own order.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            first: false,
        }
    }

    /// Another value in the same order.
    pub fn like(&self, name: String) -> Self {
        Self {
            name,
            first: self.first,
        }
    }
}

/// The value in Keras's own order.
///
/// # Errors
/// As [`Writer::permute`].
pub fn plain(w: &mut Writer<'_>, value: &Value) -> Step<String> {
    let rank = w.shape(&value.name).len();
    if !value.first || rank < 2 {
        return Ok(value.name.clone());
    }
    let axes: Vec<usize> = [0].into_iter().chain(2..=rank).chain([1]).collect();
    w.permute(&value.name, &axes)
}

/// The value with its last axis of Keras's first; with `channels_first` Keras has it so by itself.
///
/// # Errors
/// As [`Writer::permute`].
pub fn channels_first(w: &mut Writer<'_>, value: &Value, channels_first: bool) -> Step<String> {
    if channels_first {
        return plain(w, value);
    }
    let rank = w.shape(&value.name).len();
    if value.first || rank < 2 {
        return Ok(value.name.clone());
    }
    let axes: Vec<usize> = [0, rank].into_iter().chain(1..rank).collect();
    w.permute(&value.name, &axes)
}

/// The place in a value of an axis as Keras counts it, from the end where it is negative; both count the batch.
///
/// # Errors
/// Where it has no such axis.
pub fn axis(w: &Writer<'_>, value: &Value, axis: i64) -> Step<usize> {
    let rank = w.shape(&value.name).len();
    let counted = if axis < 0 {
        axis + rank as i64 + 1
    } else {
        axis
    };
    let counted = usize::try_from(counted)
        .ok()
        .filter(|axis| (1..=rank).contains(axis))
        .ok_or_else(|| format!("has the axis {axis}, but is given {rank} axes"))?;
    Ok(match (value.first && rank > 1, counted == rank) {
        (false, _) => counted,
        (true, true) => 1,
        (true, false) => counted + 1,
    })
}
