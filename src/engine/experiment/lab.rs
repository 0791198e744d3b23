//! Measuring the runs of an experiment: their checkpoints go through the jobs of other commands.
//!
//! Everything that takes long goes through [`Lab::drive`], where the user may stop it.

use super::trial::{PartRuns, Trial};
use crate::engine::distance;
use crate::engine::job::{
    AxisChoice, CurvatureJob, DistanceJob, LineJob, Measures, Setup, SharpnessJob, SplitChoice,
    SurfaceJob,
};
use crate::engine::line;
use crate::engine::local::curvature::{self, CurvatureResult};
use crate::engine::result::Outcome;
use crate::engine::sharpness::Sharpnesses;
use crate::engine::surface;
use crate::engine::training::open;
use crate::engine::work::{Flow, Now, Progress, Work, drive, guarded};
use crate::error::{Error, Result};
use crate::landscape::curvature::ratio::RatioGrid;
use crate::landscape::distance::Distance;
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::grid::Axis;
use crate::landscape::objective::Objective as _;
use crate::landscape::sharpness::search::Method;
use crate::landscape::slice::Buffers;
use crate::train::order;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sees how far an experiment is, and may stop it: what is done now, and how far that is.
pub type Watch<'a> = &'a mut dyn FnMut(&str, &Now) -> Flow;

/// The runs of an experiment, and what measures them.
pub struct Lab<'a> {
    /// What was trained.
    pub parts: Vec<PartRuns>,
    /// Data and device; the network is each checkpoint's own.
    pub setup: Setup,
    /// Whether the user has asked to stop.
    pub stopped: bool,
    /// What was remarked while measuring.
    pub warnings: Vec<String>,
    watch: Watch<'a>,
}

/// Iterations of the search for the largest loss.
const ITERATIONS: usize = 10;
/// Random corners it starts from, too.
const RESTARTS: usize = 2;
/// Residual of the eigenvalues of a map, relative to their size.
const MAP_TOLERANCE: f64 = 1e-2;
/// Products after which a point of a map takes the best eigenvalues so far.
const MAP_PRODUCTS: usize = 40;

impl<'a> Lab<'a> {
    /// Over the runs of all parts.
    pub fn new(parts: Vec<PartRuns>, setup: &Setup, watch: Watch<'a>) -> Self {
        let setup = Setup {
            model: "auto".into(),
            ..setup.clone()
        };
        Self {
            parts,
            setup,
            stopped: false,
            warnings: Vec::new(),
            watch,
        }
    }

    /// The runs of a part, by its name; none where there is no such part.
    pub fn part(&self, name: &str) -> Vec<Trial> {
        let own = self.parts.iter().find(|part| part.name == name);
        own.map(|part| part.trials.clone()).unwrap_or_default()
    }

    /// The runs of all parts.
    pub fn all(&self) -> Vec<Trial> {
        self.parts.iter().flat_map(|p| p.trials.clone()).collect()
    }

    /// Does some work to its end.
    ///
    /// # Errors
    /// As the work, or where the user stopped it.
    pub fn drive<W: Work>(&mut self, what: &str, work: W) -> Result<W::Found> {
        let mut stopped = false;
        let watch = &mut *self.watch;
        let found = drive(work, &mut |_, now| {
            let flow = watch(what, now);
            stopped |= flow == Flow::Stop;
            flow
        })?;
        self.stopped |= stopped;
        if stopped { Err(halted()) } else { Ok(found) }
    }

    /// Tells that so many of some short pieces are done.
    ///
    /// # Errors
    /// Where the user has stopped it.
    pub fn tell(&mut self, what: &str, done: usize, total: usize) -> Result<()> {
        let progress = Progress {
            what: "measuring".into(),
            unit: "checkpoint",
            done,
            total,
        };
        let now = Now {
            progress,
            per_second: 0.0,
            left: None,
            failed: false,
        };
        if (self.watch)(what, &now) == Flow::Stop {
            self.stopped = true;
            return Err(halted());
        }
        Ok(())
    }

    fn training_split(&self) -> Setup {
        Setup {
            split: SplitChoice::Train,
            ..self.setup.clone()
        }
    }

    /// The training split, or so many of its samples where the user didn't say how many.
    fn part_of_training(&self, most: usize) -> Setup {
        let mut setup = self.training_split();
        setup.samples = setup.samples.or(Some(most));
        setup
    }

