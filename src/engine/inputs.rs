//! Opening what a job names: checkpoints, the network they belong to, the data, the device.

use crate::checkpoint::{Checkpoint, StateDict};
use crate::dataset::{self, Dataset, Samples};
use crate::engine::builtin;
use crate::engine::crew::Helper;
use crate::engine::device::{self, OpenDevice};
use crate::engine::header::{AxisFacts, DataFacts, FileFacts, Fingerprints, Header, ModelFacts};
use crate::engine::job::{Job, Setup};
pub use crate::engine::network::{decided, open_network, open_network_with};
use crate::engine::reading::Scene;
use crate::engine::resume::fingerprint_of;
use crate::error::{Error, Result};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::landscape::slice::Geometry;
use crate::model::Network;
use crate::model::params::{Params, TensorSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A network, its data and a device, with everything the recipe wants to know of them.
pub struct Inputs {
    /// The network of the first checkpoint.
    pub network: Arc<Network>,
    /// Facts for the recipe.
    pub model: ModelFacts,
    /// The data, subset to what was asked for; splits not asked for are `None`.
    pub train: Option<Arc<Samples>>,
    /// Held-out samples.
    pub validation: Option<Arc<Samples>>,
    /// The whole training split where statistics are to be measured.
    pub statistics: Option<Arc<Samples>>,
    /// Number of classes of the data.
    pub classes: usize,
    /// Facts for the recipe.
    pub data: DataFacts,
    /// Every checkpoint read so far.
    pub checkpoints: Vec<FileFacts>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Where in every checkpoint the weights are, where that was said.
    key: Option<String>,
    /// Checkpoints kept in memory for whoever builds many slices; `None` keeps none.
    kept: Option<Vec<Kept>>,
    /// How many warnings are about the data and the network alone.
    own_warnings: usize,
}

/// A checkpoint kept in memory: a file that goes away while it is open stays open.
struct Kept {
    path: PathBuf,
    params: Params,
    sha256: String,
    warnings: Vec<String>,
}

/// Lists a checkpoint file, or one of the built-in ones by name; `key` leads to one of several
/// dictionaries in it.
///
/// # Errors
/// As [`Checkpoint::open`].
pub fn list_checkpoint(path: &Path, key: Option<&str>) -> Result<Checkpoint> {
    match builtin::checkpoint(path, key) {
        Some(checkpoint) => checkpoint,
        None => Checkpoint::open(path, key),
    }
}

/// As [`list_checkpoint`], and reads all of it.
///
/// # Errors
/// As [`crate::checkpoint::open`].
pub fn open_checkpoint(path: &Path, key: Option<&str>) -> Result<StateDict> {
    list_checkpoint(path, key)?.read_all()
}

/// Refuses a point whose tensors hold infinities or NaN; `path` is the checkpoint they came from.
///
/// # Errors
/// Where there is such a tensor; the error names both.
pub fn check_finite<'a>(
    path: &Path,
    mut tensors: impl Iterator<Item = (&'a TensorSpec, &'a [f64])>,
) -> Result<()> {
    let broken = |values: &[f64]| values.iter().any(|v| !v.is_finite());
    match tensors.find(|(_, values)| broken(values)) {
        Some((spec, _)) => Err(Error::file(
            path,
            format!(
                "{:?} has values that aren't finite: there is nothing to measure around this point",
                spec.name
            ),
        )),
        None => Ok(()),
    }
}

impl Inputs {
    /// Opens data and the network of `first`; samples are subset as the job says.
    ///
    /// # Errors
    /// As the parts; where a split was asked for that the data lacks.
    pub fn open(setup: &Setup, first: &StateDict) -> Result<Self> {
        Self::open_watched(setup, first, &|_| {})
    }

    /// As [`Inputs::open`]; `watch` hears what is tried to find out which network it is.
    ///
    /// # Errors
    /// As [`Inputs::open`].
    pub fn open_watched(setup: &Setup, first: &StateDict, watch: &dyn Fn(&str)) -> Result<Self> {
        let dataset = dataset::open(&setup.data_options())?;
        Self::over(setup, first, dataset, watch)
    }

