//! The writers: one for each format, whatever is written.

use super::what::{Artifact, Data};
use crate::error::{Error, Result, shown};
use crate::export::csv::{self, Table};
use crate::export::figure::FigureOptions;
use crate::export::measure::Numbers;
use crate::export::npz::{self, Column, Named};
use crate::export::{Format, hdf5, header, json, stamp, vtk};
use std::path::Path;

/// Writes it in the format that the suffix of `path` names.
///
/// # Errors
/// Where it has no such form, contradicts itself, or the file can't be written; what was there stays.
pub fn write(path: &Path, artifact: &dyn Artifact, options: &FigureOptions) -> Result<()> {
    let format = Format::of(path)?;
    let formats = artifact.formats();
    if !formats.contains(&format) {
        let known: Vec<String> = formats.iter().map(|f| format!(".{}", f.suffix())).collect();
        return Err(Error::Usage(format!(
            "it can be written as {}, not as {}",
            known.join(" "),
            shown(path)
        )));
    }
    if format.is_figure() {
        let document = page(artifact, options)?;
        return stamp::write(path, &document, &artifact.header(), options);
    }
    match artifact.data()? {
        Data::Outcome(outcome) => match format {
            Format::Csv => csv::write(path, outcome),
            Format::Vtk => vtk::write(path, outcome),
            Format::Json => json::write(path, outcome),
            Format::Hdf5 => hdf5::write_surface(path, outcome),
            _ => npz::write(path, outcome),
        },
        Data::Measured(numbers, value) => {
            let recipe = header::to_value(&artifact.header())?.to_string();
            match format {
                Format::Csv => csv::write_tables(path, &tables(numbers), &recipe),
                Format::Npz => npz::write_arrays(path, &arrays(numbers), &recipe),
                _ => json::write_indented(path, &value),
            }
        }
    }
}

/// Its page, laid out; whoever shows or stores it finishes it by the same options.
///
/// # Errors
/// As [`Artifact::document`].
pub fn page(artifact: &dyn Artifact, options: &FigureOptions) -> Result<String> {
    artifact.document(&options.laid_out())
}

/// All tables, single numbers first as one of their own.
fn tables(numbers: Numbers) -> Vec<Table> {
    let mut all = Vec::new();
    if !numbers.single.is_empty() {
        let (names, values): (Vec<&str>, Vec<f64>) = numbers.single.into_iter().unzip();
        let names = names.into_iter().map(str::to_owned).collect();
        all.push(Table {
            name: "summary",
            columns: vec![
                ("quantity", Column::Words(names)),
                ("value", Column::Floats(values)),
            ],
        });
    }
    all.extend(numbers.tables.into_iter().map(|(_, table)| table));
    all
}

/// Everything as arrays: single numbers without axes, columns of tables, grids.
fn arrays(numbers: Numbers) -> Vec<Named> {
    let single = numbers.single.into_iter();
    let single = single.map(|(name, value)| (name.to_owned(), vec![], Column::Floats(vec![value])));
    let mut arrays: Vec<Named> = single.collect();
    for (prefix, table) in numbers.tables {
        let Some(prefix) = prefix else { continue };
        for (name, column) in table.columns {
            arrays.push((format!("{prefix}{name}"), vec![column.len()], column));
        }
    }
    arrays.extend(numbers.grids);
    arrays
}
