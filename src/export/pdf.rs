//! A figure as a PDF file of its true size, with text as text and its font embedded.
//!
//! It knows nothing of what a figure shows.

use svg2pdf::{ConversionOptions, PageOptions};

use crate::error::{Error, Result};

/// Points per inch, the unit of a PDF page.
const DPI: f32 = 72.0;

/// The bytes of a `.pdf` file.
pub fn bytes(svg: &str) -> Result<Vec<u8>> {
    let tree = super::svg::tree(svg, DPI)?;
    svg2pdf::to_pdf(
        &tree,
        ConversionOptions::default(),
        PageOptions { dpi: DPI },
    )
    .map_err(|e| Error::Usage(format!("the figure can't be written as PDF: {e}")))
}
