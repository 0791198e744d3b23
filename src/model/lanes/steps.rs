//! What each kind of step does in the four passes: values and rates forward, adjoints twice back.

use super::geometry::Sparse;
use super::kernel::{gather, outer};
use super::plan::{Curve, Kind, Norm, Product, Step};
use super::point::Own;
use super::{LANES, Real, Row, Sums};

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
        (Kind::Curve(curve), _) => match *curve {
            Curve::Leaky(slope) => {
                let slope = T::of(slope);
                each(y, x[0], |x| if x <= T::ZERO { slope * x } else { x });
            }
            Curve::Tanh => each(y, x[0], Real::tanh),
            Curve::Sigmoid => each(y, x[0], logistic),
            Curve::Silu => each(y, x[0], |x| x * logistic(x)),
        },
        (Kind::Linear(map), _) => {
            y.fill(Row::ZERO);
            linear(map, x[0], y);
        }
        (Kind::Max(map), _) => largest(map, x[0], x[0], y),
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
            chain::<T, false>(*curve, x, seen.value, moves, out);
        }
        (Kind::Linear(map), ..) => {
            let Some(moves) = moves else { return };
            out.fill(Row::ZERO);
            linear(map, moves, out);
        }
        (Kind::Max(map), ..) => {
            let Some(moves) = moves else { return };
            largest(map, x, moves, out);
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
            into(0, &mut |out| chain::<T, true>(*curve, x, seen.value, adjoint, out));
        }
        (Kind::Linear(map), _) => {
            into(0, &mut |out| linear_back(map, adjoint, out));
        }
        (Kind::Max(map), _) => into(0, &mut |out| to_largest(map, x, adjoint, out)),
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
                bend(*curve, x, seen.value, [adjoint, moves], out);
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

#[inline(always)]
fn each<T: Real>(y: &mut [Row<T>], x: &[Row<T>], f: impl Fn(T) -> T) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x.map(&f);
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

/// Adds what a map makes of rows.
fn linear<T: Real>(map: &Sparse, x: &[Row<T>], y: &mut [Row<T>]) {
    let each = x.len() / (y.len() / map.rows()).max(1);
    for (y, x) in y.chunks_exact_mut(map.rows()).zip(x.chunks_exact(each)) {
        for (place, y) in y.chunks_exact_mut(map.width).enumerate() {
            for &(from, factor) in map.get(place) {
                let x = &x[from as usize * map.width..][..map.width];
                for (y, x) in y.iter_mut().zip(x) {
                    *y = x.times_plus(T::of(factor), *y);
                }
            }
        }
    }
}

/// Adds rows back to where a map took them from.
fn linear_back<T: Real>(map: &Sparse, rows: &[Row<T>], out: &mut [Row<T>]) {
    let each = out.len() / (rows.len() / map.rows()).max(1);
    for (out, rows) in out
        .chunks_exact_mut(each)
        .zip(rows.chunks_exact(map.rows()))
    {
        for (place, rows) in rows.chunks_exact(map.width).enumerate() {
            for &(from, factor) in map.get(place) {
                let out = &mut out[from as usize * map.width..][..map.width];
                for (out, row) in out.iter_mut().zip(rows) {
                    *out = row.times_plus(T::of(factor), *out);
                }
            }
        }
    }
}

/// For each sample, which of a window's rows is the largest: the first of equals, NaN before all.
#[inline(always)]
fn winners<T: Real>(map: &Sparse, place: usize, channel: usize, x: &[Row<T>]) -> [u32; LANES] {
    let row = |from: u32| from as usize * map.width + channel;
    let mut window = map.get(place).iter().map(|(from, _)| row(*from));
    let first = window.next().unwrap_or(0);
    let (mut best, mut at) = (x[first], [first as u32; LANES]);
    for row in window {
        for l in 0..LANES {
            let value = x[row].0[l];
            if value > best.0[l] || value != value {
                best.0[l] = value;
                at[l] = row as u32;
            }
        }
    }
    at
}

