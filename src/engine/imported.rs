//! Networks that come in a file with their graph: one named as `--model`, or a checkpoint that holds its own.

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use crate::model::family::Hints;
use crate::model::import::{self, Imported};
use std::path::Path;

/// Whether a `--model` names a file, as opposed to a family.
pub fn is_file(model: &str) -> bool {
    let path = Path::new(model);
    model != "auto" && (path.extension().is_some() || path.is_file())
}

/// The network that `model` names, or that the file of `state` holds where nothing is named; `None` where names and
/// shapes must tell. `hints`: what the data say of the input, which not every file does.
///
/// # Errors
/// Where a named file holds no network, or one that can't be followed.
pub fn network(model: &str, state: &dyn Listing, hints: &Hints<'_>) -> Result<Option<Imported>> {
    if model == "auto" {
        let own = &state.source().path;
        return if own.is_file() {
            import::graph_of(own, Some(state), hints.input)
        } else {
            Ok(None)
        };
    }
    if !is_file(model) {
        return Ok(None);
    }
    let found = import::open_for(Path::new(model), Some(state), hints.input)?;
    found.map(Some).ok_or_else(|| {
        Error::file(
            model,
            "holds no graph of a network: expected a model.toml, or what torch.export.save, torch.jit.save or torch.onnx.export writes; in Python, torch.export.save(torch.export.export(model.eval(), (example,)), \"model.pt2\")",
        )
    })
}
