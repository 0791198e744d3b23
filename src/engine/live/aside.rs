//! What was open stays at hand until something else is.
//!
//! Opening can fail, and then a person goes on with what was open before, as it was: nothing is read
//! or computed again. Once something else is open, it is let go, for it may be large.

use super::measure::MeasureWork;
use super::news::{LiveSurface, ProbeResult, Snapshot, WorstPoint};
use super::open::Workbench;
use super::surface::SurfaceWork;
use super::wish::Wish;
use super::work::LineWork;
use super::worker::Worker;
use crate::model::params::Params;
use std::sync::Arc;

/// An experiment with everything computed for it, and the wish it was the answer to.
pub(super) struct Aside {
    wish: Wish,
    bench: Workbench,
    line: Option<LineWork>,
    works: Vec<SurfaceWork>,
    measures: Vec<MeasureWork>,
    worst: Option<(f64, f64, f64, Params)>,
    snapshot: Snapshot,
}

/// A plane and its surfaces, and the wish they were the answer to.
pub(super) struct PlaneAside {
    wish: Wish,
    works: Vec<SurfaceWork>,
    surfaces: Vec<Arc<LiveSurface>>,
    probes: Vec<ProbeResult>,
    worst: Option<WorstPoint>,
}

impl Worker<'_> {
    /// Puts the plane aside, which answered `wish`, while the experiment stays.
    pub(super) fn put_plane_aside(&mut self, wish: &Wish) {
        if !self.snapshot.stands {
            return;
        }
        let news = &mut self.snapshot;
        self.plane_aside = Some(PlaneAside {
            wish: wish.clone(),
            works: std::mem::take(&mut self.works),
            surfaces: std::mem::take(&mut news.surfaces),
            probes: std::mem::take(&mut news.probes),
            worst: news.worst.take(),
        });
    }

    /// Takes up again the plane that was put aside, where the wish now is for it.
    pub(super) fn take_up_plane(&mut self) -> bool {
        let wish = &self.wish;
        let fits = |a: &mut PlaneAside| a.wish.same_experiment(wish) && a.wish.same_plane(wish);
        let Some(aside) = self.plane_aside.take_if(fits) else {
            return false;
        };
        self.works = aside.works;
        let news = &mut self.snapshot;
        news.stands = true;
        (news.surfaces, news.probes) = (aside.surfaces, aside.probes);
        news.worst = aside.worst;
        true
    }

    /// Puts what is open aside, which answered `wish`.
    pub(super) fn put_aside(&mut self, wish: &Wish) {
        self.plane_aside = None;
        let Some(bench) = self.bench.take() else {
            return;
        };
        self.aside = Some(Aside {
            wish: wish.clone(),
            bench,
            line: self.line.take(),
            works: std::mem::take(&mut self.works),
            measures: std::mem::take(&mut self.measures),
            worst: self.worst.take(),
            snapshot: self.snapshot.clone(),
        });
    }

    /// Takes up again what was put aside, where the wish now is for it; gives the wish it answered.
    pub(super) fn take_up(&mut self) -> Option<Wish> {
        let wish = &self.wish;
        let aside = self.aside.take_if(|a| a.wish.same_experiment(wish))?;
        self.plane_aside = None;
        self.bench = Some(aside.bench);
        self.line = aside.line;
        self.works = aside.works;
        self.measures = aside.measures;
        self.worst = aside.worst;
        self.tried_to_open = true;
        let (wish, log) = (self.snapshot.wish, self.snapshot.log.clone());
        self.snapshot = Snapshot {
            wish,
            log,
            failure: None,
            ..aside.snapshot
        };
        Some(aside.wish)
    }
}
