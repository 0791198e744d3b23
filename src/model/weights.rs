//! A network's tensors on a device, at one point of parameter space.

use burn::tensor::Tensor;
use std::collections::HashMap;

/// Flat tensors by name with their shapes, all on one device and of one type.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    entries: HashMap<String, (Tensor<1>, Vec<usize>)>,
}

impl Weights {
    /// Adds or replaces a tensor; `flat` holds the product of `shape` values.
    pub fn insert(&mut self, name: &str, flat: Tensor<1>, shape: &[usize]) {
        self.entries.insert(name.to_owned(), (flat, shape.to_vec()));
    }

    /// Extents of a tensor.
    ///
    /// # Panics
    /// Where the name is unknown; a [`crate::model::Network`] has checked its names.
    pub fn shape(&self, name: &str) -> &[usize] {
        &self.entry(name).1
    }

    /// A tensor in its own shape, or in the given one.
    ///
    /// # Panics
    /// Where the name is unknown or the rank is another; a [`crate::model::Network`] has checked both.
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        let (flat, shape) = self.entry(name);
        let dims: [usize; D] = shape
            .as_slice()
            .try_into()
            .unwrap_or_else(|_| panic!("{name:?} has {shape:?}, not {D} axes"));
        flat.clone().reshape(dims)
    }

    /// A tensor as one axis, whatever its shape.
    ///
    /// # Panics
    /// Where the name is unknown; a [`crate::model::Network`] has checked its names.
    pub fn flat(&self, name: &str) -> Tensor<1> {
        self.entry(name).0.clone()
    }

    fn entry(&self, name: &str) -> &(Tensor<1>, Vec<usize>) {
        self.entries
            .get(name)
            .unwrap_or_else(|| panic!("no tensor {name:?} on the device"))
    }
}