    /// As [`Inputs::open_watched`], over data that was opened.
    ///
    /// # Errors
    /// As [`Inputs::open`].
    pub fn over(
        setup: &Setup,
        first: &StateDict,
        dataset: Dataset,
        watch: &dyn Fn(&str),
    ) -> Result<Self> {
        let (network, model) = decided(&Scene {
            model: &setup.model,
            loss: setup.loss.as_ref().map(|loss| &loss.0),
            state: first,
            data: &dataset,
            options: &setup.data_options(),
            watch,
        })?;
        let mut warnings = dataset.warnings.clone();
        let (wants_train, wants_validation) = setup.wants();
        let only_validation = wants_validation && !wants_train;
        if dataset.validation.is_none() && only_validation {
            return Err(Error::Usage(format!(
                "the data {:?} has no validation samples; use --split train",
                dataset.name
            )));
        }
        if dataset.validation.is_none() && wants_validation {
            warnings.push(format!(
                "the data {:?} has no validation samples: training metrics only",
                dataset.name
            ));
        }
        let subset = |samples: Samples| match setup.samples {
            Some(n) if n < samples.len() => Arc::new(samples.subset(n, setup.seed)),
            _ => Arc::new(samples),
        };
        let all_train = Arc::new(dataset.train);
        let train = wants_train.then(|| match setup.samples {
            Some(n) if n < all_train.len() => Arc::new(all_train.subset(n, setup.seed)),
            _ => Arc::clone(&all_train),
        });
        let validation = dataset.validation.filter(|_| wants_validation).map(subset);
        let data = DataFacts {
            name: dataset.name,
            description: dataset.description,
            sha256: dataset.sha256,
            train_samples: train.as_ref().map_or(0, |s| s.len()),
            validation_samples: validation.as_ref().map_or(0, |s| s.len()),
        };
        let statistics = network.has_statistics().then_some(all_train);
        Ok(Self {
            own_warnings: warnings.len(),
            key: setup.key.clone(),
            kept: None,
            network: Arc::new(network),
            model,
            train,
            validation,
            statistics,
            classes: dataset.classes,
            data,
            checkpoints: Vec::new(),
            warnings,
        })
    }

    /// The network of `first` alone, for what needs no data; `key` as of [`list_checkpoint`].
    ///
    /// # Errors
    /// Where the network can't be recognised or doesn't fit.
    pub fn without_data(model: &str, first: &StateDict, key: Option<&str>) -> Result<Self> {
        let (network, model) = open_network(model, first, None)?;
        Ok(Self {
            network: Arc::new(network),
            model,
            train: None,
            validation: None,
            statistics: None,
            classes: 0,
            data: DataFacts::default(),
            checkpoints: Vec::new(),
            warnings: Vec::new(),
            key: key.map(str::to_owned),
            kept: None,
            own_warnings: 0,
        })
    }

