//! The sharpness job: every measure at every checkpoint, one gradient after another.

use crate::checkpoint;
use crate::engine::drive::{Flow, Progress, guarded};
use crate::engine::header::Header;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::{Request as _, SharpnessJob, SplitChoice, lossy};
use crate::error::{Error, Result, shown};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::objective::Objective as _;
use crate::landscape::sharpness::basis::Basis;
use crate::landscape::sharpness::other::{Measure, Measured, Measurement};
use crate::landscape::sharpness::region::Region;
use crate::landscape::sharpness::search::{Effort, Search, Sharpness};
use crate::landscape::slice::Geometry;
use crate::model::params::Params;
use crate::plot::number::format_value;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was measured, and how.
#[derive(Debug, Clone, Serialize)]
pub struct SharpnessReport {
    /// How.
    #[serde(skip)]
    pub header: Header,
    /// What was asked for, which the header holds for files.
    #[serde(skip)]
    pub job: SharpnessJob,
    /// One entry a checkpoint.
    pub results: Vec<CheckpointSharpness>,
}

/// The sharpnesses of one checkpoint.
#[derive(Debug, Clone, Serialize)]
pub struct CheckpointSharpness {
    /// As it was named.
    #[serde(serialize_with = "lossy")]
    pub checkpoint: PathBuf,
    /// f(θ), nats.
    pub loss: f64,
    /// ‖∇f(θ)‖₂
    pub gradient_norm: f64,
    /// Keskar et al.'s φ, one entry an ε in the job's order; the last may be unfinished.
    pub boxes: Vec<Sharpness>,
    /// Those of other papers; the last may be unfinished.
    pub measures: Vec<Measured>,
    /// Gradients over the whole split, all together.
    pub gradients: usize,
    /// Losses over the whole split without a gradient.
    pub values: usize,
    /// The worst point of each box in parameter space, where it was asked for.
    #[serde(skip)]
    pub worst: Vec<Params>,
}

/// Sees the partial report after every gradient.
pub type Observer<'a> = &'a mut dyn FnMut(&SharpnessReport, &Progress) -> Flow;

/// Measures; what there is when the observer stops it is the result, and says of a box or a measure that
/// isn't finished how far it came. With `keep_worst` the report
/// holds the worst points themselves, each as large as the network.
///
/// # Errors
/// Whatever opening or computing says; a panic inside a library becomes an error with its text.
pub fn run(
    job: &SharpnessJob,
    keep_worst: bool,
    observer: Observer<'_>,
) -> Result<SharpnessReport> {
    guarded(|| measure(job, keep_worst, observer))
}

fn measure(
    job: &SharpnessJob,
    keep_worst: bool,
    observer: Observer<'_>,
) -> Result<SharpnessReport> {
    job.check()?;
    let mut setup = job.setup.clone();
    if setup.split == SplitChoice::Both {
        setup.split = SplitChoice::Train;
    }
    let files = job.checkpoints();
    let mut points = Vec::with_capacity(files.len());
    let mut inputs: Option<Inputs> = None;
    for file in &files {
        let state = open_checkpoint(file, setup.key.as_deref())?;
        let inputs = match &mut inputs {
            Some(inputs) => inputs,
            None => inputs.insert(Inputs::open(&setup, &state)?),
        };
        let point = inputs.params(&state, "minimizer")?;
        check_finite(file, point.tensors())?;
        points.push(point);
    }
    let Some(mut inputs) = inputs else {
        return Err(Error::Usage("a sharpness needs a checkpoint".into()));
    };
    if job.statistics == StatisticsMode::Batch && !inputs.network.has_statistics() {
        let words = "the network has no running statistics: train and eval mode are the same";
        inputs.warnings.push(words.into());
    }
    let (evaluator, device, splits) = inputs.evaluator(&setup)?;
    let split = splits
        .first()
        .ok_or_else(|| Error::Usage("the data has no samples in this split".into()))?;
    let basis = basis(job, points.first().map_or(0, Params::count))?;
    let mut header = inputs.header(job.clone(), Vec::new(), Geometry::default());
    header.measured_over(&setup);
    header.device = device.name;
    let mut work = Work {
        report: SharpnessReport {
            header,
            job: job.clone(),
            results: Vec::new(),
        },
        observer,
        keep_worst,
        start: Instant::now(),
        finished: 0,
        checkpoints: files.len(),
    };
    for (file, theta) in files.iter().zip(&points) {
        let mut objective = NetworkObjective::new(&evaluator, theta, split, job.statistics);
        let flow = guarded(|| work.checkpoint(file, theta, basis.as_ref(), &mut objective));
        match flow {
            Ok(Flow::Continue) => work.finished += objective.gradients() + objective.values(),
            Ok(Flow::Stop) => return Ok(work.report),
            Err(error) => {
                work.tell(0, 0, true);
                return Err(error);
            }
        }
    }
    work.report.header.complete = true;
    Ok(work.report)
}

