//! Networks that come in a file with their graph: one named as `--model`, or a checkpoint that holds its own.

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use crate::model::file;
use crate::model::graph::Loss;
use crate::model::import::{self, Imported};
use std::path::Path;

/// What writes a network itself, with its weights, in Python.
pub const EXPORT: &str =
    "torch.export.save(torch.export.export(model.eval(), (example,)), \"model.pt2\")";

/// Whether a `--model` names a file, as opposed to a family.
pub fn is_file(model: &str) -> bool {
    let path = Path::new(model);
    model != "auto" && (path.extension().is_some() || path.is_file())
}

/// The network that `model` names, or that the file of `state` holds where nothing is named; `None` where names and
/// shapes must tell. `sample`: the shape of the data's samples; `classes`: theirs, where the usual loss is taken over
/// them.
///
/// # Errors
/// Where a named file holds no network, or one that can't be followed.
pub fn network(
    model: &str,
    state: &dyn Listing,
    sample: Option<&[usize]>,
    classes: Option<usize>,
) -> Result<Option<Imported>> {
    if let ("auto", Some(text)) = (model, state.told().described()) {
        return described(text, state).map(Some);
    }
    let found = if model == "auto" {
        let own = &state.source().path;
        if !own.is_file() {
            return Ok(None);
        }
        import::own_graph(own, sample, Some(state)).map_err(otherwise)?
    } else if is_file(model) {
        let found = import::open_as(Path::new(model), sample, Some(state))?;
        Some(found.ok_or_else(|| {
            Error::file(
                model,
                format!("holds no graph of a network: expected a model.toml, or what torch.export.save writes; in Python, {EXPORT}"),
            )
        })?)
    } else {
        None
    };
    Ok(found.map(|found| with_one_output(found, classes)))
}

/// The network that Losscope wrote beside the weights it trained.
fn described(text: &str, state: &dyn Listing) -> Result<Imported> {
    let path = &state.source().path;
    Ok(Imported {
        graph: file::parse(text, path)?,
        source: "the description that Losscope wrote beside the weights".into(),
        // Its loss is described, too.
        outputs: 0,
        notes: Vec::new(),
    })
}

/// A graph that can't be followed isn't replaced by a guess, but a person may name what it is.
fn otherwise(error: Error) -> Error {
    match error {
        Error::File { message, path } => Error::File {
            message: format!(
                "{message} (--model with a model.toml or a family's name reads the weights without the graph)"
            ),
            path,
        },
        other => other,
    }
}

/// One output is a logit of the upper half of the classes, until targets or a person say otherwise.
pub(super) fn with_one_output(mut found: Imported, classes: Option<usize>) -> Imported {
    if found.outputs == 1 {
        let half = (classes.unwrap_or(2) / 2).max(1);
        let from = u32::try_from(half).unwrap_or(u32::MAX);
        found.graph.loss = Loss::binary(from);
        found.notes.push(format!(
            "One output: binary cross-entropy where the data has classes, labels from {from} up are positive."
        ));
    }
    found
}
