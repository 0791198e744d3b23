//! A folder of images: one subfolder a class, labels in a table, or masks beside them; with or without a
//! level of `train` and `val`.
//!
//! Order is by name, on every machine. How pictures are decoded is said in [`read`].

mod labels;
mod masks;
pub(super) mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use self::read::{Form, Picture};
use super::array::Values;
use super::keyed::names::Part;
use super::keyed::names::part as part_of;
use super::normalize::Auto;
use super::source::{Source, Split};
use super::targets::Targets;
use super::{DataOptions, files};
use crate::error::{Error, Result};

pub(super) use labels::{has_labels, labelled_by_table};
pub(super) use masks::{has_masks, with_masks};

/// One image and its class.
type Labelled = (Picture, u32);

/// Pictures with their targets.
struct Set {
    pictures: Vec<Picture>,
    targets: Targets,
    target_shape: Vec<usize>,
}

/// The images below a folder with these entries, `None` where there are none.
pub(super) fn by_class(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    let mut warnings = Vec::new();
    let mut layout = "images by folder".to_owned();
    let (train, held_out) = match subfolder(entries, &[Part::Train]) {
        Some(train) => {
            let held_out = subfolder(entries, &[Part::Validation, Part::Test]);
            layout.push_str(&format!(" ({})", files::name(train)));
            (
                classes_of(&files::entries(train)?, &mut warnings)?,
                held_out,
            )
        }
        None => (classes_of(entries, &mut warnings)?, None),
    };
    let classes: Vec<String> = train.keys().cloned().collect();
    let train = labelled(train, &classes);
    if train.is_empty() {
        return Ok(None);
    }
    let held_out = match held_out {
        Some(folder) => {
            let found = classes_of(&files::entries(folder)?, &mut warnings)?;
            if let Some(stranger) = found.keys().find(|class| !classes.contains(class)) {
                return Err(Error::file(
                    folder,
                    format!(
                        "class {stranger} is not among the {} training classes",
                        classes.len()
                    ),
                ));
            }
            layout.push_str(&format!(" and {}", files::name(folder)));
            Some(labelled(found, &classes)).filter(|images| !images.is_empty())
        }
        None => None,
    };
    let set = |images: Vec<Labelled>| {
        let (pictures, labels) = images.into_iter().unzip();
        Set {
            pictures,
            targets: Targets::Classes(labels),
            target_shape: Vec::new(),
        }
    };
    let sets = std::iter::once(train).chain(held_out).map(set).collect();
    let read = Read {
        layout,
        class_names: classes,
        warnings,
        sha: Sha256::new(),
    };
    finish(path, sets, read, options).map(Some)
}

/// What was noticed before the pictures are decoded.
struct Read {
    layout: String,
    class_names: Vec<String>,
    warnings: Vec<String>,
    /// Of what else was read.
    sha: Sha256,
}

/// Decodes the pictures of a training set and a held-out one.
fn finish(path: &Path, sets: Vec<Set>, read: Read, options: &DataOptions) -> Result<Source> {
    let Read {
        layout,
        class_names,
        mut warnings,
        mut sha,
    } = read;
    let all = || sets.iter().flat_map(|set| &set.pictures);
    let form = read::form(all(), options, &mut warnings)?;
    if options.image_size.is_none() {
        // Nobody asked for this size; the images have it themselves.
        let length = |picture: &Picture| match picture {
            Picture::File(path) => files::length(path),
            Picture::Bytes(bytes, _) => Ok(bytes.len() as u64),
        };
        let stored: Result<Vec<u64>> = all().map(length).collect();
        form.check(all().count(), stored?.iter().sum(), path)?;
    }
    for set in &sets {
        for (index, picture) in set.pictures.iter().enumerate() {
            // The class is part of the content, though only a folder's name says it.
            if let (Targets::Classes(labels), []) = (&set.targets, set.target_shape.as_slice())
                && let Some(class) = labels.get(index)
            {
                sha.update(class.to_le_bytes());
            }
            if let Picture::File(path) = picture {
                files::hash(&mut sha, path)?;
            }
        }
    }
    let layout = format!("{layout}, {}", form.words());
    let mut splits = sets.into_iter().map(|set| split(set, form));
    let train = splits
        .next()
        .unwrap_or_else(|| Err(Error::file(path, "holds no image")))?;
    let classes = matches!(train.targets, Targets::Classes(_)) && !class_names.is_empty();
    Ok(Source {
        path: path.to_owned(),
        name: files::stem(path),
        layout,
        classes: classes.then(|| class_names.len().max(2)),
        train,
        validation: splits.next().transpose()?,
        unit: 255.0,
        auto: Auto::Unit,
        class_names,
        scaled_targets: false,
        sha256: files::hex(sha),
        warnings,
    })
}

fn split(set: Set, form: Form) -> Result<Split> {
    Ok(Split {
        shape: form.shape(),
        values: Values::U8(read::decode(set.pictures.iter(), form)?),
        targets: set.targets,
        target_shape: set.target_shape,
    })
}

/// The first subfolder that is named for one of these parts.
fn subfolder<'a>(entries: &'a [PathBuf], parts: &[Part]) -> Option<&'a PathBuf> {
    let named = |wanted: &Part| {
        let is = |path: &&PathBuf| part_of(&files::name(path)) == Some(*wanted) && path.is_dir();
        entries.iter().find(is)
    };
    parts.iter().find_map(named)
}

/// The images of each subfolder by its name. Other files are counted in a warning.
fn classes_of(
    entries: &[PathBuf],
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut classes = BTreeMap::new();
    let mut others = 0;
    for folder in entries.iter().filter(|path| path.is_dir()) {
        let (images, rest): (Vec<_>, Vec<_>) = files::entries(folder)?
            .into_iter()
            .partition(|path| is_image(path));
        others += rest.len();
        if !images.is_empty() {
            classes.insert(files::name(folder), images);
        }
    }
    if others > 0 && !classes.is_empty() {
        warnings.push(format!(
            "{others} entries of the class folders are not png, jpeg, bmp or webp files and were \
             left out"
        ));
    }
    Ok(classes)
}

/// Whether a file is an image by its name.
pub(super) fn is_image(path: &Path) -> bool {
    let name = files::name(path).to_lowercase();
    let suffixes = [".png", ".jpg", ".jpeg", ".bmp", ".webp"];
    suffixes.iter().any(|suffix| name.ends_with(suffix)) && path.is_file()
}

/// Images with the place of their class in `classes`.
fn labelled(found: BTreeMap<String, Vec<PathBuf>>, classes: &[String]) -> Vec<Labelled> {
    let label = |class: &String| classes.iter().position(|other| other == class);
    found
        .into_iter()
        .filter_map(|(class, images)| Some((u32::try_from(label(&class)?).ok()?, images)))
        .flat_map(|(label, images)| {
            let picture = move |image| (Picture::File(image), label);
            images.into_iter().map(picture)
        })
        .collect()
}
