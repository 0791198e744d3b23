//! A figure as a PDF file of its true size, with text as text and its font embedded.
//!
//! It knows nothing of what a figure shows.

use std::borrow::Cow;
use svg2pdf::{ConversionOptions, PageOptions};

use crate::error::{Error, Result};

/// Points per inch, the unit of a PDF page.
const DPI: f32 = 72.0;

/// The bytes of a `.pdf` file.
pub fn bytes(svg: &str) -> Result<Vec<u8>> {
    // A page of paper needs no ground; another colour does.
    let ground = super::svg::ground(svg).filter(|color| *color != [255; 3]);
    let svg = &*ground.map_or(Cow::Borrowed(svg), |color| on_ground(svg, color).into());
    let tree = super::svg::tree(svg, DPI)?;
    svg2pdf::to_pdf(
        &tree,
        ConversionOptions::default(),
        PageOptions { dpi: DPI },
    )
    .map_err(|e| Error::Usage(format!("the figure can't be written as PDF: {e}")))
}

/// The figure over a rectangle of a colour.
fn on_ground(svg: &str, [r, g, b]: [u8; 3]) -> String {
    let start = svg.find("<svg").unwrap_or(0);
    let end = svg[start..].find('>').map_or(start, |end| start + end + 1);
    let (head, rest) = svg.split_at(end);
    format!("{head}<rect width=\"100%\" height=\"100%\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>{rest}")
}
