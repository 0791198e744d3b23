//! Text tables: cells between commas, semicolons or tabs.
//!
//! The delimiter is the one that the first line has most of. The first line is a header where some cell
//! of it is no number. A column is numbers or text by its first row; what doesn't fit after that, and
//! every missing value, is refused with its line. Numbers are read as f64 and rounded once to f32.

use std::collections::BTreeMap;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use sha2::{Digest as _, Sha256};

use super::super::source::Source;
use super::super::{DataOptions, files};
use super::columns::{Cells, Column, Table};
use super::roles::TARGETS;
use super::samples::{self, Told};
use crate::error::{Error, Result};
use crate::store::limits::{Allowance, most};

/// Between cells, the usual one first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// What stands for a missing value, in any case.
const MISSING: [&str; 8] = ["", "na", "n/a", "nan", "null", "none", "?", "-"];
/// No row has more bytes.
const LONGEST_ROW: usize = 64 << 20;

/// Whether a file is a table with a column of targets, by its suffix and its first line.
pub fn claims(_path: &Path, name: &str, start: &[u8]) -> bool {
    let named = [".csv", ".tsv"].iter().any(|suffix| name.ends_with(suffix));
    let text = String::from_utf8_lossy(start).to_lowercase();
    let line = text.lines().next().unwrap_or_default();
    let mut cells = line.split([',', ';', '\t']);
    named && cells.any(|cell| TARGETS.contains(&cell.trim().trim_matches('"')))
}

/// Whether a name is a text table's.
pub fn is_named(name: &str) -> bool {
    [".csv", ".tsv"].iter().any(|suffix| name.ends_with(suffix))
}

/// The cells of every row of a text table, quotes taken off.
///
/// # Errors
/// Where a row isn't text or is longer than any.
pub fn cells(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Rows::new(bytes, delimiter(bytes));
    let mut all = Vec::new();
    while let Some((row, _)) = rows.next()? {
        all.push(row);
    }
    Ok(all)
}

/// The table at `path`, with the held-out one beside it.
pub fn source(path: &Path, options: &DataOptions) -> Result<Source> {
    let mut sha = Sha256::new();
    let held_out = files::held_out_beside(path);
    let (first, header, delimiter) = read(path, &mut sha)?;
    let mut tables = vec![first];
    let mut format = format!(
        "CSV, {} between cells, {}",
        match delimiter {
            b'\t' => "tabs",
            b';' => "semicolons",
            _ => "commas",
        },
        if header { "with a header" } else { "no header" }
    );
    if let Some(held_out) = &held_out {
        tables.push(read(held_out, &mut sha)?.0);
        format.push_str(&format!(", held out {}", files::name(held_out)));
    }
    let told = Told {
        format,
        class_names: BTreeMap::new(),
        header,
        stored: files::length(path)?,
        sha256: files::hex(sha),
    };
    let mut source = samples::source(tables, told, path, options)?;
    source.name = samples::name_of(path);
    Ok(source)
}

/// A table, whether its first line is a header, and what stands between cells.
pub fn read(path: &Path, sha: &mut Sha256) -> Result<(Table, bool, u8)> {
    let input = files::input(path)?;
    let stored = input.stored;
    let bytes = files::all(input, most(stored), path)?;
    files::hash(sha, path)?;
    parse(&bytes, stored).map_err(|message| Error::file(path, message))
}

