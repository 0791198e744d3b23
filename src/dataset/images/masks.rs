//! Segmentation: a folder `images` and a folder of masks with files of the same names.
//!
//! A mask is grey, the value of a pixel its class. Masks of nothing but 0 and 255 are of two classes; 255
//! beside small classes doesn't count, as usual (PASCAL VOC, Cityscapes). Both are said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::keyed::names::Part;
use super::super::source::Source;
use super::super::targets::{IGNORED, Targets};
use super::super::{DataOptions, files};
use super::read::{self, Picture};
use super::{Read, Set, finish, is_image, subfolder};
use crate::error::{Error, Result};

/// Names of the folders.
const IMAGES: [&str; 3] = ["images", "imgs", "image"];
const MASKS: [&str; 5] = ["masks", "mask", "labels", "annotations", "segmentations"];
/// 255 is a mark and no class where the largest class is not beyond.
const MOST_BESIDE_MARK: u8 = 200;

/// A folder of images and one of masks.
type Folders<'a> = (&'a PathBuf, &'a PathBuf);

fn folders(entries: &[PathBuf]) -> Option<Folders<'_>> {
    let named = |words: &[&str]| {
        let is = |path: &&PathBuf| {
            words.contains(&files::name(path).to_lowercase().as_str()) && path.is_dir()
        };
        entries.iter().find(is)
    };
    let (images, masks) = (named(&IMAGES)?, named(&MASKS)?);
    let inside = files::entries(masks).ok()?;
    inside
        .iter()
        .any(|file| is_image(file))
        .then_some((images, masks))
}

/// Whether a folder with these entries has masks beside its images, directly or in `train`.
pub(in super::super) fn has_masks(entries: &[PathBuf]) -> bool {
    let inside = |folder| files::entries(folder).unwrap_or_default();
    folders(entries).is_some()
        || subfolder(entries, &[Part::Train]).is_some_and(|train| folders(&inside(train)).is_some())
}

/// The images with masks in a folder, `None` where there are none.
pub(in super::super) fn with_masks(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    let inside = |parts: &[Part]| match subfolder(entries, parts) {
        Some(folder) => files::entries(folder).map(Some),
        None => Ok(None),
    };
    let (train, held_out) = if folders(entries).is_some() {
        (Some(entries.to_vec()), None)
    } else {
        (
            inside(&[Part::Train])?,
            inside(&[Part::Validation, Part::Test])?,
        )
    };
    let Some(Some(train)) = train.as_deref().map(folders) else {
        return Ok(None);
    };
    let held_out = held_out.as_deref().and_then(folders);
    let mut pairs = vec![pairs(train)?];
    if let Some(held_out) = held_out {
        pairs.push(self::pairs(held_out)?);
    }
    let mut warnings = Vec::new();
    let pictures = |set: &Vec<(Picture, Picture)>| set.iter().map(|(p, _)| p.clone()).collect();
    let all: Vec<Vec<Picture>> = pairs.iter().map(pictures).collect();
    let form = read::form(all.iter().flatten(), options, &mut warnings)?;
    warnings.clear();
    let mut sha = Sha256::new();
    let mut masks = Vec::with_capacity(pairs.len());
    let mut seen = BTreeSet::new();
    for set in &pairs {
        let mut pixels = Vec::new();
        for (_, mask) in set {
            if let Picture::File(path) = mask {
                files::hash(&mut sha, path)?;
            }
            let found = read::mask(mask, form)?;
            seen.extend(found.iter().copied());
            pixels.extend(found);
        }
        masks.push(pixels);
    }
    let (meaning, words) = meaning(&seen);
    let shape = vec![form.height as usize, form.width as usize];
    let sets = all.into_iter().zip(masks).map(|(pictures, pixels)| Set {
        pictures,
        targets: Targets::Classes(pixels.into_iter().map(&meaning).collect()),
        target_shape: shape.clone(),
    });
    let read = Read {
        layout: format!(
            "images with masks ({} and {}{words})",
            files::name(train.0),
            files::name(train.1)
        ),
        class_names: Vec::new(),
        warnings,
        sha,
    };
    finish(path, sets.collect(), read, options).map(Some)
}

/// What the values of pixels stand for, and in words.
fn meaning(seen: &BTreeSet<u8>) -> (impl Fn(u8) -> u32 + use<>, String) {
    let two = seen.iter().all(|value| [0, 255].contains(value));
    let below = seen.iter().rev().find(|value| **value < 255).copied();
    let marked = seen.contains(&255) && below.is_some_and(|most| most <= MOST_BESIDE_MARK);
    let words = match (two && seen.contains(&255), marked) {
        (true, _) => ", 255 is class 1",
        (_, true) => ", 255 doesn't count",
        _ => "",
    };
    let meaning = move |value: u8| match value {
        255 if two => 1,
        255 if marked => IGNORED,
        value => u32::from(value),
    };
    (meaning, words.to_owned())
}

/// Every image with the mask of the same name.
fn pairs((images, masks): Folders<'_>) -> Result<Vec<(Picture, Picture)>> {
    let stem = |path: &Path| files::stem(path).to_lowercase();
    let masks: Vec<PathBuf> = files::entries(masks)?
        .into_iter()
        .filter(|m| is_image(m))
        .collect();
    let mut pairs = Vec::new();
    for image in files::entries(images)?.into_iter().filter(|i| is_image(i)) {
        let own = stem(&image);
        let marked = format!("{own}_mask");
        let same = |mask: &&PathBuf| [&own, &marked].contains(&&stem(mask));
        let mask = masks.iter().find(same).ok_or_else(|| {
            Error::file(
                &image,
                format!("no mask {own}.png or {marked}.png for this image"),
            )
        })?;
        pairs.push((Picture::File(image), Picture::File(mask.clone())));
    }
    if pairs.is_empty() {
        return Err(Error::file(images, "no images in this folder"));
    }
    Ok(pairs)
}
