//! Opening an experiment: everything the thread keeps while the same files are open.

use super::news::{ExperimentFacts, Failure, Inside, Stage};
use super::wish::{Place, Wish};
use crate::checkpoint::StateDict;
use crate::dataset;
use crate::engine::crew::Helper;
use crate::engine::device::DeviceChoice;
use crate::engine::inputs::{Inputs, list_checkpoint, open_network_with};
use crate::engine::job::Setup;
use crate::engine::sets;
use crate::error::{Error, Result};
use crate::landscape::distance::between;
use crate::landscape::evaluate::statistics::Remeasure;
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Metrics, Split};
use crate::landscape::measures::part::By;
use crate::landscape::slice::{Buffers, Slice};
use crate::model::params::Params;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A step should take about this long: a newer wish waits for the current one.
pub const STEP: Duration = Duration::from_millis(18);
/// Samples of each split that a first picture is drawn from.
pub const FEW_SAMPLES: usize = 256;

/// An open experiment.
pub struct Workbench {
    /// Network, data and kept checkpoints.
    pub inputs: Inputs,
    /// The network on its device.
    pub evaluator: Evaluator,
    /// The device in words.
    pub device: String,
    /// Further devices, which share the points of surfaces and lines.
    pub helpers: Vec<Helper>,
    /// Whether it is a graphics device, which may go away.
    pub on_gpu: bool,
    /// All samples of the splits asked for.
    pub splits: Vec<Split>,
    /// A subset of each, for first pictures; `None` where the splits are small themselves.
    pub few: Option<Vec<Split>>,
    /// The large-batch minimizer.
    pub large: Option<Params>,
    /// The line between both; of one checkpoint, a line that goes nowhere.
    pub line: LoadedSlice,
    /// What running statistics do along it.
    statistics: (Buffers, Remeasure),
    /// Facts for the window.
    pub facts: ExperimentFacts,
}

fn failure(stage: Stage) -> impl FnOnce(Error) -> Failure {
    move |error| Failure::new(stage, error.to_string())
}

/// Why data and network can't be opened together: whose fault is it?
fn blame(error: Error, setup: &Setup, first: &StateDict) -> Failure {
    if let Error::Undecided(question) = error {
        let mut failed = Failure::new(Stage::Network, question.text.clone());
        failed.question = Some(question);
        return failed;
    }
    let chosen = setup.loss.as_ref().map(|loss| &loss.0);
    let data = match dataset::open(&setup.data_options()) {
        Ok(data) => data,
        Err(error) => return failure(Stage::Data)(error),
    };
    // The same error of the network alone: then the data has no part in it.
    if open_network_with(&setup.model, chosen, first, None).is_err() {
        let mut failed = failure(Stage::Network)(error);
        let shape = |(name, array): &(String, crate::checkpoint::Array)| {
            (name.clone(), array.shape().to_vec())
        };
        failed.tensors = first.tensors.iter().map(shape).collect();
        return failed;
    }
    let fits = open_network_with(&setup.model, chosen, first, Some(&data)).is_ok();
    failure(if fits { Stage::Data } else { Stage::Fit })(error)
}

/// Opens what a wish names; `cpu` keeps it off a GPU that failed before, `watch` hears what is tried to find out which network it is.
pub fn open(
    wish: &Wish,
    cpu: bool,
    watch: &dyn Fn(&str),
) -> std::result::Result<Workbench, Failure> {
    opened(wish, cpu, watch).map_err(|failure| {
        let place = match failure.stage {
            Stage::Checkpoint(place) | Stage::Stranger(place) => Some(place),
            Stage::Network => Some(Place::Small),
            _ => None,
        };
        let path = place.and_then(|place| wish.checkpoint(place));
        Failure {
            sets: path.map_or_else(Vec::new, sets::all),
            ..failure
        }
    })
}

/// A checkpoint, and what else in it could have been meant.
fn read(path: &Path, key: Option<&str>) -> Result<(StateDict, Inside)> {
    let file = list_checkpoint(path, key)?;
    let inside = Inside {
        at: file.source.state_dict_at.clone(),
        // With a key the reader lists what isn't weights, too.
        sets: match key {
            Some(_) => sets::all(path),
            None => sets::nested(&file),
        },
    };
    Ok((file.read_all()?, inside))
}

