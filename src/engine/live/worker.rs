//! The thread: what is most urgent for the newest wish, one chunk at a time.

use super::news::{
    Activity, Entry, Failure, Kind, LiveSurface, PointMetrics, Quality, Snapshot, Stage,
};
use super::open::{self, Workbench};
use super::surface::SurfaceWork;
use super::wish::{Wish, same_surface};
use super::work::LineWork;
use super::{Shared, lock};
use crate::engine::device::DeviceChoice;
use crate::engine::guarded;
use crate::engine::job::Job;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::evaluate::Split;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Surfaces kept for the α they stand at: a drag there and back, and some megabytes.
const MOST_SURFACES: usize = 48;
/// Entries of the log.
const MOST_ENTRIES: usize = 500;
/// A filling surface goes out about this often; copying it more often helps nobody.
const PICTURE_EVERY: Duration = Duration::from_millis(60);

/// One thing to do, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Open,
    Point,
    Probes,
    /// The first picture around an α.
    Coarse(f64),
    Line,
    /// The rest of a surface.
    Surface(f64),
}

struct Worker<'a> {
    shared: &'a Shared,
    wish: Wish,
    /// Whether there has been a wish at all.
    wished: bool,
    bench: Option<Workbench>,
    tried_to_open: bool,
    avoid_gpu: bool,
    line: Option<LineWork>,
    works: Vec<SurfaceWork>,
    failed: Vec<Part>,
    snapshot: Snapshot,
    versions: u64,
    last_picture: Instant,
    rate: Rate,
}

/// Points a second of what is being done now.
#[derive(Default)]
struct Rate {
    what: String,
    seconds: f64,
    points: usize,
}

/// Lets whoever draws go first: computing takes every core there is, and a frame can't wait.
///
/// On Linux this is the thread's own niceness, which the threads it starts inherit; where the
/// system refuses or knows no such thing, frames are a little later.
fn yield_to_the_window() {
    #[cfg(target_os = "linux")]
    rustix::process::nice(10).ok();
}

/// Serves wishes until the handle is dropped.
pub fn run(shared: &Shared) {
    yield_to_the_window();
    let mut worker = Worker::new(shared);
    let mut idle = false;
    loop {
        match inbox(shared, idle) {
            Inbox::Quit => return,
            Inbox::News(wish, offers) => {
                if let Some((wish, number)) = wish {
                    worker.turn_to(wish, number);
                }
                for outcome in offers {
                    worker.take(outcome);
                }
            }
        }
        idle = !worker.work();
    }
}

enum Inbox {
    Quit,
    News(Option<(Wish, u64)>, Vec<Outcome>),
}

