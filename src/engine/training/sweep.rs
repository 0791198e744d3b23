//! A sweep: every run of a recipe's lists, each in a folder of its own, several at once.
//!
//! A sweep that was killed goes on where each of its runs was. Runs don't know of each other, so that which
//! of them are trained at once changes no number.

use super::folder::{RECIPE, TABLE};
use super::run::Run;
use super::status::Stage;
use super::work::{Trained, Training};
use crate::engine::device::runs_at_once;
use crate::engine::job::{TrainingJob, recipe};
use crate::engine::work::{Flow, Progress, Step, Work, drive};
use crate::error::{Error, Result};
use crate::model::run::lanes::alone;
use crate::store::files;
use crate::store::lines::{self, Held};
use crate::train::{Record, Stopped};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// One run of a sweep.
#[derive(Debug, Clone)]
pub struct Row {
    /// Name of its folder.
    pub name: String,
    /// Its job.
    pub job: TrainingJob,
    /// What it is doing; `None` before it begins.
    pub stage: Option<Stage>,
    /// Why it ended.
    pub stopped: Option<Stopped>,
    /// What it failed at.
    pub error: Option<String>,
    /// Steps taken, and in all.
    pub steps: [u64; 2],
    /// Its last record.
    pub last: Option<Record>,
    /// Its lowest validation loss.
    pub best: Option<f64>,
}

/// A sweep as far as it is.
#[derive(Debug, Clone)]
pub struct SweepState {
    /// Its folder.
    pub folder: PathBuf,
    /// Its runs, in order.
    pub rows: Vec<Row>,
}

/// What a worker tells: of which run, and what.
type News = (usize, Row);

/// A sweep on its way.
pub struct Sweep {
    news: Receiver<News>,
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
    found: SweepState,
    _held: Held,
}

/// The driver looks again after this long at the latest.
const PATIENCE: Duration = Duration::from_millis(50);

impl Sweep {
    /// Begins or goes on with a sweep in `folder`; `parallel`: runs at once, 0: as many as there are cores, one
    /// on a GPU.
    ///
    /// # Errors
    /// Where the recipe makes no sense, the folder can't be written or holds another sweep.
    pub fn start(job: &TrainingJob, folder: &Path, resume: bool, parallel: usize) -> Result<Self> {
        crate::engine::job::Request::check(job)?;
        let held = Held::take(folder)?;
        let path = folder.join(RECIPE);
        let text = recipe::write(job)?;
        if path.is_file() {
            if !resume {
                return Err(Error::file(
                    folder,
                    "this folder holds a run or a sweep already; --resume goes on with it, or name another folder",
                ));
            }
            let before = recipe::parse(&files::read_text(&path, "read the recipe")?, &path)?;
            if before != *job {
                return Err(Error::file(
                    folder,
                    "the sweep in this folder has another recipe; go on with its own, or name another folder",
                ));
            }
        }
        files::write(&path, "write the recipe", text.as_bytes())?;
        let rows: Vec<Row> = rows(job)
            .into_iter()
            .map(|row| known(row, folder))
            .collect();
        let unfinished = |row: &Row| row.stopped.is_none();
        let coming: VecDeque<usize> = (0..rows.len()).filter(|i| unfinished(&rows[*i])).collect();
        let at_once = match parallel {
            0 => runs_at_once(job.setup.device),
            several => several,
        };
        let count = at_once.min(coming.len());
        let coming = Arc::new(Mutex::new(coming));
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, news) = channel();
        let shared = Arc::new(rows.clone());
        let workers = (0..count).map(|number| {
            let worker = Worker {
                rows: Arc::clone(&shared),
                coming: Arc::clone(&coming),
                folder: folder.to_owned(),
                stop: Arc::clone(&stop),
                sender: sender.clone(),
            };
            let share = count > 1;
            let thread = std::thread::Builder::new().name(format!("run {number}"));
            let spawned = thread.spawn(move || {
                if share {
                    alone(|| worker.work());
                } else {
                    worker.work();
                }
            });
            spawned.map_err(|source| Error::io("start a thread for the runs", folder, source))
        });
        let workers = workers.collect::<Result<Vec<_>>>()?;
        let sweep = Self {
            news,
            stop,
            workers,
            found: SweepState {
                folder: folder.to_owned(),
                rows,
            },
            _held: held,
        };
        sweep.table()?;
        Ok(sweep)
    }

    fn take(&mut self, (at, row): News) -> Result<()> {
        let changed = self.found.rows[at].stage != row.stage;
        self.found.rows[at] = row;
        if changed { self.table() } else { Ok(()) }
    }

    /// Writes the table of runs.
    fn table(&self) -> Result<()> {
        let path = self.found.folder.join(TABLE);
        let mut text = vec![COLUMNS.join(",")];
        text.extend(self.found.rows.iter().map(Row::line));
        lines::replace(&path, &text)
    }
}

/// Columns of the table.
const COLUMNS: [&str; 16] = [
    "folder",
    "batch_size",
    "learning_rate",
    "run_seed",
    "subset",
    "stage",
    "stopped",
    "step",
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "best_validation_loss",
    "distance",
    "seconds",
];

