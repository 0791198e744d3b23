//! A figure as a PNG file with its resolution written into it.
//!
//! The pictures inside a figure are drawn here and not by resvg: its switch for them would bring
//! decoders of JPEG, GIF and WebP, and a figure's pictures are PNG and the lowest thing on the page.
//! It knows nothing of what a figure shows.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use resvg::tiny_skia::{Color, FilterQuality, Paint, Pattern, Pixmap, Rect, SpreadMode};
use resvg::usvg::{self, Node, Transform};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::plot::page;

/// Resolution unless told otherwise, in dots per inch: a usual demand of journals.
pub const DPI: f64 = 300.0;
/// The most pixels along a side.
pub const MOST_PIXELS: u32 = 12_000;

/// How many pixels a page of so many millimetres has.
pub fn size((width, height): (f64, f64), dpi: f64) -> [u32; 2] {
    [width, height].map(|mm| (mm / 25.4 * dpi).round().max(1.0) as u32)
}

/// Refuses a page of `width` millimetres that has too many pixels at `dpi` dots per inch.
///
/// # Errors
/// Says how many those would be.
pub fn check_width(width: f64, dpi: f64) -> Result<()> {
    let pixels = width / 25.4 * dpi;
    if pixels > f64::from(MOST_PIXELS) {
        return Err(Error::Usage(format!(
            "a picture {width} mm wide has {pixels:.0} pixels a row at {dpi} dpi, at most {MOST_PIXELS} can be; lower --width or --dpi"
        )));
    }
    Ok(())
}

/// The bytes of a `.png` file at `dpi` dots per inch: a page of 80 mm has 945 pixels at 300.
pub fn bytes(svg: &str, dpi: f64) -> Result<Vec<u8>> {
    if !dpi.is_finite() || dpi < 10.0 {
        return Err(Error::Usage(format!(
            "a resolution of {dpi} dpi is too small; use 10 or more"
        )));
    }
    let tree = super::svg::tree(svg, dpi as f32)?;
    // What the page's millimetres make, as it is said beforehand: the tree's own size is rounded.
    let [width, height] = size(page::millimetres(svg)?, dpi).map(|side| side as f32);
    let size = tree.size();
    if width.max(height) > MOST_PIXELS as f32 {
        return Err(Error::Usage(format!(
            "a picture of {width} × {height} pixels is too large (at most {MOST_PIXELS} a side); lower the dpi"
        )));
    }
    let too_large = || {
        Error::Usage(format!(
            "no memory for a picture of {width} × {height} pixels"
        ))
    };
    let mut page = Pixmap::new(width as u32, height as u32).ok_or_else(too_large)?;
    let [r, g, b] = super::svg::ground(svg).unwrap_or([255; 3]);
    page.fill(Color::from_rgba8(r, g, b, 255));
    let scale = Transform::from_scale(width / size.width(), height / size.height());
    pictures(tree.root(), scale, &mut page);
    resvg::render(&tree, scale, &mut page.as_mut());
    let mut png = Vec::new();
    // The page is opaque, so its alpha is left out.
    let rgb: Vec<u8> = page
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive)
        .write_image(&rgb, page.width(), page.height(), ExtendedColorType::Rgb8)
        .map_err(|e| Error::Usage(format!("the figure can't be written as PNG: {e}")))?;
    Ok(with_resolution(png, dpi))
}

/// Draws the pictures of a group and the groups in it.
fn pictures(group: &usvg::Group, scale: Transform, page: &mut Pixmap) {
    for node in group.children() {
        match node {
            Node::Group(inner) => pictures(inner, scale, page),
            Node::Image(image) => {
                let usvg::ImageKind::PNG(bytes) = image.kind() else {
                    continue;
                };
                let Ok(picture) = Pixmap::decode_png(bytes) else {
                    continue;
                };
                let (w, h) = (picture.width() as f32, picture.height() as f32);
                let Some(rect) = Rect::from_xywh(0.0, 0.0, w, h) else {
                    continue;
                };
                let shader = Pattern::new(
                    picture.as_ref(),
                    SpreadMode::Pad,
                    FilterQuality::Bilinear,
                    1.0,
                    Transform::identity(),
                );
                let paint = Paint {
                    shader,
                    anti_alias: true,
                    ..Default::default()
                };
                let transform = scale.pre_concat(image.abs_transform());
                page.fill_rect(rect, &paint, transform, None);
            }
            _ => {}
        }
    }
}

/// Whether the file at `path` starts as figures do: colours of eight bits, and then the resolution.
pub(super) fn is_figure(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(41).read_to_end(&mut start));
    let part = |range| start.get(range).unwrap_or_default();
    read.is_ok() && part(24..26) == [8, 2] && part(37..41) == b"pHYs"
}

/// Puts a `pHYs` chunk behind the header, so that the picture is printed at its true size.
fn with_resolution(png: Vec<u8>, dpi: f64) -> Vec<u8> {
    /// Signature (8), then length (4), name (4), content (13) and checksum (4) of the header.
    const HEADER: usize = 33;
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    // 1: the unit is the metre.
    chunk.push(1);
    let mut checksum = flate2::Crc::new();
    checksum.update(&chunk);
    let length = chunk.len() as u32 - 4;
    let Some((header, rest)) = png.split_at_checked(HEADER) else {
        return png;
    };
    [
        header,
        &length.to_be_bytes(),
        &chunk,
        &checksum.sum().to_be_bytes(),
        rest,
    ]
    .concat()
}
