//! The two loops that take nearly all of the time: products of rows with weights, and of rows with rows.
//!
//! Each exists twice, for any processor and for x86-64 ones with AVX2 and fused multiplication, which
//! make them four times as fast; which one runs is found out at run time.

use super::geometry::Lists;
use super::{LANES, Real, Row};

/// Output channels at a time: with sixteen lanes their sums just fit the registers.
pub const WIDTH: usize = 4;

/// The channels and taps of one product.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub targets: usize,
    pub sources: usize,
    pub taps: usize,
}

impl Shape {
    /// Of the way back.
    pub fn turned(self) -> Self {
        Self {
            targets: self.sources,
            sources: self.targets,
            taps: self.taps,
        }
    }
}

/// Weights in the order in which [`gather`] reads them: blocks of target channels, taps, source
/// channels, targets of the block.
pub fn pack<T: Real>(shape: Shape, weight: impl Fn(usize, usize, usize) -> T) -> Vec<T> {
    let blocks = shape.targets.div_ceil(WIDTH);
    let mut packed = vec![T::ZERO; blocks * shape.taps * shape.sources * WIDTH];
    let mut slots = packed.iter_mut();
    for block in 0..blocks {
        for tap in 0..shape.taps {
            for source in 0..shape.sources {
                for target in block * WIDTH..(block + 1) * WIDTH {
                    if let Some(slot) = slots.next()
                        && target < shape.targets
                    {
                        *slot = weight(target, source, tap);
                    }
                }
            }
        }
    }
    packed
}

macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident, $wide:ident, $plain:ident, ($($argument:ident: $type:ty),*)) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $wide<T: Real>($($argument: $type),*) {
            $plain::<T, true>($($argument),*);
        }

        $(#[$doc])*
        pub fn $name<T: Real>($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                #[expect(unsafe_code, reason = "the processor has just been asked for both features")]
                // SAFETY: the function is safe Rust; it only needs the features asked for above.
                return unsafe { $wide($($argument),*) };
            }
            $plain::<T, { cfg!(target_arch = "aarch64") }>($($argument),*);
        }
    };
}

dispatched!(
    /// Adds to every target row the weighted source rows that its position sees: a convolution, or
    /// its reverse with the lists turned round. Both hold whole blocks of samples.
    gather, gather_wide, gather_plain,
    (target: &mut [Row<T>], source: &[Row<T>], seen: &Lists, packed: &[T], shape: Shape, positions: usize)
);

#[inline(always)]
fn gather_plain<T: Real, const FUSED: bool>(
    target: &mut [Row<T>],
    source: &[Row<T>],
    seen: &Lists,
    packed: &[T],
    shape: Shape,
    positions: usize,
) {
    let Shape {
        targets,
        sources,
        taps,
    } = shape;
    let each = taps * sources * WIDTH;
    for (block, weights) in packed.chunks_exact(each).enumerate() {
        let first = block * WIDTH;
        let count = WIDTH.min(targets - first);
        let samples = target
            .chunks_exact_mut(seen.len() * targets)
            .zip(source.chunks_exact(positions * sources));
        for (target, source) in samples {
            for (place, target) in target.chunks_exact_mut(targets).enumerate() {
                let target = &mut target[first..first + count];
                let mut sums = [Row::<T>::ZERO; WIDTH];
                match target.as_array() {
                    Some(target) => sums = *target,
                    None => sums[..count].copy_from_slice(target),
                }
                for &(tap, from) in seen.get(place) {
                    let from = from as usize * sources;
                    let rows = &source[from..from + sources];
                    let tap = tap as usize * sources * WIDTH;
                    let weights = &weights[tap..tap + sources * WIDTH];
                    let (weights, _) = weights.as_chunks::<WIDTH>();
                    for (row, weights) in rows.iter().zip(weights) {
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            for l in 0..LANES {
                                sum.0[l] = if FUSED {
                                    weight.fused(row.0[l], sum.0[l])
                                } else {
                                    *weight * row.0[l] + sum.0[l]
                                };
                            }
                        }
                    }
                }
                match target.as_mut_array() {
                    Some(target) => *target = sums,
                    None => target.copy_from_slice(&sums[..count]),
                }
            }
        }
    }
}

/// Lanes that [`outer`] adds up apart.
const PART: usize = 8;
/// Source channels at a time in [`outer`].
const ACROSS: usize = 2;

