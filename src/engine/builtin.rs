//! The digits experiment that ships with the program: two minimizers of a small MLP from one start, and
//! the run to one of them.
//!
//! Both were trained by the program itself on the built-in digits, by plain SGD at learning rate 0.2 until
//! the training loss fell to 0.01: batches of 16 for 28 epochs, those after the 14th at a fiftieth of the
//! rate, and batches of 512 for 513. The recipes lie beside them in `assets/digits-mlp`; README says what
//! their other seeds give.

use crate::checkpoint::{self, Checkpoint};
use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_RUN, BUILTIN_SMALL};
use crate::error::Result;
use std::path::{Path, PathBuf};

/// A file of the experiment's folder.
macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../assets/digits-mlp/", $name, ".safetensors"))
    };
}

const START: &[u8] = file!("initial");
const SMALL: &[u8] = file!("small-batch");

/// The minimizers and their start.
const POINTS: [(&str, &[u8]); 3] = [
    (BUILTIN_SMALL, SMALL),
    (BUILTIN_LARGE, file!("large-batch")),
    (BUILTIN_INIT, START),
];

/// The run with batches of 16, by the epochs that had passed.
const RUN: [(&str, &[u8]); 7] = [
    ("epoch_0000", START),
    ("epoch_0001", file!("path/epoch_0001")),
    ("epoch_0002", file!("path/epoch_0002")),
    ("epoch_0004", file!("path/epoch_0004")),
    ("epoch_0008", file!("path/epoch_0008")),
    ("epoch_0016", file!("path/epoch_0016")),
    ("epoch_0028", SMALL),
];

/// The built-in checkpoint called `path`, if it is one.
pub fn checkpoint(path: &Path, key: Option<&str>) -> Option<Result<Checkpoint>> {
    let name = path.to_str()?;
    let on_the_way = name.strip_prefix(BUILTIN_RUN);
    let on_the_way = on_the_way.and_then(|rest| rest.strip_prefix(['/', '\\']));
    let mut named = POINTS
        .iter()
        .filter(|(point, _)| *point == name)
        .chain(RUN.iter().filter(|(epoch, _)| Some(*epoch) == on_the_way));
    let (_, bytes) = named.next()?;
    Some(Checkpoint::from_bytes(bytes.to_vec(), path, key))
}

/// The checkpoints of a run in order: of a folder, or of the built-in run.
///
/// # Errors
/// As [`checkpoint::series`].
pub fn series(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder == Path::new(BUILTIN_RUN) {
        return Ok(RUN.iter().map(|(epoch, _)| folder.join(epoch)).collect());
    }
    checkpoint::series(folder)
}