/// What came in; waits for something where there is nothing to do.
fn inbox(shared: &Shared, wait: bool) -> Inbox {
    let mut inbox = lock(&shared.inbox);
    while wait && !inbox.quit && inbox.wish.is_none() && inbox.offers.is_empty() {
        inbox = shared
            .changed
            .wait(inbox)
            .unwrap_or_else(PoisonError::into_inner);
    }
    if inbox.quit {
        return Inbox::Quit;
    }
    let number = inbox.stated;
    let wish = inbox.wish.take().map(|wish| (wish, number));
    Inbox::News(wish, std::mem::take(&mut inbox.offers))
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            wish: Wish::default(),
            wished: false,
            bench: None,
            tried_to_open: false,
            avoid_gpu: false,
            line: None,
            works: Vec::new(),
            failed: Vec::new(),
            snapshot: Snapshot::default(),
            versions: 0,
            last_picture: Instant::now(),
            rate: Rate::default(),
        }
    }

    /// Forgets what the new wish has no use for.
    fn turn_to(&mut self, wish: Wish, number: u64) {
        self.wished = true;
        let old = std::mem::replace(&mut self.wish, wish);
        let wish = &self.wish;
        let experiment = !old.same_experiment(wish);
        let plane = experiment || !old.same_plane(wish);
        if experiment {
            self.bench = None;
            self.tried_to_open = false;
            self.snapshot.experiment = None;
            self.snapshot.sharpness = super::SharpnessNews::default();
            if old.plane.setup.device != wish.plane.setup.device {
                self.avoid_gpu = false;
            }
        }
        if plane {
            self.works.clear();
            self.snapshot.surfaces.clear();
            self.snapshot.probes.clear();
        }
        if old.line_job() != wish.line_job() {
            self.line = None;
            self.snapshot.line = None;
        }
        if experiment || old.alpha != wish.alpha {
            self.snapshot.point = None;
        }
        let wanted = self.centres();
        self.works.retain(|work| wanted.contains(&work.alpha));
        self.failed.clear();
        if !experiment {
            self.snapshot.failure = self
                .snapshot
                .failure
                .take()
                .filter(|f| f.stage != Stage::Computing);
        }
        self.snapshot.wish = number;
        match self.next() {
            Some(part) => self.announce(part),
            None => self.rest(),
        }
        self.publish();
    }

    /// Says that there is nothing to do.
    fn rest(&mut self) {
        self.snapshot.activity = Activity {
            stopped: self.wish.stopped && self.bench.is_some(),
            ..Activity::default()
        };
    }

    /// A result computed elsewhere, shown where it is what is wanted.
    fn take(&mut self, outcome: Outcome) {
        let missing = outcome.missing();
        match (&outcome.recipe.job, &outcome.numbers) {
            (Job::Surface(job), Numbers::Surface(_)) => {
                let alpha = job.alpha.unwrap_or(0.0);
                if same_surface(job, &self.wish.surface_job(alpha)) {
                    self.put(LiveSurface {
                        alpha,
                        outcome,
                        quality: if missing == 0 {
                            Quality::Full
                        } else {
                            Quality::Filling
                        },
                        version: 0,
                    });
                }
            }
            (Job::Line(job), Numbers::Line(_)) if missing == 0 => {
                if self.wish.line_job().as_ref() == Some(job) {
                    self.snapshot.line = Some(Arc::new(outcome));
                }
            }
            _ => {}
        }
        self.publish();
    }

    /// The α whose surfaces are wanted, most wanted first.
    fn centres(&self) -> Vec<f64> {
        if !self.wish.follows_alpha() {
            return vec![0.0];
        }
        let mut centres = vec![self.wish.alpha];
        if self.wish.compare {
            centres.extend([0.0, 1.0].iter().filter(|&&a| a != self.wish.alpha));
        }
        centres
    }

    fn surface_at(&self, alpha: f64) -> Option<&Arc<LiveSurface>> {
        self.snapshot.surfaces.iter().find(|s| s.alpha == alpha)
    }

    /// What is most urgent.
    fn next(&self) -> Option<Part> {
        let Some(bench) = &self.bench else {
            return (self.wished && !self.tried_to_open).then_some(Part::Open);
        };
        let mut parts = Vec::with_capacity(8);
        if self.snapshot.point.is_none() && self.wish.large.is_some() {
            parts.push(Part::Point);
        }
        if !self.probes_are_done() {
            parts.push(Part::Probes);
        }
        let unfinished = |&a: &f64| {
            self.surface_at(a)
                .is_none_or(|s| s.quality != Quality::Full)
        };
        let centres: Vec<f64> = self.centres().into_iter().filter(unfinished).collect();
        let is_coarse = |&&a: &&f64| {
            self.works
                .iter()
                .find(|w| w.alpha == a)
                .is_none_or(SurfaceWork::is_coarse)
        };
        parts.extend(centres.iter().filter(is_coarse).map(|&a| Part::Coarse(a)));
        let stopped = self.wish.stopped;
        if bench.large.is_some() && self.snapshot.line.as_ref().is_none_or(|l| l.missing() > 0) {
            parts.push(Part::Line);
        }
        if !stopped {
            parts.extend(centres.iter().map(|&a| Part::Surface(a)));
        }
        parts.into_iter().find(|part| !self.failed.contains(part))
    }

    /// Does the most urgent chunk; false where there is nothing to do.
    fn work(&mut self) -> bool {
        let Some(part) = self.next() else {
            if !self.snapshot.activity.is_idle() {
                self.rest();
                self.publish();
            }
            return false;
        };
        self.announce(part);
        if part == Part::Open {
            self.publish();
            self.open();
        } else if let Err(error) = guarded(|| self.compute(part)) {
            self.fail(part, &error);
        }
        self.publish();
        true
    }

    fn open(&mut self) {
        self.tried_to_open = true;
        let wish = self.wish.clone();
        let opened = guarded(|| Ok(open::open(&wish, self.avoid_gpu))).unwrap_or_else(|error| {
            Err(Failure {
                stage: Stage::Computing,
                message: error.to_string(),
                tensors: Vec::new(),
            })
        });
        match opened {
            Ok(bench) => {
                let facts = &bench.facts;
                self.log(
                    Kind::Note,
                    format!(
                        "Opened {} ({}) with {} on {}",
                        facts.model.name, facts.model.source, facts.data.name, facts.device
                    ),
                );
                for warning in &bench.facts.warnings {
                    self.log(Kind::Warning, warning.clone());
                }
                self.snapshot.failure = None;
                self.snapshot.experiment = Some(Arc::new(bench.facts.clone()));
                self.bench = Some(bench);
            }
            Err(failure)
                if failure.stage == Stage::Device
                    && !self.avoid_gpu
                    && self.wish.plane.setup.device == DeviceChoice::Gpu =>
            {
                self.leave_the_gpu(&failure.message);
            }
            Err(failure) => {
                self.log(Kind::Error, failure.message.clone());
                self.snapshot.failure = Some(failure);
            }
        }
    }

    /// Goes on on the CPU.
    fn leave_the_gpu(&mut self, why: &str) {
        self.log(
            Kind::Warning,
            format!("The GPU can't be used, going on on the CPU: {why}"),
        );
        self.avoid_gpu = true;
        self.bench = None;
        self.line = None;
        self.works.clear();
        self.tried_to_open = false;
    }

    fn fail(&mut self, part: Part, error: &Error) {
        if let (Error::Device(why), Some(true)) =
            (error, self.bench.as_ref().map(|bench| bench.on_gpu))
        {
            let why = why.clone();
            self.leave_the_gpu(&why);
            return;
        }
        self.works.clear();
        self.failed.push(part);
        self.log(Kind::Error, error.to_string());
        self.snapshot.failure = Some(Failure {
            stage: Stage::Computing,
            message: error.to_string(),
            tensors: Vec::new(),
        });
    }

    fn compute(&mut self, part: Part) -> Result<()> {
        let Some(bench) = &mut self.bench else {
            return Ok(());
        };
        let started = Instant::now();
        match part {
            Part::Open => {}
            Part::Point => {
                let splits: Vec<&Split> = bench.splits.iter().collect();
                let alpha = self.wish.alpha;
                let found = bench
                    .evaluator
                    .evaluate(&bench.line, &[vec![alpha]], &splits)?;
                self.snapshot.point = Some(PointMetrics {
                    alpha,
                    metrics: found.into_iter().next().unwrap_or_default(),
                });
            }
            Part::Probes => {
                let alpha = self.centres()[0];
                let Some(bench) = &mut self.bench else {
                    return Ok(());
                };
                if !self.works.iter().any(|w| w.alpha == alpha) {
                    let job = self.wish.surface_job(alpha);
                    self.works.push(SurfaceWork::new(alpha, &job, bench)?);
                }
                let work = self.works.iter().find(|w| w.alpha == alpha);
                if let Some(work) = work {
                    self.snapshot.probes = work.probe(bench, &self.wish.probes)?;
                }
            }
            Part::Line => {
                if self.line.is_none()
                    && let Some(job) = self.wish.line_job()
                {
                    self.line = Some(LineWork::new(&job, bench)?);
                }
                if let Some(line) = &mut self.line {
                    let before = line.points().0;
                    line.step(bench)?;
                    self.rate.add(started.elapsed(), line.points().0 - before);
                    self.snapshot.line = Some(Arc::new(line.outcome().clone()));
                }
            }
            Part::Coarse(alpha) | Part::Surface(alpha) => {
                if !self.works.iter().any(|w| w.alpha == alpha) {
                    let job = self.wish.surface_job(alpha);
                    self.works.push(SurfaceWork::new(alpha, &job, bench)?);
                }
                self.surface(alpha, part, started)?;
            }
        }
        Ok(())
    }

    fn surface(&mut self, alpha: f64, part: Part, started: Instant) -> Result<()> {
        let (Some(bench), Some(work)) = (
            &self.bench,
            self.works.iter_mut().find(|w| w.alpha == alpha),
        ) else {
            return Ok(());
        };
        let (was_coarse, before) = (work.is_coarse(), work.points().0);
        work.step(bench)?;
        let (coarse, done) = (work.is_coarse(), work.is_done());
        let points = work.points().0.saturating_sub(before);
        let due = self.last_picture.elapsed() > PICTURE_EVERY || was_coarse != coarse || done;
        let picture = due.then(|| work.picture()).flatten();
        if !matches!(part, Part::Coarse(_)) {
            self.rate.add(started.elapsed(), points);
        }
        if done {
            self.works.retain(|w| w.alpha != alpha);
        }
        if let Some(picture) = picture {
            self.last_picture = Instant::now();
            self.put(picture);
        }
        Ok(())
    }

    fn probes_are_done(&self) -> bool {
        let alpha = self.centres()[0];
        let results = &self.snapshot.probes;
        results.len() == self.wish.probes.len()
            && results
                .iter()
                .zip(&self.wish.probes)
                .all(|(result, probe)| result.probe == *probe && result.alpha == alpha)
    }

    /// Notes a surface as the newest, instead of an older one of the same α.
    fn put(&mut self, mut surface: LiveSurface) {
        self.versions += 1;
        surface.version = self.versions;
        let surfaces = &mut self.snapshot.surfaces;
        surfaces.retain(|s| s.alpha != surface.alpha);
        surfaces.insert(0, Arc::new(surface));
        surfaces.truncate(MOST_SURFACES);
    }

    fn announce(&mut self, part: Part) {
        let at = |alpha: f64| {
            if self.wish.follows_alpha() {
                format!("Surface around α = {alpha:.2}")
            } else {
                "Surface".to_owned()
            }
        };
        let (what, points) = match part {
            Part::Open => ("Opening".to_owned(), None),
            Part::Point => ("Metrics at θ(α)".to_owned(), None),
            Part::Probes => ("Probe".to_owned(), None),
            Part::Line => (
                "Line between the minimizers".to_owned(),
                self.line.as_ref().map(LineWork::points),
            ),
            Part::Coarse(alpha) | Part::Surface(alpha) => (
                at(alpha),
                self.works
                    .iter()
                    .find(|w| w.alpha == alpha)
                    .map(SurfaceWork::points),
            ),
        };
        if self.rate.what != what {
            self.rate = Rate {
                what: what.clone(),
                ..Rate::default()
            };
        }
        let points_per_second = self.rate.points as f64 / self.rate.seconds.max(1e-9);
        let left = points
            .filter(|_| self.rate.points > 0)
            .and_then(|(done, total)| {
                Duration::try_from_secs_f64((total - done) as f64 / points_per_second).ok()
            });
        self.snapshot.activity = Activity {
            what,
            points,
            points_per_second,
            left,
            stopped: false,
        };
    }

    fn log(&mut self, kind: Kind, text: String) {
        let log = Arc::make_mut(&mut self.snapshot.log);
        if log.last().is_some_and(|last| last.text == text) {
            return;
        }
        if log.len() >= MOST_ENTRIES {
            log.remove(0);
        }
        log.push(Entry {
            time: SystemTime::now(),
            kind,
            text,
        });
    }

    fn publish(&self) {
        *lock(&self.shared.snapshot) = Arc::new(self.snapshot.clone());
        (self.shared.notify)();
    }
}

