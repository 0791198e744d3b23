//! Products, and products turned round.

use super::{Lists, Shape, WIDEST, by_width, fours, tiles};
use crate::model::run::lanes::simd::Real;
use pulp::{Simd, WithSimd};

/// Vectors of a row that a tile works on at once.
const ACROSS: usize = 2;

/// What is done with sums before they are stored.
#[derive(Debug, Clone, Copy)]
pub struct After<'a, T> {
    /// One number a channel.
    pub bias: Option<&'a [T]>,
    /// Rows of the result's shape.
    pub rows: Option<&'a [T]>,
    pub relu: bool,
}

/// `y[target] = after(Σ packed · x[source])`: a product, or one turned round.
pub struct Gather<'a, T> {
    pub y: &'a mut [T],
    pub x: &'a [T],
    pub seen: &'a Lists,
    pub packed: &'a [T],
    pub shape: Shape,
    pub widest: usize,
    pub after: After<'a, T>,
}

impl<T: Real> WithSimd for Gather<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        if self.shape.is_depthwise() {
            depthwise(s, &mut self);
            return;
        }
        let Shape {
            groups,
            targets,
            sources,
            taps,
        } = self.shape;
        let mut packed = self.packed;
        for group in 0..groups {
            for (first, width) in tiles(targets, self.widest) {
                let (weights, rest) = packed.split_at(width * taps * sources);
                packed = rest;
                let tile = Tile {
                    weights,
                    first: group * targets + first,
                    from: group * sources,
                };
                by_width!(width, gather_tile::<T, S>(s, &mut self, &tile));
            }
        }
    }
}

/// Some channels of a product.
struct Tile<'a, T> {
    weights: &'a [T],
    /// The first target channel.
    first: usize,
    /// The first source channel.
    from: usize,
}

#[inline(always)]
fn gather_tile<T: Real, S: Simd, const A: usize>(
    s: S,
    all: &mut Gather<'_, T>,
    tile: &Tile<'_, T>,
) {
    let Shape {
        groups,
        targets,
        sources,
        ..
    } = all.shape;
    let (targets, strides) = (groups * targets, groups * sources);
    let each = T::per_row::<S>();
    let (weights, _) = tile.weights.as_chunks::<A>();
    let x = T::vectors::<S>(all.x);
    let y = T::vectors_mut::<S>(all.y);
    for target in 0..all.seen.len() {
        let seen = all.seen.get(target);
        let place = (target * targets + tile.first) * each;
        let mut across = 0;
        while across + ACROSS <= each {
            let mut sums = [[T::splat(s, T::default()); ACROSS]; A];
            if let Some(bias) = all.after.bias {
                let bias = &bias[tile.first..tile.first + A];
                for a in 0..A {
                    sums[a] = [T::splat(s, bias[a]); ACROSS];
                }
            }
            if let Some(rows) = all.after.rows {
                let rows = &T::vectors::<S>(rows)[place..place + A * each];
                for a in 0..A {
                    for u in 0..ACROSS {
                        sums[a][u] = T::add(s, sums[a][u], rows[a * each + across + u]);
                    }
                }
            }
            for &[tap, from] in seen {
                let from = (from as usize * strides + tile.from) * each;
                let rows = &x[from..from + sources * each];
                let tap = tap as usize * sources;
                let weights = &weights[tap..tap + sources];
                for (row, weights) in rows.chunks_exact(each).zip(weights) {
                    let row = &row[across..across + ACROSS];
                    for a in 0..A {
                        let weight = T::splat(s, weights[a]);
                        for u in 0..ACROSS {
                            sums[a][u] = T::fused(s, weight, row[u], sums[a][u]);
                        }
                    }
                }
            }
            let out = &mut y[place..place + A * each];
            for a in 0..A {
                for u in 0..ACROSS {
                    let sum = sums[a][u];
                    out[a * each + across + u] = if all.after.relu { T::relu(s, sum) } else { sum };
                }
            }
            across += ACROSS;
        }
    }
}

/// Every channel by weights of its own.
#[inline(always)]
fn depthwise<T: Real, S: Simd>(s: S, all: &mut Gather<'_, T>) {
    for target in 0..all.seen.len() {
        for (channel, four) in fours(all.shape.groups) {
            if four {
                channels::<T, S, 4>(s, all, target, channel);
            } else {
                channels::<T, S, 1>(s, all, target, channel);
            }
        }
    }
}

/// Some channels of [`depthwise`] at a position.
#[inline(always)]
fn channels<T: Real, S: Simd, const A: usize>(
    s: S,
    all: &mut Gather<'_, T>,
    target: usize,
    first: usize,
) {
    let (count, taps) = (all.shape.groups, all.shape.taps);
    let each = T::per_row::<S>();
    let seen = all.seen.get(target);
    let weights = &all.packed[first * taps..(first + A) * taps];
    let place = (target * count + first) * each;
    let x = T::vectors::<S>(all.x);
    let rows = all
        .after
        .rows
        .map(|rows| &T::vectors::<S>(rows)[place..place + A * each]);
    let out = &mut T::vectors_mut::<S>(all.y)[place..place + A * each];
    let mut across = 0;
    while across + ACROSS <= each {
        let mut sums = [[T::splat(s, T::default()); ACROSS]; A];
        if let Some(bias) = all.after.bias {
            for a in 0..A {
                sums[a] = [T::splat(s, bias[first + a]); ACROSS];
            }
        }
        if let Some(rows) = rows {
            for a in 0..A {
                for u in 0..ACROSS {
                    sums[a][u] = T::add(s, sums[a][u], rows[a * each + across + u]);
                }
            }
        }
        for &[tap, from] in seen {
            let from = (from as usize * count + first) * each;
            let x = &x[from..from + A * each];
            for a in 0..A {
                let weight = T::splat(s, weights[a * taps + tap as usize]);
                for u in 0..ACROSS {
                    sums[a][u] = T::fused(s, weight, x[a * each + across + u], sums[a][u]);
                }
            }
        }
        for a in 0..A {
            for u in 0..ACROSS {
                let sum = sums[a][u];
                out[a * each + across + u] = if all.after.relu { T::relu(s, sum) } else { sum };
            }
        }
        across += ACROSS;
    }
}
