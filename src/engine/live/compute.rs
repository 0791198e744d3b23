//! Doing one chunk of one part, and what happens when it fails.

use super::line;
use super::measure::MeasureWork;
use super::news::{Confirmed, Failure, Kind, PointMetrics, Snapshot, Stage, WorstPoint};
use super::open;
use super::part::Part;
use super::quantity::{MeasureNews, Quantity};
use super::shared::{Shared, lock};
use super::sharpness::SharpnessWork;
use super::surface::SurfaceWork;
use super::worker::{PICTURE_EVERY, Worker};
use crate::engine::device;
use crate::engine::job::{Request as _, SurfaceJob};
use crate::engine::local::planes::Finder;
use crate::engine::plane;
use crate::engine::work::{Step, Work as _, guarded};
use crate::error::{Error, Result};
use crate::landscape::evaluate::Split;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

/// Values of φ kept for the α and ε they were found at.
const MOST_CONFIRMED: usize = 64;
/// Measures kept: those of both minimizers and of some points between.
const MOST_MEASURES: usize = 160;

/// Says in the window what is tried while something opens.
fn watching(shared: &Shared, news: Snapshot) -> impl Fn(&str) {
    let told = Cell::new(Instant::now());
    move |words| {
        if told.get().elapsed() < PICTURE_EVERY {
            return;
        }
        told.set(Instant::now());
        let mut news = news.clone();
        news.activity.what = format!("Opening: {words}");
        let old = std::mem::replace(&mut *lock(&shared.snapshot), Arc::new(news));
        drop(old);
        (shared.notify)();
    }
}