dispatched!(
    /// Adds to a weight's gradient the products of target and source rows over all samples and
    /// positions; `strides` place target, source and tap in the gradient.
    outer, outer_wide, outer_plain,
    (gradient: &mut [T], target: &[Row<T>], source: &[Row<T>], pairs: &Lists, shape: Shape, positions: [usize; 2], strides: [usize; 3])
);

#[inline(always)]
fn outer_plain<T: Real, const FUSED: bool>(
    gradient: &mut [T],
    target: &[Row<T>],
    source: &[Row<T>],
    pairs: &Lists,
    shape: Shape,
    positions: [usize; 2],
    strides: [usize; 3],
) {
    let Shape {
        targets, sources, ..
    } = shape;
    // Few enough blocks that the rows of one round stay in the first cache.
    let blocks = (64 / positions[0].max(positions[1]).max(1)).max(1);
    let target = target.chunks(blocks * positions[0] * targets);
    let source = source.chunks(blocks * positions[1] * sources);
    for (target, source) in target.zip(source) {
        let mut first = 0;
        while first < targets {
            let wide = first + WIDTH <= targets;
            let mut across = 0;
            while across < sources {
                let both = across + ACROSS <= sources;
                for tap in 0..shape.taps {
                    let tile = Tile {
                        target,
                        source,
                        sizes: [positions[0] * targets, positions[1] * sources],
                        pairs: pairs.get(tap),
                        corner: [first, across],
                        shape,
                    };
                    let at = first * strides[0] + across * strides[1] + tap * strides[2];
                    let gradient = &mut gradient[at..];
                    let strides = [strides[0], strides[1]];
                    match (wide, both) {
                        (true, true) => tile.add::<FUSED, WIDTH, ACROSS>(gradient, strides),
                        (true, false) => tile.add::<FUSED, WIDTH, 1>(gradient, strides),
                        (false, true) => tile.add::<FUSED, 1, ACROSS>(gradient, strides),
                        (false, false) => tile.add::<FUSED, 1, 1>(gradient, strides),
                    }
                }
                across += if both { ACROSS } else { 1 };
            }
            first += if wide { WIDTH } else { 1 };
        }
    }
}

/// A few target channels by a few source channels of one tap.
struct Tile<'a, T> {
    target: &'a [Row<T>],
    source: &'a [Row<T>],
    /// Rows of one block of samples.
    sizes: [usize; 2],
    pairs: &'a [(u32, u32)],
    corner: [usize; 2],
    shape: Shape,
}

impl<T: Real> Tile<'_, T> {
    #[inline(always)]
    fn add<const FUSED: bool, const A: usize, const B: usize>(
        &self,
        gradient: &mut [T],
        strides: [usize; 2],
    ) {
        add_totals(&self.sums::<FUSED, A, B>(), gradient, strides);
    }

    #[inline(always)]
    fn sums<const FUSED: bool, const A: usize, const B: usize>(&self) -> [[[T; PART]; B]; A] {
        let mut sums = [[[T::ZERO; PART]; B]; A];
        let blocks = self.target.chunks_exact(self.sizes[0]);
        for (target, source) in blocks.zip(self.source.chunks_exact(self.sizes[1])) {
            for &(place, from) in self.pairs {
                let place = place as usize * self.shape.targets + self.corner[0];
                let from = from as usize * self.shape.sources + self.corner[1];
                let target = &target[place..place + A];
                let source = &source[from..from + B];
                for part in [0, PART] {
                    for i in 0..A {
                        for j in 0..B {
                            for l in part..part + PART {
                                let (a, b) = (target[i].0[l], source[j].0[l]);
                                let sum = &mut sums[i][j][l - part];
                                *sum = if FUSED {
                                    a.fused(b, *sum)
                                } else {
                                    a * b + *sum
                                };
                            }
                        }
                    }
                }
            }
        }
        sums
    }
}

/// Kept apart from the loop that makes the sums: seen together, the compiler would rather add across
/// lanes all the time.
#[inline(never)]
fn add_totals<T: Real, const A: usize, const B: usize>(
    sums: &[[[T; PART]; B]; A],
    gradient: &mut [T],
    strides: [usize; 2],
) {
    for (i, sums) in sums.iter().enumerate() {
        for (j, sum) in sums.iter().enumerate() {
            let mut part = *sum;
            for width in [4, 2, 1] {
                for l in 0..width {
                    part[l] += part[l + width];
                }
            }
            gradient[i * strides[0] + j * strides[1]] += part[0];
        }
    }
}