fn opened(wish: &Wish, cpu: bool, watch: &dyn Fn(&str)) -> std::result::Result<Workbench, Failure> {
    let mut setup = wish.plane.setup.clone();
    if cpu {
        setup.device = DeviceChoice::Flex;
    }
    let unread = |place| failure(Stage::Checkpoint(place));
    let key = setup.key.as_deref();
    let (first, own) = read(&wish.small, key).map_err(unread(Place::Small))?;
    let mut inside = vec![(Place::Small, own)];
    let mut inputs = Inputs::open_watched(&setup, &first, watch)
        .map_err(|error| blame(error, &setup, &first))?;
    inputs.keep_checkpoints();
    // Samples first: where they don't fit, a large checkpoint need not be unpacked.
    let (evaluator, opened, splits) = inputs.evaluator(&setup).map_err(|e| match e {
        Error::Device(_) => failure(Stage::Device)(e),
        e => failure(Stage::Fit)(e),
    })?;
    let helpers = inputs
        .helpers(&setup, &evaluator)
        .map_err(failure(Stage::Device))?;
    let small = inputs
        .point_of(&wish.small, &first, "small batch")
        .map_err(failure(Stage::Stranger(Place::Small)))?;
    let mut point = |path: &Option<PathBuf>, place, role: &str| {
        let Some(path) = path else { return Ok(None) };
        let (state, own) = read(path, key).map_err(unread(place))?;
        inside.push((place, own));
        let point = inputs.point_of(path, &state, role);
        point.map(Some).map_err(failure(Stage::Stranger(place)))
    };
    let large = point(&wish.large, Place::Large, "large batch")?;
    let initial = point(&wish.initial, Place::Initial, "initial weights")?;
    if let (Some(path), Some(large)) = (&wish.large, &large)
        && between(large, &small).total == 0.0
    {
        return Err(failure(Stage::Stranger(Place::Large))(Error::file(
            path,
            "it holds the same weights as the small-batch minimizer: there is no line between them",
        )));
    }
    let computing = || failure(Stage::Computing);
    let ends = (small.clone(), large.as_ref());
    let (line, [at_small, at_large]) =
        line(wish, &inputs, &evaluator, ends, &splits).map_err(computing())?;
    let few = few(&inputs, &evaluator, wish.plane.setup.seed).map_err(computing())?;
    let facts = ExperimentFacts {
        model: inputs.model.clone(),
        data: inputs.data.clone(),
        device: together(&opened.name, &helpers),
        checkpoints: inputs.checkpoints.clone(),
        small: at_small,
        large: large.as_ref().map(|_| at_large),
        apart: large.as_ref().map(|large| between(large, &small)),
        small_from_initial: initial.as_ref().map(|start| between(&small, start)),
        large_from_initial: initial
            .as_ref()
            .zip(large.as_ref())
            .map(|(start, large)| between(large, start)),
        inside,
        splits: (inputs.train.is_some(), inputs.validation.is_some()),
        layers: (By::Layer.parts(small.layout()).into_iter())
            .map(|part| part.name)
            .collect(),
        warnings: [inputs.warnings.clone(), inputs.model.reading.lines()].concat(),
    };
    Ok(Workbench {
        on_gpu: opened.name.starts_with("gpu"),
        device: opened.name,
        helpers,
        inputs,
        evaluator,
        splits,
        few,
        large,
        line,
        statistics: (wish.plane.buffers, wish.plane.remeasure),
        facts,
    })
}

/// The names of all devices, the first one's first.
fn together(first: &str, others: &[Helper]) -> String {
    let others = others.iter().map(|helper| helper.name.as_str());
    let names: Vec<&str> = std::iter::once(first).chain(others).collect();
    names.join(" and ")
}

/// The line between both ends, or of one a line that goes nowhere, and the metrics at α = 0 and 1.
fn line(
    wish: &Wish,
    inputs: &Inputs,
    evaluator: &Evaluator,
    (small, large): (Params, Option<&Params>),
    splits: &[Split],
) -> Result<(LoadedSlice, [Vec<Metrics>; 2])> {
    let slice = match large {
        Some(large) => Slice::line(small, large, wish.plane.buffers),
        None => {
            let still = Params::zeros(small.layout());
            Slice::new(small, vec![still], Buffers::Frozen)
        }
    }?;
    let how = wish.plane.remeasure;
    let line = evaluator.load_measured(slice, inputs.statistics.as_ref(), how)?;
    let splits: Vec<&Split> = splits.iter().collect();
    let ends = evaluator.evaluate(&line, &[vec![0.0], vec![1.0]], &splits)?;
    let mut ends = ends.into_iter();
    let ends = [(); 2].map(|()| ends.next().unwrap_or_default());
    Ok((line, ends))
}

impl Workbench {
    /// Lets running statistics do along the line what `wish` says; whether they did something else.
    ///
    /// # Errors
    /// Where they can't be measured as it says.
    pub fn follow(&mut self, wish: &Wish) -> Result<bool> {
        let wanted = (wish.plane.buffers, wish.plane.remeasure);
        if self.statistics == wanted || !self.has_statistics() {
            return Ok(false);
        }
        let ends = (self.line.slice().origin.clone(), self.large.as_ref());
        let (inputs, evaluator) = (&self.inputs, &self.evaluator);
        let (line, [small, large]) = line(wish, inputs, evaluator, ends, &self.splits)?;
        self.line = line;
        self.facts.small = small;
        self.facts.large = self.large.as_ref().map(|_| large);
        self.statistics = wanted;
        Ok(true)
    }

    /// Whether running statistics still do along the line what an earlier wish said.
    pub fn is_behind(&self, wish: &Wish) -> bool {
        let wanted = (wish.plane.buffers, wish.plane.remeasure);
        self.large.is_some() && self.has_statistics() && self.statistics != wanted
    }

    /// Whether the network has running statistics.
    pub fn has_statistics(&self) -> bool {
        self.inputs.network.has_statistics()
    }
}

/// A stratified subset of every split, where they are larger than that.
fn few(inputs: &Inputs, evaluator: &Evaluator, seed: u64) -> Result<Option<Vec<Split>>> {
    let all = || [&inputs.train, &inputs.validation].into_iter().flatten();
    if all().all(|samples| samples.len() <= FEW_SAMPLES) {
        return Ok(None);
    }
    let upload = |samples: &Arc<dataset::Samples>| {
        if samples.len() <= FEW_SAMPLES {
            evaluator.upload(samples, inputs.classes)
        } else {
            let subset = Arc::new(samples.subset(FEW_SAMPLES, seed));
            evaluator.upload(&subset, inputs.classes)
        }
    };
    all().map(upload).collect::<Result<_, _>>().map(Some)
}