/// What `from` holds where x is largest.
fn largest<T: Real>(map: &Sparse, x: &[Row<T>], from: &[Row<T>], y: &mut [Row<T>]) {
    let each = x.len() / (y.len() / map.rows()).max(1);
    let chunks = x.chunks_exact(each).zip(from.chunks_exact(each));
    for (y, (x, from)) in y.chunks_exact_mut(map.rows()).zip(chunks) {
        for (i, y) in y.iter_mut().enumerate() {
            let at = winners(map, i / map.width, i % map.width, x);
            y.0 = std::array::from_fn(|lane| from[at[lane] as usize].0[lane]);
        }
    }
}

/// Adds rows where x is largest.
fn to_largest<T: Real>(map: &Sparse, x: &[Row<T>], rows: &[Row<T>], out: &mut [Row<T>]) {
    let each = x.len() / (rows.len() / map.rows()).max(1);
    let chunks = x.chunks_exact(each).zip(rows.chunks_exact(map.rows()));
    for (out, (x, rows)) in out.chunks_exact_mut(each).zip(chunks) {
        for (i, row) in rows.iter().enumerate() {
            let at = winners(map, i / map.width, i % map.width, x);
            for (lane, &value) in row.0.iter().enumerate() {
                out[at[lane] as usize].0[lane] += value;
            }
        }
    }
}

fn logistic<T: Real>(x: T) -> T {
    T::ONE / (T::ONE + (-x).exp())
}

/// g′(x) times rows, added to what is there or in its place.
fn chain<T: Real, const ADD: bool>(
    curve: Curve,
    x: &[Row<T>],
    y: &[Row<T>],
    rows: &[Row<T>],
    out: &mut [Row<T>],
) {
    #[inline(always)]
    fn times<T: Real, const ADD: bool>(
        at: &[Row<T>],
        rows: &[Row<T>],
        out: &mut [Row<T>],
        slope: impl Fn(T) -> T,
    ) {
        for ((out, at), row) in out.iter_mut().zip(at).zip(rows) {
            for ((out, &at), &row) in out.0.iter_mut().zip(&at.0).zip(&row.0) {
                let term = slope(at) * row;
                *out = if ADD { *out + term } else { term };
            }
        }
    }
    match curve {
        // y has the sign of x, and is at hand: the next layer reads it.
        Curve::Leaky(below) if below >= 0.0 => {
            let below = T::of(below);
            times::<T, ADD>(y, rows, out, |y| if y > T::ZERO { T::ONE } else { below });
        }
        Curve::Leaky(below) => {
            let below = T::of(below);
            times::<T, ADD>(x, rows, out, |x| if x > T::ZERO { T::ONE } else { below });
        }
        Curve::Tanh => times::<T, ADD>(y, rows, out, |y| T::ONE - y * y),
        Curve::Sigmoid => times::<T, ADD>(y, rows, out, |y| y * (T::ONE - y)),
        Curve::Silu => times::<T, ADD>(x, rows, out, |x| {
            let sigma = logistic(x);
            sigma + x * sigma * (T::ONE - sigma)
        }),
    }
}

/// Adds g″(x) λ ẋ.
fn bend<T: Real>(
    curve: Curve,
    x: &[Row<T>],
    y: &[Row<T>],
    [adjoint, moves]: [&[Row<T>]; 2],
    out: &mut [Row<T>],
) {
    let two = T::ONE + T::ONE;
    let second = |x: T, y: T| match curve {
        Curve::Leaky(_) => T::ZERO,
        Curve::Tanh => -(two * y * (T::ONE - y * y)),
        Curve::Sigmoid => y * (T::ONE - y) * (T::ONE - two * y),
        Curve::Silu => {
            let sigma = logistic(x);
            let slope = sigma * (T::ONE - sigma);
            slope * (two + x * (T::ONE - two * sigma))
        }
    };
    if matches!(curve, Curve::Leaky(_)) {
        return;
    }
    let rows = adjoint.iter().zip(moves);
    for (((out, x), y), (a, m)) in out.iter_mut().zip(x).zip(y).zip(rows) {
        let term = x.zip(*y, second).zip(a.zip(*m, |a, m| a * m), |s, r| s * r);
        *out = out.zip(term, |a, b| a + b);
    }
}
