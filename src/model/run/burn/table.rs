//! Rows of tables by number, and rows added up by number.
//!
//! Rows are added up by products with ones and zeros: devices that scatter do so in another order every
//! time.

use super::on::{On, Value};
use burn::tensor::{Bool, Tensor};

/// Which numbers are rows of a table.
fn inside<const D: usize>(numbers: &Tensor<D>, entries: usize) -> Tensor<D, Bool> {
    let below = numbers.clone().greater_equal_scalar(0.0);
    below.bool_and(numbers.clone().lower_scalar(entries as f64))
}

/// Rows of a shared `table` of so many `entries` by every sample's numbers; numbers outside it give NaN.
pub fn lookup(table: Value, numbers: Value, entries: usize) -> Value {
    let width = table.dims()[1] / entries.max(1);
    let [rows, positions] = numbers.dims();
    let numbers = numbers.reshape([rows * positions, 1]);
    let outside = inside(&numbers, entries).bool_not();
    let places = numbers.mask_fill(outside.clone(), 0.0).int();
    let found = table
        .reshape([entries, width])
        .select(0, places.reshape([rows * positions]));
    let outside = outside.expand([rows * positions, width]);
    found
        .mask_fill(outside, f64::NAN)
        .reshape([rows, positions * width])
}

/// Rows `x` added up by every sample's numbers into a table of so many `entries`: one for every sample,
/// or one of all, of at most `loops` rows at a time.
pub fn scatter(
    x: Value,
    numbers: Value,
    entries: usize,
    each: bool,
    loops: usize,
    on: &On,
) -> Value {
    let [rows, positions] = numbers.dims();
    let width = x.dims()[1] / positions.max(1);
    let known = on.numbers([1, entries], |out| out.fill((0..entries).map(|i| i as f64)));
    let chosen = |numbers: Value, height: usize| -> Tensor<3> {
        let count = numbers.dims().iter().product::<usize>() / height;
        let numbers = numbers
            .reshape([count, height, 1])
            .expand([count, height, entries]);
        let known = known.clone().reshape([1, 1, entries]);
        on.truth(numbers.equal(known.expand([count, height, entries])))
    };
    if each {
        let chosen = chosen(numbers, positions).swap_dims(1, 2);
        let found = chosen.matmul(x.reshape([rows, positions, width]));
        return found.reshape([rows, entries * width]);
    }
    let few = (loops / positions.max(1)).max(1);
    let parts = (0..rows).step_by(few).map(|from| {
        let count = few.min(rows - from);
        let numbers = numbers.clone().narrow(0, from, count);
        let x = x.clone().narrow(0, from, count);
        let chosen = chosen(numbers, count * positions).swap_dims(1, 2);
        chosen.matmul(x.reshape([1, count * positions, width]))
    });
    let sum = parts.reduce(|sum, part| sum + part);
    match sum {
        Some(sum) => sum.reshape([1, entries * width]),
        None => on.filled([1, entries * width], 0.0),
    }
}
