//! A folder of images and a table that has a label, or numbers, for each of them by its name.
//!
//! The table is the folder's only CSV file, or `train.csv` with `val.csv` or `test.csv` for held-out
//! samples; `metadata.csv` with `file_name` is Hugging Face's. Images lie beside it or in a subfolder.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::array::{Array, Values};
use super::super::keyed::{Reader, Stored};
use super::super::source::Source;
use super::super::table::csv;
use super::super::table::labels::{self, Labels};
use super::super::{DataOptions, files};
use super::is_image;
use super::read::{self, Picture};
use crate::error::{Error, Result};
use crate::store::element::{Dtype, Element};

/// The tables of a folder: for training, and held out.
fn tables(entries: &[PathBuf]) -> Option<(PathBuf, Option<PathBuf>)> {
    let tables: Vec<&PathBuf> = entries
        .iter()
        .filter(|entry| csv::is_named(&files::name(entry).to_lowercase()) && entry.is_file())
        .collect();
    let named = |word: &str| {
        tables
            .iter()
            .find(|t| files::stem(t).to_lowercase() == word)
    };
    match (named("train"), tables.as_slice()) {
        (Some(train), _) => {
            let held_out = ["val", "validation", "test"].into_iter().find_map(named);
            Some(((*train).clone(), held_out.map(|table| (*table).clone())))
        }
        (None, [one]) => Some(((*one).clone(), None)),
        _ => None,
    }
}

/// The folders that images may lie in.
fn places(folder: &Path, entries: &[PathBuf]) -> Vec<PathBuf> {
    let mut places = vec![folder.to_owned()];
    places.extend(entries.iter().filter(|entry| entry.is_dir()).cloned());
    places
}

/// Whether a folder with these entries has a table and images.
pub(in super::super) fn has_labels(entries: &[PathBuf]) -> bool {
    let inside = |folder: &PathBuf| files::entries(folder).unwrap_or_default();
    let images = |entries: &[PathBuf]| entries.iter().any(|entry| is_image(entry));
    tables(entries).is_some()
        && (images(entries)
            || entries
                .iter()
                .filter(|e| e.is_dir())
                .any(|folder| images(&inside(folder))))
}

/// The images that a table labels, `None` where there are none.
pub(in super::super) fn labelled_by_table(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    if !has_labels(entries) {
        return Ok(None);
    }
    let Some((train, held_out)) = tables(entries) else {
        return Ok(None);
    };
    let mut sha = Sha256::new();
    let places = places(path, entries);
    let mut sets = Vec::new();
    let mut words = Vec::new();
    for table in std::iter::once(&train).chain(&held_out) {
        let (content, ..) = csv::read(table, &mut sha)?;
        let labels = labels::of(content, options).map_err(|message| Error::file(table, message))?;
        words.push(format!("{}: {}", files::name(table), labels.words));
        let pictures = labels
            .names
            .iter()
            .map(|name| found(name, &places, table))
            .collect::<Result<Vec<_>>>()?;
        sets.push((pictures, labels));
    }
    let mut reader = Reader::new(path, options);
    let all = || sets.iter().flat_map(|(pictures, _)| pictures);
    let form = read::form(all(), options, &mut reader.warnings)?;
    let mut stored = 0;
    for picture in all() {
        if let Picture::File(path) = picture {
            stored += files::length(path)?;
            files::hash(&mut sha, path)?;
        }
    }
    if options.image_size.is_none() {
        form.check(all().count(), stored, path)?;
    }
    reader.class_names = labels::class_names(sets.iter().map(|(_, labels)| labels), options);
    let names = reader.class_names.clone();
    let mut arrays = Vec::new();
    for (pictures, labels) in &sets {
        let mut shape = vec![pictures.len()];
        shape.extend(form.shape());
        let inputs = Array {
            dtype: Dtype::from(Element::U8),
            shape,
            values: Values::U8(read::decode(pictures.iter(), form)?),
        };
        let Labels { column, .. } = labels;
        let targets = column
            .target(&names)
            .map_err(|message| Error::file(path, message))?;
        arrays.push(Stored {
            x: ("images".to_owned(), inputs),
            y: Some((column.name.clone(), targets)),
        });
    }
    let splits = reader.splits(arrays)?;
    let layout = format!(
        "images with labels ({}), {}",
        words.join("; "),
        form.words()
    );
    reader.finish(splits, layout, files::hex(sha)).map(Some)
}

/// The image of this name, with or without a suffix, in one of the places.
fn found(name: &str, places: &[PathBuf], table: &Path) -> Result<Picture> {
    let relative = Path::new(name);
    let inside = relative.components().all(|part| {
        matches!(
            part,
            std::path::Component::Normal(_) | std::path::Component::CurDir
        )
    });
    let suffixes = ["", ".png", ".jpg", ".jpeg", ".bmp", ".webp"];
    let tried = places.iter().flat_map(|place| {
        let file = move |suffix| place.join(format!("{name}{suffix}"));
        suffixes.into_iter().map(file)
    });
    let image = tried.filter(|_| inside).find(|path| is_image(path));
    image.map(Picture::File).ok_or_else(|| {
        Error::file(
            table,
            format!("no image {name:?} beside this table or in a subfolder"),
        )
    })
}
