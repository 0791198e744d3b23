//! Files of a measure at one checkpoint, a curvature or a noise: what their formats have in common.
//!
//! * `.json`: everything measured, as text; numbers that aren't finite are null.
//! * `.npz`: single numbers as arrays without axes, columns of tables as arrays, and `recipe`: the header
//!   as JSON in bytes.
//! * `.csv`: all tables in one, for `d = pandas.read_csv(…)`. The column `table` says which one a row
//!   belongs to, and columns that a table doesn't have stay empty:
//!   `d[d.table == "line"].dropna(axis=1, how="all")` is the table `line` alone. Single numbers are the table `summary`, of `quantity` and `value`.
//! * `.svg`, `.png`, `.pdf`: pictures on one page.
//!
//! What writes them is in `artifact`.

use super::csv::Table;
use super::figure::FigureOptions;
use super::npz::{Column, Named};
use super::{Format, header};
use crate::engine::header::Header;
use crate::error::{Error, Result, shown};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// What a measure gives to its files.
pub trait Measure: Serialize + Send + Sync {
    /// How it was made.
    fn header(&self) -> &Header;

    /// Its numbers.
    fn numbers(&self) -> Numbers;

    /// Its pictures on one page, as an SVG document.
    ///
    /// # Errors
    /// Where nothing of it gives a picture.
    fn document(&self, options: &FigureOptions) -> Result<String>;
}

/// The numbers of a measure, apart from their format.
#[derive(Clone, Default)]
pub struct Numbers {
    /// Single ones.
    pub(super) single: Vec<(&'static str, f64)>,
    /// Tables, with what stands before a column's name to make it an array's; `None` where the table is
    /// among `grids`.
    pub(super) tables: Vec<(Option<&'static str>, Table)>,
    /// Arrays of more axes, for `.npz`.
    pub(super) grids: Vec<Named>,
}

/// What a column of a table holds of each row.
pub(super) enum Of<T> {
    /// A number.
    Float(fn(&T) -> f64),
    /// A whole number.
    Count(fn(&T) -> usize),
    /// Yes or no.
    Flag(fn(&T) -> bool),
    /// A name.
    Word(fn(&T) -> &String),
}

impl<T> Of<T> {
    fn column(&self, rows: &[T]) -> Column {
        match self {
            Self::Float(of) => Column::Floats(rows.iter().map(of).collect()),
            Self::Count(of) => Column::Counts(rows.iter().map(of).collect()),
            Self::Flag(of) => Column::Flags(rows.iter().map(of).collect()),
            Self::Word(of) => Column::Words(rows.iter().map(of).cloned().collect()),
        }
    }
}

impl Numbers {
    /// Adds a table with a row for each of `rows`, whose columns are arrays as of [`Self::table`].
    pub(super) fn rows<T>(
        &mut self,
        (name, prefix): (&'static str, &'static str),
        rows: &[T],
        columns: &[(&'static str, Of<T>)],
    ) {
        let column = |(name, of): &(&'static str, Of<T>)| (*name, of.column(rows));
        self.table(name, prefix, columns.iter().map(column).collect());
    }

    /// Adds a table whose columns are arrays, each under its name with `prefix` before it.
    pub(super) fn table(
        &mut self,
        name: &'static str,
        prefix: &'static str,
        columns: Vec<(&'static str, Column)>,
    ) {
        self.tables.push((Some(prefix), Table { name, columns }));
    }
}

/// Everything measured as JSON: `kind`, `recipe` and the numbers; those that aren't finite are null.
///
/// # Errors
/// None that a measure made by this program could cause.
pub fn to_value<M: Measure>(measure: &M) -> Result<Value> {
    let mut value = serde_json::to_value(measure)
        .map_err(|e| Error::Usage(format!("the measure can't be written: {e}")))?;
    let header = measure.header();
    if let Value::Object(map) = &mut value {
        map.shift_insert(0, "kind".into(), header.job.command().into());
        map.shift_insert(1, header::KEY.into(), header::to_value(header)?);
    }
    Ok(value)
}

/// Says now that a file can't be written later; whether it will be a picture.
///
/// # Errors
/// Where the suffix is no measure's, or the folder isn't writable.
pub fn check_writable(path: &Path) -> Result<bool> {
    let format = form(path)?;
    super::check_writable(path)?;
    Ok(format.is_figure())
}

fn form(path: &Path) -> Result<Format> {
    match Format::of(path) {
        Ok(Format::Vtk | Format::Hdf5) | Err(_) => Err(Error::Usage(format!(
            "a measure is written as .json, .npz or .csv, its pictures as .png, .svg or .pdf: {}",
            shown(path)
        ))),
        Ok(format) => Ok(format),
    }
}
