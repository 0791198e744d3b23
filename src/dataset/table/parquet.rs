//! Parquet: columns of numbers, lists, text or pictures, in one file or several.
//!
//! Pictures are what Hugging Face's data sets have: groups of `bytes` and `path`. Names of classes stand
//! in the metadata that they leave. Files are parts of a split by their names (`train-00000-of-00002`).
//! Rows pass one at a time, so that a column is in memory once.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use sha2::{Digest as _, Sha256};

use super::super::images::read::Picture;
use super::super::keyed::names::{Part, part};
use super::super::source::Source;
use super::super::{DataOptions, files};
use super::columns::{Cells, Column, Table};
use super::samples::{self, Told};
use crate::error::{Error, Result, caught};
use crate::store::limits::Allowance;

/// What a file starts and ends with.
pub const MAGIC: &[u8] = b"PAR1";

/// One file, with the other parts of its split and the held-out ones beside it where its name tells a
/// split.
pub fn file(path: &Path, options: &DataOptions) -> Result<Source> {
    if part_of(path).is_some()
        && let Some(folder) = path.parent()
    {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let beside = files::entries(folder)?;
        if part_of(path) == Some(Part::Train) {
            return of_files(path, &beside, options);
        }
    }
    of_files(path, &[path.to_owned()], options)
}

/// The parquet files of a folder, or of `data` in it; `None` where there are none.
pub fn folder(path: &Path, entries: &[PathBuf], options: &DataOptions) -> Result<Option<Source>> {
    let any = |entries: &[PathBuf]| entries.iter().any(|entry| is_parquet(&files::name(entry)));
    if any(entries) {
        return of_files(path, entries, options).map(Some);
    }
    match inside(entries).as_slice() {
        [] => Ok(None),
        [one] => of_files(path, &files::entries(one)?, options).map(Some),
        several => {
            let names: Vec<String> = several.iter().map(|place| files::name(place)).collect();
            Err(Error::file(
                path,
                format!(
                    "several data sets lie in this folder; open one of {}",
                    names.join(", ")
                ),
            ))
        }
    }
}

/// The subfolders with Parquet files, as data sets of Hugging Face have them: `data`, else those of any name, such as
/// `plain_text` and `mnist`, with a file of some split.
pub fn inside(entries: &[PathBuf]) -> Vec<PathBuf> {
    let holds = |place: &&PathBuf, wanted: &dyn Fn(&PathBuf) -> bool| {
        place.is_dir() && files::entries(place).is_ok_and(|inside| inside.iter().any(wanted))
    };
    let table = |file: &PathBuf| is_parquet(&files::name(file));
    let split = |file: &PathBuf| table(file) && part_of(file).is_some();
    let data = entries.iter().filter(|entry| files::name(entry) == "data");
    let data: Vec<PathBuf> = data.filter(|e| holds(e, &table)).cloned().collect();
    if !data.is_empty() {
        return data;
    }
    entries
        .iter()
        .filter(|e| holds(e, &split))
        .cloned()
        .collect()
}

/// Whether a name is a parquet file's.
pub fn is_parquet(name: &str) -> bool {
    name.ends_with(".parquet")
}

/// The split that the first word of a name tells.
fn part_of(path: &Path) -> Option<Part> {
    let stem = files::stem(path);
    part(stem.split(['-', '_', '.']).next().unwrap_or_default())
}

