//! One checkpoint opened to be measured at.

use crate::engine::header::Header;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::{BUILTIN_SMALL, Job, SplitChoice};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::landscape::slice::Geometry;
use crate::model::params::Params;
use std::path::{Path, PathBuf};

/// A checkpoint, its network and its data on a device.
pub struct Place {
    /// The point of parameter space.
    pub theta: Params,
    /// Everything opened.
    pub inputs: Inputs,
    /// How it was made, so far.
    pub header: Header,
    /// For planes and further objectives.
    pub evaluator: Evaluator,
    /// The samples measured over.
    pub samples: Split,
}

impl Place {
    /// Opens `file` (the built-in small-batch minimizer where there is none), and the data and the device
    /// of `job`.
    ///
    /// Where both splits are asked for, which is the default, the training split is measured over:
    /// it is the one whose loss was minimised.
    ///
    /// # Errors
    /// As the parts; where the job evaluates no network.
    pub fn open(file: Option<&Path>, job: impl Into<Job>) -> Result<Self> {
        let job = job.into();
        let setup = job.setup().cloned();
        let mut setup =
            setup.ok_or_else(|| Error::Usage("this job evaluates no network".into()))?;
        if setup.split == SplitChoice::Both {
            setup.split = SplitChoice::Train;
        }
        let path = file.map_or_else(|| PathBuf::from(BUILTIN_SMALL), Path::to_path_buf);
        let state = open_checkpoint(&path, setup.key.as_deref())?;
        let mut inputs = Inputs::open(&setup, &state)?;
        let theta = inputs.params(&state, "point")?;
        check_finite(&path, theta.tensors())?;
        let (evaluator, device, splits) = inputs.evaluator(&setup)?;
        let samples = splits
            .into_iter()
            .next()
            .ok_or_else(|| Error::Usage("no samples to measure over".into()))?;
        let mut header = inputs.header(job, Vec::new(), Geometry::default());
        header.measured_over(&setup);
        header.samples = samples.len();
        header.device = device.name;
        Ok(Self {
            theta,
            inputs,
            header,
            evaluator,
            samples,
        })
    }

    /// The loss around this checkpoint.
    pub fn objective(&self, statistics: StatisticsMode) -> NetworkObjective {
        NetworkObjective::new(&self.evaluator, &self.theta, &self.samples, statistics)
    }

    /// Opens one more checkpoint of the same network.
    ///
    /// # Errors
    /// Where it can't be read, belongs to another network, or has values that aren't finite.
    pub fn another(&mut self, file: &Path, role: &str) -> Result<Params> {
        let params = self.inputs.another(file, role)?;
        check_finite(file, params.trainable())?;
        self.header.checkpoints = self.inputs.checkpoints.clone();
        Ok(params)
    }
}
