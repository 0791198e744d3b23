//! What a training job names, opened: network, data, device, initial weights.

use crate::checkpoint::{Architecture as Told, Told as Beside};
use crate::checkpoint::{Array, Source, StateDict, Values};
use crate::dataset::{self, Dataset, Samples, Targets};
use crate::engine::header::{Header, ModelFacts};
use crate::engine::inputs::{Inputs, open_checkpoint};
use crate::engine::job::{Setup, TrainingJob};
use crate::engine::loss;
use crate::error::{Error, Result};
use crate::landscape::evaluate::Precision;
use crate::landscape::slice::Geometry;
use crate::model::architecture::{self, Wanted};
use crate::model::graph::{Graph, Layer, Loss};
use crate::model::params::Params;
use crate::model::role::Role;
use crate::model::{Network, file};
use crate::train::{Recipe, Trainer, initial, order};
use std::path::PathBuf;
use std::sync::Arc;

/// The network that is trained where nobody names one.
const USUAL: &str = "mlp:hidden=128-64";

/// A run that can begin.
pub struct Opened {
    /// The network at its start.
    pub trainer: Trainer,
    /// How it is made, as far as is known.
    pub header: Header,
    /// The network as the text of a model file, for whoever opens its weights.
    pub model: String,
    /// Number type of its files.
    pub precision: Precision,
}

/// Opens what a job with one run names.
///
/// # Errors
/// Where something can't be opened, doesn't fit, or the recipe makes no sense.
pub fn open(job: &TrainingJob) -> Result<Opened> {
    let recipe = job.recipe()?;
    let setup = &job.setup;
    let dataset = dataset::open(&setup.data_options())?;
    let (mut inputs, start) = match &job.start {
        Some(path) => {
            let state = open_checkpoint(path, setup.key.as_deref())?;
            let mut inputs = Inputs::over(setup, &state, dataset, &|_| {})?;
            let point = inputs.point_of(path, &state, "start")?;
            let start = if job.draw {
                let network = &inputs.network;
                let rule = job.how.initial.initial;
                initial::draw(network.graph(), network.layout(), rule, job.weights_seed())?
            } else {
                point
            };
            (inputs, start)
        }
        None => made(job, dataset)?,
    };
    let Some(train) = &inputs.train else {
        return Err(Error::Usage(
            "training takes training samples; leave out --split validation".into(),
        ));
    };
    let train = some(train, job)?;
    inputs.data.train_samples = train.len();
    inputs.train = Some(train);
    begin(&inputs, &start, job.clone(), recipe)
}

fn begin(inputs: &Inputs, start: &Params, job: TrainingJob, recipe: Recipe) -> Result<Opened> {
    let setup = job.setup.clone();
    let (evaluator, device, _) = inputs.evaluator(&setup)?;
    let missing = || Error::Usage("training takes training samples".into());
    let train = inputs.train.as_ref().ok_or_else(missing)?;
    let validation = inputs.validation.as_ref();
    let classes = inputs.classes;
    let trainer = Trainer::new(evaluator, start, train, validation, classes, recipe)?;
    let network = &inputs.network;
    let mut header = inputs.header(job, Vec::new(), Geometry::default());
    header.device = device.name;
    header.statistics = if network.has_statistics() {
        "statistics of each batch; running ones with PyTorch's momentum of 0.1".into()
    } else {
        String::new()
    };
    header.warn(remarks(network, trainer.recipe(), train.len()));
    header.model.parameters = start.count();
    let model = file::write(network.graph(), &header.model.assumptions);
    Ok(Opened {
        trainer,
        header,
        model,
        precision: setup.precision,
    })
}

/// The samples of the training split that a run trains on.
fn some(train: &Arc<Samples>, job: &TrainingJob) -> Result<Arc<Samples>> {
    let wanted = job.subset.0.first().copied().unwrap_or(0);
    if wanted > train.len() {
        return Err(Error::Usage(format!(
            "subset = {wanted} in the recipe, but the data has {} training samples",
            train.len()
        )));
    }
    if wanted == 0 {
        return Ok(Arc::clone(train));
    }
    let chosen = order::subset(job.setup.seed, wanted, train.len());
    Ok(Arc::new(train.select(&chosen)))
}