    /// Keeps every checkpoint from now on in memory instead of reading it again.
    pub fn keep_checkpoints(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// Forgets which checkpoints and warnings the last slice had; kept checkpoints stay.
    pub fn begin_slice(&mut self) {
        self.checkpoints.clear();
        self.warnings.truncate(self.own_warnings);
    }

    /// The point of parameter space that the checkpoint at `path` holds, opened or kept.
    ///
    /// # Errors
    /// As [`open_checkpoint`] and [`Inputs::params`].
    pub fn point(&mut self, path: &Path, role: &str) -> Result<Params> {
        let kept = self.kept.iter().flatten().find(|k| k.path == path);
        if let Some(kept) = kept {
            let (params, sha256) = (kept.params.clone(), kept.sha256.clone());
            let warnings = kept.warnings.clone();
            self.note(path, role, sha256, &warnings);
            return Ok(params);
        }
        let state = open_checkpoint(path, self.key.as_deref())?;
        self.point_of(path, &state, role)
    }

    /// As [`Inputs::point`], for what isn't part of the slice that is being made: its header says nothing
    /// of the file, whose warnings are given instead.
    ///
    /// # Errors
    /// As [`Inputs::point`].
    pub fn beside(&mut self, path: &Path, role: &str) -> Result<(Params, Vec<String>)> {
        let (files, said) = (self.checkpoints.clone(), std::mem::take(&mut self.warnings));
        let point = self.point(path, role);
        self.checkpoints = files;
        let own = std::mem::replace(&mut self.warnings, said);
        Ok((point?, own))
    }

    /// As [`Inputs::point`], of a checkpoint that was opened from `path` before.
    ///
    /// # Errors
    /// As [`Inputs::params`].
    pub fn point_of(&mut self, path: &Path, state: &StateDict, role: &str) -> Result<Params> {
        let params = self.params(state, role)?;
        if let Some(kept) = &mut self.kept {
            let warnings = [state.warnings.clone(), self.network.params(state)?.1].concat();
            kept.push(Kept {
                path: path.to_owned(),
                params: params.clone(),
                sha256: state.source.sha256.clone(),
                warnings,
            });
        }
        Ok(params)
    }

    /// As [`Inputs::point`], but opened anew and kept by nobody.
    ///
    /// # Errors
    /// As [`open_checkpoint`] and [`Inputs::params`].
    pub fn another(&mut self, path: &Path, role: &str) -> Result<Params> {
        let state = open_checkpoint(path, self.key.as_deref())?;
        self.params(&state, role)
    }

    /// Notes a checkpoint and what is to be said about it.
    fn note(&mut self, path: &Path, role: &str, sha256: String, warnings: &[String]) {
        for warning in warnings {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        self.checkpoints.push(FileFacts {
            role: role.to_owned(),
            path: path.to_owned(),
            sha256,
        });
    }

    /// The point of parameter space a state dict holds; notes the file and its warnings.
    ///
    /// # Errors
    /// Where a tensor is missing or has another shape than the network's.
    pub fn params(&mut self, state: &StateDict, role: &str) -> Result<Params> {
        let (params, warnings) = self.network.params(state)?;
        let all = [state.warnings.clone(), warnings].concat();
        let source = &state.source;
        self.note(&source.path, role, source.sha256.clone(), &all);
        Ok(params)
    }

    /// The header of a result: what these inputs know, the rest as if nothing was computed yet.
    pub fn header(&self, job: impl Into<Job>, axes: Vec<AxisFacts>, geometry: Geometry) -> Header {
        let job = job.into();
        Header {
            checkpoints: self.checkpoints.clone(),
            fingerprints: Fingerprints {
                network: fingerprint_of(self.network.graph()),
                directions: Vec::new(),
            },
            axes,
            geometry,
            warnings: self.warnings.clone(),
            ..Header::new(job, self.model.clone(), self.data.clone())
        }
    }

    /// Every checkpoint of a folder with its name, in the order of the numbers in their names.
    ///
    /// # Errors
    /// Where the folder can't be read, holds fewer than three, or one doesn't fit.
    pub fn series(&mut self, folder: &Path) -> Result<(Vec<String>, Vec<Params>)> {
        let files = builtin::series(folder)?;
        let mut names = Vec::with_capacity(files.len());
        let mut points = Vec::with_capacity(files.len());
        for path in &files {
            let name = path
                .file_stem()
                .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
            points.push(self.point(path, &name)?);
            names.push(name);
        }
        Ok((names, points))
    }

    /// Opens the device and uploads the samples asked for.
    ///
    /// # Errors
    /// Where the device is missing, or data and network don't fit.
    pub fn evaluator(&self, setup: &Setup) -> Result<(Evaluator, OpenDevice, Vec<Split>)> {
        let opened = device::open(setup.device, setup.precision)?;
        let evaluator = Evaluator::new(
            Arc::clone(&self.network),
            opened.device.clone(),
            setup.precision,
            setup.memory.0,
        )?;
        let splits = [&self.train, &self.validation];
        let splits: Result<Vec<Split>> = splits
            .into_iter()
            .flatten()
            .map(|s| evaluator.upload(s, self.classes))
            .collect();
        Ok((evaluator, opened, splits?))
    }

    /// The devices beside the first, where several were asked for.
    ///
    /// # Errors
    /// Where one of them is missing.
    pub fn helpers(&self, setup: &Setup, evaluator: &Evaluator) -> Result<Vec<Helper>> {
        let all = device::open_all(setup.device, setup.precision)?;
        let others = all.into_iter().skip(1);
        let helper = |opened: OpenDevice| {
            Ok(Helper {
                evaluator: evaluator.on(&opened.device)?,
                name: opened.name,
            })
        };
        others.map(helper).collect()
    }
}
