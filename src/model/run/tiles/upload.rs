//! What a run is given: numbers of points, samples, and the words that the steps of a submission share.

use super::division::Samples;
use super::gpu::ALIGNED;
use super::making::Given;
use super::place::Place;
use super::run::{Call, PassOf, Rooms, VECTOR};
use crate::model::run::backend::{Numbers, fill};

impl Call<'_> {
    /// Numbers of all points and of each, those that nobody computes.
    pub fn write_given(&self, rooms: &Rooms) {
        if !rooms.known {
            for (k, buffer) in rooms.given.iter().enumerate() {
                let mine = |own: &&Given| matches!(own.place, Place::Given(own, _) if own == k);
                let leaves: Vec<&Given> = self.plan.given.iter().filter(mine).collect();
                self.gpu.write(buffer, 0, &self.numbers(&leaves, 0));
            }
        }
        let own: Vec<&Given> = self.plan.own.iter().collect();
        for point in 0..self.points {
            let at = 4 * point * self.plan.point_numbers;
            self.gpu
                .write(&rooms.numbers, at as u64, &self.numbers(&own, point));
        }
    }

    /// The numbers of some leaves, one after the other.
    fn numbers(&self, leaves: &[&Given], point: usize) -> Vec<f32> {
        let mut numbers = vec![0.0; leaves.iter().map(|own| own.size).sum()];
        let mut rest = numbers.as_mut_slice();
        for leaf in leaves {
            let (own, others) = rest.split_at_mut(leaf.size);
            fill(self.source, &leaf.leaf, point, Numbers::Single(own));
            rest = others;
        }
        numbers
    }

    /// The words that the steps of each submission of a pass share.
    pub fn write_runs(&self, rooms: &Rooms, pass: &PassOf) {
        let plan = self.plan;
        let Samples { group, quads, .. } = rooms.samples;
        let size = ALIGNED as usize / 4;
        let mut words = Vec::new();
        let mut add = |groups: usize, first: usize| {
            let turn = usize::from(pass.number == 0)
                + 2 * usize::from(pass.number + 1 == rooms.samples.passes);
            let run = [
                quads,
                group,
                pass.samples.len(),
                groups,
                first,
                pass.groups * plan.rows[0] * quads,
                plan.rows[1] * quads,
                plan.rows[0] * quads,
                plan.point_numbers,
                rooms.sums,
                plan.sum_numbers,
                plan.packed[0],
                plan.packed[1],
                rooms.totals,
                turn,
                f32::NAN.to_bits() as usize,
                f32::NEG_INFINITY.to_bits() as usize,
            ];
            words.extend(run.map(|word| word as u32));
            words.resize(words.len().next_multiple_of(size), 0);
        };
        add(1, 0);
        add(pass.groups, 0);
        for first in (0..self.points).step_by(rooms.few) {
            add(pass.groups, first);
        }
        self.gpu.write(&rooms.run, 0, &words);
    }

    /// The leaves of a pass's samples, group by group and row by row; zeros behind the last sample.
    pub fn write_samples(&self, rooms: &Rooms, pass: &PassOf) {
        let Samples { group, quads, .. } = rooms.samples;
        let rows: usize = self.plan.leaves.iter().map(|(_, size)| size).sum();
        let (batch, row) = (self.batch, 4 * quads);
        let mut numbers = vec![0.0_f32; rows * row];
        for own in 0..pass.groups {
            let first = pass.samples.start + own * group;
            let count = group.min(pass.samples.end - first);
            numbers.fill(0.0);
            let mut rest = numbers.as_mut_slice();
            for &(leaf, size) in &self.plan.leaves {
                let (here, others) = rest.split_at_mut(size * row);
                for sample in 0..count {
                    let at = first + sample;
                    for k in 0..size {
                        here[k * row + sample] = match leaf {
                            0 => batch.inputs[at * size + k],
                            1 => batch.targets.at(at * size + k) as f32,
                            2 => batch.weights.map_or(1.0, |weights| weights[at] as f32),
                            _ => 1.0,
                        };
                    }
                }
                rest = others;
            }
            let at = own * self.plan.rows[0] * quads * VECTOR;
            self.gpu.write(&rooms.values, at as u64, &numbers);
        }
    }
}
