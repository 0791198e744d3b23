//! Networks read from files that hold their graph.
//!
//! Every reader makes a [`Traced`], calls of named operations as PyTorch's `aten` names them, and one
//! reading of these operations (`aten`) makes a [`crate::model::graph::Graph`] of it: an operation is said once,
//! whichever kind of file it came from. Nothing in a file is ever executed.

pub mod aten;
mod compose;
mod exported;
mod extents;
mod naming;
mod onnx;
mod script;
mod traced;

use crate::checkpoint::Listing;
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

/// A reader, which says by a file's content whether it is its own; it may be told the shape of a sample.
type Reader = fn(&Path, Option<&[usize]>) -> Result<Option<Traced>>;

/// The readers.
const READERS: [Reader; 3] = [|path, _| exported::read(path), script::open, onnx::open];

/// Whether the file at `path` holds the graph of a network, whether or not it can be followed.
pub fn holds(path: &Path) -> bool {
    path.is_file() && READERS.iter().any(|read| !matches!(read(path, None), Ok(None)))
}

/// The network that the file at `path` holds; `None` where it holds none, only weights or something else.
///
/// # Errors
/// As [`open_for`].
pub fn open(path: &Path) -> Result<Option<Imported>> {
    open_for(path, None, None)
}

/// As [`open`], with the names that the tensors have in a checkpoint, where these differ by a beginning that all share,
/// and for data whose samples have the shape `sample`: not every file says what its network reads.
///
/// # Errors
/// As [`open`].
pub fn open_for(
    path: &Path,
    checkpoint: Option<&dyn Listing>,
    sample: Option<&[usize]>,
) -> Result<Option<Imported>> {
    for read in READERS {
        let Some(mut traced) = read(path, sample)? else {
            continue;
        };
        if let Some(checkpoint) = checkpoint {
            naming::adapt(&mut traced, checkpoint);
        }
        let read = aten::read(&traced).map_err(|e| match e {
            Error::Model(message) => Error::file(path, message),
            other => other,
        })?;
        return Ok(Some(Imported {
            graph: read.graph,
            source: traced.source,
            outputs: read.outputs,
            notes: read.notes,
        }));
    }
    Ok(None)
}
