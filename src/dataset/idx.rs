//! IDX, the format of MNIST and its relatives: a magic number, the extents, the bytes.
//!
//! Images and labels are two files that belong together by name. The header's extents are believed
//! only where the file can hold them. It knows nothing of pixels' scale beyond "bytes".

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::array::Values;
use super::files::{self, Input};
use super::normalize::Auto;
use super::source::{Source, Split};
use crate::error::{Error, Result};
use crate::store::limits::Allowance;

/// An array of bytes.
#[derive(Debug)]
pub(super) struct Idx {
    /// Extent of each axis, one to four of them.
    pub extents: Vec<usize>,
    /// As many as the product of the extents.
    pub bytes: Vec<u8>,
}

/// True where `start` can begin an IDX file: two zeros, a type, one to four axes.
pub(super) fn is_magic(start: &[u8]) -> bool {
    matches!(start, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=4, ..])
}

/// The images at `path`, the labels beside them and the held-out pair where there is one.
pub(super) fn file(path: &Path) -> Result<Source> {
    let mut sha = Sha256::new();
    let mut warnings = Vec::new();
    let train = pair(path, &mut sha)?;
    let held_out = held_out(path);
    let validation = held_out
        .as_ref()
        .map(|images| pair(images, &mut sha))
        .transpose()?;
    let lower = files::name(path).to_lowercase();
    if validation.is_none() && (lower.starts_with("t10k") || lower.starts_with("test")) {
        warnings.push(format!(
            "{} is held-out data by its name; it serves as the training split because it was \
             opened alone (open the train images or the folder for both)",
            files::name(path)
        ));
    }
    let generic = lower.starts_with("train") || lower.starts_with("t10k");
    Ok(Source {
        path: path.to_owned(),
        name: if generic {
            files::stem_of_folder(path)
        } else {
            files::stem(path)
        },
        layout: match held_out {
            Some(images) => format!("IDX, {} and {}", files::name(path), files::name(&images)),
            None => format!("IDX, {}", files::name(path)),
        },
        classes: None,
        train,
        validation,
        unit: 255.0,
        auto: Auto::Unit,
        class_names: Vec::new(),
        scaled_targets: false,
        sha256: files::hex(sha),
        warnings,
    })
}

/// The images file of a folder: the training one, or the only one.
pub(super) fn folder(entries: &[PathBuf]) -> Result<Option<Source>> {
    let is_images = |path: &&PathBuf| {
        let name = files::name(path);
        name.contains("images") && name.contains("idx") && path.is_file()
    };
    let images: Vec<&PathBuf> = entries.iter().filter(is_images).collect();
    let train = images
        .iter()
        .find(|path| files::name(path).starts_with("train"));
    train.or(images.first()).map(|path| file(path)).transpose()
}

/// Images and the labels beside them.
fn pair(images: &Path, sha: &mut Sha256) -> Result<Split> {
    let Idx { extents, bytes } = parse(files::input(images)?, images)?;
    let shape = match extents.as_slice() {
        [_] => {
            return Err(Error::file(
                images,
                "one axis, so these are labels; give the images file, its labels are found beside",
            ));
        }
        // A grey image has one channel.
        [_, height, width] => vec![1, *height, *width],
        [_, rest @ ..] => rest.to_vec(),
        [] => vec![],
    };
    let labels = labels_beside(images)?;
    let Idx {
        extents: label_extents,
        bytes: label_bytes,
    } = parse(files::input(&labels)?, &labels)?;
    if label_extents.len() != 1 {
        return Err(Error::file(
            &labels,
            format!("extents {label_extents:?} where one axis of labels is expected"),
        ));
    }
    if label_extents.first() != extents.first() {
        return Err(Error::file(
            &labels,
            format!(
                "{} labels for {} images in {}",
                label_bytes.len(),
                extents.first().unwrap_or(&0),
                files::name(images)
            ),
        ));
    }
    files::hash(sha, images)?;
    files::hash(sha, &labels)?;
    let labels = label_bytes.into_iter().map(u32::from).collect();
    Ok(Split::labelled(shape, Values::U8(bytes), labels))
}

