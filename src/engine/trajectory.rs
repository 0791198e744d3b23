//! The trajectory job: a folder of checkpoints in its PCA plane.

use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::{Job, TrajectoryJob};
use crate::engine::plane;
use crate::engine::recipe::Recipe;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::slice::{Buffers, Slice};
use crate::landscape::trajectory::pca;

/// Finds the plane and projects the series.
pub fn run(job: &TrajectoryJob) -> Result<Outcome> {
    let files = crate::checkpoint::series(&job.folder)?;
    let Some(last) = files.last() else {
        return Err(Error::file(&job.folder, "no checkpoints in the folder"));
    };
    let mut inputs = Inputs::without_data(&job.model, &open_checkpoint(last)?)?;
    let (names, points) = inputs.series(&job.folder)?;
    let found = pca(&points, job.centring)?;
    let origin = points
        .last()
        .cloned()
        .ok_or_else(|| Error::file(&job.folder, "no checkpoints in the folder"))?;
    let geometry = Slice::new(origin, found.directions.clone(), Buffers::Frozen)?.geometry();
    let recipe = Recipe {
        losscope: env!("CARGO_PKG_VERSION").to_owned(),
        job: Job::Trajectory(job.clone()),
        model: inputs.model.clone(),
        checkpoints: inputs.checkpoints.clone(),
        data: inputs.data.clone(),
        device: String::new(),
        axes: plane::pca_axes(&found.explained, &job.folder, job.centring),
        geometry,
        statistics: String::new(),
        clamped_variances: 0,
        marks: Vec::new(),
        trajectory: Some(plane::trajectory_facts(names, &found)),
        barriers: Vec::new(),
        non_finite: 0,
        elapsed_seconds: 0.0,
        warnings: inputs.warnings.clone(),
    };
    Ok(Outcome {
        recipe,
        numbers: Numbers::Trajectory,
    })
}
