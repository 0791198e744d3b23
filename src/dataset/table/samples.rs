//! Tables → samples.
//!
//! Text in the target is classes in sorted order, and listed; text elsewhere is refused, since a network
//! sees other numbers for every other reading. How cells are stored is the business of `csv` and `parquet`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::array::{Array, Values};
use super::super::images::read;
use super::super::keyed::names::{Part, part};
use super::super::keyed::{Reader, Stored};
use super::super::source::{Source, Split};
use super::super::{DataOptions, TargetKind, files};
use super::columns::{Cells, Column, Table};
use super::roles::roles;
use crate::error::{Error, Result};
use crate::store::element::{Dtype, Element};

/// What a file of tables says of itself.
pub struct Told {
    /// The format in words.
    pub format: String,
    /// Names of classes by column.
    pub class_names: BTreeMap<String, Vec<String>>,
    /// Whether the first row named the columns.
    pub header: bool,
    /// Bytes on the disk.
    pub stored: u64,
    /// Hash of them.
    pub sha256: String,
}

/// Makes a data set of a table, or of one for training and one held out.
pub fn source(
    tables: Vec<Table>,
    told: Told,
    path: &Path,
    options: &DataOptions,
) -> Result<Source> {
    let first = tables
        .first()
        .ok_or_else(|| Error::file(path, "holds no table"))?;
    let alone = tables.len() == 1;
    let roles = roles(first, told.header, alone, options).map_err(|m| Error::file(path, m))?;
    let mut reader = Reader::new(path, options);
    if let Some(target) = &roles.target {
        reader.class_names = class_names(&tables, target, &told, options);
    }
    let marks = roles.marks.as_ref().and_then(|name| first.column(name));
    let marks = marks.map(|column| marks_of(column, path)).transpose()?;
    let mut warnings = Vec::new();
    let mut pictures = None;
    if let [only] = roles.inputs.as_slice()
        && let Some(Cells::Pictures(_)) = first.column(only).map(|column| &column.cells)
    {
        let all = tables
            .iter()
            .filter_map(|table| table.pictures(only))
            .flatten();
        let form = read::form(all.clone(), options, &mut warnings)?;
        if options.image_size.is_none() {
            form.check(all.count(), told.stored, path)?;
        }
        pictures = Some(form);
    }
    let names = reader.class_names.clone();
    let mut stored = Vec::with_capacity(tables.len());
    for table in &tables {
        let x = match (pictures, roles.inputs.as_slice()) {
            (Some(form), [only]) => {
                let all = table.pictures(only).ok_or_else(|| missing(path, only))?;
                let mut shape = vec![table.rows];
                shape.extend(form.shape());
                Array {
                    dtype: Dtype::from(Element::U8),
                    shape,
                    values: Values::U8(read::decode(all, form)?),
                }
            }
            _ => table
                .inputs(&roles.inputs)
                .map_err(|m| Error::file(path, m))?,
        };
        let y = match &roles.target {
            Some(name) => {
                let column = table.column(name).ok_or_else(|| missing(path, name))?;
                let array = column.target(&names).map_err(|m| Error::file(path, m))?;
                Some((name.clone(), array))
            }
            None => None,
        };
        let x = ("inputs".to_owned(), x);
        stored.push(Stored { x, y });
    }
    let target = roles.target.as_ref().and_then(|name| first.column(name));
    let text = target.is_some_and(|column| matches!(column.cells, Cells::Text(_)));
    drop(tables);
    warn_of_pixels(&stored, &mut warnings);
    reader.warnings.extend(warnings);
    let mut splits: Vec<Split> = reader.splits(stored)?;
    if let Some(marks) = marks
        && let Some(all) = splits.pop()
    {
        splits = all.divided(&marks);
    }
    let form = pictures.map_or(String::new(), |form| format!(", {}", form.words()));
    let sorted = if text {
        ", text labels in sorted order"
    } else {
        ""
    };
    let layout = format!("{} ({}){form}{sorted}", told.format, roles.words());
    reader.finish(splits, layout, told.sha256)
}

/// The names of classes that the file tells, or the text of the targets in sorted order.
fn class_names(tables: &[Table], target: &str, told: &Told, options: &DataOptions) -> Vec<String> {
    let numbers = [TargetKind::Numbers, TargetKind::Scaled, TargetKind::Wanted];
    if numbers.contains(&options.targets) {
        return Vec::new();
    }
    let mut text = BTreeSet::new();
    for table in tables {
        if let Some(Cells::Text(cells)) = table.column(target).map(|c| &c.cells) {
            text.extend(cells.iter().cloned());
        }
    }
    if !text.is_empty() {
        return text.into_iter().collect();
    }
    told.class_names.get(target).cloned().unwrap_or_default()
}

/// Which rows are held out, by the words or numbers of a column.
fn marks_of(column: &Column, path: &Path) -> Result<Vec<bool>> {
    let wrong = |cell: String| {
        Error::file(
            path,
            format!(
                "the column {} has {cell}, expected train, val or test (or 0 and 1)",
                column.name
            ),
        )
    };
    match &column.cells {
        Cells::Text(cells) => cells
            .iter()
            .map(|cell| match part(cell.trim()) {
                Some(Part::Train) => Ok(false),
                Some(Part::Validation | Part::Test) => Ok(true),
                _ => Err(wrong(format!("{cell:?}"))),
            })
            .collect(),
        Cells::Numbers { values, shape, .. } if shape.is_empty() => values
            .iter()
            .map(|value| match value {
                0.0 => Ok(false),
                1.0 => Ok(true),
                other => Err(wrong(other.to_string())),
            })
            .collect(),
        _ => Err(wrong(column.cells.words())),
    }
}

/// Whole numbers up to 255 are likely pixels, whose scale nobody told.
fn warn_of_pixels(stored: &[Stored], warnings: &mut Vec<String>) {
    let Some(Values::F32(values)) = stored.first().map(|part| &part.x.1.values) else {
        return;
    };
    let largest = values.iter().copied().fold(0.0, f32::max);
    let pixels = values
        .iter()
        .all(|v| v.fract() == 0.0 && (0.0..=255.0).contains(v));
    if pixels && largest > 16.0 && values.len() / stored[0].x.1.shape[0].max(1) >= 16 {
        warnings.push(format!(
            "inputs are whole numbers up to {largest} and used as they are; for pixels choose \
             --data-normalize 0-1 or what their scale is"
        ));
    }
}

fn missing(path: &Path, column: &str) -> Error {
    Error::file(
        path,
        format!("the held-out table has no column {column}, as the training one has"),
    )
}

/// A short name of what several files are: the folder of the first, where its own name says a split.
pub fn name_of(path: &Path) -> String {
    let stem = files::stem(path);
    let word = stem.split(['-', '_', '.']).next().unwrap_or_default();
    if part(word).is_some() {
        files::stem_of_folder(path)
    } else {
        stem
    }
}
