//! What a path is, by its content: weights, samples, a result, a session, a run, directions, a
//! network's description.
//!
//! Whoever is given paths without a word about them asks here, the command line and the window alike,
//! so that a file is the same thing however it came. Names count only where content says nothing.

use crate::checkpoint;
use crate::checkpoint::peek::{Glimpse, peek};
use crate::dataset;
use crate::engine::job::BUILTIN_RUN;
use crate::error::{Error, Result, shown};
use crate::model::import;
use crate::store::files;
use std::path::{Path, PathBuf};

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The weights of a network.
    Checkpoint,
    /// Samples.
    Data,
    /// Something Losscope, or Li et al.'s code, has computed.
    Result,
    /// A session of the window.
    Session,
    /// A folder of checkpoints of one training run.
    Run,
    /// The two directions of a plane.
    Directions,
    /// A `model.toml`, or a file that holds the network of others.
    Model,
}

/// A run has at least so many checkpoints: fewer have no plane of their own.
const FEWEST: usize = 3;
/// Files of a folder looked into before it counts as a run.
const LOOKED_AT: usize = 12;
/// No description of a network is longer.
const LONGEST_MODEL: u64 = 16 << 20;

impl Kind {
    /// In words: "a checkpoint".
    pub fn words(self) -> &'static str {
        match self {
            Self::Checkpoint => "a checkpoint",
            Self::Data => "data",
            Self::Result => "a result",
            Self::Session => "a session",
            Self::Run => "a folder of checkpoints",
            Self::Directions => "a file of directions",
            Self::Model => "the description of a network",
        }
    }
}

/// Whether a path stands for something that comes with the program, a checkpoint or data.
pub fn is_built_in(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.starts_with("builtin:") || dataset::BUILT_IN.iter().any(|(set, _)| *set == name)
}

/// What the file or folder at `path` is.
///
/// # Errors
/// Says what it seems to be instead, or why it can't be read.
pub fn kind(path: &Path) -> Result<Kind> {
    if path == Path::new(BUILTIN_RUN) {
        return Ok(Kind::Run);
    }
    if path.to_string_lossy().starts_with("builtin:") {
        return Ok(Kind::Checkpoint);
    }
    if is_built_in(path) {
        return Ok(Kind::Data);
    }
    if path.is_dir() {
        return of_folder(path);
    }
    match peek(path)? {
        Glimpse::Arrays(names) => Ok(of_arrays(&names)),
        // Tensors of `torch.save` may be samples.
        Glimpse::Weights if dataset::claims(path) => Ok(Kind::Data),
        Glimpse::Weights => Ok(Kind::Checkpoint),
        Glimpse::Json(keys) => of_json(path, &keys),
        Glimpse::Other(_) if dataset::claims(path) => Ok(Kind::Data),
        Glimpse::Other(_) if is_model(path) => Ok(Kind::Model),
        Glimpse::Other(reason) => Err(Error::file(path, reason)),
    }
}

fn of_arrays(names: &[String]) -> Kind {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let each = |prefixes: [&str; 2]| {
        let starts = |prefix: &&str| names.iter().any(|name| name.starts_with(*prefix));
        let one = |name: &String| prefixes.iter().any(|prefix| name.starts_with(prefix));
        prefixes.iter().all(starts) && names.iter().all(one)
    };
    if has("recipe") || has("xcoordinates") {
        Kind::Result
    } else if dataset::are_samples(names) {
        Kind::Data
    } else if each(["x.", "y."]) || has("xdirection") {
        Kind::Directions
    } else {
        Kind::Checkpoint
    }
}

fn of_json(path: &Path, keys: &[String]) -> Result<Kind> {
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    let name = path.to_string_lossy();
    let named = |suffix: &str| keys.is_empty() && name.ends_with(suffix);
    if has("weight_map") || named(".index.json") {
        return Ok(Kind::Checkpoint);
    }
    if has("wish") || name.ends_with(".losscope.json") {
        return Ok(Kind::Session);
    }
    let message = if has("losscope") || has("recipe") {
        "this JSON file holds numbers for other programs; results open from their .npz files"
    } else {
        "this JSON file is neither a session nor the index of a checkpoint in several files"
    };
    Err(Error::file(path, message))
}

/// Whether a text describes a network; one that is damaged counts by its name.
fn is_model(path: &Path) -> bool {
    let short = path.metadata().is_ok_and(|m| m.len() <= LONGEST_MODEL);
    let text = || files::read_text(path, "look into the file").ok();
    let describes = |text: String| {
        let table = text.parse::<toml::Table>();
        table.is_ok_and(|table| table.contains_key("layer"))
    };
    let named = path.extension();
    named.is_some_and(|s| s.eq_ignore_ascii_case("toml")) || short && text().is_some_and(describes)
}

