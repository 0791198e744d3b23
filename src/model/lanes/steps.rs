//! What each kind of step does in the four passes: values and rates forward, adjoints twice back.

use super::kernel::{gather, outer};
use super::plan::{Kind, Norm, Product, Step};
use super::point::Own;
use super::{Real, Row, Sums, curves, maps};

/// The rows of a step's inputs that a pass needs.
pub struct Seen<'a, T> {
    /// x
    pub inputs: Vec<&'a [Row<T>]>,
    /// y
    pub value: &'a [Row<T>],
    /// ẋ; `None`: it doesn't move.
    pub rates: Vec<Option<&'a [Row<T>]>>,
}

/// y
pub fn value<T: Real>(step: &Step, own: &Own<T>, x: &[&[Row<T>]], y: &mut [Row<T>]) {
    match (&step.kind, own) {
        (Kind::Product(product), Own::Product { forward, bias, .. }) => {
            fill(y, bias);
            gather(
                y,
                x[0],
                &product.seen,
                forward,
                product.shape,
                product.positions[1],
            );
        }
        (Kind::Norm(_), Own::Norm { scale, shift, .. }) => {
            for (y, x) in y
                .chunks_exact_mut(scale.len())
                .zip(x[0].chunks_exact(scale.len()))
            {
                for (((y, x), &s), &t) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                    *y = x.times_plus(s, Row::all(t));
                }
            }
        }
        (Kind::Curve(curve), _) => curves::value(*curve, x[0], y),
        (Kind::Linear(map), _) => {
            y.fill(Row::ZERO);
            maps::linear(map, x[0], y);
        }
        (Kind::Max(map), _) => maps::largest(map, x[0], x[0], y),
        (Kind::Add, _) => sum(y, x.iter().copied()),
        _ => {}
    }
}

/// ẏ
pub fn rate<T: Real>(
    step: &Step,
    own: &Own<T>,
    direction: &Own<T>,
    seen: &Seen<'_, T>,
    out: &mut [Row<T>],
) {
    let (x, moves) = (seen.inputs[0], seen.rates[0]);
    match (&step.kind, own, direction) {
        (
            Kind::Product(product),
            Own::Product { forward, .. },
            Own::Product {
                forward: turn,
                bias,
                ..
            },
        ) => {
            fill(out, bias);
            let positions = product.positions[1];
            gather(out, x, &product.seen, turn, product.shape, positions);
            if let Some(moves) = moves {
                gather(out, moves, &product.seen, forward, product.shape, positions);
            }
        }
        (
            Kind::Norm(_),
            Own::Norm { scale, .. },
            Own::Norm {
                scale: turn, shift, ..
            },
        ) => {
            let channels = scale.len();
            for (i, (out, x)) in out.iter_mut().zip(x).enumerate() {
                let c = i % channels;
                *out = x.times_plus(turn[c], Row::all(shift[c]));
                if let Some(moves) = moves {
                    *out = moves[i].times_plus(scale[c], *out);
                }
            }
        }
        (Kind::Curve(curve), ..) => {
            let Some(moves) = moves else { return };
            curves::chain::<T, false>(*curve, x, seen.value, moves, out);
        }
        (Kind::Linear(map), ..) => {
            let Some(moves) = moves else { return };
            out.fill(Row::ZERO);
            maps::linear(map, moves, out);
        }
        (Kind::Max(map), ..) => {
            let Some(moves) = moves else { return };
            maps::largest(map, x, moves, out);
        }
        (Kind::Add, ..) => sum(out, seen.rates.iter().copied().flatten()),
        _ => {}
    }
}

/// Adds a step's share to the adjoint of each input, whose rows `into` hands over where they are
/// wanted, and to the sums of its tensors, given λ.
pub fn back<T: Real>(
    step: &Step,
    own: &Own<T>,
    seen: &Seen<'_, T>,
    adjoint: &[Row<T>],
    sums: &mut Sums<T>,
    mut into: impl FnMut(usize, &mut dyn FnMut(&mut [Row<T>])),
) {
    let x = seen.inputs[0];
    match (&step.kind, own) {
        (Kind::Product(product), Own::Product { back, .. }) => {
            products(product, adjoint, x, sums);
            shifts(product.bias, product.shape.targets, adjoint, sums);
            into(0, &mut |out| {
                let shape = product.shape.turned();
                gather(
                    out,
                    adjoint,
                    &product.turned,
                    back,
                    shape,
                    product.positions[0],
                );
            });
        }
        (
            Kind::Norm(norm),
            Own::Norm {
                scale,
                mean,
                inverse,
                ..
            },
        ) => {
            if let Some(weight) = norm.weight {
                slopes(norm, adjoint, x, mean, inverse, &mut sums[weight]);
            }
            shifts(norm.bias, norm.channels, adjoint, sums);
            into(0, &mut |out| scaled(out, adjoint, scale));
        }
        (Kind::Curve(curve), _) => {
            into(0, &mut |out| {
                curves::chain::<T, true>(*curve, x, seen.value, adjoint, out);
            });
        }
        (Kind::Linear(map), _) => {
            into(0, &mut |out| maps::linear_back(map, adjoint, out));
        }
        (Kind::Max(map), _) => into(0, &mut |out| maps::to_largest(map, x, adjoint, out)),
        (Kind::Add, _) => {
            for input in 0..step.inputs.len() {
                into(input, &mut |out| {
                    for (out, &adjoint) in out.iter_mut().zip(adjoint) {
                        *out = out.zip(adjoint, |a, b| a + b);
                    }
                });
            }
        }
        _ => {}
    }
}

