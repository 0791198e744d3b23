//! The measures of a job on their way: every entry asked for, of every part, at every checkpoint.
//!
//! Which measures there are is the catalogue's business ([`crate::landscape::measures`]); here they are
//! only begun, stepped and written down, all in the same way.

use crate::engine::device::gone_on;
use crate::engine::header::Header;
use crate::engine::job::{MeasureJob, Request as _, lossy};
use crate::engine::local::{Place, rounding, vectors_within};
use crate::engine::work::{Observer, Progress, Step, Work, drive, guarded};
use crate::error::{Error, Result};
use crate::landscape::evaluate::gradient::NetworkObjective;
use crate::landscape::measures::by_part;
use crate::landscape::measures::entry::{Entry, Row};
use crate::landscape::measures::found::{Found, PartFound, Value};
use crate::landscape::measures::measuring::Measuring;
use crate::landscape::measures::part::{By, Part};
use crate::landscape::measures::spot::{Settings, Spot};
use crate::model::params::Params;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureResult {
    /// How.
    #[serde(skip)]
    pub header: Header,
    /// What was asked for, which the header holds for files.
    #[serde(skip)]
    pub job: MeasureJob,
    /// Checkpoint by checkpoint, measure by measure, part by part; the last may be unfinished.
    pub results: Vec<Measured>,
}

/// One measure of one part at one checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The checkpoint, as it was named.
    #[serde(serialize_with = "lossy")]
    pub checkpoint: PathBuf,
    /// The layer or module; empty for the whole network.
    pub part: String,
    /// Number of its trained values.
    pub parameters: usize,
    /// The measure's key.
    pub measure: &'static str,
    /// Its numbers, those that are known.
    pub numbers: Vec<Number>,
    /// Whether nothing is left to do.
    pub finished: bool,
    /// Why it can't be measured there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A number of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Number {
    /// What it is called in files.
    pub quantity: &'static str,
    /// Its value, in the unit that the catalogue gives.
    pub value: f64,
    /// Standard error or residual; 0 where it is exact to the number type.
    pub error: f64,
}

/// Measures what the job asks for; the observer may stop it after any step.
///
/// # Errors
/// Whatever opening or computing says.
pub fn run(job: &MeasureJob, observer: Observer<'_, MeasureResult>) -> Result<MeasureResult> {
    drive(guarded(|| Measures::start(job))?, observer)
}

/// Measures on their way.
pub struct Measures {
    result: MeasureResult,
    place: Place,
    settings: Settings,
    points: Vec<(PathBuf, Params)>,
    other: Option<Params>,
    /// `None`: of the network as a whole.
    parts: Option<Vec<Part>>,
    coming: VecDeque<Task>,
    tasks: usize,
    /// The loss around the checkpoint that is measured now, by its place among `points`.
    objective: Option<(usize, NetworkObjective)>,
    now: Option<(Task, Measuring)>,
    /// Results of tasks that are finished.
    kept: usize,
}

/// One measure at one checkpoint.
#[derive(Clone, Copy)]
struct Task {
    point: usize,
    entry: &'static Entry,
}

/// Each task counts the same in the progress, however many steps it takes.
const STEPS_A_TASK: usize = 100;

impl Measures {
    /// Opens everything; nothing is measured yet.
    ///
    /// # Errors
    /// Whatever opening says; where no part has a name that was asked for.
    pub fn start(job: &MeasureJob) -> Result<Self> {
        job.check()?;
        let files = job.checkpoints();
        let mut place = Place::open(files.first().map(PathBuf::as_path), job.clone())?;
        let mut points = vec![(files[0].clone(), place.theta.clone())];
        for file in &files[1..] {
            points.push((file.clone(), place.another(file, "checkpoint")?));
        }
        let other = match &job.to {
            Some(file) => Some(place.another(file, "other checkpoint")?),
            None => None,
        };
        let parts = match job.by {
            By::Network => None,
            by => Some(chosen(job, by.parts(place.theta.layout()))?),
        };
        let entries = job.entries();
        let at = |point| entries.iter().map(move |&entry| Task { point, entry });
        let coming: VecDeque<Task> = (0..points.len()).flat_map(at).collect();
        Ok(Self {
            result: MeasureResult {
                header: place.header.clone(),
                job: job.clone(),
                results: Vec::new(),
            },
            settings: Settings {
                rounding: rounding(job.setup.precision),
                most_vectors: vectors_within(job.setup.memory.0, place.theta.count()).max(1),
                ..job.settings()
            },
            place,
            points,
            other,
            parts,
            tasks: coming.len(),
            coming,
            objective: None,
            now: None,
            kept: 0,
        })
    }

