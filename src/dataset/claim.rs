//! Whether a path holds samples, without reading them: by what stands at its start, by the names of
//! what is in it.
//!
//! It is asked about paths of which nobody says what they are. A claim is no promise: reading the data
//! will say what is wrong with them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::keyed::names;
use super::{cifar, files, idx, images, table, tokens, torch};
use crate::store::npy;

/// The data sets that come with the program, with what they are.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("digits", "1,797 handwritten digits of 8 × 8 pixels"),
    ("spirals", "Two interleaved spirals in the plane"),
    ("moons", "Two interlocking half circles in the plane"),
    ("blobs", "Two Gaussian clouds in the plane"),
];

pub use names::are_samples;

/// Whether a file in no container of named arrays, or a folder, holds samples.
pub fn claims(path: &Path) -> bool {
    if path.is_dir() {
        return files::entries(path).is_ok_and(|entries| {
            entries.iter().any(|entry| is_split(entry))
                || images::has_masks(&entries)
                || images::has_labels(&entries)
                || has_classes(&entries)
        });
    }
    is_samples(path).unwrap_or(false)
}

/// Whether a folder holds files that are data by their names, whatever else lies beside them.
pub fn has_named_data(folder: &Path) -> bool {
    files::entries(folder).is_ok_and(|entries| {
        let of_python = |entry: &PathBuf| cifar::is_python_folder(entry);
        let named = |name: &str| {
            let inside = |entry: &&PathBuf| files::name(entry) == name && entry.is_dir();
            entries.iter().find(inside)
        };
        // What torchvision makes: `MNIST/raw`.
        let raw = named("raw").and_then(|raw| files::entries(raw).ok());
        entries
            .iter()
            .any(|entry| is_split(entry) || of_python(entry))
            || cifar::is_python(&entries)
            || !table::parquet::inside(&entries).is_empty()
            || raw.is_some_and(|raw| raw.iter().any(|entry| is_split(entry)))
    })
}

/// A file's name without what it is packed and stored in.
fn short(path: &Path) -> String {
    let name = files::name(path).to_lowercase();
    name.trim_end_matches(".gz").to_owned()
}

/// Whether a file in a folder is one of CIFAR's, MNIST's or NumPy's by its usual name.
fn is_split(path: &Path) -> bool {
    let name = short(path);
    let cifar = ["train.bin", "test.bin", "test_batch", "test_batch.bin"].contains(&name.as_str())
        || name.starts_with("data_batch_");
    let idx = name.contains("images") && name.contains("idx");
    let numpy = name.strip_suffix(".npy").and_then(names::role);
    let numpy = matches!(numpy, Some((names::Role::Inputs, _)));
    let torch = ["training.pt", "test.pt"].contains(&name.as_str());
    (cifar || idx || numpy || table::is_parquet(&name) || torch && torch::holds_samples(path))
        && path.is_file()
}

/// Whether subfolders hold images, directly or below a subfolder of a split.
fn has_classes(entries: &[PathBuf]) -> bool {
    let inside = |place: &PathBuf| {
        let there = place.is_dir().then(|| files::entries(place).ok());
        there.flatten().unwrap_or_default()
    };
    let of_images = |place: &PathBuf| inside(place).iter().any(|file| images::is_image(file));
    let is_part = |place: &&PathBuf| names::part(&short(place)).is_some();
    let mut parts = entries.iter().filter(is_part);
    entries.iter().any(of_images) || parts.any(|part| inside(part).iter().any(of_images))
}

fn is_samples(path: &Path) -> Option<bool> {
    let input = files::input(path).ok()?;
    let length = input.exact.then_some(input.limit);
    let mut start = Vec::with_capacity(512);
    input.reader.take(512).read_to_end(&mut start).ok()?;
    let name = short(path);
    let records = name.ends_with(".bin") && length.is_none_or(cifar::fits);
    Some(
        start.starts_with(npy::MAGIC)
            || idx::is_magic(&start)
            || records
            || name.ends_with(".bin") && tokens::has_companions(path)
            || cifar::is_batch(&start)
            || cifar::is_packed(&start)
            || name.ends_with("-ubyte")
            || name.ends_with(".idx")
            || table::claims(path, &name, &start)
            || torch::holds_samples(path)
            || image::guess_format(&start).is_ok(),
    )
}
