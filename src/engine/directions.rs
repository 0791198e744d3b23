//! Directions stored in files, matched to a network by parameter name or order.
//!
//! Three layouts are read: one file with `x.NAME` and `y.NAME`, two files of `NAME`, and the HDF5
//! files of Li et al.'s code, whose groups `xdirection` and `ydirection` number the parameters
//! (`--dir_type weights`) or all entries of the state dict, buffers included (`--dir_type states`).
//! Where a file has directions of buffers they are taken too; where it has none, buffers stay.

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::model::graph::Role;
use crate::model::params::{Params, TensorSpec};
use crate::store::{Array, hdf5};
use std::path::{Path, PathBuf};

/// One or two directions over the tensors of `like`.
///
/// # Errors
/// Names the file and the tensor that is missing, extra or of another shape.
pub fn read(files: &[PathBuf], like: &Params) -> Result<Vec<Params>> {
    match files {
        [one] => read_both(one, like),
        many => many.iter().map(|file| read_one(file, like)).collect(),
    }
}

fn read_both(path: &Path, like: &Params) -> Result<Vec<Params>> {
    let tensors = open(path)?;
    if tensors
        .iter()
        .any(|(name, _)| name.starts_with("xdirection/"))
    {
        return ["xdirection", "ydirection"]
            .iter()
            .map(|group| numbered(&tensors, group, path, like))
            .collect();
    }
    let part = |prefix: &str| -> Vec<(String, Array)> {
        let with_prefix = |(name, array): &(String, Array)| {
            Some((name.strip_prefix(prefix)?.to_owned(), array.clone()))
        };
        tensors.iter().filter_map(with_prefix).collect()
    };
    let (x, y) = (part("x."), part("y."));
    if x.is_empty() || y.is_empty() || x.len() + y.len() != tensors.len() {
        return Err(Error::file(
            path,
            "one file of directions names its tensors x.NAME and y.NAME; this one doesn't (two files are written FILE,FILE)",
        ));
    }
    Ok(vec![named(&x, path, like)?, named(&y, path, like)?])
}

fn read_one(path: &Path, like: &Params) -> Result<Params> {
    let tensors = open(path)?;
    if tensors
        .iter()
        .any(|(name, _)| name.starts_with("xdirection/"))
    {
        return numbered(&tensors, "xdirection", path, like);
    }
    named(&tensors, path, like)
}

fn open(path: &Path) -> Result<Vec<(String, Array)>> {
    if hdf5::is_hdf5_file(path, "read the directions")? {
        hdf5::read_arrays(path)
    } else {
        Ok(checkpoint::open(path)?.tensors)
    }
}

/// Tensors by name. A buffer that the file lacks doesn't move.
fn named(tensors: &[(String, Array)], path: &Path, like: &Params) -> Result<Params> {
    let find = |spec: &TensorSpec| {
        tensors
            .iter()
            .find(|(name, _)| *name == spec.name)
            .map(|(_, array)| array)
    };
    let known = |name: &str| {
        like.layout().iter().any(|s| s.name == name) || name.ends_with("num_batches_tracked")
    };
    if let Some((name, array)) = tensors.iter().find(|(name, _)| !known(name)) {
        let message = format!(
            "the direction has a tensor {name:?} of shape {:?}, which the network lacks",
            array.shape()
        );
        return Err(Error::file(path, message));
    }
    collect(like, |spec| match find(spec) {
        Some(array) => values(array, spec, path),
        None if !spec.is_trainable() => Ok(vec![0.0; spec.len()]),
        None => Err(Error::file(
            path,
            format!(
                "the direction lacks {:?} of shape {:?}",
                spec.name, spec.shape
            ),
        )),
    })
}

/// How Li et al.'s code numbers the tensors of a direction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Numbering {
    /// Running means and variances have numbers too.
    buffers: bool,
    /// So have the counters of batches, each after a running variance (PyTorch since 0.4.1).
    counters: bool,
}

impl Numbering {
    const ALL: [Self; 3] = [
        Self {
            buffers: false,
            counters: false,
        },
        Self {
            buffers: true,
            counters: false,
        },
        Self {
            buffers: true,
            counters: true,
        },
    ];

    /// Numbers that a tensor takes.
    fn takes(self, spec: &TensorSpec) -> usize {
        match spec.role {
            Role::Trainable { .. } | Role::Grouped { .. } => 1,
            Role::RunningVar => usize::from(self.buffers) + usize::from(self.counters),
            Role::RunningMean | Role::Fixed => usize::from(self.buffers),
        }
    }

    fn count(self, like: &Params) -> usize {
        like.layout().iter().map(|spec| self.takes(spec)).sum()
    }
}

/// Tensors by their place among the trained parameters, or in the whole state dict.
fn numbered(
    tensors: &[(String, Array)],
    group: &str,
    path: &Path,
    like: &Params,
) -> Result<Params> {
    let stored = tensors
        .iter()
        .filter(|(name, _)| name.starts_with(&format!("{group}/")))
        .count();
    let fits = |numbering: &Numbering| numbering.count(like) == stored;
    let Some(numbering) = Numbering::ALL.into_iter().find(fits) else {
        let [weights, .., states] = Numbering::ALL.map(|numbering| numbering.count(like));
        let states = if states == weights {
            String::new()
        } else {
            format!(" and its state dict has {states}")
        };
        let message = format!(
            "the group {group} has {stored} tensors, but the network trains {weights}{states}"
        );
        return Err(Error::file(path, message));
    };
    let mut next = 0;
    collect(like, |spec| {
        let taken = numbering.takes(spec);
        if taken == 0 {
            return Ok(vec![0.0; spec.len()]);
        }
        let name = format!("{group}/{next}");
        next += taken;
        let (_, array) = tensors
            .iter()
            .find(|(n, _)| *n == name)
            .ok_or_else(|| Error::file(path, format!("the direction lacks the data set {name}")))?;
        values(array, spec, path)
    })
}

fn collect(like: &Params, of: impl FnMut(&TensorSpec) -> Result<Vec<f64>>) -> Result<Params> {
    let values: Result<Vec<_>> = like.layout().iter().map(of).collect();
    Params::new(std::sync::Arc::clone(like.layout()), values?)
        .ok_or_else(|| Error::Slice("the direction doesn't fit the network".into()))
}

fn values(array: &Array, spec: &TensorSpec, path: &Path) -> Result<Vec<f64>> {
    if array.shape() != spec.shape {
        let message = format!(
            "the direction's {:?} has shape {:?}, expected {:?}",
            spec.name,
            array.shape(),
            spec.shape
        );
        return Err(Error::file(path, message));
    }
    match array.non_finite() {
        0 => Ok(array.to_f64()),
        n => Err(Error::file(
            path,
            format!(
                "the direction's {:?} has {n} values that aren't finite",
                spec.name
            ),
        )),
    }
}
