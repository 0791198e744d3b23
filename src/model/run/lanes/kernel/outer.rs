//! Slopes of weights: products of rows with rows, over samples or for every sample of its own.

use super::{Lists, WIDEST, by_width, fours, tiles};
use crate::model::primitive::Geometry;
use crate::model::run::lanes::simd::{LANES, Real};
use pulp::{Simd, WithSimd};

/// sums[o, t, c] += Σ y[q, o] x[p, c] over hits and samples.
pub struct Outer<'a, T> {
    /// `[groups · o][tap][c]`, each row of channels [`stride`] long.
    pub sums: &'a mut [T],
    pub y: &'a [T],
    pub x: &'a [T],
    /// By tap, (source, target).
    pub pairs: &'a Lists,
    pub geometry: &'a Geometry,
    pub widest: usize,
    /// For one group's values turned round.
    pub scratch: &'a mut Vec<T>,
}

/// Whether the slope of the weights is added up with channels side by side instead of samples.
pub fn turns(g: &Geometry) -> bool {
    g.inputs >= 8 && g.hits.len() / g.taps.max(1) < 64
}

/// Numbers from one row of channels to the next in [`Outer::sums`].
pub fn stride(g: &Geometry) -> usize {
    if turns(g) {
        g.inputs.next_multiple_of(16)
    } else {
        g.inputs
    }
}

/// Sums of [`Outer`] as they are, without what only pads rows.
pub fn unpadded<T: Real>(g: &Geometry, sums: &[T]) -> Vec<T> {
    let rows = sums.chunks_exact(stride(g));
    rows.flat_map(|row| row[..g.inputs].iter().copied())
        .collect()
}

impl<T: Real> WithSimd for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        for group in 0..self.geometry.groups {
            if turns(self.geometry) {
                outer_turned(s, &mut self, group);
            } else {
                outer_plain(s, &mut self, group);
            }
        }
    }
}

/// Rows of samples times rows of samples, added up at the end.
#[inline(always)]
fn outer_plain<T: Real, S: Simd>(s: S, all: &mut Outer<'_, T>, group: usize) {
    let g = all.geometry;
    for tap in 0..g.taps {
        let pairs = all.pairs.get(tap);
        for (o, tall) in fours(g.outputs) {
            for (c, wide) in fours(g.inputs) {
                match (tall, wide) {
                    (true, true) => dots::<T, S, 4, 4>(s, all, group, tap, pairs, [o, c]),
                    (true, false) => dots::<T, S, 4, 1>(s, all, group, tap, pairs, [o, c]),
                    (false, true) => dots::<T, S, 1, 4>(s, all, group, tap, pairs, [o, c]),
                    (false, false) => dots::<T, S, 1, 1>(s, all, group, tap, pairs, [o, c]),
                }
            }
        }
    }
}

#[inline(always)]
fn dots<T: Real, S: Simd, const A: usize, const B: usize>(
    s: S,
    all: &mut Outer<'_, T>,
    group: usize,
    tap: usize,
    pairs: &[[u32; 2]],
    [o, c]: [usize; 2],
) {
    let g = all.geometry;
    let each = T::per_row::<S>();
    let (x, y) = (T::vectors::<S>(all.x), T::vectors::<S>(all.y));
    let mut sums = [[T::splat(s, T::default()); B]; A];
    for &[p, q] in pairs {
        let to = (q as usize * g.groups * g.outputs + group * g.outputs + o) * each;
        let from = (p as usize * g.groups * g.inputs + group * g.inputs + c) * each;
        let (ys, xs) = (&y[to..to + A * each], &x[from..from + B * each]);
        for v in 0..each {
            for a in 0..A {
                for b in 0..B {
                    sums[a][b] = T::fused(s, ys[a * each + v], xs[b * each + v], sums[a][b]);
                }
            }
        }
    }
    for a in 0..A {
        for b in 0..B {
            let row = (group * g.outputs + o + a) * g.taps + tap;
            let sum = &mut all.sums[row * stride(g) + c + b];
            *sum = T::of(sum.wide() + T::total(s, sums[a][b]).wide());
        }
    }
}

/// Channels side by side: no sums across lanes at all.
#[inline(always)]
fn outer_turned<T: Real, S: Simd>(s: S, all: &mut Outer<'_, T>, group: usize) {
    let g = all.geometry;
    let width = stride(g);
    all.scratch.clear();
    all.scratch.resize(g.sources * LANES * width, T::default());
    for p in 0..g.sources {
        let from = (p * g.groups + group) * g.inputs * LANES;
        let rows = &all.x[from..from + g.inputs * LANES];
        let turned = &mut all.scratch[p * LANES * width..(p + 1) * LANES * width];
        for (lane, turned) in turned.chunks_exact_mut(width).enumerate() {
            for (c, to) in turned[..g.inputs].iter_mut().enumerate() {
                *to = rows[c * LANES + lane];
            }
        }
    }
    let lanes = LANES / T::per_row::<S>();
    for tap in 0..g.taps {
        let mut c = 0;
        while c < width {
            let both = c + 2 * lanes <= width;
            for (first, rows) in tiles(g.outputs, all.widest) {
                if both {
                    by_width!(rows, across_two::<T, S>(s, all, group, tap, first, c));
                } else {
                    by_width!(rows, across_one::<T, S>(s, all, group, tap, first, c));
                }
            }
            c += if both { 2 * lanes } else { lanes };
        }
    }
}