    /// φ(1e-3) in percent at checkpoints of one network, over the training samples.
    ///
    /// # Errors
    /// As the sharpness job.
    pub fn sharpness(&mut self, files: &[PathBuf]) -> Result<Vec<f64>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let job = SharpnessJob {
            setup: self.training_split(),
            files: files.to_vec(),
            epsilon: vec![1e-3],
            method: vec![Method::Sign],
            iterations: ITERATIONS,
            restarts: RESTARTS,
            measures: Measures(Vec::new()),
            ..SharpnessJob::default()
        };
        let work = guarded(|| Sharpnesses::start(&job, false))?;
        let report = self.drive("sharpness φ(1e-3)", work)?;
        self.note(&report.header.warnings);
        let phi = report.results.iter().map(|one| one.boxes.first());
        Ok(phi.map(|b| b.map_or(f64::NAN, |b| b.phi)).collect())
    }

    /// The filter-normalised surface around a checkpoint, the same directions for all of one network.
    ///
    /// # Errors
    /// As the surface job.
    pub fn surface(&mut self, at: &Path, points: usize) -> Result<Outcome> {
        self.surface_of(SurfaceJob {
            setup: self.training_split(),
            at: Some(at.to_owned()),
            x: Some(around(points)),
            ..SurfaceJob::default()
        })
    }

    /// As [`Lab::surface`], over so many samples at most; `buffers`: what running statistics do.
    ///
    /// # Errors
    /// As the surface job.
    pub fn rough_surface(
        &mut self,
        at: &Path,
        (points, samples): (usize, usize),
        buffers: Buffers,
    ) -> Result<Outcome> {
        self.surface_of(SurfaceJob {
            setup: self.part_of_training(samples),
            at: Some(at.to_owned()),
            x: Some(around(points)),
            buffers,
            ..SurfaceJob::default()
        })
    }

    fn surface_of(&mut self, job: SurfaceJob) -> Result<Outcome> {
        let work = guarded(|| surface::start(&job, None))?;
        self.drive("surfaces", work)
    }

    /// |λ_min/λ_max| over the same plane as [`Lab::surface`], eval mode, over so many samples at most.
    ///
    /// # Errors
    /// As the curvature job.
    pub fn ratio_map(&mut self, at: &Path, points: usize, samples: usize) -> Result<RatioGrid> {
        let job = CurvatureJob {
            setup: self.part_of_training(samples),
            file: Some(at.to_owned()),
            top: 0,
            tolerance: MAP_TOLERANCE,
            most_products: MAP_PRODUCTS,
            map: Some(plain_axis(points)),
            ..CurvatureJob::default()
        };
        let found = self.curvature("|λ_min/λ_max|", &job)?;
        let none = || Error::Usage("there is no map of |λ_min/λ_max|".into());
        found.map.ok_or_else(none)
    }

    /// Loss and gradient along the gradient at a checkpoint, from half to four times a learning rate as in
    /// Santurkar et al. 2018, in train mode, over so many samples at most.
    ///
    /// # Errors
    /// As the curvature job.
    pub fn along_gradient(
        &mut self,
        at: &Path,
        rate: f64,
        samples: usize,
    ) -> Result<CurvatureResult> {
        let job = CurvatureJob {
            setup: self.part_of_training(samples),
            file: Some(at.to_owned()),
            top: 0,
            along_gradient: Some(Axis {
                from: 0.5 * rate,
                to: 4.0 * rate,
                points: 8,
            }),
            statistics: StatisticsMode::Batch,
            ..CurvatureJob::default()
        };
        self.curvature("along the gradient", &job)
    }

    fn curvature(&mut self, what: &str, job: &CurvatureJob) -> Result<CurvatureResult> {
        let work = guarded(|| curvature::start(job))?;
        let found = self.drive(what, work)?;
        self.note(&found.header.warnings);
        Ok(found)
    }

    /// The line from one checkpoint to another.
    ///
    /// # Errors
    /// As the line job.
    pub fn line(&mut self, small: &Path, large: &Path) -> Result<Outcome> {
        let job = LineJob {
            setup: self.setup.clone(),
            small: small.to_owned(),
            large: large.to_owned(),
            ..LineJob::default()
        };
        let work = guarded(|| line::start(&job, None))?;
        let mut outcome = self.drive("line between both", work)?;
        outcome.note_barriers();
        Ok(outcome)
    }

    /// How far a run's end is from its start, in total and layer by layer; `None` where it has none.
    ///
    /// # Errors
    /// As the distance job.
    pub fn distance(&mut self, trial: &Trial) -> Result<Option<Distance>> {
        let (Some(from), Some(end)) = (trial.start.clone(), trial.end()) else {
            return Ok(None);
        };
        self.apart(&from, end)
    }

    /// How far one checkpoint is from another, in total and layer by layer.
    ///
    /// # Errors
    /// As the distance job.
    pub fn apart(&mut self, from: &Path, to: &Path) -> Result<Option<Distance>> {
        let job = DistanceJob {
            files: vec![to.to_owned()],
            from: Some(from.to_owned()),
            ..DistanceJob::default()
        };
        let work = guarded(|| distance::start(&job))?;
        let found = self.drive("distances", work)?;
        Ok(found.pairs.into_iter().next().map(|(_, distance)| distance))
    }

    /// Name, ‖θ‖ and ‖∇f‖ of every weight of two axes or more at a checkpoint of a run, over its training
    /// samples in eval mode.
    ///
    /// # Errors
    /// Where it can't be opened or the device fails.
    #[expect(clippy::unused_self, reason = "measured in the lab as everything else")]
    pub fn layer_norms(&mut self, trial: &Trial, at: &Path) -> Result<Vec<(String, f64, f64)>> {
        let mut job = trial.job.clone();
        job.start = Some(at.to_owned());
        job.draw = false;
        job.setup.model = "auto".into();
        let opened = guarded(|| open(&job))?;
        let trainer = &opened.trainer;
        let point = trainer.point();
        let split = trainer.train();
        let mut objective =
            NetworkObjective::new(trainer.evaluator(), &point, split, StatisticsMode::Running);
        let (_, gradient) = guarded(|| objective.gradient(&point.flatten()))?;
        let gradient = point.with_trainable(&gradient);
        let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let both = point.trainable().zip(gradient.trainable());
        let weights = both.filter(|((spec, _), _)| spec.shape.len() > 1);
        let named = weights.map(|((spec, w), (_, g))| (spec.name.clone(), norm(w), norm(g)));
        Ok(named.collect())
    }

    /// Mean losses at the end of a run: of the samples of the last tenth of its last epoch, of the first tenth,
    /// and of the validation split; `None` where it diverged or has none.
    ///
    /// # Errors
    /// Where its end can't be opened or the device fails.
    #[expect(clippy::unused_self, reason = "measured in the lab as everything else")]
    pub fn losses_by_age(&mut self, trial: &Trial) -> Result<Option<[f64; 3]>> {
        let Some(end) = trial.end() else {
            return Ok(None);
        };
        let mut job = trial.job.clone();
        job.start = Some(end.to_owned());
        job.draw = false;
        job.setup.model = "auto".into();
        let opened = guarded(|| open(&job))?;
        let trainer = &opened.trainer;
        let Some(validation) = trainer.validation() else {
            return Ok(None);
        };
        let samples = trainer.train().samples();
        let epochs = trial.last("epoch").round() as usize;
        let Some(last) = epochs.checked_sub(1) else {
            return Ok(None);
        };
        let seed = trainer.recipe().order_seed();
        let order = order::of_epoch(seed, last, samples.len());
        let tenth = (samples.len() / 10).max(1);
        let loss = |chosen: &[usize]| {
            let some = Arc::new(samples.select(chosen));
            let split = trainer.evaluator().upload(&some, 0)?;
            trainer.metrics(&split)
        };
        let recent = guarded(|| loss(&order[order.len() - tenth..]))?;
        let earlier = guarded(|| loss(&order[..tenth]))?;
        let fresh = guarded(|| trainer.metrics(validation))?;
        Ok(Some([recent.loss, earlier.loss, fresh.loss]))
    }

    /// Remarks on what was measured, each once.
    pub fn note(&mut self, warnings: &[String]) {
        for warning in warnings {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
    }
}

/// From −1 to 1 along a direction.
fn plain_axis(points: usize) -> Axis {
    Axis {
        from: -1.0,
        to: 1.0,
        points,
    }
}

fn around(points: usize) -> AxisChoice {
    AxisChoice::Given(plain_axis(points))
}

fn halted() -> Error {
    Error::Usage("stopped by the user".into())
}