/// The random manifold asked for.
fn basis(job: &SharpnessJob, parameters: usize) -> Result<Option<Arc<Basis>>> {
    let room = |count: usize| {
        let bytes = parameters.saturating_mul(count).saturating_mul(4);
        if bytes <= job.setup.memory.0 {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{count} directions of {parameters} parameters take {} MB, but --memory allows {} MB",
            bytes >> 20,
            job.setup.memory.0 >> 20
        )))
    };
    if let Some(path) = &job.basis {
        let state = checkpoint::open(path)?;
        let [(_, array)] = state.tensors.as_slice() else {
            return Err(Error::file(
                path,
                format!(
                    "a subspace is one tensor [parameters, p], this file has {}",
                    state.tensors.len()
                ),
            ));
        };
        room(array.shape().last().copied().unwrap_or(0))?;
        let basis = Basis::from_matrix(array.shape(), &array.to_f64(), parameters, job.columns)
            .map_err(|e| Error::file(path, e.to_string()))?;
        return Ok(Some(Arc::new(basis)));
    }
    let Some(count) = job.subspace else {
        return Ok(None);
    };
    room(count)?;
    let basis = Basis::random(parameters, count, job.setup.seed, job.columns)?;
    Ok(Some(Arc::new(basis)))
}

/// A report being filled.
struct Work<'a> {
    report: SharpnessReport,
    observer: Observer<'a>,
    keep_worst: bool,
    start: Instant,
    /// Evaluations of checkpoints that are done.
    finished: usize,
    checkpoints: usize,
}

