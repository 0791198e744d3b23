//! What a run gives: copied to where the processor reads, and put into the order that is asked for.

use super::division::Samples;
use super::place::Place;
use super::plan::Output;
use super::run::{Call, PassOf, Rooms, VECTOR};
use crate::error::Result;
use crate::model::run::backend::Outputs;
use std::ops::Range;

/// What is copied for the processor to read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    output: usize,
    point: usize,
    numbers: usize,
}

impl Call<'_> {
    /// Copies what is asked for to where the processor reads.
    pub fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        rooms: &Rooms,
        pass: &PassOf,
        points: Range<usize>,
        ends: bool,
    ) -> Vec<Wanted> {
        let plan = self.plan;
        let mut wanted = Vec::new();
        let mut to = 0;
        let mut add = |buffer: &wgpu::Buffer, at: usize, numbers: usize, what: (usize, usize)| {
            let bytes = 4 * numbers as u64;
            encoder.copy_buffer_to_buffer(buffer, 4 * at as u64, &rooms.results, to, bytes);
            to += bytes;
            wanted.push(Wanted {
                output: what.0,
                point: what.1,
                numbers,
            });
        };
        let row = 4 * rooms.samples.quads;
        for (number, output) in plan.outputs.iter().enumerate() {
            let numbers = output.size * row;
            match output.place {
                Place::Value(first) => {
                    let base = pass.groups * plan.rows[0] * row;
                    for (near, point) in points.clone().enumerate() {
                        for group in 0..pass.groups {
                            let instance = near * pass.groups + group;
                            let at = base + (instance * plan.rows[1] + first) * row;
                            add(&rooms.values, at, numbers, (number, point));
                        }
                    }
                }
                Place::Still(first) if points.start == 0 => {
                    for group in 0..pass.groups {
                        let at = (group * plan.rows[0] + first) * row;
                        add(&rooms.values, at, numbers, (number, 0));
                    }
                }
                Place::Point(at) if ends => {
                    for point in 0..self.points {
                        let at = point * plan.point_numbers + at;
                        add(&rooms.numbers, at, output.size, (number, point));
                    }
                }
                Place::Sum(at) if ends => {
                    for point in 0..self.points {
                        let instance = point * pass.groups;
                        let at = rooms.sums + instance * plan.sum_numbers + at;
                        add(&rooms.numbers, at, output.size, (number, point));
                    }
                }
                Place::Given(buffer, at) if ends => {
                    add(&rooms.given[buffer], at, output.size, (number, 0));
                }
                _ => {}
            }
        }
        wanted
    }

    /// Waits for what was copied, and puts it where it belongs.
    pub fn collect(
        &self,
        rooms: &Rooms,
        pass: &PassOf,
        wanted: &[Wanted],
        outputs: &mut [Outputs],
    ) -> Result<()> {
        let count: usize = wanted.iter().map(|own| own.numbers).sum();
        if count == 0 {
            return Ok(());
        }
        let numbers = self.gpu.read(&rooms.results, 4 * count as u64)?;
        let mut rest = numbers.as_slice();
        // Groups of an output at a point come one after the other.
        let mut last = (usize::MAX, usize::MAX, 0);
        for own in wanted {
            let (here, others) = rest.split_at(own.numbers);
            rest = others;
            let output = &self.plan.outputs[own.output];
            let group = match last {
                (o, p, group) if (o, p) == (own.output, own.point) => group + 1,
                _ => 0,
            };
            last = (own.output, own.point, group);
            let everywhere = matches!(output.place, Place::Still(_) | Place::Given(..));
            let found: Vec<f64> = if matches!(output.place, Place::Value(_) | Place::Still(_)) {
                let size = rooms.samples.group;
                let count = size.min(pass.samples.len().saturating_sub(group * size));
                let row = 4 * rooms.samples.quads;
                (0..count)
                    .flat_map(|s| (0..output.size).map(move |k| f64::from(here[k * row + s])))
                    .collect()
            } else {
                here.iter().map(|v| f64::from(*v)).collect()
            };
            if everywhere {
                for point in outputs.iter_mut() {
                    point[own.output].extend_from_slice(&found);
                }
            } else {
                outputs[own.point][own.output].extend(found);
            }
        }
        Ok(())
    }

    /// Bytes that are read at a time.
    pub fn result_bytes(&self, samples: Samples, few: usize) -> usize {
        let group = samples.quads * samples.groups * VECTOR;
        let bytes = |output: &Output| match output.place {
            Place::Value(_) => output.size * group * few,
            Place::Still(_) => output.size * group,
            Place::Given(..) => output.size * 4,
            _ => output.size * 4 * self.points,
        };
        self.plan.outputs.iter().map(bytes).sum()
    }
}
