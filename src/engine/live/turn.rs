//! Turning to a new wish: what is of use for it is kept, what may be again is put aside.

use super::aside::{Aside, PlaneAside};
use super::news::{Failure, SharpnessNews, Snapshot, Stage};
use super::open::Workbench;
use super::quantity::Quantity;
use super::wish::Wish;
use super::worker::Worker;
use crate::engine::job::SurfaceJob;
use crate::engine::work::Work as _;
use crate::landscape::measures::entry::Need;

impl Worker<'_> {
    /// Forgets what the new wish has no use for.
    pub(super) fn turn_to(&mut self, wish: Wish, number: u64) {
        self.wished = true;
        let mut old = std::mem::replace(&mut self.wish, wish);
        let mut experiment = !old.same_experiment(&self.wish);
        if experiment {
            match self.take_up() {
                Some(kept) => (old, experiment) = (kept, false),
                None => self.put_aside(&old),
            }
        }
        let mut plane = experiment || !old.same_plane(&self.wish);
        if plane && !experiment {
            if self.take_up_plane() {
                plane = false;
            } else {
                self.put_plane_aside(&old);
            }
        }
        self.forget_others();
        let wish = &self.wish;
        if experiment {
            self.bench = None;
            self.snapshot.others.clear();
            self.snapshot.other_phi.clear();
            self.tried_to_open = false;
            self.snapshot.experiment = None;
            self.snapshot.sharpness = SharpnessNews::default();
            self.snapshot.measures.clear();
            self.measures.clear();
            self.worst = None;
            if old.plane.setup.device != wish.plane.setup.device {
                self.avoid_gpu = false;
            }
        }
        if plane {
            self.snapshot.stands = false;
            self.works.clear();
            self.finding = None;
            self.snapshot.worst = None;
            let elsewhere = |q: Quantity| q != Quantity::Convexity;
            self.snapshot.measures.retain(|m| elsewhere(m.quantity));
            self.measures.retain(|m| elsewhere(m.found().quantity));
            self.snapshot.surfaces.clear();
            self.snapshot.other_surfaces.clear();
            self.other_works.clear();
            self.snapshot.probes.clear();
        }
        if old.learning_rate != wish.learning_rate {
            let fixed = |q: Quantity| q.entry().is_none_or(|e| !e.needs(Need::LearningRate));
            self.snapshot.measures.retain(|m| fixed(m.quantity));
            self.measures.retain(|m| fixed(m.found().quantity));
        }
        if old.line_job() != wish.line_job() {
            self.line = None;
            self.snapshot.line = None;
        }
        let moved = !old.same_statistics(wish) && wish.large.is_some();
        if moved && self.bench.as_ref().is_some_and(Workbench::has_statistics) {
            // Every number of the minimizers and between them depends on them.
            self.snapshot.others.clear();
            self.snapshot.other_phi.clear();
            self.snapshot.sharpness = SharpnessNews::default();
            self.snapshot.measures.clear();
            self.measures.clear();
            (self.sharpness, self.worst) = (None, None);
        }
        if experiment || moved || old.alpha != wish.alpha {
            self.snapshot.point = None;
        }
        if experiment
            || self
                .sharpness
                .as_ref()
                .is_some_and(|(part, _)| !self.still_wanted(*part))
        {
            self.sharpness = None;
        }
        let wanted = self.centres();
        self.works.retain(|work| wanted.contains(&work.alpha));
        let jobs: Vec<SurfaceJob> = self.jobs(&wanted);
        self.finding = self.finding.take().filter(|(of, _)| jobs.contains(of));
        let here = self.wish.alpha;
        let ends = [0.0, 1.0, here];
        self.measures
            .retain(|work| ends.contains(&work.found().alpha));
        if self.worst.as_ref().is_some_and(|w| w.0 != wanted[0]) {
            self.worst = None;
            self.snapshot.worst = None;
        }
        self.failed.clear();
        // What failed to open says nothing of other files.
        let opening = |f: &Failure| f.stage.is_opening() && f.stage != Stage::Plane;
        let failure = self.snapshot.failure.take();
        self.snapshot.failure = failure.filter(|f| !experiment && opening(f));
        self.snapshot.wish = number;
        match self.next() {
            Some(part) => self.announce(part),
            None => self.rest(),
        }
        self.publish();
    }

    /// Puts the plane aside, which answered `wish`, while the experiment stays.
    fn put_plane_aside(&mut self, wish: &Wish) {
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
    fn take_up_plane(&mut self) -> bool {
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
    fn put_aside(&mut self, wish: &Wish) {
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
    fn take_up(&mut self) -> Option<Wish> {
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
