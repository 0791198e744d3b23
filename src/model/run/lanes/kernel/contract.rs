//! Products of matrices that both belong to the sample.

use crate::model::run::lanes::simd::Real;
use pulp::{Simd, WithSimd};

/// out[i, j] = Σₖ a[i, k] b[k, j], every element a row; strides in rows.
pub struct Contract<'a, T> {
    pub out: &'a mut [T],
    pub a: &'a [T],
    pub b: &'a [T],
    /// Rows, inner and columns.
    pub size: [usize; 3],
    /// From row to row and from column to column of `a`, then of `b`.
    pub strides: [[usize; 2]; 2],
}

impl<T: Real> WithSimd for Contract<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        let [m, _, n] = self.size;
        let mut i = 0;
        while i < m {
            let tall = i + 4 <= m;
            let mut j = 0;
            while j < n {
                let wide = j + 4 <= n;
                match (tall, wide) {
                    (true, true) => cell::<T, S, 4, 4>(s, &mut self, [i, j]),
                    (true, false) => cell::<T, S, 4, 1>(s, &mut self, [i, j]),
                    (false, true) => cell::<T, S, 1, 4>(s, &mut self, [i, j]),
                    (false, false) => cell::<T, S, 1, 1>(s, &mut self, [i, j]),
                }
                j += if wide { 4 } else { 1 };
            }
            i += if tall { 4 } else { 1 };
        }
    }
}

#[inline(always)]
fn cell<T: Real, S: Simd, const A: usize, const B: usize>(
    s: S,
    all: &mut Contract<'_, T>,
    [row, column]: [usize; 2],
) {
    let [_, inner, n] = all.size;
    let [left, right] = all.strides;
    let each = T::per_row::<S>();
    let (a, b) = (T::vectors::<S>(all.a), T::vectors::<S>(all.b));
    let out = T::vectors_mut::<S>(all.out);
    for v in 0..each {
        let mut sums = [[T::splat(s, T::default()); B]; A];
        for k in 0..inner {
            let mut values = [T::splat(s, T::default()); B];
            for j in 0..B {
                values[j] = b[(k * right[0] + (column + j) * right[1]) * each + v];
            }
            for i in 0..A {
                let x = a[((row + i) * left[0] + k * left[1]) * each + v];
                for j in 0..B {
                    sums[i][j] = T::fused(s, x, values[j], sums[i][j]);
                }
            }
        }
        for i in 0..A {
            for j in 0..B {
                out[((row + i) * n + column + j) * each + v] = sums[i][j];
            }
        }
    }
}
