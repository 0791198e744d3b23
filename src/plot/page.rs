//! Figures put together: several on one page, and pictures of scenes with their words.

use super::axes::{self, Axis};
use super::camera::Camera;
use super::colormap::Colormap;
use super::draw::{Anchor, CAP, INK, POINTS_PER_MM, Style, Svg};
use super::figure;
use super::heat;
use super::legend;
use super::scale::Scale;
use super::space_axes::{self, Axes, Letters, Pin};
use super::text;
use crate::error::{Error, Result};

const MARGIN: f64 = 4.0;

/// Several SVG documents of this crate side by side, top edges aligned.
///
/// # Errors
/// Where one of them has no size.
pub fn side_by_side(documents: &[String]) -> Result<String> {
    let mut body = String::new();
    let (mut left, mut tall) = (0.0, 0.0_f64);
    for (index, document) in documents.iter().enumerate() {
        let (width, height) = size(document)?;
        body.push_str(&placed(document, index, (left, 0.0), (width, height)));
        left += width;
        tall = tall.max(height);
    }
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{:.3}mm" height="{:.3}mm" viewBox="0 0 {left:.2} {tall:.2}">{body}</svg>"#,
        left / POINTS_PER_MM,
        tall / POINTS_PER_MM
    ))
}

/// The document with all its names, such as of clip paths, beginning with `prefix`: names within one
/// page must differ from each other.
pub fn with_names(document: &str, prefix: &str) -> String {
    document
        .replace(" id=\"", &format!(" id=\"{prefix}-"))
        .replace("url(#", &format!("url(#{prefix}-"))
        .replace("href=\"#", &format!("href=\"#{prefix}-"))
}

/// Rows of SVG documents of this crate, each row side by side, under a common title and over a
/// common caption.
///
/// # Errors
/// Where one of them has no size.
pub fn rows(title: &str, rows: &[Vec<String>], caption: &[String]) -> Result<String> {
    let mut sizes = Vec::new();
    for row in rows {
        sizes.push(row.iter().map(|d| size(d)).collect::<Result<Vec<_>>>()?);
    }
    let across = |row: &Vec<(f64, f64)>| row.iter().map(|s| s.0).sum::<f64>();
    let page = sizes.iter().map(across).fold(0.0, f64::max);
    let room = page - 2.0 * MARGIN;
    let mut svg = Svg::default();
    let mut top = MARGIN;
    if !title.trim().is_empty() {
        top = legend::title(&mut svg, title, MARGIN, top, room) + 1.0;
    }
    let mut index = 0;
    for (row, sizes) in rows.iter().zip(&sizes) {
        let mut left = 0.0;
        for (document, size) in row.iter().zip(sizes) {
            svg.element(&placed(document, index, (left, top), *size));
            left += size.0;
            index += 1;
        }
        top += sizes.iter().map(|s| s.1).fold(0.0, f64::max);
    }
    let end = legend::caption(&mut svg, caption, MARGIN, top + 1.0, room);
    Ok(svg.finish(page, end + MARGIN, title, &caption.join(" ")))
}

/// A document as a part of a page, the `index`-th of it.
fn placed(
    document: &str,
    index: usize,
    (left, top): (f64, f64),
    (width, height): (f64, f64),
) -> String {
    // Names within one document, such as of clip paths, must differ from another's.
    let own = with_names(document, &format!("f{index}"));
    // A document's own size is in millimetres; here it takes its place in points.
    let inner = own.find("viewBox=").map_or("", |start| &own[start..]);
    format!(r#"<svg x="{left:.2}" y="{top:.2}" width="{width:.2}" height="{height:.2}" {inner}"#)
}

/// Width and height of a document's view box, in points.
fn size(document: &str) -> Result<(f64, f64)> {
    let wrong = || Error::Slice("a figure has no size".into());
    let rest = document.split("viewBox=\"").nth(1).ok_or_else(wrong)?;
    let numbers: Vec<f64> = rest
        .split('"')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|n| n.parse().ok())
        .collect();
    match numbers.as_slice() {
        [_, _, width, height] => Ok((*width, *height)),
        _ => Err(wrong()),
    }
}

/// The colours of a picture and what they mean.
pub struct Key<'a> {
    /// Which colours.
    pub colormap: Colormap,
    /// How they spread over values.
    pub scale: Scale,
    /// The values at their ends.
    pub range: (f64, f64),
    /// What the values are, with their unit.
    pub name: &'a str,
}

