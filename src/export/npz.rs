//! The result file: an `.npz` that `numpy.load` opens and from which Losscope goes on.
//!
//! Surface: `x` `[nx]`, `y` `[ny]`; line: `alpha` `[n]`; for both `train_loss`, `train_accuracy`,
//! `validation_loss`, `validation_accuracy` (those asked for; `train_r2`, `validation_r2` where the loss
//! is that of a regression) and `computed`, `[ny, nx]` or `[n]`. A
//! trajectory, alone or in a surface: `proj_x`, `proj_y`, and alone also `distance`, `outside` and
//! `explained`. Always: `recipe`, UTF-8 JSON as bytes. Numbers are float64, flags bool, and the same
//! result always gives the same bytes. What a complete result is stands here too, for every other
//! format; how a recipe becomes JSON stands in `json.rs`.

mod read;

use super::json;
use crate::checkpoint::files::{Output, replace_file};
use crate::engine::job::Job;
use crate::engine::recipe::TrajectoryFacts;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::table::Table;
use crate::model::losses::Score;
pub use read::{measure_header, read};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Writes a result to `path`, replacing an existing file at once or not at all.
///
/// # Errors
/// Where the result contradicts itself or the file can't be written.
pub fn write(path: &Path, outcome: &Outcome) -> Result<()> {
    check(outcome).map_err(|message| Error::file(path, message))?;
    let recipe = json::recipe_to_value(&outcome.recipe)?.to_string();
    stream(path, |out| {
        let mut archive = Npz {
            zip: ZipWriter::new(out),
        };
        match &outcome.numbers {
            Numbers::Surface(surface) => {
                archive.floats("x", &[surface.x.len()], &surface.x)?;
                archive.floats("y", &[surface.y.len()], &surface.y)?;
                archive.table(&[surface.y.len(), surface.x.len()], &surface.table)?;
            }
            Numbers::Line(line) => {
                archive.floats("alpha", &[line.alpha.len()], &line.alpha)?;
                archive.table(&[line.alpha.len()], &line.table)?;
            }
            Numbers::Trajectory => {}
        }
        for (name, values) in path_arrays(outcome) {
            archive.floats(name, &[values.len()], values)?;
        }
        archive.array("recipe", "|u1", &[recipe.len()], recipe.as_bytes())?;
        archive.zip.finish()?;
        Ok(())
    })
}

/// Why a result can't be written or used, where it contradicts itself; without the file's name.
pub(super) fn check(outcome: &Outcome) -> Result<(), String> {
    let (table, points) = match (&outcome.numbers, &outcome.recipe.job) {
        (Numbers::Surface(surface), Job::Surface(_)) => {
            check_axis("x", &surface.x)?;
            check_axis("y", &surface.y)?;
            (Some(&surface.table), surface.x.len() * surface.y.len())
        }
        (Numbers::Line(line), Job::Line(_)) => {
            check_axis("alpha", &line.alpha)?;
            (Some(&line.table), line.alpha.len())
        }
        (Numbers::Trajectory, Job::Trajectory(_)) => {
            outcome
                .recipe
                .trajectory
                .as_ref()
                .ok_or("the recipe of a trajectory has no `trajectory`")?;
            (None, 0)
        }
        (numbers, _) => {
            return Err(format!(
                "the numbers are those of a {}, but the job is another",
                kind(numbers)
            ));
        }
    };
    if let Some(table) = table {
        let mut columns = metrics(table);
        if columns.is_empty() {
            return Err("the result has neither `train_loss` nor `validation_loss`".into());
        }
        let lengths = columns.drain(..).map(|(name, values)| (name, values.len()));
        for (name, length) in lengths.chain([("computed", table.computed.len())]) {
            if length != points {
                return Err(format!("`{name}` has {length} values, expected {points}"));
            }
        }
    }
    let Some(facts) = &outcome.recipe.trajectory else {
        return Ok(());
    };
    let expected = facts.names.len();
    let columns = [
        ("x", &facts.x),
        ("y", &facts.y),
        ("distance", &facts.distance),
        ("outside", &facts.outside),
    ];
    match columns.iter().find(|(_, values)| values.len() != expected) {
        Some((name, values)) => Err(format!(
            "the trajectory has {expected} names, but {} values of `{name}`",
            values.len()
        )),
        None => Ok(()),
    }
}

fn check_axis(name: &str, values: &[f64]) -> Result<(), String> {
    if values.is_empty() {
        return Err(format!("`{name}` is empty"));
    }
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(format!(
            "`{name}` holds {value}, expected finite coordinates"
        )),
        None => Ok(()),
    }
}

/// "surface", "line" or "trajectory".
pub(super) fn kind(numbers: &Numbers) -> &'static str {
    match numbers {
        Numbers::Surface(_) => "surface",
        Numbers::Line(_) => "line",
        Numbers::Trajectory => "trajectory",
    }
}