fn of_folder(folder: &Path) -> Result<Kind> {
    if dataset::has_named_data(folder) {
        return Ok(Kind::Data);
    }
    if weights_in(folder).len() >= FEWEST {
        return Ok(Kind::Run);
    }
    if dataset::claims(folder) {
        return Ok(Kind::Data);
    }
    if !weights_in(folder).is_empty() {
        return Ok(Kind::Checkpoint);
    }
    Err(Error::file(
        folder,
        "neither checkpoints nor data lie in this folder; looked for three or more checkpoints of a \
         run, CIFAR, IDX, NumPy and Parquet files, and images by class, with labels or with masks",
    ))
}

/// The first checkpoints of a folder, in the order of a run. A checkpoint in several files is one, by
/// its index.
fn weights_in(folder: &Path) -> Vec<PathBuf> {
    let is_weights = |path: &PathBuf| matches!(kind(path), Ok(Kind::Checkpoint));
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let is_index = |path: &PathBuf| path.to_string_lossy().ends_with(".index.json");
    let index = entries.map(|entry| entry.path()).find(is_index);
    if let Some(index) = index.filter(is_weights) {
        return vec![index];
    }
    let files = checkpoint::series(folder).unwrap_or_default();
    files
        .into_iter()
        .take(LOOKED_AT)
        .filter(is_weights)
        .collect()
}

/// Paths by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorted {
    /// A session.
    pub session: Option<PathBuf>,
    /// Results.
    pub results: Vec<PathBuf>,
    /// Checkpoints in the order they were given, at most three.
    pub checkpoints: Vec<PathBuf>,
    /// Data.
    pub data: Option<PathBuf>,
    /// The checkpoints of a run.
    pub run: Option<PathBuf>,
    /// Directions: a file with both.
    pub directions: Option<PathBuf>,
    /// The description of a network.
    pub model: Option<PathBuf>,
}

impl Sorted {
    /// Says of every path what it is.
    ///
    /// # Errors
    /// Where a path is nothing that can be opened, or there is more than one of what can only be open
    /// once.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut sorted = Self::default();
        let mut data = Vec::new();
        for path in paths {
            let kind = kind(path)?;
            let slot = match kind {
                Kind::Checkpoint if path.is_dir() => {
                    sorted.checkpoints.extend(weights_in(path));
                    continue;
                }
                Kind::Checkpoint => {
                    sorted.checkpoints.push(path.clone());
                    continue;
                }
                Kind::Result => {
                    sorted.results.push(path.clone());
                    continue;
                }
                Kind::Data => {
                    data.push(path.clone());
                    continue;
                }
                Kind::Session => &mut sorted.session,
                Kind::Run => &mut sorted.run,
                Kind::Directions => &mut sorted.directions,
                Kind::Model => &mut sorted.model,
            };
            if let Some(first) = slot.replace(path.clone()) {
                return Err(twice(kind, &first, path));
            }
        }
        sorted.data = one_set(&data)?;
        // The first is the network of the others, where it holds its graph and they don't.
        if let [first, others @ ..] = &sorted.checkpoints[..]
            && sorted.model.is_none()
            && !others.is_empty()
            && import::holds(first)
            && !others.iter().any(|path| import::holds(path))
        {
            sorted.model = Some(sorted.checkpoints.remove(0));
        }
        if sorted.checkpoints.len() > 3 {
            return Err(Error::Usage(format!(
                "{} checkpoints at once are more than a small-batch and a large-batch minimizer and \
                 their initial weights; a folder of them opens as a run",
                sorted.checkpoints.len()
            )));
        }
        Ok(sorted)
    }
}

fn twice(kind: Kind, first: &Path, second: &Path) -> Error {
    Error::Usage(format!(
        "{} and {} are each {}, and one can be open at a time",
        shown(first),
        shown(second),
        kind.words()
    ))
}

/// The data that these paths are: one, or the files of a set that lie together.
fn one_set(paths: &[PathBuf]) -> Result<Option<PathBuf>> {
    let (first, second) = match paths {
        [] => return Ok(None),
        [one] => return Ok(Some(one.clone())),
        [first, second, ..] => (first, second),
    };
    let folder = first.parent().filter(|folder| {
        let together = paths.iter().all(|path| path.parent() == Some(*folder));
        together && paths.iter().all(|path| path.is_file())
    });
    let folder = folder.map(|f| {
        if f.as_os_str().is_empty() {
            Path::new(".")
        } else {
            f
        }
    });
    match folder.filter(|folder| dataset::has_named_data(folder)) {
        Some(folder) => Ok(Some(folder.to_owned())),
        None => Err(twice(Kind::Data, first, second)),
    }
}
