//! Further minimizers beside the two ends of the line: each opened on its own, so that one that doesn't
//! fit is told where it stands on the list and takes nothing else with it.

use super::company::{OtherFacts, OtherNews, OtherPhi};
use super::news::{LiveSurface, Quality, Snapshot};
use super::open::Workbench;
use super::part::Part;
use super::sharpness::SharpnessWork;
use super::wish::Wish;
use super::worker::{PICTURE_EVERY, Worker};
use crate::engine::job::SurfaceJob;
use crate::engine::names;
use crate::engine::work::{Progress, Work as _};
use crate::error::{Error, Result};
use crate::landscape::distance::between;
use crate::landscape::evaluate::{Metrics, Split};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::params::Params;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

impl Snapshot {
    /// What is known of one of the further minimizers.
    pub fn other(&self, path: &Path) -> Option<&OtherNews> {
        let found = self.others.iter().find(|other| other.path == path);
        found.map(Arc::as_ref)
    }

    /// The surface around one of the further minimizers.
    pub fn surface_around(&self, path: &Path) -> Option<&Arc<LiveSurface>> {
        let found = self.other_surfaces.iter().find(|(of, _)| of == path);
        found.map(|(_, surface)| surface)
    }

    /// φ of one of the further minimizers at exactly this ε.
    pub fn phi_of(&self, path: &Path, epsilon: f64) -> Option<f64> {
        let same = |other: &&OtherPhi| other.path == path && other.epsilon == epsilon;
        self.other_phi.iter().find(same).map(|other| other.phi)
    }
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
        let (wanted, news) = (&self.wish.others, &mut self.snapshot);
        news.others.retain(|o| wanted.contains(&o.path));
        news.other_surfaces
            .retain(|(path, _)| wanted.contains(path));
        news.other_phi.retain(|o| wanted.contains(&o.path));
        self.other_works.retain(|(path, _)| wanted.contains(path));
        // Parts are named by places on the list, which may have changed.
        if matches!(self.sharpness, Some((Part::Phi(_), _))) {
            self.sharpness = None;
        }
    }

    /// The name of one of them.
    pub(super) fn name_of_other(&self, index: usize) -> String {
        let path = self.wish.others.get(index);
        path.map_or_else(String::new, |path| names::name(path))
    }

    /// The surfaces that are wanted, as jobs.
    pub(super) fn jobs(&self, centres: &[f64]) -> Vec<SurfaceJob> {
        let wish = &self.wish;
        let here = centres.iter().map(|alpha| wish.surface_job(*alpha));
        let around = wish.others.iter().map(|path| wish.surface_around(path));
        here.chain(around).collect()
    }

    /// Whether the surface around one of them is all there.
    pub(super) fn is_drawn_around(&self, index: usize) -> bool {
        let drawn = |path: &PathBuf| self.snapshot.surface_around(path);
        let surface = self.wish.others.get(index).and_then(drawn);
        surface.is_some_and(|surface| surface.quality == Quality::Full)
    }

    /// Whether φ of one of them is known at the ε asked for.
    pub(super) fn has_phi(&self, index: usize) -> bool {
        let path = self.wish.others.get(index);
        path.is_some_and(|path| self.snapshot.phi_of(path, self.wish.epsilon).is_some())
    }

    /// How far the surface around one of them is.
    pub(super) fn progress_around(&self, index: usize) -> Option<Progress> {
        let path = self.wish.others.get(index)?;
        let work = self.other_works.iter().find(|(of, _)| of == path);
        work.map(|(_, work)| work.progress())
    }

    /// One more step of the surface around one of them.
    pub(super) fn around(&mut self, index: usize) -> Result<()> {
        let Some(path) = self.wish.others.get(index).cloned() else {
            return Ok(());
        };
        if self.other_works.iter().all(|(of, _)| *of != path) {
            let job = self.wish.surface_around(&path);
            // A surface that doesn't move with α counts as that of 0.
            let Some(work) = self.begin(0.0, &job)? else {
                return Ok(());
            };
            self.other_works.push((path.clone(), work));
        }
        let mut works = self.other_works.iter_mut();
        let Some((_, work)) = works.find(|(of, _)| *of == path) else {
            return Ok(());
        };
        let was_coarse = work.is_coarse();
        self.pace.step(work)?;
        let turned = was_coarse != work.is_coarse() || work.is_done();
        let due = turned || self.last_picture.elapsed() > PICTURE_EVERY;
        let Some(mut surface) = due.then(|| work.picture()).flatten() else {
            return Ok(());
        };
        self.last_picture = Instant::now();
        self.versions += 1;
        surface.version = self.versions;
        let all = &mut self.snapshot.other_surfaces;
        all.retain(|(of, _)| *of != path);
        all.push((path, Arc::new(surface)));
        Ok(())
    }

    /// One more gradient of φ of one of them.
    pub(super) fn phi(&mut self, index: usize) -> Result<()> {
        let (Some(bench), Some(path)) = (&mut self.bench, self.wish.others.get(index)) else {
            return Ok(());
        };
        let (part, epsilon) = (Part::Phi(index), self.wish.epsilon);
        if self.sharpness.as_ref().is_none_or(|(now, _)| *now != part) {
            let (point, _) = bench.inputs.beside(path, "minimizer")?;
            let work = SharpnessWork::beside(point, epsilon, bench)?;
            self.sharpness = Some((part, work));
        }
        let Some((_, work)) = &mut self.sharpness else {
            return Ok(());
        };
        self.pace.step(work)?;
        let (done, phi) = (work.found().complete, work.found().phi.last().copied());
        if !done {
            return Ok(());
        }
        self.sharpness = None;
        let (path, all) = (path.clone(), &mut self.snapshot.other_phi);
        all.retain(|old| old.path != path);
        let phi = phi.unwrap_or(f64::NAN);
        all.push(OtherPhi { path, epsilon, phi });
        Ok(())
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
