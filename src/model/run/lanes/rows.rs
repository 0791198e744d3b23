//! Sums, windows, tables and moves over rows.

use super::simd::{LANES, Real};
use crate::model::primitive::moved::{NONE, indices, strides};
use pulp::{Simd, WithSimd};

/// How a sum or a maximum runs over its argument: for every outer index the first row of the result, and
/// the step along the last axis.
#[derive(Debug)]
pub struct Reduce {
    starts: Vec<u32>,
    last: usize,
    step: usize,
    rows: usize,
}

impl Reduce {
    /// From `from` to `to`, which has ones where axes are reduced.
    pub fn new(from: &[usize], to: &[usize]) -> Self {
        let strides = strides(to, from);
        let (last, step) = match (from.last(), strides.last()) {
            (Some(last), Some(step)) => (*last, *step),
            _ => (1, 0),
        };
        let outer = &from[..from.len().saturating_sub(1)];
        let starts = indices(outer, &strides[..strides.len().saturating_sub(1)]);
        Self {
            starts,
            last,
            step,
            rows: to.iter().product(),
        }
    }
}

/// Rows added up, or the largest of them.
pub struct Reduced<'a, T> {
    pub out: &'a mut [T],
    pub x: &'a [T],
    pub plan: &'a Reduce,
    pub most: bool,
}

impl<T: Real> WithSimd for Reduced<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let each = T::per_row::<S>();
        let plan = self.plan;
        let start = if self.most { f64::NEG_INFINITY } else { 0.0 };
        let out = &mut T::vectors_mut::<S>(self.out)[..plan.rows * each];
        out.fill(T::splat(s, T::of(start)));
        let x = T::vectors::<S>(self.x);
        for (outer, start) in plan.starts.iter().enumerate() {
            for j in 0..plan.last {
                let to = (*start as usize + j * plan.step) * each;
                let from = (outer * plan.last + j) * each;
                let (out, x) = (&mut out[to..to + each], &x[from..from + each]);
                for (out, x) in out.iter_mut().zip(x) {
                    *out = if self.most {
                        T::if_greater(s, *x, *out, *x, *out)
                    } else {
                        T::add(s, *out, *x)
                    };
                }
            }
        }
    }
}

/// `sums[i]` += the lanes of row i.
pub struct Lanes<'a, T> {
    pub sums: &'a mut [T],
    pub x: &'a [T],
}

impl<T: Real> WithSimd for Lanes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        for (sum, row) in self.sums.iter_mut().zip(self.x.chunks_exact(LANES)) {
            let mut total = T::splat(s, T::default());
            for v in T::vectors::<S>(row) {
                total = T::add(s, total, *v);
            }
            *sum = T::of(sum.wide() + T::total(s, total).wide());
        }
    }
}

/// Windows over rows `[position][channel]`.
pub struct Windows<'a, T> {
    pub out: &'a mut [T],
    pub x: &'a [T],
    pub lists: &'a [Vec<u32>],
    pub channels: usize,
    pub what: Window<'a, T>,
}