fn of_files(path: &Path, entries: &[PathBuf], options: &DataOptions) -> Result<Source> {
    let of = |wanted: &[Option<Part>]| -> Vec<&PathBuf> {
        let tables = entries
            .iter()
            .filter(|e| is_parquet(&files::name(e)) && e.is_file());
        tables
            .filter(|entry| wanted.contains(&part_of(entry)))
            .collect()
    };
    let mut warnings = Vec::new();
    let mut train = of(&[Some(Part::Train)]);
    if train.is_empty() {
        train = of(&[None, Some(Part::Whole)]);
    }
    let (validation, test) = (of(&[Some(Part::Validation)]), of(&[Some(Part::Test)]));
    if !validation.is_empty() && !test.is_empty() {
        warnings.push(format!(
            "{} is the validation split; {} is not used",
            files::name(validation[0]),
            files::name(test[0])
        ));
    }
    let mut held_out = if validation.is_empty() {
        test
    } else {
        validation
    };
    if train.is_empty() {
        train = std::mem::take(&mut held_out);
        if let Some(first) = train.first() {
            warnings.push(format!(
                "{} is held-out data by its name; it serves as the training split because there is \
                 no other",
                files::name(first)
            ));
        }
    }
    let (mut sha, mut stored) = (Sha256::new(), 0);
    let mut class_names = BTreeMap::new();
    let mut tables = Vec::new();
    let mut names = Vec::new();
    for split in [train, held_out] {
        let mut table = Table::default();
        for file in &split {
            stored += files::length(file)?;
            files::hash(&mut sha, file)?;
            names.push(files::name(file));
            read(file, &mut table, &mut class_names)?;
        }
        if !split.is_empty() {
            tables.push(table);
        }
    }
    let shown: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
    let more = if names.len() > 4 { ", …" } else { "" };
    let told = Told {
        format: format!("Parquet, {}{more}", shown.join(", ")),
        class_names,
        header: true,
        stored,
        sha256: files::hex(sha),
    };
    let mut source = samples::source(tables, told, path, options)?;
    source.warnings.extend(warnings);
    if !path.is_dir() {
        source.name = samples::name_of(path);
    }
    Ok(source)
}

/// Adds the rows of a file to a table.
fn read(
    path: &Path,
    table: &mut Table,
    class_names: &mut BTreeMap<String, Vec<String>>,
) -> Result<()> {
    let fault = |message: String| Error::file(path, message);
    let mut allowance = Allowance::for_file(files::length(path)?);
    let file = File::open(path).map_err(|e| Error::io("open the data", path, e))?;
    let work = || -> Result<(), String> {
        let words = |e: parquet::errors::ParquetError| readable(&e.to_string());
        let reader = SerializedFileReader::new(file).map_err(words)?;
        let meta = reader.metadata().file_metadata();
        for pair in meta.key_value_metadata().into_iter().flatten() {
            if pair.key == "huggingface"
                && let Some(text) = &pair.value
            {
                class_names.extend(named_classes(text));
            }
        }
        let rows = reader.get_row_iter(None).map_err(words)?;
        for row in rows {
            let row = row.map_err(words)?;
            add(table, row, &mut allowance)
                .map_err(|message| format!("row {} (counted from 0): {message}", table.rows))?;
            table.rows += 1;
        }
        Ok(())
    };
    let damaged = |panic: String| Err(format!("the file is damaged ({panic})"));
    caught(work).unwrap_or_else(damaged).map_err(fault)
}

/// A complaint of the library with what to do.
fn readable(message: &str) -> String {
    if message.contains("Disabled feature") {
        return "the columns are packed in a way that isn't read here (snappy, gzip and none are); \
                save them with pandas: to_parquet(PATH, compression=\"snappy\")"
            .to_owned();
    }
    format!("not a readable parquet file ({message})")
}

/// Names of classes by column, from the description of features that Hugging Face's data sets leave.
fn named_classes(text: &str) -> BTreeMap<String, Vec<String>> {
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let features = json["info"]["features"].as_object();
    let names = |feature: &serde_json::Value| -> Option<Vec<String>> {
        let names = feature["names"].as_array()?;
        names
            .iter()
            .map(|name| Some(name.as_str()?.to_owned()))
            .collect()
    };
    let named = features.into_iter().flatten();
    named
        .filter_map(|(column, feature)| Some((column.clone(), names(feature)?)))
        .collect()
}

/// Adds a row.
fn add(table: &mut Table, row: Row, allowance: &mut Allowance) -> Result<(), String> {
    let cells = row.into_columns();
    if table.columns.is_empty() {
        for (name, field) in &cells {
            table.columns.push(Column {
                name: name.clone(),
                cells: kind(field)?,
            });
        }
    }
    if cells.len() != table.columns.len() {
        return Err("another number of columns than before".to_owned());
    }
    for ((name, field), column) in cells.into_iter().zip(&mut table.columns) {
        if column.name != name {
            return Err(format!("a column {name} where {} was before", column.name));
        }
        push(&mut column.cells, field, allowance).map_err(|m| format!("column {name}: {m}"))?;
    }
    Ok(())
}

