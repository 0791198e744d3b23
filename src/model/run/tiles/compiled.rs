//! The kernels of a program on a device: pipelines, and the words of every step in one buffer.

use super::counters::Counters;
use super::gpu::{ALIGNED, Gpu, Pipeline, WINDOW};
use super::kernel::{Grid, Launch};
use super::plan::Plan;

/// A kernel ready to be started.
#[derive(Debug)]
pub struct Step {
    pipeline: Pipeline,
    /// Where its words begin.
    offset: u32,
    grid: Grid,
}

/// All kernels of a program.
#[derive(Debug)]
pub struct Compiled {
    pub once: Vec<Step>,
    pub packs: Vec<Step>,
    pub point: Vec<Step>,
    pub still: Vec<Step>,
    /// Shared steps and steps of samples, level by level.
    pub levels: Vec<[Vec<Step>; 2]>,
    pub accumulate: Step,
    /// Lists and jobs.
    pub lists: wgpu::Buffer,
    /// Words of the steps.
    pub words: wgpu::Buffer,
}

impl Compiled {
    /// Compiles what isn't compiled yet.
    pub fn new(gpu: &Gpu, plan: &Plan) -> Self {
        let mut words: Vec<u32> = Vec::new();
        let mut one = |launch: &Launch| {
            let offset = (4 * words.len() as u64).next_multiple_of(ALIGNED);
            words.resize(offset as usize / 4, 0);
            words.extend_from_slice(&launch.words);
            debug_assert!(4 * launch.words.len() as u64 <= WINDOW);
            Step {
                pipeline: gpu.pipeline(&launch.source),
                offset: offset as u32,
                grid: launch.grid,
            }
        };
        let mut all =
            |launches: &[Launch]| -> Vec<Step> { launches.iter().map(&mut one).collect() };
        let (once, packs, point) = (all(&plan.once), all(&plan.packs), all(&plan.point));
        let still = all(&plan.still);
        let levels = plan.levels.iter();
        let levels = levels.map(|l| [all(&l.late), all(&l.block)]).collect();
        let accumulate = one(&plan.accumulate);
        let usage = wgpu::BufferUsages::COPY_DST;
        let bytes = 4 * plan.lists.len() as u64;
        let lists = gpu.buffer("lists", bytes, usage | wgpu::BufferUsages::STORAGE);
        gpu.write(&lists, 0, &plan.lists);
        let bytes = (4 * words.len() as u64).next_multiple_of(ALIGNED) + WINDOW;
        let buffer = gpu.buffer("words", bytes, usage | wgpu::BufferUsages::UNIFORM);
        gpu.write(&buffer, 0, &words);
        Self {
            once,
            packs,
            point,
            still,
            levels,
            accumulate,
            lists,
            words: buffer,
        }
    }
}

/// Kernels in the order in which they are started.
pub struct Pass<'a> {
    gpu: &'a Gpu,
    encoder: wgpu::ComputePass<'a>,
    group: &'a wgpu::BindGroup,
    quads: usize,
}

impl<'a> Pass<'a> {
    /// A pass of `encoder` over rows of so many vectors.
    pub fn new(
        gpu: &'a Gpu,
        encoder: &'a mut wgpu::CommandEncoder,
        group: &'a wgpu::BindGroup,
        quads: usize,
    ) -> Self {
        let pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        Self {
            gpu,
            encoder: pass,
            group,
            quads,
        }
    }

    /// Starts kernels at `instances` instances, by the run's words at place `run`.
    pub fn start(&mut self, steps: &[Step], run: usize, instances: usize) {
        for step in steps {
            self.encoder.set_pipeline(&step.pipeline.0);
            let run = (run as u64 * ALIGNED) as u32;
            self.encoder
                .set_bind_group(0, self.group, &[run, step.offset]);
            let [x, y] = step.grid.of(self.quads);
            self.encoder.dispatch_workgroups(x, y, instances as u32);
            Counters::add(&self.gpu.counters.dispatches, 1);
        }
    }
}