fn parse(bytes: &[u8], stored: u64) -> Result<(Table, bool, u8), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err("this isn't text".to_owned());
    }
    let delimiter = delimiter(bytes);
    let mut rows = Rows::new(bytes, delimiter);
    let mut allowance = Allowance::for_file(stored);
    allowance.take(bytes.len() as u64)?;
    let (first, _) = rows.next()?.ok_or("the file is empty")?;
    let header = first
        .iter()
        .any(|cell| !is_missing(cell) && number(cell).is_none());
    let width = first.len();
    let names: Vec<String> = if header {
        first.iter().map(|name| name.trim().to_owned()).collect()
    } else {
        (0..width).map(|index| index.to_string()).collect()
    };
    let mut twice = names.clone();
    twice.sort();
    let mut neighbours = twice.iter().zip(twice.iter().skip(1));
    if let Some((name, _)) = neighbours.find(|(a, b)| a == b && !a.is_empty()) {
        return Err(format!("two columns are called {name:?}"));
    }
    let mut columns: Vec<Cells> = Vec::new();
    let mut count = 0;
    let mut pending = (!header).then_some((first, 1));
    loop {
        let row = match pending.take() {
            Some(row) => Some(row),
            None => rows.next()?,
        };
        let Some((cells, line)) = row else { break };
        // An empty line at the end is no row.
        if cells.len() == 1 && cells[0].is_empty() && width > 1 {
            continue;
        }
        if cells.len() != width {
            return Err(format!(
                "line {line} has {} cells, the first line {width}",
                cells.len()
            ));
        }
        if columns.is_empty() {
            columns = cells.iter().map(|cell| kind(cell)).collect();
        }
        let text: usize = cells.iter().map(String::len).sum();
        allowance.take((width * size_of::<f32>() * 2 + text) as u64)?;
        for ((cell, column), name) in cells.into_iter().zip(&mut columns).zip(&names) {
            push(column, cell, name, line)?;
        }
        count += 1;
    }
    if count == 0 {
        return Err("a header without rows".to_owned());
    }
    let columns = names.into_iter().zip(columns);
    let columns = columns
        .map(|(name, cells)| Column { name, cells })
        .collect();
    Ok((
        Table {
            columns,
            rows: count,
        },
        header,
        delimiter,
    ))
}

/// An empty column for cells like this one.
fn kind(cell: &str) -> Cells {
    if number(cell).is_some() || is_missing(cell) {
        Cells::Numbers {
            values: Vec::new(),
            shape: Vec::new(),
            whole: true,
        }
    } else {
        Cells::Text(Vec::new())
    }
}

/// Adds a cell of this line to a column.
fn push(column: &mut Cells, cell: String, name: &str, line: u64) -> Result<(), String> {
    if is_missing(&cell) {
        return Err(format!(
            "line {line} has no value in the column {name:?} ({cell:?}); fill or remove missing values"
        ));
    }
    match column {
        Cells::Numbers { values, whole, .. } => {
            let found = number(&cell).ok_or_else(|| {
                let shown: String = cell.chars().take(40).collect();
                format!(
                    "line {line} has {shown:?} in the column {name:?}, whose first row is a number"
                )
            })?;
            *whole &= cell.trim().parse::<i64>().is_ok();
            values.push(found as f32);
        }
        Cells::Text(cells) => cells.push(cell),
        Cells::Pictures(_) => {}
    }
    Ok(())
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.trim().to_lowercase().as_str())
}

/// What the first line has most of, outside of quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let (mut quoted, mut counts) = (false, [0_usize; DELIMITERS.len()]);
    for &byte in bytes {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            byte => {
                if let Some(index) = DELIMITERS.iter().position(|d| *d == byte) {
                    counts[index] += 1;
                }
            }
        }
    }
    let best = (0..DELIMITERS.len()).max_by_key(|index| (counts[*index], usize::MAX - index));
    DELIMITERS[best.unwrap_or_default()]
}

/// The rows of a text.
struct Rows<'a> {
    reader: Reader,
    rest: &'a [u8],
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            rest: bytes,
            out: vec![0; 1 << 12],
            ends: vec![0; 1 << 8],
        }
    }

    /// The next row and the line it starts on.
    fn next(&mut self) -> Result<Option<(Vec<String>, u64)>, String> {
        let line = self.reader.line();
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, wrote, ends) = self.reader.read_record(
                self.rest,
                self.out.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            self.rest = self.rest.get(read..).unwrap_or_default();
            written += wrote;
            ended += ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull
                    if self.out.len() > LONGEST_ROW || self.ends.len() > LONGEST_ROW / 8 =>
                {
                    return Err(format!(
                        "line {line} is longer than any row (an open quote?)"
                    ));
                }
                ReadRecordResult::OutputFull => self.out.resize(self.out.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let mut start = 0;
        let mut cells = Vec::with_capacity(ended);
        for &end in self.ends.get(..ended).unwrap_or_default() {
            let cell = self.out.get(start..end).unwrap_or_default();
            let text = std::str::from_utf8(cell)
                .map_err(|_| format!("line {line} holds text that isn't UTF-8"))?;
            cells.push(text.to_owned());
            start = end;
        }
        Ok(Some((cells, line)))
    }
}
