//! The sharpness job: every measure at every checkpoint, one gradient after another.

use crate::checkpoint;
use crate::engine::device::gone_on;
use crate::engine::header::Header;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::{Request as _, SharpnessJob, SplitChoice, lossy};
use crate::engine::work::{Observer, Progress, Step, Work, drive, guarded};
use crate::error::{Error, Result, shown};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::evaluate::{Evaluator, Split};
use crate::landscape::objective::Objective as _;
use crate::landscape::sharpness::basis::Basis;
use crate::landscape::sharpness::other::{Measure, Measured, Measurement};
use crate::landscape::sharpness::region::Region;
use crate::landscape::sharpness::search::{Effort, Search, Sharpness};
use crate::landscape::slice::Geometry;
use crate::model::params::Params;
use crate::plot::number::format_value;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

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

/// Measures; what there is when the observer stops it is the result, and says of a box or a measure that
/// isn't finished how far it came. With `keep_worst` the report holds the worst points themselves, each as
/// large as the network.
///
/// # Errors
/// Whatever opening or computing says; a panic inside a library becomes an error with its text.
pub fn run(
    job: &SharpnessJob,
    keep_worst: bool,
    observer: Observer<'_, SharpnessReport>,
) -> Result<SharpnessReport> {
    drive(guarded(|| Sharpnesses::start(job, keep_worst))?, observer)
}

/// The sharpnesses of a job on their way.
pub struct Sharpnesses {
    report: SharpnessReport,
    keep_worst: bool,
    evaluator: Evaluator,
    split: Split,
    basis: Option<Arc<Basis>>,
    coming: VecDeque<(PathBuf, Params)>,
    now: Option<Here>,
    /// Evaluations of checkpoints that are done, and how many checkpoints there are.
    finished: usize,
    checkpoints: usize,
}

/// The checkpoint that is measured now.
struct Here {
    file: PathBuf,
    theta: Params,
    objective: NetworkObjective,
    region: Arc<Region>,
    /// f(θ) and ∇f(θ), and the same in the region's own coordinates.
    origin: (f64, Vec<f64>),
    in_region: (f64, Vec<f64>),
    boxes: VecDeque<f64>,
    others: VecDeque<Measure>,
    task: Option<Task>,
    /// About how many evaluations it takes.
    expected: usize,
}

/// What is searched or measured now.
enum Task {
    Box(Box<Search>),
    Other(Measure, Box<Measurement>),
}

impl Sharpnesses {
    /// Opens everything; nothing is measured yet.
    ///
    /// # Errors
    /// Whatever opening says.
    pub fn start(job: &SharpnessJob, keep_worst: bool) -> Result<Self> {
        job.check()?;
        let mut setup = job.setup.clone();
        if setup.split == SplitChoice::Both {
            setup.split = SplitChoice::Train;
        }
        let files = job.checkpoints();
        let mut points = VecDeque::with_capacity(files.len());
        let mut inputs: Option<Inputs> = None;
        for file in files {
            let state = open_checkpoint(&file, setup.key.as_deref())?;
            let inputs = match &mut inputs {
                Some(inputs) => inputs,
                None => inputs.insert(Inputs::open(&setup, &state)?),
            };
            let point = inputs.params(&state, "minimizer")?;
            check_finite(&file, point.tensors())?;
            points.push_back((file, point));
        }
        let Some(mut inputs) = inputs else {
            return Err(Error::Usage("a sharpness needs a checkpoint".into()));
        };
        if job.statistics == StatisticsMode::Batch && !inputs.network.has_statistics() {
            let words = "the network has no running statistics: train and eval mode are the same";
            inputs.warnings.push(words.into());
        }
        let (evaluator, device, splits) = inputs.evaluator(&setup)?;
        let split = splits.into_iter().next();
        let split =
            split.ok_or_else(|| Error::Usage("the data has no samples in this split".into()))?;
        let parameters = points.front().map_or(0, |(_, point)| point.count());
        let mut header = inputs.header(job.clone(), Vec::new(), Geometry::default());
        header.measured_over(&setup);
        header.device = device.name;
        Ok(Self {
            report: SharpnessReport {
                header,
                job: job.clone(),
                results: Vec::new(),
            },
            keep_worst,
            evaluator,
            split,
            basis: basis(job, parameters)?,
            checkpoints: points.len(),
            coming: points,
            now: None,
            finished: 0,
        })
    }

    /// Begins with a checkpoint: its loss and gradient.
    fn begin(&mut self, file: PathBuf, theta: Params) -> Result<Here> {
        let job = &self.report.job;
        let mut objective =
            NetworkObjective::new(&self.evaluator, &theta, &self.split, job.statistics);
        let (loss, gradient) = objective.gradient(&theta.flatten())?;
        let region = Arc::new(match &self.basis {
            Some(basis) => Region::subspace(&theta.flatten(), Arc::clone(basis))?,
            None => Region::of_network(&theta),
        });
        self.report.results.push(CheckpointSharpness {
            checkpoint: file.clone(),
            loss,
            gradient_norm: gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
            boxes: Vec::new(),
            measures: Vec::new(),
            gradients: 1,
            values: 0,
            worst: Vec::new(),
        });
        let mut here = Here {
            in_region: (loss, region.pull_back(gradient.clone())),
            origin: (loss, gradient),
            boxes: job.epsilon.iter().copied().collect(),
            others: job.measures.0.iter().copied().collect(),
            task: None,
            expected: 1 + job.measures.0.len() * job.draws.max(job.iterations),
            file,
            theta,
            objective,
            region,
        };
        for epsilon in &job.epsilon {
            here.expected += here.search(*epsilon, job)?.expected_evaluations();
        }
        Ok(here)
    }

