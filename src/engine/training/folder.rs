//! The folder of a run: what is written into it, and the state that it goes on from.
//!
//! | file | what |
//! |---|---|
//! | `recipe.toml` | the job, every field |
//! | `initial.safetensors` | the weights it started from |
//! | `checkpoints/epoch_0000.safetensors` … (or `step_…`) | those kept on the way |
//! | `best.safetensors` | those of the lowest validation loss, where asked for |
//! | `history.jsonl` | a [`Record`] a line |
//! | `state/state.safetensors` | all that decides how it goes on, bit for bit |
//! | `run.json` | how it was made and how far it is |
//!
//! Every file but the history is replaced at once or not at all. What lies in a folder is never written over:
//! a run is gone on with, or the folder is refused.

use crate::checkpoint::{Array, DATA_TEXT, MODEL_TEXT, Values};
use crate::engine::header::Header;
use crate::engine::job::{TrainingJob, recipe};
use crate::error::{Error, Result};
use crate::landscape::evaluate::Precision;
use crate::model::params::Params;
use crate::store::lines::{self, Growing, Held};
use crate::store::{files, safetensors};
use crate::train::rate::Shape;
use crate::train::{Record, State};
use std::path::{Path, PathBuf};

/// A folder that a run is written into.
#[derive(Debug)]
pub struct Folder {
    /// Where.
    pub path: PathBuf,
    history: Growing,
    /// The network, for whoever opens its weights.
    model: String,
    /// What it is trained on, scaling included.
    data: String,
    precision: Precision,
    _held: Held,
}

/// Names in the folder.
pub const RECIPE: &str = "recipe.toml";
/// One line a record.
pub const HISTORY: &str = "history.jsonl";
/// The table of a sweep's runs.
pub const TABLE: &str = "runs.csv";
/// The weights it started from.
pub const INITIAL: &str = "initial.safetensors";
/// Those of the lowest validation loss.
pub const BEST: &str = "best.safetensors";
/// Those kept on the way.
pub const CHECKPOINTS: &str = "checkpoints";
const STATE: &str = "state/state.safetensors";
/// The seconds of training, beside the trainer's own state.
const SECONDS: &str = "seconds";

/// What a run goes on from.
pub struct Earlier {
    /// All that decides it.
    pub state: State,
    /// Seconds of training until then.
    pub seconds: f64,
    /// Its records, and their lines as they stand.
    pub history: Vec<Record>,
    lines: Vec<String>,
}

impl Folder {
    /// Holds the folder of a job: a new one, or that of the same run where `resume`; then with what it goes
    /// on from, if it came so far.
    ///
    /// # Errors
    /// Where it can't be written, is held by another, or holds another run.
    pub fn open(
        path: &Path,
        job: &TrainingJob,
        (model, header): (&str, &Header),
        resume: bool,
    ) -> Result<(Self, Option<Earlier>)> {
        let recipe_path = path.join(RECIPE);
        let there = recipe_path.is_file();
        if there && !resume {
            return Err(Error::file(
                path,
                "this folder holds a run already; --resume goes on with it, or name another folder",
            ));
        }
        let occupied = !there && path.join(HISTORY).exists();
        if occupied {
            return Err(Error::file(
                path,
                "this folder holds the history of a run without its recipe; name another folder",
            ));
        }
        let held = Held::take(path)?;
        for part in [CHECKPOINTS, "state"] {
            lines::make_folder(&path.join(part))?;
        }
        if there {
            let before = recipe::parse(
                &files::read_text(&recipe_path, "read the recipe")?,
                &recipe_path,
            )?;
            same(&before, job, path)?;
        }
        let text = recipe::write(job)?;
        files::write(&recipe_path, "write the recipe", text.as_bytes())?;
        let earlier = if there { earlier(path)? } else { None };
        let history_path = path.join(HISTORY);
        // Records after the state will come again.
        let kept = earlier.as_ref().map_or(&[][..], |earlier| &earlier.lines);
        lines::replace(&history_path, kept)?;
        let folder = Self {
            path: path.to_owned(),
            history: Growing::open(&history_path)?,
            model: model.to_owned(),
            data: header.data.description.clone(),
            precision: job.setup.precision,
            _held: held,
        };
        Ok((folder, earlier))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn note(&mut self, record: &Record) -> Result<()> {
        self.history.add(&line(record)?)
    }

    /// Writes the weights at `point` under a name.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn keep(&self, name: &str, point: &Params, step: u64, epoch: f64) -> Result<()> {
        let tensors = point.tensors().filter_map(|(spec, values)| {
            let values = match self.precision {
                Precision::F32 => Values::F32(values.iter().map(|v| *v as f32).collect()),
                Precision::F64 => Values::F64(values.to_vec()),
            };
            Some((spec.name.clone(), Array::new(spec.shape.clone(), values)?))
        });
        let tensors: Vec<(String, Array)> = tensors.collect();
        let (step, epoch) = (step.to_string(), epoch.to_string());
        let texts = [
            (MODEL_TEXT, self.model.as_str()),
            (DATA_TEXT, &self.data),
            ("losscope.step", &step),
            ("losscope.epoch", &epoch),
        ];
        safetensors::write_with(&self.path.join(name), &tensors, &texts)
    }

