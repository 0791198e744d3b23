//! Distances between checkpoints, layer by layer: of each file one tensor at a time is in memory.

use crate::checkpoint::{Array, Checkpoint, Listing, non_finite};
use crate::engine::inputs::check_finite;
use crate::error::Result;
use crate::landscape::distance::{Distance, DistanceCurve, Sums, from_sums};
use crate::model::Network;
use crate::model::params::TensorSpec;

/// Values that are compared at a time.
const PIECE: usize = 1 << 14;

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

/// The distances of a series of checkpoints from a start, and from each to the next.
pub struct Series<'a> {
    network: &'a Network,
    start: &'a Checkpoint,
    before: Option<Checkpoint>,
    from_start: Vec<f64>,
    step: Vec<f64>,
    norm: f64,
    /// What a reader should know of the values.
    pub warnings: Vec<String>,
}

impl<'a> Series<'a> {
    /// A series that starts from the point that `start` holds.
    ///
    /// # Errors
    /// Where that isn't a checkpoint of the network.
    pub fn new(network: &'a Network, start: &'a Checkpoint) -> Result<Self> {
        network.check(start)?;
        Ok(Self {
            network,
            start,
            before: None,
            from_start: Vec::new(),
            step: Vec::new(),
            norm: f64::NAN,
            warnings: Vec::new(),
        })
    }

    /// Adds the next checkpoint.
    ///
    /// # Errors
    /// Where it isn't one of the network, or can't be read.
    pub fn add(&mut self, next: Checkpoint) -> Result<()> {
        let (mut far, mut step, mut norm) = (0.0, 0.0, 0.0);
        for spec in self.network.layout().iter().filter(|s| s.is_trainable()) {
            let TensorSpec { name, .. } = spec;
            let (here, start) = (next.read(name)?, self.start.read(name)?);
            self.warnings.extend(non_finite(name, &here));
            let from_start = sums(&here, &start);
            drop(start);
            far += from_start.square();
            norm += from_start.norm_square();
            step += match &self.before {
                Some(before) => sums(&here, &before.read(name)?).square(),
                None => from_start.square(),
            };
        }
        self.from_start.push(far.sqrt());
        self.step.push(step.sqrt());
        self.norm = norm.sqrt();
        self.before = Some(next);
        Ok(())
    }

    /// The curve of what was added.
    pub fn curve(self) -> DistanceCurve {
        DistanceCurve::new(self.from_start, self.step, self.norm)
    }
}

fn pieces(array: &Array) -> impl Iterator<Item = Vec<f64>> {
    let starts = (0..array.len()).step_by(PIECE);
    starts.map(|at| array.part(at..at + PIECE))
}

fn sums(a: &Array, b: &Array) -> Sums {
    let mut sums = Sums::default();
    for (a, b) in pieces(a).zip(pieces(b)) {
        sums.add(&a, &b);
    }
    sums
}
