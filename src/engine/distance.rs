//! Distances between checkpoints, layer by layer: of each file one tensor at a time is in memory.

use crate::checkpoint::{Array, Checkpoint, Listing};
use crate::engine::header::{DataFacts, FileFacts, Header};
use crate::engine::inputs::{check_finite, list_checkpoint, open_network};
use crate::engine::job::DistanceJob;
use crate::engine::work::{Progress, Step, Work};
use crate::error::Result;
use crate::landscape::distance::{Distance, Sums, from_sums};
use crate::model::Network;
use std::collections::VecDeque;
use std::path::PathBuf;

/// Values that are compared at a time.
const PIECE: usize = 1 << 14;

/// How far checkpoints are from one.
#[derive(Debug, Clone)]
pub struct Distances {
    /// How they were measured.
    pub header: Header,
    /// Where they are measured from.
    pub from: PathBuf,
    /// Each checkpoint and its distance.
    pub pairs: Vec<(PathBuf, Distance)>,
}

/// Distances on their way, a checkpoint a step.
pub struct Pairs {
    network: Network,
    start: Checkpoint,
    coming: VecDeque<PathBuf>,
    found: Distances,
}

/// Opens the start and its network; nothing is measured yet.
///
/// # Errors
/// Where there is nothing to measure, or either can't be opened.
pub fn start(job: &DistanceJob) -> Result<Pairs> {
    let (from, files) = job.pairs()?;
    let start = list_checkpoint(&from, job.key.as_deref())?;
    let (network, model) = open_network(&job.model, &start, None)?;
    let mut header = Header::new(job.clone().into(), model, DataFacts::default());
    note(&mut header, "start", &network, &start)?;
    Ok(Pairs {
        network,
        start,
        coming: files.into(),
        found: Distances {
            header,
            from,
            pairs: Vec::new(),
        },
    })
}

impl Work for Pairs {
    type Found = Distances;

    fn step(&mut self) -> Result<Step> {
        let Some(file) = self.coming.pop_front() else {
            return Ok(Step::Done);
        };
        let header = &mut self.found.header;
        let other = list_checkpoint(&file, header.job.key())?;
        note(header, "checkpoint", &self.network, &other)?;
        let distance = between(&self.network, &other, &self.start)?;
        self.found.pairs.push((file, distance));
        Ok(if self.coming.is_empty() {
            Step::Done
        } else {
            Step::More
        })
    }

    fn progress(&self) -> Progress {
        let done = self.found.pairs.len();
        Progress {
            what: "distances".into(),
            unit: "checkpoint",
            done,
            total: done + self.coming.len(),
        }
    }

    fn found(&self) -> &Distances {
        &self.found
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.found.header)
    }

    fn finish(self) -> Distances {
        self.found
    }
}

/// Notes a checkpoint in a header, and what is to be said of it.
///
/// # Errors
/// Where it isn't one of the network.
pub(super) fn note(
    header: &mut Header,
    role: &str,
    network: &Network,
    file: &Checkpoint,
) -> Result<()> {
    header.warn(file.warnings.iter().cloned());
    header.warn(network.check(file)?);
    let source = file.source();
    header.checkpoints.push(FileFacts {
        role: role.to_owned(),
        path: source.path.clone(),
        sha256: source.sha256.clone(),
    });
    Ok(())
}

/// How far the point that `a` holds is from that of `b`.
///
/// # Errors
/// Where either isn't a checkpoint of the network, can't be read, or has values that aren't finite.
pub fn between(network: &Network, a: &Checkpoint, b: &Checkpoint) -> Result<Distance> {
    network.check(a)?;
    network.check(b)?;
    let mut tensors = Vec::new();
    for spec in network.layout().iter().filter(|s| s.is_trainable()) {
        let (x, y) = (a.read(&spec.name)?, b.read(&spec.name)?);
        for (file, array) in [(a, &x), (b, &y)] {
            for piece in pieces(array) {
                check_finite(&file.source().path, std::iter::once((spec, &*piece)))?;
            }
        }
        tensors.push((spec, sums(&x, &y)));
    }
    Ok(from_sums(tensors.into_iter()))
}

fn pieces(array: &Array) -> impl Iterator<Item = Vec<f64>> {
    let starts = (0..array.len()).step_by(PIECE);
    starts.map(|at| array.part(at..at + PIECE))
}

/// Sums over a tensor at two points.
pub(super) fn sums(a: &Array, b: &Array) -> Sums {
    let mut sums = Sums::default();
    for (a, b) in pieces(a).zip(pieces(b)) {
        sums.add(&a, &b);
    }
    sums
}
