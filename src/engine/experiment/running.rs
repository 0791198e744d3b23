//! From a job to an experiment: its sweeps are trained, then measured.
//!
//! The runs lie in the folder `runs` of the experiment's, a sweep each, and go on where they were. What is
//! measured afterwards is measured anew.

use super::entry::{Ask, Entry, Part};
use super::found::Findings;
use super::lab::{Lab, Watch};
use super::list::find;
use super::trial::{PartRuns, Trial};
use crate::engine::header::{DataFacts, Header, ModelFacts};
use crate::engine::job::{ExperimentJob, Job, Request as _, TrainingJob, recipe};
use crate::engine::training::{Row, Sweep, SweepState};
use crate::engine::work::{Flow, Now, Pace, Progress, drive, guarded};
use crate::error::{Error, Result};
use crate::store::files;
use crate::store::lines::Held;
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// An experiment that was done.
pub struct Experiment {
    /// Which.
    pub entry: &'static Entry,
    /// As it was asked for.
    pub job: ExperimentJob,
    /// How it was made.
    pub header: Header,
    /// What was trained.
    pub parts: Vec<PartRuns>,
    /// What was found.
    pub found: Findings,
}

/// Name of the file that says which experiment a folder holds.
const JOB: &str = "experiment.json";
/// Name of the folder of runs.
const RUNS: &str = "runs";

/// Does an experiment in `folder`, or goes on with it; `None` where the watcher stopped it: its runs are kept.
///
/// # Errors
/// Where there is no such experiment, the folder holds another, a run fails, or nothing can be measured.
pub fn run(
    job: &ExperimentJob,
    folder: &Path,
    resume: bool,
    watch: Watch<'_>,
) -> Result<Option<Experiment>> {
    job.check()?;
    let name = job.experiment.as_deref().unwrap_or_default();
    let entry = find(name)?;
    let parts = parts(entry, job)?;
    let _held = Held::take(folder)?;
    settle(job, folder, resume)?;
    let begun = Instant::now();
    let mut done = Vec::new();
    let costs: Vec<f64> = parts.iter().map(|part| cost(&part.job)).collect();
    let mut pace = Pace::default();
    for (at, part) in parts.into_iter().enumerate() {
        let before: f64 = costs[..at].iter().sum();
        let all: f64 = costs.iter().sum();
        let along = Along {
            before,
            all,
            own: costs[at],
        };
        match train(part, &folder.join(RUNS), &along, &mut pace, watch)? {
            Some(runs) => done.push(runs),
            None => return Ok(None),
        }
    }
    // With what --set changed of the data, as the runs were trained.
    let setup = done.first().map_or(&job.setup, |part| &part.job.setup);
    let setup = setup.clone();
    let mut lab = Lab::new(done, &setup, watch);
    let measured = guarded(|| (entry.measure)(&mut lab));
    if lab.stopped {
        return Ok(None);
    }
    let found = measured?;
    let mut header = header(job, &lab.parts);
    header.warn(lab.warnings.iter().cloned());
    header.elapsed_seconds = begun.elapsed().as_secs_f64();
    header.complete = true;
    Ok(Some(Experiment {
        entry,
        job: job.clone(),
        header,
        parts: lab.parts,
        found,
    }))
}

/// The sweeps with the user's changes.
fn parts(entry: &Entry, job: &ExperimentJob) -> Result<Vec<Part>> {
    let ask = Ask {
        setup: job.setup.clone(),
        size: job.size,
    };
    let changes = job.changes()?;
    entry.check(&job.setup.model)?;
    if entry.family.is_some() && changes.contains_key("model") {
        return Err(Error::Usage(format!(
            "{} compares several networks, which --set model=… would make one: name the one they are made from with --model",
            entry.name
        )));
    }
    let mut parts = (entry.plan)(&ask);
    for part in &mut parts {
        let counts = |job: &TrainingJob| {
            [
                job.batch_size.0.len(),
                job.learning_rate.0.len(),
                job.subset.0.len(),
            ]
        };
        let before = counts(&part.job);
        part.job = recipe::with(&part.job, &changes)?;
        part.job.check()?;
        let mut both = before.iter().zip(counts(&part.job));
        if both.any(|(before, now)| *before == 1 && now > 1) {
            return Err(Error::Usage(format!(
                "{} pairs the runs of {} by their seeds: expected one batch_size, learning_rate and subset where its plan has one, found a list",
                entry.name, part.name
            )));
        }
    }
    Ok(parts)
}

