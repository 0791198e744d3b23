//! The numbers of an experiment: a CSV a table, and all of them with their header as npz and JSON.

use crate::engine::experiment::{Cell, Experiment, Finding, Table};
use crate::error::Result;
use crate::export::npz::{Column, Named, write_arrays};
use crate::export::{csv, header, json};
use crate::store::files::stream;
use crate::train::findings::judge::RULE;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::Path;

/// Writes all tables into `folder`.
///
/// # Errors
/// Where a file can't be written.
pub fn write(folder: &Path, experiment: &Experiment) -> Result<Value> {
    let tables = &experiment.found.tables;
    for table in tables {
        comma_separated(&folder.join(format!("{}.csv", table.name)), table)?;
    }
    let own = header::to_value(&experiment.header)?;
    let arrays: Vec<Named> = tables.iter().flat_map(arrays).collect();
    write_arrays(&folder.join("results.npz"), &arrays, &own.to_string())?;
    let findings: Vec<Value> = experiment.found.findings.iter().map(finding).collect();
    let mut all = Map::new();
    for table in tables {
        all.insert(table.name.into(), rows(table));
    }
    let value = json!({
        "kind": "experiment",
        "name": experiment.entry.name,
        "title": experiment.entry.title,
        "source": experiment.entry.source,
        "recipe": own,
        "rule": RULE,
        "findings": findings,
        "tables": all,
        "notes": experiment.found.notes,
    });
    json::write_indented(&folder.join("results.json"), &value)?;
    Ok(value)
}

fn comma_separated(path: &Path, table: &Table) -> Result<()> {
    stream(path, "write the table", |out| {
        let names: Vec<_> = table.columns.iter().map(|c| csv::field(c)).collect();
        writeln!(out, "{}", names.join(","))?;
        for row in &table.rows {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    out.write_all(b",")?;
                }
                match cell {
                    Cell::Word(word) => out.write_all(csv::field(word).as_bytes())?,
                    Cell::Number(number) => csv::number(out, *number)?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    })
}

/// The columns of a table as arrays `TABLE.COLUMN`; one with a word in it is of words.
fn arrays(table: &Table) -> Vec<Named> {
    let column = |(at, name): (usize, &String)| {
        let cells: Vec<&Cell> = table.rows.iter().filter_map(|row| row.get(at)).collect();
        let numbers: Option<Vec<f64>> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Number(number) => Some(*number),
                Cell::Word(_) => None,
            })
            .collect();
        let values = numbers.map_or_else(
            || Column::Words(cells.iter().map(|cell| word(cell)).collect()),
            Column::Floats,
        );
        let length = values.len();
        (format!("{}.{name}", table.name), vec![length], values)
    };
    table.columns.iter().enumerate().map(column).collect()
}

fn word(cell: &Cell) -> String {
    match cell {
        Cell::Word(word) => word.clone(),
        Cell::Number(number) => number.to_string(),
    }
}

/// A table as a list of objects.
fn rows(table: &Table) -> Value {
    let row = |cells: &Vec<Cell>| {
        let pairs = table.columns.iter().zip(cells).map(|(name, cell)| {
            let value = match cell {
                Cell::Word(word) => Value::from(word.as_str()),
                Cell::Number(number) => header::number(*number),
            };
            (name.clone(), value)
        });
        Value::Object(pairs.collect())
    };
    table.rows.iter().map(row).collect()
}

fn finding(finding: &Finding) -> Value {
    let judged = &finding.judged;
    json!({
        "source": finding.source,
        "here": finding.here,
        "number": finding.rule,
        "verdict": judged.verdict,
        "mean": judged.mean.map(|m| header::number(m.mean)),
        "half_interval": judged.mean.map(|m| header::number(m.half())),
        "seeds": judged.mean.map_or(0, |m| m.count),
        "seeds_in_favour": judged.in_favour,
    })
}
