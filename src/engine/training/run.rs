//! A run read back from its folder, whoever made it.
//!
//! A folder of Losscope's has everything; of others there are checkpoints with numbers in their names, and
//! perhaps a log beside them ([`super::log`]).

use super::folder::{self, BEST, HISTORY, INITIAL, RECIPE};
use super::log;
use super::status::Status;
use crate::checkpoint;
use crate::engine::job::{TrainingJob, recipe};
use crate::error::{Error, Result};
use crate::store::files;
use crate::train::Record;
use crate::train::history::finite;
use std::path::{Path, PathBuf};

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was asked for; `None` of other trainers' runs.
    pub job: Option<TrainingJob>,
    /// How it was made and how far it is.
    pub status: Option<Status>,
    /// Its records, in order.
    pub history: Vec<Record>,
    /// Its checkpoints, in order.
    pub checkpoints: Vec<Kept>,
    /// The weights it started from, where they are kept apart.
    pub initial: Option<PathBuf>,
    /// The weights of its lowest validation loss, where they are kept.
    pub best: Option<PathBuf>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A checkpoint of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// Epochs passed, where the name says.
    pub epoch: Option<f64>,
    /// Steps taken, where the name or the history says.
    pub step: Option<u64>,
}

impl Run {
    /// Opens the run in a folder. Nothing is written, and a run that is being trained can be opened.
    ///
    /// # Errors
    /// Where the folder holds neither a run nor checkpoints, or can't be read.
    pub fn open(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::file(folder, "this isn't a folder of a run"));
        }
        let recipe_path = folder.join(RECIPE);
        let own = folder.join(HISTORY).is_file();
        let mut run = Self {
            folder: folder.to_owned(),
            job: None,
            status: Status::read(folder)?,
            history: folder::history(folder)?,
            checkpoints: Vec::new(),
            initial: initial(folder),
            best: there(folder.join(BEST)),
            notes: Vec::new(),
        };
        if own && recipe_path.is_file() {
            let text = files::read_text(&recipe_path, "read the recipe")?;
            run.job = Some(recipe::parse(&text, &recipe_path)?);
        }
        if !own {
            run.read_log()?;
        }
        match Kept::all(folder, &run.history) {
            Ok(kept) => run.checkpoints = kept,
            // A run that has only begun has none yet.
            Err(_) if own => {}
            Err(error) => return Err(error),
        }
        Ok(run)
    }

    /// The log that another trainer wrote beside its checkpoints, or above them.
    fn read_log(&mut self) -> Result<()> {
        let named = Kept::all(&self.folder, &[])?;
        let last = named.iter().filter_map(|kept| kept.epoch).reduce(f64::max);
        if let Some(found) = log::beside(&self.folder, last)? {
            self.notes.extend(found.notes);
            self.history = found.records;
        }
        Ok(())
    }

    /// Its name: that of its folder.
    pub fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The checkpoint nearest to so many epochs; `None` where no epochs are known.
    pub fn at_epoch(&self, epoch: f64) -> Option<&Kept> {
        Kept::nearest(&self.checkpoints, epoch)
    }

    /// The last checkpoint.
    pub fn last(&self) -> Option<&Kept> {
        self.checkpoints.last()
    }

    /// The weights it started from: kept apart, or the first checkpoint.
    pub fn start(&self) -> Option<&Path> {
        let first = || self.checkpoints.first().map(|kept| kept.path.as_path());
        self.initial.as_deref().or_else(first)
    }

    /// (x, y) of every record that has both numbers, by their names in [`Record::numbers`]: a curve.
    pub fn curve(&self, x: &str, y: &str) -> Vec<[f64; 2]> {
        let point = |record: &Record| Some([record.get(x)?, record.get(y)?]);
        self.history.iter().filter_map(point).collect()
    }
}

/// Epochs passed after so many steps: between two records by a straight line.
fn epoch_after(history: &[Record], step: u64) -> Option<f64> {
    let at = history.iter().position(|record| record.step >= step)?;
    let later = &history[at];
    if later.step == step {
        return finite(later.epoch);
    }
    let earlier = &history[at.checked_sub(1)?];
    let share = (step - earlier.step) as f64 / (later.step - earlier.step) as f64;
    finite(earlier.epoch + share * (later.epoch - earlier.epoch))
}

/// The weights that the run in a folder started from, where they are kept apart.
pub fn initial(folder: &Path) -> Option<PathBuf> {
    there(folder.join(INITIAL))
}

fn there(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

impl Kept {
    /// The checkpoints of a run, in order: steps of those that are named by epochs, and the other way
    /// round, come from its history.
    ///
    /// # Errors
    /// Where the folder can't be read or has none.
    pub fn all(folder: &Path, history: &[Record]) -> Result<Vec<Self>> {
        let mut all: Vec<Self> = checkpoint::series(folder)?
            .into_iter()
            .map(Self::named)
            .collect();
        for kept in &mut all {
            match (kept.epoch, kept.step) {
                (Some(epoch), None) => {
                    let same = |record: &&Record| (record.epoch - epoch).abs() < 1e-9;
                    kept.step = history.iter().find(same).map(|record| record.step);
                }
                (None, Some(step)) => kept.epoch = epoch_after(history, step),
                _ => {}
            }
        }
        Ok(all)
    }

    /// The one nearest to so many epochs; `None` where no epochs are known.
    pub fn nearest(all: &[Self], epoch: f64) -> Option<&Self> {
        let numbered = all.iter().filter(|kept| kept.epoch.is_some());
        let far = |kept: &&Self| (kept.epoch.unwrap_or(f64::INFINITY) - epoch).abs();
        numbered.min_by(|a, b| far(a).total_cmp(&far(b)))
    }

    /// What a file's name says: the number after `step` or `iter`, else the last number, which counts epochs.
    fn named(path: PathBuf) -> Self {
        let stem = path.file_stem().unwrap_or_default();
        let stem = stem.to_string_lossy().to_lowercase();
        let after = |word: &str| {
            stem.rfind(word)
                .and_then(|at| first_number(&stem[at + word.len()..]))
        };
        let step = ["step", "iter"].iter().find_map(|word| after(word));
        let epoch = after("epoch");
        let last = || (step.is_none()).then(|| last_number(&stem)).flatten();
        Self {
            epoch: epoch.or_else(last).map(|n| n as f64),
            step,
            path,
        }
    }
}

/// The number at the start of a text, after what separates it.
fn first_number(text: &str) -> Option<u64> {
    let text = text.trim_start_matches(|c: char| "_-=. ".contains(c) || c.is_alphabetic());
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The last number in a text.
fn last_number(text: &str) -> Option<u64> {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty());
    numbers.next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_epochs_and_steps() {
        for (name, epoch, step) in [
            ("epoch_0012.safetensors", Some(12.0), None),
            ("epoch=3-step=1200.ckpt", Some(3.0), Some(1200)),
            ("checkpoint-500.pt", Some(500.0), None),
            ("step_00000300.safetensors", None, Some(300)),
            ("model.pt", None, None),
            ("iter_20000.pth", None, Some(20_000)),
        ] {
            let kept = Kept::named(name.into());
            assert_eq!((kept.epoch, kept.step), (epoch, step), "{name}");
        }
    }
}