    /// Begins a task, or notes in the result why it can't be.
    fn begin(&mut self, task: Task) {
        let spot = Spot {
            theta: self.points[task.point].1.clone(),
            samples: self.place.header.samples,
            other: self.other.clone(),
            network: Arc::clone(self.place.evaluator.network()),
        };
        let begun = match &self.parts {
            Some(parts) => {
                let (parts, settings) = (parts.clone(), self.settings.clone());
                Ok(by_part::measuring(task.entry, spot, parts, settings))
            }
            None => (task.entry.begin)(spot, &self.settings),
        };
        match begun {
            Ok(measuring) => self.now = Some((task, measuring)),
            Err(error) => {
                let nothing = self.whole(Vec::new(), true, Some(error.to_string()));
                self.note(task, vec![nothing]);
                self.kept = self.result.results.len();
            }
        }
    }

    /// What is known of the network as a whole.
    fn whole(
        &self,
        values: Vec<Option<Value>>,
        complete: bool,
        problem: Option<String>,
    ) -> PartFound {
        PartFound {
            name: String::new(),
            parameters: self.place.theta.count(),
            values,
            complete,
            problem,
        }
    }

    /// Notes what a task has found, in place of what it had found before.
    fn note(&mut self, task: Task, found: Vec<PartFound>) {
        let results = &mut self.result.results;
        results.truncate(self.kept);
        let file = &self.points[task.point].0;
        results.extend(found.into_iter().map(|part| Measured {
            checkpoint: file.clone(),
            part: part.name,
            parameters: part.parameters,
            measure: task.entry.key,
            numbers: numbers(task.entry, part.values),
            finished: part.complete,
            problem: part.problem,
        }));
    }

    /// One step of the task that is measured now.
    fn go_on(&mut self, task: Task, mut measuring: Measuring) -> Result<()> {
        let (_, objective) = match self.objective.take() {
            Some(open) if open.0 == task.point => self.objective.insert(open),
            _ => {
                let (evaluator, samples) = (&self.place.evaluator, &self.place.samples);
                let (theta, mode) = (&self.points[task.point].1, self.result.job.statistics);
                let new = NetworkObjective::new(evaluator, theta, samples, mode);
                self.objective.insert((task.point, new))
            }
        };
        let found = measuring.step(objective);
        gone_on(&mut self.result.header, objective.trouble());
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => {
                for result in &mut self.result.results[self.kept..] {
                    result.finished = true;
                }
                self.kept = self.result.results.len();
                return Ok(());
            }
            // Something about this spot; others can still be measured.
            Err(Error::Slice(words) | Error::Usage(words)) => {
                let nothing = self.whole(Vec::new(), true, Some(words));
                self.note(task, vec![nothing]);
                self.kept = self.result.results.len();
                return Ok(());
            }
            Err(error) => {
                self.now = Some((task, measuring));
                return Err(error);
            }
        };
        match found {
            Some(Found::Parts(parts)) => self.note(task, parts),
            Some(found) => {
                let whole = self.whole((task.entry.read)(&found), false, None);
                self.note(task, vec![whole]);
            }
            None => {}
        }
        self.now = Some((task, measuring));
        Ok(())
    }
}

/// The parts that a job names, of all there are.
fn chosen(job: &MeasureJob, all: Vec<Part>) -> Result<Vec<Part>> {
    let names: Vec<&str> = all.iter().map(|part| part.name.as_str()).collect();
    if let Some(unknown) = job.only.iter().find(|name| !names.contains(&name.as_str())) {
        let names = names.join(", ");
        return Err(Error::Usage(format!(
            "--only {unknown}: the network has no such part; it has {names}"
        )));
    }
    let named = |part: &Part| job.only.is_empty() || job.only.contains(&part.name);
    Ok(all.into_iter().filter(named).collect())
}

/// Values by what they are called.
fn numbers(entry: &Entry, values: Vec<Option<Value>>) -> Vec<Number> {
    let number = |(row, value): (&Row, Option<Value>)| {
        let Value { number, error, .. } = value?;
        Some(Number {
            quantity: row.key,
            value: number,
            error,
        })
    };
    entry.rows.iter().zip(values).filter_map(number).collect()
}

impl Work for Measures {
    type Found = MeasureResult;

    fn step(&mut self) -> Result<Step> {
        loop {
            if let Some((task, measuring)) = self.now.take() {
                self.go_on(task, measuring)?;
                return Ok(Step::More);
            }
            let Some(task) = self.coming.pop_front() else {
                return Ok(Step::Done);
            };
            self.begin(task);
        }
    }

    fn progress(&self) -> Progress {
        let behind = self.tasks - self.coming.len() - usize::from(self.now.is_some());
        let within = self.now.as_ref().map_or(0, |(_, measuring)| {
            let count = measuring.count();
            count.done * STEPS_A_TASK / count.total.max(count.done).max(1)
        });
        Progress {
            what: "measures".into(),
            unit: "step",
            done: behind * STEPS_A_TASK + within,
            total: self.tasks * STEPS_A_TASK,
        }
    }

    fn found(&self) -> &MeasureResult {
        &self.result
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.result.header)
    }

    fn finish(self) -> MeasureResult {
        self.result
    }
}
