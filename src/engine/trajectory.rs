//! The trajectory job: a folder of checkpoints in its PCA plane.

use crate::engine::builtin;
use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::TrajectoryJob;
use crate::engine::plane;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::slice::{Buffers, Slice};
use crate::landscape::trajectory::pca;

/// Finds the plane and projects the series.
pub fn find(job: &TrajectoryJob) -> Result<Outcome> {
    let files = builtin::series(&job.folder)?;
    let Some(last) = files.last() else {
        return Err(Error::file(&job.folder, "no checkpoints in the folder"));
    };
    let key = job.key.as_deref();
    let mut inputs = Inputs::without_data(&job.model, &open_checkpoint(last, key)?, key)?;
    let (names, points) = inputs.series(&job.folder)?;
    let found = pca(&points, job.centring)?;
    let origin = points
        .last()
        .cloned()
        .ok_or_else(|| Error::file(&job.folder, "no checkpoints in the folder"))?;
    let geometry = Slice::new(origin, found.directions.clone(), Buffers::Frozen)?.geometry();
    let axes = plane::pca_axes(&found.explained, &job.folder, job.centring);
    let mut header = inputs.header(job.clone(), axes, geometry);
    header.complete = true;
    header.trajectory = Some(plane::trajectory_facts(names, &found));
    Ok(Outcome {
        header,
        numbers: Numbers::Trajectory,
    })
}