#[inline(always)]
fn across_one<T: Real, S: Simd, const A: usize>(
    s: S,
    all: &mut Outer<'_, T>,
    group: usize,
    tap: usize,
    first: usize,
    c: usize,
) {
    across::<T, S, A, 1>(s, all, group, tap, first, c);
}

#[inline(always)]
fn across_two<T: Real, S: Simd, const A: usize>(
    s: S,
    all: &mut Outer<'_, T>,
    group: usize,
    tap: usize,
    first: usize,
    c: usize,
) {
    across::<T, S, A, 2>(s, all, group, tap, first, c);
}

#[inline(always)]
fn across<T: Real, S: Simd, const A: usize, const B: usize>(
    s: S,
    all: &mut Outer<'_, T>,
    group: usize,
    tap: usize,
    first: usize,
    c: usize,
) {
    let g = all.geometry;
    let width = stride(g);
    let lanes = LANES / T::per_row::<S>();
    let (rows, _) = all.y.as_chunks::<LANES>();
    let place = |a: usize| ((group * g.outputs + first + a) * g.taps + tap) * width + c;
    let mut sums = [[T::splat(s, T::default()); B]; A];
    for a in 0..A {
        let own = T::vectors::<S>(&all.sums[place(a)..place(a) + B * lanes]);
        sums[a].copy_from_slice(own);
    }
    for &[p, q] in all.pairs.get(tap) {
        let at = q as usize * g.groups * g.outputs + group * g.outputs + first;
        let ys = &rows[at..at + A];
        let p = p as usize * LANES * width;
        let xs = &all.scratch[p..p + LANES * width];
        for (lane, xs) in xs.chunks_exact(width).enumerate() {
            let xs = &T::vectors::<S>(&xs[c..c + B * lanes])[..B];
            for a in 0..A {
                let y = T::splat(s, ys[a][lane]);
                for b in 0..B {
                    sums[a][b] = T::fused(s, y, xs[b], sums[a][b]);
                }
            }
        }
    }
    for a in 0..A {
        let own = T::vectors_mut::<S>(&mut all.sums[place(a)..place(a) + B * lanes]);
        own.copy_from_slice(&sums[a]);
    }
}

/// out[o, t, c] = Σ y[q, o] x[p, c] over hits, for every sample of its own.
pub struct OuterEach<'a, T> {
    pub out: &'a mut [T],
    pub y: &'a [T],
    pub x: &'a [T],
    /// By tap, (source, target).
    pub pairs: &'a Lists,
    pub geometry: &'a Geometry,
}

impl<T: Real> WithSimd for OuterEach<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        let g = self.geometry;
        for group in 0..g.groups {
            for tap in 0..g.taps {
                for (o, tall) in fours(g.outputs) {
                    for (c, wide) in fours(g.inputs) {
                        let at = [group, tap, o, c];
                        match (tall, wide) {
                            (true, true) => each_of::<T, S, 4, 4>(s, &mut self, at),
                            (true, false) => each_of::<T, S, 4, 1>(s, &mut self, at),
                            (false, true) => each_of::<T, S, 1, 4>(s, &mut self, at),
                            (false, false) => each_of::<T, S, 1, 1>(s, &mut self, at),
                        }
                    }
                }
            }
        }
    }
}

/// Some channels by some channels of [`OuterEach`], which stay in registers.
#[inline(always)]
fn each_of<T: Real, S: Simd, const A: usize, const B: usize>(
    s: S,
    all: &mut OuterEach<'_, T>,
    [group, tap, o, c]: [usize; 4],
) {
    let g = all.geometry;
    let each = T::per_row::<S>();
    let (x, y) = (T::vectors::<S>(all.x), T::vectors::<S>(all.y));
    let out = T::vectors_mut::<S>(all.out);
    for v in 0..each {
        let mut sums = [[T::splat(s, T::default()); B]; A];
        for &[p, q] in all.pairs.get(tap) {
            let to = ((q as usize * g.groups + group) * g.outputs + o) * each;
            let from = ((p as usize * g.groups + group) * g.inputs + c) * each;
            let (ys, xs) = (&y[to..to + A * each], &x[from..from + B * each]);
            for a in 0..A {
                for b in 0..B {
                    sums[a][b] = T::fused(s, ys[a * each + v], xs[b * each + v], sums[a][b]);
                }
            }
        }
        for a in 0..A {
            let row = ((group * g.outputs + o + a) * g.taps + tap) * g.inputs + c;
            for b in 0..B {
                out[(row + b) * each + v] = sums[a][b];
            }
        }
    }
}
