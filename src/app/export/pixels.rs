//! Figures as pixels, for the clipboard and the dialog's preview.

use super::source::Content;
use crate::error::{Error, Result};
use crate::export::figure::FigureOptions;
use crate::export::{artifact, png};
use crate::plot::page;

/// Size in millimetres, pixels, and how many there are across and down.
pub type Page = ((f64, f64), Vec<u8>, [usize; 2]);

/// The picture as RGBA.
pub fn pixels(shown: &Content, options: &FigureOptions) -> Result<(Vec<u8>, [usize; 2])> {
    rgba(&document(shown, options)?, options.dpi)
}

/// The page at its true size and in its colours.
fn document(shown: &Content, options: &FigureOptions) -> Result<String> {
    let Content::Artifact(artifact) = shown else {
        return Err(Error::Usage("text has no figure".into()));
    };
    let page = artifact::page(artifact.as_ref(), options)?;
    Ok(options.finished(&page).into_owned())
}

/// The size of the page in millimetres, and its picture.
pub fn preview(shown: &Content, options: &FigureOptions) -> Result<Page> {
    let document = document(shown, options)?;
    let (pixels, size) = rgba(&document, options.dpi)?;
    Ok((page::millimetres(&document)?, pixels, size))
}

fn rgba(document: &str, dpi: f64) -> Result<(Vec<u8>, [usize; 2])> {
    let bytes = png::bytes(document, dpi)?;
    let image = image::load_from_memory(&bytes)
        .map_err(|e| Error::Slice(format!("the picture can't be read back: {e}")))?
        .to_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    Ok((image.into_raw(), size))
}