/// Height of the strip of colours, in points.
const STRIP: f64 = 6.0;

/// A picture of a scene and what is written over it.
pub struct Scene<'a> {
    /// RGBA from the top row down.
    pub pixels: &'a [u8],
    /// Its width and height in pixels.
    pub size: (usize, usize),
    /// What its colours mean.
    pub key: Key<'a>,
    /// The axes of the surface in it.
    pub axes: &'a Axes,
    /// From where it is seen.
    pub camera: &'a Camera,
    /// Marked points.
    pub pins: &'a [Pin],
}

/// A picture of a scene with its axes, under a title, over its colours and a caption.
///
/// # Errors
/// Where the pixels make no picture.
pub fn with_words(
    scene: &Scene<'_>,
    title: &str,
    caption: &[String],
    width_mm: f64,
) -> Result<String> {
    let (width, height) = scene.size;
    let page = figure::page_width(width_mm);
    let room = page - 2.0 * MARGIN;
    let mut svg = Svg::default();
    let mut top = MARGIN;
    if !title.trim().is_empty() {
        top = legend::title(&mut svg, title, MARGIN, top, room) + 2.0;
    }
    let tall = room * height as f64 / width.max(1) as f64;
    let png = heat::base64(&heat::png(scene.pixels, width, height)?);
    svg.element(&format!(
        r#"<image x="{MARGIN}" y="{top:.2}" width="{room:.2}" height="{tall:.2}" href="data:image/png;base64,{png}"/>"#
    ));
    over(&mut svg, scene, (MARGIN, top), (room, tall));
    let key = &scene.key;
    let strip_top = top + tall + 4.0;
    let (left, right) = (MARGIN + 0.12 * room, MARGIN + 0.88 * room);
    let colors: Vec<u8> = key
        .colormap
        .table()
        .iter()
        .flat_map(|[r, g, b]| [*r, *g, *b, 255])
        .collect();
    let strip = heat::base64(&heat::png(&colors, 256, 1)?);
    svg.element(&format!(
        r#"<image x="{left:.2}" y="{strip_top:.2}" width="{:.2}" height="{STRIP}" preserveAspectRatio="none" href="data:image/png;base64,{strip}"/>"#,
        right - left
    ));
    axes::frame(&mut svg, left, strip_top, right - left, STRIP);
    let axis = Axis {
        scale: key.scale,
        lo: key.range.0,
        hi: key.range.1,
        from: left,
        to: right,
    };
    axes::ticks_below(&mut svg, &axis, &axis.ticks_across(), strip_top + STRIP);
    let below = strip_top + STRIP + axes::depth() + axes::NAME_GAP;
    let ends = (MARGIN, page - MARGIN);
    let named = axes::name_below(&mut svg, key.name, 0.5 * page, below, ends);
    let end = legend::caption(&mut svg, caption, MARGIN, named + 3.0, room);
    Ok(svg.finish(page, end + MARGIN, title, &caption.join(" ")))
}

/// From a pin's point to its name.
const PIN: f64 = 11.0;
/// Font sizes over a scene.
const LETTERS: Letters = Letters {
    number: 6.5,
    name: 7.5,
};

/// Axes and pins over a picture whose corner lies at `(left, top)`.
fn over(svg: &mut Svg, scene: &Scene<'_>, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let size = (width as f32, height as f32);
    let at = |(x, y): (f32, f32)| (left + f64::from(x), top + f64::from(y));
    let placed = space_axes::lay_out(scene.axes, scene.camera, size, LETTERS);
    for tick in placed.ticks {
        svg.line(&tick.map(at), INK, axes::AXIS_WIDTH);
    }
    let style = |size: f32, anchor| {
        let mut style = Style::new(f64::from(size), anchor, INK);
        style.halo = Some([255; 3]);
        style
    };
    for word in placed.words {
        let size = if word.is_name {
            LETTERS.name
        } else {
            LETTERS.number
        };
        let (x, y) = at(word.middle);
        let style = style(size, Anchor::Middle);
        svg.text(x, y + 0.5 * style.size * CAP, &word.text, style);
    }
    for pin in scene.pins {
        let Some((x, y, _)) = scene.camera.project(pin.at, size) else {
            continue;
        };
        if !(0.0..=size.0).contains(&x) || !(0.0..=size.1).contains(&y) {
            continue;
        }
        let (x, y) = at((x, y));
        svg.line(&[(x, y), (x, y - PIN)], INK, 0.6);
        svg.dot((x, y), 1.6, "#222", "#fff", 0.5);
        // Its name stays on the picture.
        let half = 0.5 * text::width(&pin.words, f64::from(LETTERS.number)) + 1.0;
        let x = x.max(left + half).min((left + width - half).max(left));
        let style = style(LETTERS.number, Anchor::Middle);
        svg.text(x, y - PIN - 1.5, &pin.words, style);
    }
}

