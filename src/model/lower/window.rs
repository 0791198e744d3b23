//! Windows that slide: what each output position sees, and pools.

use super::context::{Lower, Lowering, bounded};
use super::value::Value;
use crate::model::primitive::expression::Binary;
use crate::model::primitive::{Geometry, Slot, Table};
use crate::model::program::Id;
use crate::model::shape::given::product;

/// A window that slides over one or more axes.
pub struct Slide<'a> {
    /// Taps.
    pub size: &'a [usize],
    /// Step between outputs.
    pub stride: &'a [usize],
    /// Places before the first and after the last.
    pub padding: &'a [usize],
    /// Step between taps.
    pub dilation: &'a [usize],
}

/// The next index of a row-major order; false after the last.
pub fn advance(at: &mut [usize], shape: &[usize]) -> bool {
    for axis in (0..shape.len()).rev() {
        at[axis] += 1;
        if at[axis] < shape[axis] {
            return true;
        }
        at[axis] = 0;
    }
    false
}

impl Slide<'_> {
    /// (output position, tap, input position) for inputs and outputs of these extents; taps in the padding
    /// are left out.
    pub fn hits(&self, input: &[usize], output: &[usize]) -> Vec<[u32; 3]> {
        let mut hits = Vec::new();
        let mut place = vec![0; output.len()];
        let mut target = 0;
        loop {
            let mut tap = vec![0; self.size.len()];
            let mut number = 0;
            loop {
                if let Some(source) = self.source(&place, &tap, input) {
                    hits.push([target, number, source as u32]);
                }
                number += 1;
                if !advance(&mut tap, self.size) {
                    break;
                }
            }
            target += 1;
            if !advance(&mut place, output) {
                return hits;
            }
        }
    }

    fn source(&self, place: &[usize], tap: &[usize], input: &[usize]) -> Option<usize> {
        let mut source = 0;
        for axis in 0..input.len() {
            let at = (place[axis] * self.stride[axis] + tap[axis] * self.dilation[axis])
                .checked_sub(self.padding[axis])
                .filter(|at| *at < input[axis])?;
            source = source * input[axis] + at;
        }
        Some(source)
    }

    /// How many places each window covers, those in the padding counted; as PyTorch does, none past it.
    fn covered(&self, place: &[usize], input: &[usize]) -> usize {
        let axes = 0..input.len();
        axes.map(|axis| {
            let start = place[axis] * self.stride[axis];
            let end = (start + self.size[axis]).min(input[axis] + 2 * self.padding[axis]);
            end.saturating_sub(start)
        })
        .product()
    }
}

/// Input positions by output position.
fn lists(count: usize, hits: &[[u32; 3]]) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new(); count];
    for [target, _, source] in hits {
        lists[*target as usize].push(*source);
    }
    lists
}

/// Input positions of each of `size` equal parts, which overlap where the extents don't divide.
fn equal_parts(input: &[usize], size: &[usize]) -> Lower<Vec<Vec<u32>>> {
    bounded(product(size))?;
    let part = |axis: usize, i: usize| {
        let (n, out) = (input[axis], size[axis]);
        i * n / out..((i + 1) * n).div_ceil(out)
    };
    // Parts overlap, and there may be more of them than entries.
    let seen = |axis: usize| -> usize { (0..size[axis]).map(|i| part(axis, i).len()).sum() };
    bounded(product(&(0..size.len()).map(seen).collect::<Vec<_>>()))?;
    let mut windows = Vec::new();
    let mut place = vec![0; size.len()];
    loop {
        let range = |axis: usize| part(axis, place[axis]);
        let mut window = vec![0];
        for (axis, extent) in input.iter().enumerate() {
            let along = |at: &usize| range(axis).map(|i| at * extent + i).collect();
            window = window
                .iter()
                .flat_map(|at| -> Vec<usize> { along(at) })
                .collect();
        }
        windows.push(window.into_iter().map(|at| at as u32).collect::<Vec<u32>>());
        if !advance(&mut place, size) {
            break;
        }
    }
    Ok(windows)
}

