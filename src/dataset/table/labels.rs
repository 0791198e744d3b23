//! The columns of a table that say which image has which label.

use super::super::images::read::Picture;
use super::super::{DataOptions, TargetKind};
use super::columns::{Cells, Column, Table};
use super::roles::usual_target;
use std::collections::BTreeSet;

/// Names of a column that holds names of images.
const FILES: [&str; 9] = [
    "file_name",
    "filename",
    "file",
    "image",
    "image_id",
    "path",
    "name",
    "img",
    "id",
];

/// Names of images, each with its label.
pub struct Labels {
    /// Names, as the table has them.
    pub names: Vec<String>,
    /// The column of labels.
    pub column: Column,
    /// Which columns they are.
    pub words: String,
}

/// Splits a table into names of images and labels.
///
/// # Errors
/// Where either isn't plain.
pub fn of(mut table: Table, options: &DataOptions) -> Result<Labels, String> {
    let keys = &options.keys;
    let named = match &keys.x {
        Some(name) => table.named(name)?,
        None => {
            let is = |column: &&Column| FILES.contains(&column.name.to_lowercase().as_str());
            let found = table.columns.iter().find(is).ok_or_else(|| {
                format!(
                    "no column of file names (file_name, filename, image, path); say which: \
                     --data-keys x=NAME,y=NAME; found {}",
                    table.found()
                )
            })?;
            found.name.clone()
        }
    };
    let target = match &keys.y {
        Some(name) => table.named(name)?,
        None => match usual_target(&table, true) {
            Ok(name) => name,
            // Of two columns one names the images.
            Err(message) => {
                let others: Vec<&Column> = table
                    .columns
                    .iter()
                    .filter(|column| column.name != named)
                    .collect();
                match others.as_slice() {
                    [one] => one.name.clone(),
                    _ => return Err(message),
                }
            }
        },
    };
    let mut take = |name: &str| {
        let place = table.columns.iter().position(|column| column.name == name);
        place.map(|place| table.columns.swap_remove(place))
    };
    let names = take(&named).ok_or("no names of images")?;
    let column = take(&target).ok_or("the names of images can't be the labels, too")?;
    let names = match names.cells {
        Cells::Text(names) => names,
        Cells::Numbers { values, .. } => values.iter().map(|v| format!("{v}")).collect(),
        Cells::Pictures(pictures) => pictures.iter().map(Picture::name).collect(),
    };
    let words = format!("images {named}, targets {target}");
    Ok(Labels {
        names,
        column,
        words,
    })
}

/// The text of all labels in sorted order; empty where they are numbers.
pub fn class_names<'a>(
    labels: impl Iterator<Item = &'a Labels>,
    options: &DataOptions,
) -> Vec<String> {
    let numbers = [TargetKind::Numbers, TargetKind::Scaled, TargetKind::Wanted];
    if numbers.contains(&options.targets) {
        return Vec::new();
    }
    let mut text = BTreeSet::new();
    for labels in labels {
        if let Cells::Text(cells) = &labels.column.cells {
            text.extend(cells.iter().cloned());
        }
    }
    text.into_iter().collect()
}