impl Rate {
    fn add(&mut self, time: Duration, points: usize) {
        self.seconds += time.as_secs_f64();
        self.points += points;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_its_part_of_the_work_and_nothing_else() {
        let shared = Shared {
            inbox: std::sync::Mutex::default(),
            changed: std::sync::Condvar::new(),
            snapshot: std::sync::Mutex::default(),
            notify: Box::new(|| {}),
        };
        let mut wish = Wish::default();
        wish.plane.setup.device = DeviceChoice::Flex;
        let mut worker = Worker::new(&shared);
        worker.turn_to(wish, 1);
        assert!(worker.work(), "opens");
        let part = worker.next().unwrap();
        let error = guarded::<()>(|| panic!("shapes 2 and 3")).unwrap_err();
        worker.fail(part, &error);
        assert_ne!(worker.next(), Some(part), "isn't tried again at once");
        let failure = worker.snapshot.failure.clone().unwrap();
        assert!(failure.message.contains("shapes 2 and 3"));
        while worker.work() {}
        assert!(worker.snapshot.line.is_some(), "the rest goes on");
        // Another wish tries again.
        let mut wish = worker.wish.clone();
        wish.alpha = 0.25;
        worker.turn_to(wish, 2);
        assert_eq!(worker.next(), Some(Part::Point));
    }
}
