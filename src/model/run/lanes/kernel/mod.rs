//! The loops that take the time. Values are rows of [`super::LANES`] samples, `[position][channel]`.

mod contract;
mod gather;
mod outer;

pub use contract::Contract;
pub use gather::{After, Gather};
pub use outer::{Outer, OuterEach, stride, turns, unpadded};

use super::simd::Real;
use crate::model::primitive::{Geometry, Slot};
use pulp::{Arch, Simd, WithSimd};

/// Most channels of a tile.
pub const WIDEST: usize = 8;

/// Calls a kernel that is made for each width of a tile.
macro_rules! by_width {
    ($width:expr, $call:ident::<$($kept:ident),*>($($argument:expr),*)) => {
        match $width {
            1 => $call::<$($kept),*, 1>($($argument),*),
            2 => $call::<$($kept),*, 2>($($argument),*),
            3 => $call::<$($kept),*, 3>($($argument),*),
            4 => $call::<$($kept),*, 4>($($argument),*),
            5 => $call::<$($kept),*, 5>($($argument),*),
            6 => $call::<$($kept),*, 6>($($argument),*),
            7 => $call::<$($kept),*, 7>($($argument),*),
            _ => $call::<$($kept),*, WIDEST>($($argument),*),
        }
    };
}
pub(super) use by_width;

/// Channels of a tile that fit the registers beside what is read.
pub fn widest(arch: Arch) -> usize {
    struct Registers;
    impl WithSimd for Registers {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::REGISTER_COUNT
        }
    }
    if arch.dispatch(Registers) >= 32 { 8 } else { 6 }
}

/// (first, width) of tiles of about equal width.
pub fn tiles(count: usize, widest: usize) -> impl Iterator<Item = (usize, usize)> {
    let tiles = count.div_ceil(widest);
    (0..tiles).map(move |i| {
        let (first, end) = (i * count / tiles, (i + 1) * count / tiles);
        (first, end - first)
    })
}

/// Channels four at a time, and the rest one by one: the first, and whether it is four.
pub fn fours(count: usize) -> impl Iterator<Item = (usize, bool)> {
    let whole = count / 4 * 4;
    let tiles = (0..whole).step_by(4).map(|first| (first, true));
    tiles.chain((whole..count).map(|first| (first, false)))
}

/// Pairs of numbers for each of some places.
#[derive(Debug)]
pub struct Lists {
    starts: Vec<u32>,
    entries: Vec<[u32; 2]>,
}

impl Lists {
    /// From (place, first, second) in any order.
    pub fn new(places: usize, hits: impl Iterator<Item = [u32; 3]>) -> Self {
        let mut all: Vec<[u32; 3]> = hits.collect();
        all.sort_unstable();
        let start = |place: usize| all.partition_point(|h| (h[0] as usize) < place) as u32;
        Self {
            starts: (0..=places).map(start).collect(),
            entries: all.into_iter().map(|h| [h[1], h[2]]).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline(always)]
    pub(super) fn get(&self, place: usize) -> &[[u32; 2]] {
        &self.entries[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// What every place of a form's result sees: targets (tap, source), sources (tap, target), or taps
    /// (source, target).
    pub fn of(g: &Geometry, out: Slot) -> Self {
        let hits = g.hits.iter();
        match out {
            Slot::Y => Self::new(g.targets, hits.copied()),
            Slot::B => Self::new(g.sources, hits.map(|[q, t, p]| [*p, *t, *q])),
            Slot::A => Self::new(g.taps, hits.map(|[q, t, p]| [*t, *p, *q])),
        }
    }
}

/// The channels of one product.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub groups: usize,
    /// Of the result, a group.
    pub targets: usize,
    /// Of the values, a group.
    pub sources: usize,
    pub taps: usize,
}

impl Shape {
    /// Of a form with the result `out`, which isn't the weights.
    pub fn of(g: &Geometry, out: Slot) -> Self {
        let (targets, sources) = match out {
            Slot::B => (g.inputs, g.outputs),
            _ => (g.outputs, g.inputs),
        };
        Self {
            groups: g.groups,
            targets,
            sources,
            taps: g.taps,
        }
    }

    /// One channel meets one: no sums over channels.
    pub fn is_depthwise(self) -> bool {
        self.targets == 1 && self.sources == 1
    }

    /// Weights.
    pub fn size(self) -> usize {
        self.groups * self.targets * self.sources * self.taps
    }
}

/// Weights `[groups · o][tap][c]` in the order in which [`Gather`] reads them: group, tile of targets, tap,
/// source, target of the tile.
pub fn pack<T: Real>(g: &Geometry, out: Slot, widest: usize, weights: &[T], to: &mut [T]) {
    let shape = Shape::of(g, out);
    let (rows, row) = (g.outputs, g.taps * g.inputs);
    let mut slots = to.iter_mut();
    for group in 0..shape.groups {
        let weights = &weights[group * rows * row..];
        for (first, width) in tiles(shape.targets, widest) {
            for tap in 0..shape.taps {
                for source in 0..shape.sources {
                    for target in first..first + width {
                        let (o, c) = match out {
                            Slot::B => (source, target),
                            _ => (target, source),
                        };
                        if let Some(slot) = slots.next() {
                            *slot = weights[o * row + tap * g.inputs + c];
                        }
                    }
                }
            }
        }
    }
}
