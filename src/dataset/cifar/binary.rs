//! CIFAR-10 and CIFAR-100 in their binary layout: records of one or two labels and 3×32×32 bytes.
//!
//! The layout has no header, so names and sizes decide which of the two it is, and the labels are
//! the only check of the content. Files are read one by one: beside the pixels kept as bytes only
//! one file is in memory.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::array::Values;
use super::super::files;
use super::super::source::{Source, Split};
use super::set::{LARGEST_FILE, PIXELS, Set};
use crate::error::{Error, Result};
use crate::store::limits::Allowance;

/// True where a file of this length is a whole number of records of either set.
pub fn fits(length: u64) -> bool {
    [Set::Ten, Set::Hundred]
        .iter()
        .any(|set| length.is_multiple_of(set.record() as u64))
}

/// The set in a folder: all of its training files, and the test file where there is one.
pub fn folder(path: &Path, entries: &[PathBuf]) -> Result<Option<Source>> {
    let named = |wanted: fn(&str) -> bool| {
        let chosen = entries.iter().filter(|entry| wanted(short(entry).as_str()));
        chosen.cloned().collect::<Vec<_>>()
    };
    let batches = named(|name| name.starts_with("data_batch_"));
    if !batches.is_empty() {
        let test = named(|name| name == "test_batch");
        return source(path, files::stem(path), Set::Ten, &batches, test.first()).map(Some);
    }
    let train = named(|name| name == "train");
    if train.is_empty() {
        return Ok(None);
    }
    let test = named(|name| name == "test");
    source(path, files::stem(path), Set::Hundred, &train, test.first()).map(Some)
}

/// One file, with the test file beside it.
pub fn file(path: &Path) -> Result<Source> {
    let name = short(path);
    let set = match name.as_str() {
        "train" | "test" => Set::Hundred,
        other if other.starts_with("data_batch_") || other == "test_batch" => Set::Ten,
        _ => by_size(path)?,
    };
    let test = if name.starts_with("data_batch_") {
        Some("test_batch")
    } else if name == "train" {
        Some("test")
    } else {
        None
    };
    let test = test.and_then(|test| {
        let variants = [format!("{test}.bin"), format!("{test}.bin.gz")];
        variants
            .iter()
            .map(|name| path.with_file_name(name))
            .find(|path| path.is_file())
    });
    let mut source = source(
        path,
        files::stem(path),
        set,
        &[path.to_owned()],
        test.as_ref(),
    )?;
    if name.starts_with("test") {
        source.warnings.push(format!(
            "{} is held-out data by its name; it serves as the training split because it was \
             opened alone (open the folder for both)",
            files::name(path)
        ));
    }
    Ok(source)
}

/// A file whose name says nothing is told by the size of its records.
fn by_size(path: &Path) -> Result<Set> {
    let input = files::input(path)?;
    let length = match usize::try_from(input.limit) {
        Ok(length) if input.exact => length,
        _ => files::all(input, LARGEST_FILE, path)?.len(),
    };
    match [Set::Ten, Set::Hundred]
        .into_iter()
        .find(|set| length.is_multiple_of(set.record()))
    {
        Some(set) => Ok(set),
        None => Err(partial(path, length, Set::Ten)),
    }
}

fn source(
    path: &Path,
    name: String,
    set: Set,
    train: &[PathBuf],
    test: Option<&PathBuf>,
) -> Result<Source> {
    let mut sha = Sha256::new();
    let train = read(train, set, &mut sha)?;
    let validation = test
        .map(|test| read(std::slice::from_ref(test), set, &mut sha))
        .transpose()?;
    let labels = match set {
        Set::Ten => "",
        Set::Hundred => ", fine labels",
    };
    Ok(Source {
        path: path.to_owned(),
        name,
        layout: format!("{} binary{labels}", set.name()),
        classes: set.labels().last().map(|&classes| classes.into()),
        train,
        validation,
        unit: 255.0,
        auto: set.published(),
        class_names: Vec::new(),
        scaled_targets: false,
        sha256: files::hex(sha),
        warnings: Vec::new(),
    })
}

/// One split from its files.
fn read(paths: &[PathBuf], set: Set, sha: &mut Sha256) -> Result<Split> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let mut stored = 0;
    for path in paths {
        let input = files::input(path)?;
        stored += input.stored;
        let bytes = files::all(input, LARGEST_FILE, path)?;
        // All files so far may take what all of them justify.
        Allowance::for_file(stored)
            .check(files::as_samples((pixels.len() + bytes.len()) as u64))
            .map_err(|message| Error::file(path, format!("with the files before, {message}")))?;
        let records = bytes.chunks_exact(set.record());
        if !records.remainder().is_empty() || bytes.is_empty() {
            return Err(partial(path, bytes.len(), set));
        }
        pixels.reserve_exact(records.len() * PIXELS);
        for (record, bytes) in records.enumerate() {
            let (label_bytes, image) = bytes.split_at(set.labels().len());
            for (&label, &classes) in label_bytes.iter().zip(set.labels()) {
                if label >= classes {
                    return Err(Error::file(
                        path,
                        format!(
                            "record {record} (counted from 0) has label {label}, {} has labels \
                             0 to {}; the file is damaged or not {}",
                            set.name(),
                            classes - 1,
                            set.name()
                        ),
                    ));
                }
            }
            labels.extend(label_bytes.last().map(|&label| u32::from(label)));
            pixels.extend_from_slice(image);
        }
        files::hash(sha, path)?;
    }
    Ok(Split::labelled(vec![3, 32, 32], Values::U8(pixels), labels))
}

fn partial(path: &Path, length: usize, set: Set) -> Error {
    let record = set.record();
    let other = match set {
        Set::Ten => Set::Hundred,
        Set::Hundred => Set::Ten,
    };
    Error::file(
        path,
        format!(
            "{length} bytes are not a whole number of {} records of {record} bytes ({} whole \
             records and {} bytes over; {} has records of {}); the file is cut short or not CIFAR",
            set.name(),
            length / record,
            length % record,
            other.name(),
            other.record()
        ),
    )
}

/// The file's name without `.bin` or `.bin.gz`; empty for other names.
fn short(path: &Path) -> String {
    let name = files::name(path);
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".bin").unwrap_or_default().to_owned()
}
