//! Values taken by known places: parts of an axis, and sums of places with known weights.
//!
//! A place that is taken once is a move; one that is taken more often is a product with ones, of which the
//! transpose adds up.

use super::context::{Lower, Lowering, bounded};
use super::value::{Value, natural};
use crate::model::primitive::moved::indices;
use crate::model::primitive::{Geometry, Slot, Table};
use crate::model::program::Id;
use std::collections::HashMap;

/// One term of a weighted sum: to a position, from a position, times.
pub type Term = (usize, usize, f64);

impl Lowering<'_> {
    /// Every `step`-th index from `start` on along an axis of the graph's shape.
    pub fn sliced(
        &mut self,
        x: &Value,
        axis: usize,
        start: usize,
        step: usize,
        shape: &[usize],
    ) -> Value {
        let mut strides = vec![1; x.shape.len()];
        for i in (1..x.shape.len()).rev() {
            strides[i - 1] = strides[i] * x.shape[i];
        }
        let first = start * strides[axis];
        // A step past the end takes the first entry alone, whatever its size.
        strides[axis] *= step.min(x.shape[axis]);
        let list = indices(shape, &strides);
        let list = list.into_iter().map(|at| at + first as u32).collect();
        let id = self.p.moved(x.id, list, &natural(shape));
        Value::new(id, shape)
    }

    /// The part `start..end` along an axis of a value in the program.
    pub fn part(&mut self, x: Id, axis: usize, start: usize, end: usize) -> Id {
        let chosen: Vec<usize> = (start..end).collect();
        self.moved_along(x, axis, &chosen)
    }

    /// The entries `chosen`, none twice, along an axis of a value in the program.
    pub fn moved_along(&mut self, x: Id, axis: usize, chosen: &[usize]) -> Id {
        let from = self.p.ty(x).shape.clone();
        let mut shape = from.clone();
        shape[axis] = chosen.len();
        let inner: usize = from[axis + 1..].iter().product();
        let outer: usize = from[..axis].iter().product();
        let mut list = Vec::with_capacity(outer * chosen.len() * inner);
        for o in 0..outer {
            for at in chosen {
                let start = (o * from[axis] + at) * inner;
                list.extend((start..start + inner).map(|i| i as u32));
            }
        }
        self.p.moved(x, list, &shape)
    }

    /// The entries `chosen`, any of them as often as wanted, along an axis of a value in the program.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn gathered(&mut self, x: Id, axis: usize, chosen: &[usize]) -> Lower<Id> {
        let from = self.p.ty(x).shape.clone();
        let extent = from[axis];
        let mut seen = vec![false; extent];
        if chosen
            .iter()
            .all(|at| !std::mem::replace(&mut seen[*at], true))
        {
            return Ok(self.moved_along(x, axis, chosen));
        }
        let inner: usize = from[axis + 1..].iter().product();
        let outer: usize = from[..axis].iter().product();
        let count = chosen.len();
        bounded(outer.checked_mul(count))?;
        let terms = (0..outer).flat_map(|o| {
            let term = move |(i, at): (usize, &usize)| (o * count + i, o * extent + at, 1.0);
            chosen.iter().enumerate().map(term)
        });
        let rows = self.p.view(x, &[outer * extent, inner]);
        let y = self.mixed(rows, terms.collect(), outer * count)?;
        let mut shape = from;
        shape[axis] = count;
        Ok(self.p.view(y, &shape))
    }

    /// Rows of `x` `[positions, channels]` added up with weights into `targets` rows.
    ///
    /// # Errors
    /// Where there are too many terms.
    pub fn mixed(&mut self, x: Id, terms: Vec<Term>, targets: usize) -> Lower<Id> {
        bounded(Some(terms.len()))?;
        let (sources, channels) = (self.p.ty(x).shape[0], self.p.ty(x).shape[1]);
        // A tap for every different weight.
        let (mut taps, mut weights) = (HashMap::new(), Vec::new());
        let hits = terms.into_iter().map(|(target, source, weight)| {
            let tap = *taps.entry(weight.to_bits()).or_insert_with(|| {
                weights.push(weight);
                weights.len() - 1
            });
            [target as u32, tap as u32, source as u32]
        });
        let hits = hits.collect();
        let geometry = Table::new(Geometry {
            targets,
            sources,
            taps: weights.len(),
            groups: channels,
            outputs: 1,
            inputs: 1,
            hits,
        });
        let each = weights.len();
        let all = (0..channels * each).map(|i| weights[i % each]);
        let weights = self.constant(all, &[channels, each]);
        Ok(self.p.form(&geometry, Slot::Y, [weights, x]))
    }
}
