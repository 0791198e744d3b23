//! Further minimizers beside the two ends of the line: each opened on its own, so that one that doesn't
//! fit is told where it stands on the list and takes nothing else with it.

use super::open::Workbench;
use super::wish::Wish;
use super::worker::Worker;
use crate::error::{Error, Result};
use crate::landscape::distance::{Distance, between};
use crate::landscape::evaluate::{Metrics, Split};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::params::Params;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is known of one of the further minimizers.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherNews {
    /// The file.
    pub path: PathBuf,
    /// Its numbers, or why it is none of this network's.
    pub found: std::result::Result<OtherFacts, String>,
}

/// Numbers of one of the further minimizers, over the same samples as those of the line's ends.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherFacts {
    /// One entry a split, training first.
    pub metrics: Vec<Metrics>,
    /// From the small-batch minimizer to it.
    pub from_small: Distance,
    /// From the large-batch minimizer to it.
    pub from_large: Option<Distance>,
    /// From the initial weights to it.
    pub from_initial: Option<Distance>,
    /// What a reader should know of the file.
    pub warnings: Vec<String>,
}

impl Worker<'_> {
    /// The first of the further minimizers that nothing is known of.
    pub(super) fn unknown_other(&self) -> Option<usize> {
        let known = |path: &Path| self.snapshot.others.iter().any(|o| o.path == path);
        self.wish.others.iter().position(|path| !known(path))
    }

    /// Opens one of the further minimizers and measures where it is.
    pub(super) fn other(&mut self, index: usize) -> Result<()> {
        let (Some(bench), Some(path)) = (&mut self.bench, self.wish.others.get(index)) else {
            return Ok(());
        };
        let found = match facts(bench, &self.wish, path) {
            Ok(facts) => Ok(facts),
            // The file has no part in it.
            Err(error @ Error::Device(_)) => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        let path = path.clone();
        self.snapshot
            .others
            .push(Arc::new(OtherNews { path, found }));
        Ok(())
    }

    /// Forgets those that are no longer on the list.
    pub(super) fn forget_others(&mut self) {
        let wanted = &self.wish.others;
        self.snapshot.others.retain(|o| wanted.contains(&o.path));
    }
}

fn facts(bench: &mut Workbench, wish: &Wish, path: &Path) -> Result<OtherFacts> {
    let (point, warnings) = bench.inputs.beside(path, "minimizer")?;
    let initial = match &wish.initial {
        Some(initial) => Some(bench.inputs.beside(initial, "initial weights")?.0),
        None => None,
    };
    let from = |other: &Params| between(&point, other);
    let small = &bench.line.slice().origin;
    Ok(OtherFacts {
        from_small: from(small),
        from_large: bench.large.as_ref().map(from),
        from_initial: initial.as_ref().map(from),
        metrics: metrics(bench, wish, &point)?,
        warnings,
    })
}

/// Metrics over all samples, of running statistics that do as at the ends of the line.
fn metrics(bench: &Workbench, wish: &Wish, point: &Params) -> Result<Vec<Metrics>> {
    let buffers = match wish.plane.buffers {
        Buffers::Recompute if bench.large.is_some() => Buffers::Recompute,
        _ => Buffers::Frozen,
    };
    let still = Params::zeros(point.layout());
    let slice = Slice::new(point.clone(), vec![still], buffers)?;
    let (statistics, how) = (bench.inputs.statistics.as_ref(), wish.plane.remeasure);
    let there = bench.evaluator.load_measured(slice, statistics, how)?;
    let splits: Vec<&Split> = bench.splits.iter().collect();
    let found = bench.evaluator.evaluate(&there, &[vec![0.0]], &splits)?;
    Ok(found.into_iter().next().unwrap_or_default())
}
