//! Steps without tensors that gather rows: means and maxima of windows, moved values.

use super::geometry::Sparse;
use super::{LANES, Real, Row};

/// Adds what a map makes of rows.
pub fn linear<T: Real>(map: &Sparse, x: &[Row<T>], y: &mut [Row<T>]) {
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
pub fn linear_back<T: Real>(map: &Sparse, rows: &[Row<T>], out: &mut [Row<T>]) {
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
            if value > best.0[l] || value.partial_cmp(&value).is_none() {
                best.0[l] = value;
                at[l] = row as u32;
            }
        }
    }
    at
}

/// What `from` holds where x is largest.
pub fn largest<T: Real>(map: &Sparse, x: &[Row<T>], from: &[Row<T>], y: &mut [Row<T>]) {
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
pub fn to_largest<T: Real>(map: &Sparse, x: &[Row<T>], rows: &[Row<T>], out: &mut [Row<T>]) {
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
