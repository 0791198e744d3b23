//! The network of a checkpoint by the names and shapes of its tensors, whatever library wrote them.
//!
//! What differs between libraries is settled around the families, which know PyTorch's names alone.

use crate::checkpoint::{Listed, Listing, Source, Told};
use crate::error::{Error, Result};
use crate::model::family::{self, Hints, Recognised};
use crate::model::graph::Layer;
use crate::model::import::pickled::evidence;
use crate::model::import::{self, Imported};
use crate::model::layers::Linear;
use crate::model::seen::Seen;

/// The network of `state`, as `--model` says: the one that the file itself tells, else by names and shapes,
/// whatever library wrote them.
///
/// # Errors
/// As [`family::recognise`] and [`family::by_name`]; where what the file tells of its modules contradicts what
/// its names look like, or its own description can't be followed.
pub fn recognise(model: &str, state: &dyn Listing, hints: &Hints<'_>) -> Result<Recognised> {
    let mut untold = None;
    if model == "auto" {
        match import::told(state, hints.input) {
            Ok(Some(told)) => return Ok(as_told(state, told)),
            Ok(None) => {}
            // A class of the user's own has no forward in the file; its modules are evidence still.
            Err(reason) if state.told().modules().is_some() => untold = Some(reason),
            Err(reason) => return Err(reason),
        }
    }
    let seen = Seen::new(state);
    let mut found = by_family(model, &seen, hints)?;
    seen.complete(&mut found);
    if let (Some(root), Some(reason)) = (state.told().modules(), untold) {
        let against = evidence::contradictions(root, &found.graph);
        if let Some(first) = against.first() {
            return Err(Error::Model(format!(
                "by names this is {}, but {first}; and {reason}",
                found.graph.name
            )));
        }
        let classes = evidence::activations(root);
        found.assumptions.push(if classes.is_empty() {
            "The file's own modules tell no activation and no forward.".to_owned()
        } else {
            format!(
                "The file's own modules are {} where they are activations, and tell no forward.",
                classes.join(", ")
            )
        });
    }
    Ok(found)
}

fn as_told(state: &dyn Listing, told: Imported) -> Recognised {
    let family = if state.told().modules().is_some() {
        "modules"
    } else {
        "keras"
    };
    Recognised {
        graph: told.graph,
        family,
        why: format!("the file tells its network: {}", told.source),
        assumptions: told.notes,
        choices: Vec::new(),
    }
}

/// The family of `state`. burn stores the weights of linear layers as [in, out], the other way
/// round than PyTorch; its files are recognised both ways, its own first.
fn by_family(model: &str, state: &dyn Listing, hints: &Hints<'_>) -> Result<Recognised> {
    let find = |state: &dyn Listing| match model {
        "auto" => family::recognise(state, hints),
        name => family::by_name(name, state, hints),
    };
    if !state.source().format.contains("burnpack") {
        return find(state);
    }
    let shapes = state.list().into_iter().map(|tensor| match tensor.shape {
        &[inner, outer] => vec![outer, inner],
        shape => shape.to_vec(),
    });
    let turned = Turned {
        shapes: shapes.collect(),
        of: state,
    };
    let Ok(mut found) = find(&turned) else {
        return find(state);
    };
    for node in &mut found.graph.layers {
        if let Layer::Linear(Linear { output_axis, .. }) = &mut node.layer {
            *output_axis = 1;
        }
    }
    let words = "Linear weights are stored as [in, out], as burn does.";
    found.assumptions.push(words.into());
    Ok(found)
}

/// A checkpoint with the axes of its matrices the other way round.
struct Turned<'a> {
    of: &'a dyn Listing,
    shapes: Vec<Vec<usize>>,
}

impl Listing for Turned<'_> {
    fn source(&self) -> &Source {
        self.of.source()
    }

    fn told(&self) -> &Told {
        self.of.told()
    }

    fn list(&self) -> Vec<Listed<'_>> {
        let tensors = self.of.list().into_iter().zip(&self.shapes);
        tensors.map(|(t, shape)| Listed { shape, ..t }).collect()
    }
}
