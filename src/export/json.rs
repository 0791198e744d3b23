//! JSON: a whole result as text.
//!
//! JSON has no word for NaN or infinity: a non-finite number is written as the text `"nan"`, `"inf"` or
//! `"-inf"`. This file knows nothing of archives; the arrays of a result are stored in `npz.rs`.

use super::complete;
use super::header::{self, number};
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::store::files::stream;
use serde_json::{Map, Value};
use std::io::Write as _;
use std::path::Path;

/// Writes [`to_value`] to `path`, replacing an existing file at once or not at all.
///
/// # Errors
/// Where the result contradicts itself or the file can't be written.
pub fn write(path: &Path, outcome: &Outcome) -> Result<()> {
    let value = to_value(outcome)?;
    stream(path, "write the result", |out| {
        serde_json::to_writer(&mut *out, &value)?;
        out.write_all(b"\n")
    })
}

/// Writes a value for people to read, too: indented.
///
/// # Errors
/// Where the file can't be written.
pub(super) fn write_indented(path: &Path, value: &Value) -> Result<()> {
    stream(path, "write the result", |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

/// All of a result: `kind` ("surface", "line" or "trajectory"), `recipe`, and the arrays by the names
/// they have in an `.npz`; those of a surface as a list of rows, one for each `y`. Non-finite numbers
/// are the texts "nan", "inf" and "-inf".
///
/// # Errors
/// Where the result contradicts itself: columns of different lengths, numbers of another kind than
/// the job.
pub fn to_value(outcome: &Outcome) -> Result<Value> {
    complete::check(outcome).map_err(Error::Usage)?;
    let mut map = Map::new();
    map.insert("kind".into(), complete::kind(&outcome.numbers).into());
    map.insert(
        "recipe".into(),
        header::to_value(&complete::header(outcome))?,
    );
    let mut coordinates = |name: &str, values: &[f64]| {
        map.insert(name.into(), values.iter().map(|v| number(*v)).collect())
    };
    let (table, width) = match &outcome.numbers {
        Numbers::Surface(surface) => {
            coordinates("x", &surface.x);
            coordinates("y", &surface.y);
            (Some(&surface.table), Some(surface.x.len()))
        }
        Numbers::Line(line) => {
            coordinates("alpha", &line.alpha);
            (Some(&line.table), None)
        }
        Numbers::Trajectory => (None, None),
    };
    if let Some(table) = table {
        for (name, values) in complete::metrics(table) {
            map.insert(name.into(), rows(values, width, |v| number(*v)));
        }
        for (name, flags) in complete::flags(table) {
            map.insert(name.into(), rows(flags, width, |flag| (*flag).into()));
        }
    }
    Ok(Value::Object(map))
}

fn rows<T>(values: &[T], width: Option<usize>, value: impl Fn(&T) -> Value) -> Value {
    match width {
        Some(width) => values
            .chunks(width.max(1))
            .map(|row| row.iter().map(&value).collect::<Value>())
            .collect(),
        None => values.iter().map(value).collect(),
    }
}
