//! The line between the minimizers that are open.

use super::open::{STEP, Workbench};
use crate::engine::job::LineJob;
use crate::engine::line::prepare;
use crate::engine::sampling::Sampling;
use crate::error::Result;
use crate::landscape::slice::Slice;

/// Metrics along the line of `job`, none of them computed yet.
pub fn start(job: &LineJob, bench: &mut Workbench) -> Result<Sampling> {
    bench.inputs.begin_slice();
    let small = bench.inputs.point(&job.small, "small batch")?;
    let large = bench.inputs.point(&job.large, "large batch")?;
    let slice = Slice::line(small, &large, job.buffers)?;
    let mut prepared = prepare(job, slice, &bench.inputs, &bench.evaluator)?;
    prepared.outcome.header.device.clone_from(&bench.device);
    let (evaluator, splits) = (&bench.evaluator, &bench.splits);
    let sampling = Sampling::new(prepared, evaluator, splits, &bench.device, STEP);
    Ok(sampling.shared(&bench.helpers))
}
