//! How a layer's output lies in a program.
//!
//! Either as the graph has it, row-major (one axis counts as one row), or channels last as
//! `[positions, channels]`: the first axis behind all others, which are one.

use super::context::Lowering;
use crate::model::program::Id;

/// A value of the graph.
#[derive(Debug, Clone)]
pub struct Value {
    /// The value in the program.
    pub id: Id,
    /// Extents in the graph, the batch axis left out.
    pub shape: Vec<usize>,
    /// Whether it lies channels last.
    pub last: bool,
}

impl Value {
    /// As the graph has it.
    pub fn new(id: Id, shape: &[usize]) -> Self {
        Self {
            id,
            shape: shape.to_vec(),
            last: false,
        }
    }

    /// Channels last.
    pub fn last(id: Id, shape: &[usize]) -> Self {
        // One position: both are the same.
        let last = shape.len() > 1;
        Self {
            id,
            shape: shape.to_vec(),
            last,
        }
    }

    /// How many numbers it has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The shape in the program of a value that lies as the graph has it.
pub fn natural(shape: &[usize]) -> Vec<usize> {
    match shape {
        [] => vec![1, 1],
        [features] => vec![1, *features],
        _ => shape.to_vec(),
    }
}

/// The axis in the program of an axis of the graph, which counts the batch axis.
pub fn axis(shape: &[usize], axis: usize) -> usize {
    if shape.len() == 1 { 1 } else { axis - 1 }
}

impl Lowering<'_> {
    /// A value as the graph has it.
    pub fn natural(&mut self, value: Value) -> Value {
        if !value.last {
            return value;
        }
        let turned = self.p.permuted(value.id, &[1, 0]);
        let id = self.p.view(turned, &natural(&value.shape));
        Value::new(id, &value.shape)
    }

    /// A value channels last, `[positions, channels]`.
    pub fn channels_last(&mut self, value: Value) -> Value {
        if value.last {
            return value;
        }
        if value.shape.len() < 2 {
            return Value::last(value.id, &value.shape);
        }
        let (channels, positions) = (value.shape[0], value.shape[1..].iter().product());
        let flat = self.p.view(value.id, &[channels, positions]);
        let turned = self.p.permuted(flat, &[1, 0]);
        Value::last(turned, &value.shape)
    }

    /// Numbers in the graph's order in the shape that the graph has.
    pub fn shaped(&mut self, id: Id, shape: &[usize]) -> Value {
        Value::new(self.p.view(id, &natural(shape)), shape)
    }
}

/// A shape with ones before it, so that it has as many axes as the values of `shape` in the program.
pub fn aligned(own: &[usize], shape: &[usize]) -> Vec<usize> {
    let mut all = own.to_vec();
    let axes = natural(shape).len();
    all.splice(0..0, std::iter::repeat_n(1, axes.saturating_sub(own.len())));
    all
}

/// Places in the program of axes of the graph, in any order.
pub fn places(shape: &[usize], axes: &[usize]) -> Vec<usize> {
    axes.iter().map(|a| axis(shape, *a)).collect()
}
