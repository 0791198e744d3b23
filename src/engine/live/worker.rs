//! The thread: what is most urgent for the newest wish, one chunk at a time.

use super::aside::{Aside, PlaneAside};
use super::measure::MeasureWork;
use super::news::{Activity, Entry, Kind, LiveSurface, Quality, Snapshot};
use super::open::Workbench;
use super::part::Part;
use super::shared::{Shared, lock};
use super::sharpness::SharpnessWork;
use super::surface::SurfaceWork;
use super::times::Times;
use super::wish::{Wish, same_surface};
use crate::engine::courtesy::yield_to_the_window;
use crate::engine::job::{Directions, Job, SurfaceJob};
use crate::engine::local::planes::Finder;
use crate::engine::result::{Numbers, Outcome};
use crate::engine::sampling::Sampling;
use crate::engine::work::{Pace, Progress, Work as _, guarded};
use crate::model::params::Params;
use crate::plot::number;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Surfaces kept for the α they stand at: a drag there and back, and some megabytes.
const MOST_SURFACES: usize = 48;
/// Entries of the log.
const MOST_ENTRIES: usize = 500;
/// A filling surface goes out about this often; copying it more often helps nobody.
pub(super) const PICTURE_EVERY: Duration = Duration::from_millis(60);

/// The thread's state.
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared,
    pub(super) wish: Wish,
    /// Whether there has been a wish at all.
    pub(super) wished: bool,
    pub(super) bench: Option<Workbench>,
    /// What was open before, until something else is.
    pub(super) aside: Option<Aside>,
    /// The plane before, until another stands.
    pub(super) plane_aside: Option<PlaneAside>,
    pub(super) tried_to_open: bool,
    pub(super) avoid_gpu: bool,
    pub(super) line: Option<Sampling>,
    pub(super) works: Vec<SurfaceWork>,
    /// The curve or value of sharpness under way.
    pub(super) sharpness: Option<(Part, SharpnessWork)>,
    /// Surfaces around further minimizers.
    pub(super) other_works: Vec<(PathBuf, SurfaceWork)>,
    /// The directions being searched for, for the plane of this job.
    pub(super) finding: Option<(SurfaceJob, Finder)>,
    /// Measures under way.
    pub(super) measures: Vec<MeasureWork>,
    /// The worst point of the box around θ(α): α, ε, φ and where it is.
    pub(super) worst: Option<(f64, f64, f64, Params)>,
    pub(super) failed: Vec<Part>,
    pub(super) snapshot: Snapshot,
    pub(super) versions: u64,
    pub(super) last_picture: Instant,
    pub(super) pace: Pace,
    /// How long each kind of part has taken.
    pub(super) times: Times,
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
                    worker.turn_to(*wish, number);
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
    News(Option<(Box<Wish>, u64)>, Vec<Outcome>),
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
    let wish = inbox.wish.take().map(|wish| (Box::new(wish), number));
    Inbox::News(wish, std::mem::take(&mut inbox.offers))
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            wish: Wish::default(),
            wished: false,
            bench: None,
            aside: None,
            plane_aside: None,
            tried_to_open: false,
            avoid_gpu: false,
            line: None,
            works: Vec::new(),
            other_works: Vec::new(),
            sharpness: None,
            finding: None,
            measures: Vec::new(),
            worst: None,
            failed: Vec::new(),
            snapshot: Snapshot::default(),
            versions: 0,
            last_picture: Instant::now(),
            pace: Pace::default(),
            times: Times::default(),
        }
    }

    /// Says that there is nothing to do.
    pub(super) fn rest(&mut self) {
        self.snapshot.activity = Activity {
            stopped: self.wish.stopped && self.bench.is_some(),
            ..Activity::default()
        };
    }

    /// A result computed elsewhere, shown where it is what is wanted.
    fn take(&mut self, outcome: Outcome) {
        let missing = outcome.missing();
        match (&outcome.header.job, &outcome.numbers) {
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
            (Job::Line(job), Numbers::Line(_))
                if missing == 0 && self.wish.line_job().as_ref() == Some(job) =>
            {
                self.snapshot.line = Some(Arc::new(outcome));
            }
            _ => {}
        }
        self.publish();
    }

    pub(super) fn surface_at(&self, alpha: f64) -> Option<&Arc<LiveSurface>> {
        self.snapshot.surfaces.iter().find(|s| s.alpha == alpha)
    }

    /// Does the most urgent chunk; false where there is nothing to do.
    fn work(&mut self) -> bool {
        let Some(part) = self.next() else {
            if !self.snapshot.activity.what.is_empty() {
                self.rest();
                self.publish();
            }
            return false;
        };
        self.announce(part);
        let started = Instant::now();
        if part == Part::Open {
            self.publish();
            self.open();
        } else if let Err(error) = guarded(|| self.compute(part)) {
            self.fail(part, &error);
        }
        self.times.add(part, started.elapsed());
        self.note_trouble();
        self.publish();
        true
    }

    /// Notes a surface as the newest, instead of an older one of the same α.
    pub(super) fn put(&mut self, mut surface: LiveSurface) {
        self.versions += 1;
        surface.version = self.versions;
        let surfaces = &mut self.snapshot.surfaces;
        surfaces.retain(|s| s.alpha != surface.alpha);
        surfaces.insert(0, Arc::new(surface));
        surfaces.truncate(MOST_SURFACES);
    }

    pub(super) fn announce(&mut self, part: Part) {
        let (what, progress) = self.doing(part);
        let counted = progress.is_some();
        let progress = progress.unwrap_or_else(|| Progress {
            what: what.clone().into(),
            unit: "point",
            done: 0,
            total: 0,
        });
        let now = self.pace.now(progress, false);
        let others = self.others(part);
        self.snapshot.activity = Activity {
            what,
            points: counted.then_some((now.progress.done, now.progress.total)),
            unit: now.progress.unit,
            points_per_second: now.per_second,
            left: now.left.filter(|_| counted),
            waiting: others.len(),
            left_in_all: self.times.left(part, now.left.filter(|_| counted), &others),
            aside: self.is_aside(part),
            stopped: false,
        };
    }

    /// The parts left besides this one; a surface is one, its first picture among it. What is done aside
    /// is left out: nobody waits for it.
    fn others(&self, part: Part) -> Vec<Part> {
        let first = |part: &Part| matches!(part, Part::Coarse(_));
        let mut queue = self.queue();
        queue.retain(|other| !first(other) && *other != part && !self.is_aside(*other));
        queue
    }

    /// Whether nobody looks at what a part gives.
    fn is_aside(&self, part: Part) -> bool {
        matches!(part, Part::Measure(quantity, _) if !self.wish.measuring.contains(&quantity))
    }

    /// What a part is, in words, and how far its work is, where it is counted.
    fn doing(&self, part: Part) -> (String, Option<Progress>) {
        let at = |what: &str, alpha| format!("{what} at α = {}", number::alpha(alpha));
        match part {
            Part::Open => ("Opening".to_owned(), None),
            Part::Plane(_) => ("Plane".to_owned(), None),
            Part::Point => ("Metrics at θ(α)".to_owned(), None),
            Part::Other(index) => (self.name_of_other(index), None),
            Part::Around(index) => {
                let what = format!("Surface around {}", self.name_of_other(index));
                (what, self.progress_around(index))
            }
            Part::Phi(index) => {
                let size = number::power(self.wish.epsilon);
                let name = self.name_of_other(index);
                (format!("Sharpness of {name}, ε = {size}"), None)
            }
            Part::Probes => ("Probe".to_owned(), None),
            Part::Line => (
                "Line between the minimizers".to_owned(),
                self.line.as_ref().map(Sampling::progress),
            ),
            Part::Confirm(alpha) => {
                let size = number::power(self.wish.epsilon);
                (format!("{}, ε = {size}", at("Sharpness", alpha)), None)
            }
            Part::Curve(alpha) => (
                at("Sharpness along ε", alpha),
                self.sharpness.as_ref().map(|(_, work)| work.progress()),
            ),
            Part::Measure(quantity, alpha) => {
                let same = |w: &&MeasureWork| {
                    let news = w.found();
                    news.alpha == alpha && news.quantity == quantity
                };
                let work = self.measures.iter().find(same);
                (at(quantity.name(), alpha), work.map(MeasureWork::progress))
            }
            Part::Coarse(alpha) | Part::Surface(alpha) if self.is_finding(alpha) => {
                let what = match self.wish.plane.directions {
                    Directions::Hessian => "Eigenvectors",
                    _ => "Worst point of the box",
                };
                let finder = self.finding.as_ref().map(|(_, finder)| finder);
                (at(what, alpha), finder.map(Finder::progress))
            }
            Part::Coarse(alpha) | Part::Surface(alpha) => {
                let work = self.works.iter().find(|w| w.alpha == alpha);
                let place = if self.wish.follows_alpha() {
                    format!(" around α = {}", number::alpha(alpha))
                } else {
                    String::new()
                };
                let progress = work.map(SurfaceWork::progress);
                let pass = progress.as_ref();
                let pass = pass.map_or_else(String::new, |now| format!(", {}", now.what));
                (format!("Surface{place}{pass}"), progress)
            }
        }
    }

    fn is_finding(&self, alpha: f64) -> bool {
        let there = self.works.iter().any(|w| w.alpha == alpha);
        !there && self.wish.plane.directions.are_found()
    }

    pub(super) fn log(&mut self, kind: Kind, text: String) {
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

    /// Hands out the state of everything. The one before may be the last to hold a surface: it goes
    /// when the lock is open again, for the window doesn't wait for a thread that yields to it.
    pub(super) fn publish(&self) {
        let mut new = self.snapshot.clone();
        let centre = self.wish.centre();
        let here = self.works.iter().find(|work| work.alpha == centre);
        new.ground = here.map(|work| Arc::clone(&work.ground));
        let new = Arc::new(new);
        let old = std::mem::replace(&mut *lock(&self.shared.snapshot), new);
        drop(old);
        (self.shared.notify)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::device::DeviceChoice;

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
