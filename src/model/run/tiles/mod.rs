//! The executor on a GPU: all points of a chunk in each dispatch.
//!
//! A program becomes a list of kernels over its primitives (`plan`), which are the same for one point and
//! for thousands: the third axis of every grid is the points. A row holds one number of all samples, so that
//! every primitive is a loop over rows, as on the processor. The weights of all points are formed there from
//! origin, directions and coordinates. Each chunk is one submission, and results are read once; sums are made
//! in a fixed order, so that the same input gives the same bits. Only what WebGPU always allows is needed:
//! 64 threads and 4 KiB of shared memory a workgroup, seven storage buffers of 128 MiB.
//!
//! What it deliberately doesn't know: layers, losses, slices, and which GPU it is on.

mod compiled;
mod cost;
mod counters;
mod division;
mod emit;
mod fused;
mod gpu;
mod jobs;
mod kernel;
mod lists;
mod making;
mod place;
mod plan;
mod results;
mod run;
mod sequence;
mod upload;

use super::backend::{Backend, Batch, Kept, Outputs, Prepared, Source};
use super::stages::Varying;
use super::steady::Shifted;
use crate::error::{Error, Result};
use crate::model::program::Program;
use compiled::Compiled;
pub use cost::{Cost, GPUS, Peaks};
pub use counters::Counts;
use division::Bounds;
pub use gpu::Gpu;
use plan::Plan;
use run::{Call, Held};
use std::sync::{Arc, Mutex, PoisonError};

/// An adapter within `memory` bytes.
#[derive(Debug)]
struct Tiles {
    gpu: Arc<Gpu>,
    memory: usize,
}

/// A program ready for it.
#[derive(Debug)]
struct Ready {
    gpu: Arc<Gpu>,
    plan: Plan,
    bounds: Bounds,
    compiled: Mutex<Option<Arc<Compiled>>>,
}

/// What runs programs on an adapter within `memory` bytes, in single precision.
pub fn backend(gpu: &Arc<Gpu>, memory: usize) -> Arc<dyn Backend> {
    Arc::new(Tiles {
        gpu: Arc::clone(gpu),
        memory,
    })
}

/// The kernels of a program by their texts, each once: what a device compiles for it.
pub fn kernels(program: &Program, varying: Varying) -> Vec<String> {
    let plan = Plan::new(program, varying);
    let levels = plan
        .levels
        .iter()
        .flat_map(|l| l.late.iter().chain(&l.block));
    let early = [&plan.once, &plan.packs, &plan.point, &plan.still];
    let all = early.into_iter().flatten().chain(levels);
    let all = all.chain([&plan.accumulate]);
    let mut sources: Vec<String> = all.map(|launch| launch.source.clone()).collect();
    sources.sort();
    sources.dedup();
    sources
}

impl Backend for Tiles {
    fn prepare(&self, program: &Program, varying: Varying) -> Box<dyn Prepared> {
        Box::new(Ready {
            plan: Plan::new(program, varying),
            bounds: Bounds {
                memory: self.memory,
                bound: self.gpu.most_bound() as usize,
                software: self.gpu.software,
            },
            gpu: Arc::clone(&self.gpu),
            compiled: Mutex::default(),
        })
    }
}

impl Ready {
    fn compiled(&self) -> Result<Arc<Compiled>> {
        let mut place = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = place.as_ref() {
            return Ok(Arc::clone(known));
        }
        let new = self
            .gpu
            .guarded(|| Ok(Arc::new(Compiled::new(&self.gpu, &self.plan))))?;
        *place = Some(Arc::clone(&new));
        Ok(new)
    }
}

impl Prepared for Ready {
    fn room(&self, together: usize) -> usize {
        Bounds::least(&self.plan, together)
    }

    fn fits(&self, together: usize) -> bool {
        self.bounds.fits(&self.plan, together)
    }

    fn points(&self) -> usize {
        self.bounds.points(&self.plan)
    }

    fn keeper(&self, samples: usize, bytes: usize) -> Option<Kept> {
        let plan = &self.plan;
        let given = 4 * plan.shared.iter().sum::<usize>();
        if plan.together || given > bytes {
            return None;
        }
        let samples = self.bounds.samples(plan, samples, 1);
        let rows = Bounds::kept(plan, samples);
        let passes = if given + rows <= bytes {
            samples.passes
        } else {
            0
        };
        Some(Kept::new(Held::new(passes)))
    }

    fn run(
        &self,
        source: &dyn Source,
        batch: Batch<'_>,
        points: usize,
        together: usize,
        kept: Option<&Kept>,
    ) -> Result<Vec<Outputs>> {
        if let Some(why) = self.plan.refused {
            return Err(Error::Device(format!(
                "the GPU has no kernel for {why}; use --device flex"
            )));
        }
        let compiled = self.compiled()?;
        // More points than fit beside each other pass one after the other.
        let most = self.points();
        let mut all = Vec::with_capacity(points);
        for first in (0..points).step_by(most) {
            let shifted = Shifted { source, first };
            let call = Call {
                gpu: &self.gpu,
                plan: &self.plan,
                compiled: &compiled,
                bounds: self.bounds,
                source: &shifted,
                batch,
                points: most.min(points - first),
                together,
                held: kept.and_then(Kept::get),
            };
            all.extend(call.run()?);
        }
        Ok(all)
    }
}