/// The columns that a table has, by the names they carry in every format.
pub(super) fn metrics(table: &Table) -> Vec<(&'static str, &[f64])> {
    let mut columns: Vec<(&'static str, &[f64])> = Vec::new();
    let names = names(table.score);
    for (split, [loss, score]) in [&table.train, &table.validation].into_iter().zip(names) {
        if let Some(column) = split {
            columns.push((loss, &column.loss));
            columns.push((score, &column.score));
        }
    }
    columns
}

/// The names of the columns of training and validation.
fn names(score: Score) -> [[&'static str; 2]; 2] {
    match score {
        Score::Accuracy => [
            ["train_loss", "train_accuracy"],
            ["validation_loss", "validation_accuracy"],
        ],
        Score::R2 => [
            ["train_loss", "train_r2"],
            ["validation_loss", "validation_r2"],
        ],
    }
}

/// Replaces the file at `path` by what `write` gives to a buffer.
///
/// # Errors
/// Where the folder is missing or not writable, or the disk is full; the old file is then untouched.
pub(super) fn stream(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut Output>) -> io::Result<()>,
) -> Result<()> {
    replace_file(path, |file| {
        let mut out = BufWriter::new(file);
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|source| Error::io("write the result", path, source))
    })
}

/// The values of an array, or of a column of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Column {
    /// float64
    Floats(Vec<f64>),
    /// int64
    Counts(Vec<usize>),
    /// bool
    Flags(Vec<bool>),
    /// Unicode text
    Words(Vec<String>),
}

impl Column {
    /// How many values it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Counts(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Words(values) => values.len(),
        }
    }

    /// NumPy's name of the type, and the values as bytes.
    fn encoded(&self) -> (String, Vec<u8>) {
        match self {
            Self::Floats(values) => {
                let bytes = values.iter().flat_map(|v| v.to_le_bytes());
                ("<f8".into(), bytes.collect())
            }
            Self::Counts(values) => {
                let bytes = values.iter().flat_map(|v| (*v as i64).to_le_bytes());
                ("<i8".into(), bytes.collect())
            }
            Self::Flags(values) => ("|b1".into(), values.iter().map(|v| u8::from(*v)).collect()),
            Self::Words(values) => {
                // UTF-32, every word as long as the longest.
                let longest = values.iter().map(|v| v.chars().count()).max();
                let longest = longest.unwrap_or(0).max(1);
                let padded = |v: &String| {
                    let codes: Vec<u32> = v.chars().map(u32::from).collect();
                    let rest = vec![0; longest - codes.len()];
                    codes.into_iter().chain(rest)
                };
                let codes = values.iter().flat_map(padded);
                let bytes = codes.flat_map(u32::to_le_bytes).collect();
                (format!("<U{longest}"), bytes)
            }
        }
    }
}

/// An array of a name and a shape; one without axes is a single number.
pub(super) type Named = (String, Vec<usize>, Column);

/// Writes named arrays, and a header as `recipe`.
///
/// # Errors
/// Where the file can't be written.
pub(super) fn write_arrays(path: &Path, arrays: &[Named], header: &str) -> Result<()> {
    stream(path, |out| {
        let mut archive = Npz {
            zip: ZipWriter::new(out),
        };
        for (name, shape, values) in arrays {
            let (descr, bytes) = values.encoded();
            archive.array(name, &descr, shape, &bytes)?;
        }
        archive.array("recipe", "|u1", &[header.len()], header.as_bytes())?;
        archive.zip.finish()?;
        Ok(())
    })
}

/// The arrays of a trajectory: a surface carries the path for drawing, the rest stands in the recipe.
fn path_arrays(outcome: &Outcome) -> Vec<(&'static str, &Vec<f64>)> {
    let Some(facts) = &outcome.recipe.trajectory else {
        return Vec::new();
    };
    let TrajectoryFacts {
        x,
        y,
        distance,
        outside,
        explained,
        ..
    } = facts;
    let mut found = vec![
        ("proj_x", x),
        ("proj_y", y),
        ("distance", distance),
        ("outside", outside),
        ("explained", explained),
    ];
    match outcome.numbers {
        Numbers::Surface(_) => found.truncate(2),
        Numbers::Line(_) => found.clear(),
        Numbers::Trajectory => {}
    }
    found
}

/// An archive being written.
struct Npz<W: Write + io::Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + io::Seek> Npz<W> {
    fn table(&mut self, shape: &[usize], table: &Table) -> io::Result<()> {
        for (name, values) in metrics(table) {
            self.floats(name, shape, values)?;
        }
        let computed: Vec<u8> = table.computed.iter().map(|done| u8::from(*done)).collect();
        self.array("computed", "|b1", shape, &computed)
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f64]) -> io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.array(name, "<f8", shape, &bytes)
    }

    /// One array in NumPy's format, version 1.0.
    fn array(&mut self, name: &str, descr: &str, shape: &[usize], bytes: &[u8]) -> io::Result<()> {
        // The time of writing would make equal results unequal files.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(format!("{name}.npy"), options)?;
        let shape = match shape {
            [length] => format!("({length},)"),
            _ => format!(
                "({})",
                shape
                    .iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
        let padded = (10 + header.len() + 1).next_multiple_of(64) - 11;
        header.push_str(&" ".repeat(padded - header.len()));
        header.push('\n');
        let length = u16::try_from(header.len()).map_err(io::Error::other)?;
        self.zip.write_all(b"\x93NUMPY\x01\x00")?;
        self.zip.write_all(&length.to_le_bytes())?;
        self.zip.write_all(header.as_bytes())?;
        self.zip.write_all(bytes)
    }
}
