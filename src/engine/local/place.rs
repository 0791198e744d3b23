//! One checkpoint opened to be measured at, the header of every result, and how measures advance.

use crate::engine::drive::Flow;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::{BUILTIN_SMALL, Setup, SplitChoice};
use crate::engine::recipe::{DataFacts, FileFacts, ModelFacts};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::model::params::Params;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How a measure was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of Losscope that made it.
    pub losscope: String,
    /// The network.
    pub model: ModelFacts,
    /// Every checkpoint read.
    pub checkpoints: Vec<FileFacts>,
    /// The data.
    pub data: DataFacts,
    /// Which samples: "training" or "validation".
    pub split: String,
    /// Number of those samples.
    pub samples: usize,
    /// The device that computed it.
    pub device: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// Time spent, seconds.
    pub elapsed_seconds: f64,
    /// Whether everything asked for is there; false: stopped before.
    pub complete: bool,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// How far a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// What is being measured.
    pub what: &'static str,
    /// Steps of it done.
    pub done: usize,
    /// Steps of it in all, as far as is known.
    pub total: usize,
}

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
    start: Instant,
}

impl Place {
    /// Opens `file` (the built-in small-batch minimizer where there is none), its data and a device.
    ///
    /// Where both splits are asked for, which is the default, the training split is measured over:
    /// it is the one whose loss was minimised.
    ///
    /// # Errors
    /// As the parts.
    pub fn open(file: Option<&Path>, setup: &Setup) -> Result<Self> {
        let mut setup = setup.clone();
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
        let split = match setup.split {
            SplitChoice::Validation => "validation",
            _ => "training",
        };
        let header = Header {
            losscope: env!("CARGO_PKG_VERSION").to_owned(),
            model: inputs.model.clone(),
            checkpoints: inputs.checkpoints.clone(),
            data: inputs.data.clone(),
            split: split.to_owned(),
            samples: samples.len(),
            device: device.name,
            seed: setup.seed,
            elapsed_seconds: 0.0,
            complete: false,
            warnings: inputs.warnings.clone(),
        };
        Ok(Self {
            theta,
            inputs,
            header,
            evaluator,
            samples,
            start: Instant::now(),
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

    /// Seconds since it was opened.
    pub fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

/// Pulls `step` until it has nothing more or `show` says stop; false: stopped.
///
/// # Errors
/// As `step`.
pub fn pull<T>(
    mut step: impl FnMut() -> Result<Option<T>>,
    mut show: impl FnMut(T) -> Flow,
) -> Result<bool> {
    while let Some(news) = step()? {
        if show(news) == Flow::Stop {
            return Ok(false);
        }
    }
    Ok(true)
}