/// What is done with a window.
pub enum Window<'a, T> {
    /// The position of its largest value.
    Pick,
    /// Its largest value.
    Most,
    /// The value at the position given.
    Take(&'a [T]),
    /// Values added back at the positions given.
    Put(&'a [T]),
}

/// u where x > y or x is NaN, else v: what a window's maximum takes over, as in PyTorch.
#[inline(always)]
fn larger<T: Real, S: Simd>(s: S, x: T::V<S>, y: T::V<S>, u: T::V<S>, v: T::V<S>) -> T::V<S> {
    let otherwise = T::if_equal::<S>(s, x, x, v, u);
    T::if_greater::<S>(s, x, y, u, otherwise)
}

impl<T: Real> WithSimd for Windows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let each = T::per_row::<S>();
        let whole = self.channels * each;
        let x = T::vectors::<S>(self.x);
        let out = T::vectors_mut::<S>(self.out);
        let zero = T::splat(s, T::default());
        let number = |j: u32| T::splat(s, T::of(f64::from(j)));
        if matches!(self.what, Window::Put(_)) {
            out.fill(zero);
        }
        for (place, window) in self.lists.iter().enumerate() {
            let Some((&first, rest)) = window.split_first() else {
                if !matches!(self.what, Window::Put(_)) {
                    out[place * whole..(place + 1) * whole].fill(zero);
                }
                continue;
            };
            for k in 0..whole {
                let value = |j: u32| x[j as usize * whole + k];
                let to = place * whole + k;
                match &self.what {
                    Window::Pick => {
                        let (mut best, mut index) = (value(first), number(first));
                        for &j in rest {
                            let new = value(j);
                            let (old, to) = (best, number(j));
                            best = larger::<T, S>(s, new, old, new, old);
                            index = larger::<T, S>(s, new, old, to, index);
                        }
                        out[to] = index;
                    }
                    Window::Most => {
                        let mut best = value(first);
                        for &j in rest {
                            let new = value(j);
                            best = larger::<T, S>(s, new, best, new, best);
                        }
                        out[to] = best;
                    }
                    Window::Take(index) => {
                        let index = T::vectors::<S>(index)[to];
                        let mut found = value(first);
                        for &j in rest {
                            found = T::if_equal(s, number(j), index, value(j), found);
                        }
                        out[to] = found;
                    }
                    Window::Put(index) => {
                        let (index, slope) = (T::vectors::<S>(index)[to], x[to]);
                        for &j in window {
                            let back = &mut out[j as usize * whole + k];
                            let part = T::if_equal(s, number(j), index, slope, zero);
                            *back = T::add(s, *back, part);
                        }
                    }
                }
            }
        }
    }
}

/// Rows in another order.
pub fn moved<T: Real>(out: &mut [T], x: &[T], list: &[u32]) {
    for (out, from) in out.chunks_exact_mut(LANES).zip(list) {
        if *from == NONE {
            out.fill(T::default());
        } else {
            let from = *from as usize * LANES;
            out.copy_from_slice(&x[from..from + LANES]);
        }
    }
}

/// Rows of a shared table by every sample's numbers; numbers outside it give NaN.
pub fn lookup<T: Real>(out: &mut [T], table: &[T], numbers: &[T], width: usize) {
    let entries = table.len() / width.max(1);
    for (out, numbers) in out
        .chunks_exact_mut(width * LANES)
        .zip(numbers.chunks_exact(LANES))
    {
        for (lane, number) in numbers.iter().enumerate() {
            let number = number.wide();
            let inside = number >= 0.0 && number < entries as f64;
            let row = inside.then(|| &table[number as usize * width..][..width]);
            for d in 0..width {
                out[d * LANES + lane] = row.map_or(T::of(f64::NAN), |row| row[d]);
            }
        }
    }
}

/// Rows added up into a shared table by every sample's numbers.
pub fn scatter<T: Real>(sums: &mut [T], x: &[T], numbers: &[T], width: usize) {
    let entries = sums.len() / width.max(1);
    for (x, numbers) in x
        .chunks_exact(width * LANES)
        .zip(numbers.chunks_exact(LANES))
    {
        for (lane, number) in numbers.iter().enumerate() {
            let number = number.wide();
            if number >= 0.0 && number < entries as f64 {
                let sums = &mut sums[number as usize * width..][..width];
                for (d, sum) in sums.iter_mut().enumerate() {
                    *sum = T::of(sum.wide() + x[d * LANES + lane].wide());
                }
            }
        }
    }
}

/// As [`scatter`], into a table for every sample of its own.
pub fn scatter_each<T: Real>(out: &mut [T], x: &[T], numbers: &[T], width: usize) {
    out.fill(T::default());
    let entries = out.len() / (width * LANES).max(1);
    for (x, numbers) in x
        .chunks_exact(width * LANES)
        .zip(numbers.chunks_exact(LANES))
    {
        for (lane, number) in numbers.iter().enumerate() {
            let number = number.wide();
            if number >= 0.0 && number < entries as f64 {
                let row = number as usize * width;
                for d in 0..width {
                    let sum = &mut out[(row + d) * LANES + lane];
                    *sum = T::of(sum.wide() + x[d * LANES + lane].wide());
                }
            }
        }
    }
}
