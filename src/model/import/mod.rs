//! Networks read from files that hold their graph.
//!
//! Every reader makes a [`Traced`], calls of named operations as PyTorch's `aten` names them, and one
//! reading of these operations (`aten`) makes a [`crate::model::graph::Graph`] of it: an operation is said once,
//! whichever kind of file it came from. Nothing in a file is ever executed.

pub mod aten;
mod compose;
mod exported;
mod extents;
pub mod keras;
mod onnx;
pub mod pickled;
mod script;
mod traced;

use crate::checkpoint::{Checkpoint, Listing};
use crate::error::{Error, Result};
use crate::model::graph::Graph;
use std::path::Path;
pub use traced::{Argument, Call, Constant, Element, Input, OPEN, Traced};

/// A network from a file that holds its graph.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The network.
    pub graph: Graph,
    /// What wrote it, in words: "an exported program of PyTorch 2.9".
    pub source: String,
    /// What was assumed, or a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// Gives the network of the file at a path, for samples of a shape.
type Reader = fn(&Path, Option<&[usize]>) -> Result<Option<Traced>>;

/// The readers, each of which says by a file's content whether it is its own.
const READERS: [Reader; 4] = [
    |path, _| exported::read(path),
    script::open,
    onnx::open,
    beside_weights,
];

/// A network that the checkpoint at `path` tells beside its tensors. Pickled modules that can't be followed
/// leave a checkpoint; what they are is evidence for whoever reads it by names.
fn beside_weights(path: &Path, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Ok(state) = Checkpoint::open(path, None) else {
        return Ok(None);
    };
    match pickled::read(&state, sample) {
        Ok(Some(traced)) => Ok(Some(traced)),
        Ok(None) | Err(_) => keras::read(&state, sample),
    }
}

/// The network that the file at `path` holds; `None` where it holds none, only weights or something else.
///
/// # Errors
/// As [`open_for`].
pub fn open(path: &Path) -> Result<Option<Imported>> {
    open_for(path, None)
}

/// As [`open`], for data whose samples have the shape `sample`: not every file says what its network reads.
///
/// # Errors
/// Where the file is damaged, or its network can't be followed: names the operation, its module and the shapes.
pub fn open_for(path: &Path, sample: Option<&[usize]>) -> Result<Option<Imported>> {
    for read in READERS {
        let Some(traced) = read(path, sample)? else {
            continue;
        };
        let imported = imported(traced).map_err(|e| match e {
            Error::Model(message) => Error::file(path, message),
            other => other,
        })?;
        return Ok(Some(imported));
    }
    Ok(None)
}

/// The network that a checkpoint tells beside its tensors: pickled modules, a configuration of Keras. `None`
/// where it tells none.
///
/// # Errors
/// Where what it tells can't be followed: names the module or the layer.
pub fn told(state: &dyn Listing, sample: Option<&[usize]>) -> Result<Option<Imported>> {
    for read in [pickled::read, keras::read] {
        if let Some(traced) = read(state, sample)? {
            return imported(traced).map(Some);
        }
    }
    Ok(None)
}

fn imported(traced: Traced) -> Result<Imported> {
    let read = aten::read(&traced)?;
    Ok(Imported {
        graph: read.graph,
        source: traced.source,
        notes: read.notes,
    })
}
