//! The result file: an `.npz` that `numpy.load` opens and from which Losscope goes on.
//!
//! Surface: `x` `[nx]`, `y` `[ny]`; line: `alpha` `[n]`; for both `train_loss`, `train_accuracy`,
//! `validation_loss`, `validation_accuracy` (those asked for; `train_r2`, `validation_r2` where the loss
//! is that of a regression) and `computed`, `[ny, nx]` or `[n]`; `interpolated` where some points follow from
//! computed ones. A
//! trajectory, alone or in a surface: `proj_x`, `proj_y`, and alone also `distance`, `outside` and
//! `explained`. Always: `recipe`, UTF-8 JSON as bytes. Numbers are float64, flags bool, and the same
//! result always gives the same bytes. What a complete result is stands in `complete.rs`, how a
//! header becomes JSON in `header.rs`.

mod read;

use super::complete::{self, check, flags, metrics, path_arrays};
use super::header;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::table::Table;
use crate::store::files::stream;
use crate::store::npz::Writer;
pub use read::read;
use std::io::{self, Seek, Write};
use std::path::Path;

/// Writes a result to `path`, replacing an existing file at once or not at all.
///
/// # Errors
/// Where the result contradicts itself or the file can't be written.
pub fn write(path: &Path, outcome: &Outcome) -> Result<()> {
    check(outcome).map_err(|message| Error::file(path, message))?;
    let header = header::to_value(&complete::header(outcome))?.to_string();
    stream(path, "write the result", |out| {
        let mut archive = Writer::new(out);
        match &outcome.numbers {
            Numbers::Surface(surface) => {
                floats(&mut archive, "x", &[surface.x.len()], &surface.x)?;
                floats(&mut archive, "y", &[surface.y.len()], &surface.y)?;
                write_table(
                    &mut archive,
                    &[surface.y.len(), surface.x.len()],
                    &surface.table,
                )?;
            }
            Numbers::Line(line) => {
                floats(&mut archive, "alpha", &[line.alpha.len()], &line.alpha)?;
                write_table(&mut archive, &[line.alpha.len()], &line.table)?;
            }
            Numbers::Trajectory => {}
        }
        for (name, values) in path_arrays(outcome) {
            floats(&mut archive, name, &[values.len()], values)?;
        }
        archive.array("recipe", "|u1", &[header.len()], header.as_bytes())?;
        archive.finish()
    })
}

/// The values of an array, or of a column of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
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
    stream(path, "write the result", |out| {
        let mut archive = Writer::new(out);
        for (name, shape, values) in arrays {
            let (descr, bytes) = values.encoded();
            archive.array(name, &descr, shape, &bytes)?;
        }
        archive.array("recipe", "|u1", &[header.len()], header.as_bytes())?;
        archive.finish()
    })
}

fn write_table(
    archive: &mut Writer<impl Write + Seek>,
    shape: &[usize],
    table: &Table,
) -> io::Result<()> {
    for (name, values) in metrics(table) {
        floats(archive, name, shape, values)?;
    }
    for (name, flags) in flags(table) {
        let bytes: Vec<u8> = flags.iter().map(|flag| u8::from(*flag)).collect();
        archive.array(name, "|b1", shape, &bytes)?;
    }
    Ok(())
}

fn floats(
    archive: &mut Writer<impl Write + Seek>,
    name: &str,
    shape: &[usize],
    values: &[f64],
) -> io::Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    archive.array(name, "<f8", shape, &bytes)
}
