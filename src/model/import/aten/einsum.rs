//! Sums of products by letters: `einsum` of two values.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::{permuted, unsqueezed, viewed};
use super::products::product;
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};

/// Sums of products.
pub const OPERATIONS: &[Entry] = &[("einsum", Reading::Call(einsum))];

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The axes of `x` in the order of `wanted` letters, in as many groups as there are lists, each one axis.
fn grouped(
    b: &mut Builder<'_>,
    x: &Value,
    own: &[char],
    kept: &[char],
    groups: [&[char]; 2],
) -> Outcome<Value> {
    let wanted = [kept, groups[0], groups[1]].concat();
    let place = |c: &char| own.iter().position(|o| o == c);
    let axes: Option<Vec<usize>> = wanted.iter().map(place).collect();
    let turned = permuted(b, x, &axes.ok_or("names a letter that isn't there")?)?;
    let mut shape = turned.full[..kept.len()].to_vec();
    let mut at = kept.len();
    for group in groups {
        shape.push(turned.full[at..at + group.len()].iter().product());
        at += group.len();
    }
    viewed(b, &turned, &shape)
}

/// A value and its letters, with an axis of one entry in front for the batch that only the other has.
fn beside(
    b: &mut Builder<'_>,
    (x, left): (&Value, &Vec<char>),
    (y, right): (&Value, &Vec<char>),
) -> Outcome<(Value, Vec<char>)> {
    let letter = y.batch.and_then(|axis| right.get(axis));
    match letter {
        Some(letter) if !left.contains(letter) && !x.is_data() => {
            let letters = std::iter::once(*letter).chain(left.iter().copied());
            Ok((unsqueezed(b, x, 0)?, letters.collect()))
        }
        _ => Ok((x.clone(), left.clone())),
    }
}

fn einsum(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let equation = a.text((0, "equation")).ok_or("has no equation")?;
    let operands: Option<Vec<Value>> = a.values((1, "tensors"))?.into_iter().collect();
    let operands = operands.ok_or("lacks a value")?;
    let refused = || {
        format!(
            "is {equation:?} of {} values, which isn't supported",
            operands.len()
        )
    };
    let (inputs, output) = equation.split_once("->").ok_or_else(refused)?;
    let parts: Vec<Vec<char>> = inputs.split(',').map(letters).collect();
    let output = letters(output);
    let ([x, y], [left, right]) = (&operands[..], &parts[..]) else {
        return Err(refused());
    };
    let dots = equation.contains('.');
    if dots || left.len() != x.rank() || right.len() != y.rank() {
        return Err(refused());
    }
    // The batch of one is an axis of one entry of the other, so that it stays in front.
    let ((x, left), (y, right)) = (
        beside(b, (x, left), (y, right))?,
        beside(b, (y, right), (x, left))?,
    );
    let twice = |all: &[char]| (1..all.len()).any(|i| all[..i].contains(&all[i]));
    if twice(&left) || twice(&right) {
        return Err(refused());
    }
    let of = |all: &[char], test: &dyn Fn(&char) -> bool| -> Vec<char> {
        all.iter().copied().filter(|c| test(c)).collect()
    };
    let shared = of(&left, &|c| right.contains(c) && output.contains(c));
    let summed = of(&left, &|c| right.contains(c) && !output.contains(c));
    let rows = of(&left, &|c| !right.contains(c));
    let columns = of(&right, &|c| !left.contains(c));
    let known = |c: &char| output.contains(c);
    let all = shared.len() + rows.len() + columns.len();
    if !rows.iter().all(known) || !columns.iter().all(known) || output.len() != all {
        return Err(refused());
    }
    let extent = |c: &char| {
        let own = left.iter().position(|l| l == c).map_or(1, |i| x.full[i]);
        let other = right.iter().position(|r| r == c).map_or(1, |i| y.full[i]);
        own.max(other)
    };
    let a = grouped(b, &x, &left, &shared, [&rows, &summed])?;
    let c = grouped(b, &y, &right, &shared, [&summed, &columns])?;
    let made = product(b, &a, &c)?;
    let order = [&shared[..], &rows, &columns].concat();
    let shape: Vec<usize> = order.iter().map(extent).collect();
    let made = viewed(b, &made, &shape)?;
    let axes: Vec<usize> = output
        .iter()
        .filter_map(|c| order.iter().position(|o| o == c))
        .collect();
    Ok(vec![permuted(b, &made, &axes)?])
}
