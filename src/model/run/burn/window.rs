//! The largest value of each window: which it is, its value, and a value put back there.

use super::on::{On, Value};
use burn::tensor::{Bool, Int, Tensor};

/// Windows over positions of values `[position][channel]`.
#[derive(Debug)]
pub struct Windows {
    positions: usize,
    channels: usize,
    count: usize,
    /// The k-th position of every window; those of short windows repeat their last.
    seen: Vec<Tensor<1, Int>>,
    /// The same, as numbers `[1, windows, 1]`.
    numbers: Vec<Tensor<3>>,
    /// Windows without any position, `[1, windows, 1]`, if there are some.
    empty: Option<Tensor<3>>,
    /// The k-th window that sees every position, and the one behind all where there is none.
    seers: Vec<Tensor<1, Int>>,
}

impl Windows {
    /// Over `positions` positions of `channels` channels.
    pub fn new(windows: &[Vec<u32>], positions: usize, channels: usize, on: &On) -> Self {
        let count = windows.len();
        let longest = windows.iter().map(Vec::len).max().unwrap_or(0);
        let row = |k: usize| -> Vec<u32> {
            let place = |window: &Vec<u32>| *window.get(k).or(window.last()).unwrap_or(&0);
            windows.iter().map(place).collect()
        };
        let column = |values: Vec<f64>| -> Tensor<3> {
            let size = values.len();
            on.numbers([1, size], |out| out.fill(values))
                .reshape([1, size, 1])
        };
        let rows: Vec<Vec<u32>> = (0..longest).map(row).collect();
        let mut seers = vec![Vec::new(); positions];
        for (number, window) in windows.iter().enumerate() {
            for place in window {
                seers[*place as usize].push(number as u32);
            }
        }
        let most = seers.iter().map(Vec::len).max().unwrap_or(0);
        let seers = (0..most).map(|k| {
            let seer = |own: &Vec<u32>| own.get(k).copied().unwrap_or(count as u32);
            on.list(seers.iter().map(seer))
        });
        let empty = windows.iter().map(|w| f64::from(u8::from(w.is_empty())));
        let empty: Vec<f64> = empty.collect();
        Self {
            positions,
            channels,
            count,
            numbers: rows
                .iter()
                .map(|row| column(row.iter().map(|p| f64::from(*p)).collect()))
                .collect(),
            seen: rows.into_iter().map(|row| on.list(row)).collect(),
            empty: empty.contains(&1.0).then(|| column(empty)),
            seers: seers.collect(),
        }
    }

    fn cube(&self, x: Value, positions: usize) -> Tensor<3> {
        let rows = x.dims()[0];
        x.reshape([rows, positions, self.channels])
    }

    fn without_empty(&self, x: Tensor<3>) -> Tensor<3> {
        let shape = x.dims();
        match &self.empty {
            Some(empty) => x.mask_fill(empty.clone().expand(shape).greater_scalar(0.5), 0.0),
            None => x,
        }
    }

    fn flat(x: Tensor<3>) -> Value {
        let [rows, positions, channels] = x.dims();
        x.reshape([rows, positions * channels])
    }

    /// Which position of each window holds its largest value; the first of equal ones, and where a value
    /// is no number, the last of those that count as larger than all before them.
    pub fn pick(&self, x: Value, on: &On) -> Value {
        let x = self.cube(x, self.positions);
        let shape = [x.dims()[0], self.count, self.channels];
        let mut best: Option<(Tensor<3>, Tensor<3>)> = None;
        for (seen, number) in self.seen.iter().zip(&self.numbers) {
            let new = x.clone().select(1, seen.clone());
            let number = number.clone().expand(shape);
            best = Some(match best {
                None => (new, number),
                Some((old, index)) => {
                    let unknown: Tensor<3, Bool> = new.clone().not_equal(new.clone());
                    let larger = new.clone().greater(old.clone()).bool_or(unknown);
                    (
                        old.mask_where(larger.clone(), new),
                        index.mask_where(larger, number),
                    )
                }
            });
        }
        match best {
            Some((_, index)) => Self::flat(self.without_empty(index)),
            None => on.filled([shape[0], shape[1] * shape[2]], 0.0),
        }
    }

    /// The values at the positions that were picked.
    pub fn take(&self, x: Value, index: Value) -> Value {
        let x = self.cube(x, self.positions);
        let places = self.cube(index, self.count).int();
        Self::flat(self.without_empty(x.gather(1, places)))
    }

    /// Values added back at the positions that were picked.
    pub fn put(&self, x: Value, index: Value, on: &On) -> Value {
        let rows = x.dims()[0];
        let behind = |cube: Tensor<3>, value: f64| {
            let row = on.filled([rows, self.channels], value);
            Tensor::cat(vec![cube, row.reshape([rows, 1, self.channels])], 1)
        };
        let x = behind(self.cube(x, self.count), 0.0);
        let index = behind(self.cube(index, self.count), -1.0);
        let own = on
            .numbers([1, self.positions], |out| {
                out.fill((0..self.positions).map(|p| p as f64));
            })
            .reshape([1, self.positions, 1])
            .expand([rows, self.positions, self.channels]);
        let parts = self.seers.iter().map(|seers| {
            let elsewhere = index
                .clone()
                .select(1, seers.clone())
                .not_equal(own.clone());
            x.clone().select(1, seers.clone()).mask_fill(elsewhere, 0.0)
        });
        match parts.reduce(|sum, part| sum + part) {
            Some(sum) => Self::flat(sum),
            None => on.filled([rows, self.positions * self.channels], 0.0),
        }
    }
}
