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
mod naming;
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
    /// How many outputs a sample has.
    pub outputs: usize,
    /// What was assumed, or a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// What reads one kind of file, for data whose samples have a shape; `None` where it is of another kind, by its content.
type Reader = fn(&Path, Option<&[usize]>) -> Result<Option<Traced>>;

/// Readers of files that are a network's graph.
const GRAPHS: [Reader; 3] = [exported::read, script::open, onnx::open];

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
    open_as(path, sample, None)
}

/// As [`open_for`], with the names that the tensors have in a checkpoint, where these differ by a beginning that all
/// share.
///
/// # Errors
/// As [`open_for`].
pub fn open_as(
    path: &Path,
    sample: Option<&[usize]>,
    checkpoint: Option<&dyn Listing>,
) -> Result<Option<Imported>> {
    if let Some(found) = own_graph(path, sample, checkpoint)? {
        return Ok(Some(found));
    }
    by(beside_weights, path, sample, checkpoint)
}

/// As [`open_as`], of files alone that are a network's graph.
///
/// # Errors
/// As [`open_for`].
pub fn own_graph(
    path: &Path,
    sample: Option<&[usize]>,
    checkpoint: Option<&dyn Listing>,
) -> Result<Option<Imported>> {
    for read in GRAPHS {
        if let Some(found) = by(read, path, sample, checkpoint)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn by(
    read: Reader,
    path: &Path,
    sample: Option<&[usize]>,
    checkpoint: Option<&dyn Listing>,
) -> Result<Option<Imported>> {
    let Some(mut traced) = read(path, sample)? else {
        return Ok(None);
    };
    if let Some(checkpoint) = checkpoint {
        naming::adapt(&mut traced, checkpoint);
    }
    imported(traced).map(Some).map_err(|e| match e {
        Error::Model(message) => Error::file(path, message),
        other => other,
    })
}

/// Whether the file at `path` is the graph of a network, whether or not it can be followed.
pub fn holds(path: &Path) -> bool {
    path.is_file()
        && GRAPHS
            .iter()
            .any(|read| !matches!(read(path, None), Ok(None)))
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
        outputs: read.outputs,
        notes: read.notes,
    })
}
