//! Whether a path holds samples, without reading them: by what stands at its start, by the names of
//! what is in it.
//!
//! It is asked about paths of which nobody says what they are. A claim is no promise: reading the data
//! will say what is wrong with them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{cifar, files, folder, idx};
use crate::store::npy;

/// The data sets that come with the program, with what they are.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("digits", "1,797 handwritten digits of 8 × 8 pixels"),
    ("spirals", "Two interleaved spirals in the plane"),
    ("moons", "Two interlocking half circles in the plane"),
    ("blobs", "Two Gaussian clouds in the plane"),
];

/// Words that name inputs or labels, beside words for their split.
const INPUTS: [&str; 11] = [
    "x", "inputs", "input", "images", "image", "imgs", "img", "data", "features", "samples",
    "sample",
];
const LABELS: [&str; 8] = [
    "y", "labels", "label", "targets", "target", "classes", "class", "lbls",
];
const SPLITS: [&str; 9] = [
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "test",
    "testing",
    "split",
    "all",
];

/// Whether arrays of these names are samples with their labels.
pub fn are_samples(names: &[String]) -> bool {
    let is = |words: &[&str]| {
        names.iter().any(|name| {
            let name = name.to_lowercase();
            let mut parts = name
                .split(['_', '-', '.', '/'])
                .filter(|p| !SPLITS.contains(p));
            parts.next().is_some_and(|p| words.contains(&p)) && parts.next().is_none()
        })
    };
    is(&INPUTS) && is(&LABELS)
}

/// Whether a file in no container of named arrays, or a folder, holds samples.
pub fn claims(path: &Path) -> bool {
    if path.is_dir() {
        return files::entries(path).is_ok_and(|entries| {
            entries.iter().any(|entry| is_split(entry)) || has_classes(&entries)
        });
    }
    is_samples(path).unwrap_or(false)
}

/// Whether a folder holds files that are data by their names, whatever else lies beside them.
pub fn has_named_data(folder: &Path) -> bool {
    files::entries(folder).is_ok_and(|entries| entries.iter().any(|entry| is_split(entry)))
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
    let numpy = ["x.npy", "x_train.npy", "x_test.npy"].contains(&name.as_str());
    (cifar || idx || numpy) && path.is_file()
}

/// Whether subfolders hold images, directly or below a subfolder of a split.
fn has_classes(entries: &[PathBuf]) -> bool {
    let inside = |place: &PathBuf| {
        let there = place.is_dir().then(|| files::entries(place).ok());
        there.flatten().unwrap_or_default()
    };
    let of_images = |place: &PathBuf| inside(place).iter().any(|file| folder::is_image(file));
    let is_part = |place: &&PathBuf| SPLITS.contains(&short(place).as_str());
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
    let holds = |word: &[u8]| start.windows(word.len()).any(|w| w == word);
    // CIFAR for Python: a pickled dictionary that names its labels.
    let pickled = start.first() == Some(&0x80)
        && (holds(b"batch_label") || holds(b"fine_labels") || holds(b"coarse_labels"));
    Some(
        start.starts_with(npy::MAGIC)
            || idx::is_magic(&start)
            || records
            || pickled
            || name.ends_with("-ubyte")
            || name.ends_with(".idx")
            || image::guess_format(&start).is_ok(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_known_by_the_names_of_their_arrays() {
        let names = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        for data in [
            "x y",
            "X_train y_train X_test y_test",
            "images labels",
            "train_images train_labels",
            "data target",
            "x y split",
        ] {
            assert!(are_samples(&names(data)), "{data}");
        }
        for weights in [
            "0.weight 0.bias",
            "x.0.weight y.0.weight",
            "x",
            "conv.data.weight label_head.weight",
        ] {
            assert!(!are_samples(&names(weights)), "{weights}");
        }
    }
}
