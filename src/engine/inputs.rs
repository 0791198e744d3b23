//! Opening what a job names: checkpoints, the network they belong to, the data, the device.

use crate::checkpoint::{self, Array, StateDict};
use crate::dataset::{self, Dataset, Samples};
use crate::engine::builtin;
use crate::engine::device::{self, OpenDevice};
use crate::engine::job::{Job, Setup};
use crate::engine::recipe::{AxisFacts, DataFacts, FileFacts, ModelFacts, Recipe};
use crate::error::{Error, Result};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::landscape::slice::Geometry;
use crate::model::family::{self, Hints, Recognised};
use crate::model::graph::Layer;
use crate::model::params::Params;
use crate::model::{Network, file};
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
}

/// Opens a checkpoint file, or one of the built-in ones by name.
///
/// # Errors
/// As [`checkpoint::open`].
pub fn open_checkpoint(path: &Path) -> Result<StateDict> {
    match builtin::checkpoint(path) {
        Some(state) => state,
        None => checkpoint::open(path),
    }
}

/// The network of `state`, as the job's `--model` says.
///
/// # Errors
/// Where it can't be recognised or doesn't fit.
pub fn open_network(
    model: &str,
    state: &StateDict,
    data: Option<&Dataset>,
) -> Result<(Network, ModelFacts)> {
    let hints = Hints {
        input: data.map(|d| d.train.shape.as_slice()),
        classes: data.map(|d| d.classes),
    };
    let (graph, source, assumptions) = if model.ends_with(".toml") {
        (
            file::read(model)?,
            format!("model file {model}"),
            Vec::new(),
        )
    } else if model.ends_with(".onnx") {
        return Err(Error::Usage(format!(
            "networks can't be read from ONNX files yet; describe it in a model.toml: {model}"
        )));
    } else {
        let found = recognise(model, state, &hints).map_err(|e| in_file(e, state))?;
        (
            found.graph,
            format!("{}: {}", found.family, found.why),
            found.assumptions,
        )
    };
    let network = Network::new(graph, state).map_err(|e| in_file(e, state))?;
    let parameters = network
        .layout()
        .iter()
        .filter(|s| s.is_trainable())
        .map(super::super::model::params::TensorSpec::len)
        .sum();
    let facts = ModelFacts {
        name: network.graph().name.clone(),
        source,
        parameters,
        loss: network.graph().loss.describe(),
        assumptions,
    };
    Ok((network, facts))
}

/// A complaint about a network names the file it came from.
fn in_file(error: Error, state: &StateDict) -> Error {
    match error {
        Error::Model(message) => Error::file(&state.source.path, message.trim_end_matches('.')),
        other => other,
    }
}

/// The family of `state`. burn stores the weights of linear layers as [in, out], the other way
/// round than PyTorch; its files are recognised both ways, its own first.
fn recognise(model: &str, state: &StateDict, hints: &Hints<'_>) -> Result<Recognised> {
    let find = |state: &StateDict| match model {
        "auto" => family::recognise(state, hints),
        name => family::by_name(name, state, hints),
    };
    if !state.source.format.contains("burnpack") {
        return find(state);
    }
    let mut turned = state.clone();
    for (_, array) in &mut turned.tensors {
        if let &[inner, outer] = array.shape() {
            // Only the shapes matter to the recogniser.
            *array = Array::new(vec![outer, inner], array.values().clone())
                .ok_or_else(|| Error::Model("a shape and its values disagree".into()))?;
        }
    }
    let Ok(mut found) = find(&turned) else {
        return find(state);
    };
    for node in &mut found.graph.layers {
        if let Layer::Linear { output_axis, .. } = &mut node.layer {
            *output_axis = 1;
        }
    }
    let words = "Linear weights are stored as [in, out], as burn does.";
    found.assumptions.push(words.into());
    Ok(found)
}

impl Inputs {
    /// Opens data and the network of `first`; samples are subset as the job says.
    ///
    /// # Errors
    /// As the parts; where a split was asked for that the data lacks.
    pub fn open(setup: &Setup, first: &StateDict) -> Result<Self> {
        let dataset = dataset::open(&setup.data_options())?;
        let (network, model) = open_network(&setup.model, first, Some(&dataset))?;
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

    /// The network of `first` alone, for what needs no data.
    ///
    /// # Errors
    /// Where the network can't be recognised or doesn't fit.
    pub fn without_data(model: &str, first: &StateDict) -> Result<Self> {
        let (network, model) = open_network(model, first, None)?;
        Ok(Self {
            network: Arc::new(network),
            model,
            train: None,
            validation: None,
            statistics: None,
            classes: 0,
            data: DataFacts {
                name: String::new(),
                description: String::new(),
                sha256: String::new(),
                train_samples: 0,
                validation_samples: 0,
            },
            checkpoints: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// The point of parameter space a state dict holds; notes the file and its warnings.
    ///
    /// # Errors
    /// Where a tensor is missing or has another shape than the network's.
    pub fn params(&mut self, state: &StateDict, role: &str) -> Result<Params> {
        let (params, warnings) = self.network.params(state)?;
        for warning in state.warnings.iter().chain(&warnings) {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        self.checkpoints.push(FileFacts {
            role: role.to_owned(),
            path: state.source.path.clone(),
            sha256: state.source.sha256.clone(),
        });
        Ok(params)
    }

    /// The header of a result: what these inputs know, the rest as if nothing was computed yet.
    pub fn recipe(&self, job: Job, axes: Vec<AxisFacts>, geometry: Geometry) -> Recipe {
        Recipe {
            losscope: env!("CARGO_PKG_VERSION").to_owned(),
            job,
            model: self.model.clone(),
            checkpoints: self.checkpoints.clone(),
            data: self.data.clone(),
            device: String::new(),
            axes,
            geometry,
            statistics: String::new(),
            clamped_variances: 0,
            marks: Vec::new(),
            trajectory: None,
            barriers: Vec::new(),
            non_finite: 0,
            elapsed_seconds: 0.0,
            warnings: self.warnings.clone(),
        }
    }

    /// Every checkpoint of a folder with its name, in the order of the numbers in their names.
    ///
    /// # Errors
    /// Where the folder can't be read, holds fewer than three, or one doesn't fit.
    pub fn series(&mut self, folder: &Path) -> Result<(Vec<String>, Vec<Params>)> {
        let files: Vec<PathBuf> = checkpoint::series(folder)?;
        let mut names = Vec::with_capacity(files.len());
        let mut points = Vec::with_capacity(files.len());
        for path in &files {
            let state = open_checkpoint(path)?;
            let name = path
                .file_stem()
                .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
            points.push(self.params(&state, &name)?);
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
}