/// What a reader should know of how the network is trained.
fn remarks(network: &Network, recipe: &Recipe, samples: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    let batch = recipe.batch_size;
    if batch > samples {
        remarks.push(format!(
            "batches of {batch} have all {samples} training samples"
        ));
    } else if network.has_statistics() && samples % batch == 1 {
        remarks.push(
            "the last sample of each epoch, alone in its batch, is left out: it has no statistics"
                .into(),
        );
    }
    let layers = &network.graph().layers;
    let dropouts = layers
        .iter()
        .filter(|node| matches!(node.layer, Layer::Dropout(_)));
    let names: Vec<String> = dropouts.map(|node| format!("{:?}", node.name)).collect();
    if !names.is_empty() {
        remarks.push(format!(
            "dropout isn't applied in training: {} let everything through",
            names.join(", ")
        ));
    }
    if network.layout().iter().any(|spec| spec.role == Role::Fixed) {
        remarks.push("buffers that aren't running statistics stay as they are".into());
    }
    if recipe.how.batches.gradient_noise > 0.0 {
        remarks.push("training losses are those of the noisy weights of the samples".into());
    }
    remarks
}

/// A network by its name, with new weights.
fn made(job: &TrainingJob, dataset: Dataset) -> Result<(Inputs, Params)> {
    let setup = &job.setup;
    let name = match setup.model.as_str() {
        "auto" => USUAL,
        name => name,
    };
    if !architecture::is_known(name) && PathBuf::from(name).extension().is_some() {
        return Err(Error::Usage(format!(
            "{name:?} describes layers, not the shapes of their tensors: name a checkpoint of it with --start, and --draw for new weights"
        )));
    }
    let (graph, network) = graph(name, setup, &dataset)?;
    let rule = job.how.initial.initial;
    let start = initial::draw(&graph, network.layout(), rule, job.weights_seed())?;
    let state = as_checkpoint(name, &graph, &start);
    let told = Setup {
        model: "auto".into(),
        ..setup.clone()
    };
    let mut inputs = Inputs::over(&told, &state, dataset, &|_| {})?;
    let facts = ModelFacts {
        source: format!("architecture {name}"),
        ..inputs.model.clone()
    };
    inputs.model = facts;
    if setup.model == "auto" {
        inputs
            .warnings
            .push(format!("no network was named: trained is {USUAL}"));
    }
    Ok((inputs, start))
}

/// The graph of a named network for the data, with the loss that was chosen or that the targets ask for.
fn graph(name: &str, setup: &Setup, dataset: &Dataset) -> Result<(Graph, Network)> {
    let train = &dataset.train;
    let chosen = setup.loss.as_ref().map(|loss| &loss.0);
    let each = train.targets_each();
    let labelled = matches!(train.targets, Targets::Classes(_));
    let sequence = labelled && !train.target_shape.is_empty() && train.target_shape == train.shape;
    let outputs = match (chosen, &train.targets) {
        (Some(Loss::BinaryCrossEntropy(_)), _) => each,
        (_, Targets::Classes(_)) => vocabulary(dataset, sequence),
        (_, Targets::Values(_)) => each,
        (_, Targets::Missing(_)) => train.width(),
    };
    let wanted = Wanted {
        input: &train.shape,
        outputs: outputs.max(1),
        sequence,
        loss: loss::expected(&Loss::default(), chosen, Some(dataset)),
    };
    let made = architecture::make(name, &wanted)?;
    let network = made.network()?;
    let (network, _) = loss::settled(network, chosen.is_some(), Some(dataset))?;
    Ok((network.graph().clone(), network))
}

/// Classes, and of sequences all tokens that are read too.
fn vocabulary(dataset: &Dataset, sequence: bool) -> usize {
    if !sequence {
        return dataset.classes;
    }
    let splits = std::iter::once(&dataset.train).chain(&dataset.validation);
    let inputs = splits.flat_map(|samples| &samples.inputs);
    let most = inputs.fold(0.0_f32, |most, token| most.max(*token));
    dataset.classes.max(most as usize + 1)
}

/// Initial weights as if they had been read.
fn as_checkpoint(name: &str, graph: &Graph, point: &Params) -> StateDict {
    let tensors = point.tensors().filter_map(|(spec, values)| {
        let array = Array::new(spec.shape.clone(), Values::F64(values.to_vec()))?;
        Some((spec.name.clone(), array))
    });
    StateDict {
        tensors: tensors.collect(),
        unreadable: Vec::new(),
        source: Source {
            path: PathBuf::from(name),
            format: "initial weights".into(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        warnings: Vec::new(),
        told: Beside {
            architecture: Some(Told::Described(file::write(graph, &[]))),
            ..Beside::default()
        },
    }
}