impl Worker<'_> {
    pub(super) fn compute(&mut self, part: Part) -> Result<()> {
        let Some(bench) = &mut self.bench else {
            return Ok(());
        };
        match part {
            Part::Open => {}
            Part::Plane(alpha) => {
                // Directions that are searched for need no files, and take their time.
                if self.wish.plane.directions.are_found() {
                    self.wish.surface_job(alpha).check()?;
                } else {
                    self.plane(alpha)?;
                }
                self.snapshot.stands = true;
                (self.aside, self.plane_aside) = (None, None);
            }
            Part::Point => {
                if bench.follow(&self.wish)? {
                    self.snapshot.experiment = Some(Arc::new(bench.facts.clone()));
                }
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
            Part::Other(index) => self.other(index)?,
            Part::Around(index) => self.around(index)?,
            Part::Phi(index) => self.phi(index)?,
            Part::Probes => {
                let alpha = self.centres()[0];
                if self.plane(alpha)?
                    && let (Some(bench), Some(work)) =
                        (&self.bench, self.works.iter().find(|w| w.alpha == alpha))
                {
                    self.snapshot.probes = work.probe(bench, &self.wish.probes)?;
                }
            }
            Part::Line => {
                if self.line.is_none()
                    && let Some(job) = self.wish.line_job()
                {
                    self.line = Some(line::start(&job, bench)?);
                }
                if let Some(line) = &mut self.line {
                    self.pace.step(line)?;
                    self.snapshot.line = Some(Arc::new(line.found().clone()));
                }
            }
            Part::Confirm(_) | Part::Curve(_) => self.sharpness(part)?,
            Part::Coarse(alpha) | Part::Surface(alpha) => {
                if self.plane(alpha)? {
                    self.surface(alpha)?;
                }
            }
            Part::Measure(quantity, alpha) => self.measure(quantity, alpha)?,
        }
        Ok(())
    }

    /// Makes the plane around θ(α) ready; false while its directions are still being searched for.
    fn plane(&mut self, alpha: f64) -> Result<bool> {
        if self.bench.is_none() {
            return Ok(false);
        }
        if self.works.iter().any(|w| w.alpha == alpha) {
            return Ok(true);
        }
        let job = self.wish.surface_job(alpha);
        let Some(work) = self.begin(alpha, &job)? else {
            return Ok(false);
        };
        self.works.push(work);
        self.see_worst();
        Ok(true)
    }

    /// The surface of a job, on its way; `None` while its directions are still being searched for.
    pub(super) fn begin(&mut self, alpha: f64, job: &SurfaceJob) -> Result<Option<SurfaceWork>> {
        let Some(bench) = &mut self.bench else {
            return Ok(None);
        };
        let mut found = None;
        if job.directions.are_found() {
            if self.finding.as_ref().is_none_or(|(of, _)| of != job) {
                let (centre, _) = plane::centre(job, &mut bench.inputs)?;
                let split = &bench.splits[0];
                let (setup, evaluator) = (&job.setup, &bench.evaluator);
                let finder = Finder::new(&job.directions, setup, evaluator, split, &centre)?;
                self.finding = finder.map(|finder| (job.clone(), finder));
            }
            if let Some((_, finder)) = &mut self.finding {
                if self.pace.step(finder)? == Step::More {
                    return Ok(None);
                }
                found = Some(finder.pair()?);
            }
            self.finding = None;
        }
        SurfaceWork::new(alpha, job, bench, found).map(Some)
    }

    /// One more step of a measure.
    fn measure(&mut self, quantity: Quantity, alpha: f64) -> Result<()> {
        if quantity == Quantity::Convexity && !self.plane(alpha)? {
            return Ok(());
        }
        let Some(bench) = &self.bench else {
            return Ok(());
        };
        let same = |w: &MeasureWork| {
            let news = w.found();
            news.alpha == alpha && news.quantity == quantity
        };
        let index = match self.measures.iter().position(same) {
            Some(index) => index,
            None => {
                let wish = &self.wish;
                let plane = self.works.iter().find(|w| w.alpha == alpha);
                self.measures
                    .push(MeasureWork::new(quantity, alpha, bench, wish, plane));
                self.measures.len() - 1
            }
        };
        let work = &mut self.measures[index];
        self.pace.step(work)?;
        let news = Arc::new(work.found().clone());
        if news.complete {
            self.measures.swap_remove(index);
        }
        let known = &mut self.snapshot.measures;
        match known
            .iter_mut()
            .find(|m| m.alpha == alpha && m.quantity == quantity)
        {
            Some(old) => *old = news,
            None => known.push(news),
        }
        if known.len() > MOST_MEASURES {
            let passing = |m: &Arc<MeasureNews>| m.alpha != 0.0 && m.alpha != 1.0;
            if let Some(oldest) = known.iter().position(passing) {
                known.remove(oldest);
            }
        }
        Ok(())
    }

    /// Notes where the worst point lies in the plane around θ(α), once both are there.
    fn see_worst(&mut self) {
        let Some((alpha, epsilon, phi, point)) = &self.worst else {
            return;
        };
        let Some(work) = self.works.iter().find(|w| w.alpha == *alpha) else {
            return;
        };
        let (coordinate, distance, outside) = work.project(point);
        self.snapshot.worst = Some(WorstPoint {
            alpha: *alpha,
            epsilon: *epsilon,
            coordinate,
            distance,
            outside,
            phi: *phi,
        });
    }

    pub(super) fn surface(&mut self, alpha: f64) -> Result<()> {
        let Some(work) = self.works.iter_mut().find(|w| w.alpha == alpha) else {
            return Ok(());
        };
        let was_coarse = work.is_coarse();
        self.pace.step(work)?;
        let (coarse, done) = (work.is_coarse(), work.is_done());
        let due = self.last_picture.elapsed() > PICTURE_EVERY || was_coarse != coarse || done;
        let picture = due.then(|| work.picture()).flatten();
        if let Some(picture) = picture {
            self.last_picture = Instant::now();
            self.put(picture);
        }
        Ok(())
    }

    /// One more gradient of a curve or a value.
    pub(super) fn sharpness(&mut self, part: Part) -> Result<()> {
        let Some(bench) = &self.bench else {
            return Ok(());
        };
        if self.sharpness.as_ref().is_none_or(|(now, _)| *now != part) {
            let work = match part {
                Part::Confirm(alpha) => SharpnessWork::value(alpha, self.wish.epsilon, bench)?,
                Part::Curve(alpha) => SharpnessWork::curve(alpha, bench)?,
                _ => return Ok(()),
            };
            self.sharpness = Some((part, work));
        }
        let Some((_, work)) = &mut self.sharpness else {
            return Ok(());
        };
        let before = work.found().phi.len();
        self.pace.step(work)?;
        let curve = work.found().clone();
        let news = &mut self.snapshot.sharpness;
        if matches!(part, Part::Curve(_)) && curve.phi.len() > before {
            let shared = Arc::new(curve.clone());
            if curve.alpha == 0.0 {
                news.small = Some(Arc::clone(&shared));
            }
            if curve.alpha == 1.0 {
                news.large = Some(Arc::clone(&shared));
            }
            if curve.alpha == self.wish.alpha {
                news.here = Some(shared);
            }
        }
        if !curve.complete {
            return Ok(());
        }
        let worst = work.worst();
        self.sharpness = None;
        if let (Part::Confirm(alpha), Some(&phi)) = (part, curve.phi.last()) {
            let epsilon = self.wish.epsilon;
            news.confirmed
                .retain(|c| c.alpha != alpha || c.epsilon != epsilon);
            if news.confirmed.len() >= MOST_CONFIRMED {
                news.confirmed.remove(0);
            }
            news.confirmed.push(Confirmed {
                alpha,
                epsilon: self.wish.epsilon,
                phi,
            });
            if self.marks_worst(alpha) {
                self.worst = worst.map(|point| (alpha, self.wish.epsilon, phi, point));
                self.see_worst();
            }
        }
        Ok(())
    }

    pub(super) fn open(&mut self) {
        self.tried_to_open = true;
        let wish = self.wish.clone();
        let watch = watching(self.shared, self.snapshot.clone());
        let opened = guarded(|| Ok(open::open(&wish, self.avoid_gpu, &watch)))
            .unwrap_or_else(|error| Err(Failure::new(Stage::Computing, error.to_string())));
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
                    && self.wish.plane.setup.device.is_gpu() =>
            {
                self.leave_the_gpu(&failure.message);
            }
            Err(failure) => {
                self.log(Kind::Error, failure.message.clone());
                self.snapshot.failure = Some(failure);
            }
        }
    }

    /// Says where the GPU has failed and the processor gone on.
    pub(super) fn note_trouble(&mut self) {
        let Some(bench) = &mut self.bench else { return };
        let Some(why) = bench.evaluator.trouble().filter(|_| bench.on_gpu) else {
            return;
        };
        let text = format!("The GPU failed, going on on the CPU: {why}");
        bench.on_gpu = false;
        bench.device = device::reserve();
        bench.facts.device.clone_from(&bench.device);
        self.snapshot.experiment = Some(Arc::new(bench.facts.clone()));
        self.log(Kind::Warning, text);
    }

    /// Goes on on the CPU.
    pub(super) fn leave_the_gpu(&mut self, why: &str) {
        self.log(
            Kind::Warning,
            format!("The GPU can't be used, going on on the CPU: {why}"),
        );
        self.avoid_gpu = true;
        self.bench = None;
        (self.aside, self.plane_aside) = (None, None);
        self.line = None;
        self.stop_all();
        self.tried_to_open = false;
    }

    /// Drops what is half done and may be broken.
    pub(super) fn stop_all(&mut self) {
        self.works.clear();
        self.other_works.clear();
        self.finding = None;
        self.sharpness = None;
        self.measures.clear();
    }

    pub(super) fn fail(&mut self, part: Part, error: &Error) {
        if let (Error::Device(why), Some(true)) =
            (error, self.bench.as_ref().map(|bench| bench.on_gpu))
        {
            let why = why.clone();
            self.leave_the_gpu(&why);
            return;
        }
        self.stop_all();
        self.failed.push(part);
        self.log(Kind::Error, error.to_string());
        let stage = match part {
            Part::Plane(_) => Stage::Plane,
            _ => Stage::Computing,
        };
        self.snapshot.failure = Some(Failure::new(stage, error.to_string()));
    }
}
