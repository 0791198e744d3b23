//! The network of a checkpoint, as `--model` says: recognised, decided by evidence, or described in a file.

use crate::checkpoint::Listing;
use crate::dataset::Dataset;
use crate::engine::by_names;
use crate::engine::header::ModelFacts;
use crate::engine::imported;
use crate::engine::loss;
use crate::engine::reading::{Chosen, Reading, Scene, choose, weigh};
use crate::error::{Error, Result};
use crate::model::family::Hints;
use crate::model::graph::Loss;
use crate::model::import::Imported;
use crate::model::params::TensorSpec;
use crate::model::{Network, file};
use std::path::Path;

/// The network of `state`, as the job's `--model` says, with the loss that its outputs and the data suggest.
///
/// # Errors
/// Where it can't be recognised or doesn't fit.
pub fn open_network(
    model: &str,
    state: &dyn Listing,
    data: Option<&Dataset>,
) -> Result<(Network, ModelFacts)> {
    open_network_with(model, None, state, data)
}

/// As [`open_network`], with a loss that was chosen: `--loss`.
///
/// # Errors
/// As [`open_network`]; where the loss doesn't fit the outputs.
pub fn open_network_with(
    model: &str,
    chosen: Option<&Loss>,
    state: &dyn Listing,
    data: Option<&Dataset>,
) -> Result<(Network, ModelFacts)> {
    let hints = hints(chosen, data);
    let found = if is_described(model) {
        Found::Described
    } else if let Some(graph) = imported::network(model, state, hints.input, hints.classes)? {
        Found::Imported(graph)
    } else {
        let usual = by_names::recognise(model, state, &hints).map_err(|e| in_file(e, state))?;
        let all = by_names::readings(model, state, &hints);
        Found::Read(Chosen::usual(model, usual, &all.unwrap_or_default()))
    };
    settle(model, chosen, found, state, data)
}

/// As [`open_network_with`], where the checkpoint's values and the data decide which network it is, or speak for and
/// against the one that nobody need choose.
///
/// # Errors
/// As [`open_network_with`]; [`Error::Undecided`] where they don't decide.
pub fn decided(scene: &Scene<'_>) -> Result<(Network, ModelFacts)> {
    let (model, chosen, first, data) = (scene.model, scene.loss, scene.state, scene.data);
    let hints = hints(chosen, Some(data));
    let known = if is_described(model) {
        Some(Found::Described)
    } else {
        let graph = imported::network(model, first, hints.input, hints.classes)?;
        graph.map(Found::Imported)
    };
    if let Some(known) = known {
        let (network, mut facts) = settle(model, chosen, known, first, Some(data))?;
        let settled = Scene {
            loss: Some(&network.graph().loss),
            ..*scene
        };
        let weighed = weigh(network.graph(), &settled).map_err(|e| in_file(e, first))?;
        facts.reading.weighed(weighed);
        return Ok((network, facts));
    }
    let readings = by_names::readings(model, first, &hints);
    let readings = readings.map_err(|e| in_file(e, first))?;
    let found = choose(&readings, scene).map_err(|e| in_file(e, first))?;
    settle(model, chosen, Found::Read(found), first, Some(data))
}

/// Whether `--model` names a file that describes the network.
fn is_described(model: &str) -> bool {
    Path::new(model)
        .extension()
        .is_some_and(|end| end == "toml")
}

/// What the data tells before it is looked at.
fn hints<'a>(chosen: Option<&Loss>, data: Option<&'a Dataset>) -> Hints<'a> {
    // Classes say something of the outputs only where the usual loss is taken over them.
    let classes = data.map(|d| d.classes);
    Hints {
        input: data.map(|d| d.train.shape.as_slice()),
        classes: classes.filter(|classes| *classes > 0 && chosen.is_none()),
        modules: &[],
    }
}

/// How a network was found.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, on its way to the network"
)]
enum Found {
    /// A person's description.
    Described,
    /// A graph in a file.
    Imported(Imported),
    /// Names, shapes and evidence.
    Read(Chosen),
}

/// The network with its loss.
fn settle(
    model: &str,
    chosen: Option<&Loss>,
    found: Found,
    state: &dyn Listing,
    data: Option<&Dataset>,
) -> Result<(Network, ModelFacts)> {
    // Losscope describes the networks it trains beside their weights, loss included.
    let is_told = model == "auto" && state.told().described().is_some();
    let is_file = matches!(found, Found::Described) || is_told;
    let (graph, source, mut assumptions, mut reading) = match found {
        Found::Read(Chosen { mut found, reading }) => {
            let loss = loss::expected(&found.graph.loss, chosen, data);
            if loss != found.graph.loss {
                found = found.with_loss(loss);
            }
            let source = format!("{}: {}", found.family, found.why);
            (found.graph, source, found.assumptions, reading)
        }
        Found::Imported(Imported {
            mut graph,
            source,
            notes,
            ..
        }) => {
            graph.loss = match chosen {
                Some(chosen) => chosen.clone(),
                None if is_told => graph.loss,
                None => loss::expected(&graph.loss, None, data),
            };
            let mut reading = Reading::held();
            for note in &notes {
                reading.assume(note.clone());
            }
            (graph, source, notes, reading)
        }
        Found::Described => {
            let mut graph = file::read(model)?;
            if let Some(chosen) = chosen {
                graph.loss = chosen.clone();
            }
            let source = format!("model file {model}");
            (graph, source, Vec::new(), Reading::described(model))
        }
    };
    let network = Network::new(graph, state)
        .and_then(|network| loss::settled(network, is_file || chosen.is_some(), data));
    let (mut network, mut assumed) = network.map_err(|e| in_file(e, state))?;
    // Who describes a network says what it ends in.
    let probabilities = loss::of_probabilities(network.graph()).filter(|_| !is_file);
    if let Some((meant, words)) = probabilities {
        network = Network::new(meant, state).map_err(|e| in_file(e, state))?;
        assumed.push(words);
    }
    if let (Some(data), [outputs]) = (data, network.output())
        && matches!(network.graph().loss, Loss::CrossEntropy(_))
        && data.classes > 0
        && *outputs > data.classes
    {
        assumed.push(format!(
            "The network has {outputs} outputs, the data {} classes: the first ones are taken to be these.",
            data.classes
        ));
    }
    for text in &assumed {
        reading.assume(text.clone());
    }
    assumptions.extend(assumed);
    let parameters = network
        .layout()
        .iter()
        .filter(|s| s.is_trainable())
        .map(TensorSpec::len)
        .sum();
    let facts = ModelFacts {
        name: network.graph().name.clone(),
        source,
        parameters,
        loss: network.graph().loss.describe(),
        criterion: network.graph().loss.clone(),
        assumptions,
        reading,
    };
    Ok((network, facts))
}

/// A complaint about a network names the file it came from.
fn in_file(error: Error, state: &dyn Listing) -> Error {
    match error {
        Error::Model(message) => Error::file(&state.source().path, message.trim_end_matches('.')),
        other => other,
    }
}
