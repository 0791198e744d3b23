//! A figure as an SVG file, and read back for the other formats.
//!
//! Text stays text: it can be searched and edited, and a viewer without the bundled font uses a
//! similar one. The other formats read the figure here with that font alone, so that a picture is
//! the same on every machine. It knows nothing of what a figure shows.

use svg2pdf::usvg;

use crate::error::{Error, Result};
use crate::plot::text;

/// The bytes of an `.svg` file.
pub fn bytes(svg: &str) -> Result<Vec<u8>> {
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{svg}");
    Ok(declared.into_bytes())
}

/// The figure laid out, with a length unit such as mm being so many units of the page by `dpi`.
pub(super) fn tree(svg: &str, dpi: f32) -> Result<usvg::Tree> {
    let mut options = usvg::Options {
        dpi,
        font_family: text::FAMILY.to_owned(),
        ..Default::default()
    };
    options.fontdb_mut().load_font_data(text::FONT.to_vec());
    // A figure holds its pictures; nothing is ever read from a file or an address.
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    usvg::Tree::from_str(svg, &options)
        .map_err(|e| Error::Usage(format!("the figure can't be drawn: {e}")))
}

/// The colour behind a figure, where it says one.
pub(super) fn ground(svg: &str) -> Option<[u8; 3]> {
    let (_, rest) = svg.split_once("background:#")?;
    let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let part = |text: &str| u8::from_str_radix(text, 16).ok();
    match digits.len() {
        3 => Some([0, 1, 2].map(|i| 17 * part(&digits[i..=i]).unwrap_or(15))),
        6 => Some([0, 2, 4].map(|i| part(&digits[i..i + 2]).unwrap_or(255))),
        _ => None,
    }
}