    /// What is kept of a box whose search ends, however that is.
    fn end_box(&mut self) {
        let Some(here) = &self.now else { return };
        let (Some(Task::Box(search)), true) = (&here.task, self.keep_worst) else {
            return;
        };
        if let (Some(found), Some(result)) = (search.result(), self.report.results.last_mut())
            && result.boxes.len() > result.worst.len()
        {
            let point = here.theta.with_trainable(&here.region.point(&found.z));
            result.worst.push(point);
        }
    }
}

impl Here {
    fn search(&self, epsilon: f64, job: &SharpnessJob) -> Result<Search> {
        let effort = Effort {
            methods: job.method.clone(),
            iterations: job.iterations,
            restarts: job.restarts,
            seed: job.setup.seed,
            floor: true,
        };
        let origin = Some(self.in_region.clone());
        Search::new(Arc::clone(&self.region), epsilon, effort, origin)
    }

    /// What is to be done next; `None`: nothing more.
    fn next(&mut self, job: &SharpnessJob) -> Result<Option<Task>> {
        if let Some(epsilon) = self.boxes.pop_front() {
            return Ok(Some(Task::Box(Box::new(self.search(epsilon, job)?))));
        }
        let Some(measure) = self.others.pop_front() else {
            return Ok(None);
        };
        let steps = match measure {
            Measure::AdaptiveWorst => job.iterations,
            _ => job.draws,
        };
        let (origin, seed) = (self.origin.clone(), job.setup.seed);
        let work = Measurement::new(measure, &self.theta, origin, job.rho, steps, seed)?;
        Ok(Some(Task::Other(measure, Box::new(work))))
    }

    /// One step of the task, noted in `result`; false at its end.
    fn step(&mut self, job: &SharpnessJob, result: &mut CheckpointSharpness) -> Result<bool> {
        let more = match &mut self.task {
            Some(Task::Box(search)) => {
                let more = search.step(&mut self.objective)?;
                if more {
                    let before = job.epsilon.len() - self.boxes.len() - 1;
                    hold(search, before, result);
                }
                more
            }
            Some(Task::Other(_, work)) => {
                let more = work.step(&mut self.objective)?;
                if more && let Some(found) = work.result() {
                    let before = job.measures.0.len() - self.others.len() - 1;
                    result.measures.truncate(before);
                    result.measures.push(found);
                }
                more
            }
            None => false,
        };
        result.gradients = self.objective.gradients();
        result.values = self.objective.values();
        Ok(more)
    }

    /// What a reader should know of the task that has ended.
    fn warning(&self, job: &SharpnessJob) -> Option<String> {
        let Some(Task::Other(measure, work)) = &self.task else {
            return None;
        };
        let found = work.result()?;
        let lost = match measure {
            Measure::AdaptiveAverage | Measure::FilterAverage => job.draws - found.samples,
            _ => 0,
        };
        let words = if !found.rise.is_finite() {
            "the loss isn't finite at any point tried: it overflows there; try a smaller --rho"
                .to_owned()
        } else if lost > 0 {
            format!(
                "the mean leaves out {lost} of {} draws, where the loss isn't finite",
                job.draws
            )
        } else {
            return None;
        };
        Some(format!(
            "{}, {}, ρ = {}: {words}",
            shown(&self.file),
            measure.describe(),
            format_value(job.rho)
        ))
    }
}

/// Holds what a search has found in the result, behind the boxes `before` it.
fn hold(search: &Search, before: usize, result: &mut CheckpointSharpness) {
    let Some(mut found) = search.result() else {
        return;
    };
    if found.unfinished.is_some() && search.evaluations() == 0 {
        return; // The centre alone says nothing.
    }
    found.z = Vec::new();
    result.boxes.truncate(before);
    result.boxes.push(found);
}

impl Work for Sharpnesses {
    type Found = SharpnessReport;

    fn step(&mut self) -> Result<Step> {
        loop {
            let Some(here) = &mut self.now else {
                let Some((file, theta)) = self.coming.pop_front() else {
                    return Ok(Step::Done);
                };
                self.now = Some(self.begin(file, theta)?);
                return Ok(Step::More);
            };
            let job = &self.report.job;
            if here.task.is_none() {
                here.task = here.next(job)?;
                if here.task.is_none() {
                    self.finished += here.objective.gradients() + here.objective.values();
                    self.now = None;
                    continue;
                }
            }
            let Some(result) = self.report.results.last_mut() else {
                return Ok(Step::Done);
            };
            let step = here.step(job, result);
            gone_on(&mut self.report.header, here.objective.trouble());
            if let Ok(true) = step {
                return Ok(Step::More);
            }
            let warning = here.warning(job);
            self.end_box();
            step?;
            self.report.header.warn(warning);
            if let Some(here) = &mut self.now {
                here.task = None;
            }
        }
    }

    fn progress(&self) -> Progress {
        let (own, expected) = self.now.as_ref().map_or((0, 1), |here| {
            let own = here.objective.gradients() + here.objective.values();
            (own, here.expected)
        });
        let behind = self.report.results.len().max(1);
        let each = if behind > 1 {
            self.finished / (behind - 1)
        } else {
            expected
        };
        let done = self.finished + own;
        let remaining = self.checkpoints.saturating_sub(behind) * each;
        let total = self.finished + expected.max(1) + remaining;
        Progress {
            what: "sharpness".into(),
            unit: "evaluation",
            done,
            total: total.max(done),
        }
    }

    fn found(&self) -> &SharpnessReport {
        &self.report
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.report.header)
    }

    fn finish(mut self) -> SharpnessReport {
        self.end_box();
        self.report
    }
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
