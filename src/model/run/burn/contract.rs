//! Products of matrices that both belong to the sample.

use super::on::Value;
use crate::model::primitive::Slot;
use burn::tensor::Tensor;

/// Σ y[b, m, n] a[b, m, k] b[b, k, n], `out` being the result, of two values of samples.
pub fn run([batch, m, k, n]: [usize; 4], out: Slot, first: Value, second: Value) -> Value {
    let rows = first.dims()[0];
    let matrix =
        |x: Value, size: [usize; 2]| -> Tensor<3> { x.reshape([rows * batch, size[0], size[1]]) };
    let (y, a, b) = ([m, n], [m, k], [k, n]);
    let found = match out {
        Slot::Y => matrix(first, a).matmul(matrix(second, b)),
        Slot::A => matrix(first, y).matmul(matrix(second, b).swap_dims(1, 2)),
        Slot::B => matrix(second, a).swap_dims(1, 2).matmul(matrix(first, y)),
    };
    let [_, height, width] = found.dims();
    found.reshape([rows, batch * height * width])
}
