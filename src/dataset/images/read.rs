//! Pictures → bytes of one size and colour, wherever their files lie.
//!
//! Two passes: the first reads only headers and settles size and colour, the second decodes one by one,
//! so that one decoded picture at a time is held beside the bytes kept. Turning marks (EXIF) are not
//! applied. JPEG leaves its last digit to the decoder; how far this one is from libjpeg is said where
//! pictures are JPEG. What a picture is for isn't known here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, ImageResult, Limits};

use super::super::{Color, DataOptions, files};
use crate::error::{Error, Result, caught};
use crate::store::limits::Allowance;

/// No picture and no `image_size` may be longer than this on a side.
const LARGEST_SIDE: u32 = 16_384;

/// What is said where pictures are JPEG: measured by a test, which holds eight pictures (4:4:4, 4:2:2,
/// 4:2:0, progressive) against Pillow's libjpeg-turbo.
const JPEG: &str = "JPEG decoded by zune-jpeg, up to 4 of 255 from libjpeg (PIL, torchvision), 0.2 on \
                    the average";

/// One encoded picture.
#[derive(Debug, Clone)]
pub enum Picture {
    /// A file of its own.
    File(PathBuf),
    /// Bytes in another file, and what they are called.
    Bytes(Vec<u8>, String),
}

/// What a picture is read from.
pub trait Source: BufRead + Seek {}
impl<T: BufRead + Seek> Source for T {}

type Reader<'a> = ImageReader<Box<dyn Source + 'a>>;

/// What all pictures become.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Pixels from top to bottom.
    pub height: u32,
    /// Pixels from left to right.
    pub width: u32,
    /// Whether there is one channel.
    pub grey: bool,
    /// How many are JPEG.
    pub jpeg: usize,
}

impl Form {
    /// Numbers in one picture.
    pub fn pixels(self) -> u64 {
        u64::from(self.height) * u64::from(self.width) * self.channels() as u64
    }

    fn channels(self) -> usize {
        if self.grey { 1 } else { 3 }
    }

    /// Shape of a sample.
    pub fn shape(self) -> Vec<usize> {
        vec![self.channels(), self.height as usize, self.width as usize]
    }

    /// "RGB of 32×32 pixels", and what is to be said of JPEG.
    pub fn words(self) -> String {
        let jpeg = if self.jpeg > 0 {
            format!(", {JPEG}")
        } else {
            String::new()
        };
        format!(
            "{} of {}×{} pixels{jpeg}",
            if self.grey { "grey" } else { "RGB" },
            self.height,
            self.width
        )
    }

    /// Holds what `count` pictures take against what the `stored` bytes of their files justify.
    ///
    /// # Errors
    /// Where it is more; `path` is for the message.
    pub fn check(self, count: usize, stored: u64, path: &Path) -> Result<()> {
        let pixels = self.pixels().saturating_mul(count as u64);
        Allowance::for_file(stored)
            .check(files::as_samples(pixels))
            .map_err(|message| {
                Error::file(
                    path,
                    format!("the images take too much: {message}, or choose --image-size"),
                )
            })
    }
}

impl Picture {
    /// What it is called.
    pub fn name(&self) -> String {
        files::name(&self.path())
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Bytes(_, name) => PathBuf::from(name),
        }
    }

    /// A reader that takes the format from the content and refuses absurd sizes.
    fn reader(&self) -> Result<Reader<'_>> {
        let path = self.path();
        let error = |e| files::read_error(&path, e);
        let source: Box<dyn Source> = match self {
            Self::File(path) => {
                let file = File::open(path).map_err(error)?;
                Box::new(BufReader::new(file))
            }
            Self::Bytes(bytes, _) => Box::new(Cursor::new(bytes.as_slice())),
        };
        let mut reader = ImageReader::new(source)
            .with_guessed_format()
            .map_err(error)?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        reader.limits(limits);
        Ok(reader)
    }

    /// Has the library read the picture; where it refuses or panics, the picture is named.
    fn library<T>(&self, work: impl FnOnce(Reader<'_>) -> ImageResult<T>) -> Result<T> {
        let reader = self.reader()?;
        let unreadable = |reason: String| {
            Error::file(
                self.path(),
                format!("not a readable image ({reason}); remove or repair it"),
            )
        };
        match caught(|| work(reader)) {
            Ok(read) => read.map_err(|e| unreadable(e.to_string())),
            Err(panic) => Err(unreadable(panic)),
        }
    }
}

/// Settles size and colour from the headers of all pictures.
///
/// # Errors
/// Where a header can't be read or the size asked for is absurd.
pub fn form<'a>(
    pictures: impl Iterator<Item = &'a Picture>,
    options: &DataOptions,
    warnings: &mut Vec<String>,
) -> Result<Form> {
    let mut first = None;
    let (mut grey, mut alpha, mut jpeg, mut total) = (true, 0, 0, 0_usize);
    let mut sizes = BTreeMap::<(u32, u32), usize>::new();
    for picture in pictures {
        let (format, color, (width, height)) = picture.library(|reader| {
            let format = reader.format();
            let decoder = reader.into_decoder()?;
            Ok((format, decoder.color_type(), decoder.dimensions()))
        })?;
        first = first.or(Some((height, width)));
        grey &= !color.has_color();
        alpha += usize::from(color.has_alpha());
        jpeg += usize::from(format == Some(ImageFormat::Jpeg));
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
        jpeg,
    })
}

/// The pixels of pictures, channel after channel.
///
/// # Errors
/// Where one can't be decoded, or they don't fit into memory.
pub fn decode<'a>(
    pictures: impl Iterator<Item = &'a Picture> + Clone,
    form: Form,
) -> Result<Vec<u8>> {
    let Form {
        height,
        width,
        grey,
        ..
    } = form;
    let mut pixels: Vec<u8> = Vec::new();
    let total = pictures.clone().count();
    let count = form.pixels().saturating_mul(total as u64);
    let room = usize::try_from(count).map(|count| pixels.try_reserve_exact(count));
    if let (Some(first), false) = (pictures.clone().next(), matches!(room, Ok(Ok(())))) {
        let message = format!(
            "{total} images of {height}×{width} pixels take {count} bytes, which is more memory than there is; choose a smaller --image-size"
        );
        return Err(Error::file(first.path(), message));
    }
    for picture in pictures {
        let image = picture.library(|reader| {
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
        let channels = form.channels();
        for channel in 0..channels {
            pixels.extend(bytes.iter().skip(channel).step_by(channels));
        }
    }
    Ok(pixels)
}

/// A number for each pixel of a mask: its grey value. A mask of another size takes the nearest pixel.
///
/// # Errors
/// Where it can't be decoded, or is in colours, which stand for no number.
pub fn mask(picture: &Picture, form: Form) -> Result<Vec<u8>> {
    let image = picture.library(|reader| {
        let image = reader.decode()?;
        Ok(image)
    })?;
    let rgb = image.color().has_color().then(|| image.to_rgb8());
    let coloured =
        |rgb: image::RgbImage| rgb.pixels().any(|p| p.0[0] != p.0[1] || p.0[1] != p.0[2]);
    if rgb.is_some_and(coloured) {
        return Err(Error::file(
            picture.path(),
            "a mask in colours; save the class of each pixel as a grey PNG of 8 bits (of a palette, \
             its indices: numpy.array(image) of the opened PNG)",
        ));
    }
    let image = image.to_luma8();
    let (height, width) = (form.height, form.width);
    let image = if (image.height(), image.width()) == (height, width) {
        image
    } else {
        image::imageops::resize(&image, width, height, FilterType::Nearest)
    };
    Ok(image.into_raw())
}