    /// Writes all that decides how it goes on.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn save(&self, state: &State, seconds: f64) -> Result<()> {
        let own = (SECONDS.to_owned(), vec![seconds]);
        let all = state.vectors.iter().chain([&own]);
        let tensors = all.filter_map(|(name, values)| {
            let array = Array::new(vec![values.len()], Values::F64(values.clone()))?;
            Some((name.clone(), array))
        });
        let tensors: Vec<(String, Array)> = tensors.collect();
        safetensors::write(&self.path.join(STATE), &tensors)
    }
}

/// The name of a checkpoint by the epochs that are done.
pub fn after_epochs(epochs: usize) -> String {
    format!("{CHECKPOINTS}/epoch_{epochs:04}.safetensors")
}

/// The name of a checkpoint by the steps that are done.
pub fn after_steps(steps: u64) -> String {
    format!("{CHECKPOINTS}/step_{steps:08}.safetensors")
}

fn line(record: &Record) -> Result<String> {
    serde_json::to_string(record)
        .map_err(|e| Error::Usage(format!("a record can't be written: {e}")))
}

/// Whether a folder holds a run or a sweep of this program.
pub fn is_run(folder: &Path) -> bool {
    folder.join(HISTORY).is_file() || folder.join(TABLE).is_file()
}

/// The records in a folder; a line that is none is left out.
///
/// # Errors
/// The operating system's refusal.
pub fn history(path: &Path) -> Result<Vec<Record>> {
    let lines = lines::read(&path.join(HISTORY))?;
    let records = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(records.collect())
}

/// The state in a folder, and the records until then.
fn earlier(path: &Path) -> Result<Option<Earlier>> {
    let file = path.join(STATE);
    if !file.is_file() {
        return Ok(None);
    }
    let mut state = State::default();
    for (name, array) in safetensors::read(&file)? {
        state.put(&name, array.to_f64());
    }
    let [seconds] = state.array(SECONDS)?;
    let step = state.get("counts")?.first().copied().unwrap_or(0.0);
    let mut lines = lines::read(&path.join(HISTORY))?;
    let record = |line: &String| serde_json::from_str::<Record>(line).ok();
    lines.retain(|line| record(line).is_some_and(|record| record.step as f64 <= step));
    Ok(Some(Earlier {
        state,
        seconds,
        history: lines.iter().filter_map(record).collect(),
        lines,
    }))
}

/// Refuses to go on with another recipe; a run may be made longer where its rates don't depend on its length.
fn same(before: &TrainingJob, now: &TrainingJob, path: &Path) -> Result<()> {
    let mut alike = before.clone();
    let by_length = matches!(now.how.rate.schedule, Shape::Cosine | Shape::OneCycle);
    if !by_length {
        alike.how.stop = now.how.stop;
    }
    alike.setup.memory = now.setup.memory;
    if alike == *now {
        return Ok(());
    }
    let fields = |job: &TrainingJob| recipe::write(job);
    let (old, new) = (fields(&alike)?, fields(now)?);
    let differing = old.lines().zip(new.lines()).filter(|(a, b)| a != b);
    let names = differing.filter_map(|(old, _)| old.trim_start_matches("# ").split(" =").next());
    let names: Vec<&str> = names.collect();
    Err(Error::file(
        path,
        format!(
            "the run in this folder has another recipe ({}); go on with its own, or name another folder",
            names.join(", ")
        ),
    ))
}