/// Refuses a folder that holds another experiment, or the same one unless it is to be gone on with.
fn settle(job: &ExperimentJob, folder: &Path, resume: bool) -> Result<()> {
    let path = folder.join(JOB);
    let own = serde_json::to_value(job);
    let own = own.map_err(|e| Error::file(&path, format!("can't be written: {e}")))?;
    if path.is_file() {
        if !resume {
            return Err(Error::file(
                folder,
                "this folder holds an experiment already; --resume goes on with it, or name another folder",
            ));
        }
        let text = files::read_text(&path, "read which experiment it is")?;
        let before: Result<Value, _> = serde_json::from_str(&text);
        if before.ok().as_ref() != Some(&own) {
            return Err(Error::file(
                folder,
                "the experiment in this folder was asked for with other options; go on with its own, or name another folder",
            ));
        }
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(&own);
    let text = text.map_err(|e| Error::file(&path, format!("can't be written: {e}")))?;
    files::write(&path, "write which experiment it is", &text)
}

/// What a sweep costs, in epochs of full batches: a guess that shares out the time left.
fn cost(job: &TrainingJob) -> f64 {
    let each = job.runs().into_iter().map(|run| {
        let batch = run.batch_size.0[0] as f64;
        // A step costs about as much beside its samples as a few of them.
        run.how.stop.epochs as f64 * (1.0 + 24.0 / batch)
    });
    each.sum()
}

/// Where a sweep lies among all.
struct Along {
    before: f64,
    all: f64,
    own: f64,
}

/// Parts of the whole that progress is counted in.
const FINE: f64 = 1000.0;

/// Trains a sweep; `None` where it was stopped.
fn train(
    part: Part,
    folder: &Path,
    along: &Along,
    pace: &mut Pace,
    watch: Watch<'_>,
) -> Result<Option<PartRuns>> {
    let folder = folder.join(&part.name);
    let sweep = guarded(|| Sweep::start(&part.job, &folder, true, part.parallel))?;
    let mut stopped = false;
    let mut seen = Instant::now();
    let place = |rows: &[Row]| {
        let shares: f64 = rows.iter().map(share).sum();
        let own = along.own * shares / rows.len().max(1) as f64;
        Progress {
            what: "training".into(),
            unit: "‰",
            done: (FINE * (along.before + own) / along.all) as usize,
            total: FINE as usize,
        }
    };
    let mut last: Option<Progress> = None;
    let state = drive(sweep, &mut |found: &SweepState, now: &Now| {
        let here = place(&found.rows);
        if let Some(before) = last.replace(here.clone()) {
            pace.add(seen.elapsed(), &before, &here);
        }
        seen = Instant::now();
        let runs = format!(
            "{}: {} of {} runs",
            part.name, now.progress.done, now.progress.total
        );
        let flow = watch(&runs, &pace.now(here, now.failed));
        stopped |= flow == Flow::Stop;
        flow
    })?;
    if stopped && state.rows.iter().any(|row| row.stopped.is_none()) {
        return Ok(None);
    }
    let failed = state
        .rows
        .iter()
        .find_map(|row| Some((row, row.error.as_ref()?)));
    if let Some((row, error)) = failed {
        return Err(Error::Usage(format!(
            "the run {}/{} failed: {error}",
            part.name, row.name
        )));
    }
    let trials = state.rows.iter().map(|row| Trial::read(row, &folder));
    Ok(Some(PartRuns {
        trials: trials.collect::<Result<_>>()?,
        name: part.name,
        words: part.words,
        job: part.job,
    }))
}

/// How much of a run is done.
fn share(row: &Row) -> f64 {
    if row.stopped.is_some() {
        return 1.0;
    }
    let [done, all] = row.steps;
    (done as f64 / (all as f64).max(1.0)).min(1.0)
}

/// The header of what was trained first, as the experiment's.
fn header(job: &ExperimentJob, parts: &[PartRuns]) -> Header {
    let own = Job::from(job.clone());
    let mut trials = parts.iter().flat_map(|part| &part.trials);
    let first = trials.find_map(|trial| trial.header.clone());
    let Some(first) = first else {
        return Header::new(own, ModelFacts::default(), DataFacts::default());
    };
    let mut header = Header {
        job: own,
        complete: true,
        ..first
    };
    for trial in trials {
        if let Some(other) = &trial.header {
            header.device = crate::engine::device::also(&header.device, &other.device);
            header.warn(other.warnings.iter().cloned());
            // Some runs may have had a part of the data.
            let most = header.data.train_samples.max(other.data.train_samples);
            header.data.train_samples = most;
        }
    }
    header
}
