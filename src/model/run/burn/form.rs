//! The trilinear form: rows gathered by its hits, then products of matrices.

use super::on::{On, Value};
use crate::model::primitive::{Geometry, Slot};
use burn::tensor::{Int, Tensor};

/// A form with one of its places as the result.
#[derive(Debug)]
pub struct Form {
    out: Slot,
    groups: usize,
    outputs: usize,
    inputs: usize,
    taps: usize,
    targets: usize,
    gather: Gather,
    /// Samples' positions that are added up at a time.
    loops: usize,
}

/// What every place of a value sees by every tap.
#[derive(Debug)]
struct Gather {
    places: usize,
    taps: usize,
    /// Positions of what is seen.
    positions: usize,
    /// How many positions a place sees by one tap, at most: they are added up.
    several: usize,
    /// Positions in the order of places, taps and those by one tap; `None` where it is the order that
    /// they have.
    list: Option<Tensor<1, Int>>,
    /// Some see fewer: the list names a row of zeros behind the others.
    zero: bool,
}

impl Gather {
    /// From (place, tap, position).
    fn new(
        [places, taps, positions]: [usize; 3],
        hits: impl Iterator<Item = [u32; 3]>,
        on: &On,
    ) -> Self {
        let mut slots = vec![Vec::new(); places * taps];
        for [place, tap, position] in hits {
            slots[place as usize * taps + tap as usize].push(position);
        }
        let several = slots.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let zero = slots.iter().any(|slot| slot.len() < several);
        let one = |slot: &Vec<u32>, k: usize| slot.get(k).copied().unwrap_or(positions as u32);
        let list: Vec<u32> = slots
            .iter()
            .flat_map(|slot| (0..several).map(move |k| one(slot, k)))
            .collect();
        let same = list.len() == positions && (0..positions as u32).eq(list.iter().copied());
        Self {
            places,
            taps,
            positions,
            several,
            list: (!same).then(|| on.list(list)),
            zero,
        }
    }

    /// `[samples, places, taps, channels]`
    fn run(&self, x: Value, channels: usize, on: &On) -> Tensor<4> {
        let rows = x.dims()[0];
        let mut x = x.reshape([rows, self.positions, channels]);
        if let Some(list) = &self.list {
            if self.zero {
                let zeros = on
                    .filled([rows, channels], 0.0)
                    .reshape([rows, 1, channels]);
                x = Tensor::cat(vec![x, zeros], 1);
            }
            x = x.select(1, list.clone());
        }
        if self.several > 1 {
            let each = rows * self.places * self.taps;
            x = x.reshape([each, self.several, channels]).sum_dim(1);
        }
        x.reshape([rows, self.places, self.taps, channels])
    }
}

impl Form {
    /// `loops` bounds how many positions of samples are added up at a time.
    pub fn new(g: &Geometry, out: Slot, loops: usize, on: &On) -> Self {
        let hits = g.hits.iter();
        let gather = match out {
            Slot::B => Gather::new(
                [g.sources, g.taps, g.targets],
                hits.map(|[q, t, p]| [*p, *t, *q]),
                on,
            ),
            _ => Gather::new([g.targets, g.taps, g.sources], hits.copied(), on),
        };
        Self {
            out,
            groups: g.groups,
            outputs: g.outputs,
            inputs: g.inputs,
            taps: g.taps,
            targets: g.targets,
            gather,
            loops,
        }
    }

    /// Numbers a sample that it works with beside arguments and result.
    pub fn workspace(&self) -> usize {
        let channels = self.groups
            * match self.out {
                Slot::B => self.outputs,
                _ => self.inputs,
            };
        let all = self.gather.places * self.gather.taps * self.gather.several * channels;
        let copies = 1 + usize::from(self.groups > 1) + usize::from(self.gather.several > 1);
        let padded = usize::from(self.gather.zero) * (self.gather.positions + 1) * channels;
        if self.gather.list.is_none() && self.groups == 1 {
            0
        } else {
            copies * all + padded
        }
    }

