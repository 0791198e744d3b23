//! A prepared program at work: samples in passes outside, points in chunks inside, a submission each.

use super::compiled::{Compiled, Pass};
use super::division::{Bounds, Samples};
use super::gpu::{ALIGNED, Buffers, Gpu};
use super::place::GIVEN;
use super::plan::Plan;
use crate::error::Result;
use crate::model::run::backend::{Batch, Outputs, Source};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use wgpu::BufferUsages as Usage;

/// Bytes of a vector of four numbers.
pub const VECTOR: usize = 16;

/// Values from one call to the next.
#[derive(Debug)]
pub struct Held {
    /// Numbers that all points share.
    given: Mutex<Option<[wgpu::Buffer; GIVEN]>>,
    /// Rows that all points share, pass by pass; empty where they are made again.
    stills: Mutex<Vec<Option<wgpu::Buffer>>>,
}

impl Held {
    /// A place for so many passes.
    pub fn new(passes: usize) -> Self {
        Self {
            given: Mutex::new(None),
            stills: Mutex::new(vec![None; passes]),
        }
    }
}

/// What a call works on.
pub struct Call<'a> {
    pub gpu: &'a Gpu,
    pub plan: &'a Plan,
    pub compiled: &'a Compiled,
    pub bounds: Bounds,
    pub source: &'a dyn Source,
    pub batch: Batch<'a>,
    pub points: usize,
    pub together: usize,
    pub held: Option<&'a Held>,
}

/// Buffers of a call and where things lie in them.
pub struct Rooms {
    pub values: wgpu::Buffer,
    pub numbers: wgpu::Buffer,
    pub run: wgpu::Buffer,
    pub results: wgpu::Buffer,
    pub given: [wgpu::Buffer; GIVEN],
    pub group: wgpu::BindGroup,
    pub samples: Samples,
    /// Points a chunk.
    pub few: usize,
    /// Where sums begin among the numbers, and totals.
    pub sums: usize,
    pub totals: usize,
    /// Whether the given numbers are there already.
    pub known: bool,
}

/// Samples of a pass.
pub struct PassOf {
    pub number: usize,
    pub samples: Range<usize>,
    pub groups: usize,
}

