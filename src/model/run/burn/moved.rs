//! Numbers in another order.

use super::on::{On, Value};
use crate::model::primitive::moved::NONE;
use burn::tensor::{Int, Tensor};

/// Where every number comes from.
#[derive(Debug)]
pub struct Moved {
    list: Tensor<1, Int>,
    /// Some come from nowhere: there is a zero behind the others.
    zero: bool,
}

impl Moved {
    /// `out[i] = x[list[i]]` for `x` of `size` numbers.
    pub fn new(list: &[u32], size: usize, on: &On) -> Self {
        let zero = list.contains(&NONE);
        let places = list.iter().map(|from| match *from {
            NONE => size as u32,
            from => from,
        });
        Self {
            list: on.list(places),
            zero,
        }
    }

    /// Moves a value's numbers.
    pub fn run(&self, x: Value, on: &On) -> Value {
        let x = if self.zero {
            let zeros = on.filled([x.dims()[0], 1], 0.0);
            Tensor::cat(vec![x, zeros], 1)
        } else {
            x
        };
        x.select(1, self.list.clone())
    }
}