    /// The result from the other two places; with `each`, weights for every sample.
    pub fn run(&self, first: Value, second: Value, each: bool, on: &On) -> Value {
        match self.out {
            Slot::Y => self.product(first, second, self.inputs, on),
            Slot::B => self.product(second, first, self.outputs, on),
            Slot::A if each => self.weights_of_each(first, second, on),
            Slot::A => self.weights(first, second, on),
        }
    }

    /// Weights times what every place sees, of which each group has `seen` channels.
    fn product(&self, weights: Value, x: Value, seen: usize, on: &On) -> Value {
        let rows = x.dims()[0];
        let x = self.gather.run(x, self.groups * seen, on);
        let places = self.gather.places;
        if self.outputs == 1 && self.inputs == 1 {
            // Channel by channel.
            let weights = weights.reshape([self.groups, self.taps]).swap_dims(0, 1);
            let product = x * weights.reshape([1, 1, self.taps, self.groups]);
            return product.sum_dim(2).reshape([rows, places * self.groups]);
        }
        let weights = match self.out {
            Slot::B => weights
                .reshape([self.groups, self.outputs, self.taps, self.inputs])
                .swap_dims(1, 2)
                .reshape([self.groups, self.taps * self.outputs, self.inputs]),
            _ => weights
                .reshape([self.groups, self.outputs, self.taps * self.inputs])
                .swap_dims(1, 2),
        };
        let y = self.by_group(x, seen).matmul(weights);
        let [_, _, made] = y.dims();
        let y = if self.groups == 1 {
            y
        } else {
            y.swap_dims(0, 1)
        };
        y.reshape([rows, places * self.groups * made])
    }

    /// `[samples, places, taps, groups · c]` as `[groups, samples · places, taps · c]`.
    fn by_group(&self, x: Tensor<4>, channels: usize) -> Tensor<3> {
        let [rows, places, taps, _] = x.dims();
        let shape = [self.groups, rows * places, taps * channels];
        if self.groups == 1 {
            return x.reshape(shape);
        }
        x.reshape([rows * places, taps, self.groups, channels])
            .permute([2, 0, 1, 3])
            .reshape(shape)
    }

    /// As [`Form::by_group`], but `[samples · groups, places, taps · c]`.
    fn by_sample(&self, x: Tensor<4>, channels: usize) -> Tensor<3> {
        let [rows, places, taps, _] = x.dims();
        x.reshape([rows, places, taps, self.groups, channels])
            .permute([0, 3, 1, 2, 4])
            .reshape([rows * self.groups, places, taps * channels])
    }

    fn weights(&self, y: Value, x: Value, on: &On) -> Value {
        let rows = x.dims()[0];
        let size = self.groups * self.outputs * self.taps * self.inputs;
        let few = (self.loops / self.targets.max(1)).max(1);
        let parts = (0..rows).step_by(few).map(|from| {
            let count = few.min(rows - from);
            let (y, x) = (
                y.clone().narrow(0, from, count),
                x.clone().narrow(0, from, count),
            );
            let x = self.gather.run(x, self.groups * self.inputs, on);
            let y = y.reshape([count, self.targets, 1, self.groups * self.outputs]);
            let y = self.by_group(y, self.outputs).swap_dims(1, 2);
            y.matmul(self.by_group(x, self.inputs))
        });
        match parts.reduce(|sum, part| sum + part) {
            Some(sum) => sum.reshape([1, size]),
            None => on.filled([1, size], 0.0),
        }
    }

    fn weights_of_each(&self, y: Value, x: Value, on: &On) -> Value {
        let rows = x.dims()[0];
        let x = self.gather.run(x, self.groups * self.inputs, on);
        let y = y.reshape([rows, self.targets, 1, self.groups * self.outputs]);
        let y = self.by_sample(y, self.outputs).swap_dims(1, 2);
        let found = y.matmul(self.by_sample(x, self.inputs));
        found.reshape([rows, self.groups * self.outputs * self.taps * self.inputs])
    }
}