/// As [`back`] for ⟨∇f, v⟩, what [`back`] does with μ left out: μ of x gains Ẇᵀ λ, the weight λ ẋᵀ,
/// and so on.
pub fn back_second<'a, T: Real>(
    step: &Step,
    own: &Own<T>,
    direction: &Own<T>,
    seen: &Seen<'_, T>,
    adjoint: &[Row<T>],
    sums: &mut Sums<T>,
    into: impl FnOnce() -> Option<&'a mut [Row<T>]>,
) {
    let (x, moves) = (seen.inputs[0], seen.rates[0]);
    match (&step.kind, own, direction) {
        (Kind::Product(product), _, Own::Product { back, .. }) => {
            if let Some(moves) = moves {
                products(product, adjoint, moves, sums);
            }
            if let Some(out) = into() {
                let shape = product.shape.turned();
                gather(
                    out,
                    adjoint,
                    &product.turned,
                    back,
                    shape,
                    product.positions[0],
                );
            }
        }
        (Kind::Norm(norm), Own::Norm { inverse, .. }, Own::Norm { scale, .. }) => {
            let Some(weight) = norm.weight else { return };
            if let Some(moves) = moves {
                let none = vec![T::ZERO; norm.channels];
                slopes(norm, adjoint, moves, &none, inverse, &mut sums[weight]);
            }
            if let Some(out) = into() {
                scaled(out, adjoint, scale);
            }
        }
        (Kind::Curve(curve), ..) => {
            if let (Some(moves), Some(out)) = (moves, into()) {
                curves::bend(*curve, x, seen.value, [adjoint, moves], out);
            }
        }
        // The others are piecewise linear and without tensors.
        _ => {}
    }
}

/// The bias in every row of its channel.
fn fill<T: Real>(y: &mut [Row<T>], bias: &[T]) {
    if bias.is_empty() {
        y.fill(Row::ZERO);
        return;
    }
    for y in y.chunks_exact_mut(bias.len()) {
        for (y, &b) in y.iter_mut().zip(bias) {
            *y = Row::all(b);
        }
    }
}

fn products<T: Real>(product: &Product, adjoint: &[Row<T>], x: &[Row<T>], sums: &mut Sums<T>) {
    outer(
        &mut sums[product.weight],
        adjoint,
        x,
        &product.pairs,
        product.shape,
        product.positions,
        product.strides,
    );
}

/// β̄ = Σ λ
fn shifts<T: Real>(bias: Option<usize>, channels: usize, adjoint: &[Row<T>], sums: &mut Sums<T>) {
    let Some(bias) = bias else { return };
    let mut found = vec![Row::<T>::ZERO; channels];
    for adjoint in adjoint.chunks_exact(channels) {
        for (sum, &row) in found.iter_mut().zip(adjoint) {
            *sum = sum.zip(row, |a, b| a + b);
        }
    }
    for (sum, found) in sums[bias].iter_mut().zip(found) {
        *sum += found.sum();
    }
}

/// γ̄ = Σ λ (x − m)/√(σ² + ε)
fn slopes<T: Real>(
    norm: &Norm,
    adjoint: &[Row<T>],
    x: &[Row<T>],
    mean: &[T],
    inverse: &[T],
    sums: &mut [T],
) {
    let mut found = vec![Row::<T>::ZERO; norm.channels];
    let chunks = adjoint.chunks_exact(norm.channels);
    for (adjoint, x) in chunks.zip(x.chunks_exact(norm.channels)) {
        for (((sum, a), x), &mean) in found.iter_mut().zip(adjoint).zip(x).zip(mean) {
            let term = a.zip(*x, |a, x| a * (x - mean));
            *sum = sum.zip(term, |a, b| a + b);
        }
    }
    for ((sum, found), &inverse) in sums.iter_mut().zip(found).zip(inverse) {
        *sum += found.sum() * inverse;
    }
}

/// Adds rows times the scale of their channel.
fn scaled<T: Real>(out: &mut [Row<T>], rows: &[Row<T>], scale: &[T]) {
    let chunks = rows.chunks_exact(scale.len());
    for (out, rows) in out.chunks_exact_mut(scale.len()).zip(chunks) {
        for ((out, row), &s) in out.iter_mut().zip(rows).zip(scale) {
            *out = row.times_plus(s, *out);
        }
    }
}

fn sum<'a, T: Real>(y: &mut [Row<T>], mut rows: impl Iterator<Item = &'a [Row<T>]>) {
    match rows.next() {
        Some(first) => y.copy_from_slice(first),
        None => y.fill(Row::ZERO),
    }
    for rows in rows {
        for (y, &row) in y.iter_mut().zip(rows) {
            *y = y.zip(row, |a, b| a + b);
        }
    }
}
