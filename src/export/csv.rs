//! CSV: a result as a table for spreadsheets and pandas.
//!
//! A surface has a row for every point, `x` running fastest; a line one for every α; a trajectory one
//! for every checkpoint. Numbers are the shortest that read back the same, non-finite ones `nan`, `inf`
//! and `-inf`, as pandas takes them without options. A name that a spreadsheet would compute begins with
//! an apostrophe. The last column, `recipe`, holds in its first row how all of it was made, as JSON; below
//! it is empty.

use super::npz::Column;
use super::{complete, header};
use crate::engine::header::TrajectoryFacts;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::landscape::table;
use crate::store::files::stream;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

/// Writes a result to `path`, replacing an existing file at once or not at all.
///
/// Columns of a surface: `x`, `y`, `train_loss`, `train_accuracy`, `validation_loss`,
/// `validation_accuracy` (those it has; `train_r2` and `validation_r2` of a regression), `computed`, `interpolated`
/// where some points follow from computed ones, `recipe`; of a line: `alpha` instead of `x`, `y`; of a
/// trajectory: `name`, `x`, `y`, `distance`, `outside`, `recipe`.
///
/// # Errors
/// Where the result contradicts itself or the file can't be written.
pub fn write(path: &Path, outcome: &Outcome) -> Result<()> {
    complete::check(outcome).map_err(|message| Error::file(path, message))?;
    let recipe = header::to_value(&complete::header(outcome))?.to_string();
    stream(path, "write the result", |out| match &outcome.numbers {
        Numbers::Surface(surface) => {
            let points = surface
                .y
                .iter()
                .flat_map(|y| surface.x.iter().map(move |x| [*x, *y]));
            table(out, &["x", "y"], points, &surface.table, &recipe)
        }
        Numbers::Line(line) => table(
            out,
            &["alpha"],
            line.alpha.iter().map(|alpha| [*alpha]),
            &line.table,
            &recipe,
        ),
        Numbers::Trajectory => outcome
            .header
            .trajectory
            .as_ref()
            .map_or(Ok(()), |facts| trajectory(out, facts, &recipe)),
    })
}

fn table<const N: usize>(
    out: &mut impl Write,
    names: &[&str; N],
    points: impl Iterator<Item = [f64; N]>,
    table: &table::Table,
    recipe: &str,
) -> io::Result<()> {
    let columns = complete::metrics(table);
    for name in names.iter().chain(columns.iter().map(|(name, _)| name)) {
        write!(out, "{name},")?;
    }
    let flags = complete::flags(table);
    for (name, _) in &flags {
        write!(out, "{name},")?;
    }
    writeln!(out, "recipe")?;
    for (i, point) in points.enumerate() {
        let metrics = columns.iter().filter_map(|(_, values)| values.get(i));
        for value in point.iter().chain(metrics) {
            number(out, *value)?;
            out.write_all(b",")?;
        }
        let flags: Vec<bool> = flags
            .iter()
            .filter_map(|(_, all)| all.get(i).copied())
            .collect();
        for (place, flag) in flags.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(out, "{comma}{flag}")?;
        }
        end_row(out, i, recipe)?;
    }
    Ok(())
}

/// The last cell of a row: the recipe in the first, nothing in the others.
fn end_row(out: &mut impl Write, row: usize, recipe: &str) -> io::Result<()> {
    let cell = if row == 0 { field(recipe) } else { "".into() };
    writeln!(out, ",{cell}")
}

fn trajectory(out: &mut impl Write, facts: &TrajectoryFacts, recipe: &str) -> io::Result<()> {
    writeln!(out, "name,x,y,distance,outside,recipe")?;
    for (i, name) in facts.names.iter().enumerate() {
        out.write_all(field(name).as_bytes())?;
        for value in [&facts.x, &facts.y, &facts.distance, &facts.outside]
            .into_iter()
            .filter_map(|c| c.get(i))
        {
            out.write_all(b",")?;
            number(out, *value)?;
        }
        end_row(out, i, recipe)?;
    }
    Ok(())
}

/// A table with a name, one of several in a file.
#[derive(Clone)]
pub struct Table {
    /// Which one.
    pub name: &'static str,
    /// Columns of the same length.
    pub columns: Vec<(&'static str, Column)>,
}

/// Writes several tables into one: the column `table` says which one a row belongs to, the others are
/// the columns of all tables in their order, empty where a table doesn't have them, and `recipe`.
///
/// # Errors
/// Where the file can't be written.
pub(super) fn write_tables(path: &Path, tables: &[Table], recipe: &str) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in tables.iter().flat_map(|t| &t.columns) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    stream(path, "write the result", |out| {
        writeln!(out, "table,{},recipe", names.join(","))?;
        let mut written = 0;
        for table in tables {
            let rows = table.columns.iter().map(|(_, c)| c.len()).max();
            for row in 0..rows.unwrap_or(0) {
                write!(out, "{}", table.name)?;
                for name in &names {
                    out.write_all(b",")?;
                    if let Some((_, column)) = table.columns.iter().find(|(n, _)| n == name) {
                        cell(out, column, row)?;
                    }
                }
                end_row(out, written, recipe)?;
                written += 1;
            }
        }
        Ok(())
    })
}

fn cell(out: &mut impl Write, column: &Column, row: usize) -> io::Result<()> {
    match column {
        Column::Floats(values) => values.get(row).map_or(Ok(()), |v| number(out, *v)),
        Column::Counts(values) => values.get(row).map_or(Ok(()), |v| write!(out, "{v}")),
        Column::Flags(values) => values.get(row).map_or(Ok(()), |v| write!(out, "{v}")),
        Column::Words(values) => values
            .get(row)
            .map_or(Ok(()), |v| out.write_all(field(v).as_bytes())),
    }
}

pub(super) fn number(out: &mut impl Write, value: f64) -> io::Result<()> {
    if value.is_nan() {
        write!(out, "nan")
    } else {
        write!(out, "{value:?}")
    }
}

/// A text as a cell. Quoted where a part of it would be taken for the table's own, by programs that
/// separate by semicolons or tabs too. What a spreadsheet would compute, since it begins as a formula
/// does, gets an apostrophe before it, which spreadsheets take for the sign of a text.
pub fn field(text: &str) -> Cow<'_, str> {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let begins = |c: char| c.is_control() || c.is_whitespace();
    let text = if text.trim_start_matches(begins).starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        text.into()
    };
    if text.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_taken_for_a_formula() {
        for (name, cell) in [
            ("fc1.weight", "fc1.weight"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("\t=cmd", "\"'\t=cmd\""),
            ("a;=1", "\"a;=1\""),
            ("=\"a\",b", "\"'=\"\"a\"\",b\""),
        ] {
            assert_eq!(field(name), cell, "{name:?}");
        }
    }
}