/// An empty column for fields like this one.
fn kind(field: &Field) -> Result<Cells, String> {
    Ok(match field {
        Field::Str(_) => Cells::Text(Vec::new()),
        Field::Group(_) | Field::Bytes(_) => Cells::Pictures(Vec::new()),
        field => {
            let mut first = Vec::new();
            let shape = numbers(field, &mut first, 0)?;
            Cells::Numbers {
                values: Vec::new(),
                shape,
                whole: true,
            }
        }
    })
}

fn push(cells: &mut Cells, field: Field, allowance: &mut Allowance) -> Result<(), String> {
    match (cells, field) {
        (_, Field::Null) => Err("a missing value; fill or remove missing values".to_owned()),
        (Cells::Text(cells), Field::Str(text)) => {
            allowance.take((text.len() + size_of::<String>()) as u64)?;
            cells.push(text);
            Ok(())
        }
        (Cells::Pictures(cells), Field::Bytes(bytes)) => {
            let count = cells.len();
            picture(cells, bytes.data(), format!("picture {count}"), allowance)
        }
        (Cells::Pictures(cells), Field::Group(row)) => {
            let (mut bytes, mut name) = (None, format!("picture {}", cells.len()));
            for (key, field) in row.into_columns() {
                match (key.as_str(), field) {
                    ("bytes", Field::Bytes(content)) => bytes = Some(content),
                    ("path", Field::Str(path)) => name = path,
                    _ => {}
                }
            }
            let bytes = bytes.ok_or("a picture without its bytes (they lie elsewhere)")?;
            picture(cells, bytes.data(), name, allowance)
        }
        (
            Cells::Numbers {
                values,
                shape,
                whole,
            },
            field,
        ) => {
            let before = values.len();
            let found = numbers(&field, values, 0)?;
            if found != *shape {
                return Err(format!(
                    "numbers of shape {found:?} where {shape:?} was before"
                ));
            }
            allowance.take(((values.len() - before) * size_of::<f32>() * 2) as u64)?;
            *whole &= integers(&field);
            Ok(())
        }
        _ => Err("another type than in the first row".to_owned()),
    }
}

fn picture(
    cells: &mut Vec<Picture>,
    bytes: &[u8],
    name: String,
    allowance: &mut Allowance,
) -> Result<(), String> {
    allowance.take(bytes.len() as u64)?;
    cells.push(Picture::Bytes(bytes.to_vec(), name));
    Ok(())
}

/// Adds the numbers of a field and gives its shape; lists in lists are as long as each other.
fn numbers(field: &Field, values: &mut Vec<f32>, depth: usize) -> Result<Vec<usize>, String> {
    let number = match field {
        Field::Bool(v) => f64::from(u8::from(*v)),
        Field::Byte(v) => f64::from(*v),
        Field::Short(v) => f64::from(*v),
        Field::Int(v) => f64::from(*v),
        Field::Long(v) => *v as f64,
        Field::UByte(v) => f64::from(*v),
        Field::UShort(v) => f64::from(*v),
        Field::UInt(v) => f64::from(*v),
        Field::ULong(v) => *v as f64,
        Field::Float16(v) => f64::from(*v),
        Field::Float(v) => f64::from(*v),
        Field::Double(v) => *v,
        Field::ListInternal(list) if depth < 6 => {
            let mut inner: Option<Vec<usize>> = None;
            for element in list.elements() {
                let shape = numbers(element, values, depth + 1)?;
                if inner.as_ref().is_some_and(|inner| *inner != shape) {
                    return Err("lists of different lengths".to_owned());
                }
                inner = Some(shape);
            }
            let mut shape = vec![list.elements().len()];
            shape.extend(inner.unwrap_or_default());
            return Ok(shape);
        }
        Field::Null => return Err("a missing value; fill or remove missing values".to_owned()),
        _ => return Err("neither numbers, text nor pictures".to_owned()),
    };
    values.push(number as f32);
    Ok(Vec::new())
}

/// Whether a field is made of integers.
fn integers(field: &Field) -> bool {
    match field {
        Field::Float16(_) | Field::Float(_) | Field::Double(_) => false,
        Field::ListInternal(list) => list.elements().first().is_none_or(integers),
        _ => true,
    }
}