impl Lowering<'_> {
    /// Weights `[rows, channels, taps…]` in the order of a product's: `[rows, taps · channels]`.
    pub fn taps_first(&mut self, weight: Id) -> Id {
        let shape = self.p.ty(weight).shape.clone();
        let taps: usize = shape[2..].iter().product();
        let w = self.p.view(weight, &[shape[0], shape[1], taps]);
        let w = self.p.permuted(w, &[0, 2, 1]);
        self.p.view(w, &[shape[0], taps * shape[1]])
    }

    /// Largest value in each window; the padding never counts.
    ///
    /// # Errors
    /// Where there are too many positions.
    pub fn max_pool(&mut self, x: Value, slide: &Slide<'_>, shape: &[usize]) -> Lower<Value> {
        let x = self.channels_last(x);
        let places: usize = shape[1..].iter().product();
        bounded(product(slide.size).and_then(|taps| places.checked_mul(taps)))?;
        let windows = lists(places, &slide.hits(&x.shape[1..], &shape[1..]));
        Ok(Value::last(self.p.largest(x.id, windows), shape))
    }

    /// Mean over each window.
    ///
    /// # Errors
    /// Where there are too many positions.
    pub fn average_pool(
        &mut self,
        x: Value,
        slide: &Slide<'_>,
        count_padding: bool,
        shape: &[usize],
    ) -> Lower<Value> {
        let places: usize = shape[1..].iter().product();
        bounded(product(slide.size).and_then(|taps| places.checked_mul(taps)))?;
        let windows = lists(places, &slide.hits(&x.shape[1..], &shape[1..]));
        let mut counts: Vec<usize> = windows.iter().map(Vec::len).collect();
        if count_padding {
            let mut place = vec![0; shape.len() - 1];
            for count in &mut counts {
                *count = slide.covered(&place, &x.shape[1..]);
                advance(&mut place, &shape[1..]);
            }
        }
        Ok(self.averaged(x, &windows, &counts, shape))
    }

    /// Mean over each of equal parts, whatever the input's extent.
    ///
    /// # Errors
    /// Where there are too many positions.
    pub fn adaptive_average_pool(&mut self, x: Value, shape: &[usize]) -> Lower<Value> {
        let windows = equal_parts(&x.shape[1..], &shape[1..])?;
        let counts: Vec<usize> = windows.iter().map(Vec::len).collect();
        Ok(self.averaged(x, &windows, &counts, shape))
    }

    /// Largest value of each of equal parts.
    ///
    /// # Errors
    /// Where there are too many positions.
    pub fn adaptive_max_pool(&mut self, x: Value, shape: &[usize]) -> Lower<Value> {
        let windows = equal_parts(&x.shape[1..], &shape[1..])?;
        let x = self.channels_last(x);
        Ok(Value::last(self.p.largest(x.id, windows), shape))
    }

    /// The sum of each window over a count.
    fn averaged(
        &mut self,
        x: Value,
        windows: &[Vec<u32>],
        counts: &[usize],
        shape: &[usize],
    ) -> Value {
        let x = self.channels_last(x);
        let channels = shape[0];
        let hits = windows.iter().enumerate().flat_map(|(target, window)| {
            let hit = move |source: &u32| [target as u32, 0, *source];
            window.iter().map(hit)
        });
        let geometry = Table::new(Geometry {
            targets: windows.len(),
            sources: x.shape[1..].iter().product(),
            taps: 1,
            groups: channels,
            outputs: 1,
            inputs: 1,
            hits: hits.collect(),
        });
        let even = counts.iter().all(|count| *count == counts[0]);
        let share = if even { 1.0 / counts[0] as f64 } else { 1.0 };
        let weights = self.constant(vec![share; channels], &[channels, 1]);
        let mut y = self.p.form(&geometry, Slot::Y, [weights, x.id]);
        if !even {
            let shares = counts.iter().map(|count| 1.0 / *count as f64);
            let shares = self.constant(shares, &[counts.len(), 1]);
            y = self.p.binary(Binary::Mul, y, shares);
        }
        Value::last(y, shape)
    }
}