/// Reads an IDX file of bytes; `path` is for messages.
pub(super) fn parse(input: Input, path: &Path) -> Result<Idx> {
    let Input {
        mut reader,
        limit,
        exact,
        stored,
    } = input;
    let read_error = |e| files::read_error(path, e);
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(read_error)?;
    if !is_magic(&magic) {
        return Err(Error::file(
            path,
            format!(
                "not an IDX file: it starts with the bytes {magic:02x?}, expected 00 00, a type \
                 (08 to 0e) and 1 to 4 axes"
            ),
        ));
    }
    let [_, _, kind, axes] = magic;
    if kind != 0x08 {
        return Err(Error::file(
            path,
            format!("IDX type {kind:#04x} at offset 2; only bytes (0x08) are read"),
        ));
    }
    let mut extents = Vec::new();
    for _ in 0..axes {
        let mut extent = [0; 4];
        reader.read_exact(&mut extent).map_err(read_error)?;
        extents.push(u32::from_be_bytes(extent));
    }
    let header = 4 + 4 * u64::from(axes);
    let size = extents
        .iter()
        .try_fold(1_u64, |n, &extent| n.checked_mul(extent.into()));
    let held = limit.saturating_sub(header);
    let lie = |held: String| {
        let times: Vec<String> = extents.iter().map(u32::to_string).collect();
        Error::file(
            path,
            format!(
                "the header promises {} bytes, the file holds {held}; it is cut short or not IDX",
                times.join(" × ")
            ),
        )
    };
    let Some(size) = size.filter(|&size| size <= held) else {
        return Err(lie(if exact {
            held.to_string()
        } else {
            format!("at most {held}")
        }));
    };
    let mut allowance = Allowance::for_file(stored);
    let bytes = files::pixels(&mut *reader, size, &mut allowance)
        .map_err(|message| Error::file(path, message))?;
    if reader.read(&mut [0]).map_err(read_error)? > 0 {
        return Err(Error::file(
            path,
            format!("the file goes on after the {size} bytes promised"),
        ));
    }
    let fitting: Result<_, _> = extents
        .iter()
        .map(|&extent| usize::try_from(extent))
        .collect();
    Ok(Idx {
        extents: fitting.map_err(|_: std::num::TryFromIntError| lie(held.to_string()))?,
        bytes,
    })
}

/// The labels file that belongs to an images file by name.
fn labels_beside(images: &Path) -> Result<PathBuf> {
    let name = files::name(images);
    let labels = ["idx2", "idx3", "idx4"]
        .iter()
        .fold(name.replace("images", "labels"), |name, idx| {
            name.replace(idx, "idx1")
        });
    let missing = |tried: &str| {
        Error::file(
            images,
            format!("no labels beside these images; looked for {tried}, plain or .gz, - or ."),
        )
    };
    if labels == name {
        return Err(missing("the name with `images` replaced by `labels`"));
    }
    existing(images, &labels).ok_or_else(|| missing(&labels))
}

/// The images of the held-out pair beside training images.
fn held_out(train: &Path) -> Option<PathBuf> {
    let name = files::name(train);
    let rest = name.strip_prefix("train")?;
    ["t10k", "test", "validation", "val"]
        .iter()
        .find_map(|prefix| existing(train, &format!("{prefix}{rest}")))
}

/// `name` or a usual variant of it (with or without `.gz`; `-idx` or `.idx`) beside `file`.
fn existing(file: &Path, name: &str) -> Option<PathBuf> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let other = if plain.contains("-idx") {
        plain.replace("-idx", ".idx")
    } else {
        plain.replace(".idx", "-idx")
    };
    let variants = [
        name.to_owned(),
        plain.to_owned(),
        format!("{plain}.gz"),
        other.clone(),
        format!("{other}.gz"),
    ];
    variants
        .iter()
        .map(|name| file.with_file_name(name))
        .find(|path| path.is_file())
}