impl Call<'_> {
    /// The outputs at every point.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn run(&self) -> Result<Vec<Outputs>> {
        let mut buffers = self.gpu.buffers();
        let started = Instant::now();
        let found = self.gpu.guarded(|| self.passes(&mut buffers))?;
        let work = self.plan.work as f64 * (self.batch.count * self.points) as f64;
        self.gpu.took(work, started.elapsed().as_secs_f64());
        Ok(found)
    }

    fn passes(&self, buffers: &mut Buffers) -> Result<Vec<Outputs>> {
        let rooms = self.rooms(buffers);
        self.write_given(&rooms);
        let mut outputs: Vec<Outputs> =
            vec![vec![Vec::new(); self.plan.outputs.len()]; self.points];
        let each = rooms.samples.group * rooms.samples.groups;
        let all = rooms.samples.passes;
        for number in 0..all {
            let samples = number * each..((number + 1) * each).min(self.batch.count);
            let pass = PassOf {
                number,
                groups: samples.len().div_ceil(rooms.samples.group).max(1),
                samples,
            };
            self.write_runs(&rooms, &pass);
            let still = self.still(&rooms, &pass);
            let chunks: Vec<Range<usize>> = (0..self.points)
                .step_by(rooms.few)
                .map(|first| first..(first + rooms.few).min(self.points))
                .collect();
            for (chunk, points) in chunks.iter().enumerate() {
                let (is_first, is_last) = (chunk == 0, chunk + 1 == chunks.len());
                let ends = is_last && number + 1 == all;
                let mut encoder = self
                    .gpu
                    .device
                    .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                if let (true, Still::Known(kept)) = (is_first, &still) {
                    encoder.copy_buffer_to_buffer(kept, 0, &rooms.values, 0, kept.size());
                }
                self.kernels(
                    &mut encoder,
                    &rooms,
                    &pass,
                    (chunk, points.clone()),
                    &still,
                    is_last,
                );
                if let (true, Still::New(kept)) = (is_first, &still) {
                    encoder.copy_buffer_to_buffer(&rooms.values, 0, kept, 0, kept.size());
                }
                let wanted = self.copy(&mut encoder, &rooms, &pass, points.clone(), ends);
                self.gpu.submit(encoder);
                self.collect(&rooms, &pass, &wanted, &mut outputs)?;
            }
            if let (Still::New(kept), Some(held)) = (still, self.held) {
                let mut stills = held.stills.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(place) = stills.get_mut(number) {
                    *place = Some(kept);
                }
            }
        }
        if let Some(held) = self.held {
            let mut given = held.given.lock().unwrap_or_else(PoisonError::into_inner);
            *given = Some(rooms.given);
        }
        Ok(outputs)
    }

    /// Buffers large enough.
    fn rooms(&self, buffers: &mut Buffers) -> Rooms {
        let (gpu, plan) = (self.gpu, self.plan);
        let samples = self.bounds.samples(plan, self.batch.count, self.together);
        let few = self.bounds.together(plan, samples, self.points, gpu.rate());
        let storage = Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC;
        let group = samples.quads * samples.groups * VECTOR;
        let bytes = group * (plan.rows[0] + plan.rows[1] * few);
        let values = buffers.sized(gpu, "values", bytes as u64, storage);
        let sums = self.points * plan.point_numbers;
        let totals = sums + self.points * samples.groups * plan.sum_numbers;
        let count = totals + 2 * self.points * plan.summed;
        let numbers = buffers.sized(gpu, "numbers", 4 * count as u64, storage);
        let vectors = plan.packed[0] + self.points * plan.packed[1];
        let packs = buffers.sized(gpu, "packs", (VECTOR * vectors) as u64, storage);
        let held = self.held.and_then(|held| {
            let given = held.given.lock().unwrap_or_else(PoisonError::into_inner);
            given.clone()
        });
        let known = held.is_some();
        let given = held.unwrap_or_else(|| {
            std::array::from_fn(|k| {
                let bytes = 4 * plan.shared[k] as u64;
                match self.held {
                    Some(_) => gpu.buffer("given", bytes, storage),
                    None => buffers.sized(gpu, ["given0", "given1", "given2"][k], bytes, storage),
                }
            })
        });
        // Before all samples, for what all points share of them, after them, and one a chunk.
        let runs = 3 + self.points.div_ceil(few);
        let uniform = Usage::UNIFORM | Usage::COPY_DST;
        let run = buffers.sized(gpu, "run", runs as u64 * ALIGNED, uniform);
        let result = Usage::MAP_READ | Usage::COPY_DST;
        let bytes = self.result_bytes(samples, few);
        let results = buffers.sized(gpu, "results", bytes as u64, result);
        let [a, b, c] = &given;
        let compiled = self.compiled;
        let group = gpu.bind(&[
            &values,
            &numbers,
            &packs,
            &compiled.lists,
            a,
            b,
            c,
            &run,
            &compiled.words,
        ]);
        let apart: u64 = if self.held.is_some() {
            given.iter().map(wgpu::Buffer::size).sum()
        } else {
            0
        };
        let held = buffers.held() + apart + compiled.lists.size() + compiled.words.size();
        gpu.counters
            .bytes_held
            .store(held as usize, Ordering::Relaxed);
        Rooms {
            values,
            numbers,
            run,
            results,
            given,
            group,
            samples,
            few,
            sums,
            totals,
            known,
        }
    }

    /// What all points share of a pass's samples: known, or to be made.
    fn still(&self, rooms: &Rooms, pass: &PassOf) -> Still {
        let held = self.held.map(|held| {
            let stills = held.stills.lock().unwrap_or_else(PoisonError::into_inner);
            stills.get(pass.number).cloned()
        });
        if let Some(Some(Some(kept))) = held {
            return Still::Known(kept);
        }
        self.write_samples(rooms, pass);
        let rows = self.plan.rows[0] * rooms.samples.quads * pass.groups;
        match held {
            Some(Some(None)) if rows > 0 => {
                let usage = Usage::COPY_SRC | Usage::COPY_DST;
                Still::New(self.gpu.buffer("kept", (rows * VECTOR) as u64, usage))
            }
            _ => Still::Made,
        }
    }

    /// The kernels of a chunk.
    fn kernels(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        rooms: &Rooms,
        pass: &PassOf,
        (chunk, points): (usize, Range<usize>),
        still: &Still,
        is_last: bool,
    ) {
        let (plan, compiled, all) = (self.plan, self.compiled, self.points);
        let mut kernels = Pass::new(self.gpu, encoder, &rooms.group, rooms.samples.quads);
        if chunk == 0 && pass.number == 0 {
            if !rooms.known {
                kernels.start(&compiled.once, 0, 1);
            }
            kernels.start(&compiled.packs, 0, 1);
            kernels.start(&compiled.point, 0, all);
        }
        if chunk == 0 && !matches!(still, Still::Known(_)) {
            kernels.start(&compiled.still, 1, pass.groups);
        }
        let (run, instances) = (2 + chunk, points.len() * pass.groups);
        for [late, block] in &compiled.levels {
            if plan.together {
                kernels.start(late, run, instances);
            }
            kernels.start(block, run, instances);
        }
        if !is_last {
            return;
        }
        if (plan.together || rooms.samples.passes > 1) && plan.summed > 0 {
            kernels.start(std::slice::from_ref(&compiled.accumulate), 1, all);
        }
        if !plan.together && pass.number + 1 == rooms.samples.passes {
            for [late, _] in &compiled.levels {
                kernels.start(late, 0, all);
            }
        }
    }
}

/// What all points share of some samples.
enum Still {
    /// From an earlier call.
    Known(wgpu::Buffer),
    /// Made now, and kept for later calls.
    New(wgpu::Buffer),
    /// Made now.
    Made,
}