/// What says in a document that it is so many times larger than its view box.
const ENLARGED: &str = " data-enlarged=\"";

/// Width and height of a document of this crate on paper, in millimetres.
///
/// # Errors
/// Where it says none.
pub fn millimetres(document: &str) -> Result<(f64, f64)> {
    let (width, height) = size(document)?;
    let times = opening(document).split_once(ENLARGED);
    let times = times.and_then(|(_, rest)| rest.split_once('"'));
    let times: f64 = times.and_then(|(n, _)| n.parse().ok()).unwrap_or(1.0);
    let mm = |points: f64| points * times / POINTS_PER_MM;
    Ok((mm(width), mm(height)))
}

/// The tag that opens a document.
fn opening(document: &str) -> &str {
    let start = document.find("<svg").unwrap_or(0);
    let length = document[start..].find('>').map_or(0, |end| end + 1);
    &document[start..start + length]
}

/// A document `times` larger on paper, text and lines with it.
pub fn enlarged(document: &str, times: f64) -> String {
    let tag = opening(document);
    let Ok((width, height)) = size(tag) else {
        return document.to_owned();
    };
    let side =
        |name: &str, points: f64| format!("{name}=\"{:.3}mm\"", points * times / POINTS_PER_MM);
    let words: Vec<String> = tag
        .split(' ')
        .map(|word| match word.split_once("=\"") {
            Some(("width", _)) => side("width", width),
            Some(("height", _)) => side("height", height),
            Some(("viewBox", _)) => format!("{}{times}\" {word}", ENLARGED.trim_start()),
            _ => word.to_owned(),
        })
        .collect();
    document.replacen(tag, &words.join(" "), 1)
}

/// The ground of a page in the dark.
pub const DARK: &str = "#15171b";

/// A document light on dark: the ground, text and axes; what lies on colours of data stays as it is.
pub fn in_dark(document: &str) -> String {
    const TEXT: [(&str, &str); 3] = [
        ("fill=\"#222222\"", "fill=\"#ececec\""),
        ("fill=\"#595959\"", "fill=\"#b4b4b4\""),
        (
            "fill=\"#ffffff\" stroke=\"#ffffff\"",
            "fill=\"#15171b\" stroke=\"#15171b\"",
        ),
    ];
    const SHAPES: [(&str, &str); 5] = [
        ("background:#fff", "background:#15171b"),
        (
            "fill=\"#fff\" fill-opacity",
            "fill=\"#15171b\" fill-opacity",
        ),
        ("stroke=\"#222222\"", "stroke=\"#d0d0d0\""),
        ("stroke=\"#595959\"", "stroke=\"#b4b4b4\""),
        ("stroke=\"#222\"", "stroke=\"#d0d0d0\""),
    ];
    let turned = |line: &str| {
        let pairs: &[(&str, &str)] = if line.starts_with("<text") {
            &TEXT
        } else {
            &SHAPES
        };
        let turn = |line: String, (from, to): &(&str, &str)| line.replace(from, to);
        pairs.iter().fold(line.to_owned(), turn)
    };
    let lines: Vec<String> = document.split('\n').map(turned).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enlarged_page_is_larger_on_paper_and_the_same_inside() {
        let page = Svg::default().finish(100.0, 50.0, "t", "d");
        let (width, height) = millimetres(&page).unwrap();
        let large = enlarged(&page, 2.0);
        assert_eq!(millimetres(&large).unwrap(), (2.0 * width, 2.0 * height));
        assert!(large.contains("viewBox=\"0 0 100 50\""), "{large}");
        let said = format!("width=\"{:.3}mm\"", 2.0 * width);
        assert!(large.contains(&said), "{large}");
        assert!(in_dark(&page).contains(DARK));
    }
}
