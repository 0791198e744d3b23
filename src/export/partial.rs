//! Partial results: where stopped work keeps what it has, and what a later run finds there.
//!
//! What was computed is never replaced by less of it: a run that finds a partial result where it would
//! keep its own refuses to start, and says what lies there and what can be done.

use super::{header, npz};
use crate::engine::job::{Job, differing};
use crate::engine::result::Outcome;
use crate::error::{Error, Result, shown};
use crate::store::files::beside;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What the name of a stopped surface, line or trajectory ends in.
const ENDING: &str = ".partial.npz";

/// Where a surface, line or trajectory in progress is kept, whatever its output is:
/// `s.png.partial.npz` for `s.png`.
pub fn of_result(output: &Path) -> PathBuf {
    beside(output, name(output), ENDING)
}

/// Where a measure in progress is kept, in the format of the output it isn't yet: `s.partial.npz` for
/// `s.npz`.
pub fn of_measure(output: &Path) -> PathBuf {
    let suffix = output.extension().unwrap_or_default().to_string_lossy();
    let stem = output.file_stem().unwrap_or(name(output));
    beside(output, stem, &format!(".partial.{suffix}"))
}

fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

/// What stopped runs of `job` with other outputs left in the folders of `outputs`, by name.
///
/// # Errors
/// None that a job of this program could cause.
pub fn elsewhere(outputs: &[PathBuf], job: &Job) -> Result<Vec<(PathBuf, Outcome)>> {
    let own: Vec<PathBuf> = outputs.iter().map(|output| of_result(output)).collect();
    let folders: BTreeSet<&Path> = outputs.iter().filter_map(|path| path.parent()).collect();
    let mut places = Vec::new();
    for folder in folders {
        // Names stay as short as the outputs' own.
        let here = if folder == Path::new("") {
            Path::new(".")
        } else {
            folder
        };
        let entries = std::fs::read_dir(here).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name());
        let names = names.filter(|name| name.as_encoded_bytes().ends_with(ENDING.as_bytes()));
        places.extend(
            names
                .map(|name| folder.join(name))
                .filter(|path| !own.contains(path) && path.is_file()),
        );
    }
    places.sort();
    let mut found = Vec::new();
    for path in places {
        let Ok(outcome) = npz::read(&path) else {
            continue;
        };
        if differing(&outcome.header.job, job)?.is_empty() {
            found.push((path, outcome));
        }
    }
    Ok(found)
}

/// Refuses to compute `job` where a stopped run left a result in one of `places`.
///
/// # Errors
/// Names the file, what it holds, and both ways out.
pub fn refuse_results(mut places: impl Iterator<Item = PathBuf>, job: &Job) -> Result<()> {
    let Some(path) = places.find(|path| path.exists()) else {
        return Ok(());
    };
    let found = match npz::read(&path) {
        Ok(outcome) => Found {
            held: format!(
                "{} of {} points computed",
                outcome.points() - outcome.missing(),
                outcome.points()
            ),
            differing: Some(differing(&outcome.header.job, job)?),
        },
        Err(_) => Found::unreadable(),
    };
    Err(found.refusal(&path, "go on from it with --resume, or remove it"))
}

/// Refuses to measure `job` where a stopped run left a measure at `path`; what that is stands in
/// `header`, which for most is the same file.
///
/// # Errors
/// Names the file, what it holds, and both ways out.
pub fn refuse_measure(path: &Path, header: &Path, job: &Job) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut ways = "remove it to measure anew, or name another output";
    let found = match header::read(header) {
        Ok(header) => {
            let kind = header.job.command();
            let held = if header.complete {
                ways = "move it to where it is wanted, or remove it to measure anew";
                format!("a whole {kind}, which nobody read from its output")
            } else {
                format!("a {kind} stopped after {:.0} s", header.elapsed_seconds)
            };
            Found {
                held,
                differing: Some(differing(&header.job, job)?),
            }
        }
        Err(_) => Found::unreadable(),
    };
    Err(found.refusal(path, ways))
}

/// What lies where a partial result would be kept.
struct Found {
    held: String,
    /// The options by which its job is another one; `None` where it doesn't say its job.
    differing: Option<Vec<String>>,
}

impl Found {
    fn unreadable() -> Self {
        Self {
            held: "what a stopped run left".into(),
            differing: None,
        }
    }

    /// `ways`: out of it, where the job is the same.
    fn refusal(self, path: &Path, ways: &str) -> Error {
        let Self { held, differing } = self;
        let message = match differing {
            Some(options) if options.is_empty() => {
                format!("this file holds {held}, of this very job; {ways}")
            }
            Some(options) => format!(
                "this file holds {held}, of another job (by {}); remove it if it isn't needed, or name another output",
                options.join(", ")
            ),
            None => format!("this file is {held}; {ways}"),
        };
        Error::Usage(format!("{message}: {}", shown(path)))
    }
}

/// Removes what a stopped run left in `places`, once the outputs are written whole.
///
/// # Errors
/// Where a file is there but can't be removed.
pub fn remove(places: impl Iterator<Item = PathBuf>) -> Result<()> {
    for path in places.filter(|path| path.is_file()) {
        std::fs::remove_file(&path)
            .map_err(|source| Error::io("remove the partial result", &path, source))?;
    }
    Ok(())
}

/// Keeps at `beside` what `output`, a pipe or a device, didn't take, else as [`rescue`] does; where it is.
/// `None` where both are impossible.
pub fn keep(
    output: &Path,
    beside: PathBuf,
    write: impl Fn(&Path) -> Result<()>,
) -> Option<PathBuf> {
    let no_file = output.exists() && !output.is_file();
    if no_file && write(&beside).is_ok() {
        return Some(beside);
    }
    rescue(output, write)
}

/// Keeps what can be written nowhere else: a file called as `path` in a new folder among the system's
/// temporary ones. `None` where that is impossible, too.
pub fn rescue(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Option<PathBuf> {
    let folder = tempfile::Builder::new()
        .prefix("losscope-")
        .tempdir()
        .ok()?;
    write(&folder.path().join(name(path))).ok()?;
    Some(folder.keep().join(name(path)))
}