impl Work<'_> {
    /// Tells the observer how far it is: `done` of about `expected` evaluations of this checkpoint.
    fn tell(&mut self, done: usize, expected: usize, failed: bool) -> Flow {
        let elapsed = self.start.elapsed().as_secs_f64();
        self.report.header.elapsed_seconds = elapsed;
        let behind = self.report.results.len().max(1);
        let each = if behind > 1 {
            self.finished / (behind - 1)
        } else {
            expected
        };
        let done = self.finished + done;
        let remaining = self.checkpoints.saturating_sub(behind) * each;
        let total = (self.finished + expected.max(1) + remaining).max(done);
        let rate = done as f64 / elapsed.max(1e-9);
        let progress = Progress {
            done,
            total,
            points_per_second: rate,
            left: Duration::try_from_secs_f64((total - done) as f64 / rate.max(1e-9)).ok(),
            failed,
        };
        (self.observer)(&self.report, &progress)
    }

    fn checkpoint(
        &mut self,
        file: &Path,
        theta: &Params,
        basis: Option<&Arc<Basis>>,
        objective: &mut NetworkObjective,
    ) -> Result<Flow> {
        let job = self.report.job.clone();
        let (loss, gradient) = objective.gradient(&theta.flatten())?;
        self.report.results.push(CheckpointSharpness {
            checkpoint: file.to_owned(),
            loss,
            gradient_norm: gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
            boxes: Vec::new(),
            measures: Vec::new(),
            gradients: 1,
            values: 0,
            worst: Vec::new(),
        });
        let region = Arc::new(match basis {
            Some(basis) => Region::subspace(&theta.flatten(), Arc::clone(basis))?,
            None => Region::of_network(theta),
        });
        let origin = (loss, region.pull_back(gradient.clone()));
        let effort = Effort {
            methods: job.method.clone(),
            iterations: job.iterations,
            restarts: job.restarts,
            seed: job.setup.seed,
            floor: true,
        };
        let search = |epsilon: f64| {
            Search::new(
                Arc::clone(&region),
                epsilon,
                effort.clone(),
                Some(origin.clone()),
            )
        };
        let mut expected = 1 + job.measures.0.len() * job.draws.max(job.iterations);
        for epsilon in &job.epsilon {
            expected += search(*epsilon)?.expected_evaluations();
        }
        let at = |z: &[f64]| theta.with_trainable(&region.point(z));
        for epsilon in &job.epsilon {
            if self.search(search(*epsilon)?, &at, objective, expected)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        for measure in &job.measures.0 {
            let origin = (loss, gradient.clone());
            let steps = match measure {
                Measure::AdaptiveWorst => job.iterations,
                _ => job.draws,
            };
            let mut measurement =
                Measurement::new(*measure, theta, origin, job.rho, steps, job.setup.seed)?;
            let others = self.report.results.last().map_or(0, |r| r.measures.len());
            while measurement.step(objective)? {
                if let (Some(found), Some(result)) =
                    (measurement.result(), self.report.results.last_mut())
                {
                    result.measures.truncate(others);
                    result.measures.push(found);
                }
                if self.note(objective, expected) == Flow::Stop {
                    return Ok(Flow::Stop);
                }
            }
            if let Some(found) = measurement.result() {
                let lost = match measure {
                    Measure::AdaptiveAverage | Measure::FilterAverage => job.draws - found.samples,
                    _ => 0,
                };
                let words = if found.rise.is_finite() {
                    format!(
                        "the mean leaves out {lost} of {} draws, where the loss isn't finite",
                        job.draws
                    )
                } else {
                    "the loss isn't finite at any point tried: it overflows there; try a smaller --rho".to_owned()
                };
                if lost > 0 || !found.rise.is_finite() {
                    let of = measure.describe();
                    let warning = format!(
                        "{}, {of}, ρ = {}: {words}",
                        shown(file),
                        format_value(job.rho)
                    );
                    self.report.header.warnings.push(warning);
                }
            }
        }
        Ok(self.note(objective, expected))
    }

    /// Searches one box. What is found is in the report from the first point tried on; the worst point,
    /// as `at` makes it from the box's own coordinates, once the work there ends, however that is.
    fn search(
        &mut self,
        mut search: Search,
        at: &dyn Fn(&[f64]) -> Params,
        objective: &mut NetworkObjective,
        expected: usize,
    ) -> Result<Flow> {
        let before = self.report.results.last().map_or(0, |r| r.boxes.len());
        let ended = loop {
            match search.step(objective) {
                Ok(true) => self.hold(&search, before),
                Ok(false) => break Ok(Flow::Continue),
                Err(error) => break Err(error),
            }
            if self.note(objective, expected) == Flow::Stop {
                break Ok(Flow::Stop);
            }
        };
        if self.keep_worst
            && let (Some(found), Some(result)) = (search.result(), self.report.results.last_mut())
            && result.boxes.len() > before
        {
            result.worst.push(at(&found.z));
        }
        ended
    }

    /// Holds what a search has found in the report, behind the boxes `before` it.
    fn hold(&mut self, search: &Search, before: usize) {
        let (Some(mut found), Some(result)) = (search.result(), self.report.results.last_mut())
        else {
            return;
        };
        if found.unfinished.is_some() && search.evaluations() == 0 {
            return; // The centre alone says nothing.
        }
        found.z = Vec::new();
        result.boxes.truncate(before);
        result.boxes.push(found);
    }

    fn note(&mut self, objective: &NetworkObjective, expected: usize) -> Flow {
        let (gradients, values) = (objective.gradients(), objective.values());
        if let Some(result) = self.report.results.last_mut() {
            result.gradients = gradients;
            result.values = values;
        }
        self.tell(gradients + values, expected, false)
    }
}
