//! A folder of images, one subfolder a class, with or without a level of `train` and `val`.
//!
//! Two passes: the first reads only headers and settles size and colour, the second decodes image
//! by image, so that one decoded image at a time is held beside the bytes kept. Order is by name,
//! on every machine. Turning marks (EXIF) are not applied.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader, ImageResult, Limits};
use sha2::{Digest as _, Sha256};

use super::array::Values;
use super::normalize::Auto;
use super::source::{Source, Split};
use super::{Color, DataOptions, files};
use crate::error::{Error, Result, caught};
use crate::store::limits::Allowance;

/// No image and no `image_size` may be longer than this on a side.
const LARGEST_SIDE: u32 = 16_384;

/// One image: where it lies and its class.
type Labelled = (PathBuf, u32);

/// What all images become.
#[derive(Debug, Clone, Copy)]
struct Form {
    height: u32,
    width: u32,
    grey: bool,
}

impl Form {
    /// Numbers in one image.
    fn pixels(self) -> u64 {
        let channels = if self.grey { 1 } else { 3 };
        u64::from(self.height) * u64::from(self.width) * channels
    }
}

/// The images below a folder with these entries, `None` where there are none.
pub(super) fn images(
    path: &Path,
    entries: &[PathBuf],
    options: &DataOptions,
) -> Result<Option<Source>> {
    let split = |wanted: &[&str]| {
        let named = |path: &&PathBuf| {
            wanted.contains(&files::name(path).to_lowercase().as_str()) && path.is_dir()
        };
        entries.iter().find(named)
    };
    let mut warnings = Vec::new();
    let mut layout = "images by folder".to_owned();
    let (train, held_out) = match split(&["train", "training"]) {
        Some(train) => {
            let held_out =
                split(&["val", "valid", "validation"]).or_else(|| split(&["test", "testing"]));
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

    let all = || train.iter().chain(held_out.iter().flatten());
    let form = form(
        all().map(|(path, _)| path.as_path()),
        options,
        &mut warnings,
    )?;
    if options.image_size.is_none() {
        // Nobody asked for this size; the images have it themselves.
        let stored: Result<Vec<u64>> = all().map(|(image, _)| files::length(image)).collect();
        let pixels = form.pixels().saturating_mul(all().count() as u64);
        Allowance::for_file(stored?.iter().sum())
            .check(files::as_samples(pixels))
            .map_err(|message| {
                Error::file(
                    path,
                    format!("the images take too much: {message}, or choose --image-size"),
                )
            })?;
    }
    let mut sha = Sha256::new();
    for (image, class) in all() {
        // The class is part of the content, though only a folder's name says it.
        sha.update(class.to_le_bytes());
        files::hash(&mut sha, image)?;
    }
    let shown: Vec<String> = classes.iter().take(20).cloned().collect();
    let more = if classes.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    layout.push_str(&format!(
        ", {} of {}×{} pixels, classes {}{more}",
        if form.grey { "grey" } else { "RGB" },
        form.height,
        form.width,
        shown.join(", ")
    ));
    Ok(Some(Source {
        path: path.to_owned(),
        name: files::stem(path),
        layout,
        classes: Some(classes.len().max(2)),
        train: decode(train, form)?,
        validation: held_out.map(|images| decode(images, form)).transpose()?,
        unit: 255.0,
        auto: Auto::Unit,
        sha256: files::hex(sha),
        warnings,
    }))
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
        .flat_map(|(label, images)| images.into_iter().map(move |image| (image, label)))
        .collect()
}

/// Settles size and colour from the headers of all images.
fn form<'a>(
    images: impl Iterator<Item = &'a Path>,
    options: &DataOptions,
    warnings: &mut Vec<String>,
) -> Result<Form> {
    let mut first = None;
    let (mut grey, mut alpha, mut total) = (true, 0, 0_usize);
    let mut sizes = BTreeMap::<(u32, u32), usize>::new();
    for path in images {
        let (color, (width, height)) = library(path, |reader| {
            let decoder = reader.into_decoder()?;
            Ok((decoder.color_type(), decoder.dimensions()))
        })?;
        first = first.or(Some((height, width)));
        grey &= !color.has_color();
        alpha += usize::from(color.has_alpha());
        *sizes.entry((height, width)).or_default() += 1;
        total += 1;
    }
    let (mut height, mut width) = first.unwrap_or_default();
    if let Some([wanted_height, wanted_width]) = options.image_size {
        let side = |side: usize| {
            u32::try_from(side)
                .ok()
                .filter(|side| (1..=LARGEST_SIDE).contains(side))
                .ok_or_else(|| {
                    Error::Usage(format!(
                        "image size {wanted_height}×{wanted_width}; each side must be 1 to \
                         {LARGEST_SIDE} pixels"
                    ))
                })
        };
        (height, width) = (side(wanted_height)?, side(wanted_width)?);
    }
    let resized = total - sizes.get(&(height, width)).copied().unwrap_or(0);
    if resized > 0 {
        warnings.push(format!(
            "{resized} of {total} images were resized to {height}×{width} pixels (triangle filter)"
        ));
    }
    if alpha > 0 {
        warnings.push(format!(
            "{alpha} of {total} images have transparency, which is ignored"
        ));
    }
    let grey = match options.color {
        Color::Auto => grey,
        Color::Grey => true,
        Color::Rgb => false,
    };
    Ok(Form {
        height,
        width,
        grey,
    })
}

/// Reads the images of a split, channel after channel.
fn decode(images: Vec<Labelled>, form: Form) -> Result<Split> {
    let Form {
        height,
        width,
        grey,
    } = form;
    let mut pixels: Vec<u8> = Vec::new();
    let count = form.pixels().saturating_mul(images.len() as u64);
    let room = usize::try_from(count).map(|count| pixels.try_reserve_exact(count));
    if let (Some((first, _)), false) = (images.first(), matches!(room, Ok(Ok(())))) {
        let message = format!(
            "{} images of {height}×{width} pixels take {count} bytes, which is more memory than there is; choose a smaller --image-size",
            images.len()
        );
        return Err(Error::file(first, message));
    }
    let mut labels = Vec::with_capacity(images.len());
    for (path, label) in images {
        let image = library(&path, |reader| {
            // Colour first: the resize then mixes only what is kept.
            let image = match reader.decode()? {
                image if grey => DynamicImage::from(image.into_luma8()),
                image => DynamicImage::from(image.into_rgb8()),
            };
            Ok(if (image.height(), image.width()) == (height, width) {
                image
            } else {
                image.resize_exact(width, height, FilterType::Triangle)
            })
        })?;
        let bytes = image.into_bytes();
        let channels = if grey { 1 } else { 3 };
        for channel in 0..channels {
            pixels.extend(bytes.iter().skip(channel).step_by(channels));
        }
        labels.push(label);
    }
    let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
    let shape = vec![if grey { 1 } else { 3 }, side(height), side(width)];
    Ok(Split::labelled(shape, Values::U8(pixels), labels))
}

/// A reader that takes the format from the content and refuses absurd sizes.
fn reader(path: &Path) -> Result<ImageReader<BufReader<File>>> {
    let error = |e| files::read_error(path, e);
    let mut reader = ImageReader::open(path)
        .map_err(error)?
        .with_guessed_format()
        .map_err(error)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    reader.limits(limits);
    Ok(reader)
}

/// Has the library read an image; where it refuses or panics, the image is named.
fn library<T>(
    path: &Path,
    work: impl FnOnce(ImageReader<BufReader<File>>) -> ImageResult<T>,
) -> Result<T> {
    let reader = reader(path)?;
    let unreadable = |reason: String| {
        Error::file(
            path,
            format!("not a readable image ({reason}); remove or repair it"),
        )
    };
    match caught(|| work(reader)) {
        Ok(read) => read.map_err(|e| unreadable(e.to_string())),
        Err(panic) => Err(unreadable(panic)),
    }
}