impl Row {
    /// A line of the table.
    fn line(&self) -> String {
        let word = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            _ => String::new(),
        };
        let stage = self.stage.map_or_else(
            || "to do".to_owned(),
            |stage| word(serde_json::to_value(stage).unwrap_or_default()),
        );
        let stopped = self
            .stopped
            .map(|why| word(serde_json::to_value(why).unwrap_or_default()));
        let told = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let of = |name: &str| told(self.last.as_ref().and_then(|last| last.get(name)));
        let job = &self.job;
        let cells = [
            self.name.clone(),
            job.batch_size.0[0].to_string(),
            job.learning_rate.0[0].to_string(),
            job.run_seed.0[0].to_string(),
            job.subset.0[0].to_string(),
            stage,
            stopped.unwrap_or_default(),
            self.steps[0].to_string(),
            of("epoch"),
            of("train_loss"),
            of("train_accuracy"),
            of("validation_loss"),
            of("validation_accuracy"),
            told(self.best),
            of("distance"),
            of("seconds"),
        ];
        cells.join(",")
    }

    fn see(&mut self, history: &[Record]) {
        self.last = history.last().cloned();
        let losses = history.iter().filter_map(|record| record.validation_loss);
        self.best = losses.min_by(f64::total_cmp);
    }
}

/// The runs of a job, each with a name of what differs.
fn rows(job: &TrainingJob) -> Vec<Row> {
    let each = job.runs().into_iter().map(|run| {
        let parts = job.told_apart(&run);
        Row {
            name: if parts.is_empty() {
                "run".into()
            } else {
                parts.join("_")
            },
            job: run,
            stage: None,
            stopped: None,
            error: None,
            steps: [0, 0],
            last: None,
            best: None,
        }
    });
    each.collect()
}

/// A row with what its folder tells.
fn known(mut row: Row, folder: &Path) -> Row {
    let Ok(run) = Run::open(&folder.join(&row.name)) else {
        return row;
    };
    row.see(&run.history);
    if let Some(status) = run.status {
        row.stage = Some(status.stage);
        row.stopped = status.stopped;
        row.error = status.error;
        row.steps = [status.step; 2];
    }
    row
}

/// What a thread works with.
struct Worker {
    rows: Arc<Vec<Row>>,
    coming: Arc<Mutex<VecDeque<usize>>>,
    folder: PathBuf,
    stop: Arc<AtomicBool>,
    sender: Sender<News>,
}

impl Worker {
    /// Takes one run after another.
    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let next = {
                let mut coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
                coming.pop_front()
            };
            let Some(at) = next else { return };
            let mut row = self.rows[at].clone();
            if let Err(error) = self.run(at, &mut row) {
                row.stage = Some(Stage::Failed);
                row.error = Some(error.to_string());
            }
            self.sender.send((at, row)).ok();
        }
    }

    fn run(&self, at: usize, row: &mut Row) -> Result<()> {
        let folder = self.folder.join(&row.name);
        row.stage = Some(Stage::Running);
        row.error = None;
        self.sender.send((at, row.clone())).ok();
        let training = Training::start(&row.job, Some(&folder), true)?;
        let mut seen = 0;
        let found: Trained = drive(training, &mut |found, now| {
            row.steps = [now.progress.done as u64, now.progress.total as u64];
            if found.history.len() != seen {
                seen = found.history.len();
                row.see(&found.history);
                self.sender.send((at, row.clone())).ok();
            }
            if self.stop.load(Ordering::Relaxed) {
                Flow::Stop
            } else {
                Flow::Continue
            }
        })?;
        row.see(&found.history);
        row.steps[0] = found.step;
        row.stopped = found.stopped;
        row.stage = Some(if found.stopped.is_some() {
            Stage::Ended
        } else {
            Stage::Paused
        });
        Ok(())
    }
}

impl Work for Sweep {
    type Found = SweepState;

    fn step(&mut self) -> Result<Step> {
        match self.news.recv_timeout(PATIENCE) {
            Ok(news) => self.take(news)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(Step::Done),
        }
        while let Ok(news) = self.news.try_recv() {
            self.take(news)?;
        }
        if self.workers.iter().all(JoinHandle::is_finished) {
            // What was told last may have come between.
            while let Ok(news) = self.news.try_recv() {
                self.take(news)?;
            }
            self.table()?;
            return Ok(Step::Done);
        }
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let done = self.found.rows.iter().filter(|row| row.stopped.is_some());
        Progress {
            what: "runs".into(),
            unit: "run",
            done: done.count(),
            total: self.found.rows.len(),
        }
    }

    fn found(&self) -> &SweepState {
        &self.found
    }

    fn finish(mut self) -> SweepState {
        self.halt();
        self.table().ok();
        self.found.clone()
    }
}

impl Sweep {
    /// Has every run saved and ended.
    fn halt(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers.drain(..) {
            worker.join().ok();
        }
        while let Ok((at, row)) = self.news.try_recv() {
            self.found.rows[at] = row;
        }
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.halt();
    }
}
